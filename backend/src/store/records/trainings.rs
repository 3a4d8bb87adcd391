//! Trainings as they are started and looked for.
//!
//! Must not know SQL, gRPC or files.

use super::DatasetHead;
use crate::store::StoreError;
use serde::Serialize;
use shared::check::SubsetCheck;
use shared::dataset::{Item, Subset};
use shared::id::{DatasetId, ModelId, TrainingId};
use shared::machine::MachineType;
use shared::model::{Model, SubsetChoice};
use shared::service::ServiceSettings;
use shared::status::Status;
use std::collections::BTreeMap;

/// A training to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTraining {
    /// The model version to train.
    pub model_id: ModelId,
    /// Which manifest of a private architecture it is trained by; 0 for a built-in one.
    pub architecture_revision: u32,
    /// The resolved configuration.
    pub configuration: serde_json::Value,
    /// Values that differ from the defaults because somebody asked for them; they become the version's own.
    pub overrides: serde_json::Map<String, serde_json::Value>,
    /// What it learns from.
    pub data: TrainingData,
    /// Learns from what this training froze; `data` is then what that one was started with.
    pub snapshot_of: Option<TrainingId>,
    /// How the architecture's service runs, if this training is its first.
    pub settings: ServiceSettings,
    /// Whether a person gave the settings: then a service that is there must have the same.
    pub settings_given: bool,
    /// Names of secrets that the Train function gets.
    pub secrets: Vec<String>,
    /// The more, the sooner it starts.
    pub priority: i32,
    /// Versions of the program and of the trainer, by name.
    pub versions: BTreeMap<String, String>,
}

impl NewTraining {
    /// A training of a version on what it brings, by a service that runs as these settings say if it is the first.
    #[must_use]
    pub fn of(model: &Model, configuration: serde_json::Value, settings: ServiceSettings) -> Self {
        Self {
            model_id: model.id,
            architecture_revision: 0,
            configuration,
            overrides: model.configuration.clone(),
            data: TrainingData::of(model),
            snapshot_of: None,
            settings,
            settings_given: false,
            secrets: Vec::new(),
            priority: 0,
            versions: BTreeMap::new(),
        }
    }
}

/// What a request to train is about.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSubject {
    /// The version to train.
    pub model: Model,
    /// What it would learn from.
    pub dataset: DatasetHead,
    /// What its service may run on, by name.
    pub machine_types: Vec<MachineType>,
}

/// What a training learns from, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrainingData {
    /// Where the items are.
    pub dataset_id: DatasetId,
    /// Class names in class order. Annotations with other labels are left out.
    pub labels: Vec<String>,
    /// What it learns from.
    pub train: SubsetChoice,
    /// What it is measured on.
    pub validation: SubsetChoice,
}

impl TrainingData {
    /// What a version brings, and the tagged items where it brings nothing.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let choice = |brought: &Option<SubsetChoice>, subset| {
            brought.clone().unwrap_or_else(|| SubsetChoice::tagged(subset))
        };
        Self {
            dataset_id: model.dataset_id,
            labels: model.labels.clone(),
            train: choice(&model.train, Subset::Train),
            validation: choice(&model.validation, Subset::Validation),
        }
    }
}

/// What a training would learn from, in numbers.
#[derive(Debug, Clone)]
pub struct TrainingPreview {
    /// What it would learn from; `None` if its filters cannot be run.
    pub train: Option<SubsetCheck>,
    /// What it would be measured on; `None` if its filters cannot be run.
    pub validation: Option<SubsetCheck>,
    /// Items that are in both.
    pub overlap_count: u64,
    /// Why it would be refused.
    pub refusals: Vec<StoreError>,
}

/// Which trainings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrainingQuery {
    /// Part of a model's name, or the start of a training's, execution's or model's id; empty for all.
    pub search: String,
    /// Only these statuses; none for all.
    pub statuses: Vec<Status>,
    /// Also those that were taken out of the table.
    pub include_removed: bool,
    /// Trainings to skip.
    pub offset: u64,
    /// Trainings at most.
    pub limit: u32,
}

/// The items of one subset as they were when the training started.
pub type SnapshotItems = Vec<Item>;
