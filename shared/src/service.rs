//! Training services and their instances, in the words of Kubernetes.
//!
//! Must not know processes, containers or pods.

mod reason;
mod settings;

pub use reason::Reason;
pub use settings::{Effect, OnReset, ServiceSettings, effect_of};

use crate::id::{ExecutionId, InstanceId, ServiceId};
use crate::machine::Reservation;
use serde::{Deserialize, Serialize};

/// Name of the one service that trains all versions of an architecture.
#[must_use]
pub fn service_name(architecture_id: &str) -> String {
    format!("mgmt-train-{architecture_id}")
}

/// A training service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// `mgmt-train-<architecture id>`.
    pub name: String,
    /// The architecture whose versions it trains.
    pub architecture_id: String,
    /// How it runs its executions.
    pub settings: ServiceSettings,
    /// Grows with each change of the settings.
    pub settings_revision: u32,
    /// Grows whenever its instances are to be replaced: by a change of some settings, or a restart.
    pub generation: u32,
    /// No execution of it is started.
    pub paused: bool,
    /// It was not a person who paused it, but its failed starts.
    pub paused_by_force: bool,
    /// Starts in a row that failed; ten minutes of health set it back to 0.
    pub failed_starts: u32,
    /// UTC milliseconds before which no new instance is started.
    pub retry_at_ms: Option<i64>,
    /// Why the last start failed.
    pub error: Option<InstanceError>,
    /// UTC milliseconds of the last start of an attempt: who was served longest ago is served first.
    pub served_at_ms: Option<i64>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
}

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// It was asked for and has not registered yet.
    Starting,
    /// It registered and is heard of.
    Running,
    /// It was told to finish its work and end.
    Stopping,
    /// It ended as it was told.
    Stopped,
    /// It ended or was lost without being told.
    Failed,
}

impl InstanceState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Starting, Self::Running, Self::Stopping, Self::Stopped, Self::Failed];

    /// The word used in stores and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// The state with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it may still hold work.
    #[must_use]
    pub const fn is_alive(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Stopping => true,
            Self::Stopped | Self::Failed => false,
        }
    }
}

/// Why an instance failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceError {
    /// The field's word for it.
    pub reason: Reason,
    /// The last thing it said.
    pub detail: String,
}

/// Why an instance has to stop what it works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drain {
    /// A more urgent training takes its machine.
    Preempted {
        /// Which one.
        by: ExecutionId,
    },
    /// Its service's settings were changed, or a person restarted the service.
    Replaced,
    /// The server stops.
    ServerStops,
}

impl Drain {
    /// What happened, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Preempted { by } => format!("it gave way to the more urgent execution {by}"),
            Self::Replaced => "its service was restarted, or has other settings now".into(),
            Self::ServerStops => "the server was stopped".into(),
        }
    }

    /// Whether the executions go round again, whatever the service's on-reset says.
    #[must_use]
    pub const fn is_preemption(&self) -> bool {
        matches!(self, Self::Preempted { .. })
    }
}

/// One running copy of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Whose it is.
    pub service_id: ServiceId,
    /// Where it stands.
    pub state: InstanceState,
    /// The [generation](Service::generation) of its service that it was made for.
    pub generation: u32,
    /// The type of machine that it runs on.
    pub machine_type: String,
    /// What it holds of the machine.
    pub reservation: Reservation,
    /// Why its executions have to stop; `None` while they need not.
    pub drain: Option<Drain>,
    /// What the executor calls it, for example a process id; opaque to everything else.
    pub handle: Option<String>,
    /// Why it failed.
    pub error: Option<InstanceError>,
    /// Executions it holds.
    pub executions: Vec<ExecutionId>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// UTC milliseconds of the last word from it.
    pub heard_at_ms: Option<i64>,
}

/// One kind of trouble of a service: all that had the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceError {
    /// Whose it is.
    pub service_id: ServiceId,
    /// The field's word for it.
    pub reason: Reason,
    /// How often it came.
    pub count: u64,
    /// UTC milliseconds of the first time.
    pub first_at_ms: i64,
    /// UTC milliseconds of the last time.
    pub last_at_ms: i64,
    /// What was said the last time.
    pub detail: String,
    /// The last lines of output before the last time.
    pub output: Vec<String>,
    /// Executions that ran or waited, up to [`ServiceError::MOST_EXECUTIONS`] of them, the latest first.
    pub executions: Vec<ExecutionId>,
}

impl ServiceError {
    /// Executions that are named at most.
    pub const MOST_EXECUTIONS: usize = 50;
}

/// What a service does, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// Instances of it are there or on their way.
    Running,
    /// It has nothing to do.
    Idle,
    /// It is paused.
    Paused,
    /// It cannot start its instances.
    Error,
}

impl ServiceState {
    /// The word shown to a person.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Idle => "Idle",
            Self::Paused => "Paused",
            Self::Error => "Error",
        }
    }
}

impl Service {
    /// What it does, with this many instances alive, of which some registered.
    #[must_use]
    pub const fn state(&self, alive: usize, registered: usize) -> ServiceState {
        if self.paused {
            ServiceState::Paused
        } else if self.error.is_some() && registered == 0 {
            ServiceState::Error
        } else if alive > 0 {
            ServiceState::Running
        } else {
            ServiceState::Idle
        }
    }
}
