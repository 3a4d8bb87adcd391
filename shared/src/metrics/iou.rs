//! Overlap of two axis-aligned boxes.
//!
//! Must not know classes or scores.

use crate::dataset::PixelBox;
use std::f64::consts::PI;

/// Area of a box in square pixels; 0 for one that is turned inside out.
#[must_use]
pub fn area(region: &PixelBox) -> f64 {
    side(region.x1, region.x2) * side(region.y1, region.y2)
}

/// Area that two boxes share, in square pixels.
#[must_use]
pub fn intersection(a: &PixelBox, b: &PixelBox) -> f64 {
    side(a.x1.max(b.x1), a.x2.min(b.x2)) * side(a.y1.max(b.y1), a.y2.min(b.y2))
}

/// Intersection over union, 0 to 1 (Jaccard 1912); 0 when both boxes are empty.
#[must_use]
pub fn iou(a: &PixelBox, b: &PixelBox) -> f64 {
    let shared = intersection(a, b);
    let union = area(a) + area(b) - shared;
    if union > 0.0 { shared / union } else { 0.0 }
}

/// Complete IoU, -1.5 to 1; 1 only for equal boxes.
///
/// `IoU - d^2 / c^2 - alpha * v`, where `d` is the distance of the centres, `c` the diagonal of
/// the smallest box around both, `v = 4 / pi^2 * (atan(w_b / h_b) - atan(w_a / h_a))^2` and
/// `alpha = v / (1 - IoU + v)`. Source: Zheng et al., "Distance-IoU Loss", AAAI 2020, eq. 10 to 12.
/// An empty box has a defined value: the angle is that of `atan2`, and `0 / 0` counts as 0.
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
    overlap - distance - alpha * v
}

fn aspect_angle(region: &PixelBox) -> f64 {
    libm::atan2(side(region.x1, region.x2), side(region.y1, region.y2))
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
