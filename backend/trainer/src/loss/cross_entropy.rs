//! Cross-entropies: of one yes-or-no logit, and of the bins of one box side.
//!
//! Each function returns the loss and its derivative. Knows nothing of images or boxes.

use crate::model::yolov8::REG_MAX;

/// The largest distance that has a bin to its right, less a hair.
const LARGEST_TARGET: f64 = REG_MAX as f64 - 1.0 - 0.01;

/// Logistic function.
pub(super) fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// Binary cross-entropy of a logit against a target in 0..1, and its derivative by the logit.
///
/// max(x, 0) - x t + ln(1 + exp(-|x|)), which does not overflow.
pub(super) fn binary(logit: f64, target: f64) -> (f64, f64) {
    let small = (-logit.abs()).exp();
    let loss = logit.max(0.0) - logit * target + small.ln_1p();
    let probability = if logit >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
    (loss, probability - target)
}

/// Probabilities of the bins of one side.
pub(super) fn softmax(logits: &[f64; REG_MAX]) -> [f64; REG_MAX] {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers = logits.map(|logit| (logit - largest).exp());
    let sum: f64 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// Expected bin.
pub(super) fn expectation(probabilities: &[f64; REG_MAX]) -> f64 {
    probabilities.iter().enumerate().map(|(bin, probability)| bin as f64 * probability).sum()
}

/// Distribution focal loss of one side, and its derivative by the logits: cross-entropy against the two bins
/// next to `distance` (in units of the stride), each weighted by its nearness.
///
/// Source: Li et al. 2020, "Generalized Focal Loss", equation 6.
/// Distances outside 0..=14.99 count as the nearest of these.
pub(super) fn distribution(probabilities: &[f64; REG_MAX], distance: f64) -> (f64, [f64; REG_MAX]) {
    let distance = distance.clamp(0.0, LARGEST_TARGET);
    let left = distance.floor() as usize;
    let right_weight = distance - left as f64;
    let left_weight = 1.0 - right_weight;
    let loss = -left_weight * log(probabilities[left]) - right_weight * log(probabilities[left + 1]);
    let mut gradient = *probabilities;
    gradient[left] -= left_weight;
    gradient[left + 1] -= right_weight;
    (loss, gradient)
}

fn log(probability: f64) -> f64 {
    probability.max(f64::MIN_POSITIVE).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_gradient_equals_finite_differences() {
        for logit in [-12.0, -1.5, -0.1, 0.0, 0.3, 2.0, 20.0] {
            for target in [0.0, 0.25, 1.0] {
                let (loss, gradient) = binary(logit, target);
                let slope = (binary(logit + 1e-5, target).0 - binary(logit - 1e-5, target).0) / 2e-5;
                assert!(loss >= 0.0);
                assert!((slope - gradient).abs() <= 1e-3 * slope.abs().max(1e-4), "{logit} {target}");
            }
        }
        assert!((binary(0.0, 1.0).0 - std::f64::consts::LN_2).abs() < 1e-12);
        assert!(binary(1e9, 0.0).0.is_finite() && binary(-1e9, 1.0).0.is_finite());
    }

    #[test]
    fn distribution_gradient_equals_finite_differences() {
        let logits: [f64; REG_MAX] = std::array::from_fn(|bin| ((bin * 7) % 5) as f64 * 0.6 - 1.0);
        for distance in [0.0, 0.4, 3.0, 7.75, 14.999, 40.0, -2.0] {
            let (_, gradient) = distribution(&softmax(&logits), distance);
            for bin in 0..REG_MAX {
                let shifted = |by: f64| {
                    let mut moved = logits;
                    moved[bin] += by;
                    distribution(&softmax(&moved), distance).0
                };
                let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                assert!((slope - gradient[bin]).abs() <= 1e-3 * slope.abs().max(1e-4), "{distance} {bin}");
            }
        }
    }

    #[test]
    fn a_sure_and_right_distribution_costs_nothing() {
        let mut logits = [0.0; REG_MAX];
        logits[5] = 60.0;
        let probabilities = softmax(&logits);
        assert!((expectation(&probabilities) - 5.0).abs() < 1e-9);
        assert!(distribution(&probabilities, 5.0).0 < 1e-9);
    }
}
