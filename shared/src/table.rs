//! What a Train function says in one piece and no line can hold: a matrix of numbers, or a summary of named values. Each
//! is a small JSON file among the artifacts, of which the newest of its name counts.
//!
//! Must not know how files travel or how a table is drawn.

use crate::metric::finite_or_text;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Rows and columns of a matrix at most: more cannot be looked at.
pub const MOST_SIDE: usize = 1_000;
/// Values of a summary at most.
pub const MOST_VALUES: usize = 200;
/// Characters of a figure, a legend or the name of a row.
const MOST_NAME_CHARS: usize = 200;

/// A number that may be NaN or infinite, which JSON writes as text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(#[serde(with = "finite_or_text")] pub f64);

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Table {
    /// Numbers in rows and columns, for example a confusion matrix.
    Matrix {
        /// What it shows, for example `confusion`.
        figure: String,
        /// Of what, for example `val`.
        legend: String,
        /// The epoch after which it was made, counted from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<u32>,
        /// Names of the rows; none for their numbers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rows: Vec<String>,
        /// Names of the columns; none for their numbers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        columns: Vec<String>,
        /// Row by row, all of one length.
        values: Vec<Vec<Number>>,
    },
    /// Values by name, for example the figures of a test at the end.
    Summary {
        /// What it sums up, for example `test`.
        figure: String,
        /// Of what, for example `best`.
        legend: String,
        /// The epoch after which it was made, counted from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<u32>,
        /// Numbers, words and truth values.
        values: Map<String, Value>,
    },
}

impl Table {
    /// What it shows.
    #[must_use]
    pub fn figure(&self) -> &str {
        match self {
            Self::Matrix { figure, .. } | Self::Summary { figure, .. } => figure,
        }
    }

    /// Of what.
    #[must_use]
    pub fn legend(&self) -> &str {
        match self {
            Self::Matrix { legend, .. } | Self::Summary { legend, .. } => legend,
        }
    }

    /// The epoch after which it was made.
    #[must_use]
    pub const fn epoch(&self) -> Option<u32> {
        match self {
            Self::Matrix { epoch, .. } | Self::Summary { epoch, .. } => *epoch,
        }
    }

    /// The name of its file: a later table of the same figure and legend takes its place.
    ///
    /// ```
    /// let said = r#"{"type": "summary", "figure": "mAP/50", "legend": "val", "values": {"a": 1}}"#;
    /// let table: shared::table::Table = serde_json::from_str(said).unwrap();
    /// assert_eq!(table.file_name(), "mAP-50.val.summary.json");
    /// ```
    #[must_use]
    pub fn file_name(&self) -> String {
        let plain = |text: &str| -> String {
            let fits = |letter: char| letter.is_alphanumeric() || "_-()".contains(letter);
            text.chars().take(40).map(|letter| if fits(letter) { letter } else { '-' }).collect()
        };
        let kind = match self {
            Self::Matrix { .. } => "matrix",
            Self::Summary { .. } => "summary",
        };
        format!("{}.{}.{kind}.json", plain(self.figure()), plain(self.legend()))
    }

    /// The same with every text in it changed.
    #[must_use]
    pub fn with_texts(self, change: impl Fn(String) -> String) -> Self {
        match self {
            Self::Matrix { figure, legend, epoch, rows, columns, values } => Self::Matrix {
                figure: change(figure),
                legend: change(legend),
                epoch,
                rows: rows.into_iter().map(&change).collect(),
                columns: columns.into_iter().map(&change).collect(),
                values,
            },
            Self::Summary { figure, legend, epoch, values } => {
                let changed = |(key, value)| match value {
                    Value::String(text) => (change(key), Value::String(change(text))),
                    other => (change(key), other),
                };
                let values = values.into_iter().map(changed).collect();
                Self::Summary { figure: change(figure), legend: change(legend), epoch, values }
            }
        }
    }

