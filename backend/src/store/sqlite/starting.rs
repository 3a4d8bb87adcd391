//! Starting a training: what it learns from is frozen, and everything new is written by few statements, because starts
//! come by the hundred and each statement is a way to another thread and back.
//!
//! Must not know runners, nor how answers travel.

use super::rows::{to_json, to_word, training};
use super::trainings::training_select;
use super::{frozen, models, secrets, services, snapshots};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::NewTraining;
use crate::store::writer::Tx;
use shared::id::{ExecutionId, ProjectId, TrainingId};
use shared::model::Model;
use shared::service::Service;
use shared::status::{ModelStatus, Status};
use shared::training::{Phase, Training};

/// Everything that a start writes; its row of the Training tab is the answer. What a version is trained on and with
/// becomes its own: its weights mean the classes of that list, and whoever trains it again or copies it begins with what
/// was trained. Its draft is gone.
const START: &str = concat!(
    "INSERT INTO trainings (id, model_id, dataset_id, snapshot_number, configuration, labels, train_choice, \
     validation_choice, initial_weights_hash, versions, secrets, service_settings, service_settings_revision, \
     created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?); \
     INSERT INTO executions (id, training_id, service_id, status, queue_number, attempt, max_attempts, \
     fencing_token, acknowledged_sequence, abort_requested, epoch, epochs, step, steps, phase, priority, \
     created_at_ms, revision) VALUES (?, ?, ?, ?, ?, 0, ?, 0, 0, 0, 0, ?, 0, 0, ?, ?, ?, ?); \
     INSERT INTO history (execution_id, revision, at_ms, attempt, event, status, cause) \
     VALUES (?, ?, ?, 0, NULL, ?, NULL); \
     UPDATE models SET dataset_id = ?, labels = ?, configuration = ?, train_choice = ?, validation_choice = ?, \
     status = ?, revision = ? WHERE id = ?; \
     DELETE FROM model_drafts WHERE model_id = ?; ",
    training_select!("WHERE e.id = ?")
);

impl Store {
    /// Starts a training, in one transaction: the selection frozen, training, execution, the service if
    /// it is the architecture's first, model status, history; the draft is gone.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the model cannot be trained now, [`StoreError::RefusedField`] for a subset that has
    /// no items or annotations, for a filter that cannot be run, and for settings that the service does not have.
    pub async fn start_training(&self, new: NewTraining) -> Result<Training, StoreError> {
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| start(tx, project_id, &new).await).await
    }

    /// As [`start_training`](Self::start_training), and what `reply` makes of it is kept as the answer of the present
    /// call, if that has a key: durable together with the training.
    ///
    /// # Errors
    /// As there.
    pub async fn start_and_answer(
        &self,
        new: NewTraining,
        reply: impl FnOnce(&Training) -> Vec<u8> + Send + 'static,
    ) -> Result<Training, StoreError> {
        let project_id = self.project_id();
        self.write_and_answer(async move |tx: &mut Tx| start(tx, project_id, &new).await, reply).await
    }
}

async fn start(tx: &mut Tx, project_id: ProjectId, new: &NewTraining) -> Result<Training, StoreError> {
    let model = models::by_id_or_name(&mut tx.connection, &new.model_id.to_string()).await?;
    refuse_model(&model)?;
    secrets::refuse_unknown(&mut tx.connection, &new.secrets).await?;
    let snapshot_number = match new.snapshot_of {
        Some(other) => frozen::snapshot_of(&mut tx.connection, other).await?,
        None => snapshots::freeze(tx, project_id, &new.data).await?,
    };
    let service =
        services::find_or_make(tx, &model.architecture_id, &new.settings, new.settings_given).await?;
    write_start(tx, &model, new, snapshot_number, &service).await
}

/// Refuses a version that cannot be trained now.
fn refuse_model(model: &Model) -> Result<(), StoreError> {
    let what = || format!("model `{}` cannot be trained now", model.name);
    if model.deleted_at_ms.is_some() {
        return Err(StoreError::refused(what(), "it is deleted; restore it first"));
    }
    model.status.can_train().map_err(|reason| StoreError::refused(what(), reason))
}

async fn write_start(
    tx: &mut Tx,
    model: &Model,
    new: &NewTraining,
    snapshot_number: i64,
    service: &Service,
) -> Result<Training, StoreError> {
    let (id, execution_id) = (tx.new_id::<TrainingId>().to_string(), tx.new_id::<ExecutionId>().to_string());
    let (model_id, dataset_id) = (model.id.to_string(), new.data.dataset_id.to_string());
    let (labels, train, validation) =
        (to_json(&new.data.labels)?, to_json(&new.data.train)?, to_json(&new.data.validation)?);
    let epochs = new.configuration.get("epochs").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let status = Status::Created;
    let (now_ms, queue_number, history_revision, model_revision) =
        (tx.now_ms(), tx.next_revision(), tx.next_revision(), tx.next_revision());
    let row = sqlx::query(START)
        // The training.
        .bind(&id)
        .bind(&model_id)
        .bind(&dataset_id)
        .bind(snapshot_number)
        .bind(to_json(&new.configuration)?)
        .bind(&labels)
        .bind(&train)
        .bind(&validation)
        .bind(&model.initial_weights_hash)
        .bind(to_json(&new.versions)?)
        .bind(to_json(&new.secrets)?)
        .bind(to_json(&service.settings)?)
        .bind(service.settings_revision)
        .bind(now_ms)
        // Its execution.
        .bind(&execution_id)
        .bind(&id)
        .bind(service.id.to_string())
        .bind(status.name())
        .bind(queue_number)
        .bind(service.settings.max_attempts)
        .bind(u32::try_from(epochs).unwrap_or(u32::MAX))
        .bind(to_word(&Phase::default())?)
        .bind(new.priority)
        .bind(now_ms)
        .bind(queue_number)
        // The first line of its history.
        .bind(&execution_id)
        .bind(history_revision)
        .bind(now_ms)
        .bind(status.name())
        // The version.
        .bind(&dataset_id)
        .bind(&labels)
        .bind(to_json(&new.overrides)?)
        .bind(&train)
        .bind(&validation)
        .bind(ModelStatus::beside(status).name())
        .bind(model_revision)
        .bind(&model_id)
        // Its draft.
        .bind(&model_id)
        // The answer.
        .bind(&execution_id)
        .fetch_one(&mut tx.connection)
        .await?;
    training(&row)
}
