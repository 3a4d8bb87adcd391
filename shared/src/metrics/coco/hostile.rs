//! Broken and hostile files: refused with the place and a next step, never a panic.

use super::*;
use proptest::prelude::*;

const TRUTH: &str = r#"{"info": {"year": 2026}, "images": [{"id": 5, "file_name": "a.jpg"}, {"id": 6}],
"categories": [{"id": 1, "name": "cat"}, {"id": 2}],
"annotations": [{"id": 0, "image_id": 5, "category_id": 1, "bbox": [1, 2, 30, 40.5], "area": 1215, "iscrowd": 0},
{"id": 1, "image_id": 5, "category_id": 2, "bbox": [0, 0, 5, 5], "area": 25, "iscrowd": true, "segmentation": {"counts": [1]}}]}"#;
const FOUND: &str = r#"[{"image_id": 5, "category_id": 1, "bbox": [1, 2, 30, 40], "score": 0.5, "extra": [[]]},
{"image_id": 6, "category_id": 2, "bbox": [1.5, 2e1, 3E+1, 40], "score": 1}]"#;

fn truth() -> CocoTruth {
    CocoTruth::from_json(TRUTH.as_bytes()).unwrap()
}

fn run(truth: &[u8], found: &[u8]) -> Result<CocoReport, CocoError> {
    let truth = CocoTruth::from_json(truth)?;
    let found = truth.detections_from_json(found)?;
    evaluate_ultralytics(&found, &mut |_, _| {}).unwrap();
    Ok(evaluate(&found, &mut |_, _| {}))
}

fn check(text: &str, from: &str, to: &str, expected: &str) {
    assert!(text.contains(from), "{from}");
    let text = text.replacen(from, to, 1);
    let error = if text.starts_with('[') {
        truth().detections_from_json(text.as_bytes()).unwrap_err()
    } else {
        CocoTruth::from_json(text.as_bytes()).unwrap_err()
    };
    assert_eq!(error.to_string(), expected, "{to}");
}

#[test]
fn what_is_wrong_with_the_ground_truth_is_named_with_its_place() {
    let correct = "; correct this place and run it again";
    for (from, to, expected) in [
        (
            "\"id\": 6",
            "\"id\": \"six\"",
            "line 1, column 81: images[1]: invalid type: string \"six\", expected a whole number of 64 bits for `id`",
        ),
        ("{\"id\": 6}", "{}", "line 1, column 71: images[1]: missing field `id`"),
        ("{\"id\": 6}", "[6]", "line 1, column 69: images[1]: invalid type: sequence, expected an object"),
        (
            "[1, 2, 30, 40.5]",
            "[1, 2, 30]",
            "line 3, column 77: annotations[0]: invalid length 3, expected four numbers for `bbox`: [left, top, width, height]",
        ),
        (
            "40.5",
            "-40.5",
            "line 3, column 84: annotations[0]: height of `bbox` is -40.5, and must be 0 or more (the form is [left, top, width, height])",
        ),
        (
            "40.5",
            "1e300",
            "line 3, column 84: annotations[0]: height of `bbox` is 1e300, which is beyond a billion",
        ),
        ("40.5", "1e999", "line 3, column 83: annotations[0]: number out of range"),
        ("40.5", "NaN", "line 3, column 79: annotations[0]: expected value"),
        (
            "\"area\": 1215",
            "\"area\": -1",
            "line 3, column 95: annotations[0]: `area` is -1.0, and must be 0 or more",
        ),
        ("\"area\": 1215, ", "", "line 3, column 98: annotations[0]: missing field `area`"),
        (
            "true",
            "2",
            "line 4, column 89: annotations[1]: invalid value: integer `2`, expected `iscrowd` as 0 or 1",
        ),
        ("\"categories\"", "\"classes\"", "line 4, column 128: missing field `categories`"),
    ] {
        check(TRUTH, from, to, &format!("ground truth, {expected}{correct}"));
    }
    let entry = "remove the entry";
    for (from, to, expected) in [
        ("\"id\": 6", "\"id\": 5", "ground truth: images[0] and images[1] both have id 5; give each entry an id of its own".to_owned()),
        ("{\"id\": 1, \"image_id\"", "{\"id\": 0, \"image_id\"", "ground truth: annotations[0] and annotations[1] both have id 0; give each entry an id of its own".to_owned()),
        ("\"image_id\": 5", "\"image_id\": 7", format!("ground truth: annotations[0] has image_id 7, and no entry of `images` in the ground truth has that id (2 are there); take the two files from the same dataset, or {entry}")),
    ] {
        check(TRUTH, from, to, &expected);
    }
}

