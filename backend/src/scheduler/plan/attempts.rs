//! Which attempts and instances end without their own word.
//!
//! Must not know how many instances are wanted.

use super::{Decision, Plan, ServiceView};
use crate::store::QueuedExecution;
use shared::service::{Drain, Instance, InstanceError, InstanceState, Reason};
use shared::status::Status;
use shared::training::{Cause, CauseKind};
use std::time::Duration;

/// After this time a person's abort no longer waits for the runner.
pub const ABORT_DEADLINE_MS: i64 = 10_000;

/// How much longer than timeout and drain together the server waits for the runner's own word.
const OVERDUE_MARGIN: Duration = Duration::from_secs(30);

/// How long an instance without work may take to end after it was told to.
const ENDING_PATIENCE: Duration = Duration::from_secs(15);

impl ServiceView<'_> {
    pub(super) fn fail_silent_instances(&mut self, plan: &mut Plan) {
        let (silent, heard): (Vec<_>, Vec<_>) = std::mem::take(&mut self.instances)
            .into_iter()
            .partition(|instance| self.leases.silent_instances.contains(&instance.id));
        self.instances = heard;
        for instance in silent {
            let (reason, detail) = if instance.state == InstanceState::Starting {
                (Reason::ContainerCannotRun, "its runner did not register in time; its log says more")
            } else {
                (Reason::NodeLost, "its runner was not heard of for longer than its lease")
            };
            let error = InstanceError { reason, detail: detail.into() };
            plan.decisions.push(Decision::FailInstance { instance_id: instance.id, error });
        }
    }

    pub(super) fn end_attempts(&mut self, plan: &mut Plan) {
        for execution in std::mem::take(&mut self.executions) {
            match self.ending_of(execution, plan) {
                Some(decision) => plan.decisions.push(decision),
                None if execution.status.is_waiting() => self.queue.push(execution),
                None => self.at_work.push(execution),
            }
        }
        self.runnable_count = self.runnable().count();
    }

    /// How an execution ends without its runner's word, if it does.
    fn ending_of(&self, execution: &QueuedExecution, plan: &mut Plan) -> Option<Decision> {
        let terminate = || {
            let cause = cause_from(CauseKind::Person, "a person aborted it", "");
            Some(Decision::Terminate { execution_id: execution.id, cause })
        };
        match execution.status {
            Status::Success | Status::Failed | Status::Aborted | Status::Terminated => None,
            Status::Created | Status::Pending | Status::Rerun if execution.abort_requested => terminate(),
            Status::Created | Status::Pending | Status::Rerun => None,
            Status::InProgress => {
                let holder_lives =
                    self.instances.iter().any(|instance| Some(instance.id) == execution.instance_id);
                let lost = !holder_lives || self.leases.lost_attempts.contains(&execution.id);
                if execution.abort_requested {
                    let asked_at = execution.abort_requested_at_ms.unwrap_or(self.now_ms);
                    let deadline = asked_at + ABORT_DEADLINE_MS;
                    // One that was asked for in time to come was asked before the clock was put back.
                    if lost || self.now_ms >= deadline || asked_at > self.now_ms {
                        return terminate();
                    }
                    plan.wake_at(deadline);
                }
                let cause = if lost { Some(runner_lost()) } else { self.overdue(execution) };
                cause.map(|cause| Decision::LoseAttempt {
                    execution_id: execution.id,
                    fencing_token: execution.fencing_token,
                    cause,
                })
            }
        }
    }

    fn drain_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.service.settings.drain_secs))
    }

    /// The runner ends an attempt at its timeout; this is for a runner that does not.
    fn overdue(&self, execution: &QueuedExecution) -> Option<Cause> {
        let timeout_secs = self.service.settings.execution_timeout_secs;
        let allowed = Duration::from_secs(u64::from(timeout_secs)) + self.drain_time() + OVERDUE_MARGIN;
        let running_for = self.leases.running_for.get(&execution.id).copied().unwrap_or_default();
        (running_for > allowed).then(|| {
            let message = format!(
                "it ran longer than its execution timeout of {timeout_secs} s and its drain time of {} s",
                self.service.settings.drain_secs
            );
            cause_from(CauseKind::Timeout, &message, Reason::DeadlineExceeded.next_step())
        })
    }

    /// Those that were told to end and have had the time for it.
    pub(super) fn kill_stubborn(&self, plan: &mut Plan) {
        for instance in self.instances.iter().filter(|one| one.state == InstanceState::Stopping) {
            if self.patience_with(instance).is_some_and(|patience| self.doing_for(instance) > patience) {
                plan.decisions.push(Decision::KillInstance { instance_id: instance.id });
            }
        }
    }

    /// How long it may take to end; `None` for one that may finish its work.
    fn patience_with(&self, instance: &Instance) -> Option<Duration> {
        match (&instance.drain, instance.executions.is_empty()) {
            (_, true) => Some(ENDING_PATIENCE),
            (Some(_), false) => Some(self.drain_time() + OVERDUE_MARGIN),
            (None, false) => None,
        }
    }

    /// The server stops: every instance drains, and nothing new is started.
    pub(super) fn stop_all(&self, plan: &mut Plan) {
        for instance in &self.instances {
            if instance.state != InstanceState::Stopping || instance.drain.is_none() {
                let drain = Some(Drain::ServerStops);
                plan.decisions.push(Decision::EndInstance { instance_id: instance.id, drain });
            }
        }
        self.kill_stubborn(plan);
    }
}

fn runner_lost() -> Cause {
    cause_from(
        CauseKind::RunnerLost,
        "its runner was lost: the process ended or was not heard of for longer than its lease",
        "See the instance's log; the attempt goes round again while attempts are left",
    )
}

fn cause_from(kind: CauseKind, message: &str, next_step: &str) -> Cause {
    Cause { kind, message: message.to_owned(), next_step: next_step.to_owned() }
}
