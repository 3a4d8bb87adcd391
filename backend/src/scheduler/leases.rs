//! Who was heard of, and when: leases of attempts and instances by a monotonic clock.
//!
//! It lives in the server's memory alone. After a restart everything is seen for the first time and
//! gets its full time again, in which runners that live renew. Must not know the store or what
//! follows from a lost lease.

use shared::id::{ExecutionId, InstanceId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The leases as the scheduler and the runners' service share them.
#[derive(Debug, Clone)]
pub struct SharedLeases(Arc<Mutex<Leases>>);

impl SharedLeases {
    /// Knows nobody yet.
    #[must_use]
    pub fn new(times: LeaseTimes) -> Self {
        Self(Arc::new(Mutex::new(Leases::new(times))))
    }

    /// The leases, for a moment.
    pub fn lock(&self) -> MutexGuard<'_, Leases> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long silence is borne.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTimes {
    /// How often a runner renews.
    pub renew: Duration,
    /// How long a renewal holds.
    pub lease: Duration,
    /// What the server waits beyond that.
    pub margin: Duration,
    /// How long a new instance may take to register.
    pub start: Duration,
}

impl Default for LeaseTimes {
    fn default() -> Self {
        Self {
            renew: Duration::from_secs(5),
            lease: Duration::from_secs(15),
            margin: Duration::from_secs(5),
            start: Duration::from_secs(60),
        }
    }
}

/// What an instance is known to do; decided by the caller from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It has not registered.
    Starting,
    /// It holds at least one execution.
    Working,
    /// It holds nothing.
    Idle,
    /// It was told to end and holds nothing.
    Ending,
    /// It was told to stop what it holds.
    Draining,
}

/// What the plan must know of time that only the monotonic clock can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaseView {
    /// Attempts whose lease and margin have passed.
    pub lost_attempts: BTreeSet<ExecutionId>,
    /// Instances that were not heard of for too long.
    pub silent_instances: BTreeSet<InstanceId>,
    /// For how long each running attempt has run, as far as this server has seen.
    pub running_for: BTreeMap<ExecutionId, Duration>,
    /// For how long an instance has been in its present [`Doing`].
    pub doing_for: BTreeMap<InstanceId, Duration>,
    /// For how long an instance has been registered, as far as this server has seen.
    pub healthy_for: BTreeMap<InstanceId, Duration>,
}

#[derive(Debug)]
struct Attempt {
    fencing_token: i64,
    since: Duration,
    renewed: Duration,
}

#[derive(Debug)]
struct Seen {
    heard: Duration,
    doing: Doing,
    since: Duration,
    registered: Option<Duration>,
}

/// The leases.
#[derive(Debug)]
pub struct Leases {
    times: LeaseTimes,
    attempts: BTreeMap<ExecutionId, Attempt>,
    instances: BTreeMap<InstanceId, Seen>,
    looked: Option<Duration>,
}

impl Leases {
    /// Knows nobody yet.
    #[must_use]
    pub const fn new(times: LeaseTimes) -> Self {
        Self { times, attempts: BTreeMap::new(), instances: BTreeMap::new(), looked: None }
    }

    /// The times that it goes by.
    #[must_use]
    pub const fn times(&self) -> LeaseTimes {
        self.times
    }

    /// An instance said something.
    pub fn heard(&mut self, instance: InstanceId, now: Duration) {
        if let Some(seen) = self.instances.get_mut(&instance) {
            seen.heard = seen.heard.max(now);
        } else {
            self.instances
                .insert(instance, Seen { heard: now, doing: Doing::Idle, since: now, registered: None });
        }
    }

    /// A runner renewed an attempt that the store says it holds.
    pub fn renew(&mut self, execution: ExecutionId, fencing_token: i64, now: Duration) {
        match self.attempts.get_mut(&execution) {
            Some(attempt) if attempt.fencing_token == fencing_token => {
                attempt.renewed = attempt.renewed.max(now);
            }
            // An older token renews nothing.
            Some(attempt) if attempt.fencing_token > fencing_token => {}
            Some(_) | None => {
                self.attempts.insert(execution, Attempt { fencing_token, since: now, renewed: now });
            }
        }
    }

