//! Trainings, executions, what they wait for and why they ended.
//!
//! Must not know how they are stored, scheduled or drawn.

mod headline;
mod waiting;

pub use headline::Headline;
pub use waiting::{Blocker, Holder, Waiting};

use crate::id::{DatasetId, ExecutionId, InstanceId, ModelId, ServiceId, TrainingId};
use crate::status::{Event, Status};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// How urgent a training can be: 0 unless somebody says otherwise; the more, the sooner it starts.
pub const PRIORITIES: RangeInclusive<i32> = -1_000..=1_000;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The epoch it works on, counted from 1; 0 before the first.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
    /// The step within the phase, counted from 1; 0 before the first.
    pub step: u32,
    /// Steps of the phase.
    pub steps: u32,
    /// What it does right now.
    pub phase: Phase,
}

/// What a run does right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Fetches and reads its data.
    #[default]
    Preparing,
    /// Learns.
    Training,
    /// Is measured on the validation subset.
    Validating,
    /// Writes its files.
    Saving,
}

impl Progress {
    /// Share of the work that is done, 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        if self.epochs == 0 || self.epoch == 0 {
            return 0.0;
        }
        let steps_done = if self.steps == 0 { 0.0 } else { f64::from(self.step) / f64::from(self.steps) };
        // Steps are counted anew in each phase; once an epoch is learnt it stays counted.
        let within = match self.phase {
            Phase::Preparing => 0.0,
            Phase::Training => steps_done,
            Phase::Validating | Phase::Saving => 1.0,
        };
        ((f64::from(self.epoch - 1) + within.min(1.0)) / f64::from(self.epochs)).clamp(0.0, 1.0)
    }
}

/// Why an attempt or an execution ended, kept with it for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// From a closed list.
    pub kind: CauseKind,
    /// What happened, in words.
    pub message: String,
    /// What a person can do next; empty when nothing is to be done.
    pub next_step: String,
}

/// The closed list of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// A setting cannot be used.
    Configuration,
    /// The data cannot be used.
    Data,
    /// Memory, disk or device did not suffice.
    Resources,
    /// The Train function reported an error or died.
    TrainFunction,
    /// The loss left the numbers.
    Diverged,
    /// The execution timeout passed.
    Timeout,
    /// The runner was not heard of for longer than its lease.
    RunnerLost,
    /// A more urgent training took the machine.
    Preempted,
    /// Its instance had to end: settings were changed, its service restarted, or the server stopped.
    Drained,
    /// A person asked for it.
    Person,
}

/// One line of an execution's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// UTC milliseconds since 1970.
    pub at_ms: i64,
    /// The attempt it belongs to; 0 before the first.
    pub attempt: u32,
    /// What happened; `None` for the making of the execution.
    pub event: Option<Event>,
    /// The status after it.
    pub status: Status,
    /// Why.
    pub cause: Option<Cause>,
}

/// One training with its execution: a row of the Training tab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Its id.
    pub id: TrainingId,
    /// The model version it trains.
    pub model_id: ModelId,
    /// The model's name.
    pub model_name: String,
    /// What it learns from.
    pub dataset_id: DatasetId,
    /// The dataset's name.
    pub dataset_name: String,
    /// The architecture's id and variant, for example `yolov8n`.
    pub architecture: String,
    /// The service that runs it.
    pub service_id: ServiceId,
    /// The service's name.
    pub service_name: String,
    /// Its execution.
    pub execution_id: ExecutionId,
    /// Where it stands.
    pub status: Status,
    /// A person asked to end it, and the runner has not confirmed yet.
    pub abort_requested: bool,
    /// How far it is.
    pub progress: Progress,
    /// The attempt that runs or ran last; 0 before the first.
    pub attempt: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// The instance that holds it.
    pub instance_id: Option<InstanceId>,
    /// The more, the sooner it starts; changeable while it waits.
    pub priority: i32,
    /// Why it waits, while it waits.
    pub waiting: Option<Waiting>,
    /// Why it ended, once it did not end well.
    pub cause: Option<Cause>,
    /// How good it is, after its first validation.
    pub headline: Option<Headline>,
    /// The resolved configuration.
    pub configuration: serde_json::Value,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// When its first attempt started.
    pub started_at_ms: Option<i64>,
    /// When it ended.
    pub ended_at_ms: Option<i64>,
    /// When a person took it out of the table.
    pub removed_at_ms: Option<i64>,
    /// Grows with each change of any record; the cursor of streams.
    pub revision: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_the_work_never_falls() {
        let at = |epoch, step, steps, phase| Progress { epoch, epochs: 2, step, steps, phase }.fraction();
        let seen = [
            at(0, 0, 0, Phase::Preparing),
            at(1, 1, 4, Phase::Training),
            at(1, 4, 4, Phase::Training),
            at(1, 0, 0, Phase::Validating),
            at(1, 1, 3, Phase::Validating),
            at(1, 0, 0, Phase::Saving),
            at(2, 1, 4, Phase::Training),
            at(2, 0, 0, Phase::Saving),
        ];
        assert!(seen.is_sorted(), "{seen:?}");
        assert_eq!((seen[0], seen[7]), (0.0, 1.0));
    }
}
