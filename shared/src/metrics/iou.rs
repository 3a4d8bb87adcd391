//! Overlap of two axis-aligned boxes.
//!
//! Must not know classes or scores. A box with a NaN coordinate, or turned inside out, is empty: it
//! shares nothing with any box. What is not a number thus never looks like a match.

use crate::dataset::PixelBox;
use std::f64::consts::PI;

/// Area of a box in square pixels: `(x2 - x1) * (y2 - y1)`; 0 for one that is turned inside out or has
/// a NaN coordinate, infinite for one without end.
///
/// ```
/// use shared::{dataset::PixelBox, metrics::area};
///
/// assert_eq!(area(&PixelBox { x1: 2.0, y1: 1.0, x2: 6.0, y2: 4.0 }), 12.0);
/// assert_eq!(area(&PixelBox { x1: 6.0, y1: 1.0, x2: 2.0, y2: 4.0 }), 0.0);
/// ```
#[must_use]
pub fn area(region: &PixelBox) -> f64 {
    let (across, down) = (side(region.x1, region.x2), side(region.y1, region.y2));
    // An endless line has no area, though infinity times 0 is not a number.
    if across > 0.0 && down > 0.0 { across * down } else { 0.0 }
}

/// Area that two boxes share, in square pixels; 0 when one of them is empty or has a NaN coordinate.
///
/// ```
/// use shared::{dataset::PixelBox, metrics::intersection};
///
/// let a = PixelBox { x1: 0.0, y1: 0.0, x2: 10.0, y2: 10.0 };
/// let b = PixelBox { x1: 5.0, y1: 4.0, x2: 15.0, y2: 8.0 };
/// assert_eq!(intersection(&a, &b), 20.0);
/// assert_eq!(intersection(&a, &PixelBox { x1: f64::NAN, ..b }), 0.0);
/// ```
#[must_use]
pub fn intersection(a: &PixelBox, b: &PixelBox) -> f64 {
    // `max` and `min` would pass over a NaN and take the other box's edge.
    if has_nan(a) || has_nan(b) {
        return 0.0;
    }
    let x1 = a.x1.max(b.x1);
    let y1 = a.y1.max(b.y1);
    area(&PixelBox { x1, y1, x2: a.x2.min(b.x2), y2: a.y2.min(b.y2) })
}

/// Intersection over union, 0 to 1; 1 only for equal boxes.
///
/// `|A and B| / |A or B|`. Source: Jaccard, "The distribution of the flora in the alpine zone", New
/// Phytologist 11, 1912. 0 when both boxes are empty, one has a NaN coordinate, or an area is beyond
/// what a number can hold.
///
/// ```
/// use shared::{dataset::PixelBox, metrics::iou};
///
/// let a = PixelBox { x1: 0.0, y1: 0.0, x2: 10.0, y2: 10.0 };
/// let b = PixelBox { x1: 5.0, y1: 0.0, x2: 15.0, y2: 10.0 };
/// assert_eq!(iou(&a, &b), 50.0 / 150.0);
/// assert_eq!(iou(&a, &PixelBox { x1: f64::NAN, ..b }), 0.0);
/// ```
#[must_use]
pub fn iou(a: &PixelBox, b: &PixelBox) -> f64 {
    let shared = intersection(a, b);
    let union = area(a) + area(b) - shared;
    if union > 0.0 { shared / union } else { 0.0 }
}

/// The least value of [`complete_iou`]: no overlap, as far apart as can be, shapes as different as
/// can be.
const LEAST_COMPLETE_IOU: f64 = -1.5;

/// Complete IoU, -1.5 to 1; 1 only for equal boxes.
///
/// `IoU - d^2 / c^2 - alpha * v`, where `d` is the distance of the centres, `c` the diagonal of
/// the smallest box around both, `v = 4 / pi^2 * (atan(w_b / h_b) - atan(w_a / h_a))^2` and
/// `alpha = v / (1 - IoU + v)`. Source: Zheng et al., "Distance-IoU Loss", AAAI 2020, eq. 10 to 12.
/// An empty box has a defined value: the angle is that of `atan2`, and `0 / 0` counts as 0. -1.5, the
/// least there is, when a coordinate is not finite or the boxes are too far apart for a number.
///
/// ```
/// use shared::{dataset::PixelBox, metrics::complete_iou};
///
/// let a = PixelBox { x1: 0.0, y1: 0.0, x2: 10.0, y2: 10.0 };
/// // The same shape: IoU 1/3, centres 5 apart, diagonal^2 15^2 + 10^2.
/// let b = PixelBox { x1: 5.0, y1: 0.0, x2: 15.0, y2: 10.0 };
/// assert!((complete_iou(&a, &b) - (1.0 / 3.0 - 25.0 / 325.0)).abs() < 1e-12);
/// assert_eq!(complete_iou(&a, &PixelBox { x1: f64::NAN, ..b }), -1.5);
/// ```
#[must_use]
pub fn complete_iou(a: &PixelBox, b: &PixelBox) -> f64 {
    let overlap = iou(a, b);
    let across = side(a.x1.min(b.x1), a.x2.max(b.x2));
    let down = side(a.y1.min(b.y1), a.y2.max(b.y2));
    let offset_x = (b.x1 + b.x2 - a.x1 - a.x2) / 2.0;
    let offset_y = (b.y1 + b.y2 - a.y1 - a.y2) / 2.0;
    let distance = ratio(offset_x * offset_x + offset_y * offset_y, across * across + down * down);
    let turn = aspect_angle(b) - aspect_angle(a);
    let v = 4.0 / (PI * PI) * turn * turn;
    let alpha = ratio(v, 1.0 - overlap + v);
    let complete = overlap - distance - alpha * v;
    // `max` takes the other number for a NaN, which stands for distances that overflow.
    let is_finite = edges(a).into_iter().chain(edges(b)).all(f64::is_finite);
    if is_finite { complete.max(LEAST_COMPLETE_IOU) } else { LEAST_COMPLETE_IOU }
}

