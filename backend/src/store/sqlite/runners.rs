//! What runners do beside reporting: register, be heard of, lease.
//!
//! Must not know leases in time: those live in the server's memory, by a monotonic clock.

use super::architectures;
use super::rows::{flag, get, instance, json, number, parsed, word};
use super::{executions, services};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{Assignment, HeldAttempt, InHand, LeaseOutlook};
use crate::store::writer::Tx;
use shared::id::{ExecutionId, InstanceId};
use shared::retry::LONGEST_MS;
use shared::service::{Instance, InstanceState, ServiceSettings};
use shared::status::Status;
use sqlx::sqlite::SqliteRow;

impl Store {
    /// Exchanges the one-time token of an instance for a session. The token works once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the token is unknown or used, or the instance has ended.
    pub async fn register_instance(
        &self,
        one_time_token_hash: &str,
        session_token_hash: &str,
        process_id: u32,
    ) -> Result<Instance, StoreError> {
        let (one_time, session) = (one_time_token_hash.to_owned(), session_token_hash.to_owned());
        self.write(async move |tx: &mut Tx| {
            let id: Option<String> =
                sqlx::query_scalar("SELECT id FROM instances WHERE token_hash = ? AND state = 'starting'")
                    .bind(one_time)
                    .fetch_optional(&mut tx.connection)
                    .await?;
            // The hash of a token is no name to show to anybody.
            let id = id.ok_or_else(|| StoreError::not_found("instance", "of this one-time token"))?;
            let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
            sqlx::query(
                "UPDATE instances SET state = ?, token_hash = NULL, session_hash = ?, process_id = ?, \
                 heard_at_ms = ?, revision = ? WHERE id = ?",
            )
            .bind(InstanceState::Running.name())
            .bind(session)
            .bind(i64::from(process_id))
            .bind(now_ms)
            .bind(revision)
            .bind(&id)
            .execute(&mut tx.connection)
            .await?;
            let id = id.parse().map_err(|error| StoreError::corrupt("instances.id", error))?;
            services::instance_by_id(&mut tx.connection, id).await
        })
        .await
    }

    /// The living instance whose session this is.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn instance_by_session(
        &self,
        session_token_hash: &str,
    ) -> Result<Option<InstanceId>, StoreError> {
        let row = sqlx::query(
            "SELECT id FROM instances WHERE session_hash = ? AND state IN ('starting', 'running', 'stopping')",
        )
        .bind(session_token_hash)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        row.as_ref().map(|row| parsed(row, "id")).transpose()
    }

    /// Whether an execution is in progress on another instance than this one.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn runs_elsewhere(&self, id: ExecutionId, instance_id: InstanceId) -> Result<bool, StoreError> {
        let runs_elsewhere = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM executions WHERE id = ? AND status = 'in-progress' AND instance_id IS NOT ?)",
        )
        .bind(id.to_string())
        .bind(instance_id.to_string())
        .fetch_one(&mut *self.reader().await?)
        .await?;
        Ok(runs_elsewhere)
    }

    /// Notes that an instance was heard of.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn heard_from(&self, id: InstanceId) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| {
            let now_ms = tx.now_ms();
            sqlx::query("UPDATE instances SET heard_at_ms = ? WHERE id = ?")
                .bind(now_ms)
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            Ok(())
        })
        .await
    }

    /// What a lease would bring: cheap to ask whenever anything changed, while a lease is a write.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such instance.
    pub async fn lease_outlook(&self, instance_id: InstanceId) -> Result<LeaseOutlook, StoreError> {
        let now_ms = self.clock().now_ms();
        let row = sqlx::query(
            "SELECT i.state, EXISTS (SELECT 1 FROM services s JOIN executions e ON e.service_id = s.id \
             WHERE s.id = i.service_id AND s.paused = 0 AND i.generation = s.generation \
             AND e.status IN ('created', 'pending', 'rerun') \
             AND (e.not_before_ms IS NULL OR e.not_before_ms NOT BETWEEN ? AND ?)) AS has_work \
             FROM instances i WHERE i.id = ?",
        )
        .bind(now_ms + 1)
        .bind(now_ms + LONGEST_MS)
        .bind(instance_id.to_string())
        .fetch_optional(&mut *self.reader().await?)
        .await?
        .ok_or_else(|| StoreError::not_found("instance", instance_id))?;
        let state: InstanceState = word(&row, "state")?;
        Ok(match (state, flag(&row, "has_work")?) {
            (InstanceState::Running, true) => LeaseOutlook::Something,
            (InstanceState::Running, false) => LeaseOutlook::Nothing,
            _ => LeaseOutlook::Ends,
        })
    }

    /// What an instance holds, as of one moment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such instance.
    pub async fn held_by(&self, instance_id: InstanceId) -> Result<InHand, StoreError> {
        let rows = sqlx::query(
            "SELECT i.*, e.id AS execution_id, e.status, e.attempt, e.fencing_token, e.abort_requested, \
             e.rerun_requested FROM instances i LEFT JOIN executions e ON e.instance_id = i.id WHERE i.id = ? \
             ORDER BY e.queue_number",
        )
        .bind(instance_id.to_string())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let first = rows.first().ok_or_else(|| StoreError::not_found("instance", instance_id))?;
        let mut in_hand = InHand { instance: instance(first)?, attempts: Vec::new() };
        for row in &rows {
            let Some(status) = get::<Option<&str>>(row, "status")? else { continue };
            in_hand.instance.executions.push(parsed(row, "execution_id")?);
            if status == Status::InProgress.name() {
                in_hand.attempts.push(held_attempt(row)?);
            }
        }
        Ok(in_hand)
    }

    /// Hands the most urgent waiting execution of its service to an instance that has a free slot: a new
    /// attempt with a new fencing token, in one transaction. `None` when there is nothing for it now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such instance.
    pub async fn lease_next(&self, instance_id: InstanceId) -> Result<Option<Assignment>, StoreError> {
        self.write(async move |tx: &mut Tx| {
            let now_ms = tx.now_ms();
            let row = sqlx::query(
                "SELECT i.state, i.generation AS instance_generation, s.generation, s.paused, s.settings, \
                 (SELECT COUNT(*) FROM executions WHERE instance_id = i.id) AS held, \
                 (SELECT id FROM executions WHERE service_id = s.id AND status IN ('created', 'pending', 'rerun') \
                  AND (not_before_ms IS NULL OR not_before_ms NOT BETWEEN ? AND ?) \
                  ORDER BY priority DESC, queue_number LIMIT 1) AS next_id \
                 FROM instances i JOIN services s ON s.id = i.service_id WHERE i.id = ?",
            )
            .bind(now_ms + 1)
            .bind(now_ms + LONGEST_MS)
            .bind(instance_id.to_string())
            .fetch_optional(&mut tx.connection)
            .await?
            .ok_or_else(|| StoreError::not_found("instance", instance_id))?;
            let settings: ServiceSettings = json(&row, "settings")?;
            let state: InstanceState = word(&row, "state")?;
            let slot_free = number::<u32>(&row, "held")? < settings.concurrency;
            let is_current =
                number::<u32>(&row, "instance_generation")? == number::<u32>(&row, "generation")?;
            let has_next = get::<Option<&str>>(&row, "next_id")?.is_some();
            let takes_work = state == InstanceState::Running && slot_free && is_current;
            if !takes_work || flag(&row, "paused")? || !has_next {
                return Ok(None);
            }
            let mut execution = executions::load(tx, parsed(&row, "next_id")?).await?;
            executions::start_attempt(tx, &mut execution, instance_id).await?;
            assignment(tx, &execution).await.map(Some)
        })
        .await
    }

    /// Sets the wall time before which no attempt of a waiting execution may start.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_not_before(
        &self,
        id: ExecutionId,
        not_before_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| {
            let revision = tx.next_revision();
            sqlx::query("UPDATE executions SET not_before_ms = ?, revision = ? WHERE id = ?")
                .bind(not_before_ms)
                .bind(revision)
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            Ok(())
        })
        .await
    }
}

