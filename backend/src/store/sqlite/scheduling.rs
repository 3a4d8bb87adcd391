//! What the plan looks at, read at one moment.
//!
//! Must not know what the plan decides.

use super::machine_types;
use super::rows::queued_execution;
use super::services::{all_services, with_executions};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Snapshot;
use shared::id::ServiceId;
use shared::service::Service;
use sqlx::{Connection, SqliteConnection};
use std::collections::BTreeMap;

/// Past trainings that tell how long the next one takes.
const TYPICAL_OF: i64 = 20;

impl Store {
    /// Services, living instances and unfinished executions, all as of one moment.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn scheduling_snapshot(&self) -> Result<Snapshot, StoreError> {
        let mut reader = self.reader().await?;
        let mut moment = reader.begin().await?;
        let services = all_services(&mut moment).await?;
        let rows = sqlx::query(
            "SELECT * FROM instances WHERE state IN ('starting', 'running', 'stopping') ORDER BY created_at_ms, id",
        )
        .fetch_all(&mut *moment)
        .await?;
        let instances = with_executions(&mut moment, &rows).await?;
        let rows = sqlx::query(
            "SELECT e.*, m.name AS model_name FROM executions e JOIN trainings t ON t.id = e.training_id \
             JOIN models m ON m.id = t.model_id \
             WHERE e.status IN ('created', 'pending', 'in-progress', 'rerun') ORDER BY e.queue_number",
        )
        .fetch_all(&mut *moment)
        .await?;
        let executions = rows.iter().map(queued_execution).collect::<Result<_, _>>()?;
        let typical_ms = typical_durations(&mut moment, &services).await?;
        let machine_types = machine_types::all(&mut moment).await?;
        moment.commit().await?;
        Ok(Snapshot { services, typical_ms, machine_types, instances, executions, is_stopping: false })
    }
}

/// The mean of the last [`TYPICAL_OF`] that ended well, from the start of their last attempt.
async fn typical_durations(
    connection: &mut SqliteConnection,
    services: &[Service],
) -> Result<BTreeMap<ServiceId, i64>, StoreError> {
    let mut typical = BTreeMap::new();
    for service in services {
        let mean: Option<f64> = sqlx::query_scalar(
            "SELECT AVG(took) FROM (SELECT ended_at_ms - attempt_started_at_ms AS took FROM executions \
             WHERE service_id = ? AND status = 'success' AND ended_at_ms >= attempt_started_at_ms \
             ORDER BY queue_number DESC LIMIT ?)",
        )
        .bind(service.id.to_string())
        .bind(TYPICAL_OF)
        .fetch_one(&mut *connection)
        .await?;
        #[expect(clippy::cast_possible_truncation, reason = "a duration in milliseconds")]
        typical.extend(mean.map(|mean| (service.id, mean as i64)));
    }
    Ok(typical)
}
