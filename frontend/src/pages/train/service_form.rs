//! The settings of a training service as texts of a form.
//!
//! Must not know how the form looks; what a setting may be is the server's to say.

use crate::arrange::map_of;
use shared::machine::MachineType;
use shared::service::{OnReset, ServiceSettings};
use std::collections::BTreeMap;

/// One setting of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceField {
    pub key: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub kind: Kind,
}

/// How a setting is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number in this range.
    Number(u32, u32),
    /// The same, or nothing.
    OptionalNumber(u32, u32),
    Text,
    Switch,
    OnReset,
    MachineType,
}

const fn field(key: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> ServiceField {
    ServiceField { key, label, hint, kind }
}

/// What instances are, what they hold of a machine, and how many executions run side by side.
pub const SERVICE_FIELDS: [ServiceField; 7] = [
    field("machine_type", "Machine type", "What each instance runs on", Kind::MachineType),
    field("preemptible", "Preemptible", "A more urgent training may take the machine", Kind::Switch),
    field(
        "image",
        "Docker image",
        "The program that instances run, by its whole path; empty for the architecture's own",
        Kind::Text,
    ),
    field("concurrency", "Concurrency", "Executions that one instance works on at once", Kind::Number(1, 64)),
    field(
        "gpus",
        "GPUs",
        "What one instance holds; empty for one where the machine has any",
        Kind::OptionalNumber(0, 64),
    ),
    field("cores", "Cores", "Processor cores reserved for one instance; 0 for none", Kind::Number(0, 4_096)),
    field(
        "memory_mib",
        "Memory (MiB)",
        "Reserved for one instance, and the most it may take; 0 for neither",
        Kind::Number(0, 64 << 20),
    ),
];

/// How many instances there are.
pub const SCALING_FIELDS: [ServiceField; 5] = [
    field(
        "min_instances",
        "Min instances",
        "Kept while nothing waits; as many as the most for a fixed number",
        Kind::Number(0, 1_000),
    ),
    field("max_instances", "Max instances", "Instances at most", Kind::Number(1, 1_000)),
    field(
        "queue_threshold",
        "Queue threshold",
        "Executions that wait for each that an instance works on, before another instance is started",
        Kind::Number(1, 10_000),
    ),
    field(
        "cool_down_secs",
        "Cool-down (seconds)",
        "Time without work after which an instance beyond the minimum stops",
        Kind::Number(0, 86_400),
    ),
    field(
        "max_failed_starts",
        "Max failed starts",
        "Failed starts in a row after which the service is paused",
        Kind::Number(1, 1_000),
    ),
];

/// What happens to one execution.
pub const EXECUTION_FIELDS: [ServiceField; 5] = [
    field(
        "execution_timeout_secs",
        "Execution timeout (seconds)",
        "An attempt that takes longer is told to stop, and is reset",
        Kind::Number(1, 31_536_000),
    ),
    field(
        "drain_secs",
        "Drain time (seconds)",
        "What an attempt gets to stop by itself",
        Kind::Number(0, 86_400),
    ),
    field(
        "on_reset",
        "On reset",
        "What happens to an attempt that is lost, killed or out of time: Rerun makes it again",
        Kind::OnReset,
    ),
    field("max_attempts", "Max attempts", "Tries at one execution", Kind::Number(1, 100)),
    field(
        "run_as_process",
        "Run executions as process",
        "Each is a process of its own within its instance",
        Kind::Switch,
    ),
];

/// Every setting.
pub fn all_fields() -> impl Iterator<Item = &'static ServiceField> {
    SERVICE_FIELDS.iter().chain(&SCALING_FIELDS).chain(&EXECUTION_FIELDS)
}

impl ServiceField {
    /// What it is for, and what it may be.
    pub fn help(&self) -> String {
        match self.kind {
            Kind::Number(least, most) | Kind::OptionalNumber(least, most) => {
                let [least, most] = [least, most].map(|number| crate::text::count(u64::from(number)));
                format!("{} ({least} to {most})", self.hint)
            }
            Kind::Text | Kind::Switch | Kind::OnReset | Kind::MachineType => self.hint.to_owned(),
        }
    }
}

