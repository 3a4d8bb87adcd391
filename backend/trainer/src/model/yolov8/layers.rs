//! The building blocks: convolution + normalisation + SiLU, bottlenecks, C2f and SPPF.
//!
//! Blocks describe which numbers flow where; how fast they are computed is the business of [`crate::kernels`].

use burn::module::Module;
use burn::tensor::Tensor;

use crate::kernels::{self, Activation, Window};
use crate::model::init::Initializer;
use crate::model::layers::{Convolution, NormSettings, Normalization, Pass};

/// Normalisation as the published weights want it.
pub(super) const NORM: NormSettings = NormSettings { epsilon: 1e-3, momentum: 0.03 };

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
        let conv = Convolution::uniform(input, output, kernel, init);
        Self { conv, bn: Normalization::new(output, init), stride }
    }

    pub fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        pass.normalized(input, &self.conv, &self.bn, self.stride, Activation::Silu)
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
        let second = widest(first.clone());
        let third = widest(second.clone());
        let fourth = widest(third.clone());
        self.cv2.forward(Tensor::cat(vec![first, second, third, fourth], 1), pass)
    }
}

/// The maximum of each 5x5 neighbourhood; the size stays.
fn widest(input: Tensor<4>) -> Tensor<4> {
    kernels::max_pool(input, Window { side: 5, stride: 1 })
}
