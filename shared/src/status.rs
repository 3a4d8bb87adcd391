//! The eight statuses of a training, the events that move them, and the one legality function.
//!
//! Server and browser both use it: the server to decide, the browser to say in advance which
//! action is possible and why not. Must not know storage, time or transport.

mod ending;

pub use ending::Ending;

use serde::{Deserialize, Serialize};

/// Status of an execution, as shown in the Training tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It exists; nothing has taken it, or its service is paused or in error.
    Created,
    /// Its service is well but has no free instance, slot or machine.
    Pending,
    /// A runner holds it and trains.
    InProgress,
    /// Ended well. Final.
    Success,
    /// The function, its configuration or its resources failed, or attempts are used up. Final.
    Failed,
    /// It stopped unexpectedly and nobody asked for that. Final.
    Aborted,
    /// A person ended it. Final.
    Terminated,
    /// It waits for its next attempt.
    Rerun,
}

/// What can happen to an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The service is well, but nothing is free for it.
    Queued,
    /// The service is paused or cannot start.
    ServiceUnavailable,
    /// A runner took it: a new attempt begins.
    AttemptStarted,
    /// The Train function ended well and its artifacts are stored.
    AttemptSucceeded,
    /// The Train function, its configuration or its resources failed.
    AttemptFailed,
    /// The attempt was put back (lost runner, preemption, reset), and another attempt is left.
    AttemptReset,
    /// The runner or machine was lost, and no attempt is left.
    AttemptLost,
    /// A person ended it.
    Terminated,
}

/// An event that cannot happen in a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a training that is {status} cannot take the event {event:?}")]
pub struct IllegalTransition {
    /// The status it was in.
    pub status: Status,
    /// What was tried.
    pub event: Event,
}

impl Status {
    /// All statuses, in the order in which filters list them.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Pending,
        Self::InProgress,
        Self::Success,
        Self::Failed,
        Self::Aborted,
        Self::Terminated,
        Self::Rerun,
    ];

    /// The word shown to a person.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Pending => "Pending",
            Self::InProgress => "In Progress",
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::Aborted => "Aborted",
            Self::Terminated => "Terminated",
            Self::Rerun => "Rerun",
        }
    }

    /// The word used in stores, URLs and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Pending => "pending",
            Self::InProgress => "in-progress",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Terminated => "terminated",
            Self::Rerun => "rerun",
        }
    }

    /// The status with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether it is never left again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Success | Self::Failed | Self::Aborted | Self::Terminated => true,
            Self::Created | Self::Pending | Self::InProgress | Self::Rerun => false,
        }
    }

    /// Whether it waits for a runner.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        match self {
            Self::Created | Self::Pending | Self::Rerun => true,
            Self::InProgress | Self::Success | Self::Failed | Self::Aborted | Self::Terminated => false,
        }
    }

    /// The status after `event`: the one place that decides what may follow what.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the event cannot happen in this status; the caller must then
    /// leave the record as it is.
    pub const fn after(self, event: Event) -> Result<Self, IllegalTransition> {
        use Event as E;
        match (self, event) {
            // A fresh execution waits for a slot; one that waits can lose its healthy service again.
            (Self::Created | Self::Pending, E::Queued) => Ok(Self::Pending),
            (Self::Created | Self::Pending, E::ServiceUnavailable) => Ok(Self::Created),
            // One that goes round again keeps saying so while it waits.
            (Self::Rerun, E::Queued | E::ServiceUnavailable) => Ok(Self::Rerun),
            (Self::Created | Self::Pending | Self::Rerun, E::AttemptStarted) => Ok(Self::InProgress),
            (Self::InProgress, E::AttemptSucceeded) => Ok(Self::Success),
            (Self::InProgress, E::AttemptFailed) => Ok(Self::Failed),
            (Self::InProgress, E::AttemptReset) => Ok(Self::Rerun),
            (Self::InProgress, E::AttemptLost) => Ok(Self::Aborted),
            (Self::Created | Self::Pending | Self::InProgress | Self::Rerun, E::Terminated) => {
                Ok(Self::Terminated)
            }
            // Final means final.
            (Self::Success | Self::Failed | Self::Aborted | Self::Terminated, _)
            // A running attempt is not queued, and a waiting one has no attempt to end.
            | (Self::InProgress, E::Queued | E::ServiceUnavailable | E::AttemptStarted)
            | (
                Self::Created | Self::Pending | Self::Rerun,
                E::AttemptSucceeded | E::AttemptFailed | E::AttemptReset | E::AttemptLost,
            ) => Err(IllegalTransition { status: self, event }),
        }
    }

    /// Whether a person may abort it.
    ///
    /// # Errors
    /// The reason why not, to show on the disabled action.
    pub const fn can_abort(self) -> Result<(), &'static str> {
        if self.is_final() { Err("Only running or queued trainings can be aborted") } else { Ok(()) }
    }

    /// Whether a person may remove it from the table.
    ///
    /// # Errors
    /// The reason why not, to show on the disabled action.
    pub const fn can_remove(self) -> Result<(), &'static str> {
        if self.is_final() { Ok(()) } else { Err("Abort the training before removing it") }
    }

    /// Whether a person may start another training of its version on the same data.
    ///
    /// # Errors
    /// The reason why not, to show on the disabled action.
    pub const fn can_retry(self) -> Result<(), &'static str> {
        match self {
            Self::Failed | Self::Aborted => Ok(()),
            Self::Created
            | Self::Pending
            | Self::InProgress
            | Self::Success
            | Self::Terminated
            | Self::Rerun => Err("Only failed or aborted trainings can be retried"),
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.label())
    }
}

