//! Reports of runners: fenced, in order, and stored together or not at all.
//!
//! Must not know how reports travel.

use super::executions::{self, Execution};
use super::rows::{optional_json, to_json, to_number, to_word};
use super::series::put_samples;
use crate::crash_point::{CrashPoint, pass};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{AttemptOutcome, NewArtifact, ReportBatch, ReportBody, ReportEntry};
use crate::store::writer::Tx;
use shared::id::ArtifactId;
use shared::metric::{LogLevel, MetricSample};
use shared::status::{Ending, Status};
use shared::training::{Cause, Headline, Progress};

/// Longest log line that is kept; a longer one is cut, and says so.
const LOG_LINE_BYTES: usize = 16 * 1024;

impl Store {
    /// Stores a report and answers the sequence number up to which everything is stored. Entries that
    /// were stored before are skipped, so a report whose answer was lost can be sent again.
    ///
    /// # Errors
    /// [`StoreError::StaleToken`] if the attempt is over or another's; [`StoreError::SequenceGap`] if
    /// entries are missing; [`StoreError::Refused`] if an artifact's file was not uploaded before.
    pub async fn report(&self, batch: ReportBatch) -> Result<u64, StoreError> {
        for entry in &batch.entries {
            if let ReportBody::Artifact(artifact) = &entry.body
                && !self.blobs().exists(&artifact.content_hash)
            {
                return Err(StoreError::refused(
                    format!("the content of artifact `{}` is not stored", artifact.name),
                    "upload the file first, then report it",
                ));
            }
        }
        let stored = self.write(async move |tx: &mut Tx| store_report(tx, batch).await).await?;
        if !stored.replaced.is_empty() {
            pass(CrashPoint::ReportBeforeForgotten);
        }
        // A checkpoint is replaced every few seconds; what it replaced would fill the disk.
        if stored.replaced.is_empty() {
            return Ok(stored.acknowledged);
        }
        if let Err(error) = self.forget_unrecorded(&stored.replaced).await {
            tracing::warn!(%error, "a replaced file was not deleted; the next start's sweep takes it");
        }
        Ok(stored.acknowledged)
    }
}

/// What a report did.
struct StoredReport {
    acknowledged: u64,
    /// Hashes of files that were an artifact before it.
    replaced: Vec<String>,
}

async fn store_report(tx: &mut Tx, batch: ReportBatch) -> Result<StoredReport, StoreError> {
    let stale = || StoreError::StaleToken { execution: batch.execution_id.to_string() };
    let execution = match executions::load(tx, batch.execution_id).await {
        Err(StoreError::NotFound { .. }) => return Err(stale()),
        loaded => loaded?,
    };
    if execution.fencing_token != batch.fencing_token || execution.attempt != batch.attempt {
        return Err(stale());
    }
    let mut acknowledged = execution.acknowledged_sequence;
    let mut samples = Vec::new();
    let mut progress = None;
    let mut replaced = Vec::new();
    let mut ended = false;
    let fresh =
        batch.entries.into_iter().skip_while(|entry| entry.sequence <= execution.acknowledged_sequence);
    for entry in fresh {
        // After its end an attempt has nothing more to say, and one that was taken away may not.
        if ended || execution.status != Status::InProgress {
            return Err(StoreError::StaleToken { execution: batch.execution_id.to_string() });
        }
        if entry.sequence != acknowledged + 1 {
            return Err(StoreError::SequenceGap { expected: acknowledged + 1, received: entry.sequence });
        }
        acknowledged = entry.sequence;
        let ReportEntry { at_ms, body, .. } = entry;
        match body {
            ReportBody::Sample(sample) => samples.push((at_ms, sample)),
            ReportBody::Log { level, text } => insert_log_line(tx, &execution, at_ms, level, text).await?,
            ReportBody::Device(name) => set_device(tx, &execution, name).await?,
            // Only the last of a batch is seen by anybody.
            ReportBody::Progress(latest) => progress = Some(latest),
            ReportBody::Artifact(artifact) => {
                replaced.extend(put_artifact(tx, &execution, at_ms, artifact).await?);
            }
            ReportBody::End { outcome, cause } => {
                end(tx, &execution, outcome, cause).await?;
                ended = true;
            }
        }
    }
    note_headline(tx, &execution, &samples).await?;
    put_samples(tx, &execution, samples).await?;
    acknowledge(tx, &execution, acknowledged, progress).await?;
    Ok(StoredReport { acknowledged, replaced })
}

/// What the row of the training says of how good it is.
async fn note_headline(
    tx: &mut Tx,
    execution: &Execution,
    samples: &[(i64, MetricSample)],
) -> Result<(), StoreError> {
    let of_headline =
        samples.iter().map(|(_, sample)| sample).filter(|sample| Headline::follows(&sample.figure));
    let mut of_headline = of_headline.peekable();
    if of_headline.peek().is_none() {
        return Ok(());
    }
    let row = sqlx::query("SELECT headline FROM executions WHERE id = ?")
        .bind(execution.id.to_string())
        .fetch_one(&mut tx.connection)
        .await?;
    let before: Option<Headline> = optional_json(&row, "headline")?;
    let Some(headline) = of_headline.fold(before, Headline::after) else { return Ok(()) };
    let revision = tx.next_revision();
    sqlx::query("UPDATE executions SET headline = ?, revision = ? WHERE id = ?")
        .bind(to_json(&headline)?)
        .bind(revision)
        .bind(execution.id.to_string())
        .execute(&mut tx.connection)
        .await?;
    Ok(())
}

