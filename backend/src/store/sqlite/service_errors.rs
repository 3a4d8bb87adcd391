//! The troubles of services: grouped by their reason, counted, and kept after they are over.
//!
//! Must not know what counts as trouble.

use super::rows::{get, json, number, parsed, to_json, word};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use proto::convert::ServiceLoad;
use shared::id::{ExecutionId, ServiceId};
use shared::service::{InstanceError, ServiceError};
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

impl Store {
    /// Notes one trouble of a service, with the last lines of output and the executions that it concerns; answers what
    /// is known of its kind by now.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn record_service_error(
        &self,
        id: ServiceId,
        error: InstanceError,
        output: Vec<String>,
        executions: Vec<ExecutionId>,
    ) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| {
            let now_ms = tx.now_ms();
            let known = sqlx::query("SELECT * FROM service_errors WHERE service_id = ? AND reason = ?")
                .bind(id.to_string())
                .bind(error.reason.name())
                .fetch_optional(&mut tx.connection)
                .await?;
            let known = known.as_ref().map(service_error).transpose()?;
            let mut concerned = executions;
            for earlier in known.iter().flat_map(|known| &known.executions) {
                if !concerned.contains(earlier) {
                    concerned.push(*earlier);
                }
            }
            concerned.truncate(ServiceError::MOST_EXECUTIONS);
            sqlx::query(
                "INSERT INTO service_errors (service_id, reason, count, first_at_ms, last_at_ms, detail, output, \
                 executions) VALUES (?, ?, 1, ?, ?, ?, ?, ?) \
                 ON CONFLICT (service_id, reason) DO UPDATE SET count = count + 1, last_at_ms = excluded.last_at_ms, \
                 detail = excluded.detail, output = excluded.output, executions = excluded.executions",
            )
            .bind(id.to_string())
            .bind(error.reason.name())
            .bind(now_ms)
            .bind(now_ms)
            .bind(&error.detail)
            .bind(to_json(&output)?)
            .bind(to_json(&concerned)?)
            .execute(&mut tx.connection)
            .await?;
            tx.next_revision();
            Ok(())
        })
        .await
    }

    /// The troubles of a service by their reason, the latest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn service_errors(&self, id: ServiceId) -> Result<Vec<ServiceError>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM service_errors WHERE service_id = ? ORDER BY last_at_ms DESC, reason")
                .bind(id.to_string())
                .fetch_all(&mut *self.reader().await?)
                .await?;
        rows.iter().map(service_error).collect()
    }

    /// What each service has to do now; one without anything is left out.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn service_loads(&self) -> Result<BTreeMap<ServiceId, ServiceLoad>, StoreError> {
        let mut reader = self.reader().await?;
        let mut loads: BTreeMap<ServiceId, ServiceLoad> = BTreeMap::new();
        let queues = sqlx::query(
            "SELECT service_id, SUM(status <> 'in-progress') AS waiting, SUM(status = 'in-progress') AS running, \
             MIN(CASE WHEN status <> 'in-progress' THEN created_at_ms END) AS oldest FROM executions \
             WHERE status IN ('created', 'pending', 'in-progress', 'rerun') GROUP BY service_id",
        )
        .fetch_all(&mut *reader)
        .await?;
        for row in &queues {
            let load = loads.entry(parsed(row, "service_id")?).or_default();
            load.waiting = number(row, "waiting")?;
            load.running = number(row, "running")?;
            load.oldest_waiting_ms = get(row, "oldest")?;
        }
        let instances = sqlx::query(
            "SELECT service_id, COUNT(*) AS alive, SUM(state <> 'starting') AS registered FROM instances \
             WHERE state IN ('starting', 'running', 'stopping') GROUP BY service_id",
        )
        .fetch_all(&mut *reader)
        .await?;
        for row in &instances {
            let load = loads.entry(parsed(row, "service_id")?).or_default();
            load.alive = number(row, "alive")?;
            load.registered = number(row, "registered")?;
        }
        Ok(loads)
    }
}

fn service_error(row: &SqliteRow) -> Result<ServiceError, StoreError> {
    Ok(ServiceError {
        service_id: parsed(row, "service_id")?,
        reason: word(row, "reason")?,
        count: number(row, "count")?,
        first_at_ms: get(row, "first_at_ms")?,
        last_at_ms: get(row, "last_at_ms")?,
        detail: get(row, "detail")?,
        output: json(row, "output")?,
        executions: json(row, "executions")?,
    })
}