    /// Looks at everything that the store knows to run, at `now`; what is not named is forgotten.
    ///
    /// When this server itself stood still (a stopped or overloaded machine), nobody could renew
    /// meanwhile, so all clocks are moved on by that time.
    pub fn view(
        &mut self,
        running: &[(ExecutionId, i64)],
        alive: &[(InstanceId, Doing)],
        now: Duration,
    ) -> LeaseView {
        self.forgive_own_pause(now);
        self.attempts.retain(|id, _| running.iter().any(|(execution, _)| execution == id));
        self.instances.retain(|id, _| alive.iter().any(|(instance, _)| instance == id));
        let mut view = LeaseView::default();
        for (execution, fencing_token) in running {
            self.renew_if_new(*execution, *fencing_token, now);
            if let Some(attempt) = self.attempts.get(execution) {
                view.running_for.insert(*execution, now.saturating_sub(attempt.since));
                if now.saturating_sub(attempt.renewed) > self.times.lease + self.times.margin {
                    view.lost_attempts.insert(*execution);
                }
            }
        }
        for (instance, doing) in alive {
            let seen = self.instances.entry(*instance).or_insert(Seen {
                heard: now,
                doing: *doing,
                since: now,
                registered: None,
            });
            if seen.doing != *doing {
                seen.doing = *doing;
                seen.since = now;
            }
            view.doing_for.insert(*instance, now.saturating_sub(seen.since));
            if *doing != Doing::Starting {
                let registered = *seen.registered.get_or_insert(now);
                view.healthy_for.insert(*instance, now.saturating_sub(registered));
            }
            let patience = match doing {
                Doing::Starting => self.times.start,
                Doing::Working | Doing::Idle | Doing::Ending | Doing::Draining => {
                    self.times.lease + self.times.margin
                }
            };
            if now.saturating_sub(seen.heard) > patience {
                view.silent_instances.insert(*instance);
            }
        }
        view
    }

    fn renew_if_new(&mut self, execution: ExecutionId, fencing_token: i64, now: Duration) {
        if self.attempts.get(&execution).is_none_or(|attempt| attempt.fencing_token < fencing_token) {
            self.renew(execution, fencing_token, now);
        }
    }

    fn forgive_own_pause(&mut self, now: Duration) {
        let pause = self.looked.map_or(Duration::ZERO, |looked| now.saturating_sub(looked));
        self.looked = Some(now);
        if pause <= self.times.margin {
            return;
        }
        for attempt in self.attempts.values_mut() {
            attempt.renewed = (attempt.renewed + pause).min(now);
        }
        for seen in self.instances.values_mut() {
            seen.heard = (seen.heard + pause).min(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::uuid_v7;

    fn execution(number: u8) -> ExecutionId {
        ExecutionId::from_uuid(uuid_v7(u64::from(number), &[number; 10]))
    }

    fn instance(number: u8) -> InstanceId {
        InstanceId::from_uuid(uuid_v7(u64::from(number), &[number; 10]))
    }

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Looks every second, as the loop does while something runs.
    fn look(
        leases: &mut Leases,
        seconds: std::ops::RangeInclusive<u64>,
        alive: &[(InstanceId, Doing)],
    ) -> LeaseView {
        let mut view = LeaseView::default();
        for second in seconds {
            view = leases.view(&[(execution(1), 7)], alive, secs(second));
        }
        view
    }

    #[test]
    fn what_is_seen_first_gets_its_full_time() {
        let mut leases = Leases::new(LeaseTimes::default());
        assert!(look(&mut leases, 1_000..=1_020, &[]).lost_attempts.is_empty());
        assert!(look(&mut leases, 1_021..=1_021, &[]).lost_attempts.contains(&execution(1)));
    }

    #[test]
    fn renewals_count_only_with_the_present_token() {
        let mut leases = Leases::new(LeaseTimes::default());
        look(&mut leases, 0..=15, &[]);
        leases.renew(execution(1), 7, secs(15));
        assert!(look(&mut leases, 16..=35, &[]).lost_attempts.is_empty());
        leases.renew(execution(1), 6, secs(35));
        assert!(look(&mut leases, 36..=36, &[]).lost_attempts.contains(&execution(1)));
        leases.renew(execution(1), 9, secs(36));
        let view = leases.view(&[(execution(1), 9)], &[], secs(37));
        assert!(view.lost_attempts.is_empty());
        assert_eq!(view.running_for[&execution(1)], secs(1), "a new attempt starts its own time");
    }

    #[test]
    fn a_server_that_stood_still_blames_nobody() {
        let mut leases = Leases::new(LeaseTimes::default());
        let alive = [(instance(1), Doing::Working)];
        look(&mut leases, 0..=5, &alive);
        let view = look(&mut leases, 600..=600, &alive);
        assert!(view.lost_attempts.is_empty() && view.silent_instances.is_empty());
        assert!(!look(&mut leases, 601..=621, &alive).lost_attempts.is_empty(), "but then silence counts");
    }

    #[test]
    fn instances_have_time_to_start_and_idle_time_is_counted() {
        let mut leases = Leases::new(LeaseTimes::default());
        assert!(look(&mut leases, 0..=60, &[(instance(1), Doing::Starting)]).silent_instances.is_empty());
        assert_eq!(
            look(&mut leases, 61..=61, &[(instance(1), Doing::Starting)]).silent_instances,
            BTreeSet::from([instance(1)])
        );
        leases.heard(instance(1), secs(61));
        let view = look(&mut leases, 62..=70, &[(instance(1), Doing::Idle)]);
        assert_eq!(view.doing_for[&instance(1)], secs(8));
        assert!(view.silent_instances.is_empty());
        let view = look(&mut leases, 71..=71, &[(instance(1), Doing::Working)]);
        assert_eq!(view.doing_for[&instance(1)], secs(0));
    }
}
