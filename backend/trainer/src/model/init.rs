//! Random initial weights, drawn on the host so that every device starts from the same numbers.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Hands out initial tensors in a fixed order.
pub(super) struct Initializer<'a> {
    generator: ChaCha8Rng,
    device: &'a Device,
}

impl<'a> Initializer<'a> {
    pub fn new(seed: u64, device: &'a Device) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed), device }
    }

    /// A trainable tensor drawn from U(-bound, bound) with bound = 1 / sqrt(fan in).
    pub fn uniform<const D: usize>(&mut self, shape: [usize; D], fan_in: usize) -> Param<Tensor<D>> {
        let bound = 1.0 / (fan_in.max(1) as f32).sqrt();
        let count = shape.iter().product();
        let values: Vec<f32> =
            (0..count).map(|_| bound * (2.0 * self.generator.random::<f32>() - 1.0)).collect();
        Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), self.device))
    }

    /// A trainable tensor drawn from a normal distribution of mean 0 and variance 2 / fan, by Box and Muller 1958.
    pub fn normal<const D: usize>(&mut self, shape: [usize; D], fan: usize) -> Param<Tensor<D>> {
        let deviation = (2.0 / fan.max(1) as f64).sqrt();
        let count: usize = shape.iter().product();
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            // One minus a number below 1 is never 0, which has no logarithm.
            let (first, second) = (1.0 - self.generator.random::<f64>(), self.generator.random::<f64>());
            let length = deviation * (-2.0 * first.ln()).sqrt();
            let (sine, cosine) = (std::f64::consts::TAU * second).sin_cos();
            values.extend([(length * cosine) as f32, (length * sine) as f32]);
        }
        values.truncate(count);
        Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), self.device))
    }

    /// A trainable vector of one value.
    pub fn constant(&self, count: usize, value: f32) -> Param<Tensor<1>> {
        Param::from_tensor(Tensor::full([count], value, self.device))
    }

    /// A vector that is state and never an optimiser's target.
    pub fn state(&self, count: usize, value: f32) -> Param<Tensor<1>> {
        Param::from_tensor(Tensor::full([count], value, self.device)).set_require_grad(false)
    }
}
