//! Shapes, statistics and gradients of the whole network.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use burn::module::Param;

use crate::model::{ParameterKind, published_name};

use super::*;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn yolov8n_with_eighty_classes_has_the_published_number_of_parameters() {
    // 3,157,200 trainable and fixed parameters in the published model, of which 16 are the constant DFL weights;
    // our count also holds the running statistics, two per normalised channel.
    let model = YoloV8::new(Variant::N, 80, 0, &Device::flex());
    let mut counter = Counter::default();
    model.visit(&mut counter);
    assert_eq!(counter.trained, 3_157_200 - 16);
}

#[derive(Default)]
struct Counter {
    path: Vec<String>,
    trained: usize,
}

impl burn::module::ModuleVisitor for Counter {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if ParameterKind::of(&self.path.join("."), D) != ParameterKind::State {
            self.trained += param.shape().num_elements();
        }
    }
}

#[test]
fn output_has_a_row_for_every_anchor() {
    let model = YoloV8::new(Variant::N, 3, 0, &Device::flex());
    let output = model.forward(Tensor::zeros([2, 3, 64, 96], &Device::flex()));
    let anchors = model.anchors(64, 96).count();
    assert_eq!(output.boxes.dims(), [2, anchors, 64]);
    assert_eq!(output.classes.dims(), [2, anchors, 3]);
}

#[test]
fn seeds_decide_the_weights() {
    let device = Device::flex();
    let image = Tensor::<4>::ones([1, 3, 32, 32], &device);
    let run = |seed| values(YoloV8::new(Variant::N, 2, seed, &device).forward(image.clone()).classes);
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn training_moves_the_running_statistics_of_this_model_only() {
    let device = Device::flex().autodiff();
    let mut model = YoloV8::new(Variant::N, 2, 0, &device);
    let copy = model.clone();
    model.forward_train(Tensor::ones([2, 3, 64, 64], &device));
    assert!(values(copy.backbone.stem.running_mean()).iter().all(|mean| *mean == 0.0));
    assert!(values(model.backbone.stem.running_mean()).iter().any(|mean| *mean != 0.0));
}

#[test]
fn every_trained_parameter_gets_a_gradient_and_statistics_get_none() {
    let device = Device::flex().autodiff();
    let mut model = YoloV8::new(Variant::N, 2, 0, &device);
    let images = Tensor::random([2, 3, 64, 64], burn::tensor::Distribution::Default, &device);
    let output = model.forward_train(images);
    let loss = output.boxes.powi_scalar(2).mean().add(output.classes.powi_scalar(2).mean());
    let gradients = loss.backward();
    let mut visitor = GradientCheck { path: Vec::new(), gradients: &gradients, wrong: Vec::new() };
    model.visit(&mut visitor);
    assert!(visitor.wrong.is_empty(), "{:?}", visitor.wrong);
}

struct GradientCheck<'a> {
    path: Vec<String>,
    gradients: &'a burn::tensor::Gradients,
    wrong: Vec<String>,
}

impl burn::module::ModuleVisitor for GradientCheck<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = published_name(&self.path.join("."));
        let gradient = param.val().grad(self.gradients);
        let trained = ParameterKind::of(&name, D) != ParameterKind::State;
        let flows = gradient.is_some_and(|gradient| {
            let norm: f32 = gradient.powi_scalar(2).sum().into_scalar();
            norm.is_finite() && norm > 0.0
        });
        if trained != flows {
            self.wrong.push(name);
        }
    }
}

#[test]
fn gradients_are_the_same_bits_whatever_the_number_of_threads() {
    let device = Device::flex().autodiff();
    let values: Vec<f32> = (0..3 * 3 * 96 * 64).map(|index| (index as f32 * 0.37).sin()).collect();
    let images = Tensor::<4>::from_data(burn::tensor::TensorData::new(values, [3, 3, 96, 64]), &device);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut model = YoloV8::new(Variant::N, 2, 0, &device);
            let output = model.forward_train(images.clone());
            let loss = output.boxes.powi_scalar(2).mean().add(output.classes.powi_scalar(2).mean());
            let mut bits = Bits { gradients: &loss.backward(), values: Vec::new() };
            model.visit(&mut bits);
            bits.values
        })
    };
    let one = run(1);
    for threads in [1, 2, 3] {
        assert!(run(threads) == one, "{threads} threads");
    }
}

struct Bits<'a> {
    gradients: &'a burn::tensor::Gradients,
    values: Vec<f32>,
}

impl burn::module::ModuleVisitor for Bits<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // The running statistics have no gradient and are compared themselves.
        self.values.extend(values(param.val().grad(self.gradients).unwrap_or_else(|| param.val().inner())));
    }
}
