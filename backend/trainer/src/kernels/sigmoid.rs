//! The logistic function, fast enough to be computed twice per activation, and SiLU on slices.
//!
//! Written as plain arithmetic without branches, so that the compiler turns the loops into vectors.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Values per parallel task.
const CHUNK: usize = 1 << 16;

/// e^x within 2 units in the last place for x in -87..=88; beyond that the value at the border.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite 1980), e^r by its Taylor polynomial of degree 7,
/// whose remainder there is below 6e-9.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    /// 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits.
    const ROUNDER: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUNDER);
    let n = shifted - ROUNDER;
    let r = n.mul_add(-LN2_LOW, n.mul_add(-LN2_HIGH, x));
    let p = r.mul_add(1.0 / 5040.0, 1.0 / 720.0);
    let p = p.mul_add(r, 1.0 / 120.0);
    let p = p.mul_add(r, 1.0 / 24.0);
    let p = p.mul_add(r, 1.0 / 6.0);
    let p = p.mul_add(r, 0.5);
    let p = p.mul_add(r, 1.0);
    let p = p.mul_add(r, 1.0);
    p * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// x * sigmoid(x).
#[inline(always)]
pub(super) fn silu_value(x: f32) -> f32 {
    x * sigmoid(x)
}

/// The derivative of SiLU: s * (1 + x * (1 - s)) with s = sigmoid(x).
#[inline(always)]
pub(super) fn silu_slope(x: f32) -> f32 {
    let s = sigmoid(x);
    s * (1.0 - s).mul_add(x, 1.0)
}

/// SiLU in place.
pub(super) fn silu_in_place(values: &mut [f32]) {
    struct Work<'a>(&'a mut [f32]);
    impl WithSimd for Work<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            for value in self.0 {
                *value = silu_value(*value);
            }
        }
    }
    values.par_chunks_mut(CHUNK).for_each(|values| pulp::Arch::new().dispatch(Work(values)));
}

/// The gradient in place: `gradient` *= slope at `input`.
pub(super) fn silu_gradient_in_place(gradient: &mut [f32], input: &[f32]) {
    struct Work<'a>(&'a mut [f32], &'a [f32]);
    impl WithSimd for Work<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            for (gradient, input) in self.0.iter_mut().zip(self.1) {
                *gradient *= silu_slope(*input);
            }
        }
    }
    let chunks = gradient.par_chunks_mut(CHUNK).zip(input.par_chunks(CHUNK));
    chunks.for_each(|(gradient, input)| pulp::Arch::new().dispatch(Work(gradient, input)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        for step in -86_999..=87_999 {
            let x = step as f32 * 1e-3;
            let exact = f64::from(x).exp();
            let unit = f64::from((exact as f32).next_up()) - f64::from(exact as f32);
            let error = (f64::from(exp(x)) - exact).abs() / unit;
            assert!(error <= 2.0, "e^{x}: {} against {exact}, {error} units", exp(x));
        }
    }

    #[test]
    fn sigmoid_and_silu_hold_at_the_extremes() {
        for (x, expected) in [(0.0, 0.5), (200.0, 1.0), (-200.0, 0.0)] {
            assert!((sigmoid(x) - expected).abs() < 1e-7);
        }
        assert_eq!(silu_value(0.0), 0.0);
        assert!(silu_value(-100.0).abs() < 1e-30);
        assert_eq!(silu_value(100.0), 100.0);
        assert!(sigmoid(f32::NAN).is_nan());
    }
}
