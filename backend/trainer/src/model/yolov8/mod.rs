//! YOLOv8 for detection (n, s, m, l, x): backbone, feature pyramid and the decoupled, anchor-free head.
//!
//! The forward pass ends at raw head maps; boxes and probabilities are made of them in [`crate::decode`],
//! and the losses read them directly.
//! This module must not know losses, targets or data.

mod anchors;
mod backbone;
mod head;
mod layers;
mod names;
mod neck;
mod variant;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

pub use anchors::Anchors;
pub use head::{HeadOutput, REG_MAX, STRIDES};
pub(super) use names::ultralytics_name;
pub(crate) use names::{is_class_layer, is_class_output};
pub use variant::{UnknownVariant, Variant};

use backbone::Backbone;
use head::Head;
use layers::NORM;
use neck::Neck;

use super::init::Initializer;
use super::layers::Pass;

/// A YOLOv8 detector.
///
/// Cloning is cheap and safe: tensors are immutable and every clone has its own running statistics.
#[derive(Module, Debug)]
pub struct YoloV8 {
    backbone: Backbone,
    neck: Neck,
    head: Head,
}

impl YoloV8 {
    /// Share of the new batch in the running statistics.
    pub(crate) const NORM_MOMENTUM: f64 = NORM.momentum;

    /// A detector with random weights.
    ///
    /// The same `variant`, `classes` and `seed` give the same weights on every device: they are drawn on the
    /// host with ChaCha8.
    /// Convolutions are drawn from U(-1/sqrt(fan in), 1/sqrt(fan in)), which is PyTorch's default
    /// (Kaiming uniform, a = sqrt 5); the head's last biases start at 1 for boxes and at
    /// ln(5 / classes / (640 / stride)^2) for classes.
    ///
    /// Create it on `device.autodiff()` to train it.
    pub fn new(variant: Variant, classes: usize, seed: u64, device: &Device) -> Self {
        let mut init = Initializer::new(seed, device);
        let backbone = Backbone::new(variant, &mut init);
        let neck = Neck::new(variant, &mut init);
        let head = Head::new(variant, classes, &mut init);
        Self { backbone, neck, head }
    }

    /// Number of classes that the head predicts.
    pub fn classes(&self) -> usize {
        self.head.classes()
    }

    /// Evaluation: normalisation with the running statistics.
    ///
    /// `images` [N, 3, H, W], RGB in 0..1, H and W multiples of 32.
    pub fn forward(&self, images: Tensor<4>) -> HeadOutput {
        self.run(images, &mut Pass::evaluation(NORM))
    }

    /// Training: normalisation with the batch's statistics, which also move the running ones
    /// (momentum 0.03 for the new value, unbiased variance).
    ///
    /// `images` [N, 3, H, W], RGB in 0..1, H and W multiples of 32.
    pub fn forward_train(&mut self, images: Tensor<4>) -> HeadOutput {
        let mut pass = Pass::training(NORM);
        let output = self.run(images, &mut pass);
        *self = pass.put_statistics(self.clone());
        output
    }

    /// Anchor points and strides for images of this size in pixels, on the model's device.
    pub fn anchors(&self, height: usize, width: usize) -> Anchors {
        Anchors::new(height, width, &self.head.device().inner())
    }

    fn run(&self, images: Tensor<4>, pass: &mut Pass) -> HeadOutput {
        let features = self.backbone.forward(images, pass);
        let pyramid = self.neck.forward(features, pass);
        self.head.forward(pyramid, pass)
    }
}

#[cfg(test)]
mod tests;
