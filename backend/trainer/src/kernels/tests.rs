//! Every kernel against Burn's own operations: values and gradients.

use burn::tensor::{Device, Distribution, Tensor};
use proptest::prelude::*;

use super::*;

fn device() -> Device {
    Device::flex().autodiff()
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &device()).require_grad()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// Relative to the largest value, because sums of many terms cancel.
///
/// Where few values are compared all of them may have cancelled, and what is left of rounding grows with the
/// number of `terms` summed: they are never held to less than what that many terms of about 0.1 sum to.
fn assert_close(name: &str, ours: &[f32], theirs: &[f32], terms: usize) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let usual = 0.1 * (terms as f32).sqrt();
    let largest = theirs.iter().fold(usual, |largest, value| largest.max(value.abs()));
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert!((ours - theirs).abs() <= 2e-5 * largest, "{name} at {index}: {ours} against {theirs}");
    }
}

/// Runs both with the same random output gradient and compares the output and the gradients of all parameters.
fn compare<const P: usize>(
    name: &str,
    input: &Tensor<4>,
    parameters: &[Tensor<P>],
    ours: impl Fn(Tensor<4>) -> Tensor<4>,
    theirs: impl Fn(Tensor<4>) -> Tensor<4>,
) {
    let [first, second] = [ours(input.clone()), theirs(input.clone())];
    assert_eq!(first.dims(), second.dims(), "{name}");
    let weight = Tensor::random(first.shape(), Distribution::Uniform(-1.0, 1.0), &device());
    let outputs = first.shape().num_elements();
    let results = [first, second].map(|output| {
        let gradients = output.clone().mul(weight.clone()).sum().backward();
        let of_input = values(input.grad(&gradients).unwrap());
        let others: Vec<_> = parameters.iter().map(|p| values(p.grad(&gradients).unwrap())).collect();
        (values(output), of_input, others)
    });
    let [ours, theirs] = results;
    assert_close(&format!("{name}: output"), &ours.0, &theirs.0, 1);
    assert_close(&format!("{name}: input gradient"), &ours.1, &theirs.1, 1);
    for (index, (ours, theirs)) in ours.2.iter().zip(&theirs.2).enumerate() {
        assert_close(&format!("{name}: gradient of parameter {index}"), ours, theirs, outputs);
    }
}

/// n, channels, height, width, filters, kernel, stride, padding.
fn check_convolution(sizes: [usize; 8]) {
    let [n, c, h, w, k, kernel, stride, padding] = sizes;
    let name = format!("{sizes:?}");
    let (input, weight) = (random([n, c, h, w]), random([k, c, kernel, kernel]));
    compare(
        &name,
        &input,
        std::slice::from_ref(&weight),
        |input| conv2d(input, weight.clone(), None, stride, padding),
        |input| plain::conv2d(input, weight.clone(), None, stride, padding),
    );
    let bias = random([k]);
    compare(
        &name,
        &input,
        std::slice::from_ref(&bias),
        |input| conv2d(input, weight.clone(), Some(bias.clone()), stride, padding),
        |input| plain::conv2d(input, weight.clone(), Some(bias.clone()), stride, padding),
    );
}

