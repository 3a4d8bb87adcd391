//! The one setter of an execution's status, and everything that moves with it.
//!
//! Must not know who asks: the scheduler, a runner or a person.

use super::rows::{flag, get, number, optional_json, to_optional_json, to_word, word};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use shared::id::{ExecutionId, InstanceId, ModelId};
use shared::retry::retry_after_ms;
use shared::service::{Drain, ServiceSettings};
use shared::status::{Ending, Event, ModelStatus, Status};
use shared::training::{Blocker, Cause, CauseKind, Training};

/// An execution as the setter needs it.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) id: ExecutionId,
    pub(super) model_id: ModelId,
    pub(super) status: Status,
    pub(super) attempt: u32,
    pub(super) max_attempts: u32,
    pub(super) fencing_token: i64,
    pub(super) acknowledged_sequence: u64,
    pub(super) abort_requested: bool,
    /// A person asked that it goes round again.
    pub(super) rerun_requested: bool,
    /// Why its instance has to stop.
    pub(super) drain: Option<Drain>,
    pub(super) settings: ServiceSettings,
}

impl Store {
    /// Moves an execution: reads its status, asks the one legality function, and writes status,
    /// history and model status together.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the event cannot happen now; nothing is written then.
    pub async fn move_execution(
        &self,
        execution_id: ExecutionId,
        event: Event,
        cause: Option<Cause>,
    ) -> Result<Training, StoreError> {
        self.write(async move |tx: &mut Tx| {
            let execution = load(tx, execution_id).await?;
            apply(tx, &execution, event, cause).await?;
            super::trainings::by_execution(&mut tx.connection, execution_id).await
        })
        .await
    }

    /// The runner or machine of an attempt was lost: *Rerun* while attempts are left (*Failed* if its
    /// service says so), else *Aborted*; *Terminated* if a person had asked to end it.
    ///
    /// # Errors
    /// [`StoreError::StaleToken`] if the attempt is not the present one.
    pub async fn attempt_lost(
        &self,
        execution_id: ExecutionId,
        fencing_token: i64,
        cause: Cause,
    ) -> Result<Training, StoreError> {
        self.put_back(execution_id, fencing_token, Ending::Lost, cause).await
    }

    /// An attempt was killed or timed out: *Rerun* while attempts are left, else *Failed*; *Terminated* if a person
    /// had asked to end it.
    ///
    /// # Errors
    /// [`StoreError::StaleToken`] if the attempt is not the present one.
    pub async fn reset_attempt(
        &self,
        execution_id: ExecutionId,
        fencing_token: i64,
        cause: Cause,
    ) -> Result<Training, StoreError> {
        self.put_back(execution_id, fencing_token, Ending::Reset, cause).await
    }

    async fn put_back(
        &self,
        execution_id: ExecutionId,
        fencing_token: i64,
        how: Ending,
        cause: Cause,
    ) -> Result<Training, StoreError> {
        self.write(async move |tx: &mut Tx| {
            let execution = load(tx, execution_id).await?;
            if execution.status != Status::InProgress || execution.fencing_token != fencing_token {
                return Err(StoreError::StaleToken { execution: execution_id.to_string() });
            }
            let (how, cause) = asked_to_stop(&execution).unwrap_or((how, cause));
            put_back(tx, &execution, how, Some(cause)).await?;
            super::trainings::by_execution(&mut tx.connection, execution_id).await
        })
        .await
    }
}

