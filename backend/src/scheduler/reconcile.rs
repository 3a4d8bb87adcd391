//! The loop that makes what is into what is wanted. It takes no input: each pass reads the store and
//! the executor anew, so it can run at any time, twice, and after any crash.
//!
//! Must not know how an instance is made, nor decide anything that the plan decides.

use super::explanations::Explanations;
use super::leases::{Doing, LeaseView, SharedLeases};
use super::plan::{Decision, Plan, plan};
use crate::auth::{Token, TokenKind};
use crate::executor::{Executor, InstanceSpec, Observation};
use crate::store::{Snapshot, Store, StoreError};
use shared::id::{InstanceId, ServiceId};
use shared::retry::back_off_ms;
use shared::service::{Instance, InstanceError, InstanceState, Reason};
use shared::status::{Event, Status};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// While anything runs or waits, time alone may change the plan: leases, deadlines, cool-downs.
const BUSY_TICK: Duration = Duration::from_secs(1);

/// While nothing does.
const IDLE_TICK: Duration = Duration::from_secs(60);

/// An instance that ends badly this soon after it was made counts as a failed start, even if it registered.
const HEALTHY_AFTER_MS: i64 = 10_000;

/// Lines of an instance's log that go into the reason of its failure.
const QUOTED_LINES: usize = 3;

/// Carries out what the plan decides.
#[derive(Debug, Clone)]
pub struct Scheduler {
    store: Store,
    executor: Arc<dyn Executor>,
    leases: SharedLeases,
    explanations: Explanations,
}

impl Scheduler {
    /// A scheduler that has not looked yet.
    #[must_use]
    pub const fn new(
        store: Store,
        executor: Arc<dyn Executor>,
        leases: SharedLeases,
        explanations: Explanations,
    ) -> Self {
        Self { store, executor, leases, explanations }
    }

