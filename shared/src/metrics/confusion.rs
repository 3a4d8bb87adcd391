//! Which class was taken for which, at one confidence and one IoU threshold.
//!
//! Must not know how it is drawn. Its diagonal is the evaluator's true positives, so precision and
//! recall read off the matrix are those of the curves at the same two thresholds.

use super::detection::check_image;
use super::{Detection, EvaluationError, GroundTruth, Overlaps};
use serde::{Deserialize, Serialize};

/// Counts by true class (rows) and predicted class (columns); the last row and column are the
/// background: found where nothing is, and missed. Shape `[class_count + 1, class_count + 1]`.
///
/// Detections first claim targets of their own class, as in
/// [`DetectionEvaluator`](super::DetectionEvaluator), by falling confidence and, of equal ones, in the
/// order given; what is left on both sides is then matched across classes. So the diagonal is the
/// evaluator's true positives. (The Ultralytics matrix matches by overlap alone, and its diagonal can
/// differ from its own true positives.) A NaN confidence shows no detection, and a NaN IoU threshold is
/// reached by none.
///
/// ```
/// use shared::dataset::PixelBox;
/// use shared::metrics::{ConfusionMatrix, Detection, GroundTruth};
///
/// let region = |x1: f64| PixelBox { x1, y1: 0.0, x2: x1 + 10.0, y2: 10.0 };
/// let mut matrix = ConfusionMatrix::new(2, 0.25, 0.5);
/// matrix.add_image(
///     &[GroundTruth { class: 0, region: region(0.0) }, GroundTruth { class: 1, region: region(50.0) }],
///     &[
///         Detection { class: 0, score: 0.9, region: region(0.0) },
///         Detection { class: 0, score: 0.8, region: region(50.0) },
///         Detection { class: 1, score: 0.1, region: region(50.0) },
///     ],
/// )?;
/// assert_eq!((matrix.count(0, 0), matrix.count(1, 0), matrix.count(1, 1)), (1, 1, 0));
/// assert_eq!((matrix.precision(0), matrix.recall(0)), (Some(0.5), Some(1.0)));
/// assert_eq!((matrix.precision(1), matrix.recall(1)), (None, Some(0.0)));
/// # Ok::<(), shared::metrics::EvaluationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    confidence: f64,
    iou_threshold: f64,
    class_count: usize,
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// An empty matrix that counts detections of at least `confidence` (0 to 1) which reach
    /// `iou_threshold` (0 to 1).
    #[must_use]
    pub fn new(class_count: usize, confidence: f64, iou_threshold: f64) -> Self {
        let side = class_count + 1;
        Self { confidence, iou_threshold, class_count, counts: vec![0; side * side] }
    }

    /// A matrix counted elsewhere; `counts` by rising true class, then predicted class, each row
    /// and the last one for the background of `class_count + 1` cells.
    pub(super) const fn of_counts(
        class_count: usize,
        confidence: f64,
        iou_threshold: f64,
        counts: Vec<u64>,
    ) -> Self {
        Self { confidence, iou_threshold, class_count, counts }
    }

    /// Adds one image. The order of images does not matter.
    ///
    /// # Errors
    /// [`EvaluationError`] as for the evaluator; nothing of the image is added then.
    pub fn add_image(
        &mut self,
        targets: &[GroundTruth],
        detections: &[Detection],
    ) -> Result<(), EvaluationError> {
        check_image(self.class_count, targets, detections)?;
        let shown: Vec<Detection> =
            detections.iter().filter(|detection| detection.score >= self.confidence).copied().collect();
        let right = Overlaps::within_class(targets, &shown).matched(self.iou_threshold);
        let wrong = Overlaps::across_classes(targets, &shown).matched_after(self.iou_threshold, &right);
        let mut missed = vec![true; targets.len()];
        for (index, detection) in shown.iter().enumerate() {
            let claimed = right[index].or(wrong[index]);
            if let Some(target) = claimed {
                missed[target] = false;
            }
            let actual = claimed.map_or(self.class_count, |target| targets[target].class);
            self.bump(actual, detection.class);
        }
        for (target, _) in targets.iter().zip(missed).filter(|&(_, missed)| missed) {
            self.bump(target.class, self.class_count);
        }
        Ok(())
    }

    /// Index of the background's row and column, equal to the number of classes.
    #[must_use]
    pub const fn background(&self) -> usize {
        self.class_count
    }

    /// How often `actual` was taken for `predicted`; 0 outside the matrix.
    #[must_use]
    pub fn count(&self, actual: usize, predicted: usize) -> u64 {
        if actual > self.class_count || predicted > self.class_count {
            return 0;
        }
        self.counts[actual * (self.class_count + 1) + predicted]
    }

    /// TP / (TP + FP) of a class, 0 to 1; `None` when it was never predicted.
    #[must_use]
    pub fn precision(&self, class: usize) -> Option<f64> {
        let predicted: u64 = (0..=self.class_count).map(|actual| self.count(actual, class)).sum();
        share(self.count(class, class), predicted)
    }

    /// TP / (TP + FN) of a class, 0 to 1; `None` when it has no targets.
    #[must_use]
    pub fn recall(&self, class: usize) -> Option<f64> {
        let targets: u64 = (0..=self.class_count).map(|predicted| self.count(class, predicted)).sum();
        share(self.count(class, class), targets)
    }

    fn bump(&mut self, actual: usize, predicted: usize) {
        self.counts[actual * (self.class_count + 1) + predicted] += 1;
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::PixelBox;

    fn square(x1: f64) -> PixelBox {
        PixelBox { x1, y1: 0.0, x2: x1 + 10.0, y2: 10.0 }
    }

    #[test]
    fn each_kind_of_outcome_has_its_cell() {
        let targets = [
            GroundTruth { class: 0, region: square(0.0) },
            GroundTruth { class: 1, region: square(100.0) },
            GroundTruth { class: 1, region: square(200.0) },
        ];
        let detections = [
            Detection { class: 0, score: 0.9, region: square(0.0) },
            Detection { class: 0, score: 0.8, region: square(101.0) },
            Detection { class: 1, score: 0.7, region: square(300.0) },
            Detection { class: 1, score: 0.1, region: square(200.0) },
        ];
        let mut matrix = ConfusionMatrix::new(2, 0.25, 0.5);
        matrix.add_image(&targets, &detections).unwrap();
        let background = matrix.background();
        let table = [(0, 0, 1), (1, 0, 1), (background, 1, 1), (1, background, 1), (1, 1, 0), (7, 0, 0)];
        for (actual, predicted, expected) in table {
            assert_eq!(matrix.count(actual, predicted), expected, "{actual} taken for {predicted}");
        }
        assert_eq!((matrix.precision(0), matrix.recall(0)), (Some(0.5), Some(1.0)));
        assert_eq!((matrix.precision(1), matrix.recall(1)), (Some(0.0), Some(0.0)));
        assert_eq!(ConfusionMatrix::new(1, 0.5, 0.5).precision(0), None);
    }
}
