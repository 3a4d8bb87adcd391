//! ResNet for classification (18, 34, 50): a strided stem, four stages of residual blocks, the mean over the map, and a
//! linear layer.
//!
//! Layers stand and are called as in torchvision (of whose two readings of table 1 in He et al. 2015 it is the one with
//! the stride in the 3x3 convolution), so that its published weights fit. The forward pass ends at logits; losses read
//! them directly. This module must not know losses, targets or data.

mod block;
mod variant;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

pub use variant::{UnknownVariant, Variant};

use crate::kernels::{self, Activation, Window};

use super::init::Initializer;
use super::layers::{Convolution, NormSettings, Normalization, Pass};
use block::Block;

/// Normalisation as the published weights want it.
const NORM: NormSettings = NormSettings { epsilon: 1e-5, momentum: 0.1 };

/// Channels of the stem and of the four stages' inner convolutions.
const STEM: usize = 64;
const WIDTHS: [usize; 4] = [64, 128, 256, 512];

/// The mean and deviation of ImageNet's pictures in 0..1, by colour: published weights have learnt from pictures that
/// were brought to 0 and 1 by them.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// A ResNet classifier.
///
/// Cloning is cheap and safe: tensors are immutable and every clone has its own running statistics.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Convolution,
    bn1: Normalization,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    fc: Linear,
}

/// Weights [classes, features] and bias [classes] of the last layer.
#[derive(Module, Debug)]
struct Linear {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl ResNet {
    /// Share of the new batch in the running statistics.
    pub(crate) const NORM_MOMENTUM: f64 = NORM.momentum;

    /// A classifier with random weights.
    ///
    /// The same `variant`, `classes` and `seed` give the same weights on every device: they are drawn on the host with
    /// ChaCha8. Convolutions are drawn from a normal distribution of variance 2 / fan out, the linear layer from
    /// U(-1/sqrt(fan in), 1/sqrt(fan in)), both as in torchvision.
    ///
    /// Create it on `device.autodiff()` to train it.
    pub fn new(variant: Variant, classes: usize, seed: u64, device: &Device) -> Self {
        let mut init = Initializer::new(seed, device);
        let expansion = variant.expansion();
        let [first, second, third, fourth] = variant.blocks();
        let [w1, w2, w3, w4] = WIDTHS;
        let conv1 = Convolution::normal(3, STEM, 7, &mut init);
        let bn1 = Normalization::new(STEM, &init);
        let mut from = STEM;
        let mut stage = |width: usize, count: usize, stride: usize| -> Vec<Block> {
            let block = |index: usize| {
                let stride = if index == 0 { stride } else { 1 };
                let block = Block::new(from, width, expansion, stride, &mut init);
                from = width * expansion;
                block
            };
            (0..count).map(block).collect()
        };
        let layer1 = stage(w1, first, 1);
        let layer2 = stage(w2, second, 2);
        let layer3 = stage(w3, third, 2);
        let layer4 = stage(w4, fourth, 2);
        let features = w4 * expansion;
        let fc = Linear {
            weight: init.uniform([classes, features], features),
            bias: init.uniform([classes], features),
        };
        Self { conv1, bn1, layer1, layer2, layer3, layer4, fc }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.fc.bias.shape().num_elements()
    }

    /// Evaluation: normalisation with the running statistics.
    ///
    /// `images` [N, 3, H, W], RGB in 0..1; logits [N, classes].
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.run(images, &mut Pass::evaluation(NORM))
    }

    /// Training: normalisation with the batch's statistics, which also move the running ones
    /// (momentum 0.1 for the new value, unbiased variance).
    ///
    /// `images` [N, 3, H, W], RGB in 0..1; logits [N, classes].
    pub fn forward_train(&mut self, images: Tensor<4>) -> Tensor<2> {
        let mut pass = Pass::training(NORM);
        let output = self.run(images, &mut pass);
        *self = pass.put_statistics(self.clone());
        output
    }

    fn run(&self, images: Tensor<4>, pass: &mut Pass) -> Tensor<2> {
        let images = standardized(images);
        let stem = pass.normalized(images, &self.conv1, &self.bn1, 2, Activation::Relu);
        let mut x = kernels::max_pool(stem, Window { side: 3, stride: 2 });
        for block in [&self.layer1, &self.layer2, &self.layer3, &self.layer4].into_iter().flatten() {
            x = block.forward(x, pass);
        }
        self.fc.forward(x.mean_dim(3).mean_dim(2))
    }
}

impl Linear {
    /// `features` [N, F, 1, 1]; returns [N, classes].
    fn forward(&self, features: Tensor<4>) -> Tensor<2> {
        let [images, count, ..] = features.dims();
        let [classes, _] = self.weight.dims();
        let weight = self.weight.val().reshape([classes, count, 1, 1]);
        kernels::conv2d(features, weight, Some(self.bias.val()), 1, 0).reshape([images, classes])
    }
}

/// Brings pictures to about mean 0 and deviation 1.
fn standardized(images: Tensor<4>) -> Tensor<4> {
    let device = images.device();
    let by_colour = |values: [f32; 3]| Tensor::<1>::from_floats(values, &device).reshape([1, 3, 1, 1]);
    images.sub(by_colour(MEAN)).div(by_colour(DEVIATION))
}

/// Whether the published name belongs to the last layer, which has an output for each class.
pub(super) fn is_class_output(name: &str) -> bool {
    name.starts_with("fc.")
}

#[cfg(test)]
mod tests;
