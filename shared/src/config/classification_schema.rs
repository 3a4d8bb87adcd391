//! The settings of a ResNet training, as a table, and the rules between them.
//!
//! Must not repeat defaults: those are [`ClassificationConfig::default`]'s.

use super::fields::{
    field, flip_and_colour_fields, last_rate_field, momentum_field, number, run_fields, schedule_field,
    shift_field, steadying_fields, table, training_fields, warm_up_field, weight_decay_field,
};
use super::resolve::{longer_than_training, values_of};
use super::schema::{Field, FieldError, Group, Kind, Schema};
use super::{ClassificationConfig, Schedule};
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The settings of a ResNet training, in the order of the form.
#[must_use]
pub fn classification_schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> =
        LazyLock::new(|| table(fields(), &values_of(&ClassificationConfig::default()), rules));
    &SCHEMA
}

/// The configuration that `overrides`, put over the defaults, comes to.
///
/// # Errors
/// Everything that is wrong, at once: unknown keys, values out of range, settings that contradict
/// each other or would have no effect.
pub fn resolve_classification(
    overrides: &Map<String, Value>,
) -> Result<ClassificationConfig, Vec<FieldError>> {
    from_values(&classification_schema().resolve(overrides)?)
}

/// What holds between the settings of the table.
fn rules(_given: &Map<String, Value>, values: &mut Map<String, Value>) -> Vec<FieldError> {
    match from_values(values) {
        Ok(config) => contradictions(&config),
        Err(errors) => errors,
    }
}

fn from_values(values: &Map<String, Value>) -> Result<ClassificationConfig, Vec<FieldError>> {
    serde_json::from_value(Value::Object(values.clone()))
        .map_err(|error| vec![FieldError::new("configuration", error.to_string())])
}

fn contradictions(config: &ClassificationConfig) -> Vec<FieldError> {
    let mut errors = longer_than_training(config.epochs, config.warmup_epochs, config.save_period);
    if config.schedule == Schedule::OneCycle && config.warmup_epochs > 0.0 {
        errors.push(FieldError::new(
            "warmup_epochs",
            format!(
                "{} has no effect while `schedule` is one-cycle, which rises by itself: set `schedule` to linear or cosine",
                config.warmup_epochs
            ),
        ));
    }
    errors
}

fn fields() -> Vec<Field> {
    [
        training_fields(
            "Epochs without a better top-1 accuracy after which training ends early. 0 never ends it early.",
        ),
        optimizer_fields(),
        vec![
            field(
                Group::Loss,
                "label_smoothing",
                "Label smoothing",
                number(0.0, 0.99),
                "Share of the target that is spread evenly over all classes, so that the network is never all too sure.",
            )
            .also_known_as(&["smoothing"]),
        ],
        augmentation_fields(),
        run_fields(),
    ]
    .concat()
}

fn optimizer_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Optimizer, key, label, kind, help);
    let mut fields = vec![
        of(
            "optimizer",
            "Optimizer",
            Kind::Choice { options: &["sgd", "adamw"] },
            "SGD with momentum, or AdamW, which wants a learning rate of about 0.001.",
        )
        .basic()
        .also_known_as(&["optim"]),
        of("lr0", "Learning rate", number(1e-8, 10.0), "The highest learning rate.")
            .basic()
            .also_known_as(&["lr", "learning_rate", "max_lr"]),
        last_rate_field(),
        schedule_field(
            &["one-cycle", "linear", "cosine"],
            "One-cycle rises over three tenths of all steps and then falls; the others fall from the end of the warm-up.",
        ),
        momentum_field("Momentum of SGD, first beta of AdamW."),
        weight_decay_field(),
        warm_up_field(
            "Epochs over which the learning rate rises with the schedules linear and cosine. Fractions are allowed.",
        ),
    ];
    fields.extend(steadying_fields());
    fields
}

fn augmentation_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Augmentation, key, label, kind, help);
    let mut fields = vec![
        of(
            "crop_scale",
            "Smallest crop",
            number(0.01, 1.0),
            "Random resized crop: the least share of an image's area that is kept. 1 crops nothing.",
        )
        .also_known_as(&["scale", "min_scale", "random_resized_crop"]),
        of(
            "crop_ratio",
            "Longest crop",
            number(1.0, 4.0),
            "Random resized crop: how much longer than wide, or wider than long, a crop may be.",
        )
        .also_known_as(&["ratio", "aspect_ratio"]),
    ];
    fields.extend(flip_and_colour_fields());
    fields.push(shift_field());
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeviceKind, Optimizer};
    use serde_json::json;
    use std::collections::BTreeSet;

    fn resolved(given: Value) -> Result<ClassificationConfig, Vec<FieldError>> {
        let Value::Object(given) = given else { panic!("not an object") };
        resolve_classification(&given)
    }

    #[test]
    fn the_table_has_the_keys_and_defaults_of_the_configuration() {
        let schema = classification_schema();
        assert_eq!(schema.defaults(), values_of(&ClassificationConfig::default()));
        assert_eq!(schema.defaults().len(), schema.fields.len(), "a key stands twice");
        let mut seen = BTreeSet::new();
        for field in &schema.fields {
            assert_eq!(field.checked(&field.default).as_ref(), Ok(&field.default), "{}", field.key);
            assert!(field.help.ends_with('.'), "{}", field.key);
            for name in field.also_known_as.iter().chain([&field.key]) {
                assert!(seen.insert(*name), "{name} stands twice");
            }
            let Kind::Choice { options } = field.kind else { continue };
            for option in options {
                let values = values_of(&resolved(json!({ field.key: option })).unwrap());
                assert_eq!(values[field.key], json!(option));
            }
        }
        assert_eq!(resolved(json!({})), Ok(ClassificationConfig::default()));
    }

    #[test]
    fn values_are_taken_and_wrong_ones_are_named() {
        let config = resolved(json!({
            "epochs": 15, "imgsz": 96, "optimizer": "AdamW", "schedule": "cosine", "warmup_epochs": 2, "device": "cpu",
        }))
        .unwrap();
        assert_eq!((config.epochs, config.imgsz, config.optimizer), (15, 96, Optimizer::AdamW));
        assert_eq!(
            (config.schedule, config.warmup_epochs, config.device),
            (Schedule::Cosine, 2.0, DeviceKind::Cpu)
        );
        for (given, expected) in [
            (json!({"mosaic": 1}), "`mosaic`: unknown setting"),
            (json!({"optimizer": "auto"}), "`optimizer`: \"auto\" is unknown: expected one of sgd, adamw"),
            (
                json!({"label_smoothing": 1}),
                "`label_smoothing`: 1 is too large: expected a number from 0 to 0.99",
            ),
            (json!({"epochs": 10, "save_period": 11}), "`save_period`: 11 is longer than the training"),
            (
                json!({"epochs": 10, "schedule": "linear", "warmup_epochs": 11}),
                "`warmup_epochs`: 11 is longer than the training of 10 epochs",
            ),
            (json!({"warmup_epochs": 3}), "`warmup_epochs`: 3 has no effect while `schedule` is one-cycle"),
        ] {
            let errors = resolved(given.clone()).unwrap_err();
            let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert!(messages.len() == 1 && messages[0].starts_with(expected), "{given}: {messages:?}");
        }
    }
}
