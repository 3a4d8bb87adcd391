//! The lines of a log that the browser holds, in order, each once, and not more than fit.
//!
//! Must not know where lines come from or how they are drawn.

use super::colours::Coloured;
use shared::metric::LogLevel;
use std::collections::VecDeque;

/// More lines than this are not kept; the oldest go first.
pub const MOST_LINES: usize = 200_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Place in the log, from 1.
    pub number: u64,
    pub at_ms: i64,
    pub level: LogLevel,
    pub text: String,
    /// What of the text has a colour of its own.
    pub colours: Vec<Coloured>,
    pub attempt: u32,
}

/// Lines sorted by number.
#[derive(Debug, Clone, Default)]
pub struct LogBuffer {
    rows: VecDeque<LogRow>,
}

impl LogBuffer {
    /// Takes lines in, wherever they belong; answers how many were new.
    pub fn take(&mut self, rows: impl IntoIterator<Item = LogRow>) -> usize {
        let mut added = 0;
        for row in rows {
            // Nearly always the next line, so nearly always at the end.
            if self.rows.back().is_none_or(|last| last.number < row.number) {
                self.rows.push_back(row);
                added += 1;
                continue;
            }
            let index = self.rows.partition_point(|old| old.number < row.number);
            if self.rows.get(index).is_none_or(|old| old.number != row.number) {
                self.rows.insert(index, row);
                added += 1;
            }
        }
        let surplus = self.rows.len().saturating_sub(MOST_LINES);
        self.rows.drain(..surplus);
        added
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn get(&self, index: usize) -> Option<&LogRow> {
        self.rows.get(index)
    }

    /// The number of the first line that is held.
    pub fn first_number(&self) -> Option<u64> {
        self.rows.front().map(|row| row.number)
    }

    /// The first line of an attempt that is at least this grave.
    pub fn first_of(&self, attempt: u32, least: LogLevel) -> Option<&LogRow> {
        self.rows.iter().find(|row| row.attempt == attempt && row.level >= least)
    }

    /// Indices of the lines that are at least this grave and hold this text, case aside.
    pub fn matching(&self, least: LogLevel, search: &str) -> Vec<u32> {
        let wanted = search.trim().to_lowercase();
        (0u32..)
            .zip(&self.rows)
            .filter(|(_, row)| {
                row.level >= least && (wanted.is_empty() || row.text.to_lowercase().contains(&wanted))
            })
            .map(|(index, _)| index)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, level: LogLevel, text: &str) -> LogRow {
        LogRow { number, at_ms: 0, level, text: text.into(), colours: Vec::new(), attempt: 1 }
    }

    fn numbers(buffer: &LogBuffer) -> Vec<u64> {
        (0..buffer.len()).filter_map(|index| buffer.get(index)).map(|row| row.number).collect()
    }

    #[test]
    fn lines_come_in_any_order_and_stay_once() {
        let mut buffer = LogBuffer::default();
        let line = |number| row(number, LogLevel::Info, "x");
        assert_eq!(buffer.take([line(5), line(6)]), 2);
        assert_eq!(buffer.take([line(6), line(2), line(7), line(3)]), 3);
        assert_eq!(numbers(&buffer), [2, 3, 5, 6, 7]);
        assert_eq!(buffer.first_number(), Some(2));
    }

    #[test]
    fn the_oldest_lines_go_first() {
        let mut buffer = LogBuffer::default();
        let many = MOST_LINES as u64 + 10;
        buffer.take((1..=many).map(|number| row(number, LogLevel::Info, "")));
        assert_eq!(buffer.len(), MOST_LINES);
        assert_eq!(buffer.first_number(), Some(11));
    }

    #[test]
    fn levels_and_texts_narrow() {
        let mut buffer = LogBuffer::default();
        buffer.take([
            row(1, LogLevel::Debug, "Epoch 1"),
            row(2, LogLevel::Info, "epoch 2"),
            row(3, LogLevel::Error, "out of memory"),
        ]);
        assert_eq!(buffer.matching(LogLevel::Debug, ""), [0, 1, 2]);
        assert_eq!(buffer.matching(LogLevel::Info, ""), [1, 2]);
        assert_eq!(buffer.matching(LogLevel::Debug, " EPOCH"), [0, 1]);
        assert_eq!(buffer.matching(LogLevel::Error, "epoch"), [0u32; 0]);
        assert_eq!(buffer.first_of(1, LogLevel::Warning).map(|row| row.number), Some(3));
        assert!(buffer.first_of(2, LogLevel::Debug).is_none());
    }
}
