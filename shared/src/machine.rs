//! Machine types: what a service's instances may run on, what they reserve of it, and which settings each allows.
//!
//! Must not know how machines are found, nor who holds what of them now.

use crate::config::FieldError;
use crate::format::bytes;
use crate::service::ServiceSettings;
use crate::suggest::nearest;
use serde::{Deserialize, Serialize};

/// The name of the type that the server's own machine is.
pub const LOCAL: &str = "local";

/// A name that is longer is hard to read anywhere.
const MAX_NAME_BYTES: usize = 63;

/// A GPU of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// Its number on the machine, as drivers count.
    pub index: u32,
    /// For example `NVIDIA H100 80GB HBM3`.
    pub name: String,
    /// Its own memory; 0 where it is not known.
    pub memory_bytes: u64,
}

/// A named kind of machine.
///
/// ```
/// use shared::machine::MachineType;
/// let machine = MachineType {
///     cores: 2,
///     memory_bytes: 16 << 30,
///     free_memory_bytes: 9 << 30,
///     ..MachineType::named("local")
/// };
/// assert_eq!(machine.to_string(), "local: 2 cores, 16.0 GiB memory, 9.00 GiB free now");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineType {
    /// For example `local`.
    pub name: String,
    /// Processor cores that all its instances may reserve together.
    pub cores: u32,
    /// Memory that all its instances may reserve together; 0 where it is not known.
    pub memory_bytes: u64,
    /// Memory that nothing takes at the moment; 0 where it is not known.
    pub free_memory_bytes: u64,
    /// Its GPUs.
    pub gpus: Vec<Gpu>,
    /// Whether instances may share a GPU.
    pub shares_gpus: bool,
    /// Whether it may be taken from a training in favour of another.
    pub is_preemptible: bool,
    /// Whether instances are containers, made from an image.
    pub runs_images: bool,
}

/// What an instance wants of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resources {
    /// How many GPUs.
    pub gpus: u32,
    /// Processor cores; 0 reserves none.
    pub cores: u32,
    /// Memory; 0 reserves none.
    pub memory_bytes: u64,
}

/// What an instance holds of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reservation {
    /// Numbers of its GPUs, in order.
    pub gpus: Vec<u32>,
    /// Processor cores.
    pub cores: u32,
    /// Memory, which is also the most that it may take; 0 for none.
    pub memory_bytes: u64,
}

/// What a machine lacks for an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortage {
    /// GPUs.
    Gpus {
        /// As many are asked for.
        asked: u32,
        /// As many are there.
        available: u32,
    },
    /// Processor cores.
    Cores {
        /// As many are asked for.
        asked: u32,
        /// As many are there.
        available: u32,
    },
    /// Memory.
    Memory {
        /// As much is asked for.
        asked_bytes: u64,
        /// As much is there.
        available_bytes: u64,
    },
    /// There is no machine of this type.
    MachineType,
}

impl Shortage {
    /// By how much it does not fit, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Gpus { asked, available } => {
                format!("needs {}, {available} available", counted(*asked, "GPU"))
            }
            Self::Cores { asked, available } => {
                format!("needs {}, {available} available", counted(*asked, "core"))
            }
            Self::Memory { asked_bytes, available_bytes } => {
                format!("needs {} memory, {} available", bytes(*asked_bytes), bytes(*available_bytes))
            }
            Self::MachineType => "there is no machine of its type".into(),
        }
    }
}

