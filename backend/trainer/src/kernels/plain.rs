//! The same operations out of Burn's own: for devices other than the CPU, and the yardstick of the CPU kernels.

use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions};
use burn::tensor::{Tensor, activation, module};

use super::{Activation, Normed, Settings, Window};

pub(super) fn conv2d(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<4> {
    module::conv2d(input, weight, bias, ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1))
}

pub(super) fn batch_norm(input: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>, settings: Settings) -> Normed {
    let result = module::batch_norm_train(input, scale, shift, settings.epsilon);
    Normed {
        output: activate(result.output, settings.activation),
        mean: result.mean.detach(),
        variance: result.variance.detach(),
    }
}

pub(super) fn activate(input: Tensor<4>, activation: Activation) -> Tensor<4> {
    match activation {
        Activation::None => input,
        Activation::Relu => activation::relu(input),
        Activation::Silu => silu(input),
    }
}

pub(super) fn add_relu(first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
    activation::relu(first.add(second))
}

pub(super) fn silu(input: Tensor<4>) -> Tensor<4> {
    activation::silu(input)
}

pub(super) fn max_pool(input: Tensor<4>, Window { side, stride }: Window) -> Tensor<4> {
    let options = MaxPoolOptions::new([side; 2]).with_stride([stride; 2]).with_padding([side / 2; 2]);
    module::max_pool2d(input, options)
}

pub(super) fn upsample_2x(input: Tensor<4>) -> Tensor<4> {
    module::interpolate(
        input,
        InterpolateOptions::new(InterpolateMode::Nearest).with_scale_factor([2.0, 2.0]),
    )
}
