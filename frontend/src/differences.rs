//! In which settings two configurations differ.
//!
//! Must not know how either came about, nor how they are shown.

use serde_json::{Map, Value};
use shared::config::{Field, Schema};

/// A setting that two configurations have otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub label: &'static str,
    pub key: &'static str,
    pub mine: String,
    pub theirs: String,
}

/// The settings that differ, in the order of the schema. What a configuration does not say stands at its default.
pub fn differences(
    schema: &'static Schema,
    mine: &Map<String, Value>,
    theirs: &Map<String, Value>,
) -> Vec<Difference> {
    let value =
        |values: &Map<String, Value>, field: &Field| values.get(field.key).unwrap_or(&field.default).clone();
    let difference = |field: &'static Field| {
        let (mine, theirs) = (value(mine, field), value(theirs, field));
        (!same(&mine, &theirs)).then(|| Difference {
            label: field.label,
            key: field.key,
            mine: words(&mine, field),
            theirs: words(&theirs, field),
        })
    };
    schema.fields.iter().filter_map(difference).collect()
}

/// A value as it is read, with its unit.
pub fn words(value: &Value, field: &Field) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    field.unit.map_or_else(|| text.clone(), |unit| format!("{text} {unit}"))
}

/// Whether two values are the same number, whatever way they are written.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::config::detection_schema;

    #[test]
    fn only_what_differs_is_told_with_both_values() {
        for (mine, theirs, expected) in [
            (json!({}), json!({}), vec![]),
            (json!({"epochs": 100}), json!({}), vec![]),
            (json!({"epochs": 3.0}), json!({"epochs": 3}), vec![]),
            (json!({"epochs": 3}), json!({}), vec![("epochs", "3 epochs", "100 epochs")]),
            (
                json!({"optimizer": "sgd", "epochs": 1}),
                json!({"epochs": 2}),
                vec![("epochs", "1 epochs", "2 epochs"), ("optimizer", "sgd", "auto")],
            ),
        ] {
            let told =
                differences(detection_schema(), mine.as_object().unwrap(), theirs.as_object().unwrap());
            let mut told: Vec<_> =
                told.iter().map(|each| (each.key, each.mine.as_str(), each.theirs.as_str())).collect();
            told.sort_unstable();
            assert_eq!(told, expected, "{mine} {theirs}");
        }
    }

    #[test]
    fn values_have_their_units() {
        let field = detection_schema().field("imgsz").unwrap();
        let unit = field.unit.unwrap();
        assert_eq!(words(&json!(64), field), format!("64 {unit}"));
    }
}