fn counted(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

impl MachineType {
    /// A machine of which nothing else is known.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            cores: 1,
            memory_bytes: 0,
            free_memory_bytes: 0,
            gpus: Vec::new(),
            shares_gpus: false,
            is_preemptible: true,
            runs_images: false,
        }
    }

    /// What it has, and what of it is free now.
    #[must_use]
    pub fn facts(&self) -> String {
        let cores = counted(self.cores, "core");
        let memory = (self.memory_bytes > 0).then(|| format!("{} memory", bytes(self.memory_bytes)));
        let free =
            (self.free_memory_bytes > 0).then(|| format!("{} free now", bytes(self.free_memory_bytes)));
        let gpus = self.gpus.iter().map(|gpu| {
            if gpu.memory_bytes > 0 {
                format!("{} with {}", gpu.name, bytes(gpu.memory_bytes))
            } else {
                gpu.name.clone()
            }
        });
        let facts = [Some(cores), memory, free].into_iter().flatten();
        facts.chain(gpus).collect::<Vec<_>>().join(", ")
    }

    /// What no machine of this type has for an instance, even with nothing else on it.
    #[must_use]
    pub fn lacks(&self, wanted: &Resources) -> Option<Shortage> {
        let gpus = u32::try_from(self.gpus.len()).unwrap_or(u32::MAX);
        if wanted.gpus > gpus {
            return Some(Shortage::Gpus { asked: wanted.gpus, available: gpus });
        }
        if wanted.cores > self.cores {
            return Some(Shortage::Cores { asked: wanted.cores, available: self.cores });
        }
        // What is not known cannot be said to lack.
        let is_too_much = self.memory_bytes > 0 && wanted.memory_bytes > self.memory_bytes;
        is_too_much.then_some(Shortage::Memory {
            asked_bytes: wanted.memory_bytes,
            available_bytes: self.memory_bytes,
        })
    }

    /// What is wrong with it, by field.
    ///
    /// # Errors
    /// All of it at once.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || self.name.len() > MAX_NAME_BYTES || !self.name.chars().all(is_plain) {
            let message = format!(
                "is no name of a machine type: expected up to {MAX_NAME_BYTES} lower-case letters, digits and dashes"
            );
            errors.push(FieldError::new("name", message));
        }
        if self.cores == 0 || self.cores > 4_096 {
            errors
                .push(FieldError::new("cores", format!("{} is out of range: choose 1 to 4096", self.cores)));
        }
        let mut numbers: Vec<u32> = self.gpus.iter().map(|gpu| gpu.index).collect();
        numbers.sort_unstable();
        if numbers.windows(2).any(|pair| pair.first() == pair.last()) {
            errors.push(FieldError::new("gpus", "name one number twice: each GPU has its own".into()));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Why instances of this type cannot be preempted; `None` where they can.
    #[must_use]
    pub fn refuses_preemption(&self) -> Option<String> {
        (!self.is_preemptible)
            .then(|| format!("a machine of the type `{}` is never taken from a training", self.name))
    }

    /// Why instances of this type cannot be made from this image; `None` where they can.
    #[must_use]
    pub fn refuses_image(&self, image: &str) -> Option<String> {
        let is_program = image.starts_with('/') || image.starts_with(BUILT_IN);
        (!self.runs_images && !image.is_empty() && !is_program).then(|| {
            format!(
                "instances on `{}` are processes: name a program by its whole path, or leave it empty for the built-in one",
                self.name
            )
        })
    }
}

/// What the names of programs begin with that are part of this one.
pub const BUILT_IN: &str = "builtin:";

impl std::fmt::Display for MachineType {
    /// One line to choose it by.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.facts())
    }
}

/// Why executions of such an image cannot share their instance's process; `None` where they can.
#[must_use]
pub fn refuses_shared_process(image: &str) -> Option<&'static str> {
    (!image.is_empty() && !image.starts_with(BUILT_IN)).then_some(
        "a program of one's own always runs as a process of its own, so that it can be stopped and cannot take others along",
    )
}

