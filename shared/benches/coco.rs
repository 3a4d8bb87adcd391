//! How long the COCO evaluation takes on a scene of COCO's size, step by step.
//!
//! `cargo bench -p shared --bench coco`

#[path = "../examples/scene/mod.rs"]
mod scene;

use criterion::{Criterion, criterion_group, criterion_main};
use shared::metrics::coco::{CocoError, CocoTruth, evaluate, evaluate_ultralytics};
use std::hint::black_box;

fn coco(criterion: &mut Criterion) {
    if let Err(error) = measure(criterion) {
        eprintln!("the generated scene cannot be read: {error}");
        std::process::exit(1);
    }
}

fn measure(criterion: &mut Criterion) -> Result<(), CocoError> {
    let (truth_json, detections_json) = scene::scene();
    let truth = CocoTruth::from_json(truth_json.as_bytes())?;
    let detections = truth.detections_from_json(detections_json.as_bytes())?;
    let mut group = criterion.benchmark_group("coco, 5,000 images, 236,000 detections");
    group.sample_size(10);
    group.bench_function("read ground truth", |bencher| {
        bencher.iter(|| CocoTruth::from_json(black_box(truth_json.as_bytes())));
    });
    group.bench_function("read detections", |bencher| {
        bencher.iter(|| truth.detections_from_json(black_box(detections_json.as_bytes())));
    });
    group.bench_function("evaluate", |bencher| {
        bencher.iter(|| evaluate(black_box(&detections), &mut |_done, _total| {}));
    });
    group.bench_function("evaluate, Ultralytics variant", |bencher| {
        bencher.iter(|| evaluate_ultralytics(black_box(&detections), &mut |_done, _total| {}));
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, coco);
criterion_main!(benches);
