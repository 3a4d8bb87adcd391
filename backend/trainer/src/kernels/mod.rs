//! The network's heavy operations on any device.
//!
//! Each function has one meaning everywhere: on the CPU a kernel of this module computes it, on other devices
//! Burn's own operations do. Knows no model.
//!
//! The CPU kernels give the same bits for the same input, whatever the number of threads.

mod activation;
mod columns;
mod convolution;
mod extension;
mod multiply;
mod normalization;
mod plain;
mod planes;
mod pooling;
mod scratch;
mod sigmoid;

use burn::backend::{Dispatch, DispatchDevice};
use burn::tensor::{Device, Tensor};

pub use activation::Activation;
pub use normalization::Settings;
pub use pooling::Window;

use extension::CpuKernels;

/// Output and batch statistics of [`batch_norm`].
#[derive(Clone, Debug)]
pub struct Normed {
    /// [N, C, H, W].
    pub output: Tensor<4>,
    /// [C], the batch's mean; no gradient flows through it.
    pub mean: Tensor<1>,
    /// [C], the batch's biased variance; no gradient flows through it.
    pub variance: Tensor<1>,
}

/// Convolution (cross-correlation) with zero padding.
///
/// `input` [N, C, H, W], `weight` [K, C, k, k], `bias` [K]; returns [N, K, H', W'] with
/// H' = (H + 2 * padding - k) / stride + 1.
pub fn conv2d(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<4> {
    if !has_kernels(&input.device()) {
        return plain::conv2d(input, weight, bias, stride, padding);
    }
    let (input, weight) = (input.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::kernel_conv2d_bias(input, weight, bias.into_dispatch(), stride, padding),
        None => Dispatch::kernel_conv2d(input, weight, stride, padding),
    })
}

/// Batch normalisation with the batch's own statistics (Ioffe and Szegedy 2015), then an activation.
///
/// `input` [N, C, H, W], `scale` and `shift` [C].
pub fn batch_norm(input: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>, settings: Settings) -> Normed {
    if !has_kernels(&input.device()) {
        return plain::batch_norm(input, scale, shift, settings);
    }
    let (scale, shift) = (scale.into_dispatch(), shift.into_dispatch());
    let (output, mean, variance) = Dispatch::kernel_batch_norm(input.into_dispatch(), scale, shift, settings);
    Normed {
        output: Tensor::from_dispatch(output),
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}

/// An activation alone.
pub fn activate(input: Tensor<4>, activation: Activation) -> Tensor<4> {
    match activation {
        Activation::Silu => silu(input),
        Activation::None | Activation::Relu => plain::activate(input, activation),
    }
}

/// max(first + second, 0), where two ways through a network meet.
pub fn add_relu(first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
    if !has_kernels(&first.device()) {
        return plain::add_relu(first, second);
    }
    Tensor::from_dispatch(Dispatch::kernel_add_relu(first.into_dispatch(), second.into_dispatch()))
}

/// x * sigmoid(x), element by element.
pub fn silu(input: Tensor<4>) -> Tensor<4> {
    if !has_kernels(&input.device()) {
        return plain::silu(input);
    }
    Tensor::from_dispatch(Dispatch::kernel_silu(input.into_dispatch()))
}

/// The maximum of each square of the window, with half its side around the map that counts as nothing.
///
/// `input` [N, C, H, W]; returns [N, C, H', W'] with H' = (H - 1) / stride + 1.
pub fn max_pool(input: Tensor<4>, window: Window) -> Tensor<4> {
    if !has_kernels(&input.device()) {
        return plain::max_pool(input, window);
    }
    Tensor::from_dispatch(Dispatch::kernel_max_pool(input.into_dispatch(), window))
}

/// Every pixel becomes a 2x2 block.
pub fn upsample_2x(input: Tensor<4>) -> Tensor<4> {
    if !has_kernels(&input.device()) {
        return plain::upsample_2x(input);
    }
    Tensor::from_dispatch(Dispatch::kernel_upsample(input.into_dispatch()))
}

/// Whether the kernels of this module run on the device.
fn has_kernels(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}

#[cfg(test)]
mod tests;
