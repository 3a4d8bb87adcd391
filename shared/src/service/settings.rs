//! How a service runs its executions, and what a change of it does to those that run.
//!
//! Must not know how settings are stored or drawn.

use crate::config::FieldError;
use crate::machine::{LOCAL, MachineType, Resources};
use serde::{Deserialize, Serialize};

/// A name that is longer is none that a registry takes.
const MAX_IMAGE_BYTES: usize = 512;

/// What happens to an attempt that is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnReset {
    /// The execution fails.
    Fail,
    /// It goes round again while attempts are left.
    Rerun,
}

/// How a service runs its executions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceSettings {
    /// The name of the [type of machine](crate::machine::MachineType) that its instances run on.
    pub machine_type: String,
    /// Whether a more urgent training may take the machine.
    pub preemptible: bool,
    /// The image that its instances are made from; empty for the program itself. Where instances are
    /// processes, the path of a program that is the Train function.
    pub image: String,
    /// Executions that one instance works on at once.
    pub concurrency: u32,
    /// Instances kept while nothing waits.
    pub min_instances: u32,
    /// Instances at most.
    pub max_instances: u32,
    /// Executions that an instance is expected to take from the queue, for each that it works on at once: with
    /// more, waiting is borne before another instance is started.
    pub queue_threshold: u32,
    /// Time without work after which an instance beyond the minimum is stopped.
    pub cool_down_secs: u32,
    /// Time that one attempt may take.
    pub execution_timeout_secs: u32,
    /// Time that an attempt gets to stop by itself.
    pub drain_secs: u32,
    /// What happens to an attempt that is reset.
    pub on_reset: OnReset,
    /// Attempts at most.
    pub max_attempts: u32,
    /// Whether each execution is a process of its own within the instance.
    pub run_as_process: bool,
    /// GPUs that an instance holds; `None` for one where the machine has any.
    pub gpus: Option<u32>,
    /// Processor cores that are reserved for an instance; 0 for none.
    pub cores: u32,
    /// Memory that is reserved for an instance, and the most that it may take, in MiB; 0 for neither.
    pub memory_mib: u32,
    /// Failed starts in a row after which the service is paused by force.
    pub max_failed_starts: u32,
}

impl Default for ServiceSettings {
    /// The defaults of the wizard's third step.
    fn default() -> Self {
        Self {
            machine_type: LOCAL.to_owned(),
            preemptible: false,
            image: String::new(),
            concurrency: 1,
            min_instances: 0,
            max_instances: 1,
            queue_threshold: 1,
            cool_down_secs: 300,
            execution_timeout_secs: 3600,
            drain_secs: 300,
            on_reset: OnReset::Rerun,
            max_attempts: 3,
            run_as_process: true,
            gpus: None,
            cores: 1,
            memory_mib: 0,
            max_failed_starts: 10,
        }
    }
}

/// What a change of settings does to what runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It holds from now on, for what runs as well.
    AtOnce,
    /// It holds for attempts that start from now on.
    NextAttempt,
    /// Instances are replaced: their executions drain, and go on in new ones.
    NewInstances,
}

impl Effect {
    /// What happens, in words.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::AtOnce => "Holds at once; running trainings are not touched",
            Self::NextAttempt => "Holds for attempts that start from now on; running ones keep theirs",
            Self::NewInstances => {
                "Instances are replaced: running trainings write a checkpoint within the drain time and go on from it"
            }
        }
    }
}

/// Every setting by name, with what a change of it does.
const EFFECTS: [(&str, Effect); 17] = [
    ("machine_type", Effect::NewInstances),
    ("preemptible", Effect::AtOnce),
    ("image", Effect::NewInstances),
    ("concurrency", Effect::NewInstances),
    ("min_instances", Effect::AtOnce),
    ("max_instances", Effect::AtOnce),
    ("queue_threshold", Effect::AtOnce),
    ("cool_down_secs", Effect::AtOnce),
    ("execution_timeout_secs", Effect::NextAttempt),
    ("drain_secs", Effect::NextAttempt),
    ("on_reset", Effect::AtOnce),
    ("max_attempts", Effect::NextAttempt),
    ("run_as_process", Effect::NewInstances),
    ("gpus", Effect::NewInstances),
    ("cores", Effect::NewInstances),
    ("memory_mib", Effect::NewInstances),
    ("max_failed_starts", Effect::AtOnce),
];

/// What a change of this setting does; `None` where there is no such setting.
#[must_use]
pub fn effect_of(field: &str) -> Option<Effect> {
    EFFECTS.iter().find(|(name, _)| *name == field).map(|(_, effect)| *effect)
}

