//! Model versions and the files that belong to them.
//!
//! Must not know how they are stored or how a trainer makes them.

use crate::id::{ArtifactId, DatasetId, ExecutionId, ModelId, ProjectId};
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
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
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
}

impl ArtifactKind {
    /// The word used in stores and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Checkpoint => "checkpoint",
            Self::Report => "report",
        }
    }

    /// The kind with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Weights, Self::Checkpoint, Self::Report].into_iter().find(|kind| kind.name() == name)
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