fn aspect_angle(region: &PixelBox) -> f64 {
    libm::atan2(side(region.x1, region.x2), side(region.y1, region.y2))
}

fn has_nan(region: &PixelBox) -> bool {
    edges(region).into_iter().any(f64::is_nan)
}

const fn edges(region: &PixelBox) -> [f64; 4] {
    [region.x1, region.y1, region.x2, region.y2]
}

/// Length of an interval, 0 when it is turned inside out.
fn side(from: f64, to: f64) -> f64 {
    let length = to - from;
    if length > 0.0 { length } else { 0.0 }
}

fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator > 0.0 { numerator / denominator } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn region(x1: f64, y1: f64, x2: f64, y2: f64) -> PixelBox {
        PixelBox { x1, y1, x2, y2 }
    }

    #[test]
    fn overlap_of_known_pairs() {
        let unit = region(0.0, 0.0, 10.0, 10.0);
        let table = [
            ("equal", unit, 1.0),
            ("half beside", region(5.0, 0.0, 15.0, 10.0), 1.0 / 3.0),
            ("a quarter", region(5.0, 5.0, 15.0, 15.0), 25.0 / 175.0),
            ("inside", region(0.0, 0.0, 5.0, 10.0), 0.5),
            ("touching edge", region(10.0, 0.0, 20.0, 10.0), 0.0),
            ("apart", region(20.0, 20.0, 30.0, 30.0), 0.0),
            ("empty", region(5.0, 5.0, 5.0, 5.0), 0.0),
            ("inside out", region(8.0, 8.0, 2.0, 2.0), 0.0),
        ];
        for (name, other, expected) in table {
            assert!((iou(&unit, &other) - expected).abs() < 1e-12, "{name}");
        }
        assert_eq!(iou(&region(1.0, 1.0, 1.0, 1.0), &region(1.0, 1.0, 1.0, 1.0)), 0.0);
    }

    #[test]
    fn what_is_not_finite_is_no_overlap() {
        let plain = region(0.0, 0.0, 10.0, 10.0);
        let places = |value: f64| {
            (0..4).map(move |place| {
                let mut edges = [0.0, 0.0, 10.0, 10.0];
                edges[place] = value;
                region(edges[0], edges[1], edges[2], edges[3])
            })
        };
        for odd in places(f64::NAN).chain(places(f64::INFINITY)).chain(places(f64::NEG_INFINITY)) {
            for (a, b) in [(&plain, &odd), (&odd, &plain), (&odd, &odd)] {
                assert_eq!(iou(a, b), 0.0, "{a:?} and {b:?}");
                assert_eq!(complete_iou(a, b), LEAST_COMPLETE_IOU, "{a:?} and {b:?}");
            }
        }
        for nan in places(f64::NAN) {
            assert_eq!((intersection(&nan, &plain), intersection(&plain, &nan)), (0.0, 0.0));
        }
        let (huge, far) = (region(-1e200, -1e200, 1e200, 1e200), region(1e200, 0.0, 2e200, 1.0));
        assert_eq!((iou(&huge, &huge), complete_iou(&plain, &far)), (0.0, LEAST_COMPLETE_IOU));
        assert_eq!(area(&region(0.0, 3.0, f64::INFINITY, 3.0)), 0.0);
    }

    #[test]
    fn complete_overlap_of_known_pairs() {
        let a = region(0.0, 0.0, 10.0, 10.0);
        assert_eq!(complete_iou(&a, &a), 1.0);
        // Same shape, shifted by 5: IoU 1/3, centres 5 apart, diagonal^2 = 15^2 + 10^2.
        let shifted = complete_iou(&a, &region(5.0, 0.0, 15.0, 10.0));
        assert!((shifted - (1.0 / 3.0 - 25.0 / 325.0)).abs() < 1e-12);
        // Same centre, twice as wide: IoU 1/2, angle atan(2) - atan(1).
        let turn = 2.0f64.atan() - 1.0f64.atan();
        let v = 4.0 / (PI * PI) * turn * turn;
        let wide = complete_iou(&a, &region(-5.0, 0.0, 15.0, 10.0));
        assert!((wide - (0.5 - v * v / (0.5 + v))).abs() < 1e-12);
        assert!(complete_iou(&region(3.0, 3.0, 3.0, 3.0), &region(3.0, 3.0, 3.0, 3.0)).is_finite());
    }
}
