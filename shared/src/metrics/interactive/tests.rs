//! The evaluator against a fresh matrix and a fresh evaluation, after any moves of the sliders.

use super::*;
use crate::dataset::PixelBox;
use crate::metrics::{DetectionEvaluator, Overlaps};
use proptest::prelude::*;

const CLASSES: usize = 3;

type Image = (Vec<GroundTruth>, Vec<Detection>);

/// Boxes on a coarse grid and scores of one digit: equal overlaps and scores are common.
fn image() -> impl Strategy<Value = Image> {
    let region = || {
        (0u8..6, 0u8..6, 1u8..5, 1u8..5).prop_map(|(x, y, width, height)| {
            PixelBox::from_left_top(
                f64::from(x) * 4.0,
                f64::from(y) * 4.0,
                f64::from(width) * 4.0,
                f64::from(height) * 4.0,
            )
        })
    };
    let target = (0..CLASSES - 1, region()).prop_map(|(class, region)| GroundTruth { class, region });
    let score = prop_oneof![9 => (0u8..=10).prop_map(|tenths| f64::from(tenths) / 10.0), 1 => Just(-0.0)];
    let detection =
        (0..CLASSES, score, region()).prop_map(|(class, score, region)| Detection { class, score, region });
    (prop::collection::vec(target, 0..8), prop::collection::vec(detection, 0..12))
}

fn slider() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (0u8..=20).prop_map(|twentieths| f64::from(twentieths) / 20.0),
        3 => 0.0..1.0f64,
        1 => Just(f64::NAN),
    ]
}

fn interactive(images: &[Image]) -> InteractiveEvaluator {
    let mut evaluator = InteractiveEvaluator::new(CLASSES);
    for (targets, detections) in images {
        evaluator.add_image(targets, detections).unwrap();
    }
    evaluator
}

fn fresh_matrix(images: &[Image], confidence: f64, iou_threshold: f64) -> ConfusionMatrix {
    let mut matrix = ConfusionMatrix::new(CLASSES, confidence, iou_threshold);
    for (targets, detections) in images {
        matrix.add_image(targets, detections).unwrap();
    }
    matrix
}

fn cells(matrix: &ConfusionMatrix) -> Vec<u64> {
    let side = 0..=matrix.background();
    side.clone()
        .flat_map(|actual| side.clone().map(move |predicted| (actual, predicted)))
        .map(|(actual, predicted)| matrix.count(actual, predicted))
        .collect()
}

/// What became of the detections of an image, matched from scratch.
fn fresh_outcomes((targets, detections): &Image, confidence: f64, iou: f64) -> Vec<DetectionOutcome> {
    let places: Vec<usize> =
        (0..detections.len()).filter(|&index| detections[index].score >= confidence).collect();
    let shown: Vec<Detection> = places.iter().map(|&index| detections[index]).collect();
    let right = Overlaps::within_class(targets, &shown).matched(iou);
    let wrong = Overlaps::across_classes(targets, &shown).matched_after(iou, &right);
    let mut outcomes = vec![DetectionOutcome::Hidden; detections.len()];
    for (index, place) in places.into_iter().enumerate() {
        outcomes[place] = match (right[index], wrong[index]) {
            (Some(target), _) => DetectionOutcome::Right { target },
            (None, Some(target)) => DetectionOutcome::WrongClass { target },
            (None, None) => DetectionOutcome::Background,
        };
    }
    outcomes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_moves_of_the_sliders_count_as_a_fresh_matrix_does(
        images in prop::collection::vec(image(), 0..5),
        moves in prop::collection::vec((slider(), slider(), any::<bool>()), 1..8),
    ) {
        let mut evaluator = interactive(&images);
        for (confidence, iou, moves_iou) in moves {
            if moves_iou {
                evaluator.set_iou_threshold(iou);
            }
            let iou = evaluator.iou_threshold();
            let found = evaluator.at(confidence);
            let wanted = fresh_matrix(&images, confidence, iou);
            prop_assert_eq!(cells(&found.matrix), cells(&wanted));
            for (class, counts) in found.per_class.iter().enumerate() {
                prop_assert_eq!(counts.precision(), wanted.precision(class));
                prop_assert_eq!(counts.recall(), wanted.recall(class));
            }
            for (actual, predicted) in (0..=CLASSES).flat_map(|a| (0..=CLASSES).map(move |p| (a, p))) {
                let found = evaluator.images_in_cell(confidence, actual, predicted);
                let is_in = |index: &usize| {
                    let image = std::slice::from_ref(&images[*index]);
                    fresh_matrix(image, confidence, iou).count(actual, predicted) > 0
                };
                let wanted: Vec<usize> = (0..images.len()).filter(is_in).collect();
                prop_assert_eq!(found, wanted);
            }
            let counts = evaluator.image_counts(confidence);
            for (index, image) in images.iter().enumerate() {
                let outcomes = evaluator.outcomes(index, confidence).unwrap();
                let wanted = fresh_outcomes(image, confidence, iou);
                prop_assert_eq!(&outcomes.detections, &wanted);
                let right = wanted.iter().filter(|o| matches!(o, DetectionOutcome::Right { .. })).count();
                let shown = wanted.iter().filter(|o| !matches!(o, DetectionOutcome::Hidden)).count();
                let found = outcomes.targets.iter().filter(|o| matches!(o, TargetOutcome::Found { .. })).count();
                prop_assert_eq!(found, right);
                prop_assert_eq!(counts[index].true_positives, right as u64);
                prop_assert_eq!(counts[index].false_positives, (shown - right) as u64);
                prop_assert_eq!(counts[index].false_negatives, (image.0.len() - right) as u64);
            }
            let sum = |count: fn(&BoxCounts) -> u64| counts.iter().map(count).sum::<u64>();
            prop_assert_eq!(found.totals.true_positives, sum(|image| image.true_positives));
            prop_assert_eq!(found.totals.false_positives, sum(|image| image.false_positives));
            prop_assert_eq!(found.totals.false_negatives, sum(|image| image.false_negatives));
        }
    }

}

