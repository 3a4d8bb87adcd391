//! The curves at the IoU threshold in force.
//!
//! Must not know boxes: it starts from scores and which of them were right.

use super::{InteractiveEvaluator, NO_CLAIM};
use crate::metrics::curves::{DetectionCurves, Running, curve_position};
use crate::metrics::detection::mean;

/// What the curves at one IoU threshold say.
#[derive(Debug, Clone, PartialEq)]
pub struct IouReport {
    /// The threshold, 0 to 1.
    pub iou_threshold: f64,
    /// Precision, recall and F1 by confidence, and precision by recall, at this threshold.
    pub curves: DetectionCurves,
    /// Average precision at this threshold of each class of `curves.per_class`.
    pub average_precision: Vec<f64>,
    /// Mean of `average_precision`; 0 without any class.
    pub mean_average_precision: f64,
    /// Confidence at which the smoothed mean F1 is highest, the lowest of equal ones: a good place
    /// for the slider.
    pub best_confidence: f64,
    /// Mean precision at `best_confidence`.
    pub precision: f64,
    /// Mean recall at `best_confidence`.
    pub recall: f64,
    /// Mean F1 at `best_confidence`.
    pub f1: f64,
}

impl InteractiveEvaluator {
    /// Curves, average precision and the suggested confidence at the IoU threshold in force, by the
    /// formulas of [`DetectionEvaluator`](crate::metrics::DetectionEvaluator): at IoU 0.5 its own
    /// numbers. All 0 when no class has targets.
    ///
    /// ```
    /// use shared::dataset::PixelBox;
    /// use shared::metrics::{Detection, GroundTruth, InteractiveEvaluator};
    ///
    /// let region = PixelBox { x1: 0.0, y1: 0.0, x2: 10.0, y2: 10.0 };
    /// let half = PixelBox { x2: 6.0, ..region };
    /// let mut evaluator = InteractiveEvaluator::new(1);
    /// evaluator.add_image(
    ///     &[GroundTruth { class: 0, region }],
    ///     &[Detection { class: 0, score: 0.8, region: half }],
    /// )?;
    /// // The overlap is 0.6: right at 0.5, wrong at 0.7.
    /// assert!((evaluator.report().mean_average_precision - 0.995).abs() < 1e-12);
    /// evaluator.set_iou_threshold(0.7);
    /// assert_eq!(evaluator.report().mean_average_precision, 0.0);
    /// # Ok::<(), shared::metrics::EvaluationError>(())
    /// ```
    #[must_use]
    pub fn report(&self) -> IouReport {
        let rows = self.by_class.get_or_init(|| self.rows_by_class());
        let mut curves = Vec::new();
        let mut average_precision = Vec::new();
        let mut end = 0;
        for (class, &targets) in self.targets_by_class.iter().enumerate() {
            let start = end;
            end += rows[start..].iter().take_while(|&&row| self.classes[row] == class).count();
            if targets == 0 {
                continue;
            }
            let rows = &rows[start..end];
            let hits = rows.iter().map(|&row| self.claims[row] != NO_CLAIM);
            let running = Running::of(hits, targets as usize);
            let scores: Vec<f64> = rows.iter().map(|&row| self.scores[row]).collect();
            curves.push(running.curves(class, &scores));
            average_precision.push(running.average_precision());
        }
        let curves = DetectionCurves::of_classes(curves);
        let best = curves.best_point();
        let at_best = |values: fn(&crate::metrics::ClassCurves) -> &Vec<f64>| {
            mean(curves.per_class.iter().map(|class| values(class)[best]))
        };
        IouReport {
            iou_threshold: self.iou_threshold,
            mean_average_precision: mean(average_precision.iter().copied()),
            best_confidence: curve_position(best),
            precision: at_best(|class| &class.precision),
            recall: at_best(|class| &class.recall),
            f1: at_best(|class| &class.f1),
            average_precision,
            curves,
        }
    }

    /// Rows by rising class and falling score, equal ones in the order in which they were added.
    fn rows_by_class(&self) -> Vec<usize> {
        let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); self.class_count];
        for (row, &class) in self.classes.iter().enumerate() {
            by_class[class].push(row);
        }
        for rows in &mut by_class {
            rows.sort_by(|&a, &b| self.scores[b].total_cmp(&self.scores[a]));
        }
        by_class.concat()
    }
}
