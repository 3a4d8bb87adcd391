//! What a waiting execution waits for, as data: the same value in API, command line and browser.
//!
//! Must not know how it was found out.

use crate::format::duration;
use crate::id::ExecutionId;
use crate::machine::Shortage;
use crate::service::Reason;
use serde::{Deserialize, Serialize};

/// Expected times that differ by less are the same to a person.
const NEAR_MS: u64 = 15_000;

/// Somebody who has what is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The model version that it trains.
    pub model_name: String,
}

/// What keeps an execution from starting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blocker {
    /// The service is paused.
    ServicePaused {
        /// It was not a person who paused it, but its failed starts: so many.
        #[serde(default)]
        failed_starts: Option<u32>,
    },
    /// The service cannot start its instances.
    ServiceError {
        /// The field's word for the trouble.
        reason: Reason,
        /// The last thing it said.
        detail: String,
        /// UTC milliseconds at which the next start is tried; `None` where trying again cannot help.
        retry_at_ms: Option<i64>,
    },
    /// No machine of the service's type can ever hold an instance.
    NoMachineFits {
        /// The type of machine.
        machine_type: String,
        /// By how much.
        shortage: Shortage,
    },
    /// An instance for it is on its way.
    InstanceStarting,
    /// Instances of the service are replaced, and it starts in a new one.
    InstancesReplaced,
    /// Every slot of every instance that the service may have is taken.
    SlotsBusy {
        /// Slots in all.
        slots: u32,
        /// Who has them.
        held_by: Vec<Holder>,
    },
    /// The machine has what is needed, but not free.
    MachineBusy {
        /// The type of machine.
        machine_type: String,
        /// By how much.
        shortage: Shortage,
        /// Who has it, of whatever service.
        held_by: Vec<Holder>,
        /// Somebody less urgent was told to give way.
        is_being_freed: bool,
    },
    /// An attempt was put back; the next one waits a while.
    BackOff {
        /// UTC milliseconds.
        until_ms: i64,
    },
}

impl Blocker {
    /// Its word on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ServicePaused { .. } => "service-paused",
            Self::ServiceError { .. } => "service-error",
            Self::NoMachineFits { .. } => "no-machine-fits",
            Self::InstanceStarting => "instance-starting",
            Self::InstancesReplaced => "instances-replaced",
            Self::SlotsBusy { .. } => "slots-busy",
            Self::MachineBusy { .. } => "machine-busy",
            Self::BackOff { .. } => "back-off",
        }
    }

    /// Whether it is the service's trouble: the execution stays or becomes *Created*.
    #[must_use]
    pub const fn is_of_service(&self) -> bool {
        match self {
            Self::ServicePaused { .. } | Self::ServiceError { .. } | Self::NoMachineFits { .. } => true,
            Self::InstanceStarting
            | Self::InstancesReplaced
            | Self::SlotsBusy { .. }
            | Self::MachineBusy { .. }
            | Self::BackOff { .. } => false,
        }
    }

    /// Whether nothing that a list shows differs: not who exactly holds what.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::SlotsBusy { slots, .. }, Self::SlotsBusy { slots: others, .. }) => slots == others,
            (
                Self::MachineBusy { machine_type, is_being_freed, .. },
                Self::MachineBusy { machine_type: other, is_being_freed: freed, .. },
            ) => machine_type == other && is_being_freed == freed,
            (one, another) => one == another,
        }
    }

    /// The same without what changes all the time: what is kept of it.
    #[must_use]
    pub fn without_holders(mut self) -> Self {
        if let Self::SlotsBusy { held_by, .. } | Self::MachineBusy { held_by, .. } = &mut self {
            held_by.clear();
        }
        self
    }
}

/// Why an execution waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What it waits for.
    pub blocker: Blocker,
    /// Its place in the queue of its service, counted from 1; 0 where it is not known.
    #[serde(default)]
    pub position: u32,
    /// The attempt that will start, counted from 1.
    #[serde(default)]
    pub attempt: u32,
    /// Attempts at most.
    #[serde(default)]
    pub max_attempts: u32,
    /// UTC milliseconds at which it will probably start, told from past durations; `None` where nothing is known.
    #[serde(default)]
    pub expected_start_ms: Option<i64>,
}