proptest! {
    #[test]
    fn at_iou_a_half_the_report_is_that_of_an_evaluation(
        images in prop::collection::vec(image(), 0..5), before in slider(),
    ) {
        let mut evaluation = DetectionEvaluator::new(CLASSES);
        for (targets, detections) in &images {
            evaluation.add_image(targets, detections).unwrap();
        }
        let (summary, curves) = evaluation.report();
        let mut evaluator = interactive(&images);
        evaluator.set_iou_threshold(before);
        let _ = evaluator.report();
        evaluator.set_iou_threshold(0.5);
        let report = evaluator.report();
        prop_assert_eq!(report.curves, curves);
        prop_assert_eq!(report.mean_average_precision, summary.map50);
        prop_assert_eq!(report.best_confidence, summary.best_confidence);
        prop_assert_eq!(
            (report.precision, report.recall, report.f1),
            (summary.precision, summary.recall, summary.f1)
        );
        let per_class: Vec<f64> = summary.per_class.iter().map(|class| class.ap50).collect();
        prop_assert_eq!(report.average_precision, per_class);
    }
}

fn square(x1: f64) -> PixelBox {
    PixelBox { x1, y1: 0.0, x2: x1 + 10.0, y2: 10.0 }
}

#[test]
fn an_image_added_later_counts_at_the_threshold_in_force() {
    let target = GroundTruth { class: 0, region: square(0.0) };
    let detection = Detection { class: 0, score: 0.9, region: square(2.0) };
    let mut evaluator = InteractiveEvaluator::new(1);
    evaluator.set_iou_threshold(0.9);
    evaluator.add_image(&[target], &[detection]).unwrap();
    assert_eq!(evaluator.at(0.0).totals.true_positives, 0, "the overlap is 8 / 12");
    let _ = evaluator.report();
    evaluator.set_iou_threshold(0.6);
    evaluator.add_image(&[target], &[detection]).unwrap();
    assert_eq!(evaluator.at(0.0).totals.true_positives, 2);
    assert_eq!(evaluator.report().curves.per_class[0].recall[0], 1.0);
}

#[test]
fn what_cannot_be_counted_leaves_nothing_behind() {
    let mut evaluator = InteractiveEvaluator::new(1);
    let region = square(0.0);
    let bad = [Detection { class: 0, score: f64::NAN, region }];
    let refused = evaluator.add_image(&[GroundTruth { class: 0, region }], &bad);
    assert_eq!(refused, Err(EvaluationError::ScoreNotANumber { class: 0 }));
    assert_eq!((evaluator.images(), evaluator.at(0.0).totals), (0, BoxCounts::default()));
    assert_eq!(evaluator.outcomes(0, 0.0), None);
    assert_eq!(evaluator.at(0.0).means, MeanRates::default());
    assert_eq!(evaluator.report().mean_average_precision, 0.0);
}

#[test]
fn a_box_that_is_not_a_number_claims_nothing() {
    let nan = PixelBox { x1: f64::NAN, ..square(0.0) };
    for (there, found) in [(nan, square(0.0)), (square(0.0), nan), (nan, nan)] {
        let mut evaluator = InteractiveEvaluator::new(1);
        evaluator.set_iou_threshold(0.0);
        let target = GroundTruth { class: 0, region: there };
        evaluator.add_image(&[target], &[Detection { class: 0, score: 0.5, region: found }]).unwrap();
        let totals = evaluator.at(0.0).totals;
        assert_eq!((totals.true_positives, totals.false_positives, totals.false_negatives), (0, 1, 1));
    }
}

#[test]
fn means_leave_out_what_is_not_defined() {
    // Class 0 is found, class 1 has a target and no detection, class 2 only a detection.
    let targets = [0, 1].map(|class| GroundTruth { class, region: square(class as f64 * 100.0) });
    let detections =
        [(0, 0.0), (2, 300.0)].map(|(class, x1)| Detection { class, score: 0.5, region: square(x1) });
    let mut evaluator = InteractiveEvaluator::new(3);
    evaluator.add_image(&targets, &detections).unwrap();
    let means = evaluator.at(0.1).means;
    assert_eq!(means, MeanRates { precision: Some(1.0), recall: Some(0.5), f1: Some(0.5) });
}
