//! For each waiting execution what it waits for, where it stands in the queue, and when it will probably start.
//!
//! Must not know how the reasons are told.

use super::demand::Blocked;
use super::{Plan, ServiceView};
use crate::store::QueuedExecution;
use shared::id::ExecutionId;
use shared::service::InstanceState;
use shared::training::{Blocker, Holder, Waiting};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Holders that are named of many.
const NAMED_HOLDERS: usize = 8;
/// Places in the queue up to which holders are named: further back they are the same.
const NAMED_PLACES: usize = 100;
/// What an instance takes to be ready, about.
const START_MS: i64 = 2_000;
/// From this share of the work on, its own pace tells more than that of others before it.
const TELLING_SHARE: f64 = 0.05;

/// What all who wait for the same service have in common.
enum Common {
    /// It is the service's trouble, and so for all.
    Trouble(Blocker),
    /// There are free slots, or slots on their way, for so many; the rest waits for this.
    SlotsFor(usize, Blocker),
}

impl ServiceView<'_> {
    /// Says for each waiting execution why it waits.
    pub(super) fn explain(
        &self,
        blocked: Option<&Blocked>,
        views: &[ServiceView<'_>],
        plan: &mut Plan,
        told: &mut Vec<(ExecutionId, Waiting)>,
    ) {
        let common = self.common(blocked, views);
        let mut starts = self.expected_starts(&common);
        let (mut free_or_coming, without_holders) = match &common {
            Common::Trouble(blocker) => (0, blocker.clone()),
            Common::SlotsFor(count, blocker) => (*count, blocker.clone().without_holders()),
        };
        for (place, execution) in self.waiting().enumerate() {
            let expected_start_ms = starts.next(self.typical_ms);
            let back_off = self.may_start_at(execution);
            let blocker = match (&common, back_off) {
                (Common::Trouble(blocker), _) => blocker.clone(),
                (Common::SlotsFor(..), Some(until_ms)) => {
                    plan.wake_at(until_ms);
                    Blocker::BackOff { until_ms }
                }
                (Common::SlotsFor(..), None) if free_or_coming > 0 => {
                    free_or_coming -= 1;
                    Blocker::InstanceStarting
                }
                (Common::SlotsFor(_, blocker), None) if place < NAMED_PLACES => blocker.clone(),
                (Common::SlotsFor(..), None) => without_holders.clone(),
            };
            let waiting = Waiting {
                blocker,
                position: u32::try_from(place + 1).unwrap_or(u32::MAX),
                attempt: execution.attempt.saturating_add(1),
                max_attempts: execution.max_attempts,
                expected_start_ms: expected_start_ms.map(|at| at.max(back_off.unwrap_or(at))),
            };
            told.push((execution.id, waiting));
        }
    }

    fn common(&self, blocked: Option<&Blocked>, views: &[ServiceView<'_>]) -> Common {
        let machine_type = self.service.settings.machine_type.clone();
        if self.service.paused {
            let failed_starts = self.service.paused_by_force.then_some(self.service.failed_starts);
            return Common::Trouble(Blocker::ServicePaused { failed_starts });
        }
        if let Some(Blocked { shortage, is_for_ever: true, .. }) = blocked {
            return Common::Trouble(Blocker::NoMachineFits { machine_type, shortage: *shortage });
        }
        if let Some(error) = self.error_in_force() {
            return Common::Trouble(error);
        }
        let (usable, coming) = (self.usable().count(), self.to_start());
        let running = self.running().count();
        if let Some(Blocked { shortage, is_being_freed, .. }) = blocked {
            // Slots of the instances that are there are still to be had.
            let free = (usable * self.concurrency()).saturating_sub(running);
            let held_by = views.iter().flat_map(|view| view.running_on(&machine_type));
            let busy = Blocker::MachineBusy {
                held_by: named(held_by),
                machine_type: machine_type.clone(),
                shortage: *shortage,
                is_being_freed: *is_being_freed,
            };
            return Common::SlotsFor(free, busy);
        }
        let free_or_coming = ((usable + coming) * self.concurrency()).saturating_sub(running);
        if self.is_being_replaced() {
            return Common::SlotsFor(free_or_coming, Blocker::InstancesReplaced);
        }
        let settings = &self.service.settings;
        let slots = settings.max_instances.saturating_mul(settings.concurrency.max(1));
        Common::SlotsFor(free_or_coming, Blocker::SlotsBusy { slots, held_by: named(self.running()) })
    }

    /// The service's trouble, as long as none of its instances runs.
    fn error_in_force(&self) -> Option<Blocker> {
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

    /// When slots become free, as far as past durations and present paces tell.
    fn expected_starts(&self, common: &Common) -> Starts {
        let mut free_at = BinaryHeap::new();
        if let Common::SlotsFor(free_or_coming, _) = common {
            let soon = self.now_ms + START_MS;
            free_at.extend(std::iter::repeat_n(Reverse(soon), *free_or_coming));
            let ends = self.running().filter_map(|execution| self.expected_end_ms(execution));
            free_at.extend(ends.map(Reverse));
        }
        Starts(free_at)
    }

    fn expected_end_ms(&self, execution: &QueuedExecution) -> Option<i64> {
        let ran = self.leases.running_for.get(&execution.id).copied().unwrap_or_default();
        let ran_ms = i64::try_from(ran.as_millis()).unwrap_or(i64::MAX);
        let share = execution.progress.fraction();
        let left_ms = if share >= TELLING_SHARE {
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "an estimate")]
            let left = (ran_ms as f64 * (1.0 - share) / share) as i64;
            left
        } else {
            self.typical_ms?.saturating_sub(ran_ms)
        };
        Some(self.now_ms.saturating_add(left_ms.max(0)))
    }
}

/// Times at which slots become free, the first one first.
struct Starts(BinaryHeap<Reverse<i64>>);

impl Starts {
    /// When the next of the queue starts; its slot is free again after a typical duration, if one is known.
    fn next(&mut self, typical_ms: Option<i64>) -> Option<i64> {
        let Reverse(start) = self.0.pop()?;
        if let Some(typical) = typical_ms {
            self.0.push(Reverse(start.saturating_add(typical)));
        }
        Some(start)
    }
}

fn named<'a>(executions: impl Iterator<Item = &'a QueuedExecution>) -> Vec<Holder> {
    let holder = |execution: &QueuedExecution| Holder {
        execution_id: execution.id,
        model_name: execution.model_name.clone(),
    };
    executions.take(NAMED_HOLDERS).map(holder).collect()
}