/// Reads an execution for a change in the same transaction.
pub(super) async fn load(tx: &mut Tx, id: ExecutionId) -> Result<Execution, StoreError> {
    let row = sqlx::query(
        "SELECT e.status, e.attempt, e.max_attempts, e.fencing_token, e.acknowledged_sequence, \
                e.abort_requested, e.rerun_requested, t.model_id, s.settings, i.drain \
         FROM executions e JOIN trainings t ON t.id = e.training_id JOIN services s ON s.id = e.service_id \
         LEFT JOIN instances i ON i.id = e.instance_id WHERE e.id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(&mut tx.connection)
    .await?
    .ok_or_else(|| StoreError::not_found("execution", id))?;
    Ok(Execution {
        id,
        model_id: super::rows::parsed(&row, "model_id")?,
        status: word(&row, "status")?,
        attempt: number(&row, "attempt")?,
        max_attempts: number(&row, "max_attempts")?,
        fencing_token: get(&row, "fencing_token")?,
        acknowledged_sequence: number(&row, "acknowledged_sequence")?,
        abort_requested: flag(&row, "abort_requested")?,
        rerun_requested: flag(&row, "rerun_requested")?,
        drain: optional_json(&row, "drain")?,
        settings: super::rows::json(&row, "settings")?,
    })
}

pub(super) fn legal(execution: &Execution, event: Event) -> Result<Status, StoreError> {
    execution.status.after(event).map_err(|illegal| StoreError::Conflict(illegal.to_string()))
}

/// Moves an execution; a waiting one gets its blocker from the next plan. `AttemptStarted` goes through
/// [`start_attempt`].
pub(super) async fn apply(
    tx: &mut Tx,
    execution: &Execution,
    event: Event,
    cause: Option<Cause>,
) -> Result<Status, StoreError> {
    let status = legal(execution, event)?;
    let Execution { id, model_id, attempt, .. } = execution;
    write_status(
        tx,
        Move { id: *id, model_id: *model_id, attempt: *attempt, event, status, cause, blocker: None },
    )
    .await?;
    Ok(status)
}

/// A step to a status that [`Status::after`] allows.
pub(super) struct Move {
    pub(super) id: ExecutionId,
    pub(super) model_id: ModelId,
    pub(super) attempt: u32,
    pub(super) event: Event,
    pub(super) status: Status,
    pub(super) cause: Option<Cause>,
    /// What it waits for, if that is known already.
    pub(super) blocker: Option<Blocker>,
}

/// Writes the status, a line of the history, and the status of the version. Whoever held the execution holds it no
/// longer, unless it goes on.
pub(super) async fn write_status(tx: &mut Tx, step: Move) -> Result<(), StoreError> {
    let Move { id, model_id, attempt, event, status, cause, blocker } = step;
    let (id, cause) = (id.to_string(), to_optional_json(cause.as_ref())?);
    let now_ms = tx.now_ms();
    let (revision, history_revision, model_revision) =
        (tx.next_revision(), tx.next_revision(), tx.next_revision());
    let model_status = ModelStatus::beside(status).name();
    sqlx::query(
        "UPDATE executions SET status = ?, blocker = ?, cause = ?, revision = ?, \
             instance_id = CASE WHEN ? = 1 THEN instance_id ELSE NULL END, \
             ended_at_ms = MAX(?, COALESCE(started_at_ms, 0), COALESCE(attempt_started_at_ms, 0)) WHERE id = ?; \
         INSERT INTO history (execution_id, revision, at_ms, attempt, event, status, cause) \
             VALUES (?, ?, ?, ?, ?, ?, ?); \
         UPDATE models SET status = ?, revision = ? WHERE id = ? AND status <> ?",
    )
    .bind(status.name())
    .bind(to_optional_json(blocker.as_ref())?)
    .bind(&cause)
    .bind(revision)
    .bind(i64::from(status == Status::InProgress))
    .bind(status.is_final().then_some(now_ms))
    .bind(&id)
    .bind(&id)
    .bind(history_revision)
    .bind(now_ms)
    .bind(attempt)
    .bind(to_word(&event)?)
    .bind(status.name())
    .bind(&cause)
    .bind(model_status)
    .bind(model_revision)
    .bind(model_id.to_string())
    .bind(model_status)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

/// Hands an execution to an instance: attempt + 1 with a fresh token, which it returns.
pub(super) async fn start_attempt(
    tx: &mut Tx,
    execution: &mut Execution,
    instance_id: InstanceId,
) -> Result<(), StoreError> {
    execution.attempt += 1;
    let now_ms = tx.now_ms();
    apply(tx, execution, Event::AttemptStarted, None).await?;
    execution.fencing_token = tx.next_revision();
    let revision = tx.next_revision();
    sqlx::query(
        "UPDATE executions SET attempt = ?, fencing_token = ?, acknowledged_sequence = 0, instance_id = ?, \
             epoch = 0, step = 0, phase = 'preparing', not_before_ms = NULL, rerun_requested = 0, \
             started_at_ms = COALESCE(started_at_ms, ?), attempt_started_at_ms = ?, revision = ? WHERE id = ?; \
         UPDATE services SET served_at_ms = ? WHERE id = (SELECT service_id FROM executions WHERE id = ?)",
    )
    .bind(execution.attempt)
    .bind(execution.fencing_token)
    .bind(instance_id.to_string())
    .bind(now_ms)
    .bind(now_ms)
    .bind(revision)
    .bind(execution.id.to_string())
    .bind(now_ms)
    .bind(execution.id.to_string())
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

/// Ends an attempt that did not end by itself.
pub(super) async fn put_back(
    tx: &mut Tx,
    execution: &Execution,
    how: Ending,
    cause: Option<Cause>,
) -> Result<Status, StoreError> {
    let attempts_left = execution.attempt < execution.max_attempts;
    let event = how.event(execution.abort_requested, execution.settings.on_reset, attempts_left);
    let cause = if event == Event::Terminated { Some(asked_for()) } else { cause };
    let status = apply(tx, execution, event, cause).await?;
    if event == Event::AttemptReset {
        wait_before_next(tx, execution, how).await?;
    }
    Ok(status)
}

/// One that failed waits longer each time; one that had to stop although it was well gets another attempt for it, at once.
async fn wait_before_next(tx: &mut Tx, execution: &Execution, how: Ending) -> Result<(), StoreError> {
    let (granted, not_before_ms) = if how.costs_no_attempt() {
        (1, None)
    } else {
        let share = share_of(execution.fencing_token);
        (0, Some(tx.now_ms() + retry_after_ms(execution.attempt, share)))
    };
    sqlx::query("UPDATE executions SET max_attempts = max_attempts + ?, not_before_ms = ? WHERE id = ?")
        .bind(granted)
        .bind(not_before_ms)
        .bind(execution.id.to_string())
        .execute(&mut tx.connection)
        .await?;
    Ok(())
}

/// How an attempt that was told to stop is put back, and why; `None` if nobody told it to.
pub(super) fn asked_to_stop(execution: &Execution) -> Option<(Ending, Cause)> {
    let cause = |kind, message: String| Cause { kind, message, next_step: String::new() };
    if execution.rerun_requested {
        let message = "a person had it go round again".to_owned();
        return Some((Ending::GaveWay, cause(CauseKind::Person, message)));
    }
    let drain = execution.drain.as_ref()?;
    let (how, kind) = if drain.is_preemption() {
        (Ending::GaveWay, CauseKind::Preempted)
    } else {
        (Ending::Drained, CauseKind::Drained)
    };
    Some((how, cause(kind, drain.describe())))
}

/// Between a half and the whole: the same for the same token, and spread over many of them (Steele, Lea, Flood: Fast
/// splittable pseudorandom number generators, 2014).
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
fn share_of(fencing_token: i64) -> f64 {
    let mut bits = fencing_token.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    0.5 + (bits >> 11) as f64 / (1_u64 << 54) as f64
}

/// Why a training that a person ended has ended.
pub(super) fn asked_for() -> Cause {
    Cause { kind: CauseKind::Person, message: "a person ended it".into(), next_step: String::new() }
}
