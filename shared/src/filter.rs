//! Filters that are kept by name, and what a filter finds before it is used.
//!
//! Must not know how items are stored or searched, nor the language that filters are written in.

use crate::dataset::{Item, Subset};
use crate::id::{FilterId, ModelId, ProjectId};
use serde::{Deserialize, Serialize};

/// What a saved filter chooses among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterResource {
    /// Items of a dataset.
    Items,
    /// Annotations of items.
    Annotations,
}

impl FilterResource {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Items, Self::Annotations];

    /// The word used in queries, in stores and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Annotations => "annotations",
        }
    }

    /// The resource with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.name() == name)
    }
}

/// A query that is kept by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFilter {
    /// Its id; it stays the same when the filter is replaced.
    pub id: FilterId,
    /// Where it belongs.
    pub project_id: ProjectId,
    /// Unique for its resource within the project.
    pub name: String,
    /// What it chooses among.
    pub resource: FilterResource,
    /// A whole query (DQL).
    pub query: String,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// UTC milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Models that name it for a subset.
    pub used_by: Vec<FilterUse>,
}

/// A model that chooses a subset by a saved filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterUse {
    /// The model.
    pub model_id: ModelId,
    /// Its name.
    pub model_name: String,
    /// The subset.
    pub subset: Subset,
}

/// What a filter finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilterPreview {
    /// Items that it finds.
    pub total_count: u64,
    /// Those tagged train, validation and test, in the order of [`Subset::ALL`].
    pub subset_counts: [u64; 3],
    /// Those without annotations.
    pub unannotated_count: u64,
    /// In class order; labels without items are left out.
    pub labels: Vec<LabelCount>,
    /// The first of them.
    pub items: Vec<Item>,
    /// What is probably not meant as the filter says it, each with its line and column.
    pub warnings: Vec<String>,
}

/// How often a label stands on some items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCount {
    /// The label's name.
    pub label: String,
    /// Items that have it.
    pub item_count: u64,
    /// Annotations that have it.
    pub annotation_count: u64,
}

/// What can be written into a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// A field's path, or a value as JSON.
    pub text: String,
    /// What it is, for example `text` or `1,204 items`.
    pub detail: String,
}
