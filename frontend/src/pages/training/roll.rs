//! Which of very many trainings are shown, in which order, and how many there are of each kind, kept as they change.
//!
//! Must not know where the trainings are, and copies none: of each it keeps its id and what it is ordered by. A change
//! costs a pass over these at most, and nothing where neither place nor counts change.

use super::query::Query;
use super::sieve::{Key, Sieve, is_tall};
use crate::arrange::sort_by;
use crate::components::virtual_heights::Heights;
use shared::id::TrainingId;
use shared::status::Status;
use shared::training::Training;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Of a row with one line, and of one that says more, in CSS pixels; `training.css` sets the same.
pub const SHORT_ROW: f64 = 44.0;
pub const TALL_ROW: f64 = 84.0;

/// What is known of a training, shown or not.
#[derive(Debug, Clone)]
struct Line {
    status: Status,
    /// Its place among the services.
    service: usize,
    is_found: bool,
    shown: Option<Entry>,
}

/// A training that is shown.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    id: TrainingId,
    key: Key,
    is_tall: bool,
}

/// Goes through trainings, one by one.
pub type Visit<'a> = &'a mut dyn FnMut(&mut dyn FnMut(&Training));

/// See the module.
#[derive(Debug)]
pub struct Roll {
    sieve: Sieve,
    lines: BTreeMap<TrainingId, Line>,
    order: Vec<Entry>,
    heights: Heights,
    /// Of what the search finds, by status.
    counts: [usize; Status::ALL.len()],
    /// Names of services, and how many trainings each has.
    services: Vec<(String, usize)>,
    turn: u64,
    order_turn: u64,
}

impl Roll {
    pub fn new(query: &Query) -> Self {
        Self {
            sieve: Sieve::of(query),
            lines: BTreeMap::new(),
            order: Vec::new(),
            heights: Heights::new(SHORT_ROW, TALL_ROW, std::iter::empty()),
            counts: [0; Status::ALL.len()],
            services: Vec::new(),
            turn: 0,
            order_turn: 0,
        }
    }

    /// Changes with everything that can be asked of it.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Changes with what is shown, and in which order.
    pub fn order_turn(&self) -> u64 {
        self.order_turn
    }

    /// Trainings that are not removed.
    pub fn total(&self) -> usize {
        self.lines.len()
    }

    /// Trainings that are shown.
    pub fn shown(&self) -> usize {
        self.order.len()
    }

    pub fn heights(&self) -> &Heights {
        &self.heights
    }

    pub fn counts(&self) -> [usize; Status::ALL.len()] {
        self.counts
    }

    /// Names of the services that have trainings.
    pub fn services(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        names.extend(self.services.iter().filter(|(_, count)| *count > 0).map(|(name, _)| name.clone()));
        names
    }

    pub fn id_at(&self, place: usize) -> Option<TrainingId> {
        self.order.get(place).map(|entry| entry.id)
    }

    pub fn place_of(&self, id: TrainingId) -> Option<usize> {
        self.order.iter().position(|entry| entry.id == id)
    }

    /// The places of these, of those that are shown.
    pub fn places_of(&self, wanted: &[(TrainingId, f64)]) -> Vec<(usize, f64)> {
        let mut places = Vec::new();
        for (place, entry) in self.order.iter().enumerate() {
            if let Some((_, value)) = wanted.iter().find(|(id, _)| *id == entry.id) {
                places.push((place, *value));
            }
        }
        places
    }

    /// All that are shown, in order.
    pub fn ids(&self) -> impl Iterator<Item = TrainingId> {
        self.order.iter().map(|entry| entry.id)
    }

    /// Whether it answers this query.
    pub fn answers(&self, query: &Query) -> bool {
        self.sieve == Sieve::of(query)
    }

