//! 5x5 maxima and doubling of maps, forward and backward on slices, threaded over maps.

use rayon::prelude::*;

/// Cells to each side that a maximum looks at.
const REACH: usize = 2;

/// The maximum of each 5x5 neighbourhood inside the map, and which cell it is.
///
/// Of equal values the first in row order is taken; a NaN wins over everything, so that divergence shows.
pub(super) fn max_pool(input: &[f32], height: usize, width: usize) -> (Vec<f32>, Vec<u32>) {
    let area = height * width;
    let mut output = vec![0.0; input.len()];
    let mut winners = vec![0_u32; input.len()];
    output
        .par_chunks_mut(area)
        .zip(winners.par_chunks_mut(area))
        .zip(input.par_chunks(area))
        .for_each(|((out, winners), map)| pool_map(map, height, width, out, winners));
    (output, winners)
}

/// First the best of each row's five, then the best of five rows: ten comparisons instead of twenty-five.
fn pool_map(map: &[f32], height: usize, width: usize, out: &mut [f32], winners: &mut [u32]) {
    let mut row_best = vec![0_u32; map.len()];
    for y in 0..height {
        for x in 0..width {
            let range = x.saturating_sub(REACH)..(x + REACH + 1).min(width);
            row_best[y * width + x] = best(map, range.map(|x| (y * width + x) as u32));
        }
    }
    for y in 0..height {
        for x in 0..width {
            let range = y.saturating_sub(REACH)..(y + REACH + 1).min(height);
            let winner = best(map, range.map(|y| row_best[y * width + x]));
            winners[y * width + x] = winner;
            out[y * width + x] = map[winner as usize];
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

/// Sends each output's gradient to the cell that won.
pub(super) fn max_pool_gradient(gradient: &[f32], winners: &[u32], area: usize) -> Vec<f32> {
    let mut output = vec![0.0; gradient.len()];
    output.par_chunks_mut(area).zip(gradient.par_chunks(area)).zip(winners.par_chunks(area)).for_each(
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
