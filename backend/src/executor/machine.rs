//! The machine types that instances can be started on.
//!
//! Must not know services.

use shared::machine::{LOCAL, MachineType};

/// The machine that this process runs on, which is all that the process executor has.
#[must_use]
pub fn machine_types() -> Vec<MachineType> {
    let cores = std::thread::available_parallelism().ok().and_then(|count| u32::try_from(count.get()).ok());
    vec![MachineType {
        name: LOCAL.to_owned(),
        cores: cores.unwrap_or(1),
        memory_bytes: trainer::memory::machine_bytes().unwrap_or(0),
        free_memory_bytes: trainer::memory::available_bytes().unwrap_or(0),
        is_preemptible: false,
        runs_images: false,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::machine::refusals;
    use shared::service::ServiceSettings;

    #[test]
    fn the_default_settings_fit_the_machine_at_hand() {
        let machines = machine_types();
        assert_eq!(refusals(&ServiceSettings::default(), &machines), []);
        assert!(machines.iter().all(|machine| machine.cores > 0));
    }
}