/// Words of the choice `on_reset`.
pub const ON_RESET: [(&str, &str); 2] = [("rerun", "Rerun"), ("fail", "Fail")];

/// A setting as its field shows it.
pub fn text_of(settings: &ServiceSettings, key: &str) -> String {
    match key {
        "machine_type" => settings.machine_type.clone(),
        "preemptible" => settings.preemptible.to_string(),
        "image" => settings.image.clone(),
        "run_as_process" => settings.run_as_process.to_string(),
        "concurrency" => settings.concurrency.to_string(),
        "execution_timeout_secs" => settings.execution_timeout_secs.to_string(),
        "drain_secs" => settings.drain_secs.to_string(),
        "max_attempts" => settings.max_attempts.to_string(),
        "gpus" => settings.gpus.map(|gpus| gpus.to_string()).unwrap_or_default(),
        "cores" => settings.cores.to_string(),
        "memory_mib" => settings.memory_mib.to_string(),
        "min_instances" => settings.min_instances.to_string(),
        "max_instances" => settings.max_instances.to_string(),
        "queue_threshold" => settings.queue_threshold.to_string(),
        "cool_down_secs" => settings.cool_down_secs.to_string(),
        "max_failed_starts" => settings.max_failed_starts.to_string(),
        "on_reset" => match settings.on_reset {
            OnReset::Fail => "fail".into(),
            OnReset::Rerun => "rerun".into(),
        },
        _ => String::new(),
    }
}

/// A setting as it is read, where it cannot be changed.
pub fn words_of(settings: &ServiceSettings, key: &str) -> String {
    match text_of(settings, key).as_str() {
        "true" => "Yes".into(),
        "false" => "No".into(),
        "" if key == "gpus" => "One where there is any".into(),
        "" => "None".into(),
        text if key == "on_reset" => crate::text::capitalised(text),
        text => text.to_owned(),
    }
}

/// Why a setting can be nothing else on this type of machine.
pub fn refusal_of(machine: &MachineType, key: &str) -> Option<String> {
    match key {
        "preemptible" => machine.refuses_preemption(),
        _ => None,
    }
    .map(|reason| crate::text::capitalised(&reason))
}

/// Every setting as its field shows it.
pub fn texts_of(settings: &ServiceSettings) -> BTreeMap<String, String> {
    map_of(all_fields().map(|field| (field.key.to_owned(), text_of(settings, field.key))))
}

