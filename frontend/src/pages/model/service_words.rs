//! Settings of a service in words.
//!
//! Must not know any single setting.

use crate::text;
use serde_json::Value;

/// The label and the value of a setting, by its key as it is stored: seconds become durations.
pub fn setting_words(key: &str, value: &Value) -> (String, String) {
    let (name, is_time) = key.strip_suffix("_secs").map_or((key, false), |name| (name, true));
    let words = match (value, value.as_i64().filter(|_| is_time)) {
        (_, Some(secs)) => text::duration(secs.saturating_mul(1_000)),
        (Value::Null, None) => String::new(),
        (value, None) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    };
    (text::capitalised(&name.replace('_', " ")), words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn seconds_become_durations() {
        for (key, value, label, words) in [
            ("drain_secs", json!(300), "Drain", "5 min 00 s"),
            ("on_reset", json!("rerun"), "On reset", "rerun"),
            ("gpus", Value::Null, "Gpus", ""),
            ("preemptible", json!(true), "Preemptible", "true"),
        ] {
            assert_eq!(setting_words(key, &value), (label.to_owned(), words.to_owned()), "{key}");
        }
    }
}
