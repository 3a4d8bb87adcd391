//! What of each machine is held, free, and about to be free.
//!
//! Must not know services or queues.

use shared::machine::{MachineType, Reservation, Resources, Shortage};
use std::collections::BTreeMap;

/// All machines. GPUs have one number on the host, whatever type of machine names them.
pub(super) struct Pools {
    by_type: BTreeMap<String, Pool>,
    gpu_users: BTreeMap<u32, u32>,
}

struct Pool {
    machine: MachineType,
    /// Held by instances.
    used: Resources,
    /// Of that, what instances hold that are ending, less what is promised of it.
    coming: Resources,
    /// Free, but kept for somebody who waits for more than is free.
    held_back: Resources,
}

/// Whether an instance finds a place.
pub(super) enum Place {
    /// It does; what it holds then.
    Free(Reservation),
    /// It will, once those that are ending have ended.
    Coming(Shortage),
    /// It does not.
    Taken(Shortage),
}

impl Pools {
    pub(super) fn new(machines: &[MachineType]) -> Self {
        let pool = |machine: &MachineType| Pool {
            machine: machine.clone(),
            used: Resources::default(),
            coming: Resources::default(),
            held_back: Resources::default(),
        };
        let by_type = machines.iter().map(|machine| (machine.name.clone(), pool(machine))).collect();
        Self { by_type, gpu_users: BTreeMap::new() }
    }

    /// An instance holds this.
    pub(super) fn hold(&mut self, machine_type: &str, reservation: &Reservation, is_ending: bool) {
        for gpu in &reservation.gpus {
            *self.gpu_users.entry(*gpu).or_default() += 1;
        }
        if let Some(pool) = self.by_type.get_mut(machine_type) {
            pool.used = sum(pool.used, resources_of(reservation));
            if is_ending {
                pool.coming = sum(pool.coming, resources_of(reservation));
            }
        }
    }

    /// An instance that holds this was told to end in this very plan.
    pub(super) fn will_free(&mut self, machine_type: &str, reservation: &Reservation) {
        if let Some(pool) = self.by_type.get_mut(machine_type) {
            pool.coming = sum(pool.coming, resources_of(reservation));
        }
    }

    /// Looks for a place; what is free is taken with it. `None` where there is no such machine.
    pub(super) fn place(&mut self, machine_type: &str, wanted: &Resources) -> Option<Place> {
        let free = self.free(machine_type)?;
        let pool = self.by_type.get_mut(machine_type)?;
        let Some(shortage) = lacks(&free, wanted) else {
            let gpus = choose_gpus(&pool.machine, &self.gpu_users, wanted.gpus);
            let reservation = Reservation { gpus, cores: wanted.cores, memory_bytes: wanted.memory_bytes };
            self.hold(machine_type, &reservation, false);
            return Some(Place::Free(reservation));
        };
        let later = sum(free, pool.coming);
        if lacks(&later, wanted).is_none() {
            // What is free is used up first, and the rest is promised.
            pool.coming = difference(pool.coming, difference(*wanted, free));
            pool.held_back = sum(pool.held_back, least(*wanted, free));
            return Some(Place::Coming(shortage));
        }
        Some(Place::Taken(shortage))
    }

    /// Keeps what is free for somebody who needs more: later comers must not make the wait endless.
    pub(super) fn hold_back(&mut self, machine_type: &str, wanted: &Resources) {
        if let Some(free) = self.free(machine_type)
            && let Some(pool) = self.by_type.get_mut(machine_type)
        {
            pool.held_back = sum(pool.held_back, least(*wanted, free));
        }
    }

    /// Whether it would fit if this much more were about to be free.
    pub(super) fn would_fit(&self, machine_type: &str, wanted: &Resources, more: Resources) -> bool {
        let free = self.free(machine_type);
        free.zip(self.by_type.get(machine_type))
            .is_some_and(|(free, pool)| lacks(&sum(sum(free, pool.coming), more), wanted).is_none())
    }

    /// What is missing beyond what is free and what is coming.
    pub(super) fn lacking(&self, machine_type: &str, wanted: &Resources) -> Resources {
        let free = self.free(machine_type).unwrap_or_default();
        let coming = self.by_type.get(machine_type).map(|pool| pool.coming).unwrap_or_default();
        difference(*wanted, sum(free, coming))
    }

    fn free(&self, machine_type: &str) -> Option<Resources> {
        let Pool { machine, used, held_back, .. } = self.by_type.get(machine_type)?;
        let is_open = |index: &u32| machine.shares_gpus || !self.gpu_users.contains_key(index);
        let gpus = machine.gpus.iter().filter(|gpu| is_open(&gpu.index)).count();
        // Memory that is not known is not counted.
        let memory_bytes = if machine.memory_bytes == 0 { u64::MAX } else { machine.memory_bytes };
        let whole =
            Resources { gpus: u32::try_from(gpus).unwrap_or(u32::MAX), cores: machine.cores, memory_bytes };
        let used = Resources { gpus: 0, ..*used };
        Some(difference(difference(whole, used), *held_back))
    }
}

/// The least used ones first, so that sharing is even; without sharing only those that nobody uses.
fn choose_gpus(machine: &MachineType, users: &BTreeMap<u32, u32>, count: u32) -> Vec<u32> {
    let used = |index: u32| users.get(&index).copied().unwrap_or(0);
    let mut open: Vec<u32> = machine.gpus.iter().map(|gpu| gpu.index).collect();
    open.retain(|index| machine.shares_gpus || used(*index) == 0);
    open.sort_by_key(|index| (used(*index), *index));
    open.truncate(count as usize);
    open.sort_unstable();
    open
}

pub(super) fn resources_of(reservation: &Reservation) -> Resources {
    Resources {
        gpus: u32::try_from(reservation.gpus.len()).unwrap_or(u32::MAX),
        cores: reservation.cores,
        memory_bytes: reservation.memory_bytes,
    }
}

/// Whether the end of what holds this would help somebody who lacks that.
pub(super) fn helps(reservation: &Reservation, lacking: Resources) -> bool {
    least(resources_of(reservation), lacking) != Resources::default()
}

pub(super) const fn sum(a: Resources, b: Resources) -> Resources {
    Resources {
        gpus: a.gpus.saturating_add(b.gpus),
        cores: a.cores.saturating_add(b.cores),
        memory_bytes: a.memory_bytes.saturating_add(b.memory_bytes),
    }
}

const fn difference(a: Resources, b: Resources) -> Resources {
    Resources {
        gpus: a.gpus.saturating_sub(b.gpus),
        cores: a.cores.saturating_sub(b.cores),
        memory_bytes: a.memory_bytes.saturating_sub(b.memory_bytes),
    }
}

fn least(a: Resources, b: Resources) -> Resources {
    Resources {
        gpus: a.gpus.min(b.gpus),
        cores: a.cores.min(b.cores),
        memory_bytes: a.memory_bytes.min(b.memory_bytes),
    }
}

const fn lacks(free: &Resources, wanted: &Resources) -> Option<Shortage> {
    if wanted.gpus > free.gpus {
        Some(Shortage::Gpus { asked: wanted.gpus, available: free.gpus })
    } else if wanted.cores > free.cores {
        Some(Shortage::Cores { asked: wanted.cores, available: free.cores })
    } else if wanted.memory_bytes > free.memory_bytes {
        Some(Shortage::Memory { asked_bytes: wanted.memory_bytes, available_bytes: free.memory_bytes })
    } else {
        None
    }
}
