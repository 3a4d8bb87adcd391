//! How long a move of the confidence or IoU slider takes over 100,000 boxes.

#[path = "workload/boxes.rs"]
mod boxes;

use criterion::{Criterion, criterion_group, criterion_main};
use shared::metrics::InteractiveEvaluator;
use std::hint::black_box;

const CLASSES: usize = 80;

fn sliders(criterion: &mut Criterion) {
    let images = boxes::images(1_000, 100, CLASSES, 1);
    let mut evaluator = evaluator(&images);
    let mut group = criterion.benchmark_group("interactive, 100,000 boxes of 80 classes");
    group.sample_size(30);
    group.bench_function("built", |bench| bench.iter(|| self::evaluator(black_box(&images))));
    let mut step = 0;
    group.bench_function("confidence moved", |bench| {
        bench.iter(|| {
            step = (step + 7) % 100;
            evaluator.at(f64::from(step) / 100.0)
        });
    });
    group.bench_function("confidence moved to 0", |bench| bench.iter(|| evaluator.at(black_box(0.0))));
    group.bench_function("counts of every image", |bench| {
        bench.iter(|| evaluator.image_counts(black_box(0.1)));
    });
    group.bench_function("IoU moved, counts", |bench| {
        bench.iter(|| {
            step = (step + 7) % 50;
            evaluator.set_iou_threshold(0.5 + f64::from(step) / 100.0);
            evaluator.at(0.1)
        });
    });
    group.bench_function("IoU moved, counts and curves", |bench| {
        bench.iter(|| {
            step = (step + 7) % 50;
            evaluator.set_iou_threshold(0.5 + f64::from(step) / 100.0);
            (evaluator.at(0.1), evaluator.report())
        });
    });
    group.finish();
}

fn evaluator(images: &[boxes::Image]) -> InteractiveEvaluator {
    let mut evaluator = InteractiveEvaluator::new(CLASSES);
    for (targets, detections) in images {
        // The workload's classes and scores are all known; one refused would only be missed.
        let _ = evaluator.add_image(targets, detections);
    }
    evaluator
}

criterion_group!(benches, sliders);
criterion_main!(benches);
