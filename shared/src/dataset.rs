//! Datasets, items and annotations as server, command line and browser speak of them.
//!
//! Must not know how they are stored or drawn, nor any file format.

mod changes;
mod document;
mod folders;

pub use changes::{
    ItemDetail, ItemEvent, ItemEventKind, ItemSelection, ItemsChange, PastItemsChange, SelectedItems,
};
pub use document::{annotation_document, full_name, item_document, normal_dir};
pub use folders::{Folder, folders};

use crate::id::{AnnotationId, DatasetId, ItemId, ProjectId};
use serde::{Deserialize, Serialize};

/// What a dataset or an architecture is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Boxes with labels.
    Detection,
    /// One label for a whole image.
    Classification,
}

/// The three parts of a dataset; also the tag `metadata.system.tags.<subset>` of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subset {
    /// What a model learns from.
    Train,
    /// What it is measured on after each epoch.
    Validation,
    /// What is kept aside.
    Test,
}

impl Subset {
    /// All subsets, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The tag's name, as in `metadata.system.tags.<name>`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// A label of a dataset; its place in the list is its class index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Unique within the dataset, dotted when nested.
    pub name: String,
    /// `#rrggbb`.
    pub colour: String,
}

/// A set of images under folders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// Its id.
    pub id: DatasetId,
    /// Where it belongs.
    pub project_id: ProjectId,
    /// Unique within the project.
    pub name: String,
    /// Detection or classification.
    pub task: Task,
    /// In class order.
    pub labels: Vec<Label>,
    /// Number of items.
    pub item_count: u64,
    /// Number of annotations.
    pub annotation_count: u64,
    /// Items tagged train, validation and test, in the order of [`Subset::ALL`].
    pub subset_counts: [u64; 3],
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// Grows with each change of its items or labels.
    #[serde(default)]
    pub revision: i64,
}

/// An axis-aligned box in pixels of the original image; `x2 > x1`, `y2 > y1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PixelBox {
    /// Left edge.
    pub x1: f64,
    /// Top edge.
    pub y1: f64,
    /// Right edge.
    pub x2: f64,
    /// Bottom edge.
    pub y2: f64,
}

/// What is known of one place (or the whole) of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// Its id.
    pub id: AnnotationId,
    /// The label's name.
    pub label: String,
    /// The box; `None` for a class of the whole image.
    pub region: Option<PixelBox>,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// Where it belongs.
    pub dataset_id: DatasetId,
    /// Folder, from `/`.
    pub dir: String,
    /// File name without folder.
    pub name: String,
    /// SHA-256 of the file, in lower-case hexadecimal; names the stored file.
    pub content_hash: String,
    /// For example `image/jpeg`.
    pub mimetype: String,
    /// File size.
    pub size_bytes: u64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Its subset tag, if any.
    pub subset: Option<Subset>,
    /// What is known of it.
    pub annotations: Vec<Annotation>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
}

/// One thing that an import did not take, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The file as the person knows it, relative to the imported folder.
    pub file: String,
    /// What is wrong with it, in words.
    pub reason: String,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    /// The dataset as it stands after the import.
    pub dataset: Dataset,
    /// Items that are new.
    pub items_added: u64,
    /// Items that were already there with the same content.
    pub items_unchanged: u64,
    /// Annotations that are new.
    pub annotations_added: u64,
    /// Everything that was left out.
    pub rejections: Vec<Rejection>,
}
