//! A residual block: two or three convolutions, and the way around them.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::kernels::{self, Activation};
use crate::model::init::Initializer;
use crate::model::layers::{Convolution, Normalization, Pass};

/// Two 3x3 convolutions, or a 3x3 one between two 1x1 ones; the last one's output is added to the input, which a 1x1
/// convolution brings to its shape where that differs.
#[derive(Module, Debug)]
pub(super) struct Block {
    conv1: Convolution,
    bn1: Normalization,
    conv2: Convolution,
    bn2: Normalization,
    conv3: Option<Convolution>,
    bn3: Option<Normalization>,
    downsample: Option<(Convolution, Normalization)>,
    stride: usize,
}

impl Block {
    /// `width` channels within, `width * expansion` at the end.
    pub fn new(from: usize, width: usize, expansion: usize, stride: usize, init: &mut Initializer) -> Self {
        let to = width * expansion;
        let is_deep = expansion > 1;
        let conv1 = Convolution::normal(from, width, if is_deep { 1 } else { 3 }, init);
        let conv2 = Convolution::normal(width, width, 3, init);
        let conv3 = is_deep.then(|| Convolution::normal(width, to, 1, init));
        let changes = stride > 1 || from != to;
        let downsample =
            changes.then(|| (Convolution::normal(from, to, 1, init), Normalization::new(to, init)));
        Self {
            conv1,
            bn1: Normalization::new(width, init),
            conv2,
            bn2: Normalization::new(width, init),
            conv3,
            bn3: is_deep.then(|| Normalization::new(to, init)),
            downsample,
            stride,
        }
    }

    #[cfg(test)]
    pub fn first_weight(&self) -> Tensor<4> {
        self.conv1.weight.val()
    }

    pub fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let around = match &self.downsample {
            Some((conv, norm)) => pass.normalized(input.clone(), conv, norm, self.stride, Activation::None),
            None => input.clone(),
        };
        // The stride is that of the first 3x3 convolution.
        let deep = self.conv3.as_ref().zip(self.bn3.as_ref());
        let (first, second) = if deep.is_some() { (1, self.stride) } else { (self.stride, 1) };
        let x = pass.normalized(input, &self.conv1, &self.bn1, first, Activation::Relu);
        let x = match deep {
            None => pass.normalized(x, &self.conv2, &self.bn2, second, Activation::None),
            Some((conv3, bn3)) => {
                let x = pass.normalized(x, &self.conv2, &self.bn2, second, Activation::Relu);
                pass.normalized(x, conv3, bn3, 1, Activation::None)
            }
        };
        kernels::add_relu(x, around)
    }
}
