//! How long a chart's million points take.

#[path = "workload/points.rs"]
mod points;

use criterion::{Criterion, criterion_group, criterion_main};
use shared::series::{axis_range, largest_triangles, min_max, smooth, typical_step};
use std::hint::black_box;

const POINTS: usize = 1_000_000;

fn series(criterion: &mut Criterion) {
    let line = points::line(POINTS, 1);
    let last = (POINTS - 1) as f64;
    let mut group = criterion.benchmark_group("series of 1,000,000 points");
    group.sample_size(30);
    group.bench_function("min_max to 500 columns", |bench| {
        bench.iter(|| min_max(black_box(&line), 500, 0.0, last));
    });
    group.bench_function("largest_triangles to 2,000", |bench| {
        bench.iter(|| largest_triangles(black_box(&line), 2000));
    });
    group.bench_function("smooth, even steps", |bench| bench.iter(|| smooth(black_box(&line), 0.9, 1.0)));
    group.bench_function("typical_step", |bench| bench.iter(|| typical_step(black_box(&line))));
    group.bench_function("axis_range", |bench| {
        bench.iter(|| axis_range(black_box(&line).iter().map(|point| point.y), 0.01));
    });
    group.finish();
}

criterion_group!(benches, series);
criterion_main!(benches);
