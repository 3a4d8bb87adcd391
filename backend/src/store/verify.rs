//! Whether a data folder is whole: the database itself, what must hold between its rows, and the stored files.
//!
//! Only reads, so that it can look at the folder of a server that runs or was killed.
//! Must not know how anything is mended.

use super::blobs::{blob_path, hex};
use super::error::StoreError;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::Path;
use std::time::Duration;

/// Problems of one kind that are named.
const NAMED: usize = 20;

/// Rows that contradict each other, and what they contradict. Each query answers the ids.
const RULES: [(&str, &str); 6] = [
    (
        "an execution that is over has another number of ends in its history than one",
        "SELECT e.id FROM executions e LEFT JOIN history h ON h.execution_id = e.id \
         AND h.status IN ('success', 'failed', 'aborted', 'terminated') \
         WHERE e.status IN ('success', 'failed', 'aborted', 'terminated') GROUP BY e.id HAVING COUNT(h.revision) <> 1",
    ),
    (
        "an execution's history ends otherwise than it",
        "SELECT e.id FROM executions e WHERE e.status <> (SELECT h.status FROM history h \
         WHERE h.execution_id = e.id ORDER BY h.revision DESC LIMIT 1)",
    ),
    (
        "an execution that is not over has an end in its history",
        "SELECT DISTINCT e.id FROM executions e JOIN history h ON h.execution_id = e.id \
         WHERE h.status IN ('success', 'failed', 'aborted', 'terminated') \
         AND e.status NOT IN ('success', 'failed', 'aborted', 'terminated')",
    ),
    ("an execution had more attempts than it may", "SELECT id FROM executions WHERE attempt > max_attempts"),
    (
        "a training has no execution",
        "SELECT t.id FROM trainings t LEFT JOIN executions e ON e.training_id = t.id WHERE e.id IS NULL",
    ),
    (
        "an execution is held although it does not run",
        "SELECT id FROM executions WHERE instance_id IS NOT NULL AND status <> 'in-progress'",
    ),
];

/// The columns that name stored files: those that the sweep leaves a file for.
const FILES: &str = "SELECT content_hash FROM items UNION SELECT content_hash FROM snapshot_items \
     UNION SELECT content_hash FROM deleted_items UNION SELECT content_hash FROM artifacts \
     UNION SELECT initial_weights_hash FROM models WHERE initial_weights_hash IS NOT NULL \
     UNION SELECT initial_weights_hash FROM trainings WHERE initial_weights_hash IS NOT NULL";

/// Looks at the data folder; answers everything that is wrong with it, in words. With `reads_files`, the content of
/// stored files is compared with their names, which takes a while.
///
/// # Errors
/// If there is no database, or it cannot be read at all.
pub async fn verify(data_dir: &Path, reads_files: bool) -> Result<Vec<String>, StoreError> {
    let mut database = SqliteConnectOptions::new()
        .filename(data_dir.join("trainyard.db"))
        .read_only(true)
        .busy_timeout(Duration::from_secs(20))
        .disable_statement_logging()
        .connect()
        .await?;
    let mut problems = Vec::new();
    let complaints: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut database).await?;
    problems
        .extend(complaints.into_iter().filter(|said| said != "ok").map(|said| format!("database: {said}")));
    let loose: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM pragma_foreign_key_check()")
        .fetch_one(&mut database)
        .await?;
    if loose > 0 {
        problems.push(format!("database: {loose} rows refer to rows that are not there"));
    }
    for (what, query) in RULES {
        let ids: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut database).await?;
        problems.extend(ids.iter().take(NAMED).map(|id| format!("{what}: {id}")));
    }
    problems.extend(wrong_files(&mut database, &data_dir.join("blobs"), reads_files).await?);
    database.close().await?;
    Ok(problems)
}

async fn wrong_files(
    database: &mut SqliteConnection,
    blobs: &Path,
    reads_files: bool,
) -> Result<Vec<String>, StoreError> {
    let hashes: Vec<String> = sqlx::query_scalar(FILES).fetch_all(database).await?;
    let mut problems = Vec::new();
    for hash in hashes {
        let Some(path) = blob_path(blobs, &hash) else {
            problems.push(format!("`{hash}` is no name of a stored file"));
            continue;
        };
        if !path.is_file() {
            problems.push(format!("the stored file {hash} is missing"));
        } else if reads_files {
            let read = tokio::task::spawn_blocking(move || std::fs::read(&path)).await;
            let content = match read {
                Ok(Ok(content)) => content,
                Ok(Err(error)) => {
                    problems.push(format!("the stored file {hash} cannot be read: {error}"));
                    continue;
                }
                Err(_) => return Err(StoreError::Closed),
            };
            if hex(&Sha256::digest(&content)) != hash {
                problems.push(format!("the stored file {hash} has another content than its name says"));
            }
        }
    }
    Ok(problems)
}
