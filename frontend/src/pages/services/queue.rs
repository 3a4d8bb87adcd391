//! The order of a service's executions: what runs, what waits by its place, then what ended.
//!
//! Must not decide the places: the server says them.

use crate::arrange::sort_by_key;
use shared::status::Status;
use shared::training::Training;
use std::cmp::Reverse;

/// Ended executions that are listed, the latest ones.
pub const MOST_ENDED: usize = 20;

/// What runs, oldest first; what waits, by its place, those whose place is not known last; what ended, latest first.
pub fn in_order(trainings: &mut Vec<Training>) {
    sort_by_key(trainings, |training| {
        let (rank, place) = match training.status {
            Status::InProgress => (0, training.started_at_ms.unwrap_or(i64::MAX)),
            status if status.is_waiting() => (1, place_of(training).map_or(i64::MAX, i64::from)),
            _ => (2, -training.ended_at_ms.unwrap_or(training.created_at_ms)),
        };
        (rank, place, Reverse(training.priority), training.id)
    });
    let live = trainings.iter().filter(|training| !training.status.is_final()).count();
    trainings.truncate(live + MOST_ENDED);
}

/// Its place in the queue, from 1; none for what does not wait or is not placed yet.
pub fn place_of(training: &Training) -> Option<u32> {
    let waiting = training.waiting.as_ref().filter(|_| training.status.is_waiting())?;
    Some(waiting.position).filter(|position| *position > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::training::query::tests::training;
    use shared::training::{Blocker, Waiting};

    #[test]
    fn what_runs_comes_before_what_waits_and_that_before_what_ended() {
        let waiting = |name: &str, position| Training {
            waiting: Some(Waiting { position, ..Waiting::of(Blocker::InstanceStarting) }),
            ..training(name, 5, Status::Pending)
        };
        let mut rows = vec![
            Training { ended_at_ms: Some(7), ..training("earlier", 1, Status::Failed) },
            waiting("unplaced", 0),
            Training { ended_at_ms: Some(9), ..training("later", 2, Status::Success) },
            waiting("second", 2),
            Training { started_at_ms: Some(3), ..training("runs", 3, Status::InProgress) },
            waiting("first", 1),
        ];
        in_order(&mut rows);
        let names: Vec<&str> = rows.iter().map(|row| row.model_name.as_str()).collect();
        assert_eq!(names, ["runs", "first", "second", "unplaced", "later", "earlier"]);
        assert_eq!(rows.iter().map(place_of).collect::<Vec<_>>(), [None, Some(1), Some(2), None, None, None]);
        let mut many: Vec<Training> =
            (0..30).map(|at| training(&format!("{at}"), at, Status::Success)).collect();
        in_order(&mut many);
        assert_eq!(many.len(), MOST_ENDED);
    }
}