    /// Looks whether it can be shown.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check(&self) -> Result<(), String> {
        name("figure", self.figure())?;
        name("legend", self.legend())?;
        match self {
            Self::Matrix { rows, columns, values, .. } => {
                let width = values.first().map_or(0, Vec::len);
                if width == 0 || values.iter().any(|row| row.len() != width) {
                    return Err("its rows are empty or of different lengths".into());
                }
                if values.len() > MOST_SIDE || width > MOST_SIDE {
                    return Err(format!("it has more than {MOST_SIDE} rows or columns"));
                }
                for (what, names, count) in [("rows", rows, values.len()), ("columns", columns, width)] {
                    if !names.is_empty() && names.len() != count {
                        return Err(format!("it has {count} {what} and {} names for them", names.len()));
                    }
                }
                rows.iter().chain(columns).try_for_each(|text| name("the name of a row or column", text))
            }
            Self::Summary { values, .. } => {
                if values.is_empty() || values.len() > MOST_VALUES {
                    return Err(format!("it has no values, or more than {MOST_VALUES}"));
                }
                values.iter().try_for_each(|(key, value)| {
                    name("the name of a value", key)?;
                    match value {
                        Value::String(text) => name("a value", text),
                        Value::Number(_) | Value::Bool(_) | Value::Null => Ok(()),
                        Value::Array(_) | Value::Object(_) => Err(format!("`{key}` is a list or an object")),
                    }
                })
            }
        }
    }
}

fn name(what: &str, text: &str) -> Result<(), String> {
    if text.is_empty() || text.chars().count() > MOST_NAME_CHARS || text.chars().any(char::is_control) {
        return Err(format!("{what} is empty, longer than {MOST_NAME_CHARS} characters or unreadable"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(said: &str) -> Table {
        serde_json::from_str(said).unwrap()
    }

    #[test]
    fn tables_are_read_as_they_are_said_and_written_back() {
        for said in [
            r#"{"type":"matrix","figure":"confusion","legend":"val","epoch":3,"rows":["a","b"],"values":[[1.0,"NaN"],[0.0,2.0]]}"#,
            r#"{"type":"summary","figure":"test","legend":"best","values":{"model":"x","top1":0.5}}"#,
        ] {
            let table = read(said);
            assert_eq!(table.check(), Ok(()));
            assert_eq!(serde_json::to_string(&table).unwrap(), said);
            let loud = serde_json::to_string(&table.with_texts(|text| text.to_uppercase())).unwrap();
            for (text, changed) in [("confusion", "CONFUSION"), (r#":"x""#, r#":"X""#), ("top1", "TOP1")] {
                assert_eq!(said.contains(text), loud.contains(changed), "{loud}");
            }
        }
    }

    #[test]
    fn what_cannot_be_shown_says_why() {
        let wide = format!("[[{}]]", vec!["0"; MOST_SIDE + 1].join(","));
        for (said, part) in [
            (
                r#"{"type":"matrix","figure":"a","legend":"b","values":[]}"#.to_owned(),
                "empty or of different",
            ),
            (
                r#"{"type":"matrix","figure":"a","legend":"b","values":[[1],[1,2]]}"#.to_owned(),
                "different lengths",
            ),
            (
                r#"{"type":"matrix","figure":"a","legend":"b","columns":["x"],"values":[[1,2]]}"#.to_owned(),
                "2 columns and 1 names",
            ),
            (format!(r#"{{"type":"matrix","figure":"a","legend":"b","values":{wide}}}"#), "more than 1000"),
            (r#"{"type":"summary","figure":"","legend":"b","values":{"a":1}}"#.to_owned(), "figure is empty"),
            (r#"{"type":"summary","figure":"a","legend":"b","values":{}}"#.to_owned(), "no values"),
            (
                r#"{"type":"summary","figure":"a","legend":"b","values":{"a":[1]}}"#.to_owned(),
                "`a` is a list",
            ),
        ] {
            let problem = read(&said).check().unwrap_err();
            assert!(problem.contains(part), "{part}: {problem}");
        }
    }
}
