//! Training services and their instances, in the words of Kubernetes.
//!
//! Must not know processes, containers or pods.

use crate::config::FieldError;
use crate::id::{ExecutionId, InstanceId, ServiceId};
use crate::machine::LOCAL;
use serde::{Deserialize, Serialize};

/// Name of the one service that trains all versions of an architecture.
#[must_use]
pub fn service_name(architecture_id: &str) -> String {
    format!("mgmt-train-{architecture_id}")
}

/// A name that is longer is none that a registry takes.
const MAX_IMAGE_BYTES: usize = 512;

/// What happens to an attempt that is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnReset {
    /// The execution fails.
    Fail,
    /// It goes round again while attempts are left.
    Rerun,
}

/// How a service runs its executions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceSettings {
    /// The name of the [type of machine](crate::machine::MachineType) that its instances run on.
    pub machine_type: String,
    /// Whether a more urgent training may take the machine.
    pub preemptible: bool,
    /// The image that its instances are made from; empty for none.
    pub image: String,
    /// Executions that one instance works on at once.
    pub concurrency: u32,
    /// Instances kept while nothing waits.
    pub min_instances: u32,
    /// Instances at most.
    pub max_instances: u32,
    /// Time without work after which an instance beyond the minimum is stopped.
    pub cool_down_secs: u32,
    /// Time that one attempt may take.
    pub execution_timeout_secs: u32,
    /// Time that an attempt gets to stop by itself.
    pub drain_secs: u32,
    /// What happens to an attempt that is reset.
    pub on_reset: OnReset,
    /// Attempts at most.
    pub max_attempts: u32,
    /// Whether each execution is a process of its own within the instance.
    pub run_as_process: bool,
}

impl Default for ServiceSettings {
    /// The defaults of the wizard's third step.
    fn default() -> Self {
        Self {
            machine_type: LOCAL.to_owned(),
            preemptible: false,
            image: String::new(),
            concurrency: 1,
            min_instances: 0,
            max_instances: 1,
            cool_down_secs: 300,
            execution_timeout_secs: 3600,
            drain_secs: 300,
            on_reset: OnReset::Rerun,
            max_attempts: 3,
            run_as_process: true,
        }
    }
}

impl ServiceSettings {
    /// Everything that cannot be meant, by field.
    ///
    /// # Errors
    /// All of it at once.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let counts = [
            ("concurrency", self.concurrency, 1, 64),
            ("min_instances", self.min_instances, 0, 1_000),
            ("max_instances", self.max_instances, 1, 1_000),
            ("cool_down_secs", self.cool_down_secs, 0, 86_400),
            ("execution_timeout_secs", self.execution_timeout_secs, 1, 31_536_000),
            ("drain_secs", self.drain_secs, 0, 86_400),
            ("max_attempts", self.max_attempts, 1, 100),
        ];
        let mut errors: Vec<FieldError> = counts
            .into_iter()
            .filter(|(_, value, least, most)| value < least || value > most)
            .map(|(field, value, least, most)| {
                FieldError::new(field, format!("{value} is out of range: choose {least} to {most}"))
            })
            .collect();
        if self.image.len() > MAX_IMAGE_BYTES
            || self.image.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            let message =
                format!("is no name of an image: expected up to {MAX_IMAGE_BYTES} bytes without spaces");
            errors.push(FieldError::new("image", message));
        }
        if self.min_instances > self.max_instances {
            let message = format!("{} is more than `max_instances`: lower it", self.min_instances);
            errors.push(FieldError::new("min_instances", message));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The names of the fields in which others differ.
    ///
    /// ```
    /// use shared::service::ServiceSettings;
    /// let mine = ServiceSettings::default();
    /// let yours = ServiceSettings { drain_secs: 1, ..mine.clone() };
    /// assert_eq!(mine.differences(&yours), ["drain_secs"]);
    /// ```
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        [
            ("machine_type", self.machine_type == other.machine_type),
            ("preemptible", self.preemptible == other.preemptible),
            ("image", self.image == other.image),
            ("concurrency", self.concurrency == other.concurrency),
            ("min_instances", self.min_instances == other.min_instances),
            ("max_instances", self.max_instances == other.max_instances),
            ("cool_down_secs", self.cool_down_secs == other.cool_down_secs),
            ("execution_timeout_secs", self.execution_timeout_secs == other.execution_timeout_secs),
            ("drain_secs", self.drain_secs == other.drain_secs),
            ("on_reset", self.on_reset == other.on_reset),
            ("max_attempts", self.max_attempts == other.max_attempts),
            ("run_as_process", self.run_as_process == other.run_as_process),
        ]
        .into_iter()
        .filter(|(_, is_same)| !is_same)
        .map(|(field, _)| field)
        .collect()
    }
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
    /// A person paused it.
    pub paused: bool,
    /// Starts in a row that failed; a healthy start sets it back to 0.
    pub failed_starts: u32,
    /// UTC milliseconds before which no new instance is started.
    pub retry_at_ms: Option<i64>,
    /// Why the last start failed.
    pub error: Option<InstanceError>,
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
    /// The field's name, for example `CrashLoopBackOff`, `NodeLost` or `OOMKilled`.
    pub reason: String,
    /// The last thing it said.
    pub detail: String,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_meant_are_named() {
        let good = ServiceSettings::default();
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.differences(&good), [""; 0]);
        let bad = ServiceSettings {
            concurrency: 0,
            min_instances: 3,
            max_instances: 2,
            execution_timeout_secs: 0,
            max_attempts: 101,
            image: "a b".into(),
            ..good.clone()
        };
        let fields: Vec<String> = bad.check().unwrap_err().into_iter().map(|error| error.key).collect();
        assert_eq!(
            fields,
            ["concurrency", "execution_timeout_secs", "max_attempts", "image", "min_instances"]
        );
        let differences = [
            "image",
            "concurrency",
            "min_instances",
            "max_instances",
            "execution_timeout_secs",
            "max_attempts",
        ];
        assert_eq!(bad.differences(&good), differences);
    }
}
