//! Conversions between the wire and the domain types of `shared`: what comes in is parsed once
//! into a type that cannot be wrong, and every error names the field that is.
//!
//! Must not know where a value comes from or what is done with it.

mod architecture;
mod check;
mod compute;
mod dataset;
mod error;
mod filter;
mod items;
mod model;
mod recipe;
mod snapshot;
mod training;

pub use architecture::{catalog_from_wire, manifest_to_wire};
pub use compute::{ServiceLoad, instance_state_from_wire, instance_to_wire, service_to_wire};
pub use dataset::{SplitPercentages, subset_filter_from_wire, subset_to_wire};
pub use error::ConvertError;
pub use filter::filter_resource_from_wire;
pub use items::dir_from_wire;
pub use model::choice_from_wire;
pub use recipe::{label_names_from_wire, labels_from_wire};
pub use training::{log_line_to_wire, metric_sample_to_wire};

use std::str::FromStr;

/// Parses a typed id.
///
/// # Errors
/// If the text is not an id of that kind.
pub fn id_from_wire<T>(field: &str, text: &str) -> Result<T, ConvertError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| ConvertError::new(field, error.to_string()))
}

/// Parses an id that may be left out: the empty text is none.
pub(crate) fn optional_id_from_wire<T>(field: &str, text: &str) -> Result<Option<T>, ConvertError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    if text.is_empty() { Ok(None) } else { id_from_wire(field, text).map(Some) }
}

/// Parses a word of a closed list.
pub(crate) fn word_from_wire<T>(
    field: &str,
    word: &str,
    from_name: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<T, ConvertError> {
    from_name(word)
        .ok_or_else(|| ConvertError::new(field, format!("is `{}`; expected {expected}", shortened(word))))
}

/// Parses a JSON object; the empty text is the empty object.
///
/// # Errors
/// If the text is not JSON, or not an object.
pub fn json_object_from_wire(
    field: &str,
    text: &str,
) -> Result<serde_json::Map<String, serde_json::Value>, ConvertError> {
    if text.trim().is_empty() {
        return Ok(serde_json::Map::new());
    }
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(object)) => Ok(object),
        Ok(_) => Err(ConvertError::new(field, "is not a JSON object, for example {\"epochs\": 30}")),
        Err(error) => Err(ConvertError::new(field, format!("is not JSON: {error}"))),
    }
}

/// Parses any JSON value; the empty text is null.
pub(crate) fn json_from_wire(field: &str, text: &str) -> Result<serde_json::Value, ConvertError> {
    if text.is_empty() {
        return Ok(serde_json::Value::Null);
    }
    serde_json::from_str(text).map_err(|error| ConvertError::new(field, format!("is not JSON: {error}")))
}

/// A name that a person gives to a thing: trimmed, 1 to 128 characters, no control characters, and
/// no `/`, so that it can stand in a URL.
///
/// # Errors
/// If it breaks one of these.
pub fn name_from_wire(field: &str, text: &str) -> Result<String, ConvertError> {
    let name = text.trim();
    let problem = if name.is_empty() {
        "is empty; give it a name"
    } else if name.chars().count() > 128 {
        "is longer than 128 characters"
    } else if name.chars().any(char::is_control) {
        "holds control characters"
    } else if name.contains(['/', '\\']) {
        "holds a slash, which a name cannot"
    } else {
        return Ok(name.to_owned());
    };
    Err(ConvertError::new(field, problem))
}

/// Parses every element of a list; errors say which one.
pub(crate) fn list_from_wire<W, T>(field: &str, list: Vec<W>) -> Result<Vec<T>, ConvertError>
where
    T: TryFrom<W, Error = ConvertError>,
{
    list.into_iter()
        .enumerate()
        .map(|(index, element)| {
            T::try_from(element).map_err(|error| error.within(&format!("{field}[{index}]")))
        })
        .collect()
}

/// Unwraps a message that must be there.
pub(crate) fn required<W>(field: &str, message: Option<W>) -> Result<W, ConvertError> {
    message.ok_or_else(|| ConvertError::new(field, "is missing"))
}

/// What is quoted back to a caller stays short.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().count() > 60 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_checked() {
        let long = "x".repeat(129);
        let cases: [(&str, Result<&str, &str>); 7] = [
            (" bccd ", Ok("bccd")),
            ("Zellen für alle", Ok("Zellen für alle")),
            ("", Err("is empty")),
            ("  ", Err("is empty")),
            (&long, Err("longer than 128")),
            ("a\nb", Err("control")),
            ("../etc", Err("slash")),
        ];
        for (text, expected) in cases {
            match (name_from_wire("name", text), expected) {
                (Ok(name), Ok(wanted)) => assert_eq!(name, wanted),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text:?}: {error}"),
                (got, wanted) => panic!("{text:?}: got {got:?}, wanted {wanted:?}"),
            }
        }
    }

    #[test]
    fn configurations_must_be_json_objects() {
        assert!(json_object_from_wire("configuration_json", "").unwrap().is_empty());
        assert_eq!(json_object_from_wire("configuration_json", "{\"epochs\":3}").unwrap()["epochs"], 3);
        for text in ["[]", "3", "{", "nonsense"] {
            let error = json_object_from_wire("configuration_json", text).unwrap_err();
            assert_eq!(error.field(), "configuration_json");
        }
    }
}
