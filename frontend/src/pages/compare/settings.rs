//! With which settings, data, service and programs trainings were made.
//!
//! Must not know which of them differ.

use super::facts::{Facts, Frozen, FrozenSubset};
use super::rows::{Cell, Row};
use crate::differences::words;
use crate::pages::model::service_words::setting_words;
use crate::text;
use serde_json::Value;
use shared::config::Field;

/// Letters of a content hash that tell it from the others.
const HASH_LETTERS: usize = 12;
/// Letters of a filter; all of it is copied.
const FILTER_LETTERS: usize = 160;

/// Every setting that one of them has, in the order of its form; what a configuration does not say stands at its default.
pub fn configuration_rows(all: &[Facts]) -> Vec<Row> {
    let mut fields: Vec<&'static Field> = Vec::new();
    for field in all.iter().flat_map(|facts| facts.fields) {
        if !fields.iter().any(|known| known.key == field.key) {
            fields.push(field);
        }
    }
    let mut rows =
        vec![Row::each("Architecture", all, |facts| Cell::of(facts.training.architecture.as_str()))];
    for field in &fields {
        let value = |facts: &Facts| {
            let value = facts.training.configuration.get(field.key).unwrap_or(&field.default);
            // The same number reads the same, whatever way it is written.
            let full = value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string());
            Cell { full, ..Cell::of(words(value, field)) }
        };
        rows.push(Row { key: field.key.to_owned(), ..Row::each(field.label, all, value) });
    }
    let is_known = |key: &str| fields.iter().any(|field| field.key == key);
    let objects = || all.iter().filter_map(|facts| facts.training.configuration.as_object());
    rows.extend(others(objects().flatten().filter(|(key, _)| !is_known(key)).map(|(key, _)| key), |key| {
        Row::each(key, all, |facts| facts.training.configuration.get(key).map_or_else(|| Cell::of(""), plain))
    }));
    rows
}

/// A row for each of these keys, once.
fn others<'a>(keys: impl Iterator<Item = &'a String>, row: impl Fn(&str) -> Row) -> Vec<Row> {
    let mut seen: Vec<&String> = Vec::new();
    for key in keys {
        if !seen.contains(&key) {
            seen.push(key);
        }
    }
    seen.into_iter().map(|key| row(key)).collect()
}

