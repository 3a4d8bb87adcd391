//! The store's promises, each against a fresh store on a real disk.

mod attempts;
mod changes;
mod durability;
mod filters;
mod frozen;
mod model;
mod models;
mod once;
mod queries;
mod query_properties;
mod query_strategies;
mod recipes;
mod snapshots;
mod watching;

use super::*;
use crate::clock::ManualClock;
use shared::dataset::{PixelBox, Subset, Task};
use shared::id::{ExecutionId, InstanceId};
use shared::metric::MetricSample;
use shared::model::Model;
use shared::service::{Instance, ServiceSettings};
use shared::training::{Cause, CauseKind, Training};
use tempfile::TempDir;

/// A store in a folder of its own, with a clock that stands still.
struct Bench {
    folder: TempDir,
    clock: Arc<ManualClock>,
    store: Store,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        let store = Store::open(folder.path(), clock.clone()).await.unwrap();
        Self { folder, clock, store }
    }

    /// Closes the store and opens it again, as a restart of the server does.
    async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Store::open(self.folder.path(), self.clock.clone()).await.unwrap();
    }

    /// A dataset with two train and one validation items, a box each.
    async fn dataset(&self, name: &str) -> shared::dataset::Dataset {
        self.store.import_dataset(import(name)).await.unwrap().dataset
    }

    async fn model(&self, name: &str) -> Model {
        let dataset = match self.store.dataset("set").await {
            Ok(dataset) => dataset,
            Err(_) => self.dataset("set").await,
        };
        self.store.create_model(new_model(name, dataset.id)).await.unwrap()
    }

    async fn training(&self, model: &str, settings: ServiceSettings) -> Training {
        let model = self.model(model).await;
        self.store.start_training(new_training(&model, settings)).await.unwrap()
    }

    /// A registered instance of the only service.
    async fn instance(&self, name: &str) -> Instance {
        let service = self.store.services().await.unwrap().remove(0);
        self.store
            .create_instance(service.id, shared::machine::Reservation::default(), &format!("once-{name}"))
            .await
            .unwrap();
        self.store.register_instance(&format!("once-{name}"), &format!("session-{name}"), 42).await.unwrap()
    }

    /// A training that runs on an instance.
    async fn running(&self, settings: ServiceSettings) -> (Training, Assignment, InstanceId) {
        let training = self.training("m", settings).await;
        let instance = self.instance("a").await;
        let assignment = self.store.lease_next(instance.id).await.unwrap().unwrap();
        assert_eq!(assignment.execution_id, training.execution_id);
        (training, assignment, instance.id)
    }
}

fn import(name: &str) -> NewImport {
    let item = |file: &str, subset| NewItem {
        dir: "/".into(),
        name: file.into(),
        content_hash: format!("{:0>64}", file.len()),
        mimetype: "image/jpeg".into(),
        size_bytes: 10,
        width: 40,
        height: 30,
        subset: Some(subset),
        annotations: vec![NewAnnotation {
            label: "cat".into(),
            region: Some(PixelBox { x1: 1.0, y1: 2.0, x2: 3.5, y2: 4.25 }),
        }],
        metadata: None,
    };
    NewImport {
        name: name.into(),
        task: Task::Detection,
        labels: vec!["dog".into(), "cat".into()],
        items: vec![
            item("a.jpg", Subset::Train),
            item("bb.jpg", Subset::Train),
            item("ccc.jpg", Subset::Validation),
        ],
    }
}

fn new_model(name: &str, dataset_id: shared::id::DatasetId) -> NewModel {
    NewModel {
        name: name.into(),
        description: String::new(),
        tags: Vec::new(),
        architecture_id: "yolov8".into(),
        variant: "n".into(),
        dataset_id,
        labels: vec!["dog".into(), "cat".into()],
        configuration: serde_json::Map::new(),
        train: None,
        validation: None,
        parent_id: None,
        initial_weights_hash: None,
    }
}

fn new_training(model: &Model, settings: ServiceSettings) -> NewTraining {
    NewTraining::of(model, serde_json::json!({ "epochs": 3 }), settings)
}

fn sample(sequence: u64, y: f64) -> ReportEntry {
    let sample = MetricSample { figure: "box_loss".into(), legend: "train".into(), x: sequence as f64, y };
    ReportEntry { sequence, at_ms: 5, body: ReportBody::Sample(sample) }
}

fn log(sequence: u64, text: &str) -> ReportEntry {
    let body = ReportBody::Log { level: shared::metric::LogLevel::Info, text: text.into() };
    ReportEntry { sequence, at_ms: 6, body }
}

fn end(sequence: u64, outcome: AttemptOutcome) -> ReportEntry {
    let cause = (outcome != AttemptOutcome::Succeeded).then(|| cause("it broke"));
    ReportEntry { sequence, at_ms: 7, body: ReportBody::End { outcome, cause } }
}

fn cause(message: &str) -> Cause {
    Cause { kind: CauseKind::TrainFunction, message: message.into(), next_step: "look at the log".into() }
}

fn batch(assignment: &Assignment, entries: Vec<ReportEntry>) -> ReportBatch {
    ReportBatch {
        execution_id: assignment.execution_id,
        attempt: assignment.attempt,
        fencing_token: assignment.fencing_token,
        entries,
    }
}

/// Everything that is known of an execution, to compare before and after.
async fn everything(store: &Store, id: ExecutionId) -> (Training, usize, usize, usize) {
    let training = store.training(&id.to_string()).await.unwrap();
    let samples = store.metrics(id, &[]).await.unwrap().len();
    let lines = store.logs(id, 0, 1000).await.unwrap().len();
    let history = store.history(id).await.unwrap().len();
    (training, samples, lines, history)
}