    /// Looks at all trainings anew.
    pub fn rebuild(&mut self, query: &Query, visit: Visit) {
        let (turn, order_turn) = (self.turn, self.order_turn);
        *self = Self { turn, order_turn, ..Self::new(query) };
        visit(&mut |training| self.take_in(training));
        // Newest first, which is the usual order: what is in order already is sorted at once.
        let mut shown: Vec<Entry> = self.lines.values().rev().filter_map(|line| line.shown.clone()).collect();
        let sieve = &self.sieve;
        sort_by(&mut shown, |left, right| compare(sieve, left, right));
        self.order = shown;
        self.reorder();
    }

    /// Takes in trainings that are new or have changed.
    pub fn take(&mut self, visit: Visit) {
        let (mut gone, mut come) = (BTreeSet::new(), BTreeMap::new());
        let mut has_changed = false;
        visit(&mut |training| {
            let before = self.lines.get(&training.id).cloned();
            self.take_in(training);
            let now = self.lines.get(&training.id).cloned();
            let facts =
                |line: &Option<Line>| line.as_ref().map(|line| (line.status, line.service, line.is_found));
            has_changed |= facts(&before) != facts(&now);
            let (before, now) = (before.and_then(|line| line.shown), now.and_then(|line| line.shown));
            if before != now {
                gone.extend(before.map(|entry| entry.id));
                // One that is told of twice counts as it was told last.
                come.remove(&training.id);
                come.extend(now.map(|entry| (entry.id, entry)));
            }
        });
        if !gone.is_empty() {
            self.order.retain(|entry| !gone.contains(&entry.id));
        }
        if !come.is_empty() {
            let sieve = &self.sieve;
            let mut come: Vec<Entry> = come.into_values().collect();
            sort_by(&mut come, |left, right| compare(sieve, left, right));
            let order = std::mem::take(&mut self.order);
            self.order = merged(order, come, |left, right| compare(sieve, left, right));
            self.reorder();
        } else if !gone.is_empty() {
            self.reorder();
        } else if has_changed {
            self.turn += 1;
        }
    }

    fn reorder(&mut self) {
        self.heights = Heights::new(SHORT_ROW, TALL_ROW, self.order.iter().map(|entry| entry.is_tall));
        self.turn += 1;
        self.order_turn += 1;
    }

    /// Counts a training as it is now, and no more as it was; one that is removed is known no more.
    fn take_in(&mut self, training: &Training) {
        if let Some(line) = self.lines.remove(&training.id) {
            self.count(&line, |count| count.saturating_sub(1));
        }
        if training.removed_at_ms.is_some() {
            return;
        }
        let is_found = self.sieve.finds(training);
        let is_shown = is_found && self.sieve.takes(training.status);
        let line = Line {
            status: training.status,
            service: self.place_of_service(&training.service_name),
            is_found,
            shown: is_shown.then(|| Entry {
                id: training.id,
                key: self.sieve.key(training),
                is_tall: is_tall(training),
            }),
        };
        self.count(&line, |count| count + 1);
        self.lines.insert(training.id, line);
    }

    fn count(&mut self, line: &Line, change: impl Fn(usize) -> usize) {
        if let Some((_, count)) = self.services.get_mut(line.service) {
            *count = change(*count);
        }
        let place = Status::ALL.iter().position(|status| *status == line.status);
        if let Some(count) = place.filter(|_| line.is_found).and_then(|place| self.counts.get_mut(place)) {
            *count = change(*count);
        }
    }

    fn place_of_service(&mut self, name: &str) -> usize {
        let known = self.services.iter().position(|(other, _)| other == name);
        known.unwrap_or_else(|| {
            self.services.push((name.to_owned(), 0));
            self.services.len() - 1
        })
    }
}

/// The order of two rows; of equal ones, the newer is first.
fn compare(sieve: &Sieve, left: &Entry, right: &Entry) -> Ordering {
    sieve.order(&left.key, &right.key).then_with(|| right.id.cmp(&left.id))
}

/// Two lists in order as one.
fn merged<T>(left: Vec<T>, right: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let next = if compare(other, one) == Ordering::Less { right.next() } else { left.next() };
        all.extend(next);
    }
    all.extend(left);
    all.extend(right);
    all
}

#[cfg(test)]
mod tests;
