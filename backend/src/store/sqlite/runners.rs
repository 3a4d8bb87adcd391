//! What runners do beside reporting: register, be heard of, lease.
//!
//! Must not know leases in time: those live in the server's memory, by a monotonic clock.

use super::rows::{flag, get, json, number, parsed};
use super::{executions, secrets, services};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{Assignment, HeldAttempt, InHand};
use crate::store::writer::Tx;
use shared::id::{ExecutionId, InstanceId};
use shared::retry::LONGEST_MS;
use shared::service::{Instance, InstanceState};
use sqlx::Connection;
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
    ) -> Result<Option<Instance>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(
            "SELECT id FROM instances WHERE session_hash = ? AND state IN ('starting', 'running', 'stopping')",
        )
        .bind(session_token_hash)
        .fetch_optional(&mut *reader)
        .await?;
        match row {
            Some(row) => services::instance_by_id(&mut reader, parsed(&row, "id")?).await.map(Some),
            None => Ok(None),
        }
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

    /// Whether there may be something for an instance: cheap to ask whenever anything changed, while a lease is a write.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn may_lease(&self, instance_id: InstanceId) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        let found: i64 = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM instances i JOIN services s ON s.id = i.service_id \
             JOIN executions e ON e.service_id = s.id WHERE i.id = ? AND i.state = 'running' AND s.paused = 0 \
             AND i.generation = s.generation AND e.status IN ('created', 'pending', 'rerun') \
             AND (e.not_before_ms IS NULL OR e.not_before_ms NOT BETWEEN ? AND ?))",
        )
        .bind(instance_id.to_string())
        .bind(self.clock().now_ms() + 1)
        .bind(self.clock().now_ms() + LONGEST_MS)
        .fetch_one(&mut *reader)
        .await?;
        Ok(found != 0)
    }

    /// What an instance holds, as of one moment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such instance.
    pub async fn held_by(&self, instance_id: InstanceId) -> Result<InHand, StoreError> {
        let mut reader = self.reader().await?;
        let mut moment = reader.begin().await?;
        let instance = services::instance_by_id(&mut moment, instance_id).await?;
        let rows = sqlx::query(
            "SELECT id, attempt, fencing_token, abort_requested, rerun_requested FROM executions \
             WHERE instance_id = ? AND status = 'in-progress'",
        )
        .bind(instance_id.to_string())
        .fetch_all(&mut *moment)
        .await?;
        let attempts = rows.iter().map(held_attempt).collect::<Result<_, _>>()?;
        Ok(InHand { instance, attempts })
    }

    /// Hands the most urgent waiting execution of its service to an instance that has a free slot: a new
    /// attempt with a new fencing token, in one transaction. `None` when there is nothing for it now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such instance.
    pub async fn lease_next(&self, instance_id: InstanceId) -> Result<Option<Assignment>, StoreError> {
        self.write(async move |tx: &mut Tx| {
            let instance = services::instance_by_id(&mut tx.connection, instance_id).await?;
            let service =
                services::by_id_or_name(&mut tx.connection, &instance.service_id.to_string()).await?;
            let slot_free = (instance.executions.len() as u64) < u64::from(service.settings.concurrency);
            let is_current = instance.generation == service.generation;
            if instance.state != InstanceState::Running || service.paused || !slot_free || !is_current {
                return Ok(None);
            }
            let now_ms = tx.now_ms();
            let row = sqlx::query(
                "SELECT id FROM executions WHERE service_id = ? AND status IN ('created', 'pending', 'rerun') \
                 AND (not_before_ms IS NULL OR not_before_ms NOT BETWEEN ? AND ?) \
                 ORDER BY priority DESC, queue_number LIMIT 1",
            )
            .bind(service.id.to_string())
            .bind(now_ms + 1)
            .bind(now_ms + LONGEST_MS)
            .fetch_optional(&mut tx.connection)
            .await?;
            let Some(row) = row else { return Ok(None) };
            let mut execution = executions::load(tx, parsed(&row, "id")?).await?;
            executions::start_attempt(tx, &mut execution, instance_id).await?;
            sqlx::query("UPDATE services SET served_at_ms = ? WHERE id = ?")
                .bind(now_ms)
                .bind(service.id.to_string())
                .execute(&mut tx.connection)
                .await?;
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
            sqlx::query("UPDATE executions SET not_before_ms = ? WHERE id = ?")
                .bind(not_before_ms)
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
        execution_id: parsed(row, "id")?,
        attempt: number(row, "attempt")?,
        fencing_token: get(row, "fencing_token")?,
        abort_requested: flag(row, "abort_requested")?,
        rerun_requested: flag(row, "rerun_requested")?,
    })
}

async fn assignment(tx: &mut Tx, execution: &executions::Execution) -> Result<Assignment, StoreError> {
    let row = sqlx::query(
        "SELECT t.id AS training_id, t.configuration, t.labels, t.initial_weights_hash, m.architecture_id, m.variant \
         FROM executions e JOIN trainings t ON t.id = e.training_id JOIN models m ON m.id = t.model_id WHERE e.id = ?",
    )
    .bind(execution.id.to_string())
    .fetch_one(&mut tx.connection)
    .await?;
    let resume_content_hash: Option<String> = sqlx::query_scalar(
        "SELECT content_hash FROM artifacts WHERE execution_id = ? AND kind = 'checkpoint' \
         ORDER BY revision DESC LIMIT 1",
    )
    .bind(execution.id.to_string())
    .fetch_optional(&mut tx.connection)
    .await?;
    let secrets = secrets::names_of(&mut tx.connection, execution.id).await?;
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
        resume_content_hash,
        secrets,
    })
}
