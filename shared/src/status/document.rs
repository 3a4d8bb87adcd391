//! The status machine as `docs/statuses.md` shows it; the document is compared with what the code says.

use super::*;
use crate::service::OnReset;

const DOCUMENT: &str = include_str!("../../../docs/statuses.md");

const EVENTS: [Event; 8] = [
    Event::Queued,
    Event::ServiceUnavailable,
    Event::AttemptStarted,
    Event::AttemptSucceeded,
    Event::AttemptFailed,
    Event::AttemptReset,
    Event::AttemptLost,
    Event::Terminated,
];

fn word(event: Event) -> String {
    serde_json::to_value(event).unwrap().as_str().unwrap().to_owned()
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    format!("| {} |\n", cells.into_iter().collect::<Vec<_>>().join(" | "))
}

/// Every cell of (status, event).
fn transitions() -> String {
    let mut table = row(std::iter::once("status".into()).chain(EVENTS.map(word)));
    table.push_str(&row(std::iter::repeat_n("---".to_owned(), EVENTS.len() + 1)));
    for status in Status::ALL {
        let cell = |event| status.after(event).map_or_else(|_| "–".to_owned(), |after| after.to_string());
        table.push_str(&row(std::iter::once(format!("**{status}**")).chain(EVENTS.map(cell))));
    }
    table
}

/// Every end of an attempt, in every case.
fn endings() -> String {
    let cases = [
        ("abort was asked for", true, OnReset::Rerun, true),
        ("on reset rerun, attempts left", false, OnReset::Rerun, true),
        ("on reset rerun, none left", false, OnReset::Rerun, false),
        ("on reset fail", false, OnReset::Fail, true),
    ];
    let mut table = row(std::iter::once("the attempt".into()).chain(cases.map(|(name, ..)| name.to_owned())));
    table.push_str(&row(std::iter::repeat_n("---".to_owned(), cases.len() + 1)));
    for ending in Ending::ALL {
        let name = match ending {
            Ending::Succeeded => "ended well",
            Ending::Failed => "failed",
            Ending::Reset => "was killed or timed out",
            Ending::Lost => "was lost with its runner",
            Ending::Drained => "had to stop: settings, restart, server stop",
            Ending::GaveWay => "gave way, or a person reran it",
        };
        let cell = |(_, abort, on_reset, left)| {
            let status = Status::InProgress.after(ending.event(abort, on_reset, left)).unwrap();
            status.to_string()
        };
        table.push_str(&row(std::iter::once(name.to_owned()).chain(cases.map(cell))));
    }
    table
}

#[test]
fn the_document_says_what_the_code_does() {
    for table in [transitions(), endings()] {
        println!("{table}");
        assert!(DOCUMENT.contains(&table), "docs/statuses.md lacks this table:\n{table}");
    }
}

#[test]
fn every_end_of_an_attempt_is_legal_and_failing_for_good_never_hides() {
    for ending in Ending::ALL {
        for abort in [false, true] {
            for on_reset in [OnReset::Fail, OnReset::Rerun] {
                for left in [false, true] {
                    let event = ending.event(abort, on_reset, left);
                    let status = Status::InProgress.after(event).unwrap();
                    let goes_on = status == Status::Rerun;
                    assert!(
                        !goes_on || left || ending.costs_no_attempt(),
                        "{ending:?} went on without an attempt"
                    );
                    // Aborted is what nobody asked for, Terminated what somebody did.
                    assert_eq!(status == Status::Terminated, abort && ending != Ending::Succeeded);
                    assert!(status != Status::Aborted || ending == Ending::Lost);
                }
            }
        }
    }
}
