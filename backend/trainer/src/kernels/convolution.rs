//! Convolution on slices: forward, input gradient and weight gradient, threaded over images or channels.
//!
//! Results do not depend on the number of threads: every value is summed in one fixed order.
//! Knows no tensors and no gradients' graph.

use rayon::prelude::*;

use super::columns;
use super::multiply::{Dots, Packed, Shifted, Target, filters_per_tile};
use super::planes::{Layout, Sizes, fill_input, fill_shifted, input_taps};
use super::scratch;

/// `input` [N, C, H, W], `weight` [K, C, k, k], `bias` [K]; returns [N, K, H', W'].
pub(super) fn forward(input: &[f32], weight: &[f32], bias: Option<&[f32]>, sizes: &Sizes) -> Vec<f32> {
    if columns::suits(sizes) {
        return columns::forward(input, weight, bias, sizes);
    }
    let layout = Layout::of_input(sizes);
    let taps = input_taps(sizes, &layout);
    let map_planes = layout.phases * layout.plane;
    let offsets: Vec<usize> = (0..sizes.channels)
        .flat_map(|c| taps.iter().map(move |(phase, shift)| (c, *phase, *shift)))
        .map(|(c, phase, shift)| c * map_planes + phase * layout.plane + shift)
        .collect();
    let depth = offsets.len();
    let weights = Packed::new(sizes.filters, depth, |k, r| weight[k * depth + r]);
    let image = sizes.channels * sizes.input_area();
    let area = sizes.output_area();
    let target = Target { width: sizes.output_width(), area, step: 1, row: 0, column: 0 };
    let images = input.len() / image;
    let mut output = vec![0.0; images * sizes.filters * area];
    // With few images the filters of each are shared out too; every value is still computed the same way.
    let parts = rayon::current_num_threads().div_ceil(images.max(1));
    let part = sizes.filters.div_ceil(parts).next_multiple_of(filters_per_tile());
    output.par_chunks_mut(sizes.filters * area).zip(input.par_chunks(image)).for_each(|(out, maps)| {
        let multiply = |planes: &[f32], out: &mut [f32]| {
            out.par_chunks_mut(part * area).enumerate().for_each(|(index, out)| {
                pulp::Arch::new().dispatch(Shifted {
                    planes,
                    offsets: &offsets,
                    weights: &weights,
                    bias,
                    layout: &layout,
                    target,
                    first_filter: index * part,
                    out,
                });
            });
        };
        if layout.identity {
            multiply(maps, out);
            return;
        }
        scratch::with_zeros(sizes.channels * map_planes, |planes| {
            let maps = maps.par_chunks_exact(sizes.input_area());
            // Small maps are not worth a task each.
            let maps = maps.with_min_len(sizes.channels.div_ceil(parts));
            maps.zip(planes.par_chunks_exact_mut(map_planes))
                .for_each(|(map, planes)| fill_input(map, sizes, &layout, layout.plane, planes));
            multiply(planes, out);
        });
    });
    output
}

/// One phase of the input gradient: its taps' place in the kernel and in the gradient's planes.
struct GradientPhase {
    row: usize,
    column: usize,
    layout: Layout,
    offsets: Vec<usize>,
    weights: Packed,
}

/// The gradient with respect to the input: `gradient` [N, K, H', W']; returns [N, C, H, W].
///
/// Input rows of one parity (for stride 2) see the same taps, so each parity is a convolution of its own.
pub(super) fn input_gradient(gradient: &[f32], weight: &[f32], sizes: &Sizes) -> Vec<f32> {
    if columns::suits(sizes) {
        return columns::input_gradient(gradient, weight, sizes);
    }
    let margin = Margin::of(sizes);
    let (rows, columns) = (sizes.height.div_ceil(sizes.stride), sizes.width.div_ceil(sizes.stride));
    let planes_layout = Layout::of_gradient(rows, columns, margin.before + margin.after, sizes);
    let phases: Vec<GradientPhase> = (0..sizes.stride.min(sizes.height))
        .flat_map(|row| (0..sizes.stride.min(sizes.width)).map(move |column| (row, column)))
        .map(|(row, column)| gradient_phase(weight, sizes, &margin, &planes_layout, row, column))
        .collect();
    let image = sizes.filters * sizes.output_area();
    let input_image = sizes.channels * sizes.input_area();
    let mut output = vec![0.0; gradient.len() / image * input_image];
    output.par_chunks_mut(input_image).zip(gradient.par_chunks(image)).for_each(|(out, maps)| {
        let multiply = |planes: &[f32], out: &mut [f32]| {
            for phase in &phases {
                let target = Target {
                    width: sizes.width,
                    area: sizes.input_area(),
                    step: sizes.stride,
                    row: phase.row,
                    column: phase.column,
                };
                pulp::Arch::new().dispatch(Shifted {
                    planes,
                    offsets: &phase.offsets,
                    weights: &phase.weights,
                    bias: None,
                    layout: &phase.layout,
                    target,
                    first_filter: 0,
                    out: &mut *out,
                });
            }
        };
        if planes_layout.identity {
            multiply(maps, out);
            return;
        }
        let plane = planes_layout.plane;
        scratch::with_zeros(sizes.filters * plane, |planes| {
            let shift = [margin.before, margin.before];
            for (map, plane) in maps.chunks_exact(sizes.output_area()).zip(planes.chunks_exact_mut(plane)) {
                fill_shifted(map, sizes.output_width(), shift, planes_layout.row_stride, plane);
            }
            multiply(planes, out);
        });
    });
    output
}

