//! What must hold for every set of boxes.

use super::*;
use proptest::prelude::*;

const CLASSES: usize = 3;

fn region() -> impl Strategy<Value = PixelBox> {
    (0.0..80.0f64, 0.0..80.0f64, 1.0..40.0f64, 1.0..40.0f64).prop_map(|(x1, y1, width, height)| PixelBox {
        x1,
        y1,
        x2: x1 + width,
        y2: y1 + height,
    })
}

type Image = (Vec<GroundTruth>, Vec<Detection>);

fn image() -> impl Strategy<Value = Image> {
    let target = (0..CLASSES, region()).prop_map(|(class, region)| GroundTruth { class, region });
    let targets = prop::collection::vec(target, 0..8);
    // Some detections sit near a target, so that thresholds are passed and missed.
    targets.prop_flat_map(|targets| {
        let known = targets.clone();
        let near = (any::<prop::sample::Index>(), -6.0..6.0f64, 0..CLASSES, region(), any::<bool>());
        let detection = (near, 0.0..1.0f64).prop_map(move |((pick, shift, class, far, is_near), score)| {
            if !is_near || known.is_empty() {
                return Detection { class, score, region: far };
            }
            let target = known[pick.index(known.len())];
            let mut region = target.region;
            region.x1 += shift;
            region.x2 += shift;
            Detection { class: target.class, score, region }
        });
        (Just(targets), prop::collection::vec(detection, 0..12))
    })
}

fn images() -> impl Strategy<Value = Vec<Image>> {
    // Scores are made distinct, because the order of equal ones is left open.
    prop::collection::vec(image(), 1..6).prop_map(|mut images| {
        let mut position = 0.0;
        for (_, detections) in &mut images {
            for detection in detections {
                position += 1e-7;
                detection.score = (detection.score * 1000.0).floor() / 1001.0 + position;
            }
        }
        images
    })
}

fn evaluate<'a>(images: impl IntoIterator<Item = &'a Image>) -> DetectionEvaluator {
    let mut evaluator = DetectionEvaluator::new(CLASSES);
    for (targets, detections) in images {
        evaluator.add_image(targets, detections).unwrap();
    }
    evaluator
}

fn unit(value: f64) -> bool {
    (0.0..=1.0 + 1e-12).contains(&value)
}

proptest! {
    #[test]
    fn overlap_is_symmetric_and_between_0_and_1(a in region(), b in region()) {
        prop_assert_eq!(iou(&a, &b).to_bits(), iou(&b, &a).to_bits());
        prop_assert!(unit(iou(&a, &b)));
        prop_assert!((iou(&a, &a) - 1.0).abs() < 1e-12);
        prop_assert!((complete_iou(&a, &b) - complete_iou(&b, &a)).abs() < 1e-9);
        let complete = complete_iou(&a, &b);
        prop_assert!(complete <= iou(&a, &b) && complete >= -1.5);
        prop_assert!((complete_iou(&a, &a) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_target_is_claimed_once_and_by_its_class((targets, detections) in image(), threshold in 0.3..0.95f64) {
        let claims = Overlaps::within_class(&targets, &detections).matched(threshold);
        let mut taken = vec![false; targets.len()];
        for (detection, target) in claims.iter().enumerate().filter_map(|(d, t)| t.map(|t| (d, t))) {
            prop_assert!(!std::mem::replace(&mut taken[target], true));
            prop_assert_eq!(targets[target].class, detections[detection].class);
            prop_assert!(iou(&targets[target].region, &detections[detection].region) >= threshold - 1e-5);
        }
    }

    #[test]
    fn every_number_is_between_0_and_1_and_average_precision_falls_with_iou(images in images()) {
        let (summary, curves) = evaluate(&images).report();
        for value in [summary.precision, summary.recall, summary.f1, summary.map50, summary.map50_95] {
            prop_assert!(unit(value), "{summary:?}");
        }
        prop_assert!(summary.map50_95 <= summary.map50 + 1e-12);
        for class in &curves.per_class {
            for curve in [&class.precision, &class.recall, &class.f1, &class.precision_by_recall] {
                prop_assert_eq!(curve.len(), CURVE_POINTS);
                prop_assert!(curve.iter().copied().all(unit));
            }
            prop_assert!(class.recall.windows(2).all(|pair| pair[0] >= pair[1] - 1e-12));
        }
    }

    #[test]
    fn the_order_of_images_and_detections_does_not_matter(
        images in images(), first in any::<prop::sample::Index>(),
    ) {
        let expected = evaluate(&images).summary();
        let mut turned = images;
        let steps = first.index(turned.len());
        turned.rotate_left(steps);
        for (_, detections) in &mut turned {
            detections.reverse();
        }
        prop_assert_eq!(evaluate(&turned).summary(), expected);
    }

    #[test]
    fn the_matrix_agrees_with_the_curves(
        images in images(), pick in any::<prop::sample::Index>(), iou_threshold in 0.1..0.95f64,
    ) {
        let scores: Vec<f64> = images.iter().flat_map(|(_, found)| found.iter().map(|d| d.score)).collect();
        prop_assume!(!scores.is_empty());
        let confidence = scores[pick.index(scores.len())];
        let mut matrix = ConfusionMatrix::new(CLASSES, confidence, IOU_THRESHOLDS[0]);
        // The same images without what lies under the confidence: recall there is at its end.
        let mut cut = DetectionEvaluator::new(CLASSES);
        let mut elsewhere = ConfusionMatrix::new(CLASSES, confidence, iou_threshold);
        let mut cut_elsewhere = InteractiveEvaluator::new(CLASSES);
        cut_elsewhere.set_iou_threshold(iou_threshold);
        for (targets, detections) in &images {
            matrix.add_image(targets, detections).unwrap();
            let shown: Vec<Detection> = detections.iter().filter(|d| d.score >= confidence).copied().collect();
            cut.add_image(targets, &shown).unwrap();
            elsewhere.add_image(targets, detections).unwrap();
            cut_elsewhere.add_image(targets, &shown).unwrap();
        }
        let at_a_half = cut.curves().per_class.into_iter().map(|class| (class, &matrix));
        let curves = cut_elsewhere.report().curves.per_class;
        for (class, matrix) in at_a_half.chain(curves.into_iter().map(|class| (class, &elsewhere))) {
            let recall = matrix.recall(class.class).unwrap();
            prop_assert!((class.recall[0] - recall).abs() < 1e-12);
            let precision = matrix.precision(class.class).unwrap_or(0.0);
            prop_assert!((class.precision[0] - precision).abs() < 1e-12);
        }
    }
}
