//! What is applied to a value after its normalisation, and to sums of two ways through a network.
//!
//! Curves are types, so that a loop over values holds no question about which one it is.

use rayon::prelude::*;

use super::sigmoid::{silu_slope, silu_value};

/// Values per parallel task.
const CHUNK: usize = 1 << 16;

/// Which curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The value itself.
    None,
    /// max(x, 0).
    Relu,
    /// x * sigmoid(x).
    Silu,
}

/// A curve and its slope.
pub(super) trait Curve: Send + Sync {
    fn value(x: f32) -> f32;
    fn slope(x: f32) -> f32;
}

pub(super) struct Identity;
pub(super) struct Relu;
pub(super) struct Silu;

impl Curve for Identity {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn slope(_: f32) -> f32 {
        1.0
    }
}

impl Curve for Relu {
    /// A NaN stays one, so that divergence shows.
    #[inline(always)]
    fn value(x: f32) -> f32 {
        if x < 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        if x > 0.0 { 1.0 } else { 0.0 }
    }
}

impl Curve for Silu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        silu_value(x)
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        silu_slope(x)
    }
}

/// max(first + second, 0), value by value, into `first`.
pub(super) fn add_relu(first: &mut [f32], second: &[f32]) {
    first.par_chunks_mut(CHUNK).zip(second.par_chunks(CHUNK)).for_each(|(first, second)| {
        for (value, other) in first.iter_mut().zip(second) {
            *value = Relu::value(*value + other);
        }
    });
}

/// The gradient of both terms of [`add_relu`], in place; `output` is what it gave.
pub(super) fn add_relu_gradient(gradient: &mut [f32], output: &[f32]) {
    gradient.par_chunks_mut(CHUNK).zip(output.par_chunks(CHUNK)).for_each(|(gradient, output)| {
        for (gradient, output) in gradient.iter_mut().zip(output) {
            *gradient *= Relu::slope(*output);
        }
    });
}
