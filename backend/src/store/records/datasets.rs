//! Data sets on their way in, and what came of them.
//!
//! Must not know SQL, gRPC or files.

use serde::{Deserialize, Serialize};
use shared::dataset::{Dataset, PixelBox, Subset, Task};
use shared::id::DatasetId;

/// What is said of a dataset without counting what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetHead {
    /// Its id.
    pub id: DatasetId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub task: Task,
}

/// A data set, or more items for one, to be stored in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct NewImport {
    /// The dataset's name; made when there is none of this name.
    pub name: String,
    /// What it is about.
    pub task: Task,
    /// Label names in class order.
    pub labels: Vec<String>,
    /// Images, whose files are among the blobs already.
    pub items: Vec<NewItem>,
}

/// One image to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    /// Folder, from `/`.
    pub dir: String,
    /// File name without folder.
    pub name: String,
    /// SHA-256 of the file, in lower-case hexadecimal.
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
    pub annotations: Vec<NewAnnotation>,
    /// Metadata of one's own, `metadata.user` in queries.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// One box or class to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAnnotation {
    /// The label's name.
    pub label: String,
    /// The box; `None` for a class of the whole image.
    pub region: Option<PixelBox>,
}

/// What [`import_dataset`](super::Store::import_dataset) did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportOutcome {
    /// The dataset as it stands now.
    pub dataset: Dataset,
    /// Items that are new.
    pub items_added: u64,
    /// Items that were there already, with the same content.
    pub items_unchanged: u64,
    /// Annotations that are new.
    pub annotations_added: u64,
    /// Items that were left out because the dataset has another one in their place: path and reason.
    pub conflicts: Vec<(String, String)>,
}
