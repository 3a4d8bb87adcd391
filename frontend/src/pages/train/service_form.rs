//! The settings of a training service as texts of a form.
//!
//! Must not know how the form looks; what a setting may be is the server's to say.

use shared::service::{OnReset, ServiceSettings};
use std::collections::BTreeMap;

/// One setting of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceField {
    pub key: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
}

/// How many executions run side by side.
pub const SERVICE_FIELDS: [ServiceField; 1] = [ServiceField {
    key: "concurrency",
    label: "Concurrency",
    hint: "Executions that one instance works on at once",
}];

/// What happens to one execution.
pub const EXECUTION_FIELDS: [ServiceField; 4] = [
    ServiceField {
        key: "execution_timeout_secs",
        label: "Execution timeout (seconds)",
        hint: "An attempt that takes longer is told to stop, and is reset",
    },
    ServiceField {
        key: "drain_secs",
        label: "Drain time (seconds)",
        hint: "What an attempt gets to stop by itself",
    },
    ServiceField {
        key: "on_reset",
        label: "On reset",
        hint: "What happens to an attempt that is lost, killed or out of time",
    },
    ServiceField { key: "max_attempts", label: "Max attempts", hint: "Tries at one execution" },
];

/// Words of the choice `on_reset`.
pub const ON_RESET: [(&str, &str); 2] = [("rerun", "Rerun: it goes round again"), ("fail", "Fail")];

/// A setting as its field shows it.
pub fn text_of(settings: &ServiceSettings, key: &str) -> String {
    match key {
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

/// Reads what was typed over the defaults; every text that is no value is told, by its key.
pub fn settings_from(texts: &BTreeMap<String, String>) -> Result<ServiceSettings, BTreeMap<String, String>> {
    let mut settings = ServiceSettings::default();
    let mut problems = BTreeMap::new();
    for (key, text) in texts {
        let text = text.trim();
        if key == "on_reset" {
            settings.on_reset = if text == "fail" { OnReset::Fail } else { OnReset::Rerun };
            continue;
        }
        let place = match key.as_str() {
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
            ("concurrency", " 2 "),
            ("execution_timeout_secs", "7200"),
            ("drain_secs", "0"),
            ("on_reset", "fail"),
            ("max_attempts", "5"),
            ("of_another_version", "x"),
        ]))
        .unwrap();
        let shown = SERVICE_FIELDS.iter().chain(&EXECUTION_FIELDS).map(|field| text_of(&settings, field.key));
        assert_eq!(shown.collect::<Vec<_>>(), ["2", "7200", "0", "fail", "5"]);
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
