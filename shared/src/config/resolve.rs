//! From what a person gave to the configuration of a YOLOv8 training, with the rules between settings.
//!
//! Must not know ranges of single settings: those stand in the table, [`super::detection_schema`].

use super::schema::FieldError;
use super::{DetectionConfig, Optimizer, detection_schema};
use serde::Serialize;
use serde_json::{Map, Value};

/// The configuration that `overrides`, put over the defaults, comes to.
///
/// The default of `warmup_epochs` is never longer than the training.
///
/// # Errors
/// Everything that is wrong, at once: unknown keys, values out of range, settings that contradict
/// each other or would have no effect.
pub fn resolve(overrides: &Map<String, Value>) -> Result<DetectionConfig, Vec<FieldError>> {
    from_values(&detection_schema().resolve(overrides)?)
}

fn from_values(values: &Map<String, Value>) -> Result<DetectionConfig, Vec<FieldError>> {
    serde_json::from_value(Value::Object(values.clone()))
        .map_err(|error| vec![FieldError::new("configuration", error.to_string())])
}

/// What holds between the settings of the table.
pub(super) fn rules(given: &Map<String, Value>, values: &mut Map<String, Value>) -> Vec<FieldError> {
    let mut config = match from_values(values) {
        Ok(config) => config,
        Err(errors) => return errors,
    };
    if !given.contains_key("warmup_epochs") {
        config.warmup_epochs = warm_up_within(&config, config.epochs);
        values.insert("warmup_epochs".to_owned(), Value::from(config.warmup_epochs));
    }
    contradictions(&config)
}

/// What of a configuration differs from the defaults: the overrides that resolve to it. A warm-up
/// that only follows from the epochs is none of them, so that it follows when they change.
#[must_use]
pub fn overrides_of(config: &DetectionConfig) -> Map<String, Value> {
    let mut defaults = DetectionConfig::default();
    defaults.warmup_epochs = warm_up_within(&defaults, config.epochs);
    let defaults = values_of(&defaults);
    values_of(config).into_iter().filter(|(key, value)| defaults.get(key) != Some(value)).collect()
}

fn warm_up_within(config: &DetectionConfig, epochs: u32) -> f64 {
    config.warmup_epochs.min(f64::from(epochs))
}

pub(super) fn values_of(config: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(config) {
        Ok(Value::Object(values)) => values,
        // A struct of numbers and words always becomes an object.
        _ => Map::new(),
    }
}

/// What of a warm-up and of the checkpoints to keep lies beyond the training's end.
pub(super) fn longer_than_training(epochs: u32, warmup_epochs: f64, save_period: u32) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut longer = |key: &str, given: String, next_step: &str| {
        let message = format!("{given} is longer than the training of {epochs} epochs: {next_step}");
        errors.push(FieldError::new(key, message));
    };
    if warmup_epochs > f64::from(epochs) {
        longer("warmup_epochs", warmup_epochs.to_string(), "lower it or raise `epochs`");
    }
    if save_period > epochs {
        longer("save_period", save_period.to_string(), "use 0 to keep only last and best");
    }
    errors
}

