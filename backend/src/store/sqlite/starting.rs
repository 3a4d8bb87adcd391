//! Starting a training: what it learns from is frozen, and everything new is written by few statements, because starts
//! come by the hundred and each statement is a way to another thread and back.
//!
//! Must not know runners, nor how answers travel.

use super::idempotency::{Known, forget_old, is_short, journal, known_of, note_call, remembered_since_ms};
use super::rows::{flag, get, json, model, number, parsed, to_json, to_word, word};
use super::snapshots::{Choices, freeze};
use super::{drafts, frozen, secrets, services};
use crate::store::error::StoreError;
use crate::store::once::{Call, Step};
use crate::store::records::{DatasetHead, NewTraining, TrainingSubject};
use crate::store::writer::Tx;
use crate::store::{Store, answered_before};
use shared::id::{ProjectId, ServiceId};
use shared::model::Model;
use shared::service::{Service, ServiceSettings};
use shared::status::{ModelStatus, Status};
use shared::training::{Progress, Training};
use sqlx::sqlite::SqliteRow;

/// The version that is named, the dataset that is named or else the version's own, and all machine types.
const SUBJECT: &str = "SELECT m.*, p.name AS parent_name, d.id AS subject_id, d.name AS subject_name, d.task, \
     (SELECT json_group_array(json(machine)) FROM (SELECT machine FROM machine_types ORDER BY name)) AS machines \
     FROM models m LEFT JOIN models p ON p.id = m.parent_id \
     LEFT JOIN datasets d ON d.id = COALESCE(?1, m.dataset_id) OR d.name = ?1 \
     WHERE m.id = ?2 OR (m.name = ?2 AND m.deleted_at_ms IS NULL)";

/// Everything that a start depends on, in one row. A snapshot is found if equal choices were frozen since the dataset last
/// changed.
const LOOK: &str = "SELECT m.*, p.name AS parent_name, s.id AS service_id, s.name AS service_name, \
     s.settings AS service_settings, s.settings_revision, d.name AS dataset_name, n.number AS snapshot_number, \
     c.request_digest, c.reply, j.result, \
     EXISTS (SELECT 1 FROM model_drafts WHERE model_id = m.id) AS has_draft, \
     EXISTS (SELECT 1 FROM idempotency_calls WHERE created_at_ms < ?1) AS has_old_calls \
     FROM models m LEFT JOIN models p ON p.id = m.parent_id \
     LEFT JOIN services s ON s.architecture_id = m.architecture_id \
     LEFT JOIN datasets d ON d.id = ?2 \
     LEFT JOIN snapshots n ON n.dataset_id = d.id AND n.dataset_revision = d.revision \
     AND n.choices_digest = CASE d.task WHEN 'detection' THEN ?3 ELSE ?4 END \
     LEFT JOIN idempotency_calls c ON c.key_hash = ?5 AND c.created_at_ms >= ?1 \
     LEFT JOIN idempotency_steps j ON j.key_hash = c.key_hash AND j.step = ?6 \
     WHERE m.id = ?7";

/// Everything that a start writes. What a version is trained on and with becomes its own: its weights mean the classes of
/// that list, and whoever trains it again or copies it begins with what was trained.
macro_rules! start {
    () => {
        "INSERT INTO trainings (id, model_id, dataset_id, snapshot_number, configuration, labels, train_choice, \
         validation_choice, initial_weights_hash, versions, secrets, service_settings, service_settings_revision, \
         architecture_revision, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?); \
         INSERT INTO executions (id, training_id, service_id, status, queue_number, attempt, max_attempts, \
         fencing_token, acknowledged_sequence, abort_requested, epoch, epochs, step, steps, phase, priority, \
         created_at_ms, revision) VALUES (?, ?, ?, ?, ?, 0, ?, 0, 0, 0, 0, ?, 0, 0, ?, ?, ?, ?); \
         INSERT INTO history (execution_id, revision, at_ms, attempt, event, status, cause) \
         VALUES (?, ?, ?, 0, NULL, ?, NULL); \
         UPDATE models SET dataset_id = ?, labels = ?, configuration = ?, train_choice = ?, validation_choice = ?, \
         status = ?, revision = ? WHERE id = ?"
    };
}
const START: &str = start!();
const START_AND_ANSWER: &str = concat!(start!(), "; ", note_call!("?"));

