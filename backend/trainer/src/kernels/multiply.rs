//! The two inner products of convolutions on planes, written once for all vector widths.
//!
//! [`Shifted`]: out[k][p] = sum over r of weights[r][k] * planes[offset[r] + p] (forward and input gradient).
//! [`Dots`]: out[k][r] = sum over p of left[k][p] * right[offset[r] + p] (weight gradient).
//! Each result is computed by one thread in one fixed order.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::planes::{Layout, ROUND};

/// Filters per tile: with two vectors of positions the accumulators fill the registers of both AVX-512 and AVX2.
const WIDE: usize = 8;
const NARROW: usize = 6;
/// The longest tile in values: 8 filters by 32 positions.
const TILE: usize = WIDE * ROUND;

/// Filters per tile on this machine.
pub(super) fn filters_per_tile() -> usize {
    struct Width;
    impl WithSimd for Width {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) -> usize {
            if S::F32_LANES == 8 { NARROW } else { WIDE }
        }
    }
    pulp::Arch::new().dispatch(Width)
}

/// Weights in the order in which tiles read them: [blocks of filters][reduction][filters per tile], zero-filled.
pub(super) struct Packed {
    values: Vec<f32>,
    depth: usize,
}

impl Packed {
    /// `weight(filter, r)` for all filters and all `depth` terms of the reduction.
    pub fn new(filters: usize, depth: usize, weight: impl Fn(usize, usize) -> f32 + Sync) -> Self {
        let tile = filters_per_tile();
        let mut values = vec![0.0; filters.next_multiple_of(tile) * depth];
        values.par_chunks_mut((tile * depth).max(1)).enumerate().for_each(|(block, panel)| {
            let first = block * tile;
            for (r, row) in panel.chunks_exact_mut(tile).enumerate() {
                for (k, value) in (first..filters).zip(row) {
                    *value = weight(k, r);
                }
            }
        });
        Self { values, depth }
    }
}

/// Where results go in a map: every `step`-th row and column from (`row`, `column`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub width: usize,
    pub area: usize,
    pub step: usize,
    pub row: usize,
    pub column: usize,
}

/// Multiplies one image's planes by the weights and stores into its output maps.
pub(super) struct Shifted<'a> {
    pub planes: &'a [f32],
    pub offsets: &'a [usize],
    pub weights: &'a Packed,
    pub bias: Option<&'a [f32]>,
    pub layout: &'a Layout,
    pub target: Target,
    /// The filter that `out` starts with, a multiple of [`filters_per_tile`].
    pub first_filter: usize,
    /// [some filters][area].
    pub out: &'a mut [f32],
}

impl WithSimd for Shifted<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES == 8 { self.run::<S, NARROW>(simd) } else { self.run::<S, WIDE>(simd) }
    }
}

/// A run of positions of one tile that lie in one row of the result.
#[derive(Clone, Copy, Default)]
struct Segment {
    lane: usize,
    length: usize,
    index: usize,
}

impl Shifted<'_> {
    #[inline(always)]
    fn run<S: Simd, const NR: usize>(self, simd: S) {
        let Self { planes, offsets, weights, bias, layout, target, first_filter, out } = self;
        let filters = out.len() / target.area;
        let weights_from = &weights.values[first_filter * weights.depth..];
        let width = 2 * S::F32_LANES;
        let mut buffer = [0.0_f32; TILE];
        let mut segments = Vec::with_capacity(width);
        for position in (0..layout.positions()).step_by(width) {
            find_segments(layout, &target, position, width, &mut segments);
            let blocks = weights_from.chunks_exact((weights.depth * NR).max(1));
            for (block, panel) in blocks.enumerate().take(filters.div_ceil(NR)) {
                let tile = shifted_tile::<S, NR>(simd, planes, offsets, panel.as_chunks::<NR>().0, position);
                spill::<S, NR>(simd, &tile, &mut buffer);
                let first = block * NR;
                for k in first..filters.min(first + NR) {
                    let values = &buffer[(k - first) * width..(k - first + 1) * width];
                    let start = bias.map_or(0.0, |bias| bias[first_filter + k]);
                    store(
                        values,
                        start,
                        &segments,
                        target.step,
                        &mut out[k * target.area..(k + 1) * target.area],
                    );
                }
            }
        }
    }
}

fn find_segments(layout: &Layout, target: &Target, first: usize, width: usize, segments: &mut Vec<Segment>) {
    segments.clear();
    let end = layout.positions().min(first + width);
    let mut position = first;
    while position < end {
        let (row, column) = (position / layout.row_stride, position % layout.row_stride);
        let next_row = (row + 1) * layout.row_stride;
        if column < layout.columns {
            let length = (layout.columns - column).min(end - position);
            let index =
                (row * target.step + target.row) * target.width + column * target.step + target.column;
            segments.push(Segment { lane: position - first, length, index });
        }
        position = next_row;
    }
}

