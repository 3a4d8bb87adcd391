//! Lines of a chart: fewer points that look the same, smoothing, ranges and ticks.
//!
//! Must not know pixels, colours or how a chart is drawn. A value that is NaN or infinite is a gap
//! everywhere: nothing is drawn there, and nothing is interpolated across it. Uses only
//! `+ - * /`, `sqrt` and the pure-Rust `libm`, so that native and wasm give the same bits.

mod axis;
mod downsample;
mod smooth;
mod time;

pub use axis::{AxisRange, Ticks, axis_range, log_ticks, nice_ticks, whole_ticks};
pub use downsample::{at_most, largest_triangles, min_max};
pub use smooth::{smooth, typical_step};
pub use time::{TimeTicks, time_ticks};

use serde::{Deserialize, Serialize};

/// One point of a line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Epoch, step or time; finite.
    pub x: f64,
    /// The value; NaN and infinities are gaps.
    pub y: f64,
}

impl Point {
    /// A point of a line.
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// A gap at `x`.
    #[must_use]
    pub const fn gap(x: f64) -> Self {
        Self { x, y: f64::NAN }
    }

    /// Whether nothing is drawn here.
    ///
    /// ```
    /// use shared::series::Point;
    ///
    /// assert!(Point::gap(1.0).is_gap() && Point::new(1.0, f64::INFINITY).is_gap());
    /// assert!(!Point::new(1.0, 0.0).is_gap());
    /// ```
    #[must_use]
    pub const fn is_gap(self) -> bool {
        !self.y.is_finite()
    }
}

/// The stretches between gaps: what is drawn as one connected line each. None of them is empty.
///
/// ```
/// use shared::series::{Point, runs};
///
/// let line = [Point::new(0.0, 1.0), Point::gap(1.0), Point::new(2.0, 3.0), Point::new(3.0, 4.0)];
/// let lengths: Vec<usize> = runs(&line).map(<[Point]>::len).collect();
/// assert_eq!(lengths, [1, 2]);
/// ```
pub fn runs(points: &[Point]) -> impl Iterator<Item = &[Point]> {
    points.split(|point| point.is_gap()).filter(|run| !run.is_empty())
}

#[cfg(test)]
pub(crate) mod strategies {
    use super::Point;
    use proptest::prelude::*;

    /// A line with rising x, some equal x, and some gaps.
    pub(crate) fn line(most: usize) -> impl Strategy<Value = Vec<Point>> {
        let value = prop_oneof![
            8 => -1e3..1e3f64,
            1 => Just(f64::NAN),
            1 => Just(f64::INFINITY),
        ];
        prop::collection::vec((0.0..3.0f64, value), 0..most).prop_map(|steps| {
            let mut x = 0.0;
            steps
                .into_iter()
                .map(|(step, y)| {
                    // A step below 1 stays where it is.
                    x += if step < 1.0 { 0.0 } else { step };
                    Point::new(x, y)
                })
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_split_a_line() {
        let line = [
            Point::gap(0.0),
            Point::new(1.0, 1.0),
            Point::new(2.0, 2.0),
            Point::new(3.0, f64::INFINITY),
            Point::new(4.0, 4.0),
        ];
        let lengths: Vec<usize> = runs(&line).map(<[Point]>::len).collect();
        assert_eq!(lengths, [2, 1]);
        assert_eq!(runs(&[]).count(), 0);
    }
}
