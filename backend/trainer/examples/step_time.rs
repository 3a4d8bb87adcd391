//! Measures one training step of YOLOv8 on the CPU, by phase.
//!
//! `cargo run -p trainer --example step_time -- --variant n --batch 16 --size 320`
//!
//! The loss is the mean of the squared head maps, so that only the network is measured; the median of `--steps`
//! steps after one warm-up is printed, in milliseconds.

use std::process::ExitCode;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use trainer::model::yolov8::{Variant, YoloV8};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Options {
    variant: Variant,
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
    let mut options = Options { variant: Variant::N, batch: 16, size: 320, steps: 5 };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse::<usize>().map_err(|error| format!("{name} {value}: {error}"));
        match name.as_str() {
            "--variant" => options.variant = value.parse().map_err(|error| format!("{error}"))?,
            "--batch" => options.batch = number()?,
            "--size" => options.size = number()?,
            "--steps" => options.steps = number()?.max(1),
            _ => return Err(format!("unknown option {name}: use --variant, --batch, --size, --steps")),
        }
    }
    if options.size == 0 || !options.size.is_multiple_of(32) || options.batch == 0 {
        return Err("the size must be a multiple of 32 and the batch at least 1".to_owned());
    }
    Ok(options)
}

fn measure(options: &Options) {
    let Options { variant, batch, size, steps } = *options;
    let device = Device::flex().autodiff();
    let mut model = YoloV8::new(variant, 3, 0, &device);
    let images = Tensor::<4>::random([batch, 3, size, size], Distribution::Uniform(0.0, 1.0), &device);
    println!("{variant}, batch {batch}, {size} px, {} threads", rayon::current_num_threads());
    let mut rows = Vec::with_capacity(steps);
    for step in 0..=steps {
        let start = Instant::now();
        let output = model.forward_train(images.clone());
        let forward = start.elapsed();
        let loss = output.boxes.powi_scalar(2).mean().add(output.classes.powi_scalar(2).mean());
        let loss_done = start.elapsed();
        let gradients = loss.backward();
        let total = start.elapsed();
        drop(gradients);
        let freed = start.elapsed();
        if step > 0 {
            let spans = [forward, loss_done - forward, total - loss_done, freed - total, freed];
            rows.push(spans.map(|span| span.as_secs_f64() * 1e3));
        }
    }
    for (column, name) in ["forward", "loss", "backward", "free", "step"].into_iter().enumerate() {
        let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
        values.sort_by(f64::total_cmp);
        println!("{name:>9} {:9.1} ms", values[values.len() / 2]);
    }
    println!("{:>9} {:9.1} ms", "predict", predict_ms(&model, &images));
}

/// Evaluation mode without gradients, once.
fn predict_ms(model: &YoloV8, images: &Tensor<4>) -> f64 {
    let model = model.valid();
    let images = images.clone().inner();
    let start = Instant::now();
    let _output = model.forward(images);
    start.elapsed().as_secs_f64() * 1e3
}