/// Status of a model version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelStatus {
    /// Made, never trained.
    Created,
    /// Made with weights to start from.
    PreTrained,
    /// Its training waits.
    Pending,
    /// Its training runs.
    Training,
    /// Its training ended well.
    Trained,
    /// Its training ended otherwise.
    Failed,
}

impl ModelStatus {
    /// All model statuses.
    pub const ALL: [Self; 6] =
        [Self::Created, Self::PreTrained, Self::Pending, Self::Training, Self::Trained, Self::Failed];

    /// The word used in stores, URLs and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::PreTrained => "pre-trained",
            Self::Pending => "pending",
            Self::Training => "training",
            Self::Trained => "trained",
            Self::Failed => "failed",
        }
    }

    /// The model status with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// The status that a model takes when its training stands at `status`.
    #[must_use]
    pub const fn beside(status: Status) -> Self {
        match status {
            Status::Created | Status::Pending | Status::Rerun => Self::Pending,
            Status::InProgress => Self::Training,
            Status::Success => Self::Trained,
            Status::Failed | Status::Aborted | Status::Terminated => Self::Failed,
        }
    }

    /// Whether a person may train it.
    ///
    /// # Errors
    /// The reason why not, to show on the disabled action.
    pub const fn can_train(self) -> Result<(), &'static str> {
        match self {
            // A run that failed may be tried again with other settings; nothing of it is lost.
            Self::Created | Self::PreTrained | Self::Failed => Ok(()),
            Self::Pending | Self::Training => Err("This version is being trained already"),
            Self::Trained => Err("This version is trained; clone it to train again"),
        }
    }

    /// Whether a person may take it out of the lists.
    ///
    /// # Errors
    /// The reason why not, to show on the disabled action.
    pub const fn can_delete(self) -> Result<(), &'static str> {
        match self {
            Self::Created | Self::PreTrained | Self::Trained | Self::Failed => Ok(()),
            Self::Pending | Self::Training => Err("This version is being trained; abort its training first"),
        }
    }
}

#[cfg(test)]
mod document;
#[cfg(test)]
mod tests;
