//! Questions to the lines of charts.
//!
//! Must not know the right answers.

use crate::digest::Digest;
use crate::random::Random;
use shared::series::{self, Point};

/// Rising or standing x, and a gap now and then.
fn line(random: &mut Random) -> Vec<Point> {
    let (mut x, mut y) = (random.unit() * 100.0 - 50.0, random.unit());
    let scale = [1e-9, 1.0, 1e7].get(random.below(3)).copied().unwrap_or(1.0);
    (0..random.below(600))
        .map(|_| {
            x += if random.chance(5) { 0.0 } else { random.unit() * 3.0 };
            y += random.unit() - 0.5;
            match random.below(50) {
                0 => Point::gap(x),
                1 => Point::new(x, f64::INFINITY),
                _ => Point::new(x, y * scale),
            }
        })
        .collect()
}

fn add(points: &[Point], digest: &mut Digest) {
    for point in points {
        digest.number(point.x).number(point.y);
    }
}

pub(super) fn min_max(random: &mut Random, digest: &mut Digest) {
    let points = line(random);
    let from = random.unit() * 400.0 - 50.0;
    let kept = series::min_max(&points, random.below(60), from, from + random.unit() * 500.0);
    add(&kept, digest);
}

pub(super) fn at_most(random: &mut Random, digest: &mut Digest) {
    let points = line(random);
    add(&series::at_most(&points, random.below(120)), digest);
}

pub(super) fn largest_triangles(random: &mut Random, digest: &mut Digest) {
    let points = line(random);
    add(&series::largest_triangles(&points, random.below(120)), digest);
}

pub(super) fn smooth(random: &mut Random, digest: &mut Digest) {
    let points = line(random);
    let step = series::typical_step(&points);
    digest.number(step);
    let x_unit = if random.chance(50) { step } else { random.unit() * 5.0 };
    add(&series::smooth(&points, random.unit() * 1.1, x_unit), digest);
}

pub(super) fn axis(random: &mut Random, digest: &mut Digest) {
    let values = line(random).into_iter().map(|point| point.y);
    let range = series::axis_range(values, random.unit() * 0.3);
    digest.text(&format!("{range:?}"));
}

pub(super) fn ticks(random: &mut Random, digest: &mut Digest) {
    let scale = 10f64.powi(i32::try_from(random.below(30)).unwrap_or(0) - 15);
    let low = (random.unit() - 0.5) * scale;
    let high = low + random.unit() * scale;
    let wanted = random.below(12);
    for ticks in [series::nice_ticks(low, high, wanted), series::whole_ticks(low, high, wanted)] {
        digest.numbers(&ticks.values).whole(ticks.decimals as u64);
    }
    digest.numbers(&series::log_ticks(low.abs(), high.abs()));
    let (start_ms, span_ms) = (random.unit() * 2e12, random.unit() * 10f64.powi(3 + (wanted as i32)));
    digest.text(&format!("{:?}", series::time_ticks(start_ms, start_ms + span_ms, wanted, 3_600_000.0)));
}
