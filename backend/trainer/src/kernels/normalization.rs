//! Batch normalisation with the batch's statistics, fused with an activation: forward and backward on slices.
//!
//! Threaded over channels; each channel is summed in one fixed order, so results do not depend on threads.

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::activation::{Activation, Curve, Identity, Relu, Silu};

/// Values summed in single precision before the sum goes to double precision.
const BLOCK: usize = 1024;
/// Independent partial sums, so that summation can be done in vectors.
const LANES: usize = 16;

/// What the forward pass gives.
pub(super) struct Normalized {
    /// [N, C, H * W].
    pub output: Vec<f32>,
    /// [C].
    pub mean: Vec<f32>,
    /// [C], biased.
    pub variance: Vec<f32>,
}

/// What the backward pass gives.
pub(super) struct Gradients {
    /// [N, C, H * W].
    pub input: Vec<f32>,
    /// [C].
    pub scale: Vec<f32>,
    /// [C].
    pub shift: Vec<f32>,
}

/// `input` [N, C, area], `scale` and `shift` [C].
pub(super) fn forward(
    input: &[f32],
    scale: &[f32],
    shift: &[f32],
    area: usize,
    settings: Settings,
) -> Normalized {
    match settings.activation {
        Activation::None => forward_with::<Identity>(input, scale, shift, area, settings.epsilon),
        Activation::Relu => forward_with::<Relu>(input, scale, shift, area, settings.epsilon),
        Activation::Silu => forward_with::<Silu>(input, scale, shift, area, settings.epsilon),
    }
}

/// What does not depend on the batch.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Added to the variance.
    pub epsilon: f64,
    /// Applied to what was normalised.
    pub activation: Activation,
}

fn forward_with<A: Curve>(
    input: &[f32],
    scale: &[f32],
    shift: &[f32],
    area: usize,
    epsilon: f64,
) -> Normalized {
    let channels = scale.len();
    let mut output = vec![0.0; input.len()];
    let statistics: Vec<(f32, f32)> = by_channel(&mut output, channels, area)
        .into_par_iter()
        .enumerate()
        .map(|(c, out)| {
            let maps = maps_of(input, c, channels, area);
            pulp::Arch::new().dispatch(ForwardChannel::<A> {
                maps,
                out,
                scale: scale[c],
                shift: shift[c],
                epsilon,
                activation: PhantomData,
            })
        })
        .collect();
    let (mean, variance) = statistics.into_iter().unzip();
    Normalized { output, mean, variance }
}

/// The maps of one channel, image by image.
fn maps_of(values: &[f32], channel: usize, channels: usize, area: usize) -> Vec<&[f32]> {
    values.chunks_exact(area).skip(channel).step_by(channels).collect()
}

/// The same for writing, for all channels.
fn by_channel(values: &mut [f32], channels: usize, area: usize) -> Vec<Vec<&mut [f32]>> {
    let mut maps: Vec<Vec<&mut [f32]>> = (0..channels).map(|_| Vec::new()).collect();
    for (index, map) in values.chunks_exact_mut(area).enumerate() {
        maps[index % channels].push(map);
    }
    maps
}

struct ForwardChannel<'a, A> {
    maps: Vec<&'a [f32]>,
    out: Vec<&'a mut [f32]>,
    scale: f32,
    shift: f32,
    epsilon: f64,
    activation: PhantomData<A>,
}

impl<A: Curve> WithSimd for ForwardChannel<'_, A> {
    type Output = (f32, f32);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> (f32, f32) {
        let (mean, variance) = mean_and_variance(&self.maps);
        let slope = f64::from(self.scale) / (variance + self.epsilon).sqrt();
        let offset = (f64::from(self.shift) - mean * slope) as f32;
        let slope = slope as f32;
        for (map, out) in self.maps.into_iter().zip(self.out) {
            for (value, out) in map.iter().zip(out) {
                *out = A::value(value.mul_add(slope, offset));
            }
        }
        (mean as f32, variance as f32)
    }
}

/// Mean and biased variance by blocks, merged as in Chan, Golub and LeVeque 1979: one pass over memory.
#[inline(always)]
fn mean_and_variance(maps: &[&[f32]]) -> (f64, f64) {
    let (mut count, mut mean, mut squares) = (0.0_f64, 0.0_f64, 0.0_f64);
    for map in maps {
        for block in map.chunks(BLOCK) {
            let size = block.len() as f64;
            let block_mean = sum(block, |value| value) / size;
            let center = block_mean as f32;
            let block_squares = sum(block, |value| (value - center) * (value - center));
            let total = count + size;
            let difference = f64::from(center) - mean;
            mean += difference * size / total;
            squares += block_squares + difference * difference * count * size / total;
            count = total;
        }
    }
    (mean, squares / count.max(1.0))
}

