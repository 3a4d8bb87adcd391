//! Names, shapes, statistics and gradients of the whole network, and a pass by hand.

use std::collections::BTreeMap;

use burn::tensor::{Distribution, TensorData};

use crate::model::ParameterKind;
use crate::parameters::ParameterTable;

use super::*;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn shapes(variant: Variant, classes: usize) -> BTreeMap<String, Vec<usize>> {
    let table = ParameterTable::new(&ResNet::new(variant, classes, 0, &Device::flex())).unwrap();
    table.slots.into_iter().map(|slot| (slot.name, slot.shape)).collect()
}

#[test]
fn every_size_has_the_published_number_of_parameters() {
    for (variant, expected) in
        [(Variant::R18, 11_689_512), (Variant::R34, 21_797_672), (Variant::R50, 25_557_032)]
    {
        let table = ParameterTable::new(&ResNet::new(variant, 1_000, 0, &Device::flex())).unwrap();
        assert_eq!(table.trained_count(), expected, "{variant}");
        let short = variant.name().trim_start_matches("resnet");
        let family = shared::architecture::Catalog::default().family("resnet").unwrap();
        assert_eq!(family.parameters(short, 1_000), Some(expected as u64), "{variant}");
        assert_eq!((short.parse(), variant.name().parse()), (Ok(variant), Ok(variant)));
    }
    assert!("resnet101".parse::<Variant>().is_err());
}

#[test]
fn tensors_are_called_and_shaped_as_in_torchvision() {
    let small = shapes(Variant::R18, 10);
    for (name, shape) in [
        ("conv1.weight", &[64, 3, 7, 7][..]),
        ("bn1.running_var", &[64]),
        ("layer1.0.conv1.weight", &[64, 64, 3, 3]),
        ("layer2.0.conv1.weight", &[128, 64, 3, 3]),
        ("layer2.0.downsample.0.weight", &[128, 64, 1, 1]),
        ("layer2.0.downsample.1.running_mean", &[128]),
        ("layer4.1.bn2.bias", &[512]),
        ("fc.weight", &[10, 512]),
        ("fc.bias", &[10]),
    ] {
        assert_eq!(small.get(name).map(Vec::as_slice), Some(shape), "{name}");
    }
    assert!(!small.contains_key("layer1.0.downsample.0.weight"));
    // 20 convolutions, 20 normalisations of four tensors, and the last layer.
    assert_eq!(small.len(), 20 + 4 * 20 + 2);
    let large = shapes(Variant::R50, 10);
    for (name, shape) in [
        ("layer1.0.conv1.weight", &[64, 64, 1, 1][..]),
        ("layer1.0.conv3.weight", &[256, 64, 1, 1]),
        ("layer1.0.downsample.0.weight", &[256, 64, 1, 1]),
        ("layer3.5.bn3.weight", &[1024]),
        ("fc.weight", &[10, 2048]),
    ] {
        assert_eq!(large.get(name).map(Vec::as_slice), Some(shape), "{name}");
    }
    assert_eq!(large.len(), 53 + 4 * 53 + 2);
}

/// With every convolution passing on the middle value of its first channel, and every normalisation doing nothing, the
/// network can be followed by hand: each block adds the first channel to itself where it keeps its shape, or adds its
/// way around where it does not, so that each of eight blocks doubles the value.
#[test]
fn a_pass_can_be_followed_by_hand() {
    let device = Device::flex();
    let model = ResNet::new(Variant::R18, 2, 0, &device);
    let mut table = ParameterTable::new(&model).unwrap();
    for slot in &mut table.slots {
        let [rows, columns, taps] = match *slot.shape.as_slice() {
            [k, c, h, w] => [k, c, h * w],
            _ => [0, 0, 0],
        };
        if slot.name == "fc.weight" {
            slot.value.fill(0.0);
            slot.value[0] = 1.0;
            slot.value[512] = -2.0;
        } else if rows > 0 {
            slot.value.fill(0.0);
            slot.value[taps / 2] = 1.0;
            assert!(columns * taps > taps / 2);
        } else if slot.name == "fc.bias" {
            slot.value.copy_from_slice(&[0.5, 0.25]);
        } else if slot.name.ends_with("running_var") {
            // So that variance and epsilon together are 1.
            slot.value.fill(1.0 - 1e-5);
        }
    }
    let model = table.write(model, true);
    // A picture of one grey whose standardised red is 0.4.
    let grey = MEAN[0] + 0.4 * DEVIATION[0];
    let images = Tensor::<4>::full([1, 3, 64, 64], grey, &device);
    let logits = values(model.forward(images));
    let value = 0.4 * 256.0;
    for (found, expected) in logits.iter().zip([value + 0.5, -2.0 * value + 0.25]) {
        assert!((found - expected).abs() < 1e-3 * expected.abs(), "{found} against {expected}");
    }
}

#[test]
fn seeds_decide_the_weights_which_have_the_intended_spread() {
    let device = Device::flex();
    let weights = |seed| values(ResNet::new(Variant::R18, 2, seed, &device).layer3[1].first_weight());
    assert_eq!(weights(7), weights(7));
    assert_ne!(weights(7), weights(8));
    let weights = weights(1);
    let variance = weights.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / weights.len() as f64;
    let wanted = 2.0 / (256.0 * 9.0);
    assert!((variance / wanted - 1.0).abs() < 0.02, "{variance} against {wanted}");
}

#[test]
fn every_trained_parameter_gets_a_gradient_and_statistics_move() {
    for variant in [Variant::R18, Variant::R50] {
        let device = Device::flex().autodiff();
        let mut model = ResNet::new(variant, 3, 0, &device);
        let mut table = ParameterTable::new(&model).unwrap();
        let images = Tensor::random([2, 3, 64, 64], Distribution::Default, &device);
        let mut gradients = model.forward_train(images).powi_scalar(2).mean().backward();
        let before = table.clone();
        table.take_gradients(&model, &mut gradients).unwrap();
        table.take_statistics(&model).unwrap();
        for (slot, before) in table.slots.iter().zip(&before.slots) {
            if slot.kind == ParameterKind::State {
                assert_ne!(slot.value, before.value, "{}", slot.name);
            } else {
                let norm: f32 = slot.gradient.iter().map(|value| value * value).sum();
                assert!(norm.is_finite() && norm > 0.0, "{}", slot.name);
            }
        }
    }
}

#[test]
fn gradients_are_the_same_bits_whatever_the_number_of_threads() {
    let device = Device::flex().autodiff();
    let pixels: Vec<f32> = (0..3 * 3 * 64 * 64).map(|index| (index as f32 * 0.37).sin()).collect();
    let images = Tensor::<4>::from_data(TensorData::new(pixels, [3, 3, 64, 64]), &device);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut model = ResNet::new(Variant::R18, 2, 0, &device);
            let mut table = ParameterTable::new(&model).unwrap();
            let mut gradients = model.forward_train(images.clone()).powi_scalar(2).mean().backward();
            table.take_gradients(&model, &mut gradients).unwrap();
            table.slots.into_iter().map(|slot| slot.gradient).collect::<Vec<_>>()
        })
    };
    let one = run(1);
    for threads in [2, 3] {
        assert!(run(threads) == one, "{threads} threads");
    }
}