impl Store {
    /// The version with this id or name, the dataset with this one or else the version's own, and what its service may
    /// run on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn training_subject(
        &self,
        named_model: &str,
        named_dataset: Option<&str>,
    ) -> Result<TrainingSubject, StoreError> {
        let row = sqlx::query(SUBJECT)
            .bind(named_dataset)
            .bind(named_model)
            .fetch_optional(&mut *self.reader().await?)
            .await?
            .ok_or_else(|| StoreError::not_found("model", named_model))?;
        let Some(name) = get(&row, "subject_name")? else {
            return Err(StoreError::not_found("dataset", named_dataset.unwrap_or_default()));
        };
        let dataset = DatasetHead { id: parsed(&row, "subject_id")?, name, task: word(&row, "task")? };
        Ok(TrainingSubject { model: model(&row)?, dataset, machine_types: json(&row, "machines")? })
    }

    /// Starts a training, in one transaction: the selection frozen, training, execution, the service if
    /// it is the architecture's first, model status, history; the draft is gone.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the model cannot be trained now, [`StoreError::RefusedField`] for a subset that has
    /// no items or annotations, for a filter that cannot be run, and for settings that the service does not have.
    pub async fn start_training(&self, new: NewTraining) -> Result<Training, StoreError> {
        self.start_and_answer(new, |_| None).await
    }

    /// As [`start_training`](Self::start_training), and what `reply` makes of it is kept as the answer of the present
    /// call, if that has a key: one flush makes both durable.
    ///
    /// # Errors
    /// As there.
    pub async fn start_and_answer(
        &self,
        new: NewTraining,
        reply: impl FnOnce(&Training) -> Option<Vec<u8>> + Send + 'static,
    ) -> Result<Training, StoreError> {
        let project_id = self.project_id();
        let choices = Choices::of(&new.data)?;
        let (call, step) = Call::next_step().unzip();
        let start =
            async move |tx: &mut Tx| start(tx, project_id, &new, &choices, step.as_ref(), reply).await;
        let (training, reply) = self.write(start).await?;
        if let (Some(call), Some(reply)) = (call, reply) {
            call.set_reply(reply);
        }
        // Then the call has its answer, whatever its method makes of this.
        training.ok_or_else(answered_before)
    }
}

/// The service of an architecture, as far as a start needs it.
struct ServiceHead {
    id: ServiceId,
    name: String,
    settings: ServiceSettings,
    settings_revision: u32,
}

impl From<Service> for ServiceHead {
    fn from(Service { id, name, settings, settings_revision, .. }: Service) -> Self {
        Self { id, name, settings, settings_revision }
    }
}

/// What was started, unless the call was answered before, and the kept answer of the call, if one is.
type Started = (Option<Training>, Option<Vec<u8>>);

async fn start(
    tx: &mut Tx,
    project_id: ProjectId,
    new: &NewTraining,
    choices: &Choices,
    step: Option<&Step>,
    reply: impl FnOnce(&Training) -> Option<Vec<u8>>,
) -> Result<Started, StoreError> {
    let found = look(tx, new, choices, step).await?;
    if let Some(step) = step {
        match known_of(&found, step)? {
            Known::Result(training) => return Ok((Some(training), None)),
            Known::Reply(reply) => return Ok((None, Some(reply))),
            Known::Nothing => {}
        }
    }
    let model = model(&found)?;
    refuse_model(&model)?;
    secrets::refuse_unknown(&mut tx.connection, &new.secrets).await?;
    let dataset_name = get::<Option<String>>(&found, "dataset_name")?
        .ok_or_else(|| StoreError::not_found("dataset", new.data.dataset_id))?;
    let snapshot_number = match (new.snapshot_of, get(&found, "snapshot_number")?) {
        (Some(other), _) => frozen::snapshot_of(&mut tx.connection, other).await?,
        (None, Some(number)) => number,
        (None, None) => freeze(tx, project_id, new.data.dataset_id, choices).await?,
    };
    let service = match service_head(&found)? {
        Some(present) if new.settings_given => {
            services::refuse_other_settings(&present.name, &present.settings, &new.settings)?;
            present
        }
        Some(present) => present,
        None => services::make(tx, &model.architecture_id, &new.settings).await?.into(),
    };
    if flag(&found, "has_draft")? {
        drafts::forget(tx, model.id).await?;
    }
    let training = made(tx, new, &model, dataset_name, &service);
    let answer = step.and_then(|step| Some((step, reply(&training).filter(|reply| is_short(reply))?)));
    if answer.is_some() && flag(&found, "has_old_calls")? {
        forget_old(tx).await?;
    }
    let reply = answer.as_ref().map(|(_, reply)| reply.clone());
    write_start(tx, (new, &training), &model, snapshot_number, &service, answer).await?;
    if let (Some(step), None) = (step, &reply) {
        journal(tx, step, &training).await?;
    }
    Ok((Some(training), reply))
}