fn plain(value: &Value) -> Cell {
    Cell::of(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// What each of them says of what it froze.
fn frozen(label: impl Into<String>, all: &[Facts], value: impl Fn(&Frozen) -> Cell) -> Row {
    Row::each(label, all, |facts| facts.frozen.as_ref().map_or_else(|| Cell::of(""), &value))
}

pub fn data_rows(all: &[Facts]) -> Vec<Row> {
    let mut rows = vec![
        Row::each("Dataset", all, |facts| Cell {
            full: facts.training.dataset_id.to_string(),
            ..Cell::of(facts.training.dataset_name.as_str())
        }),
        frozen("Snapshot", all, |frozen| hash(&frozen.content_hash)),
        frozen("Labels", all, |frozen| Cell::of(frozen.labels.join(", "))),
        frozen("Pictures in both subsets", all, |frozen| Cell::of(text::count(frozen.leaked_count))),
        frozen("Weights at the start", all, |frozen| match frozen.weights_hash.as_str() {
            "" => Cell::of("Chance"),
            known => hash(known),
        }),
    ];
    let mut names: Vec<&'static str> = Vec::new();
    for subset in all.iter().filter_map(|facts| facts.frozen.as_ref()).flat_map(|frozen| &frozen.subsets) {
        if !names.contains(&subset.name) {
            names.push(subset.name);
        }
    }
    for name in names {
        let of = |label: &str, value: &dyn Fn(&FrozenSubset) -> Cell| {
            frozen(format!("{name}: {label}"), all, |frozen| {
                frozen.subsets.iter().find(|subset| subset.name == name).map_or_else(|| Cell::of(""), value)
            })
        };
        rows.push(of("items", &|subset| Cell::of(text::count(subset.item_count))));
        rows.push(of("annotations", &|subset| Cell::of(text::count(subset.annotation_count))));
        rows.push(of("items without annotations", &|subset| Cell::of(text::count(subset.unannotated_count))));
        rows.push(of("chosen by", &|subset| Cell::of(subset.mode.as_str())));
        rows.push(of("filter of items", &|subset| Cell::shortened(&subset.filter, FILTER_LETTERS)));
        rows.push(of("filter of annotations", &|subset| {
            Cell::shortened(&subset.annotation_filter, FILTER_LETTERS)
        }));
        rows.push(of("content", &|subset| hash(&subset.content_hash)));
    }
    rows
}

fn hash(full: &str) -> Cell {
    Cell::shortened(full, HASH_LETTERS)
}

pub fn service_rows(all: &[Facts]) -> Vec<Row> {
    let settings = |facts: &Facts| facts.frozen.as_ref().and_then(|frozen| frozen.service_settings.clone());
    let known: Vec<Option<Value>> = all.iter().map(settings).collect();
    let mut rows = vec![Row::each("Service", all, |facts| Cell::of(facts.training.service_name.as_str()))];
    let keys = known.iter().flatten().filter_map(Value::as_object).flatten().map(|(key, _)| key);
    rows.extend(others(keys, |key| {
        let value = |values: &Option<Value>| {
            let value = values.as_ref().and_then(|values| values.get(key));
            Cell::of(value.map_or_else(String::new, |value| setting_words(key, value).1))
        };
        let label = setting_words(key, &Value::Null).0;
        Row { key: key.to_owned(), ..Row::new(label, known.iter().map(value).collect()) }
    }));
    rows.push(frozen("Settings revision", all, |frozen| match frozen.settings_revision {
        0 => Cell::of(""),
        revision => Cell::of(revision.to_string()),
    }));
    rows.push(frozen("Secrets", all, |frozen| Cell::of(frozen.secrets.join(", "))));
    rows
}

pub fn program_rows(all: &[Facts]) -> Vec<Row> {
    let mut rows = vec![frozen("Device", all, |frozen| Cell::of(frozen.device.as_str()))];
    let versions = all.iter().filter_map(|facts| facts.frozen.as_ref()).flat_map(|frozen| &frozen.versions);
    rows.extend(others(versions.map(|(program, _)| program), |program| {
        frozen(format!("Version of {program}"), all, |frozen| {
            let found = frozen.versions.iter().find(|(known, _)| known == program);
            Cell::of(found.map_or("", |(_, version)| version.as_str()))
        })
    }));
    rows
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::facts;
    use super::*;
    use serde_json::json;

    fn words_of<'a>(rows: &'a [Row], label: &str) -> Vec<&'a str> {
        let row = rows.iter().find(|row| row.label == label).unwrap();
        row.cells.iter().map(|cell| cell.words.as_str()).collect()
    }

    #[test]
    fn settings_are_told_with_units_and_defaults_and_unknown_ones_too() {
        let (mut one, mut other) = (facts("a"), facts("b"));
        one.training.configuration = json!({"epochs": 3.0, "own": [1]});
        other.training.configuration = json!({"epochs": 3, "imgsz": 64});
        let rows = configuration_rows(&[one, other]);
        let differing: Vec<&str> =
            rows.iter().filter(|row| row.differs()).map(|row| row.label.as_str()).collect();
        assert_eq!(differing, ["Image size", "own"]);
        assert_eq!(words_of(&rows, "own"), ["[1]", "–"]);
        assert!(words_of(&rows, "Image size")[1].starts_with("64 "), "{rows:?}");
        let key = rows.iter().find(|row| row.label == "Image size").map(|row| row.key.as_str());
        assert_eq!(key, Some("imgsz"));
    }

    #[test]
    fn data_is_told_by_hash_and_by_subset() {
        let (mut one, mut other) = (facts("a"), facts("b"));
        let subset = FrozenSubset { name: "Train", item_count: 1_200, ..FrozenSubset::default() };
        one.frozen = Some(Frozen {
            content_hash: "0123456789abcdef".into(),
            subsets: vec![subset],
            ..Frozen::default()
        });
        other.frozen = None;
        let rows = data_rows(&[one, other]);
        assert_eq!(words_of(&rows, "Snapshot"), ["0123456789ab…", "–"]);
        assert_eq!(words_of(&rows, "Train: items"), ["1,200", "–"]);
        assert_eq!(
            rows.iter().find(|row| row.label == "Snapshot").unwrap().cells[0].full,
            "0123456789abcdef"
        );
        assert_eq!(words_of(&rows, "Weights at the start"), ["Chance", "–"]);
    }

    #[test]
    fn service_and_programs_are_told_by_name() {
        let (mut one, mut other) = (facts("a"), facts("b"));
        one.frozen = Some(Frozen {
            service_settings: Some(json!({"drain_secs": 300, "on_reset": "rerun"})),
            versions: vec![("trainer".into(), "1".into())],
            ..Frozen::default()
        });
        other.frozen = Some(Frozen { settings_revision: 2, ..Frozen::default() });
        let all = [one, other];
        assert_eq!(words_of(&service_rows(&all), "Drain"), ["5 min 00 s", "–"]);
        assert_eq!(words_of(&service_rows(&all), "On reset"), ["rerun", "–"]);
        assert_eq!(words_of(&service_rows(&all), "Settings revision"), ["–", "2"]);
        assert_eq!(words_of(&program_rows(&all), "Version of trainer"), ["1", "–"]);
    }
}