#[inline(always)]
fn store(values: &[f32], start: f32, segments: &[Segment], step: usize, map: &mut [f32]) {
    for segment in segments {
        let values = &values[segment.lane..segment.lane + segment.length];
        if step == 1 {
            for (to, value) in map[segment.index..segment.index + segment.length].iter_mut().zip(values) {
                *to = value + start;
            }
        } else {
            for (to, value) in map[segment.index..].iter_mut().step_by(step).zip(values) {
                *to = value + start;
            }
        }
    }
}

#[inline(always)]
fn spill<S: Simd, const NR: usize>(_simd: S, tile: &[[S::f32s; 2]; NR], buffer: &mut [f32; TILE]) {
    let (vectors, _) = S::as_mut_simd_f32s(&mut buffer[..]);
    for (pair, row) in vectors.chunks_exact_mut(2).zip(tile) {
        pair[0] = row[0];
        pair[1] = row[1];
    }
}

#[inline(always)]
fn shifted_tile<S: Simd, const NR: usize>(
    simd: S,
    planes: &[f32],
    offsets: &[usize],
    panel: &[[f32; NR]],
    position: usize,
) -> [[S::f32s; 2]; NR] {
    let zero = simd.splat_f32s(0.0);
    let mut tile = [[zero; 2]; NR];
    let width = 2 * S::F32_LANES;
    for (offset, weights) in offsets.iter().zip(panel) {
        let at = offset + position;
        let (vectors, _) = S::as_simd_f32s(&planes[at..at + width]);
        let [first, second] = [vectors[0], vectors[1]];
        for k in 0..NR {
            let weight = simd.splat_f32s(weights[k]);
            tile[k][0] = simd.mul_add_f32s(first, weight, tile[k][0]);
            tile[k][1] = simd.mul_add_f32s(second, weight, tile[k][1]);
        }
    }
    tile
}

/// Adds inner products over a range of positions to the weight gradient.
pub(super) struct Dots<'a> {
    /// [filters][stride], zero where there is no result.
    pub left: &'a [f32],
    pub left_stride: usize,
    pub filters: usize,
    pub right: &'a [f32],
    pub offsets: &'a [usize],
    /// Positions to sum over, a multiple of [`ROUND`].
    pub length: usize,
    /// [filters][offsets], added to.
    pub out: &'a mut [f32],
}

/// Positions summed in registers before the sum goes to memory: six rows of right and four of left stay in L1.
const SPAN: usize = 1024;

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES == 8 { self.run::<S, 3, 4>(simd) } else { self.run::<S, 4, 6>(simd) }
    }
}

impl Dots<'_> {
    #[inline(always)]
    fn run<S: Simd, const KB: usize, const RB: usize>(self, simd: S) {
        let Self { left, left_stride, filters, right, offsets, length, out } = self;
        let depth = offsets.len();
        for start in (0..length).step_by(SPAN) {
            let span = SPAN.min(length - start);
            for r in (0..depth).step_by(RB) {
                // Past the end the last row is computed again and thrown away.
                let mut rows: [&[S::f32s]; RB] = [&[]; RB];
                for (j, row) in rows.iter_mut().enumerate() {
                    let at = offsets[(r + j).min(depth - 1)] + start;
                    *row = S::as_simd_f32s(&right[at..at + span]).0;
                }
                for k in (0..filters).step_by(KB) {
                    let mut columns: [&[S::f32s]; KB] = [&[]; KB];
                    for (i, column) in columns.iter_mut().enumerate() {
                        let at = (k + i).min(filters - 1) * left_stride + start;
                        *column = S::as_simd_f32s(&left[at..at + span]).0;
                    }
                    let sums = dot_tile::<S, KB, RB>(simd, columns, rows);
                    for (i, sums) in sums.iter().enumerate().take(filters - k) {
                        for (j, sum) in sums.iter().enumerate().take(depth - r) {
                            out[(k + i) * depth + r + j] += sum;
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn dot_tile<S: Simd, const KB: usize, const RB: usize>(
    simd: S,
    left: [&[S::f32s]; KB],
    right: [&[S::f32s]; RB],
) -> [[f32; RB]; KB] {
    // Plain loops: a closure would not be compiled for the wide vectors.
    let mut sums = [[simd.splat_f32s(0.0); RB]; KB];
    let count = left[0].len();
    for p in 0..count {
        let mut values = [simd.splat_f32s(0.0); KB];
        for i in 0..KB {
            values[i] = left[i][p];
        }
        for j in 0..RB {
            let value = right[j][p];
            for i in 0..KB {
                sums[i][j] = simd.mul_add_f32s(values[i], value, sums[i][j]);
            }
        }
    }
    let mut totals = [[0.0; RB]; KB];
    for i in 0..KB {
        for j in 0..RB {
            totals[i][j] = simd.reduce_sum_f32s(sums[i][j]);
        }
    }
    totals
}
