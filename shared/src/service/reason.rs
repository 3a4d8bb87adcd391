//! Why an instance does not run, in the words of Kubernetes, and what to do about it.
//!
//! Must not know which executor found it out.

use serde::{Deserialize, Serialize};

/// The closed list of reasons.
///
/// Those that a kubelet or a scheduler gives, with their names (Kubernetes 1.34, `pkg/kubelet/images/types.go`,
/// `pkg/kubelet/container/sync_result.go` and the phases of `k8s.io/api/core/v1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// It is on its way.
    ContainerCreating,
    /// It ended badly again and again; the next start waits.
    CrashLoopBackOff,
    /// Its image or program is not there.
    ErrImagePull,
    /// Its image or program was not there again and again; the next look waits.
    ImagePullBackOff,
    /// Its image is named in a way that no registry or system understands.
    InvalidImageName,
    /// Its settings cannot be carried out, for example a limit that the system does not take.
    CreateContainerConfigError,
    /// The system refused to make it.
    CreateContainerError,
    /// It was made and cannot be run, or did not register in time.
    #[serde(alias = "StartError")]
    ContainerCannotRun,
    /// No machine can ever hold it.
    Unschedulable,
    /// It passed its memory limit, or the machine ran out of memory.
    #[serde(rename = "OOMKilled")]
    OomKilled,
    /// It ended badly.
    Error,
    /// It ended well.
    Completed,
    /// It took longer than it may.
    DeadlineExceeded,
    /// Its runner was not heard of for longer than its lease.
    NodeLost,
    /// It had to give way.
    Evicted,
    /// The machine goes down.
    Shutdown,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 16] = [
        Self::ContainerCreating,
        Self::CrashLoopBackOff,
        Self::ErrImagePull,
        Self::ImagePullBackOff,
        Self::InvalidImageName,
        Self::CreateContainerConfigError,
        Self::CreateContainerError,
        Self::ContainerCannotRun,
        Self::Unschedulable,
        Self::OomKilled,
        Self::Error,
        Self::Completed,
        Self::DeadlineExceeded,
        Self::NodeLost,
        Self::Evicted,
        Self::Shutdown,
    ];

    /// The field's word, the same in stores, on the wire and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContainerCreating => "ContainerCreating",
            Self::CrashLoopBackOff => "CrashLoopBackOff",
            Self::ErrImagePull => "ErrImagePull",
            Self::ImagePullBackOff => "ImagePullBackOff",
            Self::InvalidImageName => "InvalidImageName",
            Self::CreateContainerConfigError => "CreateContainerConfigError",
            Self::CreateContainerError => "CreateContainerError",
            Self::ContainerCannotRun => "ContainerCannotRun",
            Self::Unschedulable => "Unschedulable",
            Self::OomKilled => "OOMKilled",
            Self::Error => "Error",
            Self::Completed => "Completed",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::NodeLost => "NodeLost",
            Self::Evicted => "Evicted",
            Self::Shutdown => "Shutdown",
        }
    }

    /// The reason with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// What a person can do about it; empty where nothing is to be done.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::ContainerCreating | Self::Completed | Self::Evicted | Self::Shutdown => "",
            Self::CrashLoopBackOff | Self::Error | Self::ContainerCannotRun => {
                "Read the last lines of its output, mend what they name, then restart the service"
            }
            Self::ErrImagePull | Self::ImagePullBackOff => {
                "Put the program in its place or choose another image in the service's settings; it is looked for again by itself"
            }
            Self::InvalidImageName => "Correct the image in the service's settings",
            Self::CreateContainerConfigError | Self::CreateContainerError => {
                "Look at what the system said, then change the service's settings"
            }
            Self::Unschedulable => {
                "Ask for less in the service's settings, or choose a machine type that has as much"
            }
            Self::OomKilled => {
                "Choose a smaller batch or image size, or raise the memory in the service's settings"
            }
            Self::DeadlineExceeded => "Raise the execution timeout, or train fewer epochs",
            Self::NodeLost => {
                "Look whether its machine is up; the work goes on elsewhere while attempts are left"
            }
        }
    }

    /// The same trouble, once it has come back: its next try waits.
    #[must_use]
    pub const fn repeated(self) -> Self {
        match self {
            Self::ErrImagePull | Self::ImagePullBackOff => Self::ImagePullBackOff,
            // What says more than that it came back keeps its name.
            Self::InvalidImageName
            | Self::CreateContainerConfigError
            | Self::Unschedulable
            | Self::OomKilled
            | Self::NodeLost => self,
            Self::ContainerCreating
            | Self::CrashLoopBackOff
            | Self::CreateContainerError
            | Self::ContainerCannotRun
            | Self::Error
            | Self::Completed
            | Self::DeadlineExceeded
            | Self::Evicted
            | Self::Shutdown => Self::CrashLoopBackOff,
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_store_and_lead_back() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), serde_json::json!(reason.name()));
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
        }
        let earlier: Reason = serde_json::from_str("\"StartError\"").unwrap();
        assert_eq!(earlier, Reason::ContainerCannotRun);
    }

    #[test]
    fn what_comes_back_says_so_unless_its_name_says_more() {
        for (first, repeated) in [
            (Reason::Error, Reason::CrashLoopBackOff),
            (Reason::ErrImagePull, Reason::ImagePullBackOff),
            (Reason::OomKilled, Reason::OomKilled),
        ] {
            assert_eq!(first.repeated(), repeated);
            assert_eq!(repeated.repeated(), repeated);
        }
    }
}
