//! Which rows show that their service is in trouble, and how.
//!
//! Must not know how trouble is drawn.

use shared::service::{Reason, Service};
use shared::status::Status;
use shared::training::Blocker;

/// Trouble of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It fails to start.
    Error { reason: Reason, detail: String, retry_at_ms: Option<i64> },
    /// It is paused; by its failed starts, if by so many.
    Inactive { failed_starts: Option<u32> },
}

impl Trouble {
    /// A word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Error { reason, .. } => reason.name(),
            Self::Inactive { .. } => "Paused",
        }
    }

    /// What is the matter, in a sentence.
    pub fn cause(&self) -> String {
        match self {
            Self::Error { .. } => "The service fails to start".into(),
            Self::Inactive { failed_starts: None } => "The service is paused: it starts no execution".into(),
            Self::Inactive { failed_starts: Some(count) } => {
                format!("The service was paused after {count} failed starts")
            }
        }
    }

    /// What was said of it; empty where there is nothing more to say.
    pub fn detail(&self) -> &str {
        match self {
            Self::Error { detail, .. } => detail,
            Self::Inactive { .. } => "",
        }
    }

    /// What a person can do.
    pub const fn next_step(&self) -> &'static str {
        match self {
            Self::Error { reason, .. } => reason.next_step(),
            Self::Inactive { failed_starts: None } => "Resume the service",
            Self::Inactive { failed_starts: Some(_) } => "Mend what its errors name, then resume the service",
        }
    }
}

/// The trouble that a row shows: failed starts where it is created, in progress or goes round again, a pause where it is
/// created or goes round again. What waits has a blocker of its own; for what runs, its service is asked.
pub fn trouble_of(status: Status, blocker: Option<&Blocker>, service: Option<&Service>) -> Option<Trouble> {
    match status {
        Status::Created | Status::Rerun => of_blocker(blocker?),
        Status::InProgress => of_service(service?),
        Status::Pending | Status::Success | Status::Failed | Status::Aborted | Status::Terminated => None,
    }
}

fn of_blocker(blocker: &Blocker) -> Option<Trouble> {
    match blocker {
        Blocker::ServicePaused { failed_starts } => Some(Trouble::Inactive { failed_starts: *failed_starts }),
        Blocker::ServiceError { reason, detail, retry_at_ms } => {
            Some(Trouble::Error { reason: *reason, detail: detail.clone(), retry_at_ms: *retry_at_ms })
        }
        Blocker::NoMachineFits { machine_type, shortage } => Some(Trouble::Error {
            reason: Reason::Unschedulable,
            detail: format!("no machine of the type {machine_type} fits: {}", shortage.describe()),
            retry_at_ms: None,
        }),
        Blocker::InstanceStarting
        | Blocker::InstancesReplaced
        | Blocker::SlotsBusy { .. }
        | Blocker::MachineBusy { .. }
        | Blocker::BackOff { .. } => None,
    }
}

fn of_service(service: &Service) -> Option<Trouble> {
    let error = service.error.as_ref()?;
    Some(Trouble::Error {
        reason: error.reason,
        detail: error.detail.clone(),
        retry_at_ms: service.retry_at_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{ServiceId, uuid_v7};
    use shared::machine::Shortage;
    use shared::service::{InstanceError, ServiceSettings};

    fn service(paused: bool, error: Option<Reason>) -> Service {
        Service {
            id: ServiceId::from_uuid(uuid_v7(1, &[0; 10])),
            name: "mgmt-train-yolov8".into(),
            architecture_id: "yolov8".into(),
            settings: ServiceSettings::default(),
            settings_revision: 1,
            generation: 1,
            paused,
            paused_by_force: false,
            failed_starts: 0,
            retry_at_ms: Some(9),
            error: error.map(|reason| InstanceError { reason, detail: "it said so".into() }),
            served_at_ms: None,
            created_at_ms: 1,
        }
    }

    fn blockers() -> [(Blocker, &'static str); 9] {
        let shortage = Shortage::Gpus { asked: 2, available: 1 };
        [
            (Blocker::ServicePaused { failed_starts: None }, "warning"),
            (Blocker::ServicePaused { failed_starts: Some(10) }, "warning"),
            (
                Blocker::ServiceError {
                    reason: Reason::CrashLoopBackOff,
                    detail: "exit code 1".into(),
                    retry_at_ms: Some(5),
                },
                "error",
            ),
            (Blocker::NoMachineFits { machine_type: "local".into(), shortage }, "error"),
            (Blocker::InstanceStarting, ""),
            (Blocker::InstancesReplaced, ""),
            (Blocker::SlotsBusy { slots: 1, held_by: Vec::new() }, ""),
            (
                Blocker::MachineBusy {
                    machine_type: "local".into(),
                    shortage,
                    held_by: Vec::new(),
                    is_being_freed: false,
                },
                "",
            ),
            (Blocker::BackOff { until_ms: 5 }, ""),
        ]
    }

    fn icon(trouble: Option<&Trouble>) -> &'static str {
        match trouble {
            Some(Trouble::Error { .. }) => "error",
            Some(Trouble::Inactive { .. }) => "warning",
            None => "",
        }
    }

    #[test]
    fn every_status_shows_only_the_trouble_that_is_its_own() {
        for status in Status::ALL {
            let shows_own = matches!(status, Status::Created | Status::Rerun);
            for (blocker, expected) in blockers() {
                let found = trouble_of(status, Some(&blocker), None);
                let expected = if shows_own { expected } else { "" };
                assert_eq!(icon(found.as_ref()), expected, "{status:?} {blocker:?}");
            }
            for (service, expected) in [
                (service(false, Some(Reason::OomKilled)), "error"),
                (service(true, Some(Reason::OomKilled)), "error"),
                (service(true, None), ""),
                (service(false, None), ""),
            ] {
                let found = trouble_of(status, None, Some(&service));
                let expected = if status == Status::InProgress { expected } else { "" };
                assert_eq!(icon(found.as_ref()), expected, "{status:?} {service:?}");
            }
            assert_eq!(trouble_of(status, None, None), None);
        }
    }

    #[test]
    fn trouble_says_what_it_is_and_what_to_do() {
        for (blocker, icon_name) in blockers() {
            let Some(trouble) = trouble_of(Status::Created, Some(&blocker), None) else { continue };
            assert!(!trouble.cause().is_empty() && !trouble.next_step().is_empty(), "{trouble:?}");
            assert_eq!(trouble.detail().is_empty(), icon_name == "warning", "{trouble:?}");
        }
        let fits = trouble_of(Status::Rerun, Some(&blockers()[3].0), None).unwrap();
        assert_eq!(fits.word(), "Unschedulable");
        assert_eq!(fits.detail(), "no machine of the type local fits: needs 2 GPUs, 1 available");
    }
}
