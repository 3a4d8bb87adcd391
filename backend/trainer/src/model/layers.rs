//! What every family is built of: convolutions, batch normalisation, and one run through a network.
//!
//! Must not know any network.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;

use crate::kernels::{self, Activation, Settings};

use super::init::Initializer;

/// How a family normalises.
#[derive(Clone, Copy, Debug)]
pub(super) struct NormSettings {
    /// Added to variances.
    pub epsilon: f64,
    /// Share of the new batch in the running statistics (PyTorch's convention, which is also Burn's).
    pub momentum: f64,
}

/// One run through the network: evaluation, or training with the running statistics that it gives rise to.
pub(super) struct Pass {
    norm: NormSettings,
    statistics: Option<BTreeMap<ParamId, Tensor<1>>>,
}

impl Pass {
    pub fn evaluation(norm: NormSettings) -> Self {
        Self { norm, statistics: None }
    }

    pub fn training(norm: NormSettings) -> Self {
        Self { norm, statistics: Some(BTreeMap::new()) }
    }

    /// Convolution with half its side of padding, normalisation, activation.
    ///
    /// Training normalises with the batch's statistics and notes the new running ones. Evaluation folds the
    /// normalisation into the convolution: one pass over the data instead of two.
    pub fn normalized(
        &mut self,
        input: Tensor<4>,
        convolution: &Convolution,
        normalization: &Normalization,
        stride: usize,
        activation: Activation,
    ) -> Tensor<4> {
        let weight = convolution.weight.val();
        let padding = weight.dims()[2] / 2;
        match &mut self.statistics {
            Some(statistics) => {
                let output = kernels::conv2d(input, weight, None, stride, padding);
                normalization.forward_train(output, self.norm, activation, statistics)
            }
            None => {
                let (weight, shift) = normalization.folded_into(weight, self.norm);
                kernels::activate(kernels::conv2d(input, weight, Some(shift), stride, padding), activation)
            }
        }
    }

    /// The model with the running statistics that this run gave rise to.
    pub fn put_statistics<M: Module>(self, model: M) -> M {
        model.map(&mut StatisticsMapper { values: self.statistics.unwrap_or_default() })
    }
}

/// Puts new running statistics in place of the old ones.
struct StatisticsMapper {
    values: BTreeMap<ParamId, Tensor<1>>,
}

impl ModuleMapper for StatisticsMapper {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.values.remove(&param.id) {
            Some(value) => param.map(|old| value.reshape(old.shape())),
            None => param,
        }
    }
}

/// A convolution's weights, [out, in, k, k], and its bias where it has one.
#[derive(Module, Debug)]
pub(super) struct Convolution {
    pub weight: Param<Tensor<4>>,
    pub bias: Option<Param<Tensor<1>>>,
}

impl Convolution {
    /// Without bias; PyTorch's default (Kaiming uniform, a = sqrt 5).
    pub fn uniform(input: usize, output: usize, kernel: usize, init: &mut Initializer) -> Self {
        let weight = init.uniform([output, input, kernel, kernel], input * kernel * kernel);
        Self { weight, bias: None }
    }

    /// Without bias; normally distributed with variance 2 / fan out (He et al. 2015, "Delving Deep into Rectifiers").
    pub fn normal(input: usize, output: usize, kernel: usize, init: &mut Initializer) -> Self {
        let weight = init.normal([output, input, kernel, kernel], output * kernel * kernel);
        Self { weight, bias: None }
    }

    /// A 1x1 convolution with a bias that starts at `bias`.
    pub fn point(input: usize, output: usize, bias: f32, init: &mut Initializer) -> Self {
        let weight = init.uniform([output, input, 1, 1], input);
        Self { weight, bias: Some(init.constant(output, bias)) }
    }

    /// Stride 1, no padding: for 1x1 convolutions.
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
    pub fn new(channels: usize, init: &Initializer) -> Self {
        Self {
            weight: init.constant(channels, 1.0),
            bias: init.constant(channels, 0.0),
            running_mean: init.state(channels, 0.0),
            running_var: init.state(channels, 1.0),
        }
    }

    /// Normalises with the batch's statistics, applies the activation, and notes the new running statistics.
    fn forward_train(
        &self,
        input: Tensor<4>,
        norm: NormSettings,
        activation: Activation,
        into: &mut BTreeMap<ParamId, Tensor<1>>,
    ) -> Tensor<4> {
        let [n, _, h, w] = input.dims();
        let count = (n * h * w) as f64;
        let settings = Settings { epsilon: norm.epsilon, activation };
        let result = kernels::batch_norm(input, self.weight.val(), self.bias.val(), settings);
        let unbiased = result.variance.mul_scalar(count / (count - 1.0).max(1.0));
        let moved = |old: &Param<Tensor<1>>, new: Tensor<1>| {
            let kept = old.val().mul_scalar(1.0 - norm.momentum);
            kept.add(new.detach().mul_scalar(norm.momentum)).detach()
        };
        into.insert(self.running_mean.id, moved(&self.running_mean, result.mean));
        into.insert(self.running_var.id, moved(&self.running_var, unbiased));
        result.output
    }

    /// A convolution's weight with this normalisation in it, and the bias that it then has.
    fn folded_into(&self, weight: Tensor<4>, norm: NormSettings) -> (Tensor<4>, Tensor<1>) {
        let outputs = weight.dims()[0];
        let deviation = self.running_var.val().add_scalar(norm.epsilon).sqrt();
        let scale = self.weight.val().div(deviation);
        let shift = self.bias.val().sub(self.running_mean.val().mul(scale.clone()));
        (weight.mul(scale.reshape([outputs, 1, 1, 1])), shift)
    }
}