impl ServiceSettings {
    /// Everything that cannot be meant, by field.
    ///
    /// # Errors
    /// All of it at once.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let counts = [
            ("concurrency", self.concurrency, 1, 64),
            ("min_instances", self.min_instances, 0, 1_000),
            ("max_instances", self.max_instances, 1, 1_000),
            ("queue_threshold", self.queue_threshold, 1, 10_000),
            ("cool_down_secs", self.cool_down_secs, 0, 86_400),
            ("execution_timeout_secs", self.execution_timeout_secs, 1, 31_536_000),
            ("drain_secs", self.drain_secs, 0, 86_400),
            ("max_attempts", self.max_attempts, 1, 100),
            ("gpus", self.gpus.unwrap_or(0), 0, 64),
            ("cores", self.cores, 0, 4_096),
            ("memory_mib", self.memory_mib, 0, 64 << 20),
            ("max_failed_starts", self.max_failed_starts, 1, 1_000),
        ];
        let mut errors: Vec<FieldError> = counts
            .into_iter()
            .filter(|(_, value, least, most)| value < least || value > most)
            .map(|(field, value, least, most)| {
                FieldError::new(field, format!("{value} is out of range: choose {least} to {most}"))
            })
            .collect();
        if self.image.len() > MAX_IMAGE_BYTES
            || self.image.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            let message =
                format!("is no name of an image: expected up to {MAX_IMAGE_BYTES} bytes without spaces");
            errors.push(FieldError::new("image", message));
        }
        if self.min_instances > self.max_instances {
            let message = format!("{} is more than `max_instances`: lower it", self.min_instances);
            errors.push(FieldError::new("min_instances", message));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The names of the fields in which others differ.
    ///
    /// ```
    /// use shared::service::ServiceSettings;
    /// let mine = ServiceSettings::default();
    /// let yours = ServiceSettings { drain_secs: 1, ..mine.clone() };
    /// assert_eq!(mine.differences(&yours), ["drain_secs"]);
    /// ```
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let is_same = |field: &str| match field {
            "machine_type" => self.machine_type == other.machine_type,
            "preemptible" => self.preemptible == other.preemptible,
            "image" => self.image == other.image,
            "concurrency" => self.concurrency == other.concurrency,
            "min_instances" => self.min_instances == other.min_instances,
            "max_instances" => self.max_instances == other.max_instances,
            "queue_threshold" => self.queue_threshold == other.queue_threshold,
            "cool_down_secs" => self.cool_down_secs == other.cool_down_secs,
            "execution_timeout_secs" => self.execution_timeout_secs == other.execution_timeout_secs,
            "drain_secs" => self.drain_secs == other.drain_secs,
            "on_reset" => self.on_reset == other.on_reset,
            "max_attempts" => self.max_attempts == other.max_attempts,
            "run_as_process" => self.run_as_process == other.run_as_process,
            "gpus" => self.gpus == other.gpus,
            "cores" => self.cores == other.cores,
            "memory_mib" => self.memory_mib == other.memory_mib,
            _ => self.max_failed_starts == other.max_failed_starts,
        };
        EFFECTS.into_iter().map(|(field, _)| field).filter(|field| !is_same(field)).collect()
    }

    /// Whether a change to these settings replaces the instances that there are.
    #[must_use]
    pub fn replaces_instances(&self, new: &Self) -> bool {
        let differences = self.differences(new);
        differences.into_iter().any(|field| effect_of(field) == Some(Effect::NewInstances))
    }

    /// What one instance reserves of a machine.
    #[must_use]
    pub fn wanted_of(&self, machine: &MachineType) -> Resources {
        let default = u32::from(!machine.gpus.is_empty());
        Resources {
            gpus: self.gpus.unwrap_or(default),
            cores: self.cores,
            memory_bytes: u64::from(self.memory_mib) << 20,
        }
    }

    /// Whether there are always as many instances, whatever waits.
    #[must_use]
    pub const fn is_fixed(&self) -> bool {
        self.min_instances == self.max_instances
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_meant_are_named() {
        let good = ServiceSettings::default();
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.differences(&good), [""; 0]);
        let bad = ServiceSettings {
            concurrency: 0,
            min_instances: 3,
            max_instances: 2,
            execution_timeout_secs: 0,
            max_attempts: 101,
            image: "a b".into(),
            gpus: Some(65),
            max_failed_starts: 0,
            ..good.clone()
        };
        let fields: Vec<String> = bad.check().unwrap_err().into_iter().map(|error| error.key).collect();
        let expected = [
            "concurrency",
            "execution_timeout_secs",
            "max_attempts",
            "gpus",
            "max_failed_starts",
            "image",
            "min_instances",
        ];
        assert_eq!(fields, expected);
        let differences = [
            "image",
            "concurrency",
            "min_instances",
            "max_instances",
            "execution_timeout_secs",
            "max_attempts",
            "gpus",
            "max_failed_starts",
        ];
        assert_eq!(bad.differences(&good), differences);
    }

    #[test]
    fn every_setting_is_named_with_its_effect_and_found_when_it_differs() {
        let settings = serde_json::to_value(ServiceSettings::default()).unwrap();
        let fields = settings.as_object().unwrap();
        assert_eq!(fields.len(), EFFECTS.len());
        for (field, value) in fields {
            let other = match value {
                serde_json::Value::Bool(value) => serde_json::json!(!value),
                serde_json::Value::String(_) if field == "on_reset" => serde_json::json!("fail"),
                serde_json::Value::String(_) => serde_json::json!("other"),
                serde_json::Value::Number(value) => serde_json::json!(value.as_u64().unwrap() + 1),
                _ => serde_json::json!(1),
            };
            let mut changed = fields.clone();
            changed.insert(field.clone(), other);
            let changed: ServiceSettings = serde_json::from_value(changed.into()).unwrap();
            assert_eq!(changed.differences(&ServiceSettings::default()), [field.as_str()]);
            let replaces = effect_of(field).unwrap() == Effect::NewInstances;
            assert_eq!(ServiceSettings::default().replaces_instances(&changed), replaces, "{field}");
        }
    }
}
