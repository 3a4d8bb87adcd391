//! Which lines of a log are listed, under a heading for each epoch that can be folded.
//!
//! Must not know how they are drawn.

use super::buffer::LogBuffer;
use shared::metric::LogLevel;
use std::collections::BTreeSet;

/// With more ends than these the places are steps, and headings would hide the lines.
const MOST_ENDS: usize = 5_000;

/// When an attempt had reached the end of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EpochEnd {
    pub attempt: u32,
    pub epoch: u32,
    pub at_ms: i64,
}

/// What is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrow {
    pub least: LogLevel,
    /// Only lines of this attempt.
    pub attempt: Option<u32>,
    /// Only lines with this text; empty for all.
    pub text: String,
}

/// A stretch of lines of one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    pub attempt: u32,
    /// The epoch at whose end its lines lead.
    pub epoch: u32,
    /// They came after the end of the epoch before, and this one has not ended.
    pub is_open: bool,
}

/// What stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The beginning of a stretch, how many lines it has, and whether one of them is an error.
    Heading { stretch: Stretch, lines: u32, has_error: bool },
    /// A line, by its index in the buffer.
    Line(u32),
}

/// The rows of a log. Stretches in `folded` show their heading alone.
pub fn layout(
    buffer: &LogBuffer,
    narrow: &Narrow,
    ends: &[EpochEnd],
    folded: &BTreeSet<Stretch>,
) -> Vec<Entry> {
    let listed = buffer.matching(narrow.least, &narrow.text);
    let has_headings = (1..=MOST_ENDS).contains(&ends.len());
    let mut entries = Vec::with_capacity(listed.len());
    let mut heading: Option<(usize, Stretch)> = None;
    for index in listed {
        let Some(row) = buffer.get(index as usize) else { continue };
        if narrow.attempt.is_some_and(|attempt| attempt != row.attempt) {
            continue;
        }
        if !has_headings {
            entries.push(Entry::Line(index));
            continue;
        }
        let stretch = stretch_of(ends, row.attempt, row.at_ms);
        let place = match heading {
            // Lines of a moment may come in any order: no stretch begins twice.
            Some((place, current)) if stretch <= current => place,
            _ => {
                entries.push(Entry::Heading { stretch, lines: 0, has_error: false });
                heading = Some((entries.len() - 1, stretch));
                entries.len() - 1
            }
        };
        if let Some(Entry::Heading { stretch, lines, has_error }) = entries.get_mut(place) {
            *lines += 1;
            *has_error |= row.level == LogLevel::Error;
            if !folded.contains(stretch) {
                entries.push(Entry::Line(index));
            }
        }
    }
    entries
}

fn stretch_of(ends: &[EpochEnd], attempt: u32, at_ms: i64) -> Stretch {
    let start = ends.partition_point(|end| end.attempt < attempt);
    let of_attempt = ends.get(start..).unwrap_or_default();
    let of_attempt =
        of_attempt.get(..of_attempt.partition_point(|end| end.attempt == attempt)).unwrap_or_default();
    match of_attempt.get(of_attempt.partition_point(|end| end.at_ms < at_ms)) {
        Some(end) => Stretch { attempt, epoch: end.epoch, is_open: false },
        None => {
            let epoch = of_attempt.last().map_or(0, |end| end.epoch);
            Stretch { attempt, epoch: epoch + 1, is_open: true }
        }
    }
}

/// The place of the first row that shows this line, or one after it.
pub fn place_of(entries: &[Entry], buffer: &LogBuffer, number: u64) -> Option<usize> {
    let reaches = |entry: &Entry| match entry {
        Entry::Line(index) => buffer.get(*index as usize).is_some_and(|row| row.number >= number),
        Entry::Heading { .. } => false,
    };
    entries.iter().position(reaches)
}

/// The places of rows that hold a text, case aside.
pub fn places_of_text(entries: &[Entry], buffer: &LogBuffer, search: &str) -> Vec<usize> {
    let wanted = search.trim().to_lowercase();
    if wanted.is_empty() {
        return Vec::new();
    }
    let holds = |entry: &Entry| match entry {
        Entry::Line(index) => {
            buffer.get(*index as usize).is_some_and(|row| row.text.to_lowercase().contains(&wanted))
        }
        Entry::Heading { .. } => false,
    };
    let found = entries.iter().enumerate().filter(|(_, entry)| holds(entry));
    found.map(|(place, _)| place).collect()
}

