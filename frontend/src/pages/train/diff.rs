//! Which settings differ between two configurations.
//!
//! Must not know where they come from.

use super::overrides::text_of;
use serde_json::{Map, Value};
use shared::config::{Schema, resolve};

/// A setting with another value, as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub key: &'static str,
    pub label: &'static str,
    pub before: String,
    pub now: String,
}

/// Every setting that differs, in the order of the form; both are what was asked for over the defaults. Nothing where one
/// of them cannot be used.
pub fn differences(
    schema: &'static Schema,
    before: &Map<String, Value>,
    now: &Map<String, Value>,
) -> Vec<Difference> {
    let whole = |values: &Map<String, Value>| serde_json::to_value(resolve(values).ok()?).ok();
    let (Some(before), Some(now)) = (whole(before), whole(now)) else { return Vec::new() };
    let difference = |field: &'static shared::config::Field| {
        let (before, now) = (before.get(field.key)?, now.get(field.key)?);
        (before != now).then(|| Difference {
            key: field.key,
            label: field.label,
            before: text_of(before),
            now: text_of(now),
        })
    };
    schema.fields.iter().filter_map(difference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::config::detection_schema;

    #[test]
    fn settings_differ_where_what_they_come_to_does() {
        let default = &detection_schema().field("epochs").unwrap().default;
        for (before, now, expected) in [
            (json!({}), json!({}), vec![]),
            (json!({}), json!({"epochs": default}), vec![]),
            (
                json!({"optimizer": "sgd"}),
                json!({"epochs": 7}),
                vec![("epochs", "100", "7"), ("optimizer", "sgd", "auto")],
            ),
            (json!({"epochs": 0}), json!({"epochs": 7}), vec![]),
        ] {
            let object = |value: &Value| value.as_object().cloned().unwrap();
            let found = differences(detection_schema(), &object(&before), &object(&now));
            let found: Vec<_> =
                found.iter().map(|one| (one.key, one.before.as_str(), one.now.as_str())).collect();
            assert_eq!(found, expected, "{before} {now}");
        }
    }
}
