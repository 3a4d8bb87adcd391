//! Precision, recall, F1, mAP50 and mAP50-95 of a detector, in the Ultralytics variant.
//!
//! Must not know how boxes were predicted. How the variant differs from COCO's numbers: matching
//! is per image without crowd or area rules, precision starts at 1, average precision is a
//! trapezoid sum over 101 recalls (a perfect detector scores 0.995), and means are over the
//! classes that have targets.

use super::curves::{DetectionCurves, Running, curve_position};
use super::{Detection, GroundTruth, IOU_THRESHOLDS, Overlaps};
use serde::{Deserialize, Serialize};

/// An image that cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum EvaluationError {
    /// A target or detection names a class that the model does not have.
    #[error("class {class} is unknown: the model has {class_count} classes, counted from 0")]
    UnknownClass {
        /// The class index that was given.
        class: usize,
        /// Classes of the model.
        class_count: usize,
    },
    /// A score is NaN, which happens once a training has diverged.
    #[error("a detection of class {class} has a score that is not a number: the weights have diverged")]
    ScoreNotANumber {
        /// Its class index.
        class: usize,
    },
}

/// Collects images and says how good the detector is on them.
///
/// Source: the Ultralytics validator, `ultralytics/utils/metrics.py`, `ap_per_class` and `compute_ap`.
/// Within a class all detections of all images stand by falling score. After `n` of them, `TP` of which
/// claimed a target, precision is `TP / n` and recall `TP / targets`; average precision is the area
/// under precision, made to fall with recall, by trapezoids over 101 recalls.
///
/// Images count in the order in which they are added, which matters only between detections of
/// exactly equal score: the one added first stands first. A box with a NaN coordinate overlaps nothing,
/// and a NaN score is refused.
///
/// ```
/// use shared::dataset::PixelBox;
/// use shared::metrics::{Detection, DetectionEvaluator, GroundTruth};
///
/// let region = |x1: f64| PixelBox { x1, y1: 0.0, x2: x1 + 10.0, y2: 10.0 };
/// let mut evaluator = DetectionEvaluator::new(1);
/// evaluator.add_image(
///     &[GroundTruth { class: 0, region: region(0.0) }, GroundTruth { class: 0, region: region(50.0) }],
///     &[Detection { class: 0, score: 0.9, region: region(0.0) }],
/// )?;
/// let summary = evaluator.summary();
/// // One of two targets is found, and nothing else: precision is 1 up to recall 0.5.
/// assert!((summary.map50 - 0.495).abs() < 1e-12);
/// assert_eq!((summary.precision, summary.recall), (1.0, 0.5));
/// # Ok::<(), shared::metrics::EvaluationError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DetectionEvaluator {
    classes: Vec<ClassRecord>,
    images: u64,
}

#[derive(Debug, Clone, Default)]
struct ClassRecord {
    targets: usize,
    detections: Vec<Scored>,
}

#[derive(Debug, Clone, Copy)]
struct Scored {
    score: f64,
    /// Bit `i`: it claimed a target at `IOU_THRESHOLDS[i]`.
    hits: u16,
}

/// What a validation says of a detector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectionSummary {
    /// Mean over classes of TP / (TP + FP) at `best_confidence` and IoU 0.5.
    pub precision: f64,
    /// Mean over classes of TP / (TP + FN) at `best_confidence` and IoU 0.5.
    pub recall: f64,
    /// Mean over classes of F1 at `best_confidence` and IoU 0.5.
    pub f1: f64,
    /// Mean over classes of average precision at IoU 0.5.
    pub map50: f64,
    /// Mean over classes of average precision, itself the mean over IoU 0.50:0.05:0.95.
    pub map50_95: f64,
    /// Confidence at which the smoothed mean F1 is highest.
    pub best_confidence: f64,
    /// One entry for each class that has targets, by rising class index.
    pub per_class: Vec<ClassSummary>,
}

impl DetectionSummary {
    /// What the best checkpoint is chosen by: mAP50-95 alone, 0 to 1.
    #[must_use]
    pub const fn fitness(&self) -> f64 {
        self.map50_95
    }
}

