//! The CPU kernels as operations of Burn's CPU backend, with their gradients.
//!
//! The only file that knows both slices and Burn's graph.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;
use burn::tensor::{DType, Shape};

use super::normalization::Settings;
use super::planes::Sizes;
use super::pooling::Window;
use super::{activation, convolution, normalization, pooling, sigmoid};

/// Operations that the CPU computes with kernels of its own.
#[backend_extension(Flex, Autodiff)]
pub trait CpuKernels: Backend {
    /// Convolution without bias.
    fn kernel_conv2d(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;

    /// Convolution with bias.
    fn kernel_conv2d_bias(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;

    /// Batch normalisation and an activation: output, mean, biased variance.
    fn kernel_batch_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        settings: Settings,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// SiLU.
    fn kernel_silu(input: FloatTensor<Self>) -> FloatTensor<Self>;

    /// max(first + second, 0).
    fn kernel_add_relu(first: FloatTensor<Self>, second: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The maximum of squares.
    fn kernel_max_pool(input: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;

    /// 2x2 nearest upsampling.
    fn kernel_upsample(input: FloatTensor<Self>) -> FloatTensor<Self>;
}

type Primitive = FloatTensor<Flex>;

/// Single precision, contiguous.
fn contiguous(tensor: Primitive) -> Primitive {
    let tensor = if tensor.dtype() == DType::F32 {
        tensor
    } else {
        <Flex as burn::backend::ops::FloatTensorOps<Flex>>::float_cast(tensor, burn::tensor::FloatDType::F32)
    };
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// The values of a tensor that [`contiguous`] has seen.
fn values(tensor: &Primitive) -> &[f32] {
    tensor.as_slice::<f32>().unwrap_or_default()
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> Primitive {
    Primitive::from_data(TensorData::new(values, shape.into()))
}

fn dims(tensor: &Primitive) -> [usize; 4] {
    tensor.shape().dims()
}

fn sizes_of(input: &Primitive, weight: &Primitive, stride: usize, padding: usize) -> Sizes {
    let ([_, channels, height, width], [filters, _, kernel, _]) = (dims(input), dims(weight));
    Sizes { channels, height, width, filters, kernel, stride, padding }
}

fn convolve(input: &Primitive, weight: &Primitive, bias: Option<&Primitive>, sizes: &Sizes) -> Primitive {
    let output = convolution::forward(values(input), values(weight), bias.map(values), sizes);
    tensor(output, [dims(input)[0], sizes.filters, sizes.output_height(), sizes.output_width()])
}

fn normalize(input: &Primitive, scale: &Primitive, shift: &Primitive, settings: Settings) -> [Primitive; 3] {
    let [_, channels, height, width] = dims(input);
    let result =
        normalization::forward(values(input), values(scale), values(shift), height * width, settings);
    let output = tensor(result.output, input.shape());
    [output, tensor(result.mean, [channels]), tensor(result.variance, [channels])]
}

fn pool(input: &Primitive, window: Window) -> (Primitive, Vec<u32>) {
    let [n, c, height, width] = dims(input);
    let (output, winners) = pooling::max_pool(values(input), height, width, window);
    (tensor(output, [n, c, window.count(height), window.count(width)]), winners)
}

fn upsample(input: &Primitive) -> Primitive {
    let [n, c, height, width] = dims(input);
    tensor(pooling::upsample(values(input), width), [n, c, 2 * height, 2 * width])
}

/// Applies `change` to the values, in place when nobody else holds them.
fn changed(mut input: Primitive, change: impl FnOnce(&mut [f32])) -> Primitive {
    let whole = input.shape().num_elements();
    if let Some(storage) = input.try_storage_mut::<f32>()
        && storage.len() == whole
    {
        change(storage);
        return input;
    }
    let mut copy = values(&input).to_vec();
    change(&mut copy);
    tensor(copy, input.shape())
}

impl CpuKernels for Flex {
    fn kernel_conv2d(input: Primitive, weight: Primitive, stride: usize, padding: usize) -> Primitive {
        let (input, weight) = (contiguous(input), contiguous(weight));
        convolve(&input, &weight, None, &sizes_of(&input, &weight, stride, padding))
    }

    fn kernel_conv2d_bias(
        input: Primitive,
        weight: Primitive,
        bias: Primitive,
        stride: usize,
        padding: usize,
    ) -> Primitive {
        let [input, weight, bias] = [input, weight, bias].map(contiguous);
        convolve(&input, &weight, Some(&bias), &sizes_of(&input, &weight, stride, padding))
    }

    fn kernel_batch_norm(
        input: Primitive,
        scale: Primitive,
        shift: Primitive,
        settings: Settings,
    ) -> (Primitive, Primitive, Primitive) {
        let [input, scale, shift] = [input, scale, shift].map(contiguous);
        let [output, mean, variance] = normalize(&input, &scale, &shift, settings);
        (output, mean, variance)
    }

    fn kernel_silu(input: Primitive) -> Primitive {
        changed(contiguous(input), sigmoid::silu_in_place)
    }

    fn kernel_add_relu(first: Primitive, second: Primitive) -> Primitive {
        let second = contiguous(second);
        changed(contiguous(first), |first| activation::add_relu(first, values(&second)))
    }

    fn kernel_max_pool(input: Primitive, window: Window) -> Primitive {
        pool(&contiguous(input), window).0
    }

    fn kernel_upsample(input: Primitive) -> Primitive {
        upsample(&contiguous(input))
    }
}

impl<C: CheckpointStrategy> CpuKernels for Autodiff<Flex, C> {
    fn kernel_conv2d(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node()];
        let [input, weight] = [input, weight].map(|tensor| contiguous(tensor.into_primitive()));
        let sizes = sizes_of(&input, &weight, stride, padding);
        let output = convolve(&input, &weight, None, &sizes);
        match ConvolutionBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((input, weight, sizes), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn kernel_conv2d_bias(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node(), bias.node()];
        let [input, weight, bias] = [input, weight, bias].map(|tensor| contiguous(tensor.into_primitive()));
        let sizes = sizes_of(&input, &weight, stride, padding);
        let output = convolve(&input, &weight, Some(&bias), &sizes);
        match ConvolutionBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((input, weight, sizes), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn kernel_batch_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        settings: Settings,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [input.node(), scale.node(), shift.node()];
        let [input, scale, shift] = [input, scale, shift].map(|tensor| contiguous(tensor.into_primitive()));
        let [output, mean, variance] = normalize(&input, &scale, &shift, settings);
        let [mean_out, variance_out] = [mean.clone(), variance.clone()].map(Self::from_inner);
        let output = match NormalizationBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(([input, scale, shift, mean, variance], settings), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        };
        (output, mean_out, variance_out)
    }

    fn kernel_silu(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [input.node()];
        let input = contiguous(input.into_primitive());
        let output = changed(input.clone(), sigmoid::silu_in_place);
        match SiluBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(input, output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn kernel_add_relu(first: FloatTensor<Self>, second: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [first.node(), second.node()];
        let [first, second] = [first, second].map(|tensor| contiguous(tensor.into_primitive()));
        let output = changed(first, |first| activation::add_relu(first, values(&second)));
        match AddReluBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(output.clone(), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn kernel_max_pool(input: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        let nodes = [input.node()];
        let input = contiguous(input.into_primitive());
        let (output, winners) = pool(&input, window);
        match MaxPoolBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((winners, input.shape()), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn kernel_upsample(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [input.node()];
        let output = upsample(&contiguous(input.into_primitive()));
        match UpsampleBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

/// With 2 parents (input, weight) or 3 (and bias).
#[derive(Debug)]
struct ConvolutionBackward;

impl<const N: usize> Backward<Flex, N> for ConvolutionBackward {
    type State = (Primitive, Primitive, Sizes);

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(grads.consume::<Flex>(&ops.node));
        let (input, weight, sizes) = ops.state;
        for (index, parent) in ops.parents.iter().enumerate() {
            let Some(parent) = parent else { continue };
            let gradient = values(&gradient);
            let result = match index {
                0 => tensor(convolution::input_gradient(gradient, values(&weight), &sizes), input.shape()),
                1 => tensor(convolution::weight_gradient(values(&input), gradient, &sizes), weight.shape()),
                _ => tensor(convolution::bias_gradient(gradient, &sizes), [sizes.filters]),
            };
            grads.register::<Flex>(parent.id, result);
        }
    }
}

#[derive(Debug)]
struct NormalizationBackward;

impl Backward<Flex, 3> for NormalizationBackward {
    /// Input, scale, shift, mean and variance.
    type State = ([Primitive; 5], Settings);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(grads.consume::<Flex>(&ops.node));
        let ([input, scale, shift, mean, variance], settings) = ops.state;
        let [_, channels, height, width] = dims(&input);
        let statistics = normalization::Statistics {
            scale: values(&scale),
            shift: values(&shift),
            mean: values(&mean),
            variance: values(&variance),
            settings,
        };
        let result = normalization::backward(values(&input), values(&gradient), statistics, height * width);
        let results = [
            tensor(result.input, input.shape()),
            tensor(result.scale, [channels]),
            tensor(result.shift, [channels]),
        ];
        for (parent, result) in ops.parents.into_iter().zip(results) {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, result);
            }
        }
    }
}

#[derive(Debug)]
struct SiluBackward;

impl Backward<Flex, 1> for SiluBackward {
    type State = Primitive;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(grads.consume::<Flex>(&ops.node));
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let input = values(&ops.state);
            let result = changed(gradient, |gradient| sigmoid::silu_gradient_in_place(gradient, input));
            grads.register::<Flex>(parent.id, result);
        }
    }
}

#[derive(Debug)]
struct AddReluBackward;

impl Backward<Flex, 2> for AddReluBackward {
    /// The output.
    type State = Primitive;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(grads.consume::<Flex>(&ops.node));
        let output = values(&ops.state);
        let result = changed(gradient, |gradient| activation::add_relu_gradient(gradient, output));
        for parent in ops.parents.into_iter().flatten() {
            grads.register::<Flex>(parent.id, result.clone());
        }
    }
}

#[derive(Debug)]
struct MaxPoolBackward;

impl Backward<Flex, 1> for MaxPoolBackward {
    /// The winning cell of every output, and the input's shape.
    type State = (Vec<u32>, Shape);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(grads.consume::<Flex>(&ops.node));
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let (winners, shape) = ops.state;
            let [_, _, height, width] = shape.dims();
            let [_, _, pooled_height, pooled_width] = dims(&gradient);
            let pooled = pooled_height * pooled_width;
            let result = pooling::max_pool_gradient(values(&gradient), &winners, height * width, pooled);
            grads.register::<Flex>(parent.id, tensor(result, shape));
        }
    }
}

#[derive(Debug)]
struct UpsampleBackward;

impl Backward<Flex, 1> for UpsampleBackward {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(grads.consume::<Flex>(&ops.node));
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let [n, c, height, width] = dims(&gradient);
            let result = pooling::upsample_gradient(values(&gradient), width / 2);
            grads.register::<Flex>(parent.id, tensor(result, [n, c, height / 2, width / 2]));
        }
    }
}
