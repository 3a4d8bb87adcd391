//! The order of rows.
//!
//! Must not know which rows there are.

use super::condition::unsupported;
use super::fields::{Scope, SortColumn, Table, sort_column};
use crate::store::error::StoreError;
use shared::dql::{Direction, Query};

/// `ORDER BY` of a query: its keys, then folder and name in the direction of the last key, so that an index can be
/// read backwards.
///
/// # Errors
/// [`StoreError::UnsupportedQuery`] for a field that rows cannot be sorted by.
pub(super) fn order_of(query: &Query, table: Table, scope: &Scope) -> Result<String, StoreError> {
    let mut keys = Vec::new();
    let mut last = Direction::Ascending;
    for key in &query.sort {
        match sort_column(table, key.field.as_str(), scope) {
            Some(SortColumn::Sql(column)) => keys.push((column, key.direction)),
            Some(SortColumn::SameForAll) => continue,
            None => {
                return Err(unsupported(
                    format!("nothing can be sorted by `{}`", key.field.as_str()),
                    "sort by a field of the product's own, for example `createdAt`, `name` or `metadata.system.size`",
                ));
            }
        }
        last = key.direction;
    }
    let ties: &[&'static str] = match table {
        Table::Items => &["i.dir", "i.name"],
        Table::Annotations => &["i.dir", "i.name", "a.position"],
    };
    keys.extend(ties.iter().map(|column| (*column, last)));
    let words = keys.into_iter().map(|(column, direction)| match direction {
        Direction::Ascending => column.to_owned(),
        Direction::Descending => format!("{column} DESC"),
    });
    Ok(words.collect::<Vec<_>>().join(", "))
}

/// The field that rows are sorted by first.
pub(super) fn first_key(query: &Query) -> Option<&str> {
    query.sort.first().map(|key| key.field.as_str())
}
