//! Trainings as the Training tab shows them: starting, listing, aborting, removing.
//!
//! Must not know runners; a status changes in `executions.rs` alone.

use super::rows::{history_entry, log_line, parsed, to_json, to_number, training, word};
use super::{drafts, executions, frozen, models, secrets, services, snapshots};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{NewTraining, StoredLogLine, TrainingQuery};
use crate::store::writer::Tx;
use shared::id::{ExecutionId, TrainingId};
use shared::model::Model;
use shared::service::Service;
use shared::status::{Event, ModelStatus, Status};
use shared::training::{HistoryEntry, Phase, Training};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

/// One row of the Training tab, with this tail of the statement.
macro_rules! training_select {
    ($tail:literal) => {
        concat!(
            "SELECT e.*, e.id AS execution_id, t.model_id, t.dataset_id, t.configuration, t.removed_at_ms, \
             m.name AS model_name, m.architecture_id, m.variant, d.name AS dataset_name, s.name AS service_name \
             FROM trainings t JOIN executions e ON e.training_id = t.id JOIN models m ON m.id = t.model_id \
             JOIN datasets d ON d.id = t.dataset_id JOIN services s ON s.id = e.service_id ",
            $tail
        )
    };
}
pub(super) use training_select;

impl Store {
    /// Starts a training, in one transaction: the selection frozen, training, execution, the service if
    /// it is the architecture's first, model status, history; the draft is gone.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the model cannot be trained now, [`StoreError::RefusedField`] for a subset that has
    /// no items or annotations, for a filter that cannot be run, and for settings that the service does not have.
    pub async fn start_training(&self, new: NewTraining) -> Result<Training, StoreError> {
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| {
            let model = models::by_id_or_name(&mut tx.connection, &new.model_id.to_string()).await?;
            refuse_model(&model)?;
            secrets::refuse_unknown(&mut tx.connection, &new.secrets).await?;
            let snapshot_number = match new.snapshot_of {
                Some(other) => frozen::snapshot_of(&mut tx.connection, other).await?,
                None => snapshots::freeze(tx, project_id, &new.data).await?,
            };
            let service =
                services::find_or_make(tx, &model.architecture_id, &new.settings, new.settings_given).await?;
            let execution_id: ExecutionId = tx.new_id();
            let id = insert_training(tx, &model, &new, snapshot_number, &service).await?;
            let now_ms = tx.now_ms();
            let epochs = new.configuration.get("epochs").and_then(serde_json::Value::as_u64).unwrap_or(0);
            let queue_number = tx.next_revision();
            sqlx::query(
                "INSERT INTO executions (id, training_id, service_id, status, queue_number, attempt, max_attempts, \
                 fencing_token, acknowledged_sequence, abort_requested, epoch, epochs, step, steps, phase, \
                 priority, created_at_ms, revision) VALUES (?, ?, ?, ?, ?, 0, ?, 0, 0, 0, 0, ?, 0, 0, ?, ?, ?, ?)",
            )
            .bind(execution_id.to_string())
            .bind(id.to_string())
            .bind(service.id.to_string())
            .bind(Status::Created.name())
            .bind(queue_number)
            .bind(service.settings.max_attempts)
            .bind(u32::try_from(epochs).unwrap_or(u32::MAX))
            .bind(super::rows::to_word(&Phase::default())?)
            .bind(new.priority)
            .bind(now_ms)
            .bind(queue_number)
            .execute(&mut tx.connection)
            .await?;
            executions::append_history(tx, execution_id, 0, None, Status::Created, None).await?;
            executions::set_model_status(tx, model.id, ModelStatus::beside(Status::Created)).await?;
            models::adopt(tx, &new).await?;
            drafts::forget(tx, model.id).await?;
            by_execution(&mut tx.connection, execution_id).await
        })
        .await
    }

    /// Refuses names that no secret has.
    ///
    /// # Errors
    /// [`StoreError::RefusedField`] for the first of them.
    pub async fn check_secrets(&self, names: &[String]) -> Result<(), StoreError> {
        secrets::refuse_unknown(&mut *self.reader().await?, names).await
    }

    /// The training with this id, execution id, or the latest of this model id or model name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn training(&self, id_or_name: &str) -> Result<Training, StoreError> {
        find(&mut *self.reader().await?, id_or_name).await
    }

    /// Trainings, newest first, and how many there are in all.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn trainings(&self, query: TrainingQuery) -> Result<(Vec<Training>, u64), StoreError> {
        let mut reader = self.reader().await?;
        let mut count = QueryBuilder::<Sqlite>::new(
            "SELECT COUNT(*) FROM trainings t JOIN executions e ON e.training_id = t.id \
             JOIN models m ON m.id = t.model_id ",
        );
        push_conditions(&mut count, &query);
        let total: i64 = count.build_query_scalar().fetch_one(&mut *reader).await?;
        let mut select = QueryBuilder::<Sqlite>::new(training_select!(""));
        push_conditions(&mut select, &query);
        select
            .push(" ORDER BY e.queue_number DESC LIMIT ")
            .push_bind(i64::from(query.limit))
            .push(" OFFSET ")
            .push_bind(to_number(query.offset)?);
        let rows = select.build().fetch_all(&mut *reader).await?;
        let trainings = rows.iter().map(training).collect::<Result<_, _>>()?;
        Ok((trainings, u64::try_from(total).unwrap_or(0)))
    }

    /// Ends a training for a person: at once while it waits; while it runs, its runner is asked.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if it is over already.
    pub async fn request_abort(&self, id: TrainingId) -> Result<Training, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let present = find(&mut tx.connection, &id.to_string()).await?;
            present.status.can_abort().map_err(|reason| {
                StoreError::refused(format!("the training of `{}` is {}", present.model_name, present.status), reason)
            })?;
            if present.status.is_waiting() {
                let execution = executions::load(tx, present.execution_id).await?;
                executions::apply(tx, &execution, Event::Terminated, Some(executions::asked_for())).await?;
            } else if !present.abort_requested {
                let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
                sqlx::query(
                    "UPDATE executions SET abort_requested = 1, abort_requested_at_ms = ?, revision = ? WHERE id = ?",
                )
                .bind(now_ms)
                .bind(revision)
                .bind(present.execution_id.to_string())
                .execute(&mut tx.connection)
                .await?;
            }
            by_execution(&mut tx.connection, present.execution_id).await
        })
        .await
    }

    /// Takes a finished training out of the table; its record stays.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while it waits or runs.
    pub async fn remove_training(&self, id: TrainingId) -> Result<Training, StoreError> {
        self.set_removed(id, true).await
    }

    /// Puts a removed training back into the table.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restore_training(&self, id: TrainingId) -> Result<Training, StoreError> {
        self.set_removed(id, false).await
    }

    async fn set_removed(&self, id: TrainingId, removed: bool) -> Result<Training, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let present = find(&mut tx.connection, &id.to_string()).await?;
            if removed {
                present.status.can_remove().map_err(|reason| {
                    StoreError::refused(
                        format!("the training of `{}` is {}", present.model_name, present.status),
                        reason,
                    )
                })?;
            }
            if present.removed_at_ms.is_some() == removed {
                return Ok(present);
            }
            let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
            sqlx::query("UPDATE trainings SET removed_at_ms = ? WHERE id = ?")
                .bind(removed.then_some(now_ms))
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            sqlx::query("UPDATE executions SET revision = ? WHERE training_id = ?")
                .bind(revision)
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            by_execution(&mut tx.connection, present.execution_id).await
        })
        .await
    }

    /// The log lines of an execution after this number.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn logs(
        &self,
        id: ExecutionId,
        after_number: u64,
        limit: u32,
    ) -> Result<Vec<StoredLogLine>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM log_lines WHERE execution_id = ? AND number > ? ORDER BY number LIMIT ?",
        )
        .bind(id.to_string())
        .bind(i64::try_from(after_number).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter().map(log_line).collect()
    }

    /// Everything that happened to an execution, oldest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn history(&self, id: ExecutionId) -> Result<Vec<HistoryEntry>, StoreError> {
        let rows = sqlx::query("SELECT * FROM history WHERE execution_id = ? ORDER BY revision")
            .bind(id.to_string())
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.iter().map(history_entry).collect()
    }

    /// How many trainings of the table stand at each status, in the order of [`Status::ALL`].
    ///
    /// # Errors
    /// If the database fails.
    pub async fn training_counts(&self) -> Result<[u64; 8], StoreError> {
        let rows = sqlx::query(
            "SELECT e.status, COUNT(*) AS amount FROM executions e JOIN trainings t ON t.id = e.training_id \
             WHERE t.removed_at_ms IS NULL GROUP BY e.status",
        )
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let mut counts = [0; 8];
        for row in &rows {
            let status: Status = word(row, "status")?;
            if let Some(place) = Status::ALL.iter().position(|each| *each == status) {
                counts[place] = super::rows::number(row, "amount")?;
            }
        }
        Ok(counts)
    }
}

