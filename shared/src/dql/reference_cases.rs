//! The language against filters whose answers are known from other engines.
//!
//! The files lie beside the checkout and are not part of it; without them the tests say so.

use super::{Documents, Matcher, Normal, parse};
use serde::Deserialize;
use std::io::Write as _;
use std::path::Path;

fn read(file: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/dql").join(file);
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Some(text);
    }
    // Not `println!`: the test harness would swallow what a passing test prints.
    let _ = writeln!(std::io::stderr(), "skipped: {} is not there", path.display());
    None
}

#[derive(Deserialize)]
struct Case {
    id: String,
    filter: serde_json::Value,
    expected: Vec<String>,
    also_accepted: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Rejected {
    what: String,
    filter: serde_json::Value,
}

#[test]
fn every_filter_finds_what_is_expected() {
    let (Some(items), Some(cases)) = (read("items.jsonl"), read("cases.json")) else { return };
    let mut documents = Documents::new();
    let mut ids = Vec::new();
    for line in items.lines() {
        documents.push_json(line).unwrap();
        let document = documents.get(documents.len() - 1).unwrap();
        ids.push(document.field("id").and_then(|id| id.as_text()).unwrap().to_owned());
    }
    let cases: Vec<Case> = serde_json::from_str(&cases).unwrap();
    assert_eq!((documents.len(), cases.len()), (200, 161));
    let mut wrong = Vec::new();
    for case in cases {
        let query = match parse(&case.filter.to_string()) {
            Ok(parsed) => parsed.query,
            Err(refusal) => {
                wrong.push(format!("{}: refused: {refusal}", case.id));
                continue;
            }
        };
        let matcher = Matcher::new(&Normal::of(&query.filter)).unwrap();
        let found: Vec<&str> =
            matcher.matching(&documents).iter().map(|&place| ids[place].as_str()).collect();
        if found != case.expected && case.also_accepted.is_none_or(|also| found != also) {
            wrong.push(format!("{}: {} found, {} expected", case.id, found.len(), case.expected.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_wrong_filter_is_refused_with_a_reason() {
    let Some(rejected) = read("rejected.json") else { return };
    let rejected: Vec<Rejected> = serde_json::from_str(&rejected).unwrap();
    assert_eq!(rejected.len(), 13);
    for case in rejected {
        let refusal = parse(&case.filter.to_string()).expect_err(&case.what);
        assert!(refusal.to_string().len() > 40, "{}: {refusal}", case.what);
        println!("{}: {refusal}", case.what);
    }
}
