//! What the plan looks at, read at one moment.
//!
//! Must not know what the plan decides.

use super::machine_types;
use super::rows::{get, parsed, queued_execution};
use super::services::{all_services, with_executions};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{QueuedExecution, Snapshot};
use shared::id::ServiceId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, SqliteConnection};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Past trainings that tell how long the next one takes.
const TYPICAL_OF: i64 = 20;

/// What the plan sees of an execution, with this end of the statement. Every change of one of these columns stamps the
/// row with a new revision.
macro_rules! queue_select {
    ($tail:literal) => {
        concat!(
            "SELECT e.id, e.service_id, m.name AS model_name, e.status, e.blocker, e.priority, e.epoch, e.epochs, \
             e.step, e.steps, e.phase, e.attempt, e.max_attempts, e.fencing_token, e.abort_requested, \
             e.abort_requested_at_ms, e.rerun_requested, e.instance_id, e.queue_number, e.not_before_ms, \
             e.started_at_ms, e.attempt_started_at_ms FROM executions e JOIN trainings t ON t.id = e.training_id \
             JOIN models m ON m.id = t.model_id ",
            $tail
        )
    };
}

/// The executions that are not final, as they were at a revision: a pass reads only what changed since, however long the
/// queue is.
#[derive(Debug, Default)]
pub(in crate::store) struct Queue(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    revision: i64,
    /// By their number in the queue, which no two have.
    executions: BTreeMap<i64, Arc<QueuedExecution>>,
}

impl Kept {
    fn take_in(&mut self, row: &SqliteRow) -> Result<(), StoreError> {
        let execution = queued_execution(row)?;
        if execution.status.is_final() {
            self.executions.remove(&execution.queue_number);
        } else {
            self.executions.insert(execution.queue_number, Arc::new(execution));
        }
        Ok(())
    }
}

impl Store {
    /// Services, living instances and unfinished executions, all as of one moment.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn scheduling_snapshot(&self) -> Result<Snapshot, StoreError> {
        let mut kept = self.queue().0.lock().await;
        let mut reader = self.reader().await?;
        let mut moment = reader.begin().await?;
        let services = all_services(&mut moment).await?;
        let rows = sqlx::query(
            "SELECT * FROM instances WHERE state IN ('starting', 'running', 'stopping') ORDER BY created_at_ms, id",
        )
        .fetch_all(&mut *moment)
        .await?;
        let instances = with_executions(&mut moment, &rows).await?;
        let typical_ms = typical_durations(&mut moment).await?;
        let machine_types = machine_types::all(&mut moment).await?;
        let now_kept = bring_up_to_date(&mut moment, kept.take()).await?;
        moment.commit().await?;
        let executions = now_kept.executions.values().cloned().collect();
        *kept = Some(now_kept);
        Ok(Snapshot { services, typical_ms, machine_types, instances, executions, is_stopping: false })
    }
}

#[cfg(test)]
impl Store {
    /// The next snapshot reads everything.
    pub(in crate::store) async fn forget_queue(&self) {
        *self.queue().0.lock().await = None;
    }
}

/// What was kept, with what changed since. After an error nothing is kept, and the next look reads everything.
async fn bring_up_to_date(moment: &mut SqliteConnection, kept: Option<Kept>) -> Result<Kept, StoreError> {
    let revision: i64 = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'revision'")
        .fetch_one(&mut *moment)
        .await?;
    let (statement, mut kept) = match kept {
        Some(kept) => (queue_select!("WHERE e.revision > ?"), kept),
        None => (
            queue_select!(
                "WHERE e.status IN ('created', 'pending', 'in-progress', 'rerun') AND e.revision > ?"
            ),
            Kept { revision: 0, executions: BTreeMap::new() },
        ),
    };
    let rows = sqlx::query(statement).bind(kept.revision).fetch_all(moment).await?;
    rows.iter().try_for_each(|row| kept.take_in(row))?;
    kept.revision = revision;
    Ok(kept)
}

/// The mean of the last [`TYPICAL_OF`] that ended well, from the start of their last attempt.
async fn typical_durations(
    connection: &mut SqliteConnection,
) -> Result<BTreeMap<ServiceId, i64>, StoreError> {
    let rows = sqlx::query(
        "SELECT s.id, (SELECT AVG(took) FROM (SELECT ended_at_ms - attempt_started_at_ms AS took FROM executions \
         WHERE service_id = s.id AND status = 'success' AND ended_at_ms >= attempt_started_at_ms \
         ORDER BY queue_number DESC LIMIT ?)) AS typical FROM services s",
    )
    .bind(TYPICAL_OF)
    .fetch_all(connection)
    .await?;
    let mut typical = BTreeMap::new();
    for row in &rows {
        let mean: Option<f64> = get(row, "typical")?;
        #[expect(clippy::cast_possible_truncation, reason = "a duration in milliseconds")]
        if let Some(mean) = mean {
            typical.insert(parsed(row, "id")?, mean as i64);
        }
    }
    Ok(typical)
}
