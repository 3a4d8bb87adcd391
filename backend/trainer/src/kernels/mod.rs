//! The network's heavy operations on any device.
//!
//! Each function has one meaning everywhere: on the CPU a kernel of this module computes it, on other devices
//! Burn's own operations do. Knows no model.

mod plain;

use burn::tensor::Tensor;

/// Output and batch statistics of [`batch_norm_silu`].
#[derive(Clone, Debug)]
pub struct NormSilu {
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
    plain::conv2d(input, weight, bias, stride, padding)
}

/// Batch normalisation with the batch's own statistics (Ioffe and Szegedy 2015), then SiLU.
///
/// `input` [N, C, H, W], `scale` and `shift` [C].
pub fn batch_norm_silu(input: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>, epsilon: f64) -> NormSilu {
    plain::batch_norm_silu(input, scale, shift, epsilon)
}

/// x * sigmoid(x), element by element.
pub fn silu(input: Tensor<4>) -> Tensor<4> {
    plain::silu(input)
}

/// The maximum of each 5x5 neighbourhood, stride 1; the size stays.
pub fn max_pool_5x5(input: Tensor<4>) -> Tensor<4> {
    plain::max_pool_5x5(input)
}

/// Every pixel becomes a 2x2 block.
pub fn upsample_2x(input: Tensor<4>) -> Tensor<4> {
    plain::upsample_2x(input)
}
