//! Every (status, event) cell, and what must hold for every history.

use super::*;
use Event as E;
use Status as S;
use proptest::prelude::*;
use serde_json::json;

const EVENTS: [Event; 8] = [
    E::Queued,
    E::ServiceUnavailable,
    E::AttemptStarted,
    E::AttemptSucceeded,
    E::AttemptFailed,
    E::AttemptReset,
    E::AttemptLost,
    E::Terminated,
];

/// What each event of [`EVENTS`] leads to, in its order; `None` where it cannot happen.
fn row(status: Status) -> [Option<Status>; 8] {
    let started = Some(S::InProgress);
    let ended = Some(S::Terminated);
    match status {
        S::Created | S::Pending => {
            [Some(S::Pending), Some(S::Created), started, None, None, None, None, ended]
        }
        S::Rerun => [Some(S::Rerun), Some(S::Rerun), started, None, None, None, None, ended],
        S::InProgress => {
            [None, None, None, Some(S::Success), Some(S::Failed), Some(S::Rerun), Some(S::Aborted), ended]
        }
        S::Success | S::Failed | S::Aborted | S::Terminated => [None; 8],
    }
}

#[test]
fn every_cell_is_as_written() {
    for status in Status::ALL {
        for (event, expected) in EVENTS.into_iter().zip(row(status)) {
            let found = status.after(event);
            assert_eq!(found, expected.ok_or(IllegalTransition { status, event }), "{status} and {event:?}");
        }
    }
}

#[test]
fn a_refusal_names_status_and_event() {
    let error = S::Success.after(E::Terminated).unwrap_err();
    assert_eq!(error.to_string(), "a training that is Success cannot take the event Terminated");
}

#[test]
fn all_lists_hold_each_value_once() {
    for (index, status) in Status::ALL.into_iter().enumerate() {
        assert_eq!(Status::ALL.iter().position(|other| *other == status), Some(index));
    }
    for (index, status) in ModelStatus::ALL.into_iter().enumerate() {
        assert_eq!(ModelStatus::ALL.iter().position(|other| *other == status), Some(index));
    }
    for (index, event) in EVENTS.into_iter().enumerate() {
        assert_eq!(EVENTS.iter().position(|other| *other == event), Some(index));
    }
}

#[test]
fn names_are_those_of_the_wire_and_lead_back() {
    for status in Status::ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), json!(status.name()));
        assert_eq!(Status::from_name(status.name()), Some(status));
        assert_eq!(status.to_string(), status.label());
    }
    for status in ModelStatus::ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), json!(status.name()));
        assert_eq!(ModelStatus::from_name(status.name()), Some(status));
    }
    for unknown in ["", "Created", "in progress", "done"] {
        assert_eq!((Status::from_name(unknown), ModelStatus::from_name(unknown)), (None, None));
    }
}

#[test]
fn actions_follow_the_machine() {
    for status in Status::ALL {
        assert_eq!(status.can_abort().is_ok(), status.after(E::Terminated).is_ok(), "{status}");
        assert_eq!(status.can_remove().is_ok(), status.is_final(), "{status}");
        assert_eq!(status.is_waiting(), status.after(E::AttemptStarted).is_ok(), "{status}");
        assert_eq!(status.is_final(), EVENTS.into_iter().all(|event| status.after(event).is_err()));
    }
}

#[test]
fn what_failed_by_itself_is_retried() {
    for (status, expected) in [
        (S::Created, false),
        (S::Pending, false),
        (S::InProgress, false),
        (S::Success, false),
        (S::Failed, true),
        (S::Aborted, true),
        (S::Terminated, false),
        (S::Rerun, false),
    ] {
        assert_eq!(status.can_retry().is_ok(), expected, "{status}");
        assert!(!expected || ModelStatus::beside(status).can_train().is_ok(), "{status}");
    }
}

#[test]
fn the_model_stands_beside_its_training() {
    for (status, expected) in [
        (S::Created, ModelStatus::Pending),
        (S::Pending, ModelStatus::Pending),
        (S::Rerun, ModelStatus::Pending),
        (S::InProgress, ModelStatus::Training),
        (S::Success, ModelStatus::Trained),
        (S::Failed, ModelStatus::Failed),
        (S::Aborted, ModelStatus::Failed),
        (S::Terminated, ModelStatus::Failed),
    ] {
        assert_eq!(ModelStatus::beside(status), expected, "{status}");
        // A version whose training is not over is never trained a second time beside it.
        assert!(status.is_final() || ModelStatus::beside(status).can_train().is_err(), "{status}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_history_leaves_a_final_status_or_ends_an_attempt_that_never_began(
        picks in prop::collection::vec(0..EVENTS.len(), 0..200),
    ) {
        let mut status = S::Created;
        let (mut started, mut ended, mut finals) = (0u32, 0u32, 0u32);
        for pick in picks {
            let event = EVENTS[pick];
            let before = status;
            if let Ok(after) = status.after(event) {
                prop_assert!(!before.is_final(), "{before} was left by {event:?}");
                finals += u32::from(after.is_final());
                started += u32::from(event == E::AttemptStarted);
                ended += u32::from(before == S::InProgress);
                status = after;
            }
            prop_assert!(!before.is_final() || status == before);
            prop_assert_eq!(started - ended, u32::from(status == S::InProgress));
        }
        prop_assert_eq!(finals, u32::from(status.is_final()));
    }
}
