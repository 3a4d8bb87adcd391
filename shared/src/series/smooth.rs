//! The smoothed line behind which the raw one is drawn faintly.
//!
//! Must not know how it is drawn.

use super::Point;

/// The greatest weight that is used; beyond it a line hardly moves any more.
const GREATEST_WEIGHT: f64 = 0.999;

/// Exponential moving average that looks back the same length of x however points are spaced, and
/// that starts at the first value instead of at zero.
///
/// `weight` is 0 (the raw line) to 0.999: what a value still counts after `x_unit` of x. With
/// weights `w_j = weight^((x_i - x_j) / x_unit)` the result at `x_i` is
/// `sum w_j * y_j / sum w_j` over all `j <= i`. Dividing by the sum takes out the pull to the start
/// (Kingma and Ba, "Adam", 2015, section 3); with evenly spaced x and `x_unit` equal to the spacing
/// this is the usual moving average of training charts. A gap stays a gap and counts nothing. An
/// `x_unit` that is no positive number counts as 1; x that goes back counts as standing still, and
/// equal x are averaged. No points give none, and a NaN `weight` the raw line.
///
/// ```
/// use shared::series::{Point, smooth};
///
/// let raw = [Point::new(0.0, 4.0), Point::new(1.0, 2.0), Point::gap(2.0)];
/// let smoothed = smooth(&raw, 0.5, 1.0);
/// assert_eq!(smoothed[0].y, 4.0);
/// // (2 + 0.5 * 4) / (1 + 0.5)
/// assert!((smoothed[1].y - 4.0 / 1.5).abs() < 1e-12);
/// assert!(smoothed[2].is_gap());
/// ```
#[must_use]
pub fn smooth(points: &[Point], weight: f64, x_unit: f64) -> Vec<Point> {
    if weight.is_nan() || weight <= 0.0 {
        return points.to_vec();
    }
    let weight = weight.min(GREATEST_WEIGHT);
    let x_unit = if x_unit.is_finite() && x_unit > 0.0 { x_unit } else { 1.0 };
    let mut state: Option<(f64, f64, f64)> = None;
    // Neighbours are mostly equally far apart, and a power costs more than all the rest.
    let mut known = (1.0, weight);
    points
        .iter()
        .map(|&point| {
            if point.is_gap() {
                return Point::gap(point.x);
            }
            let (average, total) = match state {
                None => (point.y, 1.0),
                Some((before, average, total)) => {
                    let steps = ((point.x - before) / x_unit).max(0.0);
                    if steps != known.0 {
                        known = (steps, libm::pow(weight, steps));
                    }
                    let total = total * known.1 + 1.0;
                    // Moving the average, instead of dividing two sums, stays exact on a flat line. The
                    // division is apart, so that the next point need not wait for it.
                    (average + (point.y - average) * (1.0 / total), total)
                }
            };
            state = Some((point.x, average, total));
            Point::new(point.x, average)
        })
        .collect()
}

/// The usual distance between neighbours, in the unit of x: the median of the positive finite steps,
/// the upper one of two middle ones; 1 without any. NaN and equal x give no step.
///
/// ```
/// use shared::series::{Point, typical_step};
///
/// let line = [0.0, 2.0, 4.0, 6.0, 100.0].map(|x| Point::new(x, 0.0));
/// assert_eq!(typical_step(&line), 2.0);
/// assert_eq!(typical_step(&[]), 1.0);
/// ```
#[must_use]
pub fn typical_step(points: &[Point]) -> f64 {
    let mut steps: Vec<f64> = points
        .windows(2)
        .map(|pair| pair[1].x - pair[0].x)
        .filter(|&step| step.is_finite() && step > 0.0)
        .collect();
    let Some(&first) = steps.first() else {
        return 1.0;
    };
    // Epochs and steps are evenly spaced.
    if steps.iter().all(|&step| step == first) {
        return first;
    }
    let middle = steps.len() / 2;
    *steps.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::super::strategies::line;
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Vec<Point> {
        values.iter().enumerate().map(|(x, &y)| Point::new(x as f64, y)).collect()
    }

    #[test]
    fn even_steps_give_the_usual_average() {
        let weight = 0.6;
        let smoothed = smooth(&of(&[4.0, 2.0, 1.0]), weight, 1.0);
        let second = (2.0 + weight * 4.0) / (1.0 + weight);
        let third = (1.0 + weight * 2.0 + weight * weight * 4.0) / (1.0 + weight + weight * weight);
        for (point, expected) in smoothed.iter().zip([4.0, second, third]) {
            assert!((point.y - expected).abs() < 1e-12, "{point:?}");
        }
    }

    #[test]
    fn a_longer_way_forgets_more() {
        let near = smooth(&[Point::new(0.0, 0.0), Point::new(1.0, 1.0)], 0.9, 1.0);
        let far = smooth(&[Point::new(0.0, 0.0), Point::new(50.0, 1.0)], 0.9, 1.0);
        assert!(near[1].y < 0.6 && far[1].y > 0.99);
    }

    #[test]
    fn gaps_stay_and_do_not_spread() {
        let smoothed = smooth(&of(&[1.0, f64::NAN, f64::INFINITY, 1.0]), 0.9, 1.0);
        assert!(smoothed[1].is_gap() && smoothed[2].is_gap());
        assert_eq!((smoothed[0].y, smoothed[3].y), (1.0, 1.0));
    }

    #[test]
    fn the_typical_step_is_the_median() {
        let line = [0.0, 1.0, 2.0, 3.0, 100.0].map(|x| Point::new(x, 0.0));
        assert_eq!(typical_step(&line), 1.0);
        assert_eq!(typical_step(&line[..1]), 1.0);
    }

    proptest! {
        #[test]
        fn the_average_stays_within_what_was_seen(points in line(200), weight in 0.0..1.5f64, unit in 0.1..9.0f64) {
            let smoothed = smooth(&points, weight, unit);
            prop_assert_eq!(smoothed.len(), points.len());
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for (raw, smooth) in points.iter().zip(&smoothed) {
                prop_assert_eq!(raw.is_gap(), smooth.is_gap());
                prop_assert_eq!(raw.x, smooth.x);
                if !raw.is_gap() {
                    (low, high) = (low.min(raw.y), high.max(raw.y));
                    prop_assert!(smooth.y >= low - 1e-9 && smooth.y <= high + 1e-9);
                }
            }
        }

        #[test]
        fn a_flat_line_stays_flat_and_no_weight_changes_nothing(points in line(100), value in -9.0..9.0f64) {
            let flat: Vec<Point> = points.iter().map(|point| Point::new(point.x, value)).collect();
            prop_assert_eq!(smooth(&flat, 0.9, 1.0), flat);
            for (raw, kept) in points.iter().zip(smooth(&points, 0.0, 1.0)) {
                prop_assert_eq!(raw.y.to_bits(), kept.y.to_bits());
            }
        }
    }
}
