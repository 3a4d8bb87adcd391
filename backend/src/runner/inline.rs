//! The built-in Train function on a thread of the runner's own process: the same lines, the same orders.
//! A thread cannot be killed, so one that does not stop takes its runner with it.
//!
//! Must not know what the lines mean or how they travel.

use super::child::{Happening, Pipe, sleep_until};
use super::function::{BuiltIn, Mouth, speak};
use super::lines::Line;
use super::outcome::ProcessEnd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use trainer::StopFlag;

/// Lines that wait to be read; beyond them the function waits.
const LINES_AHEAD: usize = 256;

/// Beyond the time that it has to stop by itself.
const STUCK_PATIENCE: Duration = Duration::from_millis(1_500);

/// A Train function that runs on a thread.
pub struct InlineFunction {
    happenings: mpsc::Receiver<Happening>,
    stop: StopFlag,
    deadline: Option<Instant>,
}

impl InlineFunction {
    /// Starts the function with the path of its `job.json`.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(function: BuiltIn, job: PathBuf) -> std::io::Result<Self> {
        Self::start_with(move |mouth| speak(function, Some(&job), mouth).into())
    }

    fn start_with(work: impl FnOnce(&mut Mouth) -> ProcessEnd + Send + 'static) -> std::io::Result<Self> {
        let (sender, happenings) = mpsc::channel(LINES_AHEAD);
        let stop = StopFlag::default();
        let lines = sender.clone();
        let mut mouth = Mouth::new(
            stop.clone(),
            Box::new(move |mut text| {
                text.pop();
                let line = Line { text, dropped_bytes: 0 };
                lines.blocking_send(Happening::Line(Pipe::Output, line)).map_err(std::io::Error::other)
            }),
        );
        std::thread::Builder::new().name("train-function".into()).spawn(move || {
            let end = catch_unwind(AssertUnwindSafe(|| work(&mut mouth))).unwrap_or_else(|panic| {
                let text = format!("panicked: {}", words_of(panic.as_ref()));
                let line = Line { text, dropped_bytes: 0 };
                // Nobody listens any more when this fails.
                let _ = sender.blocking_send(Happening::Line(Pipe::Error, line));
                ProcessEnd::Panic
            });
            let _ = sender.blocking_send(Happening::Ended(end));
        })?;
        Ok(Self { happenings, stop, deadline: None })
    }

    /// The next thing that happens. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Happening {
        tokio::select! {
            biased;
            happening = self.happenings.recv() => happening.unwrap_or(Happening::Ended(ProcessEnd::Panic)),
            () = sleep_until(self.deadline) => Happening::Ended(ProcessEnd::Stuck),
        }
    }

    /// Tells it to stop; one that has not after `grace` counts as stuck. A later call can only shorten
    /// the time.
    pub fn stop(&mut self, grace: Duration) {
        self.stop.stop();
        let deadline = Instant::now() + grace + STUCK_PATIENCE;
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
    }
}

impl Drop for InlineFunction {
    /// Nobody waits for it any more.
    fn drop(&mut self) {
        self.stop.stop();
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::protocol::{Message, Said, said_from_line};

    async fn run_to_end(mut function: InlineFunction) -> (Vec<String>, ProcessEnd) {
        let mut said = Vec::new();
        loop {
            match tokio::time::timeout(Duration::from_secs(60), function.next()).await.unwrap() {
                Happening::Line(_, line) => said.push(line.text),
                Happening::Ended(end) => return (said, end),
            }
        }
    }

    #[tokio::test]
    async fn it_says_what_a_process_says() {
        let function = InlineFunction::start(BuiltIn::Instant, PathBuf::new()).unwrap();
        let (said, end) = run_to_end(function).await;
        assert_eq!(end, ProcessEnd::Exit(0));
        assert!(matches!(said_from_line(&said[0]), Said::Message(Message::Hello { .. })), "{said:?}");
        assert_eq!(said[1], "{\"type\":\"end\",\"outcome\":\"succeeded\"}");
    }

    #[tokio::test]
    async fn a_job_that_cannot_be_read_is_its_failure() {
        let function = InlineFunction::start(BuiltIn::Train, "/nowhere/job.json".into()).unwrap();
        let (said, end) = run_to_end(function).await;
        assert_eq!(end, ProcessEnd::Exit(1));
        assert!(said.last().unwrap().contains("/nowhere/job.json cannot be read"), "{said:?}");
    }

    #[tokio::test]
    async fn a_panic_is_an_end_with_words() {
        let function = InlineFunction::start_with(|_| panic!("no {}", "luck")).unwrap();
        assert_eq!(run_to_end(function).await, (vec!["panicked: no luck".to_owned()], ProcessEnd::Panic));
    }

    #[tokio::test]
    async fn orders_reach_it_and_one_that_ignores_them_is_stuck() {
        let mut function = InlineFunction::start_with(|mouth| {
            while !mouth.is_stopped() {
                std::thread::yield_now();
            }
            ProcessEnd::Exit(0)
        })
        .unwrap();
        function.stop(Duration::from_secs(60));
        assert_eq!(run_to_end(function).await.1, ProcessEnd::Exit(0));
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let mut function = InlineFunction::start_with(move |_| {
            let _ = wait.recv();
            ProcessEnd::Exit(0)
        })
        .unwrap();
        function.stop(Duration::ZERO);
        assert_eq!(run_to_end(function).await.1, ProcessEnd::Stuck);
        drop(release);
    }
}
