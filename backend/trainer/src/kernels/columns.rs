//! Convolution of small maps: the values under the kernel are gathered into columns, of all images side by side, so that
//! one product of matrices does the work.
//!
//! On small maps the shifted reads of [`super::convolution`] would be mostly padding. Results do not depend on the number
//! of threads. Knows no tensors and no gradients' graph.

use rayon::prelude::*;

use super::multiply::{Dots, Packed, Shifted, Target, filters_per_tile};
use super::planes::{Layout, ROUND, Sizes};
use super::scratch;

/// Output maps of at most so many cells are small.
const LARGEST_AREA: usize = 64;
/// Positions that one group of images has at most, or a single image alone: what is gathered stays in the caches.
const GROUP_POSITIONS: usize = 1024;
/// Rows of the weight gradient's product for each task.
const ROWS_PER_TASK: usize = 48;

/// Whether this is the faster way.
pub(super) fn suits(sizes: &Sizes) -> bool {
    sizes.output_area() <= LARGEST_AREA
}

/// As [`super::convolution::forward`].
pub(super) fn forward(input: &[f32], weight: &[f32], bias: Option<&[f32]>, sizes: &Sizes) -> Vec<f32> {
    let work = Work::new(sizes);
    let weights = Packed::new(sizes.filters, work.depth, |k, r| weight[k * work.depth + r]);
    let images = input.len() / work.image;
    let mut output = vec![0.0; images * work.map];
    let groups = output.chunks_mut(work.group * work.map).zip(input.chunks(work.group * work.image));
    for (output, input) in groups {
        work.with_columns(input, |columns, length| {
            let product = product(columns, &weights, sizes.filters, work.depth, length);
            work.scatter(&product, length, bias, output);
        });
    }
    output
}

/// As [`super::convolution::input_gradient`].
pub(super) fn input_gradient(gradient: &[f32], weight: &[f32], sizes: &Sizes) -> Vec<f32> {
    let work = Work::new(sizes);
    let weights = Packed::new(work.depth, sizes.filters, |r, k| weight[k * work.depth + r]);
    let images = gradient.len() / work.map;
    let mut output = vec![0.0; images * work.image];
    let groups = output.chunks_mut(work.group * work.image).zip(gradient.chunks(work.group * work.map));
    for (output, gradient) in groups {
        work.with_rows(gradient, |rows, length| {
            let columns = product(rows, &weights, work.depth, sizes.filters, length);
            work.add_columns(&columns, length, output);
        });
    }
    output
}

/// As [`super::convolution::weight_gradient`].
pub(super) fn weight_gradient(input: &[f32], gradient: &[f32], sizes: &Sizes) -> Vec<f32> {
    let work = Work::new(sizes);
    // [blocks of rows][filters][rows of the block]
    let mut blocks: Vec<Vec<f32>> = (0..work.depth)
        .step_by(ROWS_PER_TASK)
        .map(|first| vec![0.0; sizes.filters * ROWS_PER_TASK.min(work.depth - first)])
        .collect();
    let groups = input.chunks(work.group * work.image).zip(gradient.chunks(work.group * work.map));
    for (input, gradient) in groups {
        work.with_columns(input, |columns, length| {
            work.with_rows(gradient, |rows, _| {
                blocks.par_iter_mut().enumerate().for_each(|(index, out)| {
                    let first = index * ROWS_PER_TASK;
                    let count = out.len() / sizes.filters;
                    let offsets: Vec<usize> = (first..first + count).map(|row| row * length).collect();
                    pulp::Arch::new().dispatch(Dots {
                        left: rows,
                        left_stride: length,
                        filters: sizes.filters,
                        right: columns,
                        offsets: &offsets,
                        length,
                        out,
                    });
                });
            });
        });
    }
    let mut weight = vec![0.0; sizes.filters * work.depth];
    weight.par_chunks_mut(work.depth).enumerate().for_each(|(k, row)| {
        for (part, block) in row.chunks_mut(ROWS_PER_TASK).zip(&blocks) {
            let count = part.len();
            part.copy_from_slice(&block[k * count..(k + 1) * count]);
        }
    });
    weight
}

/// [filters][length] = weights [filters][depth] times `columns` [depth][length].
fn product(columns: &[f32], weights: &Packed, filters: usize, depth: usize, length: usize) -> Vec<f32> {
    let layout = Layout::flat(length);
    let offsets: Vec<usize> = (0..depth).map(|row| row * length).collect();
    let target = Target { width: length, area: length, step: 1, row: 0, column: 0 };
    let part = filters.div_ceil(rayon::current_num_threads()).next_multiple_of(filters_per_tile());
    let mut output = vec![0.0; filters * length];
    output.par_chunks_mut(part * length).enumerate().for_each(|(index, out)| {
        pulp::Arch::new().dispatch(Shifted {
            planes: columns,
            offsets: &offsets,
            weights,
            bias: None,
            layout: &layout,
            target,
            first_filter: index * part,
            out,
        });
    });
    output
}

