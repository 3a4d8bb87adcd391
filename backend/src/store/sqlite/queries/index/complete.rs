//! What stands in the fields of a dataset's items, and how often.
//!
//! Must not know what a person has written so far.

use super::{Details, Index};
use serde_json::{Value, json};
use shared::dataset::Subset;
use shared::dql::{self, Shape, iso_text};
use std::collections::{BTreeMap, HashMap};

/// Nested deeper, a field is not offered.
const MOST_DEPTH: usize = 8;

/// How often each value of a field occurs; values of one's own in the spelling of JSON.
pub(in crate::store::sqlite::queries) type Tally = BTreeMap<String, u64>;

impl Index {
    /// The values of a field, each as JSON, and how many items have it. `is_wanted` is asked about texts.
    pub(in crate::store::sqlite::queries) fn values(
        &self,
        field: &str,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Tally {
        let base = &self.base;
        let details = self.details.get();
        let texts = |counted: Vec<(&str, u64)>| {
            let wanted = counted.into_iter().filter(|(text, _)| is_wanted(text));
            wanted.map(|(text, count)| (json!(text).to_string(), count)).collect()
        };
        let numbers = |column: &[i64]| of_numbers(column, is_wanted);
        match field {
            "dir" => texts(
                base.dirs
                    .iter()
                    .map(|dir| (dir.dir.as_str(), u64::from(dir.places.end - dir.places.start)))
                    .collect(),
            ),
            "name" => texts(self.names(is_wanted)),
            "filename" => self.file_names(is_wanted),
            "label" => texts(
                base.labels.iter().map(|(label, labelled)| (label.as_str(), labelled.items.len())).collect(),
            ),
            "type" => texts(vec![("file", base.numbers.len() as u64)]),
            "hidden" => truths(&[(false, base.numbers.len() as u64)], is_wanted),
            "annotated" => {
                let annotated = base.annotated.len();
                truths(&[(true, annotated), (false, base.numbers.len() as u64 - annotated)], is_wanted)
            }
            "annotationsCount" => numbers(&base.annotation_counts),
            "createdAt" => self.days(is_wanted),
            "metadata.system.size" => details.map(|details| numbers(&details.sizes)).unwrap_or_default(),
            "metadata.system.width" => details.map(|details| numbers(&details.widths)).unwrap_or_default(),
            "metadata.system.height" => details.map(|details| numbers(&details.heights)).unwrap_or_default(),
            "metadata.system.mimetype" => {
                details.map(|details| texts(details.mimetypes())).unwrap_or_default()
            }
            other => {
                match (other.strip_prefix("metadata.system.tags."), other.strip_prefix("metadata.user.")) {
                    (Some(tag), _) => {
                        let subset = Subset::ALL.into_iter().find(|subset| subset.name() == tag);
                        let count = subset.map_or(0, |subset| self.subset(subset).len());
                        truths(&[(true, count)], is_wanted)
                    }
                    (_, Some(path)) => {
                        details.map(|details| details.user_values(path, is_wanted)).unwrap_or_default()
                    }
                    (None, None) => Tally::new(),
                }
            }
        }
    }

    /// The fields of one's own that items have, as `metadata.user.` and so on, each with what it holds.
    pub(in crate::store::sqlite::queries) fn user_fields(&self) -> Vec<(String, &'static str, u64)> {
        let mut found: HashMap<String, (&'static str, u64)> = HashMap::new();
        for document in self.details.get().into_iter().flat_map(|details| details.documents.iter()) {
            let user = document.field("metadata").and_then(|metadata| metadata.field("user"));
            if let Some(user) = user {
                collect_fields("metadata.user", user, MOST_DEPTH, &mut found);
            }
        }
        let mut fields: Vec<_> = found.into_iter().map(|(path, (kind, count))| (path, kind, count)).collect();
        fields.sort();
        fields
    }

    fn names(&self, is_wanted: &dyn Fn(&str) -> bool) -> Vec<(&str, u64)> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for place in &self.base.all() {
            let name = self.base.names.get(place);
            if is_wanted(name) {
                *counts.entry(name).or_default() += 1;
            }
        }
        counts.into_iter().collect()
    }

    /// Files, and folders as patterns for all that is below them.
    fn file_names(&self, is_wanted: &dyn Fn(&str) -> bool) -> Tally {
        let mut tally = Tally::new();
        for dir in &self.base.dirs {
            let mut above = dir.dir.as_str();
            while !above.is_empty() {
                let pattern = format!("{}/**", above.trim_end_matches('/'));
                if is_wanted(&pattern) {
                    *tally.entry(json!(pattern).to_string()).or_default() +=
                        u64::from(dir.places.end - dir.places.start);
                }
                above = above.rsplit_once('/').map_or("", |(above, _)| above);
            }
            for place in dir.places.clone() {
                let name = self.file_name(dir, place);
                if is_wanted(&name) {
                    tally.insert(json!(name).to_string(), 1);
                }
            }
        }
        tally
    }

    /// Days as patterns.
    fn days(&self, is_wanted: &dyn Fn(&str) -> bool) -> Tally {
        const DAY_MS: i64 = 86_400_000;
        let mut counts: HashMap<i64, u64> = HashMap::new();
        for time_ms in &self.base.times_ms {
            *counts.entry(time_ms.div_euclid(DAY_MS)).or_default() += 1;
        }
        let day = |(day, count): (i64, u64)| {
            let text = iso_text(day.saturating_mul(DAY_MS).saturating_mul(1_000))?;
            let pattern = format!("{}*", text.get(..10)?);
            is_wanted(&pattern).then(|| (json!(pattern).to_string(), count))
        };
        counts.into_iter().filter_map(day).collect()
    }
}

impl Details {
    fn mimetypes(&self) -> Vec<(&str, u64)> {
        let mut counts = vec![0; self.mimetypes.len()];
        for mimetype in &self.mimetype_of {
            if let Some(count) = counts.get_mut(*mimetype as usize) {
                *count += 1;
            }
        }
        self.mimetypes.iter().map(String::as_str).zip(counts).collect()
    }

