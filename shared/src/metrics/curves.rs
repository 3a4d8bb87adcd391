//! Precision, recall and F1 along confidence, precision along recall, and average precision.
//!
//! Must not know boxes: it starts from scores and which of them were right.

use serde::{Deserialize, Serialize};

/// Points of each curve; both confidence and recall run from 0 to 1 in equal steps.
pub const CURVE_POINTS: usize = 1000;

/// Recalls at which precision is read for average precision.
const AVERAGE_PRECISION_POINTS: usize = 101;

/// Keeps divisions defined, as in the validator that these numbers follow.
const EPSILON: f64 = 1e-16;

/// Confidence (or recall) of a curve's point, 0 to 1: `point / 999`.
///
/// ```
/// use shared::metrics::{CURVE_POINTS, curve_position};
///
/// assert_eq!((curve_position(0), curve_position(CURVE_POINTS - 1)), (0.0, 1.0));
/// ```
#[must_use]
pub fn curve_position(point: usize) -> f64 {
    position(point, CURVE_POINTS)
}

fn position(point: usize, points: usize) -> f64 {
    point as f64 / (points - 1) as f64
}

/// Curves at one IoU threshold (0.5 unless said), each of [`CURVE_POINTS`] values from 0 to 1.
///
/// Source: the Ultralytics validator, `ultralytics/utils/metrics.py`, `ap_per_class`. Between two
/// scores a curve is a straight line; of detections of equal score the last one's value counts; above
/// all scores precision is 1 and recall 0, below all of them those of the last detection. A class
/// without detections is 0 everywhere, and without any class so are the means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectionCurves {
    /// Mean over classes of precision, by confidence.
    pub precision: Vec<f64>,
    /// Mean over classes of recall, by confidence.
    pub recall: Vec<f64>,
    /// Mean over classes of F1, by confidence.
    pub f1: Vec<f64>,
    /// Mean over classes of precision, by recall.
    pub precision_by_recall: Vec<f64>,
    /// One entry for each class that has targets, by rising class index.
    pub per_class: Vec<ClassCurves>,
}

/// The curves of one class at the same IoU threshold, each of [`CURVE_POINTS`] values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassCurves {
    /// Class index.
    pub class: usize,
    /// Share of detections that are right, by confidence.
    pub precision: Vec<f64>,
    /// Share of targets that are found, by confidence.
    pub recall: Vec<f64>,
    /// Harmonic mean of both, by confidence.
    pub f1: Vec<f64>,
    /// Precision (as the envelope from the right), by recall.
    pub precision_by_recall: Vec<f64>,
}

impl DetectionCurves {
    pub(super) fn of_classes(per_class: Vec<ClassCurves>) -> Self {
        let mean = |curve: fn(&ClassCurves) -> &Vec<f64>| mean_curve(per_class.iter().map(curve));
        Self {
            precision: mean(|class| &class.precision),
            recall: mean(|class| &class.recall),
            f1: mean(|class| &class.f1),
            precision_by_recall: mean(|class| &class.precision_by_recall),
            per_class,
        }
    }

    /// The point at which the mean F1, smoothed over 101 points, is highest; the first of equal ones,
    /// and 0 when no class has targets. [`curve_position`] makes it a confidence.
    ///
    /// ```
    /// use shared::dataset::PixelBox;
    /// use shared::metrics::{Detection, DetectionEvaluator, GroundTruth, curve_position};
    ///
    /// let region = PixelBox { x1: 0.0, y1: 0.0, x2: 10.0, y2: 10.0 };
    /// let mut evaluator = DetectionEvaluator::new(1);
    /// let wrong = PixelBox { x1: 50.0, x2: 60.0, ..region };
    /// evaluator.add_image(
    ///     &[GroundTruth { class: 0, region }],
    ///     &[Detection { class: 0, score: 0.8, region }, Detection { class: 0, score: 0.2, region: wrong }],
    /// )?;
    /// // Between the wrong detection's score and the right one's.
    /// let best = curve_position(evaluator.curves().best_point());
    /// assert!(best > 0.2 && best < 0.8);
    /// # Ok::<(), shared::metrics::EvaluationError>(())
    /// ```
    #[must_use]
    pub fn best_point(&self) -> usize {
        let smooth = box_filter(&self.f1, CURVE_POINTS / 10);
        let mut best = 0;
        for (point, &value) in smooth.iter().enumerate() {
            if value > smooth[best] {
                best = point;
            }
        }
        best
    }
}

/// Running precision and recall of one class at one threshold, detections by falling score.
pub(super) struct Running {
    pub precision: Vec<f64>,
    pub recall: Vec<f64>,
}

impl Running {
    /// `hits` says for each detection, by falling score, whether it claimed a target.
    pub(super) fn of(hits: impl Iterator<Item = bool>, target_count: usize) -> Self {
        let (mut precision, mut recall) = (Vec::new(), Vec::new());
        let mut right = 0.0;
        for (index, hit) in hits.enumerate() {
            right += f64::from(u8::from(hit));
            precision.push(right / (index + 1) as f64);
            recall.push(right / (target_count as f64 + EPSILON));
        }
        Self { precision, recall }
    }

    /// The curve (recall, precision) with its ends, and precision as the envelope from the right.
    ///
    /// (0, 1) stands before the curve, (last recall, 0) and (1, 0) after it.
    fn envelope(&self) -> (Vec<f64>, Vec<f64>) {
        let mut recall = vec![0.0];
        recall.extend(&self.recall);
        recall.extend([self.recall.last().copied().unwrap_or(0.0), 1.0]);
        let mut precision = vec![1.0];
        precision.extend(&self.precision);
        precision.extend([0.0, 0.0]);
        for index in (1..precision.len()).rev() {
            precision[index - 1] = precision[index - 1].max(precision[index]);
        }
        (recall, precision)
    }

