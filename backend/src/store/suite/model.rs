//! Random operations against a small model of what should happen, with restarts in between.

use super::*;
use proptest::prelude::*;
use shared::service::OnReset;
use shared::status::{Event, Status};
use shared::training::Blocker;

#[derive(Debug, Clone, Copy)]
enum Operation {
    Start,
    Queue(usize),
    Lease,
    Report(usize),
    End(usize, AttemptOutcome),
    Lose(usize),
    Abort(usize),
    Remove(usize),
    Reopen,
}

fn operation() -> impl Strategy<Value = Operation> {
    let which = 0..4_usize;
    let outcome = prop_oneof![
        Just(AttemptOutcome::Succeeded),
        Just(AttemptOutcome::Failed),
        Just(AttemptOutcome::Stopped),
        Just(AttemptOutcome::Reset)
    ];
    prop_oneof![
        3 => Just(Operation::Start),
        2 => which.clone().prop_map(Operation::Queue),
        5 => Just(Operation::Lease),
        3 => which.clone().prop_map(Operation::Report),
        3 => (which.clone(), outcome).prop_map(|(which, outcome)| Operation::End(which, outcome)),
        2 => which.clone().prop_map(Operation::Lose),
        2 => which.clone().prop_map(Operation::Abort),
        1 => which.prop_map(Operation::Remove),
        1 => Just(Operation::Reopen),
    ]
}

/// What the model knows of one training.
#[derive(Debug, Clone)]
struct Expected {
    training: Training,
    status: Status,
    attempt: u32,
    aborting: bool,
    removed: bool,
    held: Option<Assignment>,
    sequence: u64,
    lines: u64,
    events: usize,
}

impl Expected {
    /// Moves the model by the shared machine; the store must do the same, or refuse as it does.
    fn apply(&mut self, event: Event) -> bool {
        match self.status.after(event) {
            Ok(status) => {
                self.status = status;
                self.events += 1;
                true
            }
            Err(_) => false,
        }
    }

    fn put_back(&mut self, exhausted: Event) {
        let event = if self.aborting {
            Event::Terminated
        } else if self.attempt < self.training.max_attempts {
            Event::AttemptReset
        } else {
            exhausted
        };
        self.apply(event);
    }
}

/// The store, and what it should hold.
struct Checked {
    bench: Bench,
    instance: Option<InstanceId>,
    known: Vec<Expected>,
}

impl Checked {
    async fn run(&mut self, operation: Operation) {
        match operation {
            Operation::Start => self.start().await,
            Operation::Lease => self.lease().await,
            Operation::Reopen => self.bench.reopen().await,
            Operation::Queue(which)
            | Operation::Report(which)
            | Operation::End(which, _)
            | Operation::Lose(which)
            | Operation::Abort(which)
            | Operation::Remove(which) => {
                if which < self.known.len() {
                    let mut expected = self.known[which].clone();
                    touch(&self.bench.store, &mut expected, operation).await;
                    self.known[which] = expected;
                }
            }
        }
        for expected in &self.known {
            check(&self.bench.store, expected).await;
        }
        check_queue(&self.bench.store).await;
    }

    async fn start(&mut self) {
        if self.known.len() == 4 {
            return;
        }
        let settings =
            ServiceSettings { max_attempts: 2, on_reset: OnReset::Rerun, ..ServiceSettings::default() };
        let training = self.bench.training(&format!("m{}", self.known.len()), settings).await;
        self.known.push(Expected {
            status: training.status,
            attempt: 0,
            aborting: false,
            removed: false,
            held: None,
            sequence: 0,
            lines: 0,
            events: 1,
            training,
        });
        if self.instance.is_none() {
            self.instance = Some(self.bench.instance("a").await.id);
        }
    }

    async fn lease(&mut self) {
        let Some(instance) = self.instance else { return };
        // Whoever was put back has waited long enough.
        self.bench.clock.advance(std::time::Duration::from_secs(10));
        let got = self.bench.store.lease_next(instance).await.unwrap();
        let busy = self.known.iter().any(|each| each.status == Status::InProgress);
        let next = self.known.iter_mut().find(|each| each.status.is_waiting()).filter(|_| !busy);
        match (got, next) {
            (None, None) => {}
            (Some(got), Some(next)) => {
                assert_eq!(got.execution_id, next.training.execution_id);
                next.apply(Event::AttemptStarted);
                next.attempt += 1;
                next.sequence = 0;
                if let Some(earlier) = &next.held {
                    assert!(got.fencing_token > earlier.fencing_token);
                }
                next.held = Some(got);
            }
            (got, next) => panic!("the store leased {got:?}, the model expected {next:?}"),
        }
    }
}