/// The latest attempt is the one whose figures are shown.
async fn set_device(tx: &mut Tx, execution: &Execution, name: String) -> Result<(), StoreError> {
    sqlx::query("UPDATE executions SET device = ? WHERE id = ?")
        .bind(name)
        .bind(execution.id.to_string())
        .execute(&mut tx.connection)
        .await?;
    Ok(())
}

async fn acknowledge(
    tx: &mut Tx,
    execution: &Execution,
    acknowledged: u64,
    progress: Option<Progress>,
) -> Result<(), StoreError> {
    if acknowledged == execution.acknowledged_sequence {
        return Ok(());
    }
    let Some(progress) = progress else {
        sqlx::query("UPDATE executions SET acknowledged_sequence = ? WHERE id = ?")
            .bind(to_number(acknowledged)?)
            .bind(execution.id.to_string())
            .execute(&mut tx.connection)
            .await?;
        return Ok(());
    };
    let revision = tx.next_revision();
    sqlx::query(
        "UPDATE executions SET acknowledged_sequence = ?, epoch = ?, epochs = ?, step = ?, steps = ?, phase = ?, \
         revision = ? WHERE id = ?",
    )
    .bind(to_number(acknowledged)?)
    .bind(progress.epoch)
    .bind(progress.epochs)
    .bind(progress.step)
    .bind(progress.steps)
    .bind(to_word(&progress.phase)?)
    .bind(revision)
    .bind(execution.id.to_string())
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

async fn insert_log_line(
    tx: &mut Tx,
    execution: &Execution,
    at_ms: i64,
    level: LogLevel,
    text: String,
) -> Result<(), StoreError> {
    let revision = tx.next_revision();
    sqlx::query(
        "INSERT INTO log_lines (execution_id, number, revision, attempt, at_ms, level, line) \
         SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ?, ? FROM log_lines WHERE execution_id = ?",
    )
    .bind(execution.id.to_string())
    .bind(revision)
    .bind(execution.attempt)
    .bind(at_ms)
    .bind(to_word(&level)?)
    .bind(shortened(text))
    .bind(execution.id.to_string())
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

fn shortened(mut text: String) -> String {
    if text.len() > LOG_LINE_BYTES {
        let end = text.floor_char_boundary(LOG_LINE_BYTES);
        text.truncate(end);
        text.push_str(" ... (cut)");
    }
    text
}

/// Records a file; a later one of the same name and execution takes the place of the earlier one.
/// Records an artifact, and answers the hash of the file that it replaces, if any.
async fn put_artifact(
    tx: &mut Tx,
    execution: &Execution,
    at_ms: i64,
    artifact: NewArtifact,
) -> Result<Option<String>, StoreError> {
    let before: Option<String> =
        sqlx::query_scalar("SELECT content_hash FROM artifacts WHERE execution_id = ? AND name = ?")
            .bind(execution.id.to_string())
            .bind(&artifact.name)
            .fetch_optional(&mut tx.connection)
            .await?;
    let id: ArtifactId = tx.new_id();
    let revision = tx.next_revision();
    sqlx::query(
        "INSERT INTO artifacts (id, model_id, execution_id, name, kind, content_hash, size_bytes, epoch, \
         created_at_ms, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (execution_id, name) DO UPDATE SET kind = excluded.kind, content_hash = excluded.content_hash, \
         size_bytes = excluded.size_bytes, epoch = excluded.epoch, created_at_ms = excluded.created_at_ms, \
         revision = excluded.revision",
    )
    .bind(id.to_string())
    .bind(execution.model_id.to_string())
    .bind(execution.id.to_string())
    .bind(&artifact.name)
    .bind(artifact.kind.name())
    .bind(&artifact.content_hash)
    .bind(to_number(artifact.size_bytes)?)
    .bind(artifact.epoch)
    .bind(at_ms)
    .bind(revision)
    .execute(&mut tx.connection)
    .await?;
    Ok(before.filter(|hash| *hash != artifact.content_hash))
}

async fn end(
    tx: &mut Tx,
    execution: &Execution,
    outcome: AttemptOutcome,
    cause: Option<Cause>,
) -> Result<Status, StoreError> {
    let (how, cause) = match outcome {
        AttemptOutcome::Succeeded => (Ending::Succeeded, None),
        AttemptOutcome::Failed => (Ending::Failed, cause),
        // Terminated if a person asked; an instance that had to give way puts its work back.
        AttemptOutcome::Stopped | AttemptOutcome::Reset => {
            let told = executions::asked_to_stop(execution).map(|(how, cause)| (how, Some(cause)));
            told.unwrap_or((Ending::Reset, cause))
        }
    };
    executions::put_back(tx, execution, how, cause).await
}
