//! Versions, drafts and recipes as they are made, changed and looked for.
//!
//! Must not know SQL, gRPC or files.

use serde::{Deserialize, Serialize};
use shared::architecture::Manifest;
use shared::dataset::Label;
use shared::id::{DatasetId, ModelId};
use shared::model::SubsetChoice;
use shared::status::ModelStatus;

/// A model version to be made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewModel {
    /// Unique within the project, but for deleted ones.
    pub name: String,
    /// What a person says of it.
    pub description: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// For example `yolov8`.
    pub architecture_id: String,
    /// For example `n`.
    pub variant: String,
    /// What it learns from.
    pub dataset_id: DatasetId,
    /// Class names in class order.
    pub labels: Vec<String>,
    /// Values that differ from the defaults.
    pub configuration: serde_json::Map<String, serde_json::Value>,
    /// How it brings its train subset, if it brings one.
    pub train: Option<SubsetChoice>,
    /// How it brings its validation subset, if it brings one.
    pub validation: Option<SubsetChoice>,
    /// The version that it comes from.
    pub parent_id: Option<ModelId>,
    /// Weights to start from, as content hash of a stored file.
    pub initial_weights_hash: Option<String>,
}

/// What a person changes of a model version; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelChange {
    /// Its name.
    pub name: Option<String>,
    /// What is said of it.
    pub description: Option<String>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
}

/// Which model versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelQuery {
    /// Part of a name, or the start of an id; empty for all.
    pub search: String,
    /// Only these statuses; none for all.
    pub statuses: Vec<ModelStatus>,
    /// Only these architectures; none for all.
    pub architecture_ids: Vec<String>,
    /// Only of this dataset.
    pub dataset_id: Option<DatasetId>,
    /// Only those that carry all of these tags.
    pub tags: Vec<String>,
    /// Also those that were deleted.
    pub include_deleted: bool,
}

/// What a person has filled in for the next training of a model version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// A JSON object, as text.
    pub text: String,
    /// UTC milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// A recipe to be made, or what replaces one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecipe {
    /// Unique for its dataset.
    pub title: String,
    /// What a person says of it.
    pub description: String,
    /// In class order, checked.
    pub labels: Vec<Label>,
}

/// A manifest that was saved.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchitectureRevision {
    /// Counted from 1.
    pub revision: u32,
    /// What was saved.
    pub manifest: Manifest,
    /// The folder of its files; empty for none.
    pub folder: String,
    /// When.
    pub created_at_ms: i64,
}
