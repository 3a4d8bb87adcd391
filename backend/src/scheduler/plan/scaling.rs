//! How many instances a service wants, and which of its own it lets go.
//!
//! Must not know what other services want.

use super::{Decision, Plan, ServiceView};
use shared::retry::is_due;
use shared::service::{Drain, Instance, InstanceState};
use std::time::Duration;

/// So long a service is well before its failed starts are forgotten, as a kubelet forgets restarts.
const HEALTHY_AFTER: Duration = Duration::from_secs(600);

impl ServiceView<'_> {
    /// Instances that the queue asks for, within the limits.
    pub(super) fn wanted(&self) -> usize {
        let settings = &self.service.settings;
        if self.service.paused || self.is_given_up() {
            return 0;
        }
        let running = self.running().count();
        let held = running.div_ceil(self.concurrency());
        let taken_by_one = self.concurrency() * settings.queue_threshold.max(1) as usize;
        let asked = (running + self.runnable_count).div_ceil(taken_by_one).max(held);
        asked.max(settings.min_instances as usize).min(settings.max_instances as usize)
    }

    /// How many instances are started now, if machines have room.
    pub(super) fn to_start(&self) -> usize {
        let room = (self.service.settings.max_instances as usize).saturating_sub(self.instances.len());
        let missing = self.wanted().saturating_sub(self.usable().count()).min(room);
        let backing_off = self.retry_at().is_some();
        match (backing_off, self.service.failed_starts) {
            (true, _) => 0,
            (false, 0) => missing,
            // A service in trouble is probed with one instance, not with all.
            (false, _) => missing.min(1_usize.saturating_sub(self.starting_count())),
        }
    }

    /// When the next start is tried, if that is still to come.
    fn retry_at(&self) -> Option<i64> {
        self.service.retry_at_ms.filter(|at| !is_due(*at, self.now_ms))
    }

    fn starting_count(&self) -> usize {
        self.usable().filter(|instance| instance.state == InstanceState::Starting).count()
    }

    /// It failed to start as often as it may.
    fn is_given_up(&self) -> bool {
        !self.service.paused && self.service.failed_starts >= self.service.settings.max_failed_starts
    }

    /// What only concerns the service itself: forgiving, giving up, replacing, ending.
    pub(super) fn tend(&self, plan: &mut Plan) {
        let service_id = self.service.id;
        if self.is_given_up() {
            plan.decisions.push(Decision::PauseByForce { service_id });
        }
        if self.service.failed_starts > 0 && self.usable().any(|instance| self.is_healthy(instance)) {
            plan.decisions.push(Decision::ForgiveStarts { service_id });
        }
        if self.wanted() > 0
            && let Some(retry_at) = self.retry_at()
        {
            plan.wake_at(retry_at);
        }
        for instance in self.outdated() {
            let drain = Some(Drain::Replaced);
            plan.decisions.push(Decision::EndInstance { instance_id: instance.id, drain });
        }
        self.kill_stubborn(plan);
        for instance in self.to_retire() {
            plan.decisions.push(Decision::EndInstance { instance_id: instance.id, drain: None });
        }
    }

    fn is_healthy(&self, instance: &Instance) -> bool {
        self.leases.healthy_for.get(&instance.id).is_some_and(|time| *time >= HEALTHY_AFTER)
    }

    /// Instances of an earlier generation that were not told to end yet.
    fn outdated(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().copied().filter(|instance| {
            instance.generation != self.service.generation && instance.state != InstanceState::Stopping
        })
    }

    pub(super) fn is_being_replaced(&self) -> bool {
        self.instances.iter().any(|instance| instance.generation != self.service.generation)
    }

    pub(super) fn idle(&self) -> impl Iterator<Item = &Instance> {
        self.usable()
            .filter(|instance| instance.state == InstanceState::Running && instance.executions.is_empty())
    }

    /// Idle instances that are not wanted: at once when the service is paused or above its limit,
    /// after the cool-down otherwise; the longest idle first.
    pub(super) fn to_retire(&self) -> Vec<&Instance> {
        let usable = self.usable().count();
        let max = self.service.settings.max_instances as usize;
        let cool_down = Duration::from_secs(u64::from(self.service.settings.cool_down_secs));
        let mut idle: Vec<&Instance> = self.idle().collect();
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
}