async fn look(
    tx: &mut Tx,
    new: &NewTraining,
    choices: &Choices,
    step: Option<&Step>,
) -> Result<SqliteRow, StoreError> {
    let [detection, classification] = choices.digests();
    sqlx::query(LOOK)
        .bind(remembered_since_ms(tx))
        .bind(new.data.dataset_id.to_string())
        .bind(detection)
        .bind(classification)
        .bind(step.map(|step| &step.identity.key_hash))
        .bind(step.map(|step| step.number))
        .bind(new.model_id.to_string())
        .fetch_optional(&mut tx.connection)
        .await?
        .ok_or_else(|| StoreError::not_found("model", new.model_id))
}

fn service_head(row: &SqliteRow) -> Result<Option<ServiceHead>, StoreError> {
    let Some(name) = get(row, "service_name")? else { return Ok(None) };
    Ok(Some(ServiceHead {
        id: parsed(row, "service_id")?,
        name,
        settings: json(row, "service_settings")?,
        settings_revision: number(row, "settings_revision")?,
    }))
}

/// Refuses a version that cannot be trained now.
fn refuse_model(model: &Model) -> Result<(), StoreError> {
    let what = || format!("model `{}` cannot be trained now", model.name);
    if model.deleted_at_ms.is_some() {
        return Err(StoreError::refused(what(), "it is deleted; restore it first"));
    }
    model.status.can_train().map_err(|reason| StoreError::refused(what(), reason))
}

/// A training that nothing has happened to.
fn made(
    tx: &mut Tx,
    new: &NewTraining,
    model: &Model,
    dataset_name: String,
    service: &ServiceHead,
) -> Training {
    let epochs = new.configuration.get("epochs").and_then(serde_json::Value::as_u64).unwrap_or(0);
    Training {
        id: tx.new_id(),
        model_id: model.id,
        model_name: model.name.clone(),
        dataset_id: new.data.dataset_id,
        dataset_name,
        architecture: format!("{}{}", model.architecture_id, model.variant),
        service_id: service.id,
        service_name: service.name.clone(),
        execution_id: tx.new_id(),
        status: Status::Created,
        abort_requested: false,
        progress: Progress { epochs: u32::try_from(epochs).unwrap_or(u32::MAX), ..Progress::default() },
        attempt: 0,
        max_attempts: service.settings.max_attempts,
        instance_id: None,
        priority: new.priority,
        waiting: None,
        cause: None,
        headline: None,
        configuration: new.configuration.clone(),
        created_at_ms: tx.now_ms(),
        started_at_ms: None,
        ended_at_ms: None,
        removed_at_ms: None,
        revision: tx.next_revision(),
    }
}

async fn write_start(
    tx: &mut Tx,
    (new, training): (&NewTraining, &Training),
    model: &Model,
    snapshot_number: i64,
    service: &ServiceHead,
    answer: Option<(&Step, Vec<u8>)>,
) -> Result<(), StoreError> {
    let (id, execution_id) = (training.id.to_string(), training.execution_id.to_string());
    let (model_id, dataset_id) = (model.id.to_string(), new.data.dataset_id.to_string());
    let (labels, train, validation) =
        (to_json(&new.data.labels)?, to_json(&new.data.train)?, to_json(&new.data.validation)?);
    let now_ms = training.created_at_ms;
    let query = sqlx::query(if answer.is_some() { START_AND_ANSWER } else { START })
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
        .bind(new.architecture_revision)
        .bind(now_ms)
        // Its execution.
        .bind(&execution_id)
        .bind(&id)
        .bind(service.id.to_string())
        .bind(training.status.name())
        .bind(training.revision)
        .bind(training.max_attempts)
        .bind(training.progress.epochs)
        .bind(to_word(&training.progress.phase)?)
        .bind(new.priority)
        .bind(now_ms)
        .bind(training.revision)
        // The first line of its history.
        .bind(&execution_id)
        .bind(tx.next_revision())
        .bind(now_ms)
        .bind(training.status.name())
        // The version.
        .bind(&dataset_id)
        .bind(&labels)
        .bind(to_json(&new.overrides)?)
        .bind(&train)
        .bind(&validation)
        .bind(ModelStatus::beside(training.status).name())
        .bind(tx.next_revision())
        .bind(&model_id);
    let query = match answer {
        Some((step, reply)) => {
            query.bind(&step.identity.key_hash).bind(&step.identity.request_digest).bind(now_ms).bind(reply)
        }
        None => query,
    };
    query.execute(&mut tx.connection).await?;
    Ok(())
}
