//! What of a query decides which rows are shown, and in which order, made ready to be asked of many rows; and what of a
//! row answers it, worked out once for all queries.
//!
//! Must not know where the rows are.

use super::query::{Column, Query};
use shared::id::{ExecutionId, ModelId, TrainingId};
use shared::status::Status;
use shared::training::Training;
use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::sync::Arc;

/// What a row is ordered by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Number(i64),
    Text(Arc<str>),
}

/// What a row is found and ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub id: TrainingId,
    model_id: ModelId,
    execution_id: ExecutionId,
    /// In lower case.
    name: Arc<str>,
    pub service: Arc<str>,
    pub status: Status,
    created_at_ms: i64,
    /// A share with as many digits as anybody could tell apart.
    progress: i64,
    duration: i64,
    pub is_tall: bool,
}

impl Facts {
    /// The name of its service is handed in, so that many rows share one.
    pub fn of(training: &Training, service: Arc<str>) -> Self {
        Self {
            id: training.id,
            model_id: training.model_id,
            execution_id: training.execution_id,
            name: training.model_name.to_lowercase().into(),
            service,
            status: training.status,
            created_at_ms: training.created_at_ms,
            progress: (training.progress.fraction() * 1e9) as i64,
            duration: standing_duration(training),
            is_tall: is_tall(training),
        }
    }
}

/// The filter and the order of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sieve {
    /// In lower case; empty finds all.
    wanted: String,
    /// It can be the start of an id.
    is_like_id: bool,
    service: String,
    statuses: Vec<Status>,
    column: Column,
    descending: bool,
}

impl Sieve {
    pub fn of(query: &Query) -> Self {
        let wanted = query.search.trim().to_lowercase();
        Self {
            is_like_id: wanted.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-'),
            wanted,
            service: query.service.clone(),
            statuses: query.statuses.clone(),
            column: query.column,
            descending: query.descending,
        }
    }

    /// Whether a row is of the service and found by the search: by part of a name, or by the start of an id.
    pub fn finds(&self, row: &Facts) -> bool {
        if !self.service.is_empty() && *self.service != *row.service {
            return false;
        }
        self.wanted.is_empty()
            || contains(&row.name, &self.wanted)
            || self.is_like_id
                && (starts(&row.model_id, &self.wanted)
                    || starts(&row.execution_id, &self.wanted)
                    || starts(&row.id, &self.wanted))
    }

    /// Whether it finds nothing that the other one does not find, as after one more letter.
    pub fn narrows(&self, other: &Self) -> bool {
        self.wanted.starts_with(&other.wanted) && (other.service.is_empty() || self.service == other.service)
    }

    /// Whether a row of this status is shown, if it is found.
    pub fn takes(&self, status: Status) -> bool {
        self.statuses.is_empty() || self.statuses.contains(&status)
    }

    pub fn key(&self, row: &Facts) -> Key {
        match self.column {
            Column::Name => Key::Text(row.name.clone()),
            Column::CreatedAt => Key::Number(row.created_at_ms),
            Column::Status => Key::Number(place(row.status)),
            Column::Progress => Key::Number(row.progress),
            Column::Duration => Key::Number(row.duration),
            Column::Service => Key::Text(row.service.clone()),
        }
    }

    /// The order of two keys; of equal ones, the newer row is first.
    pub fn order(&self, left: &Key, right: &Key) -> Ordering {
        let order = left.cmp(right);
        if self.descending { order.reverse() } else { order }
    }
}

/// Whether a name has this part: both in lower case. Names are short, so that no machinery is set up to look for it.
fn contains(name: &str, part: &str) -> bool {
    name.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

/// Whether what is printed starts with this, without keeping what is printed.
fn starts(id: &impl fmt::Display, wanted: &str) -> bool {
    struct Rest<'a>(&'a str, bool);
    impl Write for Rest<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let length = text.len().min(self.0.len());
            let (Some(mine), Some(theirs)) = (self.0.get(..length), text.get(..length)) else {
                self.1 = false;
                return Ok(());
            };
            self.1 &= mine == theirs;
            self.0 = self.0.get(length..).unwrap_or_default();
            Ok(())
        }
    }
    let mut rest = Rest(wanted, true);
    write!(rest, "{id}").is_ok() && rest.1 && rest.0.is_empty()
}

fn place(status: Status) -> i64 {
    let place = Status::ALL.iter().position(|other| *other == status).unwrap_or(Status::ALL.len());
    i64::try_from(place).unwrap_or(i64::MAX)
}

/// Running rows keep their order as they tick alike, so the clock is not needed: the start decides.
fn standing_duration(training: &Training) -> i64 {
    match (training.started_at_ms, training.ended_at_ms) {
        (Some(start), Some(end)) => end - start,
        (Some(start), None) => i64::MAX - start,
        (None, _) => -1,
    }
}

/// Whether a row has more to say than its cells have room for in one line: why it waits, that it stops, why it failed.
pub fn is_tall(training: &Training) -> bool {
    let ended_badly = matches!(training.status, Status::Failed | Status::Aborted) && training.cause.is_some();
    let waits = training.status.is_waiting() && training.waiting.is_some();
    waits || ended_badly || (training.abort_requested && !training.status.is_final())
}

#[cfg(test)]
mod tests {
    use super::super::query::tests::training;
    use super::*;

    fn sieve(search: &str) -> Sieve {
        Sieve::of(&Query { search: search.into(), ..Query::default() })
    }

    fn facts(name: &str, created_at_ms: i64, status: Status) -> Facts {
        Facts::of(&training(name, created_at_ms, status), "service".into())
    }

    #[test]
    fn rows_are_found_by_name_and_by_the_start_of_an_id() {
        let bees = facts("yolo-Bees", 1_000, Status::Success);
        let other = facts("Ärger", 1 << 40, Status::Pending);
        assert!(sieve(" bees ").finds(&bees) && !sieve("bees").finds(&other));
        assert!(sieve("ärg").finds(&other) && !sieve("ärg").finds(&bees));
        let id = other.model_id.to_string();
        assert!(sieve(&id).finds(&other) && sieve(&id[..6]).finds(&other) && !sieve(&id[..6]).finds(&bees));
        assert!(sieve(&id.to_uppercase()).finds(&other));
        assert!(!sieve(&id[1..8]).finds(&other));
        assert!(!sieve(&format!("{id}0")).finds(&other));
        assert!(sieve("").finds(&bees));
    }

    #[test]
    fn one_more_letter_narrows() {
        let of = |search: &str, service: &str| {
            Sieve::of(&Query { search: search.into(), service: service.into(), ..Query::default() })
        };
        for (one, other, expected) in [
            (of("bee", ""), of("be", ""), true),
            (of("bee", ""), of("ee", ""), false),
            (of("be", ""), of("bee", ""), false),
            (of("be", "service"), of("", ""), true),
            (of("be", ""), of("", "service"), false),
            (of("be", "service"), of("be", "other"), false),
        ] {
            assert_eq!(one.narrows(&other), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn rows_with_something_to_say_are_tall() {
        let mut row = training("a", 1, Status::InProgress);
        assert!(!is_tall(&row));
        row.abort_requested = true;
        assert!(is_tall(&row));
        row.status = Status::Terminated;
        assert!(!is_tall(&row));
    }
}
