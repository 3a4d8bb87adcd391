//! Maxima of squares and doubling of maps, forward and backward on slices, threaded over maps.

use rayon::prelude::*;

/// The square over which a maximum is taken, with half its side around each map that counts as nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its side; odd.
    pub side: usize,
    /// Cells from one square to the next.
    pub stride: usize,
}

impl Window {
    /// Squares along a side of so many cells.
    pub fn count(&self, length: usize) -> usize {
        (length + 2 * (self.side / 2)).saturating_sub(self.side) / self.stride + 1
    }

    /// The cells of one square within a map.
    fn range(&self, place: usize, length: usize) -> std::ops::Range<usize> {
        let (middle, reach) = (place * self.stride, self.side / 2);
        middle.saturating_sub(reach)..(middle + reach + 1).min(length)
    }
}

/// The maximum of each square inside the map, and which cell it is.
///
/// Of equal values the first in row order is taken; a NaN wins over everything, so that divergence shows.
pub(super) fn max_pool(input: &[f32], height: usize, width: usize, window: Window) -> (Vec<f32>, Vec<u32>) {
    let area = height * width;
    let pooled = window.count(height) * window.count(width);
    let count = input.len() / area * pooled;
    let mut output = vec![0.0; count];
    let mut winners = vec![0_u32; count];
    output
        .par_chunks_mut(pooled)
        .zip(winners.par_chunks_mut(pooled))
        .zip(input.par_chunks(area))
        .for_each(|((out, winners), map)| pool_map(map, [height, width], window, out, winners));
    (output, winners)
}

/// First the best of each row's few, then the best of few rows: far fewer comparisons than cells of the square.
fn pool_map(map: &[f32], [height, width]: [usize; 2], window: Window, out: &mut [f32], winners: &mut [u32]) {
    let columns = window.count(width);
    let mut row_best = vec![0_u32; height * columns];
    for y in 0..height {
        for x in 0..columns {
            let range = window.range(x, width);
            row_best[y * columns + x] = best(map, range.map(|x| (y * width + x) as u32));
        }
    }
    for y in 0..window.count(height) {
        for x in 0..columns {
            let range = window.range(y, height);
            let winner = best(map, range.map(|y| row_best[y * columns + x]));
            winners[y * columns + x] = winner;
            out[y * columns + x] = map[winner as usize];
        }
    }
}

fn best(map: &[f32], candidates: impl Iterator<Item = u32>) -> u32 {
    let mut winner = u32::MAX;
    let mut value = f32::NEG_INFINITY;
    for candidate in candidates {
        let other = map[candidate as usize];
        if winner == u32::MAX || other > value || (other.is_nan() && !value.is_nan()) {
            (winner, value) = (candidate, other);
        }
    }
    winner
}

/// Sends each output's gradient to the cell that won; maps had `area` cells and have `pooled` now.
pub(super) fn max_pool_gradient(gradient: &[f32], winners: &[u32], area: usize, pooled: usize) -> Vec<f32> {
    let mut output = vec![0.0; gradient.len() / pooled * area];
    output.par_chunks_mut(area).zip(gradient.par_chunks(pooled)).zip(winners.par_chunks(pooled)).for_each(
        |((out, gradient), winners)| {
            for (gradient, winner) in gradient.iter().zip(winners) {
                out[*winner as usize] += gradient;
            }
        },
    );
    output
}

/// Each cell becomes a 2x2 block; `width` is the input's.
pub(super) fn upsample(input: &[f32], width: usize) -> Vec<f32> {
    let mut output = vec![0.0; 4 * input.len()];
    output.par_chunks_mut(4 * width).zip(input.par_chunks(width)).for_each(|(rows, row)| {
        let (first, second) = rows.split_at_mut(2 * width);
        for (pair, value) in first.as_chunks_mut::<2>().0.iter_mut().zip(row) {
            *pair = [*value; 2];
        }
        second.copy_from_slice(first);
    });
    output
}

/// Each cell gets the sum of its 2x2 block; `width` is the input's.
pub(super) fn upsample_gradient(gradient: &[f32], width: usize) -> Vec<f32> {
    let mut output = vec![0.0; gradient.len() / 4];
    output.par_chunks_mut(width).zip(gradient.par_chunks(4 * width)).for_each(|(row, rows)| {
        let (first, second) = rows.split_at(2 * width);
        let pairs = first.as_chunks::<2>().0.iter().zip(second.as_chunks::<2>().0);
        for (out, (above, below)) in row.iter_mut().zip(pairs) {
            *out = above[0] + above[1] + below[0] + below[1];
        }
    });
    output
}
