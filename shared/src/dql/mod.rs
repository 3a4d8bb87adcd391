//! The Dataloop Query Language (DQL): what a filter says, whether two say the same, and what they match.
//!
//! Must not know where items are stored: the store translates the normal form into its own language, and proves that it
//! finds the same as [`Matcher`].
//!
//! A text becomes a tree ([`parse()`], with places and many errors at once), a tree becomes the normal form
//! ([`Normal`]), and the normal form is what is compared ([`compare`]), evaluated ([`Matcher`], [`matching`]) or
//! translated. [`REFERENCE`] is the user's description of the language.
//!
//! ```
//! use shared::dql::{Documents, Matcher, Normal, parse};
//! let query = parse(r#"{"dir": "/train", "metadata.user.score": {"$gt": 0.5}}"#).unwrap().query;
//! let mut items = Documents::new();
//! items.push_json(r#"{"dir": "/train", "metadata": {"user": {"score": 0.75}}}"#).unwrap();
//! items.push_json(r#"{"dir": "/train"}"#).unwrap();
//! assert_eq!(Matcher::new(&Normal::of(&query.filter)).unwrap().matching(&items), [0]);
//! ```

mod ast;
#[cfg(feature = "matching")]
mod conditions;
mod dates;
#[cfg(feature = "matching")]
mod document;
mod error;
mod fields;
mod glob;
mod json;
#[cfg(feature = "matching")]
mod matcher;
mod normal;
mod parse;
mod parse_filter;
mod pattern;
mod print;
mod search_text;
#[cfg(feature = "matching")]
mod select;
mod selection;
#[cfg(feature = "matching")]
mod shapes;
mod shown;

#[cfg(test)]
mod naive;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference_cases;
#[cfg(test)]
mod strategies;

pub use ast::{
    Clause, ClauseKind, Context, Direction, Element, Filter, Join, Literal, Order, Path, Query, Resource,
    SortKey, Test,
};
pub use dates::{instant_us, iso_text};
#[cfg(feature = "matching")]
pub use document::{DocumentError, Documents, Shape, Value};
pub use error::{Problem, ProblemKind, Refusal, Span};
pub use fields::{COMBINERS, TESTS, is_date_field, is_path_field, known_fields};
pub use json::{MOST_BYTES, MOST_DEPTH, MOST_KEYS, MOST_OBJECTS};
#[cfg(feature = "matching")]
pub use matcher::{Bound, Matcher};
pub use normal::{Atom, Comparison, Normal, canonical_text, compare, compare_read, same_without_white_space};
pub use parse::{MOST_PATH_BYTES, Parsed, parse};
pub use pattern::{MOST_PATTERN_LETTERS, Pattern};
pub use search_text::{
    NotAsText, annotations_join, filter_from_text, query_from_text, text_from_filter, text_from_query,
};
#[cfg(feature = "matching")]
pub use select::{SelectError, Tables, matching};
pub use selection::{
    DefaultSelection, SelectionMode, SelectionReason, annotations_query, default_selection, folder_query,
    tagged_items_query,
};
pub use shown::{in_both, unannotated, with_labels};

/// The user's reference of the language, as Markdown. The command line and the browser show it.
pub const REFERENCE: &str = include_str!("reference.md");
