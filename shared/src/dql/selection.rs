//! The filters that the product itself writes, and which way of choosing a subset is offered first.
//!
//! Must not know the wizard that shows them.

use super::ast::{ClauseKind, Filter, Literal, Path, Query, Resource, Test};
use super::error::Refusal;
use super::normal::{Comparison, compare, same_without_white_space};
use crate::dataset::{Subset, Task, normal_dir};

/// The *Tagged items* query of a subset: visible files that carry its tag. Its text is the one that platforms exchange.
#[must_use]
pub fn tagged_items_query(subset: Subset) -> Query {
    items_query(&format!("metadata.system.tags.{}", subset.name()), Test::Plain(Literal::Bool(true)))
}

/// The *Folder* query: visible files in a folder, with those of its sub-folders or without.
#[must_use]
pub fn folder_query(dir: &str, with_subfolders: bool) -> Query {
    let dir = normal_dir(dir);
    if with_subfolders {
        return items_query("filename", Test::Wildcard(format!("{}/**", dir.trim_end_matches('/'))));
    }
    // A plain text with a star would be a wildcard.
    let is_plain = !dir.contains('*');
    let dir = Literal::Text(dir);
    items_query("dir", if is_plain { Test::Plain(dir) } else { Test::Eq(dir) })
}

/// The query of annotations that stands for none of one's own: those of the task's type, without what models predicted.
///
/// ```
/// use shared::dataset::Task;
/// use shared::dql::annotations_query;
/// let text = annotations_query(Task::Detection).filter.to_string();
/// assert_eq!(text, r#"{"$and":[{"type":{"$in":["box"]}},{"metadata.system.model.name":{"$exists":false}}]}"#);
/// ```
#[must_use]
pub fn annotations_query(task: Task) -> Query {
    let kind = match task {
        Task::Detection => "box",
        Task::Classification => "class",
    };
    let conditions = [
        ("type", Test::In(vec![Literal::Text(kind.into())])),
        ("metadata.system.model.name", Test::Exists(false)),
    ];
    Query {
        filter: all_of(conditions),
        page: Some(0),
        page_size: Some(1_000),
        resource: Some(Resource::Annotations),
        ..Query::default()
    }
}

fn all_of<const N: usize>(conditions: [(&str, Test); N]) -> Filter {
    let condition = |(field, test)| Path::new(field).map(|path| ClauseKind::Field(path, vec![test]).into());
    ClauseKind::And(conditions.into_iter().filter_map(condition).collect::<Vec<Filter>>()).into()
}

fn items_query(field: &str, test: Test) -> Query {
    let conditions = [
        ("hidden", Test::Plain(Literal::Bool(false))),
        ("type", Test::Plain(Literal::Text("file".into()))),
        (field, test),
    ];
    Query {
        filter: all_of(conditions),
        page: Some(0),
        page_size: Some(1_000),
        resource: Some(Resource::Items),
        ..Query::default()
    }
}

/// A way of choosing the items of a subset. *Folder* is never chosen by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionMode {
    /// Items that carry the subset's tag.
    TaggedItems,
    /// A filter of one's own.
    DqlFilter,
}

/// The way that is offered first, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct DefaultSelection {
    /// The way.
    pub mode: SelectionMode,
    /// Why.
    pub reason: SelectionReason,
}

/// Why a way is offered first.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SelectionReason {
    /// The model has no filter for the subset.
    #[error("the model has no filter of its own")]
    NoFilter,
    /// The rule to the letter.
    #[error("the model's filter is the tagged-items filter, apart from spaces and line breaks")]
    SameText,
    /// The rule by meaning.
    #[error("the model's filter is written otherwise and means the same as the tagged-items filter")]
    SameMeaning,
    /// Another filter.
    #[error("the model's filter chooses other items than the tagged-items filter")]
    Different,
    /// A filter that cannot be read; it is shown so that it can be mended.
    #[error("the model's filter cannot be read: {0}")]
    Broken(Refusal),
}

/// Which way is offered first for a subset, given the filter that the model brings for it.
///
/// The model's filter is compared with the tagged-items filter of the same subset: without spaces and line breaks,
/// and then by normal form. Equal either way gives *Tagged items*, different gives *DQL filter*, and no filter gives
/// *Tagged items*. White space within quotes does not count in the first comparison, which is harmless for a filter
/// on tags. A text of nothing but white space counts as no filter.
///
/// ```
/// use shared::dataset::Subset;
/// use shared::dql::{SelectionMode, SelectionReason, default_selection};
/// let chosen = default_selection(Some(r#"{"metadata.system.tags.train": true}"#), Subset::Train);
/// assert_eq!((chosen.mode, chosen.reason), (SelectionMode::TaggedItems, SelectionReason::SameMeaning));
/// ```
#[must_use]
pub fn default_selection(predefined: Option<&str>, subset: Subset) -> DefaultSelection {
    let tagged = tagged_items_query(subset).to_string();
    let reason = match predefined.filter(|text| !text.trim().is_empty()) {
        None => SelectionReason::NoFilter,
        Some(text) if same_without_white_space(text, &tagged) => SelectionReason::SameText,
        Some(text) => match compare(text, &tagged) {
            Ok(Comparison::TextuallyEqual) => SelectionReason::SameText,
            Ok(Comparison::CanonicallyEqual) => SelectionReason::SameMeaning,
            Ok(Comparison::Different) => SelectionReason::Different,
            Err(refusal) => SelectionReason::Broken(refusal),
        },
    };
    let mode = match reason {
        SelectionReason::NoFilter | SelectionReason::SameText | SelectionReason::SameMeaning => {
            SelectionMode::TaggedItems
        }
        SelectionReason::Different | SelectionReason::Broken(_) => SelectionMode::DqlFilter,
    };
    DefaultSelection { mode, reason }
}

#[cfg(test)]
#[path = "selection_tests.rs"]
mod tests;
