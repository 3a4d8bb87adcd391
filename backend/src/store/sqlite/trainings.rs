//! Trainings as the Training tab shows them: listing, aborting, removing.
//!
//! Must not know runners; a status changes in `executions.rs` alone.

use super::rows::{history_entry, log_line, parsed, to_number, training, word};
use super::{executions, models, secrets};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{StoredLogLine, TrainingQuery};
use crate::store::writer::Tx;
use shared::id::{ExecutionId, TrainingId};
use shared::status::{Event, Status};
use shared::training::{HistoryEntry, Training};
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

/// So many trainings are sorted faster than the order of all is walked through.
const FEW: u64 = if cfg!(test) { 1 } else { 2_000 };

impl Store {
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
        let total = count(&mut reader, &query).await?;
        let mut select = QueryBuilder::<Sqlite>::new(training_select!(""));
        push_conditions(&mut select, &query, total > FEW);
        select
            .push(" ORDER BY e.queue_number DESC LIMIT ")
            .push_bind(i64::from(query.limit))
            .push(" OFFSET ")
            .push_bind(to_number(query.offset)?);
        let rows = select.build().fetch_all(&mut *reader).await?;
        let trainings = rows.iter().map(training).collect::<Result<_, _>>()?;
        Ok((trainings, total))
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
        // All, less those that were taken out: the index tells the first, and the second are few.
        let rows = sqlx::query(
            "SELECT status, COUNT(*) AS amount, 0 AS is_removed FROM executions GROUP BY status \
             UNION ALL SELECT e.status, COUNT(*), 1 FROM trainings t CROSS JOIN executions e \
             WHERE e.training_id = t.id AND t.removed_at_ms IS NOT NULL GROUP BY e.status",
        )
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let mut counts = [0_u64; 8];
        for row in &rows {
            let status: Status = word(row, "status")?;
            let amount = super::rows::number(row, "amount")?;
            if let Some(place) = Status::ALL.iter().position(|each| *each == status) {
                let is_removed = super::rows::flag(row, "is_removed")?;
                counts[place] = if is_removed { counts[place].saturating_sub(amount) } else { amount };
            }
        }
        Ok(counts)
    }
}

/// How many there are in all. Without a search, indices alone tell: all less those that were taken out of the table.
async fn count(connection: &mut SqliteConnection, query: &TrainingQuery) -> Result<u64, StoreError> {
    let mut count = QueryBuilder::<Sqlite>::new("SELECT ");
    if query.search.trim().is_empty() {
        count.push("(SELECT COUNT(*) FROM executions e WHERE 1 = 1");
        push_statuses(&mut count, "e.status", &query.statuses);
        count.push(")");
        if !query.include_removed {
            count.push(
                " - (SELECT COUNT(*) FROM trainings t CROSS JOIN executions e \
                 WHERE e.training_id = t.id AND t.removed_at_ms IS NOT NULL",
            );
            push_statuses(&mut count, "e.status", &query.statuses);
            count.push(")");
        }
    } else {
        count.push(
            "COUNT(*) FROM trainings t JOIN executions e ON e.training_id = t.id JOIN models m ON m.id = t.model_id ",
        );
        push_conditions(&mut count, query, false);
    }
    let total: i64 = count.build_query_scalar().fetch_one(connection).await?;
    Ok(u64::try_from(total).unwrap_or(0))
}

/// `are_many` finds them in the order in which they are shown, rather than all of them first.
fn push_conditions(builder: &mut QueryBuilder<Sqlite>, query: &TrainingQuery, are_many: bool) {
    builder.push("WHERE 1 = 1");
    if !query.include_removed {
        builder.push(" AND t.removed_at_ms IS NULL");
    }
    // The plus keeps the index of statuses from being used.
    push_statuses(builder, if are_many { "+e.status" } else { "e.status" }, &query.statuses);
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

fn push_statuses(builder: &mut QueryBuilder<Sqlite>, column: &str, statuses: &[Status]) {
    if statuses.is_empty() {
        return;
    }
    builder.push(format!(" AND {column} IN ("));
    let mut names = builder.separated(", ");
    for status in statuses {
        names.push_bind(status.name());
    }
    builder.push(")");
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
        "SELECT e.id FROM (SELECT id FROM executions WHERE id = ?1 \
         UNION SELECT id FROM executions WHERE training_id = ?1 \
         UNION SELECT x.id FROM models n JOIN trainings r ON r.model_id = n.id JOIN executions x ON x.training_id = r.id \
         WHERE n.id = ?1 OR n.name = ?1) found JOIN executions e ON e.id = found.id \
         JOIN trainings t ON t.id = e.training_id JOIN models m ON m.id = t.model_id \
         ORDER BY m.deleted_at_ms IS NOT NULL, e.queue_number DESC LIMIT 1",
    )
    .bind(id_or_name)
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| StoreError::not_found("training", id_or_name))?;
    by_execution(connection, parsed(&row, "id")?).await
}