/// What of these settings no such machine can do, by field.
#[must_use]
pub fn refusals(settings: &ServiceSettings, machines: &[MachineType]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(machine) = machines.iter().find(|machine| machine.name == settings.machine_type) {
        let preemption = machine.refuses_preemption().filter(|_| settings.preemptible);
        errors.extend(preemption.map(|why| FieldError::new("preemptible", format!("{why}: switch it off"))));
        errors.extend(machine.refuses_image(&settings.image).map(|why| FieldError::new("image", why)));
        errors.extend(machine.lacks(&settings.wanted_of(machine)).map(|shortage| {
            let field = match shortage {
                Shortage::Gpus { .. } => "gpus",
                Shortage::Cores { .. } => "cores",
                Shortage::Memory { .. } => "memory_mib",
                Shortage::MachineType => "machine_type",
            };
            FieldError::new(field, format!("{} on `{}`: ask for less", shortage.describe(), machine.name))
        }));
    } else {
        let names: Vec<&str> = machines.iter().map(|machine| machine.name.as_str()).collect();
        let hint = nearest(&settings.machine_type, names.iter().copied())
            .map_or_else(String::new, |meant| format!(", did you mean `{meant}`?"));
        let shown: String = settings.machine_type.chars().take(48).collect();
        let message =
            format!("there is no machine type `{shown}`{hint}; known ones are {}", names.join(", "));
        errors.push(FieldError::new("machine_type", message));
    }
    let shared = refuses_shared_process(&settings.image).filter(|_| !settings.run_as_process);
    errors.extend(shared.map(|why| FieldError::new("run_as_process", format!("{why}: leave it on"))));
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(index: u32) -> Gpu {
        Gpu { index, name: "H100".into(), memory_bytes: 80 << 30 }
    }

    #[test]
    fn what_a_machine_cannot_do_is_refused_at_its_field() {
        let machines = [
            MachineType { is_preemptible: false, ..MachineType::named(LOCAL) },
            MachineType {
                cores: 8,
                memory_bytes: 8 << 30,
                gpus: vec![gpu(0)],
                runs_images: true,
                ..MachineType::named("pool")
            },
        ];
        let settings = ServiceSettings::default();
        let pool = || ServiceSettings { machine_type: "pool".into(), ..ServiceSettings::default() };
        let asking = ServiceSettings { preemptible: true, image: "a/b:1".into(), ..settings.clone() };
        for (settings, expected) in [
            (settings.clone(), &[][..]),
            (asking.clone(), &["preemptible", "image"]),
            (ServiceSettings { machine_type: "pool".into(), ..asking }, &[]),
            (ServiceSettings { machine_type: "lokal".into(), ..settings.clone() }, &["machine_type"]),
            (ServiceSettings { image: "/opt/train".into(), ..settings.clone() }, &[]),
            (ServiceSettings { run_as_process: false, ..settings.clone() }, &[]),
            (
                ServiceSettings { run_as_process: false, image: "/opt/train".into(), ..settings.clone() },
                &["run_as_process"],
            ),
            (ServiceSettings { gpus: Some(1), ..settings.clone() }, &["gpus"]),
            (ServiceSettings { cores: 2, ..settings }, &["cores"]),
            (ServiceSettings { memory_mib: 9_000, ..pool() }, &["memory_mib"]),
            (ServiceSettings { gpus: Some(2), ..pool() }, &["gpus"]),
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
    fn one_gpu_is_wanted_where_there_is_any() {
        let without = MachineType::named(LOCAL);
        let with = MachineType { gpus: vec![gpu(0), gpu(1)], ..without.clone() };
        let settings = ServiceSettings::default();
        assert_eq!((settings.wanted_of(&without).gpus, settings.wanted_of(&with).gpus), (0, 1));
        let none = ServiceSettings { gpus: Some(0), ..settings };
        assert_eq!(none.wanted_of(&with).gpus, 0);
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        assert_eq!(MachineType::named(LOCAL).to_string(), "local: 1 core");
        let machine = MachineType { gpus: vec![gpu(0)], ..MachineType::named("g") };
        assert_eq!(machine.to_string(), "g: 1 core, H100 with 80.0 GiB");
    }

    #[test]
    fn a_machine_type_that_cannot_be_meant_is_named() {
        let bad = MachineType { cores: 0, gpus: vec![gpu(3), gpu(3)], ..MachineType::named("Big one") };
        let fields: Vec<String> = bad.check().unwrap_err().into_iter().map(|error| error.key).collect();
        assert_eq!(fields, ["name", "cores", "gpus"]);
        assert_eq!(MachineType::named("gpu-large").check(), Ok(()));
    }
}
