//! What happened to a training, in order: events with their reasons, and the stretches between them.
//!
//! Must not know the browser or where on a strip an event stands.

use crate::arrange::sort_by_key;
use crate::text;
use shared::status::{Event, Status};
use shared::training::{Cause, CauseKind, HistoryEntry};

/// What an event is, which decides its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The training came into this status.
    Status(Status),
    Checkpoint,
    Best,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub at_ms: i64,
    pub kind: Kind,
    pub title: String,
    /// Why, or with what; may be empty.
    pub reason: String,
    /// The attempt whose log says more.
    pub attempt: Option<u32>,
}

/// What was going on between two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub from_ms: i64,
    pub to_ms: i64,
    /// The attempt that ran; `None` for waiting.
    pub attempt: Option<u32>,
}

/// A file that a run has kept: its time, its name and its epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub at_ms: i64,
    pub name: String,
    pub epoch: u32,
}

/// The best of the validations so far.
#[derive(Debug, Clone, PartialEq)]
pub struct BestValue {
    pub at_ms: i64,
    pub figure: String,
    pub value: f64,
    pub epoch: f64,
}

/// What is known besides the history.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    pub files: Vec<Kept>,
    pub best: Option<BestValue>,
    /// What it waits for now, in words.
    pub waiting: Option<String>,
}

/// All of it, sorted by time.
pub fn moments(history: &[HistoryEntry], known: &Known) -> Vec<Moment> {
    let last = history.len().saturating_sub(1);
    let of_history = history.iter().enumerate().map(|(place, entry)| {
        let waiting = known.waiting.as_ref().filter(|_| place == last && entry.status.is_waiting());
        let (title, reason) = words(entry, waiting.map(String::as_str));
        let attempt = (entry.attempt > 0).then_some(entry.attempt);
        Moment { at_ms: entry.at_ms, kind: Kind::Status(entry.status), title, reason, attempt }
    });
    let files = known.files.iter().map(|file| Moment {
        at_ms: file.at_ms,
        kind: Kind::Checkpoint,
        title: format!("{} kept", file.name),
        reason: format!("After epoch {}", file.epoch),
        attempt: None,
    });
    let best = known.best.iter().map(|best| Moment {
        at_ms: best.at_ms,
        kind: Kind::Best,
        title: format!("Best {}", best.figure),
        reason: format!("{} at epoch {}", text::metric(best.value), text::position(best.epoch)),
        attempt: None,
    });
    let mut all: Vec<Moment> = of_history.chain(files).chain(best).collect();
    sort_by_key(&mut all, |moment| moment.at_ms);
    all
}

/// From the making of the training to its end, or to now.
pub fn stretches(history: &[HistoryEntry], now_ms: i64) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for (place, entry) in history.iter().enumerate() {
        if entry.status.is_final() {
            break;
        }
        let to_ms = history.get(place + 1).map_or(now_ms, |next| next.at_ms).max(entry.at_ms);
        let attempt = (entry.status == Status::InProgress).then_some(entry.attempt);
        match all.last_mut().filter(|last| last.attempt == attempt) {
            Some(last) => last.to_ms = to_ms,
            None => all.push(Stretch { from_ms: entry.at_ms, to_ms, attempt }),
        }
    }
    all
}

fn words(entry: &HistoryEntry, waiting: Option<&str>) -> (String, String) {
    let attempt = entry.attempt;
    let why = entry.cause.as_ref().map(|cause| text::without_next_step(&cause.message, &cause.next_step));
    let (title, usual) = match entry.event {
        None => ("Created".to_owned(), ""),
        Some(Event::Queued) => ("Waits for a place".to_owned(), "Nothing was free for it"),
        Some(Event::ServiceUnavailable) => {
            ("Waits for its service".to_owned(), "It was paused or could not start")
        }
        Some(Event::AttemptStarted) => (format!("Attempt {attempt} started"), ""),
        Some(Event::AttemptSucceeded) => (format!("Attempt {attempt} ended well"), ""),
        Some(Event::AttemptFailed) => (format!("Attempt {attempt} failed"), ""),
        Some(Event::AttemptReset) => {
            (format!("Attempt {attempt} put back: {}", why_put_back(entry.cause.as_ref())), "")
        }
        Some(Event::AttemptLost) => (format!("Attempt {attempt} lost"), ""),
        Some(Event::Terminated) => ("Ended by a person".to_owned(), ""),
    };
    let reason = why.or_else(|| waiting.map(str::to_owned)).unwrap_or_else(|| usual.to_owned());
    (title, reason)
}

