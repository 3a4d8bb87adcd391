//! The building blocks: convolution + normalisation + SiLU, bottlenecks, C2f and SPPF.
//!
//! Blocks describe which numbers flow where; how fast they are computed is the business of [`crate::kernels`].

use std::collections::BTreeMap;

use burn::module::{Module, Param, ParamId};
use burn::tensor::Tensor;

use crate::kernels;

use super::init::Initializer;

const NORM_EPSILON: f64 = 1e-3;
/// Share of the new batch in the running statistics (PyTorch's convention, which is also Burn's).
pub(crate) const NORM_MOMENTUM: f64 = 0.03;

/// One run through the network: evaluation, or training with the running statistics that it gives rise to.
pub(super) struct Pass {
    statistics: Option<BTreeMap<ParamId, Tensor<1>>>,
}

impl Pass {
    pub fn evaluation() -> Self {
        Self { statistics: None }
    }

    pub fn training() -> Self {
        Self { statistics: Some(BTreeMap::new()) }
    }

    pub fn into_statistics(self) -> BTreeMap<ParamId, Tensor<1>> {
        self.statistics.unwrap_or_default()
    }
}

/// A convolution's weights, [out, in, k, k], and its bias where it has one.
#[derive(Module, Debug)]
pub(super) struct Convolution {
    pub weight: Param<Tensor<4>>,
    pub bias: Option<Param<Tensor<1>>>,
}

impl Convolution {
    fn without_bias(input: usize, output: usize, kernel: usize, init: &mut Initializer) -> Self {
        let weight = init.uniform([output, input, kernel, kernel], input * kernel * kernel);
        Self { weight, bias: None }
    }

    /// A 1x1 convolution with a bias that starts at `bias`.
    pub fn point(input: usize, output: usize, bias: f32, init: &mut Initializer) -> Self {
        let weight = init.uniform([output, input, 1, 1], input);
        Self { weight, bias: Some(init.constant(output, bias)) }
    }

    /// Stride 1, no padding: for the head's 1x1 convolutions.
    pub fn forward_point(&self, input: Tensor<4>) -> Tensor<4> {
        kernels::conv2d(input, self.weight.val(), self.bias.as_ref().map(Param::val), 1, 0)
    }
}

/// Batch normalisation's scale, shift and running statistics, all [C].
#[derive(Module, Debug)]
pub(super) struct Normalization {
    pub weight: Param<Tensor<1>>,
    pub bias: Param<Tensor<1>>,
    pub running_mean: Param<Tensor<1>>,
    pub running_var: Param<Tensor<1>>,
}

impl Normalization {
    fn new(channels: usize, init: &Initializer) -> Self {
        Self {
            weight: init.constant(channels, 1.0),
            bias: init.constant(channels, 0.0),
            running_mean: init.state(channels, 0.0),
            running_var: init.state(channels, 1.0),
        }
    }

    /// Normalises with the batch's statistics, applies SiLU, and notes the new running statistics.
    fn forward_train_silu(&self, input: Tensor<4>, into: &mut BTreeMap<ParamId, Tensor<1>>) -> Tensor<4> {
        let [n, _, h, w] = input.dims();
        let count = (n * h * w) as f64;
        let result = kernels::batch_norm_silu(input, self.weight.val(), self.bias.val(), NORM_EPSILON);
        let unbiased = result.variance.mul_scalar(count / (count - 1.0).max(1.0));
        into.insert(self.running_mean.id, moved(&self.running_mean, result.mean));
        into.insert(self.running_var.id, moved(&self.running_var, unbiased));
        result.output
    }
}

fn moved(old: &Param<Tensor<1>>, new: Tensor<1>) -> Tensor<1> {
    let kept = old.val().mul_scalar(1.0 - NORM_MOMENTUM);
    kept.add(new.detach().mul_scalar(NORM_MOMENTUM)).detach()
}

/// Convolution without bias, batch normalisation, SiLU.
#[derive(Module, Debug)]
pub(super) struct ConvBlock {
    conv: Convolution,
    bn: Normalization,
    stride: usize,
}

