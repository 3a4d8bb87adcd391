//! Machine types: what a service's instances may run on, and which settings each of them allows.
//!
//! Must not know how machines are found, nor what runs on them now.

use crate::config::FieldError;
use crate::format::bytes;
use crate::service::ServiceSettings;
use crate::suggest::nearest;
use serde::{Deserialize, Serialize};

/// The name of the type that the server's own machine is.
pub const LOCAL: &str = "local";

/// A named kind of machine.
///
/// ```
/// use shared::machine::MachineType;
/// let machine = MachineType {
///     name: "local".into(),
///     cores: 2,
///     memory_bytes: 16 << 30,
///     free_memory_bytes: 9 << 30,
///     is_preemptible: false,
///     runs_images: false,
/// };
/// assert_eq!(machine.to_string(), "local: 2 cores, 16.0 GiB memory, 9.00 GiB free now");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineType {
    /// For example `local`.
    pub name: String,
    /// Processor cores that an instance may use.
    pub cores: u32,
    /// Memory; 0 where it is not known.
    pub memory_bytes: u64,
    /// Memory that nothing takes at the moment; 0 where it is not known.
    pub free_memory_bytes: u64,
    /// Whether it may be taken from a training in favour of another.
    pub is_preemptible: bool,
    /// Whether instances are containers, made from an image.
    pub runs_images: bool,
}

impl MachineType {
    /// What it has, and what of it is free now.
    #[must_use]
    pub fn facts(&self) -> String {
        let cores = if self.cores == 1 { "1 core".to_owned() } else { format!("{} cores", self.cores) };
        let memory = (self.memory_bytes > 0).then(|| format!("{} memory", bytes(self.memory_bytes)));
        let free =
            (self.free_memory_bytes > 0).then(|| format!("{} free now", bytes(self.free_memory_bytes)));
        [Some(cores), memory, free].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Why instances of this type cannot be preempted; `None` where they can.
    #[must_use]
    pub fn refuses_preemption(&self) -> Option<String> {
        (!self.is_preemptible)
            .then(|| format!("a machine of the type `{}` is never taken from a training", self.name))
    }

    /// Why instances of this type run no image; `None` where they do.
    #[must_use]
    pub fn refuses_images(&self) -> Option<String> {
        (!self.runs_images).then(|| format!("instances on `{}` are processes, which run no image", self.name))
    }
}

impl std::fmt::Display for MachineType {
    /// One line to choose it by.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.facts())
    }
}

/// Why executions share their instance's process; `None` where they may.
#[must_use]
pub const fn refuses_shared_process() -> Option<&'static str> {
    Some(
        "a Train function always runs as a process of its own, so that it can be stopped and cannot take others along",
    )
}

/// What of these settings no such machine can do, by field.
#[must_use]
pub fn refusals(settings: &ServiceSettings, machines: &[MachineType]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(machine) = machines.iter().find(|machine| machine.name == settings.machine_type) {
        let preemption = machine.refuses_preemption().filter(|_| settings.preemptible);
        errors.extend(preemption.map(|why| FieldError::new("preemptible", format!("{why}: switch it off"))));
        let image = machine.refuses_images().filter(|_| !settings.image.is_empty());
        errors.extend(image.map(|why| FieldError::new("image", format!("{why}: leave it empty"))));
    } else {
        let names: Vec<&str> = machines.iter().map(|machine| machine.name.as_str()).collect();
        let hint = nearest(&settings.machine_type, names.iter().copied())
            .map_or_else(String::new, |meant| format!(", did you mean `{meant}`?"));
        let shown: String = settings.machine_type.chars().take(48).collect();
        let message =
            format!("there is no machine type `{shown}`{hint}; known ones are {}", names.join(", "));
        errors.push(FieldError::new("machine_type", message));
    }
    let shared = refuses_shared_process().filter(|_| !settings.run_as_process);
    errors.extend(shared.map(|why| FieldError::new("run_as_process", format!("{why}: leave it on"))));
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(name: &str, can_all: bool) -> MachineType {
        MachineType {
            name: name.into(),
            cores: 1,
            memory_bytes: 0,
            free_memory_bytes: 0,
            is_preemptible: can_all,
            runs_images: can_all,
        }
    }

    #[test]
    fn what_a_machine_cannot_do_is_refused_at_its_field() {
        let machines = [machine(LOCAL, false), machine("pool", true)];
        let settings = ServiceSettings::default();
        let asking = ServiceSettings { preemptible: true, image: "a/b:1".into(), ..settings.clone() };
        for (settings, expected) in [
            (settings.clone(), &[][..]),
            (asking.clone(), &["preemptible", "image"]),
            (ServiceSettings { machine_type: "pool".into(), ..asking }, &[]),
            (ServiceSettings { machine_type: "lokal".into(), ..settings.clone() }, &["machine_type"]),
            (ServiceSettings { run_as_process: false, ..settings }, &["run_as_process"]),
        ] {
            let found = refusals(&settings, &machines);
            let fields: Vec<&str> = found.iter().map(|error| error.key.as_str()).collect();
            assert_eq!(fields, expected, "{settings:?}");
            for error in found.iter().filter(|error| error.key == "machine_type") {
                assert!(
                    error.message.contains("did you mean `local`?; known ones are local, pool"),
                    "{error:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        assert_eq!(machine(LOCAL, false).to_string(), "local: 1 core");
    }
}
