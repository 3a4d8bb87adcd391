//! The rows of the bar, the query around them, and the text that they were last written as.
//!
//! Must not know the browser.

use super::super::draft::{Draft, Form};
use super::Rows;
use shared::dql::Query;

/// What the form shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The rows, or why there are none.
    pub rows: Result<Rows, String>,
    base: Query,
    written: String,
}

impl Sheet {
    pub fn of_query(query: &Query) -> Self {
        Self { rows: Rows::from_query(query), base: query.clone(), written: Draft::in_rows(query).text }
    }

    /// Whether these rows were written as this text, so that unfinished rows can stay.
    pub fn says(&self, text: &str) -> bool {
        self.written == text
    }

    /// Changes the rows, and gives what then stands in the bar.
    pub fn edit<T>(&mut self, change: impl FnOnce(&mut Rows) -> T) -> Option<(Draft, T)> {
        let rows = self.rows.as_mut().ok()?;
        let changed = change(rows);
        self.written = Draft::in_rows(&rows.to_query(&self.base)).text;
        Some((Draft { form: Form::Rows, text: self.written.clone() }, changed))
    }

    pub fn is_empty(&self) -> bool {
        self.rows.as_ref().is_ok_and(|rows| rows.entries.is_empty())
    }
}
