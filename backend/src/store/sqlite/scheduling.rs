//! What the plan looks at, read at one moment.
//!
//! Must not know what the plan decides.

use super::rows::queued_execution;
use super::services::{all_services, with_executions};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Snapshot;
use sqlx::Connection;

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
            "SELECT * FROM executions WHERE status IN ('created', 'pending', 'in-progress', 'rerun') \
             ORDER BY queue_number",
        )
        .fetch_all(&mut *moment)
        .await?;
        let executions = rows.iter().map(queued_execution).collect::<Result<_, _>>()?;
        moment.commit().await?;
        Ok(Snapshot { services, instances, executions })
    }
}