#[test]
fn convolution_agrees_on_the_networks_shapes() {
    for sizes in [
        [2, 3, 64, 64, 16, 3, 2, 1],
        [3, 16, 40, 40, 16, 3, 1, 1],
        [2, 48, 16, 16, 32, 1, 1, 0],
        [9, 40, 10, 10, 70, 3, 1, 1],
        [5, 24, 10, 10, 3, 1, 1, 0],
        [2, 33, 20, 20, 17, 3, 2, 1],
        [1, 128, 5, 5, 9, 3, 1, 1],
    ] {
        check_convolution(sizes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn convolution_agrees_on_any_shape(
        n in 1_usize..4, c in 1_usize..12, h in 1_usize..14, w in 1_usize..14, k in 1_usize..11,
        kernel in prop::sample::select(vec![1_usize, 2, 3, 5, 7]), stride in 1_usize..4, padding in 0_usize..3,
    ) {
        prop_assume!(h + 2 * padding >= kernel && w + 2 * padding >= kernel && padding < kernel.max(1));
        check_convolution([n, c, h, w, k, kernel, stride, padding]);
    }

    #[test]
    fn pooling_and_upsampling_agree(n in 1_usize..3, c in 1_usize..4, h in 1_usize..12, w in 1_usize..12) {
        let input = random([n, c, h, w]);
        for window in [Window { side: 5, stride: 1 }, Window { side: 3, stride: 2 }] {
            let name = format!("{window:?}");
            compare::<1>(&name, &input, &[], |x| max_pool(x, window), |x| plain::max_pool(x, window));
        }
        let other = random([n, c, h, w]);
        let others = std::slice::from_ref(&other);
        let (ours, theirs) = (|x| add_relu(x, other.clone()), |x| plain::add_relu(x, other.clone()));
        compare("add and ReLU", &input, others, ours, theirs);
        compare::<1>("upsample", &input, &[], upsample_2x, plain::upsample_2x);
        compare::<1>("silu", &input, &[], silu, plain::silu);
    }

    #[test]
    fn normalization_agrees(n in 1_usize..4, c in 1_usize..5, h in 1_usize..40, w in 2_usize..40) {
        let input = random([n, c, h, w]).mul_scalar(3.0).add_scalar(5.0).detach().require_grad();
        let parameters = [random([c]), random([c])];
        let [scale, shift] = parameters.clone();
        for activation in [Activation::None, Activation::Relu, Activation::Silu] {
            let settings = Settings { epsilon: 1e-3, activation };
            let run = |kernel: fn(Tensor<4>, Tensor<1>, Tensor<1>, Settings) -> Normed| {
                let (scale, shift) = (scale.clone(), shift.clone());
                move |input: Tensor<4>| kernel(input, scale.clone(), shift.clone(), settings)
            };
            let (ours, theirs) = (run(batch_norm), run(plain::batch_norm));
            let [first, second] = [ours(input.clone()), theirs(input.clone())];
            assert_close("mean", &values(first.mean), &values(second.mean), 1);
            assert_close("variance", &values(first.variance), &values(second.variance), 1);
            if activation == Activation::Relu && values(plain::batch_norm(
                input.clone(), scale.clone(), shift.clone(), Settings { activation: Activation::None, ..settings },
            ).output).iter().any(|value| value.abs() < 1e-4) {
                // Rounding alone may put such a value on either side of the bend.
                continue;
            }
            let name = format!("norm, {activation:?}");
            compare(&name, &input, &parameters, |x| ours(x).output, |x| theirs(x).output);
        }
    }
}

#[test]
fn convolution_agrees_on_small_maps_of_many_images() {
    for sizes in [[40, 24, 6, 6, 17, 3, 1, 1], [33, 20, 6, 6, 30, 3, 2, 1], [9, 70, 3, 3, 64, 1, 1, 0]] {
        check_convolution(sizes);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    for sizes in [[5, 6, 22, 18], [40, 6, 5, 4]] {
        check_threads(sizes);
    }
}

fn check_threads(sizes: [usize; 4]) {
    let (input, weight) = (random(sizes), random([10, 6, 3, 3]));
    let (scale, shift) = (random([10]), random([10]));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let output = conv2d(input.clone(), weight.clone(), None, 2, 1);
            let settings = Settings { epsilon: 1e-3, activation: Activation::Silu };
            let output = batch_norm(output, scale.clone(), shift.clone(), settings).output;
            let gradients = output.clone().powi_scalar(2).sum().backward();
            let [first, second] = [&input, &weight].map(|tensor| values(tensor.grad(&gradients).unwrap()));
            [values(output), first, second, values(scale.grad(&gradients).unwrap())]
        })
    };
    let one = run(1);
    for threads in [2, 3, 7] {
        assert_eq!(run(threads), one);
    }
}