/// Which of so many equal parts of a list have one of these places, for the map beside the scroll bar.
pub fn map_of(places: &[usize], total: usize, parts: usize) -> Vec<usize> {
    let mut marked: Vec<usize> = places.iter().map(|place| place * parts / total.max(1)).collect();
    marked.dedup();
    marked
}

#[cfg(test)]
mod tests {
    use super::super::buffer::LogRow;
    use super::*;

    fn buffer(lines: &[(u32, i64, LogLevel)]) -> LogBuffer {
        let mut buffer = LogBuffer::default();
        buffer.take((1..).zip(lines).map(|(number, &(attempt, at_ms, level))| LogRow {
            number,
            at_ms,
            level,
            text: format!("line {number}"),
            colours: Vec::new(),
            attempt,
        }));
        buffer
    }

    fn all() -> Narrow {
        Narrow { least: LogLevel::Debug, attempt: None, text: String::new() }
    }

    fn told(entries: &[Entry]) -> Vec<String> {
        let word = |entry: &Entry| match entry {
            Entry::Line(index) => index.to_string(),
            Entry::Heading { stretch, lines, has_error } => {
                let Stretch { attempt, epoch, is_open } = stretch;
                format!(
                    "{attempt}/{epoch}{} {lines}{}",
                    if *is_open { "+" } else { "" },
                    if *has_error { "!" } else { "" }
                )
            }
        };
        entries.iter().map(word).collect()
    }

    const ENDS: [EpochEnd; 3] = [
        EpochEnd { attempt: 1, epoch: 1, at_ms: 10 },
        EpochEnd { attempt: 1, epoch: 2, at_ms: 20 },
        EpochEnd { attempt: 2, epoch: 3, at_ms: 90 },
    ];

    #[test]
    fn lines_stand_under_the_epoch_to_whose_end_they_lead() {
        let info = LogLevel::Info;
        let log =
            buffer(&[(1, 5, info), (1, 10, info), (1, 15, info), (1, 25, LogLevel::Error), (2, 80, info)]);
        let entries = layout(&log, &all(), &ENDS, &BTreeSet::new());
        assert_eq!(told(&entries), ["1/1 2", "0", "1", "1/2 1", "2", "1/3+ 1!", "3", "2/3 1", "4"]);
        let folded = BTreeSet::from([Stretch { attempt: 1, epoch: 1, is_open: false }]);
        assert_eq!(told(&layout(&log, &all(), &ENDS, &folded))[..3], ["1/1 2", "1/2 1", "2"]);
        let second = Narrow { attempt: Some(2), ..all() };
        assert_eq!(told(&layout(&log, &second, &ENDS, &BTreeSet::new())), ["2/3 1", "4"]);
        assert_eq!(told(&layout(&log, &all(), &[], &BTreeSet::new())), ["0", "1", "2", "3", "4"]);
    }

    #[test]
    fn a_late_line_begins_no_stretch_anew() {
        let info = LogLevel::Info;
        let log = buffer(&[(1, 5, info), (1, 15, info), (1, 9, info)]);
        assert_eq!(told(&layout(&log, &all(), &ENDS, &BTreeSet::new())), ["1/1 1", "0", "1/2 2", "1", "2"]);
    }

    #[test]
    fn lines_and_texts_are_found_among_headings() {
        let info = LogLevel::Info;
        let log = buffer(&[(1, 5, info), (1, 15, info), (1, 16, info)]);
        let entries = layout(&log, &all(), &ENDS, &BTreeSet::new());
        assert_eq!(place_of(&entries, &log, 2), Some(3));
        assert_eq!(place_of(&entries, &log, 9), None);
        assert_eq!(places_of_text(&entries, &log, "LINE 3"), [4]);
        assert_eq!(places_of_text(&entries, &log, " "), [0usize; 0]);
        assert_eq!(map_of(&[0, 1, 50, 99], 100, 10), [0, 5, 9]);
    }
}
