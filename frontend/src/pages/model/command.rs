//! Lines of the command line that do what the page shows.
//!
//! Must not know what the commands do.

use serde_json::{Map, Value};

/// The line that trains a version as it stands.
pub fn train(name: &str, overrides: &Map<String, Value>) -> String {
    let mut line = format!("trainyard train {}", quoted(name));
    for (key, value) in overrides {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line += &format!(" --set {}", quoted(&format!("{key}={value}")));
    }
    line
}

/// The line that repeats a training exactly, as a new version of this name.
pub fn repeat(name: &str, training: &str) -> String {
    format!("trainyard train {} --repeat {}", quoted(name), quoted(training))
}

/// A word as shells read it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-=/".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shells_read_every_word_as_it_is_meant() {
        let overrides = json!({"epochs": 3, "optimizer": "sgd"});
        let overrides = overrides.as_object().unwrap();
        for (line, expected) in [
            (train("m", &Map::new()), "trainyard train m"),
            (train("a b", overrides), "trainyard train 'a b' --set epochs=3 --set optimizer=sgd"),
            (repeat("m-v2", "0190"), "trainyard train m-v2 --repeat 0190"),
            (repeat("it's", "t"), r"trainyard train 'it'\''s' --repeat t"),
            (repeat("$(x)", "t"), "trainyard train '$(x)' --repeat t"),
        ] {
            assert_eq!(line, expected);
        }
    }
}
