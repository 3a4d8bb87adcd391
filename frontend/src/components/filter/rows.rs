//! The filter as rows of conditions: a field, an operator and a value, joined by "all of" or "any of", with groups of
//! the other kind one level below.
//!
//! Must not know the browser, nor which fields there are.

mod read;
mod row;
mod sheet;
mod value;

#[cfg(test)]
mod tests;

pub use row::{Fault, Operator, Row};
#[cfg(any(test, target_arch = "wasm32"))]
pub use sheet::Sheet;

use shared::dql::{ClauseKind, Filter, Query, annotations_join};

/// Of items, it speaks of their annotations, and stands in the query's join.
const LABEL: &str = "label";

/// Whether all conditions must hold or one is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joiner {
    All,
    Any,
}

impl Joiner {
    pub const fn words(self) -> &'static str {
        match self {
            Self::All => "all of",
            Self::Any => "any of",
        }
    }

    pub const fn other(self) -> Self {
        match self {
            Self::All => Self::Any,
            Self::Any => Self::All,
        }
    }

    fn joined(self, mut filters: Vec<Filter>) -> Filter {
        match (filters.len(), self) {
            (0, _) => Filter::default(),
            (1, _) => filters.swap_remove(0),
            (_, Self::All) => ClauseKind::And(filters).into(),
            (_, Self::Any) => ClauseKind::Or(filters).into(),
        }
    }
}

/// A row, or several that are joined the other way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Row(Row),
    Group { id: u64, rows: Vec<Row> },
}

impl Entry {
    pub const fn id(&self) -> u64 {
        match self {
            Self::Row(row) => row.id,
            Self::Group { id, .. } => *id,
        }
    }

    pub fn rows(&self) -> &[Row] {
        match self {
            Self::Row(row) => std::slice::from_ref(row),
            Self::Group { rows, .. } => rows,
        }
    }

    fn rows_mut(&mut self) -> &mut [Row] {
        match self {
            Self::Row(row) => std::slice::from_mut(row),
            Self::Group { rows, .. } => rows,
        }
    }
}

/// All conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    pub joiner: Joiner,
    pub entries: Vec<Entry>,
    /// Whether `label` speaks of annotations, as it does for items.
    pub has_labels: bool,
}

impl Rows {
    /// In the order of the page.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.entries.iter().flat_map(Entry::rows)
    }

    pub fn row(&self, id: u64) -> Option<&Row> {
        self.rows().find(|row| row.id == id)
    }

    /// What a row says, or why it says nothing.
    pub fn read(&self, row: &Row) -> Result<Option<Filter>, Fault> {
        let filter = row.read()?;
        if filter.is_some() && self.is_label(row) && self.is_misplaced(row) {
            let message = "`label` cannot be one of several choices beside other fields".into();
            return Err(Fault { is_in_field: true, message });
        }
        Ok(filter)
    }

    /// Rows that the filter does not contain, as they are not complete or cannot be read.
    pub fn left_out(&self) -> usize {
        self.rows().filter(|row| !matches!(self.read(row), Ok(Some(_)))).count()
    }

    fn is_label(&self, row: &Row) -> bool {
        self.has_labels && row.field.trim() == LABEL
    }

    /// The join with annotations holds beside the filter, so `label` cannot be an alternative to it.
    fn is_misplaced(&self, label: &Row) -> bool {
        let is_beside = |entry: &&Entry| {
            self.joiner == Joiner::Any
                || (matches!(entry, Entry::Group { .. }) && entry.rows().iter().any(|row| row.id == label.id))
        };
        let is_other = |row: &Row| !self.is_label(row) && matches!(row.read(), Ok(Some(_)));
        self.entries.iter().filter(is_beside).flat_map(Entry::rows).any(is_other)
    }

    /// What an entry says, and whether it speaks of labels.
    fn entry_filter(&self, entry: &Entry) -> Option<(Filter, bool)> {
        let said = |row: &Row| self.read(row).ok().flatten().map(|filter| (filter, self.is_label(row)));
        let (filters, labels): (Vec<Filter>, Vec<bool>) = entry.rows().iter().filter_map(said).unzip();
        let is_label = *labels.first()?;
        Some((self.joiner.other().joined(filters), is_label))
    }

    /// The filter of all rows that can be read.
    pub fn to_filter(&self) -> Filter {
        self.joiner
            .joined(self.entries.iter().filter_map(|entry| Some(self.entry_filter(entry)?.0)).collect())
    }

    /// The query with the conditions of the rows, and all else as in `base`.
    pub fn to_query(&self, base: &Query) -> Query {
        if !self.has_labels {
            return Query { filter: self.to_filter(), ..base.clone() };
        }
        let said = self.entries.iter().filter_map(|entry| self.entry_filter(entry));
        let (labels, own): (Vec<_>, Vec<_>) = said.partition(|(_, is_label)| *is_label);
        let joined = |said: Vec<(Filter, bool)>| {
            self.joiner.joined(said.into_iter().map(|(filter, _)| filter).collect())
        };
        let join = if labels.is_empty() { None } else { annotations_join(joined(labels)) };
        Query { filter: joined(own), join, ..base.clone() }
    }

    fn next_id(&self) -> u64 {
        let ids = self.entries.iter().map(Entry::id).chain(self.rows().map(|row| row.id));
        ids.max().map_or(0, |id| id + 1)
    }

    /// Adds an empty row, to a group if one is named, and gives its id.
    pub fn add(&mut self, group: Option<u64>) -> u64 {
        let row = Row::empty(self.next_id());
        let id = row.id;
        let target = self.entries.iter_mut().find_map(|entry| match entry {
            Entry::Group { id, rows } if Some(*id) == group => Some(rows),
            _ => None,
        });
        match target {
            Some(rows) => rows.push(row),
            None => self.entries.push(Entry::Row(row)),
        }
        id
    }

    /// Adds a group with one empty row, and gives the row's id.
    pub fn add_group(&mut self) -> u64 {
        let id = self.next_id();
        self.entries.push(Entry::Group { id, rows: vec![Row::empty(id + 1)] });
        id + 1
    }

    /// Takes a row away, and gives the id of the one before it.
    pub fn remove(&mut self, id: u64) -> Option<u64> {
        let before = self.rows().take_while(|row| row.id != id).last().map(|row| row.id);
        self.entries.retain_mut(|entry| match entry {
            Entry::Row(row) => row.id != id,
            Entry::Group { rows, .. } => {
                rows.retain(|row| row.id != id);
                !rows.is_empty()
            }
        });
        before
    }

    pub fn change(&mut self, id: u64, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.entries.iter_mut().flat_map(Entry::rows_mut).find(|row| row.id == id) {
            change(row);
        }
    }
}
