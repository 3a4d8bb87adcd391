//! A Train function of a simulated world: it says a figure each second, and obeys, or not.
//!
//! Must not know what becomes of what it says.

use super::yard::SharedYard;
use async_trait::async_trait;
use backend::runner::child::{Happening, Pipe, Pressure};
use backend::runner::lines::Line;
use backend::runner::outcome::ProcessEnd;
use backend::runner::running::{OtherFunction, OtherFunctions};
use backend::scheduler::LeaseTimes;
use rand::RngExt as _;
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const FOR_EVER: Duration = Duration::from_secs(86_400);
const KILLED: ProcessEnd = ProcessEnd::Signal(9);

/// What makes the functions of one instance.
#[derive(Debug, Clone)]
pub(super) struct Functions {
    pub(super) yard: SharedYard,
    pub(super) instance: usize,
}

impl OtherFunctions for Functions {
    /// The folder's name tells the execution and the attempt.
    fn start(&self, work: &Path) -> Box<dyn OtherFunction> {
        let name = work.file_name().unwrap().to_str().unwrap();
        let (execution, attempt) = name.rsplit_once('-').unwrap();
        let attempt = attempt.parse().unwrap();
        let fencing_token = self.check(execution, attempt);
        let mut yard = self.yard.lock();
        yard.working.insert(execution.to_owned(), format!("attempt {attempt} in instance {}", self.instance));
        let moody = yard.moody;
        let mut one_in = |count: u32| moody && yard.chance.random_range(0..count) == 0;
        let (fails, stays, ignores) = (one_in(12), one_in(25), one_in(4));
        let length =
            if stays { FOR_EVER } else { Duration::from_millis(yard.chance.random_range(500..12_000)) };
        let obeys_within = Duration::from_millis(yard.chance.random_range(0..1_500));
        drop(yard);
        self.yard.note(&format!("instance {} starts attempt {attempt} of {execution} ", self.instance));
        let now = Instant::now();
        Box::new(SimulatedFunction {
            functions: self.clone(),
            execution: execution.to_owned(),
            fencing_token,
            lines: VecDeque::from([r#"{"type":"hello","protocol":1}"#.to_owned()]),
            step: 0,
            next_step: now + SECOND,
            ends_at: now + length,
            end: if fails { ProcessEnd::Exit(1) } else { ProcessEnd::Exit(0) },
            obeys_within: (!ignores).then_some(obeys_within),
            killed_at: None,
            has_ended: false,
        })
    }
}

impl Functions {
    /// Looks whether it may start; answers its fencing token.
    fn check(&self, execution: &str, attempt: u32) -> i64 {
        let yard = self.yard.lock();
        let mut wrong = Vec::new();
        let mut fencing_token = 0;
        if let Some(other) = yard.working.get(execution) {
            wrong.push(format!("attempt {attempt} of {execution} starts beside {other}"));
        }
        match yard.known.handed_out.get(execution) {
            Some((last, token, _)) if *last == attempt => {
                fencing_token = *token;
                if !yard.known.confirmed.contains_key(&(execution.to_owned(), *token)) {
                    wrong.push(format!(
                        "attempt {attempt} of {execution} starts before its lease is confirmed"
                    ));
                }
            }
            other => {
                wrong.push(format!("attempt {attempt} of {execution} starts, and is not the last: {other:?}"))
            }
        }
        drop(yard);
        for one in wrong {
            self.yard.blame(&one);
        }
        fencing_token
    }
}

/// One that runs; dropped, it is gone, as a process is with its machine.
pub(super) struct SimulatedFunction {
    functions: Functions,
    execution: String,
    fencing_token: i64,
    lines: VecDeque<String>,
    step: u32,
    next_step: Instant,
    ends_at: Instant,
    end: ProcessEnd,
    obeys_within: Option<Duration>,
    killed_at: Option<Instant>,
    has_ended: bool,
}

#[async_trait]
impl OtherFunction for SimulatedFunction {
    async fn next(&mut self) -> Happening {
        loop {
            if let Some(text) = self.lines.pop_front() {
                return Happening::Line(Pipe::Output, Line { text, dropped_bytes: 0 });
            }
            let killed_at = self.killed_at.unwrap_or(self.ends_at + FOR_EVER);
            let next = self.next_step.min(self.ends_at).min(killed_at);
            tokio::time::sleep_until(next).await;
            if next == killed_at {
                self.has_ended = true;
                return Happening::Ended(KILLED);
            }
            if next == self.ends_at {
                if self.end == ProcessEnd::Exit(0) && self.step != u32::MAX {
                    self.lines.push_back(r#"{"type":"end","outcome":"succeeded"}"#.into());
                    self.step = u32::MAX;
                    continue;
                }
                self.has_ended = true;
                return Happening::Ended(self.end.clone());
            }
            self.step += 1;
            self.next_step += SECOND;
            let step = self.step;
            self.lines.push_back(format!(
                r#"{{"type":"sample","figure":"loss","legend":"train","x":{step},"y":{}}}"#,
                1.0 / f64::from(step)
            ));
        }
    }

    /// One that does not obey is killed in the end.
    fn stop(&mut self, pressure: Pressure) {
        let now = Instant::now();
        let killed_at = now + pressure.grace + pressure.patience;
        self.killed_at = Some(self.killed_at.map_or(killed_at, |before| before.min(killed_at)));
        if let Some(within) = self.obeys_within
            && now + within < self.ends_at
        {
            self.ends_at = now + within;
            self.end = ProcessEnd::Exit(3);
        }
    }
}

impl Drop for SimulatedFunction {
    fn drop(&mut self) {
        let yard = &self.functions.yard;
        let name = (self.execution.clone(), self.fencing_token);
        let confirmed = yard.lock().known.confirmed.get(&name).copied().unwrap_or_default();
        yard.lock().working.remove(&self.execution);
        if yard.time() > confirmed + LeaseTimes::default().lease {
            yard.blame(&format!("the function of {} outlived its lease of {confirmed:?}", self.execution));
        }
        // Those that go with their machine go in an order of chance.
        if self.has_ended {
            yard.note(&format!(
                "instance {} has no function for {} ",
                self.functions.instance, self.execution
            ));
        }
    }
}
