//! What waiting executions wait for, as the last pass saw it: places in the queue and times change with every pass and
//! are not worth a write, so they live in the server's memory.
//!
//! Must not know the store or who asks.

use shared::id::ExecutionId;
use shared::training::{Training, Waiting};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// The reasons by execution.
pub type Reasons = Arc<BTreeMap<ExecutionId, Waiting>>;

/// The reasons of the last pass; a clone speaks of the same.
#[derive(Debug, Clone)]
pub struct Explanations {
    latest: Arc<watch::Sender<Reasons>>,
}

impl Default for Explanations {
    fn default() -> Self {
        Self { latest: Arc::new(watch::Sender::default()) }
    }
}

impl Explanations {
    /// Takes the place of what was known.
    pub fn replace(&self, reasons: BTreeMap<ExecutionId, Waiting>) {
        self.latest.send_if_modified(|present| {
            let is_new = **present != reasons;
            if is_new {
                *present = Arc::new(reasons);
            }
            is_new
        });
    }

    /// What is known now.
    #[must_use]
    pub fn latest(&self) -> Reasons {
        Arc::clone(&self.latest.borrow())
    }

    /// Ticks whenever something of it changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Reasons> {
        self.latest.subscribe()
    }

    /// Adds place and time to what a training says of its waiting.
    #[must_use]
    pub fn completed(&self, training: Training) -> Training {
        complete(training, &self.latest.borrow())
    }
}

/// Adds what is known of its waiting to a training that waits.
#[must_use]
pub fn complete(mut training: Training, reasons: &BTreeMap<ExecutionId, Waiting>) -> Training {
    if let Some(known) = reasons.get(&training.execution_id).filter(|_| training.status.is_waiting()) {
        training.waiting = Some(known.clone());
    }
    training
}
