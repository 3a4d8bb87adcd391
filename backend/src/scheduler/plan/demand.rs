//! Who gets which machine: services that want more instances, against what is free, idle, or held by less urgent ones.
//!
//! Must not know why an execution waits for other things than machines.

use super::pools::{Place, Pools, helps, resources_of, sum};
use super::{Decision, Plan, ServiceView};
use shared::id::{ExecutionId, InstanceId, ServiceId};
use shared::machine::{MachineType, Resources, Shortage};
use shared::service::{Drain, Instance};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// An instance that others of the same urgency wait for works at least so long before it gives its place up.
pub(super) const TIME_SLICE: Duration = Duration::from_secs(60);

/// What keeps a service from one more instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blocked {
    pub(super) shortage: Shortage,
    /// Nothing that could be freed would do: no machine ever fits.
    pub(super) is_for_ever: bool,
    pub(super) is_being_freed: bool,
}

/// One wish for one more instance.
struct Demand {
    place: usize,
    /// The most urgent execution that it would serve; `None` for one that is kept while nothing waits.
    wisher: Option<(i32, i64, ExecutionId)>,
    /// Instances that its service would have before it.
    has: usize,
    /// When its service was served last.
    served_at_ms: Option<i64>,
}

/// Starts, ends and preempts instances; answers what keeps services from more.
pub(super) fn scale(
    views: &[ServiceView<'_>],
    machines: &[MachineType],
    plan: &mut Plan,
) -> BTreeMap<ServiceId, Blocked> {
    for view in views {
        view.tend(plan);
    }
    let ending: BTreeSet<InstanceId> = plan.decisions.iter().filter_map(ended_by).collect();
    let mut market = Market { views, pools: Pools::new(machines), ending, blocked: BTreeMap::new() };
    market.hold_what_is_held();
    for demand in market.demands() {
        market.serve(&demand, plan);
    }
    market.blocked
}

fn ended_by(decision: &Decision) -> Option<InstanceId> {
    match decision {
        Decision::EndInstance { instance_id, .. } | Decision::KillInstance { instance_id } => {
            Some(*instance_id)
        }
        _ => None,
    }
}

struct Market<'a, 'b> {
    views: &'a [ServiceView<'b>],
    pools: Pools,
    /// Told to end by this plan.
    ending: BTreeSet<InstanceId>,
    blocked: BTreeMap<ServiceId, Blocked>,
}

impl Market<'_, '_> {
    fn hold_what_is_held(&mut self) {
        for view in self.views {
            for instance in &view.instances {
                let is_ending =
                    !view.usable().any(|one| one.id == instance.id) || self.ending.contains(&instance.id);
                // One that may finish its work ends nobody knows when, but it does end.
                self.pools.hold(&instance.machine_type, &instance.reservation, is_ending);
            }
        }
    }

    /// Urgent ones first; among equals the service that has least, that was served longest ago, then who waits longest.
    fn demands(&self) -> Vec<Demand> {
        let mut demands = Vec::new();
        for (place, view) in self.views.iter().enumerate() {
            let count = view.to_start();
            if count == 0 {
                continue;
            }
            let has = view.usable().count();
            // What instances that are there have room for waits for none that is to come.
            let has_room = (has * view.concurrency()).saturating_sub(view.running().count());
            let served = view
                .runnable()
                .skip(has_room)
                .step_by(view.concurrency())
                .map(|execution| (execution.priority, execution.queue_number, execution.id));
            let mut wishers = served.map(Some).chain(std::iter::repeat(None));
            demands.extend((0..count).map(|more| Demand {
                place,
                wisher: wishers.next().flatten(),
                has: has + more,
                served_at_ms: view.service.served_at_ms,
            }));
        }
        demands.sort_by_key(|demand| {
            let urgency = demand.wisher.map(|(priority, queue_number, _)| (priority, queue_number));
            let priority = urgency.map_or(i32::MIN, |(priority, _)| priority);
            let since = urgency.map_or(i64::MAX, |(_, queue_number)| queue_number);
            let share = (demand.has, demand.served_at_ms);
            (Reverse(priority), demand.wisher.is_none(), share, since, demand.place)
        });
        demands
    }

    fn serve(&mut self, demand: &Demand, plan: &mut Plan) {
        let Some(view) = self.views.get(demand.place) else { return };
        let service_id = view.service.id;
        let machine_type = &view.service.settings.machine_type;
        let Some(machine) = view.machine else {
            return self.block(service_id, Shortage::MachineType, true, false);
        };
        let wanted = view.service.settings.wanted_of(machine);
        if let Some(shortage) = machine.lacks(&wanted) {
            plan.unschedulable.insert(service_id, format!("{}: {}", machine.name, shortage.describe()));
            return self.block(service_id, shortage, true, false);
        }
        match self.pools.place(machine_type, &wanted) {
            Some(Place::Free(reservation)) => {
                plan.decisions.push(Decision::StartInstance { service_id, reservation });
            }
            Some(Place::Coming(shortage)) => self.block(service_id, shortage, false, true),
            Some(Place::Taken(shortage)) => {
                let is_being_freed = self.make_room(demand, view, &wanted, plan);
                self.pools.hold_back(machine_type, &wanted);
                self.block(service_id, shortage, false, is_being_freed);
            }
            None => self.block(service_id, Shortage::MachineType, true, false),
        }
    }

    fn block(&mut self, service_id: ServiceId, shortage: Shortage, is_for_ever: bool, is_being_freed: bool) {
        // The first, most urgent wish says it.
        self.blocked.entry(service_id).or_insert(Blocked { shortage, is_for_ever, is_being_freed });
    }