/// Refuses a version that cannot be trained now.
fn refuse_model(model: &Model) -> Result<(), StoreError> {
    let what = || format!("model `{}` cannot be trained now", model.name);
    if model.deleted_at_ms.is_some() {
        return Err(StoreError::refused(what(), "it is deleted; restore it first"));
    }
    model.status.can_train().map_err(|reason| StoreError::refused(what(), reason))
}

async fn insert_training(
    tx: &mut Tx,
    model: &Model,
    new: &NewTraining,
    snapshot_number: i64,
    service: &Service,
) -> Result<TrainingId, StoreError> {
    let id: TrainingId = tx.new_id();
    let now_ms = tx.now_ms();
    sqlx::query(
        "INSERT INTO trainings (id, model_id, dataset_id, snapshot_number, configuration, labels, train_choice, \
         validation_choice, initial_weights_hash, versions, secrets, service_settings, service_settings_revision, \
         created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(model.id.to_string())
    .bind(new.data.dataset_id.to_string())
    .bind(snapshot_number)
    .bind(to_json(&new.configuration)?)
    .bind(to_json(&new.data.labels)?)
    .bind(to_json(&new.data.train)?)
    .bind(to_json(&new.data.validation)?)
    .bind(&model.initial_weights_hash)
    .bind(to_json(&new.versions)?)
    .bind(to_json(&new.secrets)?)
    .bind(to_json(&service.settings)?)
    .bind(service.settings_revision)
    .bind(now_ms)
    .execute(&mut tx.connection)
    .await?;
    Ok(id)
}

fn push_conditions(builder: &mut QueryBuilder<Sqlite>, query: &TrainingQuery) {
    builder.push("WHERE 1 = 1");
    if !query.include_removed {
        builder.push(" AND t.removed_at_ms IS NULL");
    }
    if !query.statuses.is_empty() {
        builder.push(" AND e.status IN (");
        let mut names = builder.separated(", ");
        for status in &query.statuses {
            names.push_bind(status.name());
        }
        builder.push(")");
    }
    if !query.search.trim().is_empty() {
        let start = models::starts_with(&query.search);
        builder
            .push(" AND (LOWER(m.name) LIKE ")
            .push_bind(models::contains(&query.search))
            .push(" ESCAPE '\\'");
        for column in ["t.id", "e.id", "m.id"] {
            builder.push(format!(" OR {column} LIKE ")).push_bind(start.clone()).push(" ESCAPE '\\'");
        }
        builder.push(")");
    }
}

pub(super) async fn by_execution(
    connection: &mut SqliteConnection,
    id: ExecutionId,
) -> Result<Training, StoreError> {
    let row = sqlx::query(training_select!("WHERE e.id = ?"))
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("execution", id))?;
    training(&row)
}

pub(super) async fn find(
    connection: &mut SqliteConnection,
    id_or_name: &str,
) -> Result<Training, StoreError> {
    let row = sqlx::query(
        "SELECT e.id FROM trainings t JOIN executions e ON e.training_id = t.id JOIN models m ON m.id = t.model_id \
         WHERE t.id = ? OR e.id = ? OR m.id = ? OR m.name = ? \
         ORDER BY m.deleted_at_ms IS NOT NULL, e.queue_number DESC LIMIT 1",
    )
    .bind(id_or_name)
    .bind(id_or_name)
    .bind(id_or_name)
    .bind(id_or_name)
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| StoreError::not_found("training", id_or_name))?;
    by_execution(connection, parsed(&row, "id")?).await
}
