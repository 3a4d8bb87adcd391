//! The lines of a chart: their extents, their unbroken parts, and the point nearest to the cursor.
//!
//! Must not know pixels or colours.

use super::look::Look;
use crate::arrange::sort_by;
pub use shared::series::Point;
use shared::series::{smooth, typical_step};

/// One line, its points sorted by `x`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// What the line is called, for example `train`.
    pub legend: String,
    pub look: Look,
    pub points: Vec<Point>,
}

impl Line {
    /// The points within a range of `x`, in their order.
    pub fn within(&self, (from, to): (f64, f64)) -> &[Point] {
        let start = self.points.partition_point(|point| point.x < from);
        let end = self.points.partition_point(|point| point.x <= to);
        self.points.get(start..end).unwrap_or_default()
    }

    /// The same line, calmed: `weight` is what a value still counts one step later.
    pub fn smoothed(&self, weight: f64) -> Self {
        let points = smooth(&self.points, weight, typical_step(&self.points));
        Self { legend: self.legend.clone(), look: self.look, points }
    }

    /// The point nearest to `x`, gaps included, so that a gap under the cursor reads as one.
    pub fn nearest(&self, x: f64) -> Option<Point> {
        let after = self.points.partition_point(|point| point.x < x);
        let before = after.checked_sub(1).and_then(|index| self.points.get(index));
        match (before, self.points.get(after)) {
            (Some(left), Some(right)) if x - left.x <= right.x - x => Some(*left),
            (_, Some(right)) => Some(*right),
            (left, None) => left.copied(),
        }
    }
}

/// A point of a line, at the place of the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Under {
    pub legend: String,
    pub look: Look,
    pub point: Point,
}

/// What the lines have at `x` exactly; a line without a point there has nothing.
pub fn under(lines: &[Line], x: f64) -> Vec<Under> {
    let at = |line: &Line| {
        let point = line.nearest(x).filter(|point| point.x == x)?;
        Some(Under { legend: line.legend.clone(), look: line.look, point })
    };
    lines.iter().filter_map(at).collect()
}

/// Smallest and largest `x` over all lines.
pub fn extent_x(lines: &[Line]) -> Option<(f64, f64)> {
    extent(lines.iter().flat_map(|line| line.points.iter().map(|point| point.x)))
}

/// The `x` of the points of all lines, sorted, each once.
pub fn positions(lines: &[Line]) -> Vec<f64> {
    let mut all: Vec<f64> = lines.iter().flat_map(|line| line.points.iter().map(|point| point.x)).collect();
    sort_by(&mut all, f64::total_cmp);
    all.dedup();
    all
}

/// The point that the cursor snaps to.
pub fn nearest_x(lines: &[Line], x: f64) -> Option<f64> {
    lines
        .iter()
        .filter_map(|line| line.nearest(x))
        .map(|point| point.x)
        .min_by(|left, right| (left - x).abs().total_cmp(&(right - x).abs()))
}

/// Where the cursor goes from `x` by so many points; from nowhere it goes to the last.
pub fn stepped(lines: &[Line], x: Option<f64>, steps: isize) -> Option<f64> {
    let all = positions(lines);
    let last = all.len().checked_sub(1)?;
    let Some(x) = x else { return all.last().copied() };
    let here = all.partition_point(|position| *position < x).min(last);
    let target = here.saturating_add_signed(steps).min(last);
    all.get(target).copied()
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |so_far, value| {
        let (low, high) = so_far.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[(f64, f64)]) -> Line {
        Line {
            legend: "train".into(),
            look: Look::default(),
            points: points.iter().map(|&(x, y)| Point { x, y }).collect(),
        }
    }

    #[test]
    fn the_extent_reaches_over_gaps() {
        let line = line(&[(1.0, 2.0), (2.0, 3.0), (3.0, f64::NAN), (4.0, f64::INFINITY), (5.0, 1.0)]);
        assert_eq!(extent_x(&[line]), Some((1.0, 5.0)));
        assert_eq!(extent_x(&[]), None);
    }

    #[test]
    fn the_nearest_point_is_found_among_all_lines() {
        let lines = [line(&[(1.0, 0.0), (4.0, 0.0)]), line(&[(2.0, 0.0)])];
        let cases = [(0.0, 1.0), (1.4, 1.0), (1.6, 2.0), (3.5, 4.0), (99.0, 4.0)];
        for (x, expected) in cases {
            assert_eq!(nearest_x(&lines, x), Some(expected), "{x}");
        }
        assert_eq!(nearest_x(&[], 1.0), None);
    }

    #[test]
    fn a_gap_can_be_pointed_at() {
        let line = line(&[(1.0, 5.0), (2.0, f64::NAN)]);
        assert!(line.nearest(2.2).is_some_and(|point| point.y.is_nan()));
        let there = under(std::slice::from_ref(&line), 2.0);
        assert!(there.len() == 1 && there[0].point.y.is_nan());
        assert!(under(&[line], 1.5).is_empty());
    }

    #[test]
    fn smoothing_keeps_places_and_gaps() {
        let raw = line(&[(1.0, 1.0), (2.0, 3.0), (3.0, f64::NAN), (4.0, 1.0)]);
        assert_eq!(raw.smoothed(0.0).points[..2], raw.points[..2]);
        let calm = raw.smoothed(0.5);
        assert!(calm.points[1].y > 1.0 && calm.points[1].y < 3.0);
        assert!(calm.points[2].y.is_nan());
        assert!(calm.points.iter().zip(&raw.points).all(|(one, other)| one.x == other.x));
    }

    #[test]
    fn arrows_step_by_point_and_stop_at_the_ends() {
        let lines = [line(&[(1.0, 0.0), (2.0, 0.0), (5.0, 0.0)])];
        let cases = [
            (None, 1, Some(5.0)),
            (Some(1.0), 1, Some(2.0)),
            (Some(2.0), -1, Some(1.0)),
            (Some(1.0), -1, Some(1.0)),
            (Some(5.0), 10, Some(5.0)),
            (Some(5.0), isize::MIN, Some(1.0)),
        ];
        for (from, steps, expected) in cases {
            assert_eq!(stepped(&lines, from, steps), expected, "{from:?} {steps}");
        }
    }
}
