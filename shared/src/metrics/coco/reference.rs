//! COCO figures against those of pycocotools on the reference cases.
//!
//! The files lie beside the checkout and are not part of it; without them the tests say so.

use super::*;
use crate::metrics::reference::{reference, unpacked};
use serde_json::Value;
use std::collections::BTreeMap;

/// Asserts that the expected JSON is found, numbers to 1e-9; what is found may hold more keys.
/// Gives the largest difference.
pub(in crate::metrics) fn assert_found(path: &str, found: &Value, expected: &Value) -> f64 {
    let parts: Vec<(String, Option<&Value>, &Value)> = match expected {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), found.get(key), value)).collect(),
        Value::Array(list) => {
            assert_eq!(found.as_array().map(Vec::len), Some(list.len()), "{path}: length");
            list.iter().enumerate().map(|(at, value)| (at.to_string(), found.get(at), value)).collect()
        }
        Value::Number(number) => {
            let (found, expected) = (found.as_f64().unwrap(), number.as_f64().unwrap());
            let difference = (found - expected).abs();
            assert!(difference <= 1e-9, "{path} is {found}, expected {expected}");
            return difference;
        }
        _ => {
            assert_eq!(found, expected, "{path}");
            return 0.0;
        }
    };
    parts
        .iter()
        .map(|(key, found, value)| {
            let path = format!("{path}/{key}");
            assert_found(&path, found.unwrap_or_else(|| panic!("{path} is missing")), value)
        })
        .fold(0.0, f64::max)
}

fn check(case: &str, extension: &str) {
    let paths = [format!("gt.json{extension}"), format!("dt.json{extension}"), "expected.json".into()]
        .map(|file| reference(&format!("coco/{case}/{file}")));
    let [Some(truth), Some(found), Some(expected)] = paths else { return };
    let truth = CocoTruth::from_json(&unpacked(&truth)).unwrap();
    let found = unpacked(&found);
    let report = evaluate(&truth.detections_from_json(&found).unwrap(), &mut |_, _| {});
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&unpacked(&expected)).unwrap();
    let mut printed = serde_json::to_value(&report).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&printed["stats"]), keys(&expected["stats"]), "{case}");
    assert_eq!(keys(&printed["per_class"][0]), keys(&expected["per_class"][0]), "{case}");
    let mut largest = 0.0f64;
    for part in ["stats", "per_class"] {
        largest = largest.max(assert_found(part, &printed[part].take(), &expected[part]));
    }
    if let Some(curves) = expected.get("precision_area_all_max100") {
        for class in &report.per_class {
            let wanted = &curves[&class.category_id.to_string()];
            if class.targets == 0 {
                let undefined = |row: &Value| row.as_array().unwrap().iter().all(|value| value == -1.0);
                assert!(wanted.as_array().unwrap().iter().all(undefined), "{case}: {wanted}");
                assert!(class.precision_by_recall.is_empty());
                continue;
            }
            let curve = serde_json::to_value(&class.precision_by_recall).unwrap();
            largest = largest.max(assert_found(&class.name, &curve, wanted));
        }
    }
    println!("{case}: largest difference {largest:e}");
}

#[test]
fn every_edge_case_gives_the_same_figures_and_curves() {
    check("tiny-a", "");
    check("tiny-b", "");
}

#[test]
fn five_hundred_images_give_the_same_figures() {
    check("medium", ".gz");
}
