//! What goes into the store and comes out of it beside the domain types of `shared`.
//!
//! Must not know SQL, gRPC or files.

use serde::Serialize;
use shared::check::SubsetCheck;
use shared::dataset::{Dataset, Item, Label, PixelBox, Subset, Task};
use shared::id::{DatasetId, ExecutionId, InstanceId, ModelId, SecretId, ServiceId, TrainingId};
use shared::metric::{LogLevel, LogLine, MetricSample};
use shared::model::{Artifact, ArtifactKind, Model, SubsetChoice};
use shared::service::{Instance, Service, ServiceSettings};
use shared::status::{ModelStatus, Status};
use shared::training::{Cause, HistoryEntry, Progress, Training};
use std::collections::BTreeMap;

/// A part of a long list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Entries to skip.
    pub offset: u64,
    /// Entries at most.
    pub limit: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { offset: 0, limit: 100 }
    }
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
#[derive(Debug, Clone, PartialEq)]
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

/// A page of what a query finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// The rows of the page.
    pub rows: Vec<T>,
    /// Whether there are more after them.
    pub has_more: bool,
}

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
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// A training to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTraining {
    /// The model version to train.
    pub model_id: ModelId,
    /// The resolved configuration.
    pub configuration: serde_json::Value,
    /// Values that differ from the defaults because somebody asked for them; they become the version's own.
    pub overrides: serde_json::Map<String, serde_json::Value>,
    /// What it learns from.
    pub data: TrainingData,
    /// How the architecture's service runs, if this training is its first.
    pub settings: ServiceSettings,
    /// Whether a person gave the settings: then a service that is there must have the same.
    pub settings_given: bool,
    /// Names of secrets that the Train function gets.
    pub secrets: Vec<String>,
    /// Versions of the program and of the trainer, by name.
    pub versions: BTreeMap<String, String>,
}

impl NewTraining {
    /// A training of a version on what it brings, by a service that runs as these settings say if it is the first.
    #[must_use]
    pub fn of(model: &Model, configuration: serde_json::Value, settings: ServiceSettings) -> Self {
        Self {
            model_id: model.id,
            configuration,
            overrides: model.configuration.clone(),
            data: TrainingData::of(model),
            settings,
            settings_given: false,
            secrets: Vec::new(),
            versions: BTreeMap::new(),
        }
    }
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
    pub refusals: Vec<super::StoreError>,
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

/// A metric sample as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSample {
    /// The point.
    pub sample: MetricSample,
    /// The attempt that reported it.
    pub attempt: u32,
    /// UTC milliseconds since 1970.
    pub at_ms: i64,
}

/// A log line as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLogLine {
    /// Place in the log of the execution, from 1, without gaps.
    pub number: u64,
    /// The line.
    pub line: LogLine,
    /// The attempt that reported it.
    pub attempt: u32,
}

/// What a stream shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WatchScope {
    /// Rows of the Training tab.
    pub trainings: bool,
    /// Samples, log lines, artifacts and history of this execution.
    pub execution: Option<ExecutionId>,
    /// From cursor 0, only the last so many log lines are sent; 0 sends all.
    pub log_tail: u32,
    /// Log lines up to this number are never sent. A stream sets it from [`Changes::logs_after`].
    pub logs_after: u64,
}

/// What became different after a cursor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Everything up to here is in this batch or was in an earlier one.
    pub cursor: i64,
    /// The batch was cut; ask again at once with [`cursor`](Self::cursor).
    pub more: bool,
    /// What to put into [`WatchScope::logs_after`] for the next call of the same stream.
    pub logs_after: u64,
    /// Trainings whose row changed. From cursor 0 without those that were removed.
    pub trainings: Vec<Training>,
    /// New samples.
    pub metrics: Vec<StoredSample>,
    /// New log lines.
    pub logs: Vec<StoredLogLine>,
    /// New or replaced artifacts.
    pub artifacts: Vec<Artifact>,
    /// New lines of the history.
    pub history: Vec<HistoryEntry>,
}

/// Everything that the plan looks at, read at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// All services.
    pub services: Vec<Service>,
    /// Instances that are alive.
    pub instances: Vec<Instance>,
    /// Executions that are not final, oldest first.
    pub executions: Vec<QueuedExecution>,
}