fn held_attempt(row: &SqliteRow) -> Result<HeldAttempt, StoreError> {
    Ok(HeldAttempt {
        execution_id: parsed(row, "execution_id")?,
        attempt: number(row, "attempt")?,
        fencing_token: get(row, "fencing_token")?,
        abort_requested: flag(row, "abort_requested")?,
        rerun_requested: flag(row, "rerun_requested")?,
    })
}

async fn assignment(tx: &mut Tx, execution: &executions::Execution) -> Result<Assignment, StoreError> {
    let row = sqlx::query(
        "SELECT t.id AS training_id, t.configuration, t.labels, t.initial_weights_hash, t.secrets, m.architecture_id, \
         m.variant, a.manifest, a.folder, (SELECT content_hash FROM artifacts WHERE execution_id = e.id AND kind = 'checkpoint' \
         ORDER BY revision DESC LIMIT 1) AS resume_content_hash \
         FROM executions e JOIN trainings t ON t.id = e.training_id JOIN models m ON m.id = t.model_id \
         LEFT JOIN architectures a ON a.id = m.architecture_id AND a.revision = t.architecture_revision \
         WHERE e.id = ?",
    )
    .bind(execution.id.to_string())
    .fetch_one(&mut tx.connection)
    .await?;
    let private = architectures::written(&row)?;
    Ok(Assignment {
        execution_id: execution.id,
        training_id: parsed(&row, "training_id")?,
        model_id: execution.model_id,
        attempt: execution.attempt,
        fencing_token: execution.fencing_token,
        architecture_id: get(&row, "architecture_id")?,
        variant: get(&row, "variant")?,
        configuration: json(&row, "configuration")?,
        labels: json(&row, "labels")?,
        timeout_secs: execution.settings.execution_timeout_secs,
        drain_secs: execution.settings.drain_secs,
        initial_weights_hash: get(&row, "initial_weights_hash")?,
        resume_content_hash: get(&row, "resume_content_hash")?,
        secrets: json(&row, "secrets")?,
        command: private.map(|(manifest, folder)| manifest.command_in(&folder)).unwrap_or_default(),
    })
}
