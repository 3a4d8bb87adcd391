//! The plan: what is wanted and what is, in; decisions and reasons for waiting, out. A pure function.
//!
//! Who gets which execution is not decided here: a runner with a free slot takes the oldest one of
//! its service. The plan decides how many instances there are, which attempts end without their
//! runner's word, and says for each waiting execution what it waits for.
//! Must not know clocks, storage or how an instance is made.

use super::leases::LeaseView;
use crate::store::{QueuedExecution, Snapshot};
use shared::id::{ExecutionId, InstanceId, ServiceId};
use shared::service::{Instance, InstanceError, InstanceState, Reason, Service};
use shared::status::{Event, Status};
use shared::training::{Blocker, Cause, CauseKind};
use std::collections::BTreeMap;
use std::time::Duration;

/// After this time a person's abort no longer waits for the runner.
pub const ABORT_DEADLINE_MS: i64 = 10_000;

/// How much longer than timeout and drain together the server waits for the runner's own word.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(30);

/// How long an instance without work may take to end after it was told to.
const ENDING_PATIENCE: Duration = Duration::from_secs(15);

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Start one more instance of a service.
    StartInstance {
        /// Which service.
        service_id: ServiceId,
    },
    /// Tell an instance without work to end.
    RetireInstance {
        /// Which one.
        instance_id: InstanceId,
    },
    /// An instance that was told to end did not: make it.
    KillInstance {
        /// Which one.
        instance_id: InstanceId,
    },
    /// An instance was not heard of for too long: it counts as failed, and is made to end.
    FailInstance {
        /// Which one.
        instance_id: InstanceId,
        /// Why.
        error: InstanceError,
    },
    /// An execution was ended by a person, whatever its runner says.
    Terminate {
        /// Which one.
        execution_id: ExecutionId,
        /// Why.
        cause: Cause,
    },
    /// An attempt is over without its runner's word: it goes round again or ends.
    LoseAttempt {
        /// Which execution.
        execution_id: ExecutionId,
        /// The token of the lost attempt.
        fencing_token: i64,
        /// Why.
        cause: Cause,
    },
}

/// What to do now, and why the rest waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In a fixed order: the same snapshot gives the same list.
    pub decisions: Vec<Decision>,
    /// For every waiting execution what it waits for, and the event that says so.
    pub blockers: BTreeMap<ExecutionId, (Blocker, Event)>,
    /// UTC milliseconds at which time alone changes the plan, if known.
    pub wake_at_ms: Option<i64>,
}

/// Makes the plan for a snapshot at a time.
#[must_use]
pub fn plan(snapshot: &Snapshot, leases: &LeaseView, now_ms: i64) -> Plan {
    let mut plan = Plan::default();
    let mut services: Vec<&Service> = snapshot.services.iter().collect();
    services.sort_by_key(|service| service.id);
    for service in services {
        let mut instances: Vec<&Instance> =
            snapshot.instances.iter().filter(|instance| instance.service_id == service.id).collect();
        instances.sort_by_key(|instance| instance.id);
        let mut executions: Vec<&QueuedExecution> =
            snapshot.executions.iter().filter(|execution| execution.service_id == service.id).collect();
        executions.sort_by_key(|execution| (execution.queue_number, execution.id));
        ServicePlan { service, instances, executions, leases, now_ms }.add_to(&mut plan);
    }
    plan
}

/// The part of the snapshot that concerns one service; services do not share anything.
struct ServicePlan<'a> {
    service: &'a Service,
    instances: Vec<&'a Instance>,
    executions: Vec<&'a QueuedExecution>,
    leases: &'a LeaseView,
    now_ms: i64,
}

