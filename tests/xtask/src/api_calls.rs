//! Whether the calls that the browser declares are those of the API: paths and messages are text there, which no
//! compiler compares.
//!
//! Must not know what is called.

use crate::project::Project;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// Path, request and answer.
type Call = (String, String, String);

/// The browser's calls that the API does not have.
pub fn complaints(project: &Project) -> Result<Vec<String>> {
    let mut known = BTreeSet::new();
    for text in texts_of(&project.root.join("proto/trainyard/v1"), "proto")? {
        known.extend(calls_of_api(&text));
    }
    let mut complaints = Vec::new();
    for text in texts_of(&project.root.join("frontend/src/api"), "rs")? {
        let unknown = calls_of_browser(&text).into_iter().filter(|call| !known.contains(call));
        complaints.extend(unknown.map(|(path, request, answer)| {
            format!("frontend/src/api: {path} from {request} to {answer} is no call of the API")
        }));
    }
    Ok(complaints)
}

fn texts_of(folder: &Path, extension: &str) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut texts = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == extension) {
            texts.push(std::fs::read_to_string(&path)?);
        }
    }
    Ok(texts)
}

/// The methods of a `.proto` file that answer once.
fn calls_of_api(text: &str) -> Vec<Call> {
    let mut service = String::new();
    let mut calls = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("service ").and_then(|rest| rest.split_whitespace().next()) {
            name.clone_into(&mut service);
        } else if let Some(rest) = line.strip_prefix("rpc ") {
            let words: Vec<&str> =
                rest.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
            if let [method, request, "returns", answer] = words.as_slice() {
                calls.push((format!("{service}/{method}"), (*request).to_owned(), (*answer).to_owned()));
            }
        }
    }
    calls
}

/// Lines such as `get_model(GetModelRequest) -> Model = "ModelService/GetModel";`.
fn calls_of_browser(text: &str) -> Vec<Call> {
    let call = |line: &str| {
        let (declared, path) = line.trim().strip_suffix("\";")?.split_once(" = \"")?;
        let (declared, answer) = declared.split_once(") -> ")?;
        let (_, request) = declared.split_once('(')?;
        Some((path.to_owned(), request.to_owned(), answer.to_owned()))
    };
    // What is too long for a line is broken after the sign of equality.
    text.replace("=\n        \"", "= \"").lines().filter_map(call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_read() {
        let api = "service ModelService {\n  // Gets one.\n  rpc GetModel(GetModelRequest) returns (Model);\n  \
                   rpc Watch(WatchRequest) returns (stream Event);\n}\n";
        let browser = "calls! {\n    get_model(GetModelRequest) -> Model = \"ModelService/GetModel\";\n}\n\
                       const A: &str = \"a\";\n";
        let expected =
            [("ModelService/GetModel".to_owned(), "GetModelRequest".to_owned(), "Model".to_owned())];
        assert_eq!(calls_of_api(api), expected);
        assert_eq!(calls_of_browser(browser), expected);
    }
}