    /// Has others give way; answers whether somebody does.
    fn make_room(
        &mut self,
        demand: &Demand,
        view: &ServiceView<'_>,
        wanted: &Resources,
        plan: &mut Plan,
    ) -> bool {
        // What is only kept in reserve takes nothing from anybody.
        let Some((priority, _, wisher)) = demand.wisher else { return false };
        let machine_type = &view.service.settings.machine_type;
        let mut chosen: Vec<(Instance, Option<Drain>)> = Vec::new();
        let mut more = Resources::default();
        let lacking = self.pools.lacking(machine_type, wanted);
        let idle = self.idle_elsewhere(view).into_iter().map(|one| (one, None));
        let weaker = self.preemptible(view, priority).into_iter();
        let weaker = weaker.map(|one| (one, Some(Drain::Preempted { by: wisher })));
        for (instance, drain) in idle.chain(weaker).filter(|(one, _)| helps(&one.reservation, lacking)) {
            if self.pools.would_fit(machine_type, wanted, more) {
                break;
            }
            more = sum(more, resources_of(&instance.reservation));
            chosen.push((instance.clone(), drain));
        }
        if !self.pools.would_fit(machine_type, wanted, more) {
            // Nobody is stopped in vain; at most somebody who had their time takes no more work.
            let had_its_time = self.had_their_time(view, priority, lacking);
            chosen = had_its_time.map(|one| (one.clone(), None)).into_iter().collect();
        }
        let gives_way = !chosen.is_empty();
        for (instance, drain) in chosen {
            self.pools.will_free(&instance.machine_type, &instance.reservation);
            self.ending.insert(instance.id);
            plan.decisions.push(Decision::EndInstance { instance_id: instance.id, drain });
        }
        gives_way
    }

    fn others<'s>(&'s self, view: &'s ServiceView<'_>) -> impl Iterator<Item = &'s ServiceView<'s>> {
        let machine_type = &view.service.settings.machine_type;
        self.views.iter().filter(move |other| {
            other.service.id != view.service.id && other.service.settings.machine_type == *machine_type
        })
    }

    fn stays(&self, instance: &Instance) -> bool {
        !self.ending.contains(&instance.id)
    }

    /// Instances without work beyond what their services keep.
    fn idle_elsewhere<'s>(&'s self, view: &'s ServiceView<'_>) -> Vec<&'s Instance> {
        let mut idle = Vec::new();
        for other in self.others(view) {
            let kept = other.wanted().max(other.service.settings.min_instances as usize);
            let spare = other.usable().filter(|one| self.stays(one)).count().saturating_sub(kept);
            let mut free: Vec<&Instance> = other.idle().filter(|one| self.stays(one)).collect();
            free.sort_by_key(|one| (Reverse(other.doing_for(one)), one.id));
            idle.extend(free.into_iter().take(spare));
        }
        idle
    }

    /// Instances that must give way to this urgency: the least urgent first, then those that began last.
    fn preemptible<'s>(&'s self, view: &'s ServiceView<'_>, priority: i32) -> Vec<&'s Instance> {
        let mut found = Vec::new();
        for other in self.others(view).filter(|other| other.may_be_preempted()) {
            for instance in other.usable().filter(|one| self.stays(one) && !one.executions.is_empty()) {
                let urgent = other.running().filter(|execution| execution.instance_id == Some(instance.id));
                let held = urgent.map(|execution| execution.priority).max();
                if let Some(held) = held.filter(|held| *held < priority) {
                    found.push((held, Reverse(instance.created_at_ms), instance.id, instance));
                }
            }
        }
        found.sort_by_key(|(held, began, id, _)| (*held, *began, *id));
        found.into_iter().map(|(_, _, _, instance)| instance).collect()
    }

    /// One instance of a service that has more than this one, has had its time, holds of what is lacking, and would go on
    /// with nothing more urgent.
    fn had_their_time<'s>(
        &'s self,
        view: &'s ServiceView<'_>,
        priority: i32,
        lacking: Resources,
    ) -> Option<&'s Instance> {
        let has = view.usable().count();
        let mut found = Vec::new();
        for other in self.others(view) {
            let next = other.runnable().next().map_or(i32::MIN, |execution| execution.priority);
            let staying: Vec<&Instance> = other.usable().filter(|one| self.stays(one)).collect();
            let kept = other.service.settings.min_instances as usize;
            if staying.len() <= has.max(kept) || next > priority {
                continue;
            }
            for instance in staying.into_iter().filter(|one| helps(&one.reservation, lacking)) {
                let worked = view.leases.healthy_for.get(&instance.id).copied().unwrap_or_default();
                if worked >= TIME_SLICE {
                    found.push((Reverse(worked), instance.id, instance));
                }
            }
        }
        found.sort_by_key(|(worked, id, _)| (*worked, *id));
        found.into_iter().next().map(|(_, _, instance)| instance)
    }
}

impl ServiceView<'_> {
    fn may_be_preempted(&self) -> bool {
        self.service.settings.preemptible && self.machine.is_some_and(|machine| machine.is_preemptible)
    }

    /// Executions that instances on this type of machine hold.
    pub(super) fn running_on<'s>(
        &'s self,
        machine_type: &'s str,
    ) -> impl Iterator<Item = &'s crate::store::QueuedExecution> {
        self.running().filter(move |execution| {
            self.instances.iter().any(|instance| {
                Some(instance.id) == execution.instance_id && instance.machine_type == machine_type
            })
        })
    }
}