/// In a word or two why an attempt was put back.
fn why_put_back(cause: Option<&Cause>) -> &'static str {
    match cause.map(|cause| cause.kind) {
        Some(CauseKind::RunnerLost) => "lease lost",
        Some(CauseKind::Preempted) => "preempted",
        Some(CauseKind::Drained) => "restart",
        Some(CauseKind::Person) => "asked for",
        Some(CauseKind::Timeout) => "timed out",
        Some(CauseKind::Resources) => "resources",
        Some(CauseKind::Configuration | CauseKind::Data | CauseKind::TrainFunction | CauseKind::Diverged)
        | None => "to be made again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at_ms: i64, attempt: u32, event: Option<Event>, status: Status) -> HistoryEntry {
        HistoryEntry { at_ms, attempt, event, status, cause: None }
    }

    /// Waits, runs, loses its lease, runs again and ends well.
    fn history() -> Vec<HistoryEntry> {
        let lost =
            Cause { kind: CauseKind::RunnerLost, message: "not heard of".into(), next_step: String::new() };
        vec![
            entry(0, 0, None, Status::Created),
            entry(10, 0, Some(Event::Queued), Status::Pending),
            entry(100, 1, Some(Event::AttemptStarted), Status::InProgress),
            HistoryEntry { cause: Some(lost), ..entry(300, 1, Some(Event::AttemptReset), Status::Rerun) },
            entry(400, 2, Some(Event::AttemptStarted), Status::InProgress),
            entry(900, 2, Some(Event::AttemptSucceeded), Status::Success),
        ]
    }

    #[test]
    fn stretches_follow_each_other_and_end_with_the_training() {
        let stretch = |from_ms, to_ms, attempt| Stretch { from_ms, to_ms, attempt };
        let expected = [
            stretch(0, 100, None),
            stretch(100, 300, Some(1)),
            stretch(300, 400, None),
            stretch(400, 900, Some(2)),
        ];
        assert_eq!(stretches(&history(), 9_999), expected);
        let running = stretches(&history()[..5], 9_999);
        assert_eq!(running.last(), Some(&stretch(400, 9_999, Some(2))));
        // A clock that is behind makes no stretch that ends before it begins.
        assert_eq!(stretches(&history()[..5], 50).last(), Some(&stretch(400, 400, Some(2))));
        assert!(stretches(&[], 5).is_empty());
    }

    #[test]
    fn events_have_their_reasons_and_stand_in_order() {
        let known = Known {
            files: vec![Kept { at_ms: 500, name: "last".into(), epoch: 2 }],
            best: Some(BestValue { at_ms: 450, figure: "mAP50(B)".into(), value: 0.5, epoch: 1.0 }),
            waiting: Some("Waiting: slots busy".into()),
        };
        let told: Vec<(String, String, Option<u32>)> = moments(&history(), &known)
            .into_iter()
            .map(|moment| (moment.title, moment.reason, moment.attempt))
            .collect();
        let expected = [
            ("Created", "", None),
            ("Waits for a place", "Nothing was free for it", None),
            ("Attempt 1 started", "", Some(1)),
            ("Attempt 1 put back: lease lost", "Not heard of", Some(1)),
            ("Attempt 2 started", "", Some(2)),
            ("Best mAP50(B)", "0.5000 at epoch 1", None),
            ("last kept", "After epoch 2", None),
            ("Attempt 2 ended well", "", Some(2)),
        ];
        let expected: Vec<_> =
            expected.map(|(title, why, attempt)| (title.into(), why.into(), attempt)).into();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_waits_says_what_for_only_while_it_does() {
        let known = Known { waiting: Some("Waiting: slots busy".into()), ..Known::default() };
        let reasons = |count: usize| -> Vec<String> {
            moments(&history()[..count], &known).into_iter().map(|moment| moment.reason).collect()
        };
        assert_eq!(reasons(2), ["", "Waiting: slots busy"]);
        assert_eq!(reasons(3), ["", "Nothing was free for it", ""]);
    }
}
