//! Which configuration stands for a version.
//!
//! Must not know how it is shown.

use serde_json::{Map, Value};
use shared::config::Schema;

/// What the training runs with; for a version without one, what it would be started with now.
/// Values that cannot be resolved are shown as the version has them.
pub fn resolved(
    schema: &Schema,
    of_training: Option<&Value>,
    of_version: &Map<String, Value>,
) -> Map<String, Value> {
    if let Some(Value::Object(values)) = of_training {
        return values.clone();
    }
    schema.resolve(of_version).unwrap_or_else(|_| of_version.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::config::detection_schema;

    #[test]
    fn the_training_goes_before_the_version_and_the_resolved_before_the_raw() {
        for (training, version, expected, is_whole) in [
            (Some(json!({"epochs": 3})), json!({"epochs": 9}), json!({"epochs": 3}), false),
            (None, json!({}), json!({"epochs": 100, "warmup_epochs": 3.0}), true),
            // The warm-up that nobody gave follows the epochs.
            (None, json!({"epochs": 1}), json!({"epochs": 1, "warmup_epochs": 1.0}), true),
            (Some(json!("no object")), json!({"epochs": 1.0}), json!({"epochs": 1}), true),
            (None, json!({"epochs": 0}), json!({"epochs": 0}), false),
            (None, json!({"unknown": 5}), json!({"unknown": 5}), false),
        ] {
            let shown = resolved(detection_schema(), training.as_ref(), version.as_object().unwrap());
            let expected = expected.as_object().unwrap();
            for (key, value) in expected {
                assert_eq!(shown.get(key), Some(value), "{training:?} {version}: {key}");
            }
            let count = if is_whole { detection_schema().fields.len() } else { expected.len() };
            assert_eq!(shown.len(), count, "{training:?} {version}");
        }
    }
}
