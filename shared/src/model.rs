//! Model versions and the files that belong to them.
//!
//! Must not know how they are stored or how a trainer makes them.

use crate::dataset::{Subset, Task};
use crate::dql::{annotations_query, tagged_items_query};
use crate::id::{ArtifactId, DatasetId, ExecutionId, FilterId, ModelId, ProjectId};
use crate::status::ModelStatus;
use serde::{Deserialize, Serialize};

/// One trainable instance of an architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its id.
    pub id: ModelId,
    /// Where it belongs.
    pub project_id: ProjectId,
    /// Unique within the project.
    pub name: String,
    /// The architecture's id, for example `yolov8`.
    pub architecture_id: String,
    /// The architecture's variant, for example `n`.
    pub variant: String,
    /// What it learns from.
    pub dataset_id: DatasetId,
    /// Class names in class order, frozen when the model is made.
    pub labels: Vec<String>,
    /// Where it stands.
    pub status: ModelStatus,
    /// Configuration values that differ from the architecture's defaults.
    pub configuration: serde_json::Map<String, serde_json::Value>,
    /// What a person says of it.
    pub description: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// How it brings its train subset, if it brings one.
    pub train: Option<SubsetChoice>,
    /// How it brings its validation subset, if it brings one.
    pub validation: Option<SubsetChoice>,
    /// The version that it was cloned from or starts from.
    pub parent: Option<ParentModel>,
    /// Weights to start from, as content hash; `None` to start from chance.
    pub initial_weights_hash: Option<String>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// When a person took it out of the lists.
    pub deleted_at_ms: Option<i64>,
}

/// The version that another one comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentModel {
    /// Its id.
    pub id: ModelId,
    /// Its name.
    pub name: String,
}

/// How a person chooses the items of a subset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChoiceMode {
    /// Items that carry the subset's tag.
    TaggedItems,
    /// A filter of one's own.
    DqlFilter,
    /// Items in a folder.
    Folder,
}

impl ChoiceMode {
    /// All ways, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::TaggedItems, Self::DqlFilter, Self::Folder];

    /// The word used in stores and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TaggedItems => "tagged-items",
            Self::DqlFilter => "dql-filter",
            Self::Folder => "folder",
        }
    }

    /// The way with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// How the items and annotations of a subset are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsetChoice {
    /// How it was chosen.
    pub mode: ChoiceMode,
    /// The query of items, as text (DQL); it decides, whatever the mode.
    pub filter: String,
    /// The query of annotations, as text (DQL); `None` stands for the output type of the model, without predictions.
    pub annotation_filter: Option<String>,
    /// The saved filter that `filter` came from.
    pub saved_filter_id: Option<FilterId>,
}

impl SubsetChoice {
    /// The items that carry the tag of a subset, with the annotations of the model's output type.
    #[must_use]
    pub fn tagged(subset: Subset) -> Self {
        Self {
            mode: ChoiceMode::TaggedItems,
            filter: tagged_items_query(subset).to_string(),
            annotation_filter: None,
            saved_filter_id: None,
        }
    }

    /// The query of annotations that is in force: one's own, or the one that stands for none.
    #[must_use]
    pub fn effective_annotation_filter(&self, task: Task) -> String {
        self.annotation_filter.clone().unwrap_or_else(|| annotations_query(task).to_string())
    }
}

/// What a stored file of a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactKind {
    /// Weights to predict with.
    Weights,
    /// A state from which training can go on.
    Checkpoint,
    /// Figures and tables.
    Report,
    /// What a validation saw, as [`Predictions`](crate::metrics::Predictions).
    Predictions,
    /// A [`Table`](crate::table::Table).
    Table,
}

impl ArtifactKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Weights, Self::Checkpoint, Self::Report, Self::Predictions, Self::Table];

    /// The word used in stores and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Checkpoint => "checkpoint",
            Self::Report => "report",
            Self::Predictions => "predictions",
            Self::Table => "table",
        }
    }

    /// The kind with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A stored file of a model. A later file of the same name and execution replaces the earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its id.
    pub id: ArtifactId,
    /// Whose it is.
    pub model_id: ModelId,
    /// Which run made it.
    pub execution_id: ExecutionId,
    /// File name, for example `best.safetensors`.
    pub name: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// SHA-256 of the content, in lower-case hexadecimal; names the stored file.
    pub content_hash: String,
    /// File size.
    pub size_bytes: u64,
    /// The epoch after which it was written, counted from 1.
    pub epoch: Option<u32>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
}
