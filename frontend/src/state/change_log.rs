//! Which rows changed, in order, so that a page can catch up with what it has not seen yet.
//!
//! Must not know what a row is.

use std::collections::VecDeque;

/// Whoever is further behind looks at all rows, which costs no more than as many changes.
const MOST: usize = 8_192;

/// The changes of late, each by its number.
#[derive(Debug, Clone)]
pub struct ChangeLog<T> {
    /// The number of the first that is kept.
    first: u64,
    changes: VecDeque<T>,
}

impl<T> Default for ChangeLog<T> {
    fn default() -> Self {
        Self { first: 0, changes: VecDeque::new() }
    }
}

impl<T: Copy> ChangeLog<T> {
    pub fn note(&mut self, change: T) {
        if self.changes.len() == MOST {
            self.changes.pop_front();
            self.first += 1;
        }
        self.changes.push_back(change);
    }

    /// What happened is not to be told row by row.
    pub fn forget(&mut self) {
        self.first = self.end() + 1;
        self.changes.clear();
    }

    /// The number of the next change.
    pub fn end(&self) -> u64 {
        self.first + self.changes.len() as u64
    }

    /// What changed from this number on; nothing, if that is not known any more.
    pub fn since(&self, number: u64) -> Option<Vec<T>> {
        let seen = usize::try_from(number.checked_sub(self.first)?).ok()?;
        (seen <= self.changes.len()).then(|| self.changes.iter().skip(seen).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_up_is_told_each_change_once() {
        let mut log = ChangeLog::default();
        assert_eq!(log.since(0), Some(Vec::new()));
        log.note('a');
        log.note('b');
        let seen = log.end();
        assert_eq!(log.since(0), Some(vec!['a', 'b']));
        assert_eq!(log.since(seen), Some(Vec::new()));
        log.note('c');
        assert_eq!(log.since(seen), Some(vec!['c']));
    }

    #[test]
    fn who_is_too_far_behind_looks_at_everything() {
        let mut log = ChangeLog::default();
        for number in 0..=MOST {
            log.note(number);
        }
        assert_eq!(log.since(0), None);
        assert_eq!(log.since(1).map(|changes| changes.len()), Some(MOST));
        let seen = log.end();
        log.forget();
        assert_eq!(log.since(seen), None);
        assert_eq!(log.since(log.end()), Some(Vec::new()));
    }
}
