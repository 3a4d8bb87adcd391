//! What executions wait for, how urgent they are, and who has to give way to whom.
//!
//! Must not know how that is decided.

use super::executions::{Move, write_status};
use super::rows::{number, optional_json, parsed, to_json, to_optional_json, training, word};
use super::trainings::{by_execution, training_select};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use shared::id::{ExecutionId, InstanceId, TrainingId};
use shared::service::{Drain, Instance};
use shared::status::{Event, Status};
use shared::training::{Blocker, Training};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::HashMap;

/// Executions whose reasons are written in one go, so that other writes need not wait long.
const AT_ONCE: usize = 500;

impl Store {
    /// Says what waiting executions wait for: a blocker and the event that goes with it, [`Event::Queued`] or
    /// [`Event::ServiceUnavailable`]. Nothing is written where nothing is new, and one that waits no longer is left out.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_blockers(&self, reasons: Vec<(ExecutionId, Blocker, Event)>) -> Result<(), StoreError> {
        let mut left = reasons.into_iter().peekable();
        while left.peek().is_some() {
            let some: Vec<_> = left.by_ref().take(AT_ONCE).collect();
            self.write(async move |tx: &mut Tx| set_some(tx, some).await).await?;
        }
        Ok(())
    }

    /// The trainings of these executions, in no particular order.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn trainings_of(&self, ids: &[ExecutionId]) -> Result<Vec<Training>, StoreError> {
        let mut select = QueryBuilder::<Sqlite>::new(training_select!("WHERE e.id IN ("));
        let mut names = select.separated(", ");
        for id in ids {
            names.push_bind(id.to_string());
        }
        select.push(") AND t.removed_at_ms IS NULL");
        let rows = select.build().persistent(false).fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(training).collect()
    }

    /// Makes a waiting training more or less urgent.
    ///
    /// # Errors
    /// [`StoreError::Refused`] unless it waits.
    pub async fn set_priority(&self, id: TrainingId, priority: i32) -> Result<Training, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let present = by_training(tx, id).await?;
            if !present.status.is_waiting() {
                return Err(StoreError::refused(
                    format!("the training of `{}` is {}", present.model_name, present.status),
                    "only what waits can be made more or less urgent",
                ));
            }
            let revision = tx.next_revision();
            sqlx::query("UPDATE executions SET priority = ?, revision = ? WHERE id = ?")
                .bind(priority)
                .bind(revision)
                .bind(present.execution_id.to_string())
                .execute(&mut tx.connection)
                .await?;
            by_execution(&mut tx.connection, present.execution_id).await
        })
        .await
    }

    /// Asks for a running training to go round again, from a checkpoint that it writes first.
    ///
    /// # Errors
    /// [`StoreError::Refused`] unless it runs.
    pub async fn request_rerun(&self, id: TrainingId) -> Result<Training, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let present = by_training(tx, id).await?;
            let next_step = match present.status {
                Status::InProgress => None,
                status if status.is_waiting() => Some("it starts by itself"),
                _ => Some("what is final stays so; train the version again, or a clone of it"),
            };
            if let Some(next_step) = next_step {
                let what = format!("the training of `{}` is {}", present.model_name, present.status);
                return Err(StoreError::refused(what, next_step));
            }
            let revision = tx.next_revision();
            sqlx::query("UPDATE executions SET rerun_requested = 1, revision = ? WHERE id = ?")
                .bind(revision)
                .bind(present.execution_id.to_string())
                .execute(&mut tx.connection)
                .await?;
            by_execution(&mut tx.connection, present.execution_id).await
        })
        .await
    }

    /// Tells an instance to take no more work, and, with a reason, to stop what it works on. A reason that is there
    /// already stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn end_instance(&self, id: InstanceId, drain: Option<Drain>) -> Result<Instance, StoreError> {
        self.write(async move |tx: &mut Tx| {
            let revision = tx.next_revision();
            sqlx::query(
                "UPDATE instances SET state = 'stopping', drain = COALESCE(drain, ?), revision = ? \
                 WHERE id = ? AND state IN ('starting', 'running', 'stopping')",
            )
            .bind(to_optional_json(drain.as_ref())?)
            .bind(revision)
            .bind(id.to_string())
            .execute(&mut tx.connection)
            .await?;
            super::services::instance_by_id(&mut tx.connection, id).await
        })
        .await
    }
}

async fn set_some(tx: &mut Tx, reasons: Vec<(ExecutionId, Blocker, Event)>) -> Result<(), StoreError> {
    let ids: Vec<ExecutionId> = reasons.iter().map(|(id, ..)| *id).collect();
    let rows = sqlx::query(
        "SELECT e.id, e.status, e.attempt, e.blocker, t.model_id FROM json_each(?) one \
         CROSS JOIN executions e JOIN trainings t ON t.id = e.training_id WHERE e.id = one.value",
    )
    .bind(to_json(&ids)?)
    .fetch_all(&mut tx.connection)
    .await?;
    let mut present: HashMap<ExecutionId, &SqliteRow> = HashMap::with_capacity(rows.len());
    for row in &rows {
        present.insert(parsed(row, "id")?, row);
    }
    for (id, blocker, event) in reasons {
        if let Some(row) = present.get(&id) {
            set_blocker(tx, id, row, blocker, event).await?;
        }
    }
    Ok(())
}

async fn set_blocker(
    tx: &mut Tx,
    id: ExecutionId,
    present: &SqliteRow,
    blocker: Blocker,
    event: Event,
) -> Result<(), StoreError> {
    let before: Status = word(present, "status")?;
    // A runner took it, or a person ended it in the meantime.
    let Ok(status) = before.after(event) else { return Ok(()) };
    let told: Option<Blocker> = optional_json(present, "blocker")?;
    if status == before && told.is_some_and(|told| told.is_like(&blocker)) {
        return Ok(());
    }
    let blocker = blocker.without_holders();
    if status != before {
        let (model_id, attempt) = (parsed(present, "model_id")?, number(present, "attempt")?);
        let blocker = Some(blocker);
        return write_status(tx, Move { id, model_id, attempt, event, status, cause: None, blocker }).await;
    }
    let revision = tx.next_revision();
    sqlx::query("UPDATE executions SET blocker = ?, revision = ? WHERE id = ?")
        .bind(to_json(&blocker)?)
        .bind(revision)
        .bind(id.to_string())
        .execute(&mut tx.connection)
        .await?;
    Ok(())
}

async fn by_training(tx: &mut Tx, id: TrainingId) -> Result<Training, StoreError> {
    super::trainings::find(&mut tx.connection, &id.to_string()).await
}