/// How far taps of the input gradient look before and after their own position.
struct Margin {
    before: usize,
    after: usize,
}

impl Margin {
    fn of(sizes: &Sizes) -> Self {
        let offsets = (0..sizes.stride).flat_map(|phase| phase_taps(phase, sizes).map(|(_, offset)| offset));
        let (low, high) = offsets.fold((0, 0), |(low, high), offset| (offset.min(low), offset.max(high)));
        Self { before: low.unsigned_abs(), after: high.unsigned_abs() }
    }
}

/// Kernel indices that reach input positions of this parity, and the output position relative to theirs.
fn phase_taps(phase: usize, sizes: &Sizes) -> impl Iterator<Item = (usize, isize)> {
    let (stride, padding) = (sizes.stride as isize, sizes.padding as isize);
    (0..sizes.kernel).filter_map(move |index| {
        let distance = phase as isize + padding - index as isize;
        (distance.rem_euclid(stride) == 0).then(|| (index, distance.div_euclid(stride)))
    })
}

fn gradient_phase(
    weight: &[f32],
    sizes: &Sizes,
    margin: &Margin,
    planes: &Layout,
    row: usize,
    column: usize,
) -> GradientPhase {
    let mut taps = Vec::new();
    for (ky, offset_y) in phase_taps(row, sizes) {
        for (kx, offset_x) in phase_taps(column, sizes) {
            let shift_y = offset_y + margin.before as isize;
            let shift_x = offset_x + margin.before as isize;
            let shift = shift_y.unsigned_abs() * planes.row_stride + shift_x.unsigned_abs();
            taps.push((ky * sizes.kernel + kx, shift));
        }
    }
    let offsets = (0..sizes.filters)
        .flat_map(|k| taps.iter().map(move |(_, shift)| (k, *shift)))
        .map(|(k, shift)| k * planes.plane + shift)
        .collect();
    let weights = Packed::new(sizes.channels, sizes.filters * taps.len(), |c, r| {
        let (k, tap) = (r / taps.len(), taps[r % taps.len()].0);
        weight[(k * sizes.channels + c) * sizes.taps() + tap]
    });
    let mut layout = planes.clone();
    if !planes.identity {
        layout.rows = (sizes.height - row).div_ceil(sizes.stride);
        layout.columns = (sizes.width - column).div_ceil(sizes.stride);
    }
    GradientPhase { row, column, layout, offsets, weights }
}

/// Positions that one group of images should at least have, so that sums in registers are long.
const GROUP_POSITIONS: usize = 1024;
/// Input channels per task: enough tasks for many cores, enough work in each.
const CHANNELS_PER_TASK: usize = 8;
/// With few input channels the batch is cut into at most this many parts, summed in order afterwards.
const PARTS: usize = 8;

/// The gradient with respect to the weight: [K, C, k, k].
pub(super) fn weight_gradient(input: &[f32], gradient: &[f32], sizes: &Sizes) -> Vec<f32> {
    if columns::suits(sizes) {
        return columns::weight_gradient(input, gradient, sizes);
    }
    let layout = Layout::of_input(sizes);
    let images = input.len() / (sizes.channels * sizes.input_area());
    // Groups of equal size: a short last one would be filled up with zeros.
    let group = images.div_ceil(images.div_ceil(GROUP_POSITIONS.div_ceil(layout.plane)));
    let work = WeightWork { input, gradient, sizes, taps: input_taps(sizes, &layout), layout, images, group };
    let groups = images.div_ceil(group);
    let blocks = sizes.channels.div_ceil(CHANNELS_PER_TASK);
    // The number of parts must not depend on the machine: it decides the order of summation.
    let parts = if blocks >= PARTS { 1 } else { PARTS.div_ceil(blocks).min(groups) };
    scratch::with_zeros(work.left_length(groups), |left| {
        work.fill_left(left);
        let left = &*left;
        let tasks: Vec<(usize, usize)> =
            (0..parts).flat_map(|part| (0..blocks).map(move |block| (part, block))).collect();
        let partial: Vec<Vec<f32>> = tasks
            .par_iter()
            .map(|(part, block)| work.block(left, *block, groups * part / parts..groups * (part + 1) / parts))
            .collect();
        work.assemble(&tasks, &partial)
    })
}

struct WeightWork<'a> {
    input: &'a [f32],
    gradient: &'a [f32],
    sizes: &'a Sizes,
    layout: Layout,
    taps: Vec<(usize, usize)>,
    images: usize,
    /// Images whose planes lie one after the other and are summed in one go.
    group: usize,
}

