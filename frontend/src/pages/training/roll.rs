//! Which of very many trainings are shown, in which order, and how many there are of each kind, kept as they change.
//!
//! Must not know where the trainings are, and copies none: of each it keeps what it is found and ordered by. Another query
//! looks at these alone. A change costs a pass over them at most, and nothing where neither place nor counts change.

use super::query::Query;
use super::sieve::{Facts, Key, Sieve};
use crate::arrange::sort_by;
use crate::components::virtual_heights::Heights;
use shared::id::TrainingId;
use shared::status::Status;
use shared::training::Training;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Of a row with one line, and of one that says more, in CSS pixels; `training.css` sets the same.
pub const SHORT_ROW: f64 = 44.0;
pub const TALL_ROW: f64 = 84.0;

/// What is known of a training, shown or not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    facts: Facts,
    is_found: bool,
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
    /// By id.
    lines: Vec<Line>,
    order: Vec<Entry>,
    heights: Heights,
    /// Of what the search finds, by status.
    counts: [usize; Status::ALL.len()],
    /// Names of services, and how many trainings each has.
    services: Vec<(Arc<str>, usize)>,
    turn: u64,
    order_turn: u64,
}

impl Roll {
    pub fn new(query: &Query) -> Self {
        Self {
            sieve: Sieve::of(query),
            lines: Vec::new(),
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
        names.extend(self.services.iter().filter(|(_, count)| *count > 0).map(|(name, _)| name.to_string()));
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
        self.sort();
    }

    /// Answers another query from what is known.
    pub fn ask(&mut self, query: &Query) {
        let sieve = Sieve::of(query);
        let narrows = sieve.narrows(&self.sieve);
        self.counts = [0; Status::ALL.len()];
        for line in &mut self.lines {
            line.is_found = (line.is_found || !narrows) && sieve.finds(&line.facts);
            if let Some(count) = count_of(&mut self.counts, line) {
                *count += 1;
            }
        }
        self.sieve = sieve;
        self.sort();
    }

    fn sort(&mut self) {
        // Newest first, which is the usual order: what is in order already is sorted at once.
        let mut shown: Vec<Entry> = self.lines.iter().rev().filter_map(|line| self.entry(line)).collect();
        let sieve = &self.sieve;
        sort_by(&mut shown, |left, right| compare(sieve, left, right));
        self.order = shown;
        self.reorder();
    }

    /// Its entry in the list, if it is shown.
    fn entry(&self, line: &Line) -> Option<Entry> {
        let Line { facts, is_found } = line;
        (*is_found && self.sieve.takes(facts.status)).then(|| Entry {
            id: facts.id,
            key: self.sieve.key(facts),
            is_tall: facts.is_tall,
        })
    }

    /// Takes in trainings that are new or have changed.
    pub fn take(&mut self, visit: Visit) {
        let (mut gone, mut come) = (BTreeSet::new(), BTreeMap::new());
        let mut has_changed = false;
        visit(&mut |training| {
            let before = self.line(training.id).cloned();
            self.take_in(training);
            let now = self.line(training.id);
            let facts = |line: Option<&Line>| {
                line.map(|line| (line.facts.status, line.facts.service.clone(), line.is_found))
            };
            has_changed |= facts(before.as_ref()) != facts(now);
            let entry = |line: Option<&Line>| line.and_then(|line| self.entry(line));
            let (before, now) = (entry(before.as_ref()), entry(now));
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

    /// Where a training is among the lines, or would be.
    fn place(&self, id: TrainingId) -> Result<usize, usize> {
        match self.lines.last() {
            // They come in order as a rule.
            Some(last) if last.facts.id < id => Err(self.lines.len()),
            _ => self.lines.binary_search_by_key(&id, |line| line.facts.id),
        }
    }

    fn line(&self, id: TrainingId) -> Option<&Line> {
        self.lines.get(self.place(id).ok()?)
    }

    /// Counts a training as it is now, and no more as it was; one that is removed is known no more.
    fn take_in(&mut self, training: &Training) {
        let place = self.place(training.id);
        if let Some(line) = place.ok().and_then(|place| self.lines.get(place)).cloned() {
            self.count(&line, |count| count.saturating_sub(1));
        }
        if training.removed_at_ms.is_some() {
            if let Ok(place) = place {
                self.lines.remove(place);
            }
            return;
        }
        let facts = Facts::of(training, self.service(&training.service_name));
        let line = Line { is_found: self.sieve.finds(&facts), facts };
        self.count(&line, |count| count + 1);
        match place {
            Ok(place) => {
                if let Some(known) = self.lines.get_mut(place) {
                    *known = line;
                }
            }
            Err(place) => self.lines.insert(place, line),
        }
    }

    fn count(&mut self, line: &Line, change: impl Fn(usize) -> usize) {
        if let Some((_, count)) = self.services.iter_mut().find(|(name, _)| *name == line.facts.service) {
            *count = change(*count);
        }
        if let Some(count) = count_of(&mut self.counts, line) {
            *count = change(*count);
        }
    }

    /// The name of a service, kept once for all its trainings.
    fn service(&mut self, name: &str) -> Arc<str> {
        if let Some((known, _)) = self.services.iter().find(|(known, _)| **known == *name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.services.push((name.clone(), 0));
        name
    }
}

/// The count that a training is part of, if it is found.
fn count_of<'a>(counts: &'a mut [usize; Status::ALL.len()], line: &Line) -> Option<&'a mut usize> {
    let place = Status::ALL.iter().position(|status| *status == line.facts.status)?;
    if line.is_found { counts.get_mut(place) } else { None }
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