    fn user_values(&self, path: &str, is_wanted: &dyn Fn(&str) -> bool) -> Tally {
        let mut tally = Tally::new();
        let names: Vec<&str> = ["metadata", "user"].into_iter().chain(path.split('.')).collect();
        for document in self.documents.iter() {
            let value = names.iter().try_fold(document, |value, name| value.field(name));
            let Some(value) = value else { continue };
            let elements = value.elements();
            // Of a list, each element is compared.
            for one in std::iter::once(value).chain(elements) {
                let (text, json) = match one.shape() {
                    Shape::Text(text) => (text.to_owned(), json!(text)),
                    Shape::Number(number) => (of_number(number).to_string(), of_number(number)),
                    Shape::Bool(truth) => (truth.to_string(), json!(truth)),
                    Shape::Null => ("null".to_owned(), Value::Null),
                    Shape::List | Shape::Object => continue,
                };
                if is_wanted(&text) {
                    *tally.entry(json.to_string()).or_default() += 1;
                }
            }
        }
        tally
    }
}

/// A whole number is written without a point.
fn of_number(number: f64) -> Value {
    let is_whole = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    if is_whole { json!(number as i64) } else { json!(number) }
}

fn of_numbers(column: &[i64], is_wanted: &dyn Fn(&str) -> bool) -> Tally {
    let mut counts: HashMap<i64, u64> = HashMap::new();
    for number in column {
        *counts.entry(*number).or_default() += 1;
    }
    let texts = counts.into_iter().map(|(number, count)| (number.to_string(), count));
    texts.filter(|(text, _)| is_wanted(text)).collect()
}

fn truths(counts: &[(bool, u64)], is_wanted: &dyn Fn(&str) -> bool) -> Tally {
    let texts = counts.iter().map(|(truth, count)| (truth.to_string(), *count));
    texts.filter(|(text, count)| *count > 0 && is_wanted(text)).collect()
}

fn collect_fields(
    path: &str,
    object: dql::Value<'_>,
    depth: usize,
    found: &mut HashMap<String, (&'static str, u64)>,
) {
    for (name, value) in object.fields() {
        // A point stands between the names of a path, and what holds one cannot be named.
        if name.is_empty() || name.contains('.') || depth == 0 {
            continue;
        }
        let path = format!("{path}.{name}");
        let kind = match value.shape() {
            Shape::Object => {
                collect_fields(&path, value, depth - 1, found);
                continue;
            }
            Shape::Text(_) => "text",
            Shape::Number(_) => "number",
            Shape::Bool(_) => "true or false",
            Shape::List => "list",
            Shape::Null => "null",
        };
        let entry = found.entry(path).or_insert((kind, 0));
        entry.1 += 1;
        if entry.0 == "null" {
            entry.0 = kind;
        } else if entry.0 != kind && kind != "null" {
            entry.0 = "several kinds";
        }
    }
}
