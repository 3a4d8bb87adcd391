//! Changes of many items at once, and what became of one item.
//!
//! Must not know how a change is made or taken back.

use super::{Dataset, Item};
use crate::id::{ItemId, ItemsChangeId};
use serde::{Deserialize, Serialize};

/// Items of one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSelection {
    /// The dataset's id or name.
    pub dataset: String,
    /// Which of its items.
    pub items: SelectedItems,
}

/// Which items of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectedItems {
    /// These.
    ById(Vec<ItemId>),
    /// Those that a query (DQL, a whole one or a bare filter) finds when it is run.
    ByFilter(String),
}

/// What a change did to its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemEventKind {
    /// They came into the dataset.
    Added,
    /// They went from one subset to another.
    Tagged,
    /// They went from one folder to another.
    Moved,
    /// They were deleted.
    Deleted,
    /// They came back after they had been deleted.
    Restored,
}

impl ItemEventKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Added, Self::Tagged, Self::Moved, Self::Deleted, Self::Restored];

    /// The word used in stores and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Tagged => "tagged",
            Self::Moved => "moved",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
        }
    }

    /// The kind with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What happened to an item, as its history says it: for example `from train to validation`. Empty where the kind
    /// says it all.
    ///
    /// ```
    /// use shared::dataset::ItemEventKind::{Deleted, Moved, Tagged};
    /// assert_eq!(Tagged.detail(Some("train"), Some("test")), "from train to test");
    /// assert_eq!(Tagged.detail(None, Some("test")), "into test");
    /// assert_eq!(Tagged.detail(Some("test"), None), "out of test");
    /// assert_eq!(Moved.detail(Some("/a"), Some("/b")), "from /a to /b");
    /// assert_eq!(Deleted.detail(None, None), "");
    /// ```
    #[must_use]
    pub fn detail(self, before: Option<&str>, after: Option<&str>) -> String {
        match (before, after) {
            (Some(before), Some(after)) => format!("from {before} to {after}"),
            (None, Some(after)) => format!("into {after}"),
            (Some(before), None) => format!("out of {before}"),
            (None, None) => String::new(),
        }
    }
}

/// Something that happened to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemEvent {
    /// UTC milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    pub kind: ItemEventKind,
    /// From where to where; see [`ItemEventKind::detail`].
    pub detail: String,
}

/// A change of many items that lies behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastItemsChange {
    /// To take it back.
    pub id: ItemsChangeId,
    /// What.
    pub kind: ItemEventKind,
    /// From where to where, as far as that is the same for all items; see [`ItemEventKind::detail`].
    pub detail: String,
    /// Items that became different.
    pub changed_count: u64,
    /// UTC milliseconds since 1970.
    pub at_ms: i64,
    /// Whether it took another change back.
    pub is_undo: bool,
    /// Why it cannot be taken back; `None` if nothing speaks against it.
    pub why_not: Option<String>,
}

/// One item with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemDetail {
    /// The item.
    pub item: Item,
    /// The item as queries see it.
    pub document: serde_json::Value,
    /// Newest first.
    pub history: Vec<ItemEvent>,
}

/// A change of many items that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemsChange {
    /// To take it back; `None` if nothing was different from what was asked for.
    pub id: Option<ItemsChangeId>,
    /// Items that are different now.
    pub changed_count: u64,
    /// The dataset as it stands now.
    pub dataset: Dataset,
}
