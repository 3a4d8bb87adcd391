//! How fast trainings went on this machine.
//!
//! Must not know what is concluded from it.

use super::rows::{get, number};
use crate::store::Store;
use crate::store::error::StoreError;
use shared::estimate::PastRun;

/// The latest say more than all.
const MOST_RUNS: i64 = 20;

impl Store {
    /// The latest trainings of a variant that ended well at their first attempt, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn past_runs(&self, architecture_id: &str, variant: &str) -> Result<Vec<PastRun>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.epoch, e.ended_at_ms - e.attempt_started_at_ms AS took_ms, \
             COALESCE(CAST(t.configuration ->> 'imgsz' AS INTEGER), 1) AS imgsz, \
             (SELECT COUNT(*) FROM snapshot_items i WHERE i.snapshot_number = t.snapshot_number \
                AND i.subset IN ('train', 'validation')) AS items \
             FROM executions e JOIN trainings t ON t.id = e.training_id JOIN models m ON m.id = t.model_id \
             WHERE e.status = 'success' AND e.attempt = 1 AND m.architecture_id = ? AND m.variant = ? \
             ORDER BY e.queue_number DESC LIMIT ?",
        )
        .bind(architecture_id)
        .bind(variant)
        .bind(MOST_RUNS)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let (items, epochs): (u32, u32) = (number(row, "items")?, number(row, "epoch")?);
                Ok(PastRun {
                    secs: get::<i64>(row, "took_ms")? as f64 / 1_000.0,
                    item_epochs: f64::from(items) * f64::from(epochs),
                    imgsz: number(row, "imgsz")?,
                })
            })
            .collect()
    }
}
