//! Streams are queries: what has a revision after the cursor.
//!
//! Must not know who watches, or how it travels.

use super::rows::{artifact, get, history_entry, log_line, training};
use super::series::{Stamped, samples_after};
use super::trainings::training_select;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{Changes, WatchScope};
use shared::id::ExecutionId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, SqliteConnection};

/// Rows of one kind in one batch, so that a stream costs bounded memory however far behind it is.
const BATCH_ROWS: usize = 1000;

impl Store {
    /// What changed after `cursor`, as of one moment, in bounded batches. Every row has a revision of
    /// its own, so a batch can be cut anywhere without sending a row twice or missing one.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn changes_since(&self, cursor: i64, scope: WatchScope) -> Result<Changes, StoreError> {
        let mut reader = self.reader().await?;
        let mut moment = reader.begin().await?;
        let newest: i64 = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'revision'")
            .fetch_one(&mut *moment)
            .await?;
        let mut batch = Batch { cursor, end: newest, ..Batch::default() };
        let mut logs_after = scope.logs_after;
        if scope.trainings {
            batch.trainings = batch.take(training_rows(&mut moment, cursor).await?)?;
        }
        if let Some(id) = scope.execution {
            if cursor == 0 && scope.log_tail > 0 {
                logs_after = logs_after.max(log_floor(&mut moment, id, scope.log_tail).await?);
            }
            batch.take_samples(
                samples_after(&mut moment, id, cursor.max(scope.metrics_after), BATCH_ROWS + 1).await?,
            );
            batch.logs = batch.take(lines_after(&mut moment, id, cursor, logs_after).await?)?;
            batch.artifacts = batch.take(rows_after(&mut moment, ARTIFACTS, id, cursor).await?)?;
            batch.history = batch.take(rows_after(&mut moment, HISTORY, id, cursor).await?)?;
        }
        moment.commit().await?;
        batch.finish(newest, logs_after)
    }
}

const LOG_LINES: &str = "SELECT * FROM log_lines WHERE execution_id = ? AND revision > ? AND number > ? ORDER BY revision LIMIT ?";
const ARTIFACTS: &str =
    "SELECT * FROM artifacts WHERE execution_id = ? AND revision > ? ORDER BY revision LIMIT ?";
const HISTORY: &str =
    "SELECT * FROM history WHERE execution_id = ? AND revision > ? ORDER BY revision LIMIT ?";

/// Rows of every kind, cut at the same revision.
#[derive(Default)]
struct Batch {
    cursor: i64,
    /// The last revision that the batch covers.
    end: i64,
    trainings: Vec<SqliteRow>,
    samples: Vec<Stamped>,
    logs: Vec<SqliteRow>,
    artifacts: Vec<SqliteRow>,
    history: Vec<SqliteRow>,
}

impl Batch {
    /// Takes rows in; when there are too many of a kind, the whole batch ends at the last that fits.
    fn take(&mut self, mut rows: Vec<SqliteRow>) -> Result<Vec<SqliteRow>, StoreError> {
        if rows.len() > BATCH_ROWS {
            rows.truncate(BATCH_ROWS);
            if let Some(last) = rows.last() {
                self.end = self.end.min(get(last, "revision")?);
            }
        }
        Ok(rows)
    }

    fn take_samples(&mut self, mut samples: Vec<Stamped>) {
        if samples.len() > BATCH_ROWS {
            samples.truncate(BATCH_ROWS);
            self.end = samples.last().map_or(self.end, |last| self.end.min(last.revision));
        }
        self.samples = samples;
    }

    fn finish(self, newest: i64, logs_after: u64) -> Result<Changes, StoreError> {
        let end = self.end;
        Ok(Changes {
            cursor: end.max(self.cursor),
            more: end < newest,
            logs_after,
            trainings: parse_up_to(end, &self.trainings, training)?,
            metrics: self
                .samples
                .into_iter()
                .take_while(|stamped| stamped.revision <= end)
                .map(|stamped| stamped.sample)
                .collect(),
            logs: parse_up_to(end, &self.logs, log_line)?,
            artifacts: parse_up_to(end, &self.artifacts, artifact)?,
            history: parse_up_to(end, &self.history, history_entry)?,
        })
    }
}

fn parse_up_to<T>(
    end: i64,
    rows: &[SqliteRow],
    parse: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut parsed = Vec::with_capacity(rows.len());
    for row in rows {
        if get::<i64>(row, "revision")? > end {
            break;
        }
        parsed.push(parse(row)?);
    }
    Ok(parsed)
}

async fn training_rows(connection: &mut SqliteConnection, cursor: i64) -> Result<Vec<SqliteRow>, StoreError> {
    // From the start nobody needs to hear of what is not in the table; later its leaving is news.
    let rows = sqlx::query(training_select!(
        "WHERE e.revision > ? AND (? > 0 OR t.removed_at_ms IS NULL) ORDER BY e.revision LIMIT ?"
    ))
    .bind(cursor)
    .bind(cursor)
    .bind(BATCH_ROWS as i64 + 1)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

async fn rows_after(
    connection: &mut SqliteConnection,
    statement: &'static str,
    id: ExecutionId,
    cursor: i64,
) -> Result<Vec<SqliteRow>, StoreError> {
    let query = sqlx::query(statement).bind(id.to_string()).bind(cursor).bind(BATCH_ROWS as i64 + 1);
    Ok(query.fetch_all(connection).await?)
}

async fn lines_after(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    cursor: i64,
    after_number: u64,
) -> Result<Vec<SqliteRow>, StoreError> {
    let after_number = i64::try_from(after_number).unwrap_or(i64::MAX);
    let query = sqlx::query(LOG_LINES).bind(id.to_string()).bind(cursor).bind(after_number);
    Ok(query.bind(BATCH_ROWS as i64 + 1).fetch_all(connection).await?)
}

/// The number of the last line before the tail.
async fn log_floor(connection: &mut SqliteConnection, id: ExecutionId, tail: u32) -> Result<u64, StoreError> {
    let last: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM log_lines WHERE execution_id = ?")
            .bind(id.to_string())
            .fetch_one(connection)
            .await?;
    Ok(u64::try_from(last).unwrap_or(0).saturating_sub(u64::from(tail)))
}
