//! Two texts as COCO files, divided by a line of `====`: refused within bounds, or figures that are -1 or from 0 to 1.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::metrics::coco::{CocoTruth, UNDEFINED, evaluate, evaluate_ultralytics};

fuzz_target!(|bytes: &[u8]| {
    const DIVIDER: &[u8] = b"\n====\n";
    let at = bytes.windows(DIVIDER.len()).position(|window| window == DIVIDER);
    let (truth, found) = at.map_or((bytes, &b"[]"[..]), |at| (&bytes[..at], &bytes[at + DIVIDER.len()..]));
    let bound = (1 << 16) + 8 * bytes.len();
    let truth = match CocoTruth::from_json(truth) {
        Ok(truth) => truth,
        Err(error) => return assert!(error.to_string().len() < bound),
    };
    let detections = match truth.detections_from_json(found) {
        Ok(detections) => detections,
        Err(error) => return assert!(error.to_string().len() < bound),
    };
    let report = evaluate(&detections, &mut |_, _| {});
    check(&report.stats);
    for class in &report.per_class {
        check(&class.figures);
        for figure in class.ap_by_iou.iter().chain(&class.recall_by_iou) {
            assert!(is_figure(*figure), "{figure} of {}", class.name);
        }
    }
    let report = evaluate_ultralytics(&detections, &mut |_, _| {}).unwrap();
    let mean = report.mean;
    for figure in [mean.precision, mean.recall, mean.map50, mean.map75, mean.map50_95] {
        assert!((0.0..=1.0).contains(&figure), "{figure}");
    }
});

fn check(stats: &shared::metrics::coco::CocoStats) {
    let s = *stats;
    let figures = [
        s.ap,
        s.ap50,
        s.ap75,
        s.ap_small,
        s.ap_medium,
        s.ap_large,
        s.ar1,
        s.ar10,
        s.ar100,
        s.ar_small,
        s.ar_medium,
        s.ar_large,
    ];
    assert!(figures.into_iter().all(is_figure), "{stats:?}");
}

fn is_figure(figure: f64) -> bool {
    figure == UNDEFINED || (0.0..=1.0).contains(&figure)
}
