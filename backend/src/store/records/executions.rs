//! What the scheduler and the runners see.
//!
//! Must not know SQL, gRPC or files.

use shared::id::{ExecutionId, InstanceId, ModelId, ServiceId, TrainingId};
use shared::machine::MachineType;
use shared::service::{Instance, Service, ServiceSettings};
use shared::status::Status;
use shared::training::{Blocker, Progress};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that the plan looks at, read at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// All services.
    pub services: Vec<Service>,
    /// How long trainings of a service took lately, in milliseconds, where any ended well.
    pub typical_ms: BTreeMap<ServiceId, i64>,
    /// What instances may run on.
    pub machine_types: Vec<MachineType>,
    /// Instances that are alive.
    pub instances: Vec<Instance>,
    /// Executions that are not final, oldest first. Those that stayed as they were are shared with the snapshot before.
    pub executions: Vec<Arc<QueuedExecution>>,
    /// The server stops: nothing is started, and what runs drains.
    pub is_stopping: bool,
}

/// An execution as the plan sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedExecution {
    /// Its id.
    pub id: ExecutionId,
    /// Whose queue it is in.
    pub service_id: ServiceId,
    /// Where it stands.
    pub status: Status,
    /// The model version that it trains.
    pub model_name: String,
    /// What was last said about its waiting.
    pub blocker: Option<Blocker>,
    /// The more, the sooner it starts.
    pub priority: i32,
    /// How far its present attempt is.
    pub progress: Progress,
    /// The attempt that runs or ran last; 0 before the first.
    pub attempt: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// The token of the attempt that runs or ran last; 0 before the first.
    pub fencing_token: i64,
    /// A person asked to end it.
    pub abort_requested: bool,
    /// When, in UTC milliseconds.
    pub abort_requested_at_ms: Option<i64>,
    /// A person asked that it goes round again.
    pub rerun_requested: bool,
    /// Who holds it.
    pub instance_id: Option<InstanceId>,
    /// Grows from execution to execution; the order of the queue.
    pub queue_number: i64,
    /// UTC milliseconds before which no attempt may start.
    pub not_before_ms: Option<i64>,
    /// When its first attempt started.
    pub started_at_ms: Option<i64>,
    /// When its present attempt started.
    pub attempt_started_at_ms: Option<i64>,
}

/// What a lease would bring to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseOutlook {
    /// It takes no more work.
    Ends,
    /// Nothing now.
    Nothing,
    /// Perhaps something, if it has a free slot.
    Something,
}

/// What an instance works on.
#[derive(Debug, Clone, PartialEq)]
pub struct InHand {
    /// The instance.
    pub instance: Instance,
    /// Its attempts.
    pub attempts: Vec<HeldAttempt>,
}

/// An attempt that an instance holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldAttempt {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The attempt's token.
    pub fencing_token: i64,
    /// A person asked to end it.
    pub abort_requested: bool,
    /// A person asked that it goes round again.
    pub rerun_requested: bool,
}

/// An attempt that was just handed to an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its training.
    pub training_id: TrainingId,
    /// The model version that it trains.
    pub model_id: ModelId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What every report of this attempt must carry.
    pub fencing_token: i64,
    /// For example `yolov8`.
    pub architecture_id: String,
    /// For example `n`.
    pub variant: String,
    /// The resolved configuration.
    pub configuration: serde_json::Value,
    /// Class names in class order.
    pub labels: Vec<String>,
    /// Time that the attempt may take.
    pub timeout_secs: u32,
    /// Time that it gets to stop by itself.
    pub drain_secs: u32,
    /// Weights to start from.
    pub initial_weights_hash: Option<String>,
    /// The last checkpoint of an earlier attempt of the same execution.
    pub resume_content_hash: Option<String>,
    /// Names of the secrets that the Train function gets.
    pub secrets: Vec<String>,
    /// The Train function of a private architecture, as it was when the training was started.
    pub command: Vec<String>,
}

/// How an attempt ended, in the runner's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// Well; its artifacts are stored.
    Succeeded,
    /// The Train function, its configuration or its resources failed.
    Failed,
    /// It was told to stop.
    Stopped,
    /// It was killed or timed out: it goes round again while attempts are left.
    Reset,
}

/// What a service's settings were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRevision {
    /// From 1.
    pub settings_revision: u32,
    /// The settings.
    pub settings: ServiceSettings,
    /// Since when, in UTC milliseconds.
    pub created_at_ms: i64,
}