/// Reads what was typed over the settings that stand; every text that is no value is told, by its key.
pub fn settings_over(
    mut settings: ServiceSettings,
    texts: &BTreeMap<String, String>,
) -> Result<ServiceSettings, BTreeMap<String, String>> {
    let mut problems = BTreeMap::new();
    for (key, text) in texts {
        let text = text.trim();
        let place = match key.as_str() {
            "on_reset" => {
                settings.on_reset = if text == "fail" { OnReset::Fail } else { OnReset::Rerun };
                continue;
            }
            "machine_type" => {
                text.clone_into(&mut settings.machine_type);
                continue;
            }
            "image" => {
                text.clone_into(&mut settings.image);
                continue;
            }
            "preemptible" => {
                settings.preemptible = text == "true";
                continue;
            }
            "run_as_process" => {
                settings.run_as_process = text == "true";
                continue;
            }
            "gpus" if text.is_empty() => {
                settings.gpus = None;
                continue;
            }
            "gpus" => settings.gpus.insert(0),
            "concurrency" => &mut settings.concurrency,
            "cores" => &mut settings.cores,
            "memory_mib" => &mut settings.memory_mib,
            "min_instances" => &mut settings.min_instances,
            "max_instances" => &mut settings.max_instances,
            "queue_threshold" => &mut settings.queue_threshold,
            "cool_down_secs" => &mut settings.cool_down_secs,
            "execution_timeout_secs" => &mut settings.execution_timeout_secs,
            "drain_secs" => &mut settings.drain_secs,
            "max_attempts" => &mut settings.max_attempts,
            "max_failed_starts" => &mut settings.max_failed_starts,
            _ => continue,
        };
        match text.parse::<u32>() {
            Ok(number) => *place = number,
            Err(_) => {
                problems.insert(key.clone(), format!("`{text}` is no whole number"));
            }
        }
    }
    for error in settings.check().err().into_iter().flatten() {
        problems.entry(error.key).or_insert(error.message);
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// "Autoscale, 0 to 1 instances" or "Fixed, 1 instance".
pub fn scaling_words(settings: &ServiceSettings) -> String {
    let (least, most) = (settings.min_instances, settings.max_instances);
    if least == most {
        return format!("Fixed, {}", crate::text::counted(u64::from(most), "instance", "instances"));
    }
    format!("Autoscale, {least} to {}", crate::text::counted(u64::from(most), "instance", "instances"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_defaults(texts: &BTreeMap<String, String>) -> Result<ServiceSettings, BTreeMap<String, String>> {
        settings_over(ServiceSettings::default(), texts)
    }

    fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn texts_become_settings_and_back() {
        let settings = of_defaults(&texts(&[
            ("gpus", " "),
            ("machine_type", "pool"),
            ("preemptible", "true"),
            ("image", " a/b:1 "),
            ("run_as_process", "false"),
            ("concurrency", " 2 "),
            ("execution_timeout_secs", "7200"),
            ("drain_secs", "0"),
            ("on_reset", "fail"),
            ("max_attempts", "5"),
            ("of_another_version", "x"),
        ]))
        .unwrap();
        let shown = SERVICE_FIELDS.iter().chain(&EXECUTION_FIELDS).map(|field| text_of(&settings, field.key));
        let shown = shown.collect::<Vec<_>>();
        let expected = ["pool", "true", "a/b:1", "2", "", "1", "0", "7200", "0", "fail", "5", "false"];
        assert_eq!(shown, expected);
        assert_eq!(of_defaults(&texts_of(&settings)).unwrap(), settings);
        let words = ["preemptible", "on_reset", "image"].map(|key| words_of(&settings, key));
        assert_eq!(words, ["Yes", "Fail", "a/b:1"]);
        assert_eq!(words_of(&ServiceSettings::default(), "image"), "None");
        assert_eq!(of_defaults(&BTreeMap::new()).unwrap(), ServiceSettings::default());
    }

    #[test]
    fn every_wrong_text_is_told() {
        let problems =
            of_defaults(&texts(&[("concurrency", "0"), ("drain_secs", "-1"), ("max_attempts", "many")]))
                .unwrap_err();
        assert_eq!(problems.keys().collect::<Vec<_>>(), ["concurrency", "drain_secs", "max_attempts"]);
    }

    #[test]
    fn the_form_has_every_setting_with_the_range_that_it_may_have() {
        let known = serde_json::to_value(ServiceSettings::default()).unwrap();
        let mut keys: Vec<&str> = all_fields().map(|field| field.key).collect();
        keys.sort_unstable();
        assert_eq!(keys, known.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>());
        // The least and the most number of instances are bounds of each other.
        let wide = ServiceSettings { max_instances: 1_000, ..ServiceSettings::default() };
        for field in all_fields() {
            let (Kind::Number(least, most) | Kind::OptionalNumber(least, most)) = field.kind else {
                continue;
            };
            let refused = |number: Option<u32>| {
                let text = number.map_or_else(|| "-1".to_owned(), |number| number.to_string());
                let found = settings_over(wide.clone(), &texts(&[(field.key, &text)]));
                found.is_err_and(|problems| problems.contains_key(field.key))
            };
            assert!(!refused(Some(least)) && !refused(Some(most)), "{}", field.key);
            assert!(refused(least.checked_sub(1)) && refused(Some(most + 1)), "{}", field.key);
            assert!(field.help().contains(" to "), "{}", field.help());
        }
    }

    #[test]
    fn scaling_is_said_in_words() {
        let autoscale = ServiceSettings::default();
        assert_eq!(scaling_words(&autoscale), "Autoscale, 0 to 1 instance");
        let fixed = ServiceSettings { min_instances: 2, max_instances: 2, ..autoscale };
        assert_eq!(scaling_words(&fixed), "Fixed, 2 instances");
    }
}
