//! The `data.yaml` of a YOLO data set.
//!
//! Must not know label files.

use super::label_name;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a `data.yaml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DataFile {
    /// The folder that the others are in, relative to the file or absolute.
    pub(super) path: Option<String>,
    /// Folders or lists of train, validation and test, in this order.
    pub(super) places: [Vec<String>; 3],
    /// Class names in class order.
    pub(super) names: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Raw {
    path: Option<String>,
    train: Option<OneOrMany>,
    val: Option<OneOrMany>,
    validation: Option<OneOrMany>,
    test: Option<OneOrMany>,
    nc: Option<u64>,
    names: Option<Names>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Names {
    List(Vec<Name>),
    Map(BTreeMap<u64, Name>),
}

/// YAML reads some names as other things: `no` as a truth value, `7` as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(f64),
    Truth(bool),
}

impl Name {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => if truth { "yes" } else { "no" }.into(),
        }
    }
}

/// Parses a `data.yaml`. The error says what is wrong, with the line where it is known.
pub(super) fn parse(text: &str) -> Result<DataFile, String> {
    let raw: Raw = serde_saphyr::from_str(text).map_err(|error| {
        let lines: Vec<String> = error.to_string().lines().map(|line| line.trim().to_owned()).collect();
        format!("broken YAML: {}", lines.first().cloned().unwrap_or_default())
    })?;
    let many = |place: Option<OneOrMany>| match place {
        None => Vec::new(),
        Some(OneOrMany::One(one)) => vec![one],
        Some(OneOrMany::Many(many)) => many,
    };
    let places = [many(raw.train), many(raw.val.or(raw.validation)), many(raw.test)];
    let names = names(raw.names.ok_or("it has no `names`, so the classes have no names")?)?;
    if let Some(nc) = raw.nc
        && nc != names.len() as u64
    {
        return Err(format!("`nc` says {nc} classes, but `names` has {}", names.len()));
    }
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(format!("the class name `{twice}` stands twice in `names`"));
    }
    Ok(DataFile { path: raw.path, places: places.map(non_empty), names })
}

fn non_empty(places: Vec<String>) -> Vec<String> {
    places.into_iter().map(|place| place.trim().to_owned()).filter(|place| !place.is_empty()).collect()
}

fn names(names: Names) -> Result<Vec<String>, String> {
    let names = match names {
        Names::List(names) => names,
        Names::Map(by_index) => {
            if let Some((expected, (index, _))) =
                (0..).zip(&by_index).find(|(expected, (index, _))| expected != *index)
            {
                return Err(format!("`names` has class {index}, but no class {expected}"));
            }
            by_index.into_values().collect()
        }
    };
    if names.is_empty() {
        return Err("`names` is empty".into());
    }
    names.into_iter().map(|name| label_name(&name.text())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_and_maps_of_names_read_the_same() {
        let list = parse("train: a\nval: [b, c]\nnc: 2\nnames: ['cat', 7]\n").unwrap();
        let map = parse("train: a\nval:\n  - b\n  - c\ntest:\nnames:\n  0: cat\n  1: 7\n").unwrap();
        assert_eq!(list, map);
        assert_eq!(list.names, ["cat", "7"]);
        assert_eq!(list.places, [vec!["a".to_owned()], vec!["b".into(), "c".into()], vec![]]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
            + &(0..12)
                .map(|i| {
                    format!(
                        "b{i}: &b{i} [{}]\n",
                        format!("*{},", if i == 0 { "a".into() } else { format!("b{}", i - 1) }).repeat(9)
                    )
                })
                .collect::<String>()
            + "names: [*b11]\n";
        for (text, wanted) in [
            ("names: [a, b]\nnc: 3\n", "`nc` says 3"),
            ("names: [a, a]\n", "stands twice"),
            ("names: {0: a, 2: b}\n", "no class 1"),
            ("names: []\n", "empty"),
            ("train: x\n", "no `names`"),
            ("names: [a\n", "broken YAML"),
            (bomb.as_str(), "broken YAML"),
        ] {
            let reason = parse(text).unwrap_err();
            assert!(reason.contains(wanted), "{text}: {reason}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z0-9:\\[\\]{}&*!|>'\" \\n,-]{0,120}") {
            let _ = parse(&text);
        }
    }
}
