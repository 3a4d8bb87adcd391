//! The table of a comparison: rows in groups, and which of them differ.
//!
//! Must not know how it is drawn.

use super::facts::Facts;
use super::figures::figure_rows;
use super::settings::{configuration_rows, data_rows, program_rows, service_rows};
use crate::text;
use shared::status::Status;

/// What is known of nothing.
pub const NOTHING: &str = "–";

/// One value of one training.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Cell {
    /// As it is read.
    pub words: String,
    /// All of it, by which values are compared and which is copied.
    pub full: String,
    /// More about it, for example when it was reached; it makes no difference.
    pub note: String,
    /// How far it is from the value of the first column, for numbers of which more or less is worth saying.
    pub difference: Option<String>,
    /// No other training has a better one.
    pub is_best: bool,
}

impl Cell {
    pub fn of(words: impl Into<String>) -> Self {
        let words = words.into();
        let words = if words.is_empty() { NOTHING.to_owned() } else { words };
        Self { full: words.clone(), words, ..Self::default() }
    }

    /// A long value whose beginning says enough.
    pub fn shortened(full: &str, most: usize) -> Self {
        Self { full: full.to_owned(), ..Self::of(text::shortened(full, most)) }
    }
}

/// The values of all trainings for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    pub label: String,
    /// The key of a setting; empty for others.
    pub key: String,
    pub cells: Vec<Cell>,
}

impl Row {
    pub fn new(label: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self { label: label.into(), key: String::new(), cells }
    }

    /// A row of what each training has to say.
    pub fn each(label: impl Into<String>, all: &[Facts], value: impl Fn(&Facts) -> Cell) -> Self {
        Self::new(label, all.iter().map(value).collect())
    }

    /// Whether not all have the same value.
    pub fn differs(&self) -> bool {
        self.cells.windows(2).any(|pair| matches!(pair, [one, other] if one.full != other.full))
    }
}

/// Rows that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub title: &'static str,
    pub rows: Vec<Row>,
}

/// The whole table; the first of the trainings is what the others are measured against.
pub fn table(all: &[Facts], now_ms: i64) -> Vec<Group> {
    vec![
        Group { title: "Outcome", rows: outcome_rows(all, now_ms) },
        Group { title: "Figures", rows: figure_rows(all) },
        Group { title: "Configuration", rows: configuration_rows(all) },
        Group { title: "Data", rows: data_rows(all) },
        Group { title: "Service settings", rows: service_rows(all) },
        Group { title: "Versions and device", rows: program_rows(all) },
    ]
}

/// Rows in which all trainings are equal.
pub fn equal_count(groups: &[Group]) -> usize {
    groups.iter().flat_map(|group| &group.rows).filter(|row| !row.differs()).count()
}

/// The groups with the rows that differ; those that have none are left out.
pub fn differing(mut groups: Vec<Group>) -> Vec<Group> {
    for group in &mut groups {
        group.rows.retain(Row::differs);
    }
    groups.retain(|group| !group.rows.is_empty());
    groups
}

fn outcome_rows(all: &[Facts], now_ms: i64) -> Vec<Row> {
    let duration = |facts: &Facts| {
        let training = &facts.training;
        let Some(started_at_ms) = training.started_at_ms else { return Cell::of("") };
        let ms = training.ended_at_ms.unwrap_or(now_ms) - started_at_ms;
        Cell { full: ms.to_string(), ..Cell::of(text::duration(ms)) }
    };
    let epochs = |facts: &Facts| {
        let progress = &facts.training.progress;
        // While it works on an epoch, that one is not done.
        let is_done = facts.training.status == Status::Success;
        let done =
            if is_done { progress.epochs.max(progress.epoch) } else { progress.epoch.saturating_sub(1) };
        Cell::of(format!("{done} of {}", progress.epochs))
    };
    let attempts = |facts: &Facts| {
        let training = &facts.training;
        Cell::of(format!("{} of {}", training.attempt, training.max_attempts))
    };
    let cause = |facts: &Facts| {
        let cause = facts.training.cause.as_ref();
        Cell::of(
            cause.map_or_else(String::new, |cause| text::without_next_step(&cause.message, &cause.next_step)),
        )
    };
    vec![
        Row::each("Status", all, |facts| Cell::of(facts.training.status.label())),
        Row::each("Duration", all, duration),
        Row::each("Epochs done", all, epochs),
        Row::each("Attempts", all, attempts),
        Row::each("Cause", all, cause),
        Row::each("Priority", all, |facts| Cell::of(facts.training.priority.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::facts;
    use super::*;

    fn row<'a>(groups: &'a [Group], label: &str) -> &'a Row {
        groups.iter().flat_map(|group| &group.rows).find(|row| row.label == label).unwrap()
    }

    fn words(row: &Row) -> Vec<&str> {
        row.cells.iter().map(|cell| cell.words.as_str()).collect()
    }

    #[test]
    fn only_what_differs_is_left() {
        let (mut one, mut other) = (facts("a"), facts("b"));
        (one.training.started_at_ms, one.training.ended_at_ms) = (Some(1_000), Some(61_000));
        (other.training.started_at_ms, other.training.status) = (Some(1_000), Status::InProgress);
        (other.training.progress.epoch, other.training.progress.epochs) = (3, 5);
        (one.training.progress.epoch, one.training.progress.epochs) = (5, 5);
        let whole = table(&[one, other], 121_000);
        assert_eq!(words(row(&whole, "Duration")), ["1 min 00 s", "2 min 00 s"]);
        assert_eq!(words(row(&whole, "Epochs done")), ["5 of 5", "2 of 5"]);
        assert_eq!(words(row(&whole, "Cause")), [NOTHING, NOTHING]);
        let rows: usize = whole.iter().map(|group| group.rows.len()).sum();
        let equal = equal_count(&whole);
        let left = differing(whole);
        assert_eq!(left.iter().map(|group| group.rows.len()).sum::<usize>(), rows - equal);
        let labels: Vec<&str> = left[0].rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(
            (left.len(), left[0].title, labels),
            (1, "Outcome", vec!["Status", "Duration", "Epochs done"])
        );
    }

    #[test]
    fn one_alone_differs_from_nothing() {
        let whole = table(&[facts("a")], 0);
        assert!(differing(whole.clone()).is_empty() && equal_count(&whole) > 10);
        assert!(differing(table(&[], 0)).is_empty());
    }

    #[test]
    fn the_whole_value_decides_and_notes_do_not() {
        let cell = |full: &str, note: &str| Cell { note: note.into(), ..Cell::shortened(full, 2) };
        let row = Row::new("x", vec![cell("abcd", ""), cell("abce", "")]);
        assert!(row.differs() && row.cells[0].words == row.cells[1].words);
        assert!(!Row::new("x", vec![cell("ab", "one"), cell("ab", "other")]).differs());
    }
}
