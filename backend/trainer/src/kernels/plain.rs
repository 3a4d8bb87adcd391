//! The same operations out of Burn's own: for devices other than the CPU, and the yardstick of the CPU kernels.

use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions};
use burn::tensor::{Tensor, activation, module};

use super::NormSilu;

pub(super) fn conv2d(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<4> {
    module::conv2d(input, weight, bias, ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1))
}

pub(super) fn batch_norm_silu(
    input: Tensor<4>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    epsilon: f64,
) -> NormSilu {
    let result = module::batch_norm_train(input, scale, shift, epsilon);
    NormSilu { output: silu(result.output), mean: result.mean.detach(), variance: result.variance.detach() }
}

pub(super) fn silu(input: Tensor<4>) -> Tensor<4> {
    activation::silu(input)
}

pub(super) fn max_pool_5x5(input: Tensor<4>) -> Tensor<4> {
    module::max_pool2d(input, MaxPoolOptions::new([5, 5]).with_stride([1, 1]).with_padding([2, 2]))
}

pub(super) fn upsample_2x(input: Tensor<4>) -> Tensor<4> {
    module::interpolate(
        input,
        InterpolateOptions::new(InterpolateMode::Nearest).with_scale_factor([2.0, 2.0]),
    )
}