#[test]
fn what_is_wrong_with_the_detections_is_named_with_its_place() {
    let correct = "; correct this place and run it again";
    for (from, to, expected) in [
        (
            "\"score\": 0.5",
            "\"score\": \"high\"",
            "line 1, column 74: detections[0]: invalid type: string \"high\", expected a number for `score`",
        ),
        (
            "\"score\": 0.5",
            "\"score\": null",
            "line 1, column 72: detections[0]: invalid type: null, expected a number for `score`",
        ),
        (
            "\"image_id\": 6",
            "\"image_id\": 6.5",
            "line 2, column 16: detections[1]: invalid type: floating point `6.5`, expected a whole number of 64 bits for `image_id`",
        ),
        (
            "\"image_id\": 6",
            "\"image_id\": 18446744073709551615",
            "line 2, column 33: detections[1]: invalid value: integer `18446744073709551615`, expected a whole number of 64 bits for `image_id`",
        ),
        (
            "\"score\": 1",
            "\"score\": 1e10",
            "line 2, column 78: detections[1]: `score` is 10000000000.0, which is beyond a billion",
        ),
    ] {
        check(FOUND, from, to, &format!("detections, {expected}{correct}"));
    }
    check(
        FOUND,
        "\"category_id\": 2",
        "\"category_id\": 9",
        "detections: detections[1] has category_id 9, and no entry of `categories` in the ground truth has that id (2 are there); take the two files from the same dataset, or remove the entry",
    );
}

#[test]
fn other_kinds_of_files_are_told_apart() {
    let said = |bytes: &[u8]| truth().detections_from_json(bytes).unwrap_err().to_string();
    assert!(said(&[0x1f, 0x8b, 8]).contains("gzip archive"));
    assert!(said(TRUTH.as_bytes()).contains("expected an array of detections"));
    assert!(said(b"").contains("ends too early"));
    assert!(said(b"[{\"image_id\": 5, ").contains("detections[0]: EOF while parsing"));
    assert!(said(b"[] []").contains("trailing characters"));
    let said = CocoTruth::from_json(FOUND.as_bytes()).unwrap_err().to_string();
    assert!(said.contains("invalid type: sequence, expected an object"), "{said}");
}

#[test]
fn deep_nesting_is_skipped_or_refused() {
    for open in ["[", "{\"a\":"] {
        let deep = open.repeat(200_000);
        for key in ["segmentation", "bbox", "score", "image_id"] {
            let text = format!("[{{\"{key}\": {deep}");
            assert!(truth().detections_from_json(text.as_bytes()).is_err());
        }
        assert!(CocoTruth::from_json(format!("{{\"info\": {deep}").as_bytes()).is_err());
        assert!(CocoTruth::from_json(deep.as_bytes()).is_err());
    }
    let (open, close) = ("[".repeat(200_000), "]".repeat(200_000));
    let text = TRUTH.replacen("{\"year\": 2026}", &format!("{open}{close}"), 1);
    assert_eq!(CocoTruth::from_json(text.as_bytes()).unwrap().image_count(), 2);
}

#[test]
fn nothing_to_evaluate_is_undefined() {
    let nothing = br#"{"images": [], "annotations": [], "categories": []}"#;
    let report = run(nothing, b"[]").unwrap();
    assert!(report.per_class.is_empty());
    assert_eq!((report.stats.ap, report.stats.ar_large), (UNDEFINED, UNDEFINED));
    let report = run(TRUTH.as_bytes(), b"[]").unwrap();
    assert_eq!((report.per_class[0].figures.ap, report.per_class[1].figures.ap), (0.0, UNDEFINED));
    assert_eq!((report.per_class[0].name.as_str(), report.per_class[1].name.as_str()), ("cat", "2"));
}

#[test]
fn the_largest_ids_and_boxes_are_counted() {
    let truth = TRUTH
        .replace("\"id\": 5", "\"id\": -9223372036854775808")
        .replace("_id\": 5", "_id\": -9223372036854775808")
        .replace("\"id\": 6", "\"id\": 9223372036854775807")
        .replace("[1, 2, 30, 40.5]", "[-1e9, -1e9, 1e9, 1e9]");
    let found = FOUND
        .replace("_id\": 5", "_id\": -9223372036854775808")
        .replace("_id\": 6", "_id\": 9223372036854775807")
        .replace("[1, 2, 30, 40]", "[-1e9, -1e9, 1e9, 1e9]");
    assert!(run(truth.as_bytes(), found.as_bytes()).unwrap().stats.ap > 0.99);
}

proptest! {
    #[test]
    fn no_change_of_bytes_makes_it_panic(
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..4),
        in_truth in any::<bool>(),
        cut in any::<bool>(),
    ) {
        let mut files = [TRUTH.as_bytes().to_vec(), FOUND.as_bytes().to_vec()];
        let file = &mut files[usize::from(!in_truth)];
        let at = at.index(file.len());
        let end = if cut { file.len() } else { (at + bytes.len()).min(file.len()) };
        file.splice(at..end, bytes);
        if let Err(error) = run(&files[0], &files[1]) {
            prop_assert!(error.to_string().len() > 20);
        }
    }

    #[test]
    fn numbers_are_read_to_the_last_bit(number in "[1-9][0-9]{0,5}\\.[0-9]{0,24}[1-9]") {
        let text = TRUTH.replace("1215", &number);
        let truth = CocoTruth::from_json(text.as_bytes()).unwrap();
        prop_assert_eq!(truth.areas[0], number.parse::<f64>().unwrap());
    }

    #[test]
    fn no_number_makes_it_panic(digit in "-?[0-9]{1,20}(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", at in 0..12usize) {
        let mut truth = TRUTH.to_owned();
        let place = ["1,", "2,", "30,", "40.5]", "1215,", "0}", "5,", "0,", "25,", "true,", "2}", "1,"][at];
        truth = truth.replace(&format!(" {place}"), &format!(" {digit}{}", &place[place.len() - 1..]));
        let _ = run(truth.as_bytes(), FOUND.as_bytes());
    }
}