/// What a validation says of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassSummary {
    /// Class index.
    pub class: usize,
    /// Labelled boxes.
    pub targets: usize,
    /// Predicted boxes of any score.
    pub detections: usize,
    /// TP / (TP + FP) at the summary's confidence and IoU 0.5.
    pub precision: f64,
    /// TP / (TP + FN) at the summary's confidence and IoU 0.5.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Average precision at IoU 0.5.
    pub ap50: f64,
    /// Mean of `ap_by_iou`.
    pub ap50_95: f64,
    /// Average precision at each of [`IOU_THRESHOLDS`].
    pub ap_by_iou: [f64; IOU_THRESHOLDS.len()],
}

impl DetectionEvaluator {
    /// Starts with no image, for a model of `class_count` classes.
    #[must_use]
    pub fn new(class_count: usize) -> Self {
        Self { classes: vec![ClassRecord::default(); class_count], images: 0 }
    }

    /// Images added so far.
    #[must_use]
    pub const fn images(&self) -> u64 {
        self.images
    }

    /// Adds one image: what is there and what was found.
    ///
    /// # Errors
    /// [`EvaluationError`] for a class or score that cannot be counted; nothing of the image is
    /// added then.
    pub fn add_image(
        &mut self,
        targets: &[GroundTruth],
        detections: &[Detection],
    ) -> Result<(), EvaluationError> {
        check_image(self.classes.len(), targets, detections)?;
        let overlaps = Overlaps::within_class(targets, detections);
        let mut hits = vec![0u16; detections.len()];
        for (bit, &threshold) in IOU_THRESHOLDS.iter().enumerate() {
            for (hit, claim) in hits.iter_mut().zip(overlaps.matched(threshold)) {
                *hit |= u16::from(claim.is_some()) << bit;
            }
        }
        for target in targets {
            self.classes[target.class].targets += 1;
        }
        for (detection, hits) in detections.iter().zip(hits) {
            let scored = Scored { score: detection.score, hits };
            self.classes[detection.class].detections.push(scored);
        }
        self.images += 1;
        Ok(())
    }

    /// The numbers of a validation; all 0 when no class has targets.
    #[must_use]
    pub fn summary(&self) -> DetectionSummary {
        self.report().0
    }

    /// The curves behind the numbers.
    #[must_use]
    pub fn curves(&self) -> DetectionCurves {
        self.report().1
    }

    /// Both, computed once: the summary's precision, recall and F1 are the curves' at the best
    /// confidence.
    ///
    /// ```
    /// use shared::metrics::DetectionEvaluator;
    ///
    /// let (summary, curves) = DetectionEvaluator::new(3).report();
    /// assert_eq!((summary.map50, summary.per_class.len()), (0.0, 0));
    /// assert!(curves.f1.iter().all(|&value| value == 0.0));
    /// ```
    #[must_use]
    pub fn report(&self) -> (DetectionSummary, DetectionCurves) {
        let mut curves = Vec::new();
        let mut per_class = Vec::new();
        for (class, record) in self.classes.iter().enumerate().filter(|(_, record)| record.targets > 0) {
            let sorted = record.by_falling_score();
            let scores: Vec<f64> = sorted.iter().map(|scored| scored.score).collect();
            curves.push(record.running(&sorted, 0).curves(class, &scores));
            let ap_by_iou = std::array::from_fn(|bit| record.running(&sorted, bit).average_precision());
            per_class.push(ClassSummary {
                class,
                targets: record.targets,
                detections: record.detections.len(),
                precision: 0.0,
                recall: 0.0,
                f1: 0.0,
                ap50: ap_by_iou[0],
                ap50_95: ap_by_iou.iter().sum::<f64>() / IOU_THRESHOLDS.len() as f64,
                ap_by_iou,
            });
        }
        let curves = DetectionCurves::of_classes(curves);
        let best = curves.best_point();
        for (summary, curve) in per_class.iter_mut().zip(&curves.per_class) {
            summary.precision = curve.precision[best];
            summary.recall = curve.recall[best];
            summary.f1 = curve.f1[best];
        }
        let mean = |value: fn(&ClassSummary) -> f64| mean(per_class.iter().map(value));
        let summary = DetectionSummary {
            precision: mean(|class| class.precision),
            recall: mean(|class| class.recall),
            f1: mean(|class| class.f1),
            map50: mean(|class| class.ap50),
            map50_95: mean(|class| class.ap50_95),
            best_confidence: curve_position(best),
            per_class,
        };
        (summary, curves)
    }