impl Waiting {
    /// A reason without place and time.
    #[must_use]
    pub const fn of(blocker: Blocker) -> Self {
        Self { blocker, position: 0, attempt: 0, max_attempts: 0, expected_start_ms: None }
    }

    /// Whether a person would read the same in it: times that differ by seconds are no news.
    #[must_use]
    pub fn reads_like(&self, other: &Self) -> bool {
        let is_near = match (self.expected_start_ms, other.expected_start_ms) {
            (Some(one), Some(another)) => one.abs_diff(another) < NEAR_MS,
            (one, another) => one == another,
        };
        is_near
            && Self { expected_start_ms: None, ..self.clone() }
                == Self { expected_start_ms: None, ..other.clone() }
    }

    /// What it waits for, in words that stay true while time passes.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = format!("Waiting: {}", self.blocker_words());
        if self.position > 1 {
            text.push_str(&format!(", place {} in the queue", self.position));
        }
        if self.attempt > 1 {
            text.push_str(&format!(", attempt {} of {}", self.attempt, self.max_attempts));
        }
        text
    }

    /// The same, with what is known of times at `now_ms`.
    #[must_use]
    pub fn describe_at(&self, now_ms: i64) -> String {
        let retry_at_ms = match self.blocker {
            Blocker::ServiceError { retry_at_ms, .. } => retry_at_ms.map(|at| (at, "tried again")),
            Blocker::BackOff { until_ms } => Some((until_ms, "starts")),
            _ => None,
        };
        let expected = self.expected_start_ms.map(|at| (at, "probably starts"));
        match retry_at_ms.or(expected).filter(|(at, _)| *at > now_ms) {
            Some((at, what)) => format!("{}, {what} in {}", self.describe(), duration(at - now_ms)),
            None => self.describe(),
        }
    }

    fn blocker_words(&self) -> String {
        match &self.blocker {
            Blocker::ServicePaused { failed_starts: None } => "the service is paused".into(),
            Blocker::ServicePaused { failed_starts: Some(count) } => {
                format!("the service was paused after {count} failed starts")
            }
            Blocker::ServiceError { reason, detail, .. } => {
                format!("the service cannot start ({reason}: {detail})")
            }
            Blocker::NoMachineFits { machine_type, shortage } => {
                format!("no machine of the type {machine_type} fits ({})", shortage.describe())
            }
            Blocker::InstanceStarting => "an instance is starting".into(),
            Blocker::InstancesReplaced => "the service's instances are being replaced".into(),
            Blocker::SlotsBusy { slots, held_by } => {
                format!("{slots} of {slots} slots busy{}", by(held_by))
            }
            Blocker::MachineBusy { machine_type, shortage, held_by, is_being_freed } => {
                let freed = if *is_being_freed { ", which is being freed" } else { "" };
                format!("{machine_type} is taken ({}){}{freed}", shortage.describe(), by(held_by))
            }
            Blocker::BackOff { .. } => "the last attempt was put back, and the next one waits a while".into(),
        }
    }

    /// What would start it now; empty where nothing need be done.
    #[must_use]
    pub fn remedy(&self) -> String {
        match &self.blocker {
            Blocker::ServicePaused { failed_starts: None } => "Resume the service".into(),
            Blocker::ServicePaused { failed_starts: Some(_) } => {
                "Mend what its errors name, then resume the service".into()
            }
            Blocker::ServiceError { reason, .. } => reason.next_step().into(),
            Blocker::NoMachineFits { .. } => Reason::Unschedulable.next_step().into(),
            Blocker::SlotsBusy { .. } => {
                "Raise max instances on the service, raise this training's priority, or abort one that runs".into()
            }
            Blocker::MachineBusy { is_being_freed: false, .. } => {
                "Raise this training's priority above that of preemptible ones, ask for less, or abort one that runs".into()
            }
            Blocker::InstanceStarting
            | Blocker::InstancesReplaced
            | Blocker::MachineBusy { .. }
            | Blocker::BackOff { .. } => String::new(),
        }
    }
}