#[inline(always)]
fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f64 {
    let mut sums = [0.0_f32; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += term(*value);
        }
    }
    let total: f64 = sums.iter().map(|sum| f64::from(*sum)).sum();
    total + rest.iter().map(|value| f64::from(term(*value))).sum::<f64>()
}

/// `input` and `gradient` [N, C, area]; `mean` and `variance` as the forward pass gave them.
///
/// With y = scale * z + shift, z = (x - mean) * inverse, g = gradient * activation'(y) and averages over the batch:
/// dx = scale * inverse * (g - average(g) - z * average(g * z)) (Ioffe and Szegedy 2015, section 3).
pub(super) fn backward(
    input: &[f32],
    gradient: &[f32],
    statistics: Statistics<'_>,
    area: usize,
) -> Gradients {
    match statistics.settings.activation {
        Activation::None => backward_with::<Identity>(input, gradient, statistics, area),
        Activation::Relu => backward_with::<Relu>(input, gradient, statistics, area),
        Activation::Silu => backward_with::<Silu>(input, gradient, statistics, area),
    }
}

fn backward_with<A: Curve>(
    input: &[f32],
    gradient: &[f32],
    statistics: Statistics<'_>,
    area: usize,
) -> Gradients {
    let channels = statistics.scale.len();
    let mut output = vec![0.0; input.len()];
    let sums: Vec<(f32, f32)> = by_channel(&mut output, channels, area)
        .into_par_iter()
        .enumerate()
        .map(|(c, out)| {
            let inverse = 1.0 / (f64::from(statistics.variance[c]) + statistics.settings.epsilon).sqrt();
            pulp::Arch::new().dispatch(BackwardChannel::<A> {
                maps: maps_of(input, c, channels, area),
                gradients: maps_of(gradient, c, channels, area),
                out,
                scale: statistics.scale[c],
                shift: statistics.shift[c],
                mean: statistics.mean[c],
                inverse: inverse as f32,
                activation: PhantomData,
            })
        })
        .collect();
    let (scale, shift) = sums.into_iter().unzip();
    Gradients { input: output, scale, shift }
}

/// Parameters and batch statistics, all [C].
#[derive(Clone, Copy)]
pub(super) struct Statistics<'a> {
    pub scale: &'a [f32],
    pub shift: &'a [f32],
    pub mean: &'a [f32],
    pub variance: &'a [f32],
    pub settings: Settings,
}

struct BackwardChannel<'a, A> {
    maps: Vec<&'a [f32]>,
    gradients: Vec<&'a [f32]>,
    out: Vec<&'a mut [f32]>,
    scale: f32,
    shift: f32,
    mean: f32,
    inverse: f32,
    activation: PhantomData<A>,
}

impl<A: Curve> WithSimd for BackwardChannel<'_, A> {
    /// Gradients of scale and shift.
    type Output = (f32, f32);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> (f32, f32) {
        let Self { maps, gradients, mut out, scale, shift, mean, inverse, activation: _ } = self;
        let (mut scale_sum, mut shift_sum, mut count) = (0.0_f64, 0.0_f64, 0_usize);
        for ((map, gradient), out) in maps.iter().zip(&gradients).zip(&mut out) {
            count += map.len();
            let blocks = map.chunks(BLOCK).zip(gradient.chunks(BLOCK)).zip(out.chunks_mut(BLOCK));
            for ((map, gradient), out) in blocks {
                for ((value, gradient), out) in map.iter().zip(gradient).zip(&mut *out) {
                    let z = (value - mean) * inverse;
                    *out = gradient * A::slope(z.mul_add(scale, shift));
                }
                shift_sum += sum(out, |value| value);
                scale_sum += dot_centered(out, map, mean) * f64::from(inverse);
            }
        }
        let average_shift = (shift_sum / count.max(1) as f64) as f32;
        let average_scale = (scale_sum / count.max(1) as f64) as f32;
        for (map, out) in maps.iter().zip(&mut out) {
            for (value, out) in map.iter().zip(out.iter_mut()) {
                let z = (value - mean) * inverse;
                *out = scale * inverse * (*out - average_shift - z * average_scale);
            }
        }
        (scale_sum as f32, shift_sum as f32)
    }
}

/// The sum of left * (right - center).
#[inline(always)]
fn dot_centered(left: &[f32], right: &[f32], center: f32) -> f64 {
    let mut sums = [0.0_f32; LANES];
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<LANES>(), right.as_chunks::<LANES>());
    for (left, right) in left.iter().zip(right) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum = (right - center).mul_add(*left, *sum);
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(l, r)| f64::from(l * (r - center))).sum();
    sums.iter().map(|sum| f64::from(*sum)).sum::<f64>() + rest
}
