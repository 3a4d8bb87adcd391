//! Feature maps laid out so that a convolution is a set of shifted reads.
//!
//! A padded map is cut into stride x stride phases (rows and columns of one parity). In such a phase every kernel
//! tap is one constant shift of the flat position, so that the multiplication reads the maps where they lie
//! and nothing is gathered per tap. The price is a few positions per row that wrap around and are thrown away.
//! Knows no arithmetic.

/// Flat positions are rounded up to this many, the widest tile of [`super::multiply`].
pub(super) const ROUND: usize = 32;

/// Sizes of a convolution: `input` [C, H, W] to `output` [K, H', W'], square kernel, equal stride and padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub filters: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Sizes {
    pub fn output_height(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }

    pub fn output_width(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }

    pub fn input_area(&self) -> usize {
        self.height * self.width
    }

    pub fn output_area(&self) -> usize {
        self.output_height() * self.output_width()
    }

    pub fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Whether planes are the maps themselves, without any copy.
    fn is_identity(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.padding == 0 && self.input_area().is_multiple_of(ROUND)
    }
}

/// Where maps lie in a buffer of planes, and which positions of it make up the result.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Rows and columns of the result.
    pub rows: usize,
    pub columns: usize,
    /// Flat distance of two rows.
    pub row_stride: usize,
    /// Flat length of one plane, a multiple of [`ROUND`].
    pub plane: usize,
    /// Planes of one map.
    pub phases: usize,
    /// No copy is needed: the buffer may be the map.
    pub identity: bool,
}

impl Layout {
    /// For reading the input of a convolution.
    pub fn of_input(sizes: &Sizes) -> Self {
        let reach = (sizes.kernel - 1) / sizes.stride;
        let (rows, columns) = (sizes.output_height(), sizes.output_width());
        let side = sizes.kernel.min(sizes.stride);
        if sizes.is_identity() {
            return Self::flat(sizes.input_area());
        }
        Self::padded(rows, columns, reach, side * side)
    }

    /// For reading the output's gradient in order to get the input's; `reach` is how far taps look.
    pub fn of_gradient(rows: usize, columns: usize, reach: usize, sizes: &Sizes) -> Self {
        if sizes.is_identity() {
            return Self::of_input(sizes);
        }
        Self::padded(rows, columns, reach, 1)
    }

    /// For reading rows of `length` values, a multiple of [`ROUND`], where they lie.
    pub fn flat(length: usize) -> Self {
        Self { rows: 1, columns: length, row_stride: length, plane: length, phases: 1, identity: true }
    }

    fn padded(rows: usize, columns: usize, reach: usize, phases: usize) -> Self {
        let row_stride = columns + reach;
        // The last tile starts below the rounded number of positions and reads the largest shift further on.
        let positions = ((rows - 1) * row_stride + columns).next_multiple_of(ROUND);
        let plane = (positions + reach * (row_stride + 1)).next_multiple_of(ROUND);
        Self { rows, columns, row_stride, plane, phases, identity: false }
    }

    /// Flat positions that cover the result.
    pub fn positions(&self) -> usize {
        (self.rows - 1) * self.row_stride + self.columns
    }
}

/// Shift of each kernel tap of the input's planes, row by row: (phase, flat shift).
pub(super) fn input_taps(sizes: &Sizes, layout: &Layout) -> Vec<(usize, usize)> {
    let side = sizes.kernel.min(sizes.stride);
    let at = |y: usize, x: usize| {
        let phase = (y % sizes.stride) * side + x % sizes.stride;
        (phase, (y / sizes.stride) * layout.row_stride + x / sizes.stride)
    };
    (0..sizes.kernel).flat_map(|y| (0..sizes.kernel).map(move |x| at(y, x))).collect()
}

/// Fills the planes of one input channel; `map` [H * W], `planes` [phases][plane], zero beforehand.
pub(super) fn fill_input(
    map: &[f32],
    sizes: &Sizes,
    layout: &Layout,
    plane_stride: usize,
    planes: &mut [f32],
) {
    let side = sizes.kernel.min(sizes.stride);
    let rows = layout.plane.div_ceil(layout.row_stride);
    for phase_y in 0..side {
        for phase_x in 0..side {
            let start = (phase_y * side + phase_x) * plane_stride;
            let plane = &mut planes[start..start + layout.plane];
            for row in 0..rows {
                let Some(source_y) = (row * sizes.stride + phase_y).checked_sub(sizes.padding) else {
                    continue;
                };
                if source_y >= sizes.height {
                    break;
                }
                let source = &map[source_y * sizes.width..(source_y + 1) * sizes.width];
                let end = plane.len().min((row + 1) * layout.row_stride);
                fill_row(source, sizes, phase_x, &mut plane[row * layout.row_stride..end]);
            }
        }
    }
}

/// target[j] = source[j * stride + phase - padding] where that exists.
fn fill_row(source: &[f32], sizes: &Sizes, phase: usize, target: &mut [f32]) {
    let first = sizes.padding.saturating_sub(phase).div_ceil(sizes.stride);
    let offset = first * sizes.stride + phase - sizes.padding;
    let (Some(source), Some(target)) = (source.get(offset..), target.get_mut(first..)) else { return };
    match sizes.stride {
        1 => {
            let length = source.len().min(target.len());
            target[..length].copy_from_slice(&source[..length]);
        }
        2 => {
            for (to, pair) in target.iter_mut().zip(source.chunks(2)) {
                *to = pair[0];
            }
        }
        stride => {
            for (to, from) in target.iter_mut().zip(source.iter().step_by(stride)) {
                *to = *from;
            }
        }
    }
}

/// Fills one plane with a map at an offset; `plane` is zero beforehand.
pub(super) fn fill_shifted(
    map: &[f32],
    width: usize,
    margin: [usize; 2],
    row_stride: usize,
    plane: &mut [f32],
) {
    for (row, source) in map.chunks_exact(width).enumerate() {
        let start = (row + margin[0]) * row_stride + margin[1];
        // Columns beyond the row would be read as part of the next one.
        let length = width.min(row_stride - margin[1]);
        if let Some(target) = plane.get_mut(start..start + length) {
            target.copy_from_slice(&source[..length]);
        }
    }
}