    /// Area under the envelope: trapezoids over 101 recalls, linearly interpolated.
    pub(super) fn average_precision(&self) -> f64 {
        if self.recall.is_empty() {
            return 0.0;
        }
        let (recall, precision) = self.envelope();
        let mut line = Line::new(&recall, &precision, precision[0]);
        let mut at = |point| line.at(position(point, AVERAGE_PRECISION_POINTS));
        let mut area = 0.0;
        let mut left = at(0);
        for point in 1..AVERAGE_PRECISION_POINTS {
            let right = at(point);
            let width =
                position(point, AVERAGE_PRECISION_POINTS) - position(point - 1, AVERAGE_PRECISION_POINTS);
            area += width * (left + right) / 2.0;
            left = right;
        }
        area
    }

    /// The curves of a class; `scores` fall.
    pub(super) fn curves(&self, class: usize, scores: &[f64]) -> ClassCurves {
        if scores.is_empty() {
            let zeros = vec![0.0; CURVE_POINTS];
            return ClassCurves {
                class,
                precision: zeros.clone(),
                recall: zeros.clone(),
                f1: zeros.clone(),
                precision_by_recall: zeros,
            };
        }
        // Interpolation wants rising positions, and scores fall.
        let rising: Vec<f64> = scores.iter().map(|score| -score).collect();
        let sample = |values: &[f64], above_all: f64| -> Vec<f64> {
            let mut line = Line::new(&rising, values, above_all);
            (0..CURVE_POINTS).map(|point| line.at(-curve_position(point))).collect()
        };
        let precision = sample(&self.precision, 1.0);
        let recall = sample(&self.recall, 0.0);
        let f1 = precision.iter().zip(&recall).map(|(p, r)| 2.0 * p * r / (p + r + EPSILON)).collect();
        let (envelope_recall, envelope_precision) = self.envelope();
        let mut line = Line::new(&envelope_recall, &envelope_precision, envelope_precision[0]);
        let precision_by_recall = (0..CURVE_POINTS).map(|point| line.at(curve_position(point))).collect();
        ClassCurves { class, precision, recall, f1, precision_by_recall }
    }
}

/// Piecewise linear interpolation over rising `xs`; `before` left of the first, the last value right
/// of the last. At a jump (equal `xs`) the last value counts.
struct Line<'a> {
    xs: &'a [f64],
    ys: &'a [f64],
    before: f64,
    /// How many of `xs` are not above the x asked for last. Curves are read from one end to the other,
    /// so the next place is near.
    passed: usize,
}

impl<'a> Line<'a> {
    const fn new(xs: &'a [f64], ys: &'a [f64], before: f64) -> Self {
        Self { xs, ys, before, passed: 0 }
    }

    fn at(&mut self, x: f64) -> f64 {
        let (xs, ys) = (self.xs, self.ys);
        while self.passed < xs.len() && xs[self.passed] <= x {
            self.passed += 1;
        }
        while self.passed > 0 && xs[self.passed - 1] > x {
            self.passed -= 1;
        }
        let after = self.passed;
        if after == 0 {
            return self.before;
        }
        let at = after - 1;
        if after == xs.len() || xs[at] == x {
            return ys[at];
        }
        let slope = (ys[after] - ys[at]) / (xs[after] - xs[at]);
        slope * (x - xs[at]) + ys[at]
    }
}

/// Mean over a window of `width + 1` points (rounded to an odd number), with the ends repeated.
///
/// Each window is summed afresh, so that a plateau stays flat to the last bit.
fn box_filter(values: &[f64], width: usize) -> Vec<f64> {
    let half = width / 2;
    let (Some(&first), Some(&last)) = (values.first(), values.last()) else {
        return Vec::new();
    };
    let mut padded = vec![first; half];
    padded.extend(values);
    padded.extend(std::iter::repeat_n(last, half));
    let share = 1.0 / (2 * half + 1) as f64;
    padded.windows(2 * half + 1).map(|window| window.iter().map(|value| value * share).sum()).collect()
}

fn mean_curve<'a>(curves: impl Iterator<Item = &'a Vec<f64>>) -> Vec<f64> {
    let mut sum = vec![0.0; CURVE_POINTS];
    let mut count = 0.0;
    for curve in curves {
        count += 1.0;
        for (total, value) in sum.iter_mut().zip(curve) {
            *total += value;
        }
    }
    if count > 0.0 {
        for total in &mut sum {
            *total /= count;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_at_ends_and_jumps() {
        let (xs, ys) = ([0.0, 1.0, 1.0, 3.0], [0.0, 10.0, 20.0, 40.0]);
        let table = [(-1.0, -7.0), (0.0, 0.0), (0.5, 5.0), (1.0, 20.0), (2.0, 30.0), (9.0, 40.0)];
        let mut line = Line::new(&xs, &ys, -7.0);
        for (x, expected) in table.into_iter().chain(table.into_iter().rev()) {
            assert_eq!(line.at(x), expected, "at {x}");
        }
    }

    #[test]
    fn the_box_filter_keeps_length_and_plateaus() {
        let smooth = box_filter(&[1.0; 30], 4);
        assert_eq!(smooth.len(), 30);
        assert!(smooth.windows(2).all(|pair| pair[0] == pair[1]));
        let step = box_filter(&[0.0, 0.0, 5.0, 5.0], 2);
        for (value, expected) in step.iter().zip([0.0, 5.0 / 3.0, 10.0 / 3.0, 5.0]) {
            assert!((value - expected).abs() < 1e-12);
        }
        assert!(box_filter(&[], 4).is_empty());
    }
}
