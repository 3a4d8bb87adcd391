//! The evaluator against numbers that the Ultralytics validator printed.
//!
//! The files lie beside the checkout and are not part of it; without them the tests say so.

use super::coco::{CocoTruth, assert_found, evaluate_ultralytics};
use super::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

pub(super) fn reference(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference").join(file);
    if path.is_file() {
        return Some(path);
    }
    // Not `println!`: the test harness would swallow what a passing test prints.
    let _ = writeln!(std::io::stderr(), "skipped: {} is not there", path.display());
    None
}

pub(super) fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let packed = std::mem::take(&mut bytes);
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    }
    bytes
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&unpacked(path)).unwrap()
}

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    tp: Vec<String>,
    conf: Vec<f64>,
    pred_class: Vec<usize>,
    target_class: Vec<usize>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    best_confidence: f64,
    mean: ExpectedMean,
    per_class: Vec<ExpectedClass>,
}

#[derive(Deserialize)]
struct ExpectedMean {
    precision: f64,
    recall: f64,
    map50: f64,
    map50_95: f64,
}

#[derive(Deserialize)]
struct ExpectedClass {
    category_id: usize,
    precision: f64,
    recall: f64,
    f1: f64,
    ap50: f64,
    ap50_95: f64,
    ap_by_iou: Vec<f64>,
}

/// Asserts agreement to 1e-9 and gives the largest difference seen.
fn compare(name: &str, found: &DetectionSummary, expected: &Expected) -> f64 {
    let mut largest = 0.0f64;
    let mut close = |what: String, found: f64, expected: f64| {
        let difference = (found - expected).abs();
        assert!(difference <= 1e-9, "{name}: {what} is {found}, expected {expected}");
        largest = largest.max(difference);
    };
    let mean = &expected.mean;
    close("best_confidence".into(), found.best_confidence, expected.best_confidence);
    close("precision".into(), found.precision, mean.precision);
    close("recall".into(), found.recall, mean.recall);
    close("map50".into(), found.map50, mean.map50);
    close("map50_95".into(), found.map50_95, mean.map50_95);
    assert_eq!(found.per_class.len(), expected.per_class.len(), "{name}: classes");
    for (class, wanted) in found.per_class.iter().zip(&expected.per_class) {
        let label = |what: &str| format!("{what} of class {}", wanted.category_id);
        close(label("precision"), class.precision, wanted.precision);
        close(label("recall"), class.recall, wanted.recall);
        close(label("f1"), class.f1, wanted.f1);
        close(label("ap50"), class.ap50, wanted.ap50);
        close(label("ap50_95"), class.ap50_95, wanted.ap50_95);
        for (threshold, (ap, wanted)) in class.ap_by_iou.iter().zip(&wanted.ap_by_iou).enumerate() {
            close(label(&format!("ap at threshold {threshold}")), *ap, *wanted);
        }
    }
    largest
}

#[test]
fn known_matches_give_the_same_numbers() {
    let Some(path) = reference("ultralytics/ap_per_class.json") else { return };
    let cases: Cases = read(&path);
    assert_eq!(cases.cases.len(), 11);
    for case in &cases.cases {
        let classes = case.pred_class.iter().chain(&case.target_class);
        let mut evaluator = DetectionEvaluator::new(classes.max().map_or(0, |class| class + 1));
        for &class in &case.target_class {
            evaluator.add_targets(class, 1);
        }
        for ((digits, &score), &class) in case.tp.iter().zip(&case.conf).zip(&case.pred_class) {
            let hits = digits.bytes().rev().fold(0, |hits, digit| hits << 1 | u16::from(digit == b'1'));
            evaluator.add_scored(class, score, hits);
        }
        let summary = evaluator.summary();
        for (class, wanted) in summary.per_class.iter().zip(&case.expected.per_class) {
            assert_eq!(class.class, wanted.category_id, "{}", case.name);
        }
        let largest = compare(&case.name, &summary, &case.expected);
        println!("{}: largest difference {largest:e}", case.name);
    }
}

#[test]
fn five_hundred_images_give_the_same_numbers() {
    let files =
        ["coco/medium/gt.json.gz", "coco/medium/dt.json.gz", "ultralytics/medium.json"].map(reference);
    let [Some(truth), Some(found), Some(expected)] = files else { return };
    let (truth, found) = (CocoTruth::from_json(&unpacked(&truth)).unwrap(), unpacked(&found));
    let detections = truth.detections_from_json(&found).unwrap();
    // The numbers move by up to 2e-4 when ties between images are shuffled; in the same stable
    // order they agree to the last digits.
    let summary = detections.ultralytics(&mut |_, _| {}).unwrap().summary();
    let largest = compare("medium", &summary, &read(&expected));
    let report = evaluate_ultralytics(&detections, &mut |_, _| {}).unwrap();
    let (printed, expected) = (serde_json::to_value(&report).unwrap(), read::<Value>(&expected));
    for part in ["best_confidence", "mean", "per_class"] {
        assert_found(part, &printed[part], &expected[part]);
    }
    println!("medium: largest difference {largest:e}");
}