impl ConvBlock {
    /// `kernel` is odd; the padding keeps the size at stride 1.
    pub fn new(input: usize, output: usize, kernel: usize, stride: usize, init: &mut Initializer) -> Self {
        let conv = Convolution::without_bias(input, output, kernel, init);
        Self { conv, bn: Normalization::new(output, init), stride }
    }

    pub fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        match &mut pass.statistics {
            Some(statistics) => {
                let weight = self.conv.weight.val();
                let padding = weight.dims()[2] / 2;
                let output = kernels::conv2d(input, weight, None, self.stride, padding);
                self.bn.forward_train_silu(output, statistics)
            }
            None => self.forward_folded(input),
        }
    }

    /// Evaluation folds the normalisation into the convolution: one pass over the data instead of two.
    fn forward_folded(&self, input: Tensor<4>) -> Tensor<4> {
        let weight = self.conv.weight.val();
        let [output, _, kernel, _] = weight.dims();
        let deviation = self.bn.running_var.val().add_scalar(NORM_EPSILON).sqrt();
        let scale = self.bn.weight.val().div(deviation);
        let shift = self.bn.bias.val().sub(self.bn.running_mean.val().mul(scale.clone()));
        let folded = weight.mul(scale.reshape([output, 1, 1, 1]));
        kernels::silu(kernels::conv2d(input, folded, Some(shift), self.stride, kernel / 2))
    }

    #[cfg(test)]
    pub fn running_mean(&self) -> Tensor<1> {
        self.bn.running_mean.val()
    }
}

/// Two 3x3 blocks, with the input added where `residual`.
#[derive(Module, Debug)]
struct Bottleneck {
    cv1: ConvBlock,
    cv2: ConvBlock,
    residual: bool,
}

impl Bottleneck {
    fn new(channels: usize, residual: bool, init: &mut Initializer) -> Self {
        let cv1 = ConvBlock::new(channels, channels, 3, 1, init);
        Self { cv1, cv2: ConvBlock::new(channels, channels, 3, 1, init), residual }
    }

    fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let hidden = self.cv1.forward(input.clone(), pass);
        let output = self.cv2.forward(hidden, pass);
        if self.residual { input.add(output) } else { output }
    }
}

/// Cross-stage block: split in two, a chain of bottlenecks on one half, everything concatenated.
#[derive(Module, Debug)]
pub(super) struct C2f {
    cv1: ConvBlock,
    cv2: ConvBlock,
    m: Vec<Bottleneck>,
    half: usize,
}

impl C2f {
    pub fn new(input: usize, output: usize, repeats: usize, residual: bool, init: &mut Initializer) -> Self {
        let half = output / 2;
        let cv1 = ConvBlock::new(input, 2 * half, 1, 1, init);
        let cv2 = ConvBlock::new((2 + repeats) * half, output, 1, 1, init);
        let m = (0..repeats).map(|_| Bottleneck::new(half, residual, init)).collect();
        Self { cv1, cv2, m, half }
    }

    pub fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let both = self.cv1.forward(input, pass);
        let mut last = both.clone().narrow(1, self.half, self.half);
        let mut parts = vec![both];
        for bottleneck in &self.m {
            last = bottleneck.forward(last, pass);
            parts.push(last.clone());
        }
        self.cv2.forward(Tensor::cat(parts, 1), pass)
    }
}

/// Spatial pyramid pooling: the input and three successive 5x5 maxima, concatenated.
#[derive(Module, Debug)]
pub(super) struct Sppf {
    cv1: ConvBlock,
    cv2: ConvBlock,
}

impl Sppf {
    pub fn new(channels: usize, init: &mut Initializer) -> Self {
        let half = channels / 2;
        let cv1 = ConvBlock::new(channels, half, 1, 1, init);
        Self { cv1, cv2: ConvBlock::new(4 * half, channels, 1, 1, init) }
    }

    pub fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let first = self.cv1.forward(input, pass);
        let second = kernels::max_pool_5x5(first.clone());
        let third = kernels::max_pool_5x5(second.clone());
        let fourth = kernels::max_pool_5x5(third.clone());
        self.cv2.forward(Tensor::cat(vec![first, second, third, fourth], 1), pass)
    }
}