impl WeightWork<'_> {
    /// Whether the gradient's maps can be read where they lie.
    fn reads_in_place(&self) -> bool {
        self.layout.identity && self.group == 1
    }

    fn left_length(&self, groups: usize) -> usize {
        if self.reads_in_place() { 0 } else { groups * self.sizes.filters * self.group * self.layout.plane }
    }

    /// Lays the gradient out as [groups][K][images of the group][plane], zero outside the maps.
    fn fill_left(&self, left: &mut [f32]) {
        if left.is_empty() {
            return;
        }
        let (sizes, plane) = (self.sizes, self.layout.plane);
        let area = sizes.output_area();
        let row = self.group * plane;
        left.par_chunks_mut(row).enumerate().for_each(|(index, row)| {
            let (group, k) = (index / sizes.filters, index % sizes.filters);
            for (image, plane) in row.chunks_exact_mut(plane).enumerate() {
                let n = group * self.group + image;
                if n < self.images {
                    let start = (n * sizes.filters + k) * area;
                    let map = &self.gradient[start..start + area];
                    fill_shifted(map, self.map_width(), [0, 0], self.layout.row_stride, plane);
                }
            }
        });
    }

    /// The width of a map's rows as the layout sees them.
    fn map_width(&self) -> usize {
        if self.layout.identity { self.sizes.output_area() } else { self.sizes.output_width() }
    }

    /// The gradient of one block of input channels over some groups: [K][channels of the block][taps].
    fn block(&self, left: &[f32], block: usize, groups: std::ops::Range<usize>) -> Vec<f32> {
        let sizes = self.sizes;
        let first = block * CHANNELS_PER_TASK;
        let count = CHANNELS_PER_TASK.min(sizes.channels - first);
        let plane_stride = self.group * self.layout.plane;
        let channel_stride = self.layout.phases * plane_stride;
        let in_place = self.reads_in_place();
        let offset = |c: usize, phase: usize, shift: usize| match in_place {
            true => (first + c) * sizes.input_area(),
            false => c * channel_stride + phase * plane_stride + shift,
        };
        let offsets: Vec<usize> = (0..count)
            .flat_map(|c| self.taps.iter().map(move |(phase, shift)| (c, *phase, *shift)))
            .map(|(c, phase, shift)| offset(c, phase, shift))
            .collect();
        let mut out = vec![0.0; sizes.filters * offsets.len()];
        let slack = if in_place { 0 } else { count * channel_stride + self.layout.plane };
        scratch::with_zeros(slack, |planes| {
            for group in groups {
                let (left, right) = if in_place {
                    let (image, map) =
                        (sizes.channels * sizes.input_area(), sizes.filters * sizes.output_area());
                    (
                        &self.gradient[group * map..(group + 1) * map],
                        &self.input[group * image..(group + 1) * image],
                    )
                } else {
                    self.fill_right(planes, group, first..first + count, channel_stride, plane_stride);
                    let length = sizes.filters * plane_stride;
                    (&left[group * length..(group + 1) * length], &*planes)
                };
                pulp::Arch::new().dispatch(Dots {
                    left,
                    left_stride: plane_stride,
                    filters: sizes.filters,
                    right,
                    offsets: &offsets,
                    length: plane_stride,
                    out: &mut out,
                });
            }
        });
        out
    }

    fn fill_right(
        &self,
        planes: &mut [f32],
        group: usize,
        channels: std::ops::Range<usize>,
        channel_stride: usize,
        plane_stride: usize,
    ) {
        let area = self.sizes.input_area();
        for (c, planes) in channels.zip(planes.chunks_exact_mut(channel_stride)) {
            for image in 0..self.group {
                let n = group * self.group + image;
                let planes = &mut planes[image * self.layout.plane..];
                if n >= self.images {
                    // Whatever an earlier group left here is multiplied by zeros.
                    continue;
                }
                let start = (n * self.sizes.channels + c) * area;
                let map = &self.input[start..start + area];
                if self.layout.identity {
                    planes[..area].copy_from_slice(map);
                } else {
                    fill_input(map, self.sizes, &self.layout, plane_stride, planes);
                }
            }
        }
    }

    /// Sums the parts in order and puts the blocks in place.
    fn assemble(&self, tasks: &[(usize, usize)], partial: &[Vec<f32>]) -> Vec<f32> {
        let taps = self.taps.len();
        let depth = self.sizes.channels * taps;
        let mut weight = vec![0.0; self.sizes.filters * depth];
        for ((_, block), values) in tasks.iter().zip(partial) {
            let first = block * CHANNELS_PER_TASK * taps;
            let length = values.len() / self.sizes.filters;
            for (row, values) in weight.chunks_exact_mut(depth).zip(values.chunks_exact(length)) {
                for (to, value) in row[first..first + length].iter_mut().zip(values) {
                    *to += value;
                }
            }
        }
        weight
    }
}

/// The gradient with respect to the bias: the sum of each filter's gradient.
pub(super) fn bias_gradient(gradient: &[f32], sizes: &Sizes) -> Vec<f32> {
    let area = sizes.output_area();
    let mut sums = vec![0.0_f64; sizes.filters];
    for (index, map) in gradient.chunks_exact(area).enumerate() {
        sums[index % sizes.filters] += map.iter().map(|value| f64::from(*value)).sum::<f64>();
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}
