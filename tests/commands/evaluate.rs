//! `trainyard evaluate`: the figures of other tools from the same two files, and wrong files refused with a reason.
//!
//! Must not know the product's code. The reference cases lie beside the checkout; without them a test says so.

use super::complaints_about;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tests::program::{self, Call};

const TRUTH: &str = r#"{"images": [{"id": 0}], "categories": [{"id": 3, "name": "cat"}], "annotations": [
    {"id": 0, "image_id": 0, "category_id": 3, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0},
    {"id": 1, "image_id": 0, "category_id": 3, "bbox": [50, 0, 10, 10], "area": 100, "iscrowd": 0}]}"#;
const FOUND: &str = r#"[{"image_id": 0, "category_id": 3, "bbox": [0, 0, 10, 10], "score": 0.9},
    {"image_id": 0, "category_id": 3, "bbox": [80, 80, 10, 10], "score": 0.4}]"#;

fn evaluate(how: &str, truth: &Path, found: &Path, more: &[&str]) -> Result<Call> {
    let mut command = program::command()?;
    command.args(["evaluate", how, "--ground-truth"]).arg(truth).arg("--detections").arg(found).args(more);
    Call::run(&mut command)
}

/// Two files in a folder of their own.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(truth: &[u8], found: &[u8]) -> Result<Self> {
        let files = Self { folder: tempfile::tempdir()? };
        fs::write(files.path("gt.json"), truth)?;
        fs::write(files.path("dt.json"), found)?;
        Ok(files)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn evaluate(&self, how: &str, more: &[&str]) -> Result<Call> {
        evaluate(how, &self.path("gt.json"), &self.path("dt.json"), more)
    }
}