struct Work<'a> {
    sizes: &'a Sizes,
    /// Values under the kernel: channels times taps.
    depth: usize,
    /// Values of an image, and of its output maps.
    image: usize,
    map: usize,
    /// Images that are worked on together.
    group: usize,
}

impl<'a> Work<'a> {
    fn new(sizes: &'a Sizes) -> Self {
        Self {
            sizes,
            depth: sizes.channels * sizes.taps(),
            image: sizes.channels * sizes.input_area(),
            map: sizes.filters * sizes.output_area(),
            group: (GROUP_POSITIONS / sizes.output_area()).max(1),
        }
    }

    /// Flat positions of the images' maps, rounded up to whole tiles.
    fn length(&self, images: usize) -> usize {
        (images * self.sizes.output_area()).next_multiple_of(ROUND)
    }

    /// Gathers images into [depth][length], zero outside the maps.
    fn with_columns(&self, input: &[f32], each: impl FnOnce(&[f32], usize)) {
        let length = self.length(input.len() / self.image);
        scratch::with_zeros(self.depth * length, |columns| {
            columns.par_chunks_mut(self.sizes.taps() * length).enumerate().for_each(|(channel, rows)| {
                for (tap, row) in rows.chunks_mut(length).enumerate() {
                    self.gather(input, channel, tap, row);
                }
            });
            each(columns, length);
        });
    }

    fn gather(&self, input: &[f32], channel: usize, tap: usize, row: &mut [f32]) {
        let area = self.sizes.input_area();
        let maps = input.chunks_exact(self.image).map(|image| &image[channel * area..(channel + 1) * area]);
        for (map, out) in maps.zip(row.chunks_mut(self.sizes.output_area())) {
            self.each_cell(tap, |into, from| out[into] = map[from]);
        }
    }

    /// Calls back with each output cell and the input cell that the tap reads for it, where there is one.
    fn each_cell(&self, tap: usize, mut each: impl FnMut(usize, usize)) {
        let Sizes { height, width, kernel, stride, padding, .. } = *self.sizes;
        let (tap_y, tap_x) = (tap / kernel, tap % kernel);
        let columns = self.sizes.output_width();
        for y in 0..self.sizes.output_height() {
            let Some(from_y) = (y * stride + tap_y).checked_sub(padding).filter(|y| *y < height) else {
                continue;
            };
            for x in 0..columns {
                if let Some(from_x) = (x * stride + tap_x).checked_sub(padding).filter(|x| *x < width) {
                    each(y * columns + x, from_y * width + from_x);
                }
            }
        }
    }

    /// Lays maps of images out as [filters][length].
    fn with_rows(&self, maps: &[f32], each: impl FnOnce(&[f32], usize)) {
        let area = self.sizes.output_area();
        let length = self.length(maps.len() / self.map);
        scratch::with_zeros(self.sizes.filters * length, |rows| {
            rows.par_chunks_mut(length).enumerate().for_each(|(k, row)| {
                for (map, out) in maps.chunks_exact(self.map).zip(row.chunks_mut(area)) {
                    out.copy_from_slice(&map[k * area..(k + 1) * area]);
                }
            });
            each(rows, length);
        });
    }

    /// The way back of [`with_rows`](Self::with_rows), with the bias added.
    fn scatter(&self, rows: &[f32], length: usize, bias: Option<&[f32]>, maps: &mut [f32]) {
        let area = self.sizes.output_area();
        maps.par_chunks_mut(self.map).enumerate().for_each(|(image, maps)| {
            for (k, map) in maps.chunks_exact_mut(area).enumerate() {
                let start = bias.map_or(0.0, |bias| bias[k]);
                for (to, value) in map.iter_mut().zip(&rows[k * length + image * area..]) {
                    *to = value + start;
                }
            }
        });
    }

    /// Adds each gathered value's gradient to where the value came from.
    fn add_columns(&self, columns: &[f32], length: usize, images: &mut [f32]) {
        let (area, pooled) = (self.sizes.input_area(), self.sizes.output_area());
        images.par_chunks_mut(self.image).enumerate().for_each(|(image, maps)| {
            for (channel, map) in maps.chunks_exact_mut(area).enumerate() {
                for tap in 0..self.sizes.taps() {
                    let row = (channel * self.sizes.taps() + tap) * length + image * pooled;
                    let values = &columns[row..row + pooled];
                    self.each_cell(tap, |from, to| map[to] += values[from]);
                }
            }
        });
    }
}
