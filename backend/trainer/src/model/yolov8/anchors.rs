//! Anchor points: the centres of the head's cells.
//!
//! Pure geometry of the image size; knows no weights.

use burn::tensor::{Device, Tensor, TensorData};

use super::head::STRIDES;

/// The cells of all three pyramid levels, finest level first, row by row.
#[derive(Clone, Debug)]
pub struct Anchors {
    /// [A, 2], x and y of each cell's centre in units of its own stride (0.5, 1.5, ...).
    pub points: Tensor<2>,
    /// [A], pixels per cell: 8, 16 or 32.
    pub strides: Tensor<1>,
}

impl Anchors {
    /// Cells for images of `height` by `width` pixels (multiples of 32); A = H*W * (1/64 + 1/256 + 1/1024).
    pub fn new(height: usize, width: usize, device: &Device) -> Self {
        let (points, strides) = Self::host(height, width);
        let count = strides.len();
        let flat: Vec<f32> = points.into_iter().flatten().collect();
        Self {
            points: Tensor::from_data(TensorData::new(flat, [count, 2]), device),
            strides: Tensor::from_data(TensorData::new(strides, [count]), device),
        }
    }

    /// The same as plain vectors: centre points in units of the stride, and strides in pixels.
    pub fn host(height: usize, width: usize) -> (Vec<[f32; 2]>, Vec<f32>) {
        let mut points = Vec::new();
        let mut strides = Vec::new();
        for stride in STRIDES {
            for row in 0..height / stride {
                for column in 0..width / stride {
                    points.push([column as f32 + 0.5, row as f32 + 0.5]);
                    strides.push(stride as f32);
                }
            }
        }
        (points, strides)
    }

    /// Number of cells A.
    pub fn count(&self) -> usize {
        self.strides.dims()[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_ordered_by_level_row_and_column() {
        let (points, strides) = Anchors::host(32, 64);
        assert_eq!(points.len(), 4 * 8 + 2 * 4 + 2);
        assert_eq!(points[..2], [[0.5, 0.5], [1.5, 0.5]]);
        assert_eq!((points[8], strides[8]), ([0.5, 1.5], 8.0));
        assert_eq!((points[32], strides[32]), ([0.5, 0.5], 16.0));
        assert_eq!((points[41], strides[41]), ([1.5, 0.5], 32.0));
    }
}
