//! What of the typed settings is asked of the server.
//!
//! Must not know any single setting, nor where texts are typed.

use serde_json::{Map, Value};
use shared::config::{FieldError, Schema};
use std::collections::BTreeMap;

/// A value as it is typed.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

/// The overrides, checked each by itself and all together. The server puts them over what the version
/// was `given`, so a default goes without saying only where the version says nothing.
pub fn overrides(
    schema: &Schema,
    texts: &BTreeMap<&'static str, String>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<FieldError>> {
    let mut values = Map::new();
    let mut errors = Vec::new();
    for field in &schema.fields {
        let Some(text) = texts.get(field.key) else { continue };
        if text.trim() == text_of(&field.default) && !given.contains_key(field.key) {
            continue;
        }
        match schema.parse_text(field.key, text) {
            Ok(value) => {
                values.insert(field.key.to_owned(), value);
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    schema.resolve(&values).map(|_| values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::config::detection_schema;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("not an object") };
        object
    }

    /// The form as it opens for `given`, with `typed` put over it.
    fn texts(given: &Map<String, Value>, typed: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        let fields = detection_schema().fields.iter();
        let mut texts: BTreeMap<&'static str, String> = fields
            .map(|field| (field.key, text_of(given.get(field.key).unwrap_or(&field.default))))
            .collect();
        texts.extend(typed.iter().map(|(key, text)| (*key, (*text).to_owned())));
        texts
    }

    #[test]
    fn what_is_sent_makes_the_server_use_what_is_seen() {
        let default = text_of(&detection_schema().field("epochs").unwrap().default);
        let default_value = detection_schema().field("epochs").unwrap().default.clone();
        for (given, typed, expected) in [
            (json!({}), vec![], json!({})),
            (json!({}), vec![("epochs", default.as_str())], json!({})),
            (
                json!({}),
                vec![("epochs", "7"), ("optimizer", "SGD")],
                json!({"epochs": 7, "optimizer": "sgd"}),
            ),
            (json!({"epochs": 7}), vec![], json!({"epochs": 7})),
            (json!({"epochs": 7}), vec![("epochs", " 9 ")], json!({"epochs": 9})),
            // Put back to the default: it must be said, or the version's own value would win.
            (json!({"epochs": 7}), vec![("epochs", default.as_str())], json!({"epochs": default_value})),
            (json!({"optimizer": "sgd"}), vec![("optimizer", "auto")], json!({"optimizer": "auto"})),
        ] {
            let given = object(given);
            let texts = texts(&given, &typed);
            let sent = overrides(detection_schema(), &texts, &given).unwrap();
            assert_eq!(sent, object(expected), "{given:?} {typed:?}");
            // As the server does it.
            let mut used = given.clone();
            used.extend(sent);
            let used = detection_schema().resolve(&used).unwrap();
            for (key, text) in typed {
                let seen = detection_schema().parse_text(key, text).unwrap();
                assert_eq!(used[key], seen, "{given:?} {key}");
            }
        }
    }

    #[test]
    fn a_default_that_nobody_gave_follows_the_others() {
        let given = Map::new();
        let sent = overrides(detection_schema(), &texts(&given, &[("epochs", "1")]), &given).unwrap();
        assert_eq!(sent, object(json!({"epochs": 1})), "an unsaid warm-up shrinks with the training");
    }

    #[test]
    fn every_wrong_text_is_told_and_then_every_contradiction() {
        let keys = |typed: &[(&'static str, &str)]| -> Vec<String> {
            let given = object(json!({"epochs": 7}));
            let errors = overrides(detection_schema(), &texts(&given, typed), &given).unwrap_err();
            let mut keys: Vec<String> = errors.into_iter().map(|error| error.key).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&[("epochs", ""), ("imgsz", "33")]), ["epochs", "imgsz"]);
        assert_eq!(keys(&[("save_period", "8")]), ["save_period"]);
    }
}