/// An execution as the plan sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedExecution {
    /// Its id.
    pub id: ExecutionId,
    /// Whose queue it is in.
    pub service_id: ServiceId,
    /// Where it stands.
    pub status: Status,
    /// What was last said about its waiting.
    pub blocker: Option<shared::training::Blocker>,
    /// The attempt that runs or ran last; 0 before the first.
    pub attempt: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// The token of the attempt that runs or ran last; 0 before the first.
    pub fencing_token: i64,
    /// A person asked to end it.
    pub abort_requested: bool,
    /// When, in UTC milliseconds.
    pub abort_requested_at_ms: Option<i64>,
    /// Who holds it.
    pub instance_id: Option<InstanceId>,
    /// Grows from execution to execution; the order of the queue.
    pub queue_number: i64,
    /// UTC milliseconds before which no attempt may start.
    pub not_before_ms: Option<i64>,
    /// When its first attempt started.
    pub started_at_ms: Option<i64>,
    /// When its present attempt started.
    pub attempt_started_at_ms: Option<i64>,
}

/// An attempt that was just handed to an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its training.
    pub training_id: TrainingId,
    /// The model version that it trains.
    pub model_id: ModelId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What every report of this attempt must carry.
    pub fencing_token: i64,
    /// For example `yolov8`.
    pub architecture_id: String,
    /// For example `n`.
    pub variant: String,
    /// The resolved configuration.
    pub configuration: serde_json::Value,
    /// Class names in class order.
    pub labels: Vec<String>,
    /// Time that the attempt may take.
    pub timeout_secs: u32,
    /// Time that it gets to stop by itself.
    pub drain_secs: u32,
    /// Weights to start from.
    pub initial_weights_hash: Option<String>,
    /// The last checkpoint of an earlier attempt of the same execution.
    pub resume_content_hash: Option<String>,
    /// Names of the secrets that the Train function gets.
    pub secrets: Vec<String>,
}

/// The items of one subset as they were when the training started.
pub type SnapshotItems = Vec<Item>;

/// One report of a runner.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportBatch {
    /// Which execution.
    pub execution_id: ExecutionId,
    /// Which attempt.
    pub attempt: u32,
    /// The attempt's token.
    pub fencing_token: i64,
    /// In order.
    pub entries: Vec<ReportEntry>,
}

/// One thing that a runner reports.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportEntry {
    /// From 1 within an attempt, growing by 1.
    pub sequence: u64,
    /// When it happened, in UTC milliseconds.
    pub at_ms: i64,
    /// What it is.
    pub body: ReportBody,
}

/// The kinds of things that a runner reports.
#[derive(Debug, Clone, PartialEq)]
pub enum ReportBody {
    /// A point of a chart.
    Sample(MetricSample),
    /// A log line.
    Log {
        /// How grave it is.
        level: LogLevel,
        /// The text.
        text: String,
    },
    /// How far the attempt is.
    Progress(Progress),
    /// A file whose content was uploaded before.
    Artifact(NewArtifact),
    /// The attempt is over.
    End {
        /// How.
        outcome: AttemptOutcome,
        /// Why, unless it went well.
        cause: Option<Cause>,
    },
}

/// A file of a model to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArtifact {
    /// File name, for example `best.safetensors`.
    pub name: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// SHA-256 of the content, in lower-case hexadecimal.
    pub content_hash: String,
    /// File size.
    pub size_bytes: u64,
    /// The epoch after which it was written, counted from 1.
    pub epoch: Option<u32>,
}

/// How an attempt ended, in the runner's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// Well; its artifacts are stored.
    Succeeded,
    /// The Train function, its configuration or its resources failed.
    Failed,
    /// It was told to stop.
    Stopped,
    /// It was killed or timed out: it goes round again while attempts are left.
    Reset,
}

/// A sealed value, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Whose value it is; part of what it is bound to.
    pub id: SecretId,
    /// The secret's name; part of what it is bound to.
    pub name: String,
    /// The key that it was sealed with.
    pub key_id: String,
    /// Nonce and ciphertext, in base64.
    pub sealed: String,
}

/// A secret to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecret {
    /// Id, name and sealed value.
    pub sealed: SealedSecret,
    /// Tells values of the secret apart.
    pub fingerprint: String,
    /// In a person's words.
    pub description: String,
    /// Who made it.
    pub created_by: String,
    /// A keyed hash of the value, to know a repeated call by; no value can be guessed from it.
    pub value_digest: String,
}

/// A secret without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRecord {
    /// Its id.
    pub id: SecretId,
    /// The environment variable that the Train function finds it in.
    pub name: String,
    /// In a person's words.
    pub description: String,
    /// Tells values of the secret apart.
    pub fingerprint: String,
    /// Who made it.
    pub created_by: String,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// When the value was last given; UTC milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Trainings that got it, newest first.
    pub used_by: Vec<SecretUse>,
}

/// A training that got a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// The training.
    pub training_id: TrainingId,
    /// The model version that it trains.
    pub model_name: String,
    /// It is not over yet.
    pub is_live: bool,
}
