//! Samples of databases of earlier versions, which had a row each. SQL cannot pack numbers, so a migration could
//! not move them.
//!
//! Must not know anything that came later.

use super::block::{Measured, Origin};
use super::write::put_points;
use crate::store::error::StoreError;
use crate::store::sqlite::rows::{get, number, parsed};
use futures::TryStreamExt;
use shared::id::ExecutionId;
use shared::series::Point;
use sqlx::{Connection, SqliteConnection};
use std::collections::BTreeMap;

/// Moves all samples into blocks, in one transaction, and drops their table. Does nothing when that is gone.
pub(in crate::store::sqlite) async fn take_over(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let is_there: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'samples')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !is_there {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    let rows = sqlx::query("SELECT DISTINCT execution_id, figure, legend FROM samples")
        .fetch_all(&mut *transaction)
        .await?;
    for row in &rows {
        let id: ExecutionId = parsed(row, "execution_id")?;
        let name: (String, String) = (get(row, "figure")?, get(row, "legend")?);
        let points = points_of(&mut transaction, id, &name).await?;
        put_points(&mut transaction, id, BTreeMap::from([(name, points)])).await?;
    }
    sqlx::query("DROP TABLE samples").execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn points_of(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    (figure, legend): &(String, String),
) -> Result<Vec<Measured>, StoreError> {
    let mut rows = sqlx::query(
        "SELECT x, y, revision, at_ms, attempt FROM samples WHERE execution_id = ? AND figure = ? AND legend = ?",
    )
    .bind(id.to_string())
    .bind(figure)
    .bind(legend)
    .fetch(connection);
    let mut points = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let y: Option<f64> = get(&row, "y")?;
        let origin = Origin {
            revision: get(&row, "revision")?,
            at_ms: get(&row, "at_ms")?,
            attempt: number(&row, "attempt")?,
        };
        // There, a value that is none was NaN.
        points.push(Measured { point: Point::new(get(&row, "x")?, y.unwrap_or(f64::NAN)), origin });
    }
    Ok(points)
}
