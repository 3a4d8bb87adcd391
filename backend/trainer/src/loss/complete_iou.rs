//! Complete IoU: overlap of two boxes, less penalties for distance and aspect ratio.
//!
//! Source: Zheng et al. 2020, "Distance-IoU Loss", sections 3.2 and 3.3. Knows nothing of logits.

use std::f64::consts::PI;

use super::dual::{Dual, Number};

/// Keeps divisions by the area of an empty box finite.
const EPSILON: f64 = 1e-7;

/// The three parts of complete IoU.
struct Parts<N> {
    iou: N,
    /// Squared distance of the centres over the squared diagonal of the enclosing box.
    distance: N,
    /// (4 / pi^2) * (atan(w' / h') - atan(w / h))^2.
    aspect: N,
}

/// Complete IoU of two boxes given as x1, y1, x2, y2, in any one unit; at most 1.
pub(crate) fn complete_iou(predicted: [f64; 4], target: [f64; 4]) -> f64 {
    let parts = parts(predicted, target);
    parts.iou - parts.distance - parts.aspect * aspect_weight(parts.iou, parts.aspect)
}

/// The same with its gradient by the predicted corners.
/// As in the paper the weight of the aspect term counts as a constant.
pub(super) fn complete_iou_gradient(predicted: [f64; 4], target: [f64; 4]) -> (f64, [f64; 4]) {
    let inputs = [0, 1, 2, 3].map(|i| Dual::input(predicted[i], i));
    let parts = parts(inputs, target);
    let weight = aspect_weight(parts.iou.value, parts.aspect.value);
    let total = parts.iou - parts.distance - parts.aspect.scale(weight);
    (total.value, total.slope)
}

fn aspect_weight(iou: f64, aspect: f64) -> f64 {
    aspect / (aspect - iou + (1.0 + EPSILON))
}

fn parts<N: Number>(predicted: [N; 4], target: [f64; 4]) -> Parts<N> {
    let target = target.map(N::constant);
    let zero = N::constant(0.0);
    let epsilon = N::constant(EPSILON);
    let size = |b: [N; 4]| (b[2] - b[0], b[3] - b[1] + epsilon);
    let [(w1, h1), (w2, h2)] = [size(predicted), size(target)];
    let overlap = |axis: usize| {
        let end = predicted[axis + 2].smaller(target[axis + 2]);
        (end - predicted[axis].larger(target[axis])).larger(zero)
    };
    let enclosing = |axis: usize| {
        let end = predicted[axis + 2].larger(target[axis + 2]);
        end - predicted[axis].smaller(target[axis])
    };
    let double_shift = |axis: usize| target[axis] + target[axis + 2] - predicted[axis] - predicted[axis + 2];
    let intersection = overlap(0) * overlap(1);
    let union = w1 * h1 + w2 * h2 - intersection + epsilon;
    let diagonal = enclosing(0).square() + enclosing(1).square() + epsilon;
    let distance = (double_shift(0).square() + double_shift(1).square()).scale(0.25) / diagonal;
    let angle = (w2 / h2).atan() - (w1 / h1).atan();
    Parts { iou: intersection / union, distance, aspect: angle.square().scale(4.0 / (PI * PI)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let check = |a: [f64; 4], b: [f64; 4], expected: f64| {
            assert!((complete_iou(a, b) - expected).abs() < 1e-5, "{}", complete_iou(a, b));
        };
        check([0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0], 1.0);
        // Overlap 1 of 7, centres sqrt(2) apart in an enclosing square with diagonal sqrt(18).
        check([0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0], 1.0 / 7.0 - 2.0 / 18.0);
        // No overlap: minus the distance term.
        check([0.0, 0.0, 1.0, 1.0], [3.0, 0.0, 4.0, 1.0], -9.0 / 17.0);
    }

    #[test]
    fn gradient_equals_finite_differences() {
        let boxes = [
            ([1.0, 1.5, 4.0, 5.0], [2.0, 1.0, 5.5, 4.0]),
            ([0.0, 0.0, 1.0, 1.0], [3.0, 0.5, 4.0, 2.5]),
            ([1.0, 1.0, 6.0, 3.0], [2.0, 1.5, 3.0, 2.5]),
            ([-1.0, 2.0, 9.0, 3.0], [2.0, -1.5, 3.0, 7.5]),
        ];
        for (predicted, target) in boxes {
            let (value, gradient) = complete_iou_gradient(predicted, target);
            assert!((value - complete_iou(predicted, target)).abs() < 1e-12);
            let held = parts(predicted, target);
            let weight = aspect_weight(held.iou, held.aspect);
            let with_weight = |b: [f64; 4]| {
                let p = parts(b, target);
                p.iou - p.distance - p.aspect * weight
            };
            for i in 0..4 {
                let [mut up, mut down] = [predicted, predicted];
                up[i] += 1e-5;
                down[i] -= 1e-5;
                let slope = (with_weight(up) - with_weight(down)) / 2e-5;
                let error = (slope - gradient[i]).abs() / slope.abs().max(1e-3);
                assert!(error < 1e-3, "{predicted:?} side {i}: {slope} against {}", gradient[i]);
            }
        }
    }
}
