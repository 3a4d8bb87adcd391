//! The evaluator on this project's own cases; `cases/README.md` says how they were made.

use super::reference::assert_found;
use super::*;
use serde_json::{Value, json};

/// `first_id` is where the annotations are numbered from.
fn check(name: &str, text: &str, first_id: i64) {
    let mut case: Value = serde_json::from_str(text).unwrap();
    for (id, annotation) in (first_id..).zip(case["ground_truth"]["annotations"].as_array_mut().unwrap()) {
        annotation["id"] = json!(id);
    }
    let truth = CocoTruth::from_json(case["ground_truth"].to_string().as_bytes()).unwrap();
    let found = case["detections"].to_string();
    let report = evaluate(&truth.detections_from_json(found.as_bytes()).unwrap(), &mut |_, _| {});
    let printed = serde_json::to_value(&report).unwrap();
    assert_found(&format!("{name} from {first_id}"), &printed, &case["expected"]);
}

#[test]
fn own_cases_give_the_figures_of_pycocotools_however_annotations_are_numbered() {
    for (name, text) in [
        ("ties", include_str!("cases/ties.json")),
        ("sizes", include_str!("cases/sizes.json")),
        ("many", include_str!("cases/many.json")),
        ("digits", include_str!("cases/digits.json")),
    ] {
        for first_id in [1, 0, -40] {
            check(name, text, first_id);
        }
    }
}