/// Everything that is expected must be found, numbers to 1e-9.
fn differences(path: &str, found: &Value, expected: &Value, all: &mut Vec<String>) {
    match expected {
        Value::Object(map) => {
            for (key, value) in map {
                differences(&format!("{path}/{key}"), &found[key], value, all);
            }
        }
        Value::Array(list) => {
            if found.as_array().map(Vec::len) != Some(list.len()) {
                all.push(format!("{path}: not {} entries", list.len()));
            }
            for (at, value) in list.iter().enumerate() {
                differences(&format!("{path}/{at}"), &found[at], value, all);
            }
        }
        _ => {
            let is_close = match (found.as_f64(), expected.as_f64()) {
                (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9,
                _ => found == expected,
            };
            if !is_close {
                all.push(format!("{path} is {found}, expected {expected}"));
            }
        }
    }
}

#[test]
fn the_reference_cases_give_the_figures_of_the_other_tools() -> Result<()> {
    let reference = program::checkout().join("../shared/reference");
    for (how, case, expected) in
        [("coco", "tiny-a", "coco/tiny-a/expected.json"), ("coco", "tiny-b", "coco/tiny-b/expected.json")]
    {
        let expected = reference.join(expected);
        if !expected.is_file() {
            eprintln!("skipped: {} is not there", expected.display());
            return Ok(());
        }
        let folder = reference.join("coco").join(case);
        let found = evaluate(how, &folder.join("gt.json"), &folder.join("dt.json"), &["--json"])?.json()?;
        let expected: Value = serde_json::from_str(&fs::read_to_string(&expected)?)?;
        let mut all = Vec::new();
        for part in ["stats", "per_class"] {
            differences(&format!("{case} {part}"), &found[part], &expected[part], &mut all);
        }
        ensure!(all.is_empty(), "{}", all.join("\n"));
    }
    Ok(())
}

#[test]
fn figures_are_one_json_document_for_programs_and_the_usual_lines_for_people() -> Result<()> {
    let files = Files::new(TRUTH.as_bytes(), FOUND.as_bytes())?;
    let report = files.evaluate("coco", &["--json"])?.json()?;
    let ap = report["stats"]["AP"].as_f64().context("no AP")?;
    ensure!((ap - 51.0 / 101.0).abs() < 1e-9, "AP is {ap}");
    assert_eq!(report["per_class"][0]["n_gt"], 2);
    let report = files.evaluate("ultralytics", &["--json"])?.json()?;
    let keys: Vec<&String> = report.as_object().context("no object")?.keys().collect();
    assert_eq!(keys, ["best_confidence", "mean", "per_class"]);
    assert_eq!(report["per_class"][0]["tp"], 1.0);
    for (how, parts) in [
        (
            "coco",
            &["Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.505", "cat"][..],
        ),
        ("ultralytics", &["mAP50-95", "all"]),
    ] {
        let call = files.evaluate(how, &[])?.succeeded()?;
        assert_eq!(call.errors, "");
        for part in parts {
            ensure!(call.output.contains(part), "{how} does not print `{part}`: {}", call.output);
        }
    }
    Ok(())
}

#[test]
fn wrong_files_are_refused_with_the_place_and_the_next_step() -> Result<()> {
    let truncated = &FOUND[..FOUND.len() - 30];
    let deep = format!("[{{\"score\": {}", "[".repeat(100_000));
    let cases: [(&str, String, String, &[&str]); 12] = [
        ("no JSON", "GIF89a".into(), FOUND.into(), &["gt.json", "line 1", "column 1"]),
        ("no file content", String::new(), FOUND.into(), &["gt.json", "too early", "again"]),
        ("no categories", TRUTH.replace("categories", "classes"), FOUND.into(), &["categories", "missing"]),
        ("truncated", TRUTH.into(), truncated.into(), &["dt.json", "detections[1]", "too early", "line 2"]),
        ("depth", TRUTH.into(), deep, &["dt.json", "detections[0]", "`score`"]),
        ("NaN", TRUTH.into(), FOUND.replace("0.4", "NaN"), &["detections[1]", "line 2"]),
        (
            "text for a number",
            TRUTH.into(),
            FOUND.replace("0.4", "\"0.4\""),
            &["detections[1]", "`score`", "string"],
        ),
        (
            "three sides",
            TRUTH.into(),
            FOUND.replace("80, 80, ", "80, "),
            &["detections[1]", "bbox", "3", "width"],
        ),
        (
            "a negative side",
            TRUTH.replace("10, 10]", "-10, 10]"),
            FOUND.into(),
            &["annotations[0]", "width", "-10"],
        ),
        ("an id twice", TRUTH.replace("\"id\": 1,", "\"id\": 0,"), FOUND.into(), &["annotations[1]", "id 0"]),
        (
            "an unknown image",
            TRUTH.into(),
            FOUND.replace("_id\": 0", "_id\": 8"),
            &["detections[0]", "image_id 8"],
        ),
        (
            "an unknown class",
            TRUTH.into(),
            FOUND.replace("y_id\": 3", "y_id\": 4"),
            &["category_id 4", "remove"],
        ),
    ];
    let mut complaints = Vec::new();
    for (what, truth, found, says) in cases {
        let files = Files::new(truth.as_bytes(), found.as_bytes())?;
        for how in ["coco", "ultralytics"] {
            let call = files.evaluate(how, &["--json"])?;
            complaints.extend(complaints_about(what, &call, &[2], says));
            if !call.output.is_empty() {
                complaints.push(format!("{what}: printed {}", call.output));
            }
        }
    }
    let files = Files::new(TRUTH.as_bytes(), FOUND.as_bytes())?;
    let missing = evaluate("coco", &files.path("gt.json"), &files.path("none.json"), &[])?;
    complaints.extend(complaints_about(
        "no file",
        &missing,
        &[1],
        &["none.json", "cannot be read", "exists"],
    ));
    let folder = evaluate("coco", files.folder.path(), &files.path("dt.json"), &[])?;
    complaints.extend(complaints_about("a folder", &folder, &[1], &["cannot be read"]));
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}
