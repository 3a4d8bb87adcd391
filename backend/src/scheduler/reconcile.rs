//! The loop that makes what is into what is wanted. It takes no input: each pass reads the store and
//! the executor anew, so it can run at any time, twice, and after any crash.
//!
//! Must not know how an instance is made, nor decide anything that the plan decides.

use super::explanations::Explanations;
use super::leases::{Doing, LeaseView, SharedLeases};
use super::plan::{Decision, Plan, plan};
use crate::executor::Executor;
use crate::store::{QueuedExecution, Snapshot, Store, StoreError};
use shared::id::InstanceId;
use shared::service::{Instance, InstanceState};
use shared::status::{Event, Status};
use shared::training::Waiting;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// While anything runs or waits, time alone may change the plan: leases, deadlines, cool-downs.
const BUSY_TICK: Duration = Duration::from_secs(1);
/// While nothing does.
const IDLE_TICK: Duration = Duration::from_secs(60);
/// Between two passes at least, so that many changes of a moment are looked at together.
const COALESCE: Duration = Duration::from_millis(50);
/// Between two passes lies so many times what the first one took, so that a long queue does not take the time of those
/// who work it off.
const REST: u32 = 4;
/// The longest such rest.
const LONGEST_REST: Duration = Duration::from_millis(500);

/// Carries out what the plan decides.
#[derive(Debug, Clone)]
pub struct Scheduler {
    pub(super) store: Store,
    pub(super) executor: Arc<dyn Executor>,
    leases: SharedLeases,
    explanations: Explanations,
    /// Cancelled when the server is about to stop: then what runs drains.
    draining: CancellationToken,
}

impl Scheduler {
    /// A scheduler that has not looked yet. Once `draining` is cancelled it starts nothing, and has instances stop.
    #[must_use]
    pub const fn new(
        store: Store,
        executor: Arc<dyn Executor>,
        leases: SharedLeases,
        explanations: Explanations,
        draining: CancellationToken,
    ) -> Self {
        Self { store, executor, leases, explanations, draining }
    }

    /// Runs until it is told to stop. Instances that are there then are left alone: they outlive the server.
    pub async fn run(self, stop: CancellationToken) {
        let mut revisions = self.store.revisions();
        let mut ends = self.executor.changes();
        loop {
            revisions.mark_unchanged();
            ends.mark_unchanged();
            let began = Instant::now();
            let pause = match self.pass().await {
                Ok(pause) => pause,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!(%error, "a scheduling pass failed: the next one tries again");
                    BUSY_TICK
                }
            };
            let rest_until = Instant::now() + rest_after(began.elapsed());
            let is_draining = self.draining.is_cancelled();
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.draining.cancelled(), if !is_draining => continue,
                changed = revisions.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                _ = ends.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(COALESCE) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.draining.cancelled(), if !is_draining => {}
                () = tokio::time::sleep_until(rest_until) => {}
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
        snapshot.is_stopping = self.draining.is_cancelled();
        let view = self.look_at_leases(&snapshot);
        let now_ms = self.store.clock().now_ms();
        let plan = plan(&snapshot, &view, now_ms);
        for decision in &plan.decisions {
            if let Err(error) = self.carry_out(decision, &snapshot).await {
                tracing::warn!(%error, ?decision, "a decision was not carried out: the next pass decides anew");
            }
        }
        self.note_unschedulable(&plan, &snapshot).await?;
        let busy = !snapshot.instances.is_empty() || !snapshot.executions.is_empty();
        let tick = if busy || !plan.decisions.is_empty() { BUSY_TICK } else { IDLE_TICK };
        let until_wake =
            plan.wake_at_ms.map(|at| u64::try_from(at.saturating_sub(now_ms)).unwrap_or_default() + 1);
        self.explain(plan, &snapshot).await?;
        Ok(until_wake.map_or(tick, |wait| tick.min(Duration::from_millis(wait))))
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
            Decision::StartInstance { service_id, reservation } => {
                self.start_instance(*service_id, reservation, snapshot).await
            }
            Decision::EndInstance { instance_id, drain } => {
                if let Some(drain) = drain {
                    tracing::info!(%instance_id, reason = drain.describe(), "an instance drains");
                }
                self.store.end_instance(*instance_id, drain.clone()).await.map(drop)
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
            Decision::ForgiveStarts { service_id } => {
                self.store.record_service_start(*service_id, Ok(()), None).await.map(drop)
            }
            Decision::PauseByForce { service_id } => {
                tracing::error!(%service_id, "a service failed to start too often: it is paused");
                self.store.pause_service_by_force(*service_id).await
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

    /// Tells for each waiting execution why it waits; what of it lasts is kept, where it is new.
    async fn explain(&self, plan: Plan, snapshot: &Snapshot) -> Result<(), StoreError> {
        let news = snapshot.executions.iter().filter_map(|execution| {
            let waiting = plan.waiting.get(&execution.id)?;
            let event = event_of(waiting);
            let is_new = !is_told(execution, waiting, event);
            is_new.then(|| (execution.id, waiting.blocker.clone(), event))
        });
        let news: Vec<_> = news.collect();
        self.explanations.replace(plan.waiting);
        self.store.set_blockers(news).await
    }
}

/// How long it rests after a pass that took so long.
fn rest_after(took: Duration) -> Duration {
    (took * REST).min(LONGEST_REST)
}

/// What the reason says of the service.
const fn event_of(waiting: &Waiting) -> Event {
    if waiting.blocker.is_of_service() { Event::ServiceUnavailable } else { Event::Queued }
}

fn is_told(execution: &QueuedExecution, waiting: &Waiting, event: Event) -> bool {
    execution.blocker.as_ref().is_some_and(|told| told.is_like(&waiting.blocker))
        && execution.status.after(event).is_ok_and(|status| status == execution.status)
}

fn doing_of(instance: &Instance) -> Doing {
    match instance.state {
        InstanceState::Starting => Doing::Starting,
        InstanceState::Stopping if instance.executions.is_empty() => Doing::Ending,
        InstanceState::Stopping if instance.drain.is_some() => Doing::Draining,
        InstanceState::Running if instance.executions.is_empty() => Doing::Idle,
        InstanceState::Running | InstanceState::Stopping | InstanceState::Stopped | InstanceState::Failed => {
            Doing::Working
        }
    }
}

pub(super) fn handle_of(snapshot: &Snapshot, id: InstanceId) -> Option<&str> {
    snapshot.instances.iter().find(|instance| instance.id == id)?.handle.as_deref()
}