async fn touch(store: &Store, expected: &mut Expected, operation: Operation) {
    let id = expected.training.execution_id;
    match operation {
        Operation::Queue(_) => {
            let before = expected.status;
            store.set_blockers(vec![(id, Blocker::InstanceStarting, Event::Queued)]).await.unwrap();
            let done = expected.apply(Event::Queued);
            // A wait that goes on is no entry in the history.
            expected.events -= usize::from(done && before == expected.status);
        }
        Operation::Report(_) => {
            let Some(held) = &expected.held else { return };
            let answer = store.report(batch(held, vec![log(expected.sequence + 1, "x")])).await;
            assert_eq!(answer.is_ok(), expected.status == Status::InProgress);
            expected.sequence += u64::from(answer.is_ok());
            expected.lines += u64::from(answer.is_ok());
        }
        Operation::End(_, outcome) => {
            let Some(held) = &expected.held else { return };
            let answer = store.report(batch(held, vec![end(expected.sequence + 1, outcome)])).await;
            assert_eq!(answer.is_ok(), expected.status == Status::InProgress);
            if answer.is_err() {
                return;
            }
            expected.sequence += 1;
            match outcome {
                AttemptOutcome::Succeeded => _ = expected.apply(Event::AttemptSucceeded),
                AttemptOutcome::Failed if expected.aborting => _ = expected.apply(Event::Terminated),
                AttemptOutcome::Failed => _ = expected.apply(Event::AttemptFailed),
                AttemptOutcome::Stopped | AttemptOutcome::Reset => expected.put_back(Event::AttemptFailed),
            }
        }
        Operation::Lose(_) => {
            let Some(held) = &expected.held else { return };
            let answer = store.attempt_lost(id, held.fencing_token, cause("lost")).await;
            assert_eq!(answer.is_ok(), expected.status == Status::InProgress);
            if answer.is_ok() {
                expected.put_back(Event::AttemptLost);
            }
        }
        Operation::Abort(_) => {
            let answer = store.request_abort(expected.training.id).await;
            assert_eq!(answer.is_ok(), !expected.status.is_final());
            if expected.status == Status::InProgress {
                expected.aborting = true;
            } else {
                expected.apply(Event::Terminated);
            }
        }
        Operation::Remove(_) => {
            let answer = store.remove_training(expected.training.id).await;
            assert_eq!(answer.is_ok(), expected.status.is_final());
            expected.removed |= answer.is_ok();
        }
        Operation::Start | Operation::Lease | Operation::Reopen => {}
    }
}

async fn check(store: &Store, expected: &Expected) {
    let (training, _, lines, history) = everything(store, expected.training.execution_id).await;
    assert_eq!(training.status, expected.status);
    assert_eq!(training.attempt, expected.attempt);
    assert_eq!(training.removed_at_ms.is_some(), expected.removed);
    assert_eq!(training.abort_requested, expected.aborting);
    assert_eq!(training.ended_at_ms.is_some(), expected.status.is_final());
    assert_eq!(training.instance_id.is_some(), expected.status == Status::InProgress);
    assert_eq!((lines as u64, history), (expected.lines, expected.events));
    let model = store.model(&training.model_id.to_string()).await.unwrap();
    assert_eq!(model.status, shared::status::ModelStatus::beside(expected.status));
}

/// What is kept of the queue and brought up to date is what is stored.
async fn check_queue(store: &Store) {
    let kept = store.scheduling_snapshot().await.unwrap();
    store.forget_queue().await;
    assert_eq!(kept, store.scheduling_snapshot().await.unwrap());
}

/// So many cases, unless somebody asked for another number.
fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(usual))
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn random_operations_with_restarts_do_what_the_model_says(
        operations in proptest::collection::vec(operation(), 1..100),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut checked = Checked { bench: Bench::new().await, instance: None, known: Vec::new() };
            for operation in operations {
                checked.run(operation).await;
            }
        });
    }
}
