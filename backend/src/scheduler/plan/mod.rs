//! The plan: what is wanted and what is, in; decisions and reasons for waiting, out. A pure function.
//!
//! Who gets which execution is not decided here: a runner with a free slot takes the most urgent one of
//! its service. The plan decides how many instances there are and on which machine, which attempts end
//! without their runner's word, and says for each waiting execution what it waits for.
//! Must not know clocks, storage or how an instance is made.

mod attempts;
mod demand;
mod pools;
mod scaling;
mod waiting;

use super::leases::LeaseView;
use crate::store::{QueuedExecution, Snapshot};
use shared::id::{ExecutionId, InstanceId, ServiceId};
use shared::machine::{MachineType, Reservation};
use shared::retry::is_due;
use shared::service::{Drain, Instance, InstanceError, InstanceState, Service};
use shared::training::{Cause, Waiting};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

pub use attempts::ABORT_DEADLINE_MS;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Start one more instance of a service.
    StartInstance {
        /// Which service.
        service_id: ServiceId,
        /// What it holds of its machine.
        reservation: Reservation,
    },
    /// Tell an instance to take no more work and to end; with a reason, to stop what it works on.
    EndInstance {
        /// Which one.
        instance_id: InstanceId,
        /// Why it cannot finish its work.
        drain: Option<Drain>,
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
    /// A service was well for long enough: its failed starts are forgotten.
    ForgiveStarts {
        /// Which one.
        service_id: ServiceId,
    },
    /// A service failed to start too often.
    PauseByForce {
        /// Which one.
        service_id: ServiceId,
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
    /// For every waiting execution why it waits.
    pub waiting: BTreeMap<ExecutionId, Waiting>,
    /// Services no machine can ever hold an instance of, with what is lacking.
    pub unschedulable: BTreeMap<ServiceId, String>,
    /// UTC milliseconds at which time alone changes the plan, if known.
    pub wake_at_ms: Option<i64>,
}

impl Plan {
    fn wake_at(&mut self, at_ms: i64) {
        self.wake_at_ms = Some(self.wake_at_ms.map_or(at_ms, |earlier| earlier.min(at_ms)));
    }
}

/// Makes the plan for a snapshot at a time.
#[must_use]
pub fn plan(snapshot: &Snapshot, leases: &LeaseView, now_ms: i64) -> Plan {
    let mut plan = Plan::default();
    let mut views = views(snapshot, leases, now_ms);
    for view in &mut views {
        view.fail_silent_instances(&mut plan);
        view.end_attempts(&mut plan);
    }
    if snapshot.is_stopping {
        views.iter().for_each(|view| view.stop_all(&mut plan));
        return plan;
    }
    let blocked = demand::scale(&views, &snapshot.machine_types, &mut plan);
    let mut waiting = Vec::with_capacity(snapshot.executions.len());
    for view in &views {
        view.explain(blocked.get(&view.service.id), &views, &mut plan, &mut waiting);
    }
    // Made at once, which is faster than one by one.
    plan.waiting = waiting.into_iter().collect();
    plan
}

/// One service with what is its own, in an order that does not depend on the snapshot's.
struct ServiceView<'a> {
    service: &'a Service,
    /// What its instances run on; `None` where there is no such type.
    machine: Option<&'a MachineType>,
    /// How long its trainings took lately.
    typical_ms: Option<i64>,
    /// Those that are alive, by id.
    instances: Vec<&'a Instance>,
    /// Those that are not final, until it is known which of them end.
    executions: Vec<&'a QueuedExecution>,
    /// Those that wait and go on waiting, the most urgent first.
    queue: Vec<&'a QueuedExecution>,
    /// Of them, how many may start now.
    runnable_count: usize,
    /// Those that run and go on running, the most urgent first.
    at_work: Vec<&'a QueuedExecution>,
    leases: &'a LeaseView,
    now_ms: i64,
}

fn views<'a>(snapshot: &'a Snapshot, leases: &'a LeaseView, now_ms: i64) -> Vec<ServiceView<'a>> {
    let mut instances: BTreeMap<ServiceId, Vec<&Instance>> = BTreeMap::new();
    for instance in snapshot.instances.iter().filter(|instance| instance.state.is_alive()) {
        instances.entry(instance.service_id).or_default().push(instance);
    }
    let mut executions: BTreeMap<ServiceId, Vec<&QueuedExecution>> = BTreeMap::new();
    for execution in &snapshot.executions {
        executions.entry(execution.service_id).or_default().push(execution);
    }
    let mut services: Vec<&Service> = snapshot.services.iter().collect();
    services.sort_by_key(|service| service.id);
    let view = |service: &'a Service| {
        let mut instances = instances.remove(&service.id).unwrap_or_default();
        instances.sort_by_key(|instance| instance.id);
        let mut executions = executions.remove(&service.id).unwrap_or_default();
        executions.sort_by_key(|execution| urgency(execution));
        ServiceView {
            service,
            machine: machine_of(service, &snapshot.machine_types),
            typical_ms: snapshot.typical_ms.get(&service.id).copied(),
            instances,
            executions,
            queue: Vec::new(),
            runnable_count: 0,
            at_work: Vec::new(),
            leases,
            now_ms,
        }
    };
    services.into_iter().map(view).collect()
}

fn machine_of<'a>(service: &Service, machines: &'a [MachineType]) -> Option<&'a MachineType> {
    machines.iter().find(|machine| machine.name == service.settings.machine_type)
}

/// The order of a queue: urgent ones first, then as they came.
const fn urgency(execution: &QueuedExecution) -> (Reverse<i32>, i64, ExecutionId) {
    (Reverse(execution.priority), execution.queue_number, execution.id)
}

impl<'a> ServiceView<'a> {
    fn waiting(&self) -> impl Iterator<Item = &'a QueuedExecution> {
        self.queue.iter().copied()
    }

    fn running(&self) -> impl Iterator<Item = &'a QueuedExecution> {
        self.at_work.iter().copied()
    }

    /// Those that wait and may start now.
    fn runnable(&self) -> impl Iterator<Item = &'a QueuedExecution> {
        self.waiting().filter(|execution| self.may_start_at(execution).is_none())
    }

    fn may_start_at(&self, execution: &QueuedExecution) -> Option<i64> {
        execution.not_before_ms.filter(|not_before| !is_due(*not_before, self.now_ms))
    }

    /// Instances that take work, or will.
    fn usable(&self) -> impl Iterator<Item = &'a Instance> {
        self.instances.iter().copied().filter(|instance| {
            let takes_work = matches!(instance.state, InstanceState::Starting | InstanceState::Running);
            takes_work && instance.generation == self.service.generation
        })
    }

    fn concurrency(&self) -> usize {
        self.service.settings.concurrency.max(1) as usize
    }

    fn doing_for(&self, instance: &Instance) -> Duration {
        self.leases.doing_for.get(&instance.id).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