    /// Runs until it is told to stop. Instances are left alone then: they outlive the server.
    pub async fn run(self, stop: CancellationToken) {
        let mut revisions = self.store.revisions();
        let mut ends = self.executor.changes();
        loop {
            revisions.mark_unchanged();
            ends.mark_unchanged();
            let pause = match self.pass().await {
                Ok(pause) => pause,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!(%error, "a scheduling pass failed: the next one tries again");
                    BUSY_TICK
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                changed = revisions.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                _ = ends.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One pass; answers after how long time alone may change something.
    ///
    /// # Errors
    /// If the store cannot be read. What one decision met is logged, and does not stop the others.
    pub async fn pass(&self) -> Result<Duration, StoreError> {
        let mut snapshot = self.store.scheduling_snapshot().await?;
        if self.note_ends(&snapshot).await {
            snapshot = self.store.scheduling_snapshot().await?;
        }
        let view = self.look_at_leases(&snapshot);
        let now_ms = self.store.clock().now_ms();
        let plan = plan(&snapshot, &view, now_ms);
        for decision in &plan.decisions {
            if let Err(error) = self.carry_out(decision, &snapshot).await {
                tracing::warn!(%error, ?decision, "a decision was not carried out: the next pass decides anew");
            }
        }
        self.explain(&plan, &snapshot).await;
        let busy = !snapshot.instances.is_empty() || !snapshot.executions.is_empty();
        let tick = if busy || !plan.decisions.is_empty() { BUSY_TICK } else { IDLE_TICK };
        let until_wake =
            plan.wake_at_ms.map(|at| u64::try_from(at.saturating_sub(now_ms)).unwrap_or_default() + 1);
        Ok(until_wake.map_or(tick, |wait| tick.min(Duration::from_millis(wait))))
    }

    /// Notes which instances have ended; answers whether there were any.
    async fn note_ends(&self, snapshot: &Snapshot) -> bool {
        let mut noted = false;
        for instance in &snapshot.instances {
            let Some(handle) = &instance.handle else { continue };
            if let Observation::Ended { well, error } = self.executor.observe(instance.id, handle).await {
                let outcome = self.note_end(snapshot, instance, well, error).await;
                noted |= outcome.is_ok();
                if let Err(error) = outcome {
                    tracing::warn!(%error, instance_id = %instance.id, "the end of an instance was not noted");
                }
            }
        }
        noted
    }

    async fn note_end(
        &self,
        snapshot: &Snapshot,
        instance: &Instance,
        well: bool,
        error: InstanceError,
    ) -> Result<(), StoreError> {
        let told = instance.state == InstanceState::Stopping;
        let age_ms = self.store.clock().now_ms().saturating_sub(instance.created_at_ms);
        let (state, failed_start) = match instance.state {
            InstanceState::Starting => (InstanceState::Failed, true),
            InstanceState::Running if well => (InstanceState::Stopped, false),
            InstanceState::Running => (InstanceState::Failed, age_ms < HEALTHY_AFTER_MS),
            InstanceState::Stopping | InstanceState::Stopped | InstanceState::Failed => {
                (InstanceState::Stopped, false)
            }
        };
        let kept = (!told && state == InstanceState::Failed).then(|| error.clone());
        self.store.set_instance_state(instance.id, state, kept).await?;
        if failed_start {
            self.note_failed_start(snapshot, instance.service_id, error).await?;
        }
        Ok(())
    }

    async fn note_failed_start(
        &self,
        snapshot: &Snapshot,
        service_id: ServiceId,
        error: InstanceError,
    ) -> Result<(), StoreError> {
        let before =
            snapshot.services.iter().find(|one| one.id == service_id).map_or(0, |one| one.failed_starts);
        let failed_starts = before.saturating_add(1);
        let error = if failed_starts > 1 {
            let detail = format!(
                "{} starts in a row failed; the last: {}: {}",
                failed_starts, error.reason, error.detail
            );
            InstanceError { reason: Reason::CrashLoopBackOff, detail }
        } else {
            error
        };
        let retry_at_ms = self.store.clock().now_ms() + back_off_ms(failed_starts);
        tracing::warn!(%service_id, failed_starts, reason = %error.reason, detail = error.detail, "a start failed");
        self.store.record_service_start(service_id, Err(error), Some(retry_at_ms)).await?;
        Ok(())
    }

    fn look_at_leases(&self, snapshot: &Snapshot) -> LeaseView {
        let running: Vec<_> = snapshot
            .executions
            .iter()
            .filter(|execution| execution.status == Status::InProgress)
            .map(|execution| (execution.id, execution.fencing_token))
            .collect();
        let alive: Vec<_> =
            snapshot.instances.iter().map(|instance| (instance.id, doing_of(instance))).collect();
        self.leases.lock().view(&running, &alive, self.store.clock().monotonic())
    }

    async fn carry_out(&self, decision: &Decision, snapshot: &Snapshot) -> Result<(), StoreError> {
        match decision {
            Decision::StartInstance { service_id } => self.start_instance(*service_id, snapshot).await,
            Decision::RetireInstance { instance_id } => {
                self.store.set_instance_state(*instance_id, InstanceState::Stopping, None).await.map(drop)
            }
            Decision::KillInstance { instance_id } => {
                if let Some(handle) = handle_of(snapshot, *instance_id) {
                    self.executor.stop(*instance_id, handle).await;
                }
                self.store.set_instance_state(*instance_id, InstanceState::Stopped, None).await.map(drop)
            }
            Decision::FailInstance { instance_id, error } => {
                self.fail_instance(*instance_id, error.clone(), snapshot).await
            }
            Decision::Terminate { execution_id, cause } => self
                .store
                .move_execution(*execution_id, Event::Terminated, Some(cause.clone()))
                .await
                .map(drop),
            Decision::LoseAttempt { execution_id, fencing_token, cause } => {
                tracing::warn!(%execution_id, fencing_token, cause = cause.message, "an attempt is lost");
                self.store.attempt_lost(*execution_id, *fencing_token, cause.clone()).await.map(drop)
            }
        }
    }

    async fn start_instance(&self, service_id: ServiceId, snapshot: &Snapshot) -> Result<(), StoreError> {
        let Some(service) = snapshot.services.iter().find(|service| service.id == service_id) else {
            return Ok(());
        };
        let token = match Token::generate(TokenKind::Instance) {
            Ok(token) => token,
            Err(error) => {
                let error = InstanceError { reason: Reason::ContainerCannotRun, detail: error.to_string() };
                return self.note_failed_start(snapshot, service_id, error).await;
            }
        };
        let instance = self
            .store
            .create_instance(service_id, shared::machine::Reservation::default(), &token.hash().hex())
            .await?;
        let spec = InstanceSpec {
            instance_id: instance.id,
            service_name: service.name.clone(),
            registration_token: token.expose().to_owned(),
        };
        match self.executor.start(spec).await {
            Ok(handle) => self.store.set_instance_handle(instance.id, &handle).await,
            Err(error) => {
                self.store
                    .set_instance_state(instance.id, InstanceState::Failed, Some(error.clone()))
                    .await?;
                self.note_failed_start(snapshot, service_id, error).await
            }
        }
    }

    async fn fail_instance(
        &self,
        instance_id: InstanceId,
        mut error: InstanceError,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        let Some(instance) = snapshot.instances.iter().find(|instance| instance.id == instance_id) else {
            return Ok(());
        };
        if let Some(handle) = &instance.handle {
            self.executor.kill(instance_id, handle).await;
        }
        let said = self.executor.log_tail(instance_id, QUOTED_LINES).await.join(" | ");
        if !said.is_empty() {
            error.detail = format!("{}: {said}", error.detail);
        }
        self.store.set_instance_state(instance_id, InstanceState::Failed, Some(error.clone())).await?;
        if instance.state == InstanceState::Starting {
            self.note_failed_start(snapshot, instance.service_id, error).await?;
        }
        Ok(())
    }

    /// Keeps for each waiting execution what it waits for, where that is new.
    async fn explain(&self, plan: &Plan, snapshot: &Snapshot) {
        for execution in &snapshot.executions {
            let Some((blocker, event)) = plan.blockers.get(&execution.id) else { continue };
            let same = execution.blocker.as_ref() == Some(blocker)
                && execution.status.after(*event).is_ok_and(|status| status == execution.status);
            if same {
                continue;
            }
            match self.store.set_blockers(vec![(execution.id, blocker.clone(), *event)]).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(%error, execution_id = %execution.id, "why it waits was not kept");
                }
            }
        }
    }
}

fn doing_of(instance: &Instance) -> Doing {
    match instance.state {
        InstanceState::Starting => Doing::Starting,
        InstanceState::Stopping if instance.executions.is_empty() => Doing::Ending,
        InstanceState::Running if instance.executions.is_empty() => Doing::Idle,
        InstanceState::Running | InstanceState::Stopping | InstanceState::Stopped | InstanceState::Failed => {
            Doing::Working
        }
    }
}

fn handle_of(snapshot: &Snapshot, id: InstanceId) -> Option<&str> {
    snapshot.instances.iter().find(|instance| instance.id == id)?.handle.as_deref()
}