fn by(held_by: &[Holder]) -> String {
    match held_by {
        [] => String::new(),
        [one] => format!(" by {}", one.model_name),
        [first, rest @ ..] => format!(" by {} and {} more", first.model_name, rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::uuid_v7;

    fn holder(name: &str) -> Holder {
        let execution_id = ExecutionId::from_uuid(uuid_v7(1, &[1; 10]));
        Holder { execution_id, model_name: name.into() }
    }

    #[test]
    fn every_reason_has_its_words_and_what_helps() {
        let busy = Blocker::SlotsBusy { slots: 2, held_by: vec![holder("cells"), holder("boats")] };
        let taken = |is_being_freed| Blocker::MachineBusy {
            machine_type: "local".into(),
            shortage: Shortage::Gpus { asked: 1, available: 0 },
            held_by: vec![holder("cells")],
            is_being_freed,
        };
        let error = Blocker::ServiceError {
            reason: Reason::ErrImagePull,
            detail: "/opt/train is not there".into(),
            retry_at_ms: Some(3_000),
        };
        let fits = Blocker::NoMachineFits {
            machine_type: "local".into(),
            shortage: Shortage::Cores { asked: 4, available: 2 },
        };
        let cases = [
            (Blocker::ServicePaused { failed_starts: None }, "the service is paused", "Resume the service"),
            (
                Blocker::ServicePaused { failed_starts: Some(10) },
                "the service was paused after 10 failed starts",
                "Mend what",
            ),
            (error, "the service cannot start (ErrImagePull: /opt/train is not there)", "Put the program"),
            (fits, "no machine of the type local fits (needs 4 cores, 2 available)", "Ask for less"),
            (Blocker::InstanceStarting, "an instance is starting", ""),
            (Blocker::InstancesReplaced, "the service's instances are being replaced", ""),
            (busy, "2 of 2 slots busy by cells and 1 more", "Raise max instances"),
            (
                taken(false),
                "local is taken (needs 1 GPU, 0 available) by cells",
                "Raise this training's priority",
            ),
            (taken(true), "local is taken (needs 1 GPU, 0 available) by cells, which is being freed", ""),
            (
                Blocker::BackOff { until_ms: 5_000 },
                "the last attempt was put back, and the next one waits a while",
                "",
            ),
        ];
        for (blocker, words, remedy) in cases {
            let of_service = blocker.is_of_service();
            let waiting = Waiting::of(blocker);
            assert_eq!(waiting.describe(), format!("Waiting: {words}"));
            assert!(waiting.remedy().starts_with(remedy), "{waiting:?}: {}", waiting.remedy());
            assert_eq!(waiting.remedy().is_empty(), remedy.is_empty());
            assert!(!of_service || !remedy.is_empty(), "trouble of a service has a next step");
        }
    }

    #[test]
    fn place_attempt_and_time_are_said_where_they_matter() {
        let waiting = Waiting {
            position: 3,
            attempt: 2,
            max_attempts: 3,
            expected_start_ms: Some(91_000),
            ..Waiting::of(Blocker::InstanceStarting)
        };
        let words = "Waiting: an instance is starting, place 3 in the queue, attempt 2 of 3";
        assert_eq!(waiting.describe(), words);
        assert_eq!(waiting.describe_at(1_000), format!("{words}, probably starts in 1 min 30 s"));
        assert_eq!(waiting.describe_at(91_000), words);
        let back_off = Waiting::of(Blocker::BackOff { until_ms: 5_000 });
        assert!(back_off.describe_at(1_000).ends_with("a while, starts in 4 s"), "{back_off:?}");
    }

    #[test]
    fn who_holds_what_is_not_kept() {
        let busy = |held_by| Blocker::SlotsBusy { slots: 1, held_by };
        let (one, other) = (busy(vec![holder("a")]), busy(vec![holder("b")]));
        assert!(one.is_like(&other) && one.clone().without_holders() == busy(Vec::new()));
        assert!(!one.is_like(&Blocker::SlotsBusy { slots: 2, held_by: Vec::new() }));
        let earlier: Blocker = serde_json::from_str(r#"{"service-paused":{}}"#).unwrap();
        assert_eq!(earlier, Blocker::ServicePaused { failed_starts: None });
    }
}
