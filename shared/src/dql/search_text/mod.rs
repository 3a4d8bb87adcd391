//! The short form that people type into a search box: `label = cat AND dir = /a`.
//!
//! Must not know the box. What the short form cannot say is an error that names it, never left out silently.
//!
//! - Conditions are `field = value`, with `=`, `!=`, `>`, `>=`, `<`, `<=`, `IN a, b`, `NOT-IN a, b`, `EXISTS` and
//!   `DOESNT-EXIST`. `AND` binds tighter than `OR`. There is no grouping: `$or` within `$and` needs JSON, as do `$not`,
//!   `$match`, `$all`, `$size`, `$glob`, `$regex`, lists and objects as values, joins and sets.
//! - `true`, `false`, `null` and numbers are values of their kind; in quotes they are texts. `31/03/2024` is a date.
//!   A value with spaces, commas or quotes stands in quotes, in which `\` takes the meaning from the next letter.
//! - Of items, `label` speaks of their annotations: it is kept in the query's join, and goes with other fields by `AND`.
//! - `*` in a value after `=` is a wildcard, as in JSON.

mod query;
mod read;
mod tokens;
mod write;

pub use query::{annotations_join, query_from_text, text_from_query};
pub use read::filter_from_text;
pub use write::{NotAsText, text_from_filter};

#[cfg(test)]
mod query_tests;
#[cfg(test)]
mod tests;
