//! Questions to the metrics.
//!
//! Must not know the right answers.

use crate::digest::Digest;
use crate::random::Random;
use shared::dataset::PixelBox;
use shared::metrics::coco::{CocoTruth, evaluate, evaluate_ultralytics};
use shared::metrics::{
    ClassificationEvaluator, ConfusionMatrix, Detection, DetectionEvaluator, GroundTruth,
    InteractiveEvaluator, area, complete_iou, intersection, iou,
};

const CLASSES: usize = 4;

fn region(random: &mut Random) -> PixelBox {
    let (x1, y1) = (random.unit() * 80.0, random.unit() * 80.0);
    // Some are empty, and some inside out.
    let mut side = || if random.chance(10) { 0.0 } else { random.unit() * 60.0 - 3.0 };
    PixelBox { x1, y1, x2: x1 + side(), y2: y1 + side() }
}

fn near(random: &mut Random, region: &PixelBox) -> PixelBox {
    let mut moved = |value: f64| value + random.unit() * 8.0 - 4.0;
    PixelBox { x1: moved(region.x1), y1: moved(region.y1), x2: moved(region.x2), y2: moved(region.y2) }
}

/// What is there and what was found.
fn image(random: &mut Random) -> (Vec<GroundTruth>, Vec<Detection>) {
    let targets: Vec<GroundTruth> = (0..random.below(8))
        .map(|_| GroundTruth { class: random.below(CLASSES), region: region(random) })
        .collect();
    let detections = (0..random.below(20))
        .map(|_| {
            // Two digits, so that some are equal.
            let score = (random.unit() * 100.0).floor() / 100.0;
            match random.one(&targets) {
                Some(target) if random.chance(70) => {
                    Detection { class: target.class, score, region: near(random, &target.region) }
                }
                _ => Detection { class: random.below(CLASSES), score, region: region(random) },
            }
        })
        .collect();
    (targets, detections)
}

pub(super) fn overlap(random: &mut Random, digest: &mut Digest) {
    let a = region(random);
    let b = if random.chance(60) { near(random, &a) } else { region(random) };
    digest.numbers(&[
        area(&a),
        intersection(&a, &b),
        iou(&a, &b),
        complete_iou(&a, &b),
        complete_iou(&b, &a),
    ]);
}

pub(super) fn detection(random: &mut Random, digest: &mut Digest) {
    let mut evaluator = DetectionEvaluator::new(CLASSES);
    for _ in 0..random.below(12) {
        let (targets, detections) = image(random);
        digest.flag(evaluator.add_image(&targets, &detections).is_ok());
    }
    let (summary, curves) = evaluator.report();
    digest.number(summary.fitness()).text(&format!("{summary:?} {curves:?}"));
}

pub(super) fn confusion(random: &mut Random, digest: &mut Digest) {
    let mut matrix = ConfusionMatrix::new(CLASSES, random.unit(), random.unit());
    for _ in 0..random.below(12) {
        let (targets, detections) = image(random);
        digest.flag(matrix.add_image(&targets, &detections).is_ok());
    }
    digest.text(&format!("{matrix:?}"));
    for class in 0..=CLASSES {
        digest.text(&format!("{:?} {:?}", matrix.precision(class), matrix.recall(class)));
    }
}

pub(super) fn classification(random: &mut Random, digest: &mut Digest) {
    let classes = 1 + random.below(12);
    let mut evaluator = ClassificationEvaluator::new(classes);
    for _ in 0..random.below(60) {
        let scores: Vec<f64> = (0..classes).map(|_| (random.unit() * 20.0).floor() / 20.0).collect();
        digest.flag(evaluator.add_sample(&scores, random.below(classes)).is_ok());
    }
    digest.number(evaluator.top_k(3)).text(&format!("{:?}", evaluator.summary()));
}

pub(super) fn coco(random: &mut Random, digest: &mut Digest) {
    let (mut annotations, mut found, mut images) = (Vec::new(), Vec::new(), Vec::new());
    for id in 0..random.below(10) {
        images.push(format!("{{\"id\":{id}}}"));
        let (targets, detections) = image(random);
        for target in targets {
            let (class, region, at) = (target.class, target.region, annotations.len());
            let (width, height) = (region.width().max(0.0), region.height().max(0.0));
            let crowd = u8::from(random.chance(10));
            annotations.push(format!(
                "{{\"id\":{at},\"image_id\":{id},\"category_id\":{class},\"bbox\":[{},{},{width},{height}],\
                 \"area\":{},\"iscrowd\":{crowd}}}",
                region.x1,
                region.y1,
                width * height
            ));
        }
        for detection in detections {
            let (class, region) = (detection.class, detection.region);
            let (width, height) = (region.width().max(0.0), region.height().max(0.0));
            found.push(format!(
                "{{\"image_id\":{id},\"category_id\":{class},\"bbox\":[{},{},{width},{height}],\"score\":{}}}",
                region.x1, region.y1, detection.score
            ));
        }
    }
    let categories: Vec<String> =
        (0..CLASSES).map(|id| format!("{{\"id\":{id},\"name\":\"{id}\"}}")).collect();
    let truth = format!(
        "{{\"images\":[{}],\"categories\":[{}],\"annotations\":[{}]}}",
        images.join(","),
        categories.join(","),
        annotations.join(",")
    );
    let found = format!("[{}]", found.join(","));
    match CocoTruth::from_json(truth.as_bytes()) {
        Ok(truth) => match truth.detections_from_json(found.as_bytes()) {
            Ok(detections) => {
                digest.text(&format!("{:?}", evaluate(&detections, &mut |_, _| {})));
                digest.text(&format!("{:?}", evaluate_ultralytics(&detections, &mut |_, _| {})));
            }
            Err(error) => {
                digest.text(&error.to_string());
            }
        },
        Err(error) => {
            digest.text(&error.to_string());
        }
    }
}

pub(super) fn interactive(random: &mut Random, digest: &mut Digest) {
    let mut evaluator = InteractiveEvaluator::new(CLASSES);
    for _ in 0..random.below(12) {
        let (targets, detections) = image(random);
        digest.flag(evaluator.add_image(&targets, &detections).is_ok());
    }
    for _ in 0..3 {
        evaluator.set_iou_threshold(random.unit());
        let confidence = random.unit();
        digest.text(&format!("{:?} {:?}", evaluator.at(confidence), evaluator.image_counts(confidence)));
        digest.text(&format!("{:?} {:?}", evaluator.outcomes(0, confidence), evaluator.report()));
    }
}