fn contradictions(config: &DetectionConfig) -> Vec<FieldError> {
    let mut errors = longer_than_training(config.epochs, config.warmup_epochs, config.save_period);
    if config.optimizer == Optimizer::Auto {
        let default = DetectionConfig::default();
        for (key, given, default) in [
            ("lr0", config.lr0, default.lr0),
            ("momentum", config.momentum, default.momentum),
            ("warmup_bias_lr", config.warmup_bias_lr, default.warmup_bias_lr),
        ] {
            if given != default {
                errors.push(FieldError::new(
                    key,
                    format!(
                        "{given} has no effect while `optimizer` is auto: set `optimizer` to sgd or adamw"
                    ),
                ));
            }
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeviceKind, Kind, Schedule};
    use serde_json::json;
    use std::collections::BTreeSet;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("not an object") };
        object
    }

    #[test]
    fn the_table_has_the_keys_and_defaults_of_the_configuration() {
        let schema = detection_schema();
        assert_eq!(schema.defaults(), values_of(&DetectionConfig::default()));
        assert_eq!(schema.defaults().len(), schema.fields.len(), "a key stands twice");
        for field in &schema.fields {
            assert_eq!(field.checked(&field.default).as_ref(), Ok(&field.default), "{}", field.key);
            assert!(field.help.ends_with('.'), "{}", field.key);
        }
        assert_eq!(resolve(&Map::new()), Ok(DetectionConfig::default()));
    }

    #[test]
    fn no_name_means_two_settings() {
        let mut seen = BTreeSet::new();
        for field in &detection_schema().fields {
            for name in field.also_known_as.iter().chain([&field.key]) {
                assert!(seen.insert(*name), "{name} stands twice");
            }
        }
    }

    #[test]
    fn every_choice_of_the_table_is_read() {
        for field in &detection_schema().fields {
            let Kind::Choice { options } = field.kind else { continue };
            for option in options {
                let resolved = resolve(&object(json!({ field.key: option })));
                let values = values_of(&resolved.unwrap());
                assert_eq!(values[field.key], json!(option));
            }
        }
    }

    #[test]
    fn values_are_taken_and_brought_to_one_form() {
        let given = json!({
            "epochs": 30.0, "batch_size": 8, "imgsz": 320, "optimizer": "AdamW", "lr0": 1,
            "schedule": "cosine", "device": "CPU", "box": 5.0, "seed": 9_007_199_254_740_991u64,
        });
        let config = resolve(&object(given)).unwrap();
        assert_eq!((config.epochs, config.batch_size, config.imgsz), (30, 8, 320));
        assert_eq!((config.optimizer, config.schedule), (Optimizer::AdamW, Schedule::Cosine));
        assert_eq!((config.device, config.lr0, config.box_gain), (DeviceKind::Cpu, 1.0, 5.0));
        assert_eq!(config.seed, 9_007_199_254_740_991);
        assert_eq!(resolve(&overrides_of(&config)), Ok(config));
    }

    #[test]
    fn each_wrong_value_says_what_was_given_and_what_is_allowed() {
        let table = [
            (json!({"epochs": 0}), "`epochs`: 0 is too small: expected a whole number from 1 to 100000"),
            (json!({"epochs": -3}), "`epochs`: -3 is too small: expected a whole number from 1 to 100000"),
            (json!({"epochs": 1.5}), "`epochs`: 1.5 is not whole: expected a whole number from 1 to 100000"),
            (
                json!({"epochs": 1e300}),
                "`epochs`: 1e+300 is too large: expected a whole number from 1 to 100000",
            ),
            (json!({"epochs": "ten"}), "`epochs`: \"ten\" is text: expected a whole number from 1 to 100000"),
            (json!({"epochs": null}), "`epochs`: null is no value: expected a whole number from 1 to 100000"),
            (
                json!({"batch_size": 5000}),
                "`batch_size`: 5000 is too large: expected a whole number from 1 to 4096",
            ),
            (
                json!({"imgsz": 100}),
                "`imgsz`: 100 is not a multiple of 32 (nearest: 96 or 128): expected a multiple of 32 from 32 to 4096",
            ),
            (json!({"mosaic": 1.5}), "`mosaic`: 1.5 is too large: expected a number from 0 to 1"),
            (json!({"mosaic": [1]}), "`mosaic`: [1] is a list: expected a number from 0 to 1"),
            (
                json!({"optimizer": "adam"}),
                "`optimizer`: \"adam\" is unknown, did you mean \"adamw\": expected one of auto, sgd, adamw",
            ),
            (
                json!({"optimizer": true}),
                "`optimizer`: true is a truth value: expected one of auto, sgd, adamw",
            ),
            (json!({"epoch": 3}), "`epoch`: unknown setting; did you mean `epochs`?"),
            (json!({"batch": 3}), "`batch`: unknown setting; did you mean `batch_size`?"),
            (json!({"learning_rate": 3}), "`learning_rate`: unknown setting; did you mean `lr0`?"),
            (
                json!({"epochs": 10, "warmup_epochs": 11}),
                "`warmup_epochs`: 11 is longer than the training of 10 epochs: lower it or raise `epochs`",
            ),
            (
                json!({"epochs": 10, "save_period": 11}),
                "`save_period`: 11 is longer than the training of 10 epochs: use 0 to keep only last and best",
            ),
            (
                json!({"lr0": 0.02}),
                "`lr0`: 0.02 has no effect while `optimizer` is auto: set `optimizer` to sgd or adamw",
            ),
        ];
        for (given, expected) in table {
            let errors = resolve(&object(given.clone())).unwrap_err();
            let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(messages, [expected], "{given}");
        }
        let stranger = resolve(&object(json!({"zebra": 1}))).unwrap_err();
        assert!(stranger[0].message.contains("known ones are epochs, batch_size"), "{stranger:?}");
    }

    #[test]
    fn all_errors_come_at_once() {
        let given = json!({"epochs": 0, "imgsz": 33, "epoch": 1, "mosaic": 0.5});
        let mut keys: Vec<String> =
            resolve(&object(given)).unwrap_err().into_iter().map(|error| error.key).collect();
        keys.sort();
        assert_eq!(keys, ["epoch", "epochs", "imgsz"]);
    }

    #[test]
    fn the_default_warm_up_is_no_longer_than_the_training() {
        assert_eq!(resolve(&object(json!({"epochs": 1}))).unwrap().warmup_epochs, 1.0);
        assert_eq!(resolve(&object(json!({"epochs": 30}))).unwrap().warmup_epochs, 3.0);
        let mut kept = overrides_of(&resolve(&object(json!({"epochs": 1}))).unwrap());
        assert_eq!(kept, object(json!({"epochs": 1})));
        kept.insert("epochs".into(), json!(30));
        assert_eq!(resolve(&kept).unwrap().warmup_epochs, 3.0);
    }

    #[test]
    fn texts_of_the_command_line() {
        let mut overrides = Map::new();
        for (key, text, expected) in [
            ("epochs", "30", json!(30)),
            ("epochs", " 5 ", json!(5)),
            ("lr0", "1e-3", json!(0.001)),
            ("lr0", ".5", json!(0.5)),
            ("mosaic", "+1", json!(1.0)),
            ("optimizer", "SGD", json!("sgd")),
        ] {
            detection_schema().set_from_text(&mut overrides, key, text).unwrap();
            assert_eq!(overrides[key], expected, "{key}={text}");
        }
        let kept = overrides.clone();
        for (key, text, expected) in [
            ("epochs", "0", "0 is too small"),
            ("epochs", "", "\"\" is text"),
            ("epochs", "many", "\"many\" is text"),
            ("lr0", "NaN", "\"NaN\" is text"),
            ("lr0", "1e999", "is text"),
            ("lr0", "[1]", "is text"),
            ("epocs", "3", "did you mean `epochs`?"),
        ] {
            let error = detection_schema().set_from_text(&mut overrides, key, text).unwrap_err();
            assert!(error.message.contains(expected), "{key}={text}: {error}");
        }
        assert_eq!(overrides, kept);
    }

    #[test]
    fn a_long_value_is_shown_in_short() {
        let error = resolve(&object(json!({"epochs": "x".repeat(10_000)}))).unwrap_err();
        assert!(error[0].message.len() < 200, "{error:?}");
    }
}
