//! The line that charts are measured on, the same in every benchmark and in the browser.
//!
//! Must not know how time is measured.

mod random;

use random::SplitMix;
use shared::series::Point;

/// A falling, noisy line with a gap now and then, one point for each whole x from 0.
pub fn line(count: usize, seed: u64) -> Vec<Point> {
    let mut random = SplitMix(seed);
    (0..count)
        .map(|x| {
            let x = x as f64;
            if random.below(10_000) == 0 {
                return Point::gap(x);
            }
            Point::new(x, 1.0 / (1.0 + x / count as f64 * 9.0) + (random.unit() - 0.5) * 0.2)
        })
        .collect()
}
