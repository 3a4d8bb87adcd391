//! What a training would do, told before it costs anything.
//!
//! Must not know how it was found out, nor the form that shows it.

use crate::machine::MachineType;
use crate::service::ServiceSettings;
use crate::snapshot::{LabelCount, SubsetContent};
use serde::{Deserialize, Serialize};

/// What starting a training would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingCheck {
    /// What refuses it.
    pub problems: Vec<FieldProblem>,
    /// What may not be meant, and does not refuse it.
    pub warnings: Vec<TrainingWarning>,
    /// What it would learn from; `None` where that cannot be said.
    pub train: Option<SubsetCheck>,
    /// What it would be measured on; `None` where that cannot be said.
    pub validation: Option<SubsetCheck>,
    /// The whole configuration; null where it cannot be used.
    pub configuration: serde_json::Value,
    /// In class order.
    pub labels: Vec<String>,
    /// Memory that it needs; 0 where that is not known.
    pub memory_bytes: u64,
    /// Memory that the machine has.
    pub machine_memory_bytes: u64,
    /// How long it takes; `None` where nothing is known.
    pub duration_secs: Option<u64>,
    /// How the service that will run it runs.
    pub service_settings: ServiceSettings,
    /// Whether that service is there already.
    pub service_exists: bool,
    /// What a service may run on.
    pub machine_types: Vec<MachineType>,
    /// Cores of the processor, where it is the processor that trains; `None` where a GPU does if there is one.
    pub processor_cores: Option<u32>,
}

/// A subset as a training would get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsetCheck {
    /// What takes part.
    #[serde(flatten)]
    pub content: SubsetContent,
    /// Labels of chosen annotations that the training does not learn, with what is left out because of it; by name.
    pub unknown_labels: Vec<LabelCount>,
}

/// A field that refuses a training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The path of the field, for example `train.filter` or `configuration_json.epochs`.
    pub field: String,
    /// What is wrong, and what to do next.
    pub message: String,
}

/// Something that may not be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingWarning {
    /// What kind of thing.
    pub kind: WarningKind,
    /// In words, with numbers.
    pub message: String,
    /// A query (DQL) that shows what is meant.
    pub filter: Option<String>,
}

/// The closed list of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningKind {
    /// Items are in both subsets.
    Overlap,
    /// A label has no annotations in a subset.
    ClassAbsent,
    /// Items have no annotations.
    Unannotated,
    /// The data has labels that the training has not.
    UnknownLabels,
    /// The labels differ from those that the first weights were made for.
    NewHead,
    /// It needs more memory than the machine has, or almost all of it.
    Memory,
    /// It will probably take longer than the execution timeout, or may, while nothing is known of it.
    Timeout,
    /// A filter is probably not meant as it says it.
    Filter,
    /// The version has settings that its architecture has no longer.
    Configuration,
}

impl WarningKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Overlap,
        Self::ClassAbsent,
        Self::Unannotated,
        Self::UnknownLabels,
        Self::NewHead,
        Self::Memory,
        Self::Timeout,
        Self::Filter,
        Self::Configuration,
    ];

    /// The word used on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overlap => "overlap",
            Self::ClassAbsent => "class-absent",
            Self::Unannotated => "unannotated",
            Self::UnknownLabels => "unknown-labels",
            Self::NewHead => "new-head",
            Self::Memory => "memory",
            Self::Timeout => "timeout",
            Self::Filter => "filter",
            Self::Configuration => "configuration",
        }
    }

    /// The kind with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
