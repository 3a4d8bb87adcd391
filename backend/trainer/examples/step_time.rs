//! Measures one training step of a network on the CPU, by phase.
//!
//! `cargo run -p trainer --example step_time -- --network yolov8n --batch 16 --size 320`
//!
//! The loss is the mean of the squared outputs, so that only the network is measured; the median of `--steps`
//! steps after one warm-up is printed, in milliseconds.

use std::process::ExitCode;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use trainer::Network;
use trainer::model::resnet::ResNet;
use trainer::model::yolov8::YoloV8;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Options {
    network: Network,
    batch: usize,
    size: usize,
    steps: usize,
}

fn main() -> ExitCode {
    match read_options() {
        Ok(options) => {
            measure(&options);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn read_options() -> Result<Options, String> {
    let network = Network::YoloV8(trainer::Variant::N);
    let mut options = Options { network, batch: 16, size: 320, steps: 5 };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse::<usize>().map_err(|error| format!("{name} {value}: {error}"));
        match name.as_str() {
            "--network" => options.network = value.parse().map_err(|error| format!("{error}"))?,
            "--batch" => options.batch = number()?,
            "--size" => options.size = number()?,
            "--steps" => options.steps = number()?.max(1),
            _ => return Err(format!("unknown option {name}: use --network, --batch, --size, --steps")),
        }
    }
    if options.size == 0 || !options.size.is_multiple_of(32) || options.batch == 0 {
        return Err("the size must be a multiple of 32 and the batch at least 1".to_owned());
    }
    Ok(options)
}

fn measure(options: &Options) {
    let device = Device::flex().autodiff();
    let Options { network, batch, size, .. } = *options;
    println!("{network}, batch {batch}, {size} px, {} threads", rayon::current_num_threads());
    let mean_square = |outputs: Tensor<1>| outputs.powi_scalar(2).mean();
    match network {
        Network::YoloV8(variant) => time_steps(
            options,
            YoloV8::new(variant, 3, 0, &device),
            |model, images| model.forward_train(images),
            |output| mean_square(output.boxes.flatten(0, 2)).add(mean_square(output.classes.flatten(0, 2))),
            |model, images| drop(model.forward(images)),
        ),
        Network::ResNet(variant) => time_steps(
            options,
            ResNet::new(variant, 10, 0, &device),
            |model, images| model.forward_train(images),
            |output| mean_square(output.flatten(0, 1)),
            |model, images| drop(model.forward(images)),
        ),
    }
}

fn time_steps<M: Module, O>(
    options: &Options,
    mut model: M,
    forward: impl Fn(&mut M, Tensor<4>) -> O,
    loss: impl Fn(O) -> Tensor<1>,
    predict: impl Fn(&M, Tensor<4>),
) {
    let Options { batch, size, steps, .. } = *options;
    let device = Device::flex().autodiff();
    let images = Tensor::<4>::random([batch, 3, size, size], Distribution::Uniform(0.0, 1.0), &device);
    let mut rows = Vec::with_capacity(steps);
    for step in 0..=steps {
        let start = Instant::now();
        let output = forward(&mut model, images.clone());
        let forward_done = start.elapsed();
        let loss = loss(output);
        let loss_done = start.elapsed();
        let gradients = loss.backward();
        let total = start.elapsed();
        drop(gradients);
        let freed = start.elapsed();
        if step > 0 {
            let spans = [forward_done, loss_done - forward_done, total - loss_done, freed - total, freed];
            rows.push(spans.map(|span| span.as_secs_f64() * 1e3));
        }
    }
    for (column, name) in ["forward", "loss", "backward", "free", "step"].into_iter().enumerate() {
        let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
        values.sort_by(f64::total_cmp);
        println!("{name:>9} {:9.1} ms", values[values.len() / 2]);
    }
    // Evaluation mode without gradients, once.
    let (model, images) = (model.valid(), images.inner());
    let start = Instant::now();
    predict(&model, images);
    println!("{:>9} {:9.1} ms", "predict", start.elapsed().as_secs_f64() * 1e3);
}