impl ServicePlan<'_> {
    fn add_to(mut self, plan: &mut Plan) {
        self.fail_silent_instances(plan);
        self.end_attempts(plan);
        self.scale(plan);
        self.explain(plan);
    }

    fn wake_at(plan: &mut Plan, at_ms: i64) {
        plan.wake_at_ms = Some(plan.wake_at_ms.map_or(at_ms, |earlier| earlier.min(at_ms)));
    }

    fn fail_silent_instances(&mut self, plan: &mut Plan) {
        let (silent, heard): (Vec<_>, Vec<_>) = std::mem::take(&mut self.instances)
            .into_iter()
            .filter(|instance| instance.state.is_alive())
            .partition(|instance| self.leases.silent_instances.contains(&instance.id));
        self.instances = heard;
        for instance in silent {
            let error = match instance.state {
                InstanceState::Starting => InstanceError {
                    reason: Reason::ContainerCannotRun,
                    detail: "its runner did not register in time; its log says more".into(),
                },
                InstanceState::Running
                | InstanceState::Stopping
                | InstanceState::Stopped
                | InstanceState::Failed => InstanceError {
                    reason: Reason::NodeLost,
                    detail: "its runner was not heard of for longer than its lease".into(),
                },
            };
            plan.decisions.push(Decision::FailInstance { instance_id: instance.id, error });
        }
    }

    fn end_attempts(&mut self, plan: &mut Plan) {
        let mut left = Vec::with_capacity(self.executions.len());
        for execution in std::mem::take(&mut self.executions) {
            match self.ending_of(execution, plan) {
                Some(decision) => plan.decisions.push(decision),
                None => left.push(execution),
            }
        }
        self.executions = left;
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
                    let deadline = execution.abort_requested_at_ms.unwrap_or(self.now_ms) + ABORT_DEADLINE_MS;
                    if lost || self.now_ms >= deadline {
                        return terminate();
                    }
                    Self::wake_at(plan, deadline);
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

    /// The runner ends an attempt at its timeout; this is for a runner that does not.
    fn overdue(&self, execution: &QueuedExecution) -> Option<Cause> {
        let settings = &self.service.settings;
        let allowed =
            Duration::from_secs(u64::from(settings.execution_timeout_secs) + u64::from(settings.drain_secs))
                + TIMEOUT_MARGIN;
        let running_for = self.leases.running_for.get(&execution.id).copied().unwrap_or_default();
        (running_for > allowed).then(|| {
            cause_from(
                CauseKind::Timeout,
                &format!(
                    "it ran longer than its execution timeout of {} s and its drain time of {} s",
                    settings.execution_timeout_secs, settings.drain_secs
                ),
                "Raise the execution timeout, or train fewer epochs",
            )
        })
    }

    fn waiting(&self) -> impl Iterator<Item = &QueuedExecution> {
        self.executions.iter().copied().filter(|execution| execution.status.is_waiting())
    }

    fn may_start_at(&self, execution: &QueuedExecution) -> Option<i64> {
        execution.not_before_ms.filter(|not_before| *not_before > self.now_ms)
    }

    fn running_count(&self) -> usize {
        self.executions.iter().filter(|execution| execution.status == Status::InProgress).count()
    }

    fn usable(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().copied().filter(|instance| match instance.state {
            InstanceState::Starting | InstanceState::Running => true,
            InstanceState::Stopping | InstanceState::Stopped | InstanceState::Failed => false,
        })
    }

    fn concurrency(&self) -> usize {
        self.service.settings.concurrency.max(1) as usize
    }

    /// Instances that the queue asks for, within the limits.
    fn wanted(&self) -> usize {
        if self.service.paused {
            return 0;
        }
        let runnable = self.waiting().filter(|execution| self.may_start_at(execution).is_none()).count();
        let asked = (self.running_count() + runnable).div_ceil(self.concurrency());
        let settings = &self.service.settings;
        let max = settings.max_instances as usize;
        asked.max(settings.min_instances as usize).min(max)
    }

    /// How many instances are started now.
    fn to_start(&self) -> usize {
        let room = (self.service.settings.max_instances as usize).saturating_sub(self.instances.len());
        let missing = self.wanted().saturating_sub(self.usable().count()).min(room);
        let backing_off = self.service.retry_at_ms.is_some_and(|retry_at| retry_at > self.now_ms);
        match (backing_off, self.service.failed_starts) {
            (true, _) => 0,
            (false, 0) => missing,
            // A service in trouble is probed with one instance, not with all.
            (false, _) => missing.min(1_usize.saturating_sub(self.starting_count())),
        }
    }

    fn starting_count(&self) -> usize {
        self.usable().filter(|instance| instance.state == InstanceState::Starting).count()
    }

    fn scale(&self, plan: &mut Plan) {
        if self.wanted() > 0
            && let Some(retry_at) = self.service.retry_at_ms.filter(|at| *at > self.now_ms)
        {
            Self::wake_at(plan, retry_at);
        }
        let service_id = self.service.id;
        plan.decisions.extend((0..self.to_start()).map(|_| Decision::StartInstance { service_id }));
        for instance in &self.instances {
            if instance.state == InstanceState::Stopping
                && instance.executions.is_empty()
                && self.doing_for(instance) > ENDING_PATIENCE
            {
                plan.decisions.push(Decision::KillInstance { instance_id: instance.id });
            }
        }
        for instance in self.to_retire() {
            plan.decisions.push(Decision::RetireInstance { instance_id: instance.id });
        }
    }

    fn doing_for(&self, instance: &Instance) -> Duration {
        self.leases.doing_for.get(&instance.id).copied().unwrap_or_default()
    }

    /// Idle instances that are not wanted: at once when the service is paused or above its limit,
    /// after the cool-down otherwise; the longest idle first.
    fn to_retire(&self) -> Vec<&Instance> {
        let usable = self.usable().count();
        let max = self.service.settings.max_instances as usize;
        let cool_down = Duration::from_secs(u64::from(self.service.settings.cool_down_secs));
        let mut idle: Vec<&Instance> = self
            .usable()
            .filter(|instance| instance.state == InstanceState::Running && instance.executions.is_empty())
            .collect();
        idle.sort_by_key(|instance| (std::cmp::Reverse(self.doing_for(instance)), instance.id));
        let excess = usable.saturating_sub(self.wanted());
        let above_limit = usable.saturating_sub(max);
        idle.into_iter()
            .take(excess)
            .enumerate()
            .filter(|(place, instance)| {
                self.service.paused || *place < above_limit || self.doing_for(instance) >= cool_down
            })
            .map(|(_, instance)| instance)
            .collect()
    }

    /// Says for each waiting execution what it waits for.
    fn explain(&self, plan: &mut Plan) {
        let held_by: Vec<ExecutionId> = self
            .executions
            .iter()
            .filter(|execution| execution.status == Status::InProgress)
            .map(|execution| execution.id)
            .collect();
        let coming = (self.usable().count() + self.to_start()) * self.concurrency();
        let slots_at_most =
            self.service.settings.max_instances.saturating_mul(self.service.settings.concurrency.max(1));
        let mut free_or_coming = coming.saturating_sub(held_by.len());
        for (place, execution) in self.waiting().enumerate() {
            let explanation = if self.service.paused {
                (Blocker::ServicePaused { failed_starts: None }, Event::ServiceUnavailable)
            } else if let Some(until_ms) = self.may_start_at(execution) {
                Self::wake_at(plan, until_ms);
                (Blocker::BackOff { until_ms }, Event::Queued)
            } else if let Some(blocker) = self.service_error() {
                (blocker, Event::ServiceUnavailable)
            } else if free_or_coming > 0 {
                free_or_coming -= 1;
                (Blocker::InstanceStarting, Event::Queued)
            } else {
                let position = u32::try_from(place + 1).unwrap_or(u32::MAX);
                (Blocker::SlotsBusy { slots: slots_at_most, held_by: Vec::new() }, Event::Queued)
            };
            plan.blockers.insert(execution.id, explanation);
        }
    }

    /// The service's trouble, as long as none of its instances runs.
    fn service_error(&self) -> Option<Blocker> {
        if self.service.failed_starts == 0
            || self.usable().any(|instance| instance.state == InstanceState::Running)
        {
            return None;
        }
        self.service.error.as_ref().map(|error| Blocker::ServiceError {
            reason: error.reason,
            detail: error.detail.clone(),
            retry_at_ms: self.service.retry_at_ms,
        })
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

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