    /// Adds a detection whose matches are known, as the reference cases state them.
    #[cfg(test)]
    pub(super) fn add_scored(&mut self, class: usize, score: f64, hits: u16) {
        self.classes[class].detections.push(Scored { score, hits });
    }

    /// Adds targets without an image.
    #[cfg(test)]
    pub(super) fn add_targets(&mut self, class: usize, count: usize) {
        self.classes[class].targets += count;
    }
}

impl ClassRecord {
    fn by_falling_score(&self) -> Vec<Scored> {
        let mut sorted = self.detections.clone();
        sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
        sorted
    }

    fn running(&self, sorted: &[Scored], threshold: usize) -> Running {
        Running::of(sorted.iter().map(|scored| scored.hits >> threshold & 1 == 1), self.targets)
    }
}

pub(super) fn check_image(
    class_count: usize,
    targets: &[GroundTruth],
    detections: &[Detection],
) -> Result<(), EvaluationError> {
    let classes = targets.iter().map(|target| target.class);
    for class in classes.chain(detections.iter().map(|detection| detection.class)) {
        if class >= class_count {
            return Err(EvaluationError::UnknownClass { class, class_count });
        }
    }
    match detections.iter().find(|detection| detection.score.is_nan()) {
        Some(detection) => Err(EvaluationError::ScoreNotANumber { class: detection.class }),
        None => Ok(()),
    }
}

pub(super) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    if count == 0 { 0.0 } else { values.sum::<f64>() / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::PixelBox;

    fn square(x1: f64) -> PixelBox {
        PixelBox { x1, y1: 0.0, x2: x1 + 10.0, y2: 10.0 }
    }

    #[test]
    fn a_perfect_detector_scores_0_995_at_every_threshold() {
        let mut evaluator = DetectionEvaluator::new(2);
        for image in 0..5 {
            let region = square(f64::from(image));
            let target = GroundTruth { class: 1, region };
            let detection = Detection { class: 1, score: 0.9, region };
            evaluator.add_image(&[target], &[detection]).unwrap();
        }
        let summary = evaluator.summary();
        assert_eq!(evaluator.images(), 5);
        assert!((summary.map50_95 - 0.995).abs() < 1e-12, "{summary:?}");
        assert!((summary.precision - 1.0).abs() < 1e-12 && (summary.recall - 1.0).abs() < 1e-12);
        assert_eq!(summary.per_class.len(), 1);
        assert_eq!((summary.per_class[0].targets, summary.per_class[0].detections), (5, 5));
    }

    #[test]
    fn nothing_at_all_is_zero_and_not_nan() {
        let summary = DetectionEvaluator::new(3).summary();
        assert_eq!((summary.map50, summary.map50_95, summary.f1), (0.0, 0.0, 0.0));
        assert!(summary.per_class.is_empty());
    }

    #[test]
    fn what_cannot_be_counted_is_named_and_leaves_nothing_behind() {
        let mut evaluator = DetectionEvaluator::new(2);
        let region = square(0.0);
        let bad_class = evaluator.add_image(&[GroundTruth { class: 2, region }], &[]);
        assert_eq!(bad_class, Err(EvaluationError::UnknownClass { class: 2, class_count: 2 }));
        let detection = Detection { class: 0, score: f64::NAN, region };
        let bad_score = evaluator.add_image(&[GroundTruth { class: 0, region }], &[detection]);
        assert_eq!(bad_score, Err(EvaluationError::ScoreNotANumber { class: 0 }));
        assert!(bad_score.unwrap_err().to_string().contains("diverged"));
        assert_eq!((evaluator.images(), evaluator.summary().per_class.len()), (0, 0));
    }
}
