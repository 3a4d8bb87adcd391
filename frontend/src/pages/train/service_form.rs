//! The settings of a training service as texts of a form.
//!
//! Must not know how the form looks; what a setting may be is the server's to say.

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
    Number,
    Text,
    Switch,
    OnReset,
    MachineType,
}

/// What instances are, and how many executions run side by side.
pub const SERVICE_FIELDS: [ServiceField; 4] = [
    ServiceField {
        key: "machine_type",
        label: "Machine type",
        hint: "What each instance runs on",
        kind: Kind::MachineType,
    },
    ServiceField {
        key: "preemptible",
        label: "Preemptible",
        hint: "A more urgent training may take the machine",
        kind: Kind::Switch,
    },
    ServiceField {
        key: "image",
        label: "Docker image",
        hint: "The program that instances run, by its whole path; empty for the built-in one",
        kind: Kind::Text,
    },
    ServiceField {
        key: "concurrency",
        label: "Concurrency",
        hint: "Executions that one instance works on at once",
        kind: Kind::Number,
    },
];

/// What happens to one execution.
pub const EXECUTION_FIELDS: [ServiceField; 5] = [
    ServiceField {
        key: "execution_timeout_secs",
        label: "Execution timeout (seconds)",
        hint: "An attempt that takes longer is told to stop, and is reset",
        kind: Kind::Number,
    },
    ServiceField {
        key: "drain_secs",
        label: "Drain time (seconds)",
        hint: "What an attempt gets to stop by itself",
        kind: Kind::Number,
    },
    ServiceField {
        key: "on_reset",
        label: "On reset",
        hint: "What happens to an attempt that is lost, killed or out of time",
        kind: Kind::OnReset,
    },
    ServiceField {
        key: "max_attempts",
        label: "Max attempts",
        hint: "Tries at one execution",
        kind: Kind::Number,
    },
    ServiceField {
        key: "run_as_process",
        label: "Run executions as process",
        hint: "Each is a process of its own within its instance",
        kind: Kind::Switch,
    },
];

/// Words of the choice `on_reset`.
pub const ON_RESET: [(&str, &str); 2] = [("rerun", "Rerun: it goes round again"), ("fail", "Fail")];

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

/// Reads what was typed over the defaults; every text that is no value is told, by its key.
pub fn settings_from(texts: &BTreeMap<String, String>) -> Result<ServiceSettings, BTreeMap<String, String>> {
    let mut settings = ServiceSettings::default();
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
            "concurrency" => &mut settings.concurrency,
            "execution_timeout_secs" => &mut settings.execution_timeout_secs,
            "drain_secs" => &mut settings.drain_secs,
            "max_attempts" => &mut settings.max_attempts,
            _ => continue,
        };
        match text.parse::<u32>() {
            Ok(number) if number > 0 || key == "drain_secs" => *place = number,
            Ok(_) => {
                problems.insert(key.clone(), "0 is too small: expected a whole number from 1".to_owned());
            }
            Err(_) => {
                problems.insert(key.clone(), format!("`{text}` is no whole number"));
            }
        }
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

    fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn texts_become_settings_and_back() {
        let settings = settings_from(&texts(&[
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
        assert_eq!(shown, ["pool", "true", "a/b:1", "2", "7200", "0", "fail", "5", "false"]);
        let words = ["preemptible", "on_reset", "image"].map(|key| words_of(&settings, key));
        assert_eq!(words, ["Yes", "Fail", "a/b:1"]);
        assert_eq!(words_of(&ServiceSettings::default(), "image"), "None");
        assert_eq!(settings_from(&BTreeMap::new()).unwrap(), ServiceSettings::default());
    }

    #[test]
    fn every_wrong_text_is_told() {
        let problems =
            settings_from(&texts(&[("concurrency", "0"), ("drain_secs", "-1"), ("max_attempts", "many")]))
                .unwrap_err();
        assert_eq!(problems.keys().collect::<Vec<_>>(), ["concurrency", "drain_secs", "max_attempts"]);
    }

    #[test]
    fn scaling_is_said_in_words() {
        let autoscale = ServiceSettings::default();
        assert_eq!(scaling_words(&autoscale), "Autoscale, 0 to 1 instance");
        let fixed = ServiceSettings { min_instances: 2, max_instances: 2, ..autoscale };
        assert_eq!(scaling_words(&fixed), "Fixed, 2 instances");
    }
}
