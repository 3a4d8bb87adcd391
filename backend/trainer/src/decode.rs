//! From the head's logits to boxes in pixels and class probabilities.
//!
//! The definition, on tensors, that is checked against the reference numbers; trainings and predictions
//! decode on the host ([`crate::detections`]).
//! Knows nothing of thresholds or suppression ([`crate::nms`]).

use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::model::yolov8::{Anchors, HeadOutput, REG_MAX};

/// Boxes and probabilities of every cell.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// [N, A, 4], x1 y1 x2 y2 in pixels of the network's input.
    pub boxes: Tensor<3>,
    /// [N, A, classes], probabilities in 0..1.
    pub scores: Tensor<3>,
}

/// Decodes all cells.
pub fn decode(output: HeadOutput, anchors: &Anchors) -> Decoded {
    let count = anchors.count();
    let distances = distances_from_logits(output.boxes);
    let boxes = boxes_from_distances(distances, anchors.points.clone());
    Decoded {
        boxes: boxes.mul(anchors.strides.clone().reshape([1, count, 1])),
        scores: activation::sigmoid(output.classes),
    }
}

/// The expected distance of each side: sum over bins of softmax(logits) * bin.
///
/// `logits` [N, A, 4 * 16]; returns [N, A, 4] (left, top, right, bottom) in units of the stride.
/// Source: Li et al. 2020, "Generalized Focal Loss", equation 4.
pub fn distances_from_logits(logits: Tensor<3>) -> Tensor<3> {
    let [n, a, _] = logits.dims();
    let bins = bin_values(&logits.device()).reshape([1, 1, REG_MAX]);
    let probabilities = activation::softmax(logits.reshape([n, a * 4, REG_MAX]), 2);
    probabilities.mul(bins).sum_dim(2).reshape([n, a, 4])
}

/// Corners from distances: (point - (left, top), point + (right, bottom)).
///
/// `distances` [N, A, 4] and `points` [A, 2] in units of the stride; returns [N, A, 4] in the same units.
pub fn boxes_from_distances(distances: Tensor<3>, points: Tensor<2>) -> Tensor<3> {
    let [a, _] = points.dims();
    let points = points.reshape([1, a, 2]);
    let before = points.clone().sub(distances.clone().narrow(2, 0, 2));
    let after = points.add(distances.narrow(2, 2, 2));
    Tensor::cat(vec![before, after], 2)
}

/// Centre x, centre y, width, height from corners; [N, A, 4] both.
pub fn center_size_from_corners(corners: Tensor<3>) -> Tensor<3> {
    let first = corners.clone().narrow(2, 0, 2);
    let second = corners.narrow(2, 2, 2);
    let center = first.clone().add(second.clone()).mul_scalar(0.5);
    Tensor::cat(vec![center, second.sub(first)], 2)
}

fn bin_values(device: &Device) -> Tensor<1> {
    let values: Vec<f32> = (0..REG_MAX).map(|bin| bin as f32).collect();
    Tensor::from_data(TensorData::new(values, [REG_MAX]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sure_bin_gives_its_distance_and_box() {
        let device = Device::flex();
        let mut logits = vec![0.0_f32; 64];
        for (side, bin) in [1, 2, 3, 4].into_iter().enumerate() {
            logits[side * REG_MAX + bin] = 100.0;
        }
        let distances =
            distances_from_logits(Tensor::from_data(TensorData::new(logits, [1, 1, 64]), &device));
        let corners = boxes_from_distances(distances, Tensor::from_data([[5.5, 6.5]], &device));
        let center = center_size_from_corners(corners.clone());
        assert_eq!(corners.into_data().try_to_vec::<f32>().unwrap(), [4.5, 4.5, 8.5, 10.5]);
        assert_eq!(center.into_data().try_to_vec::<f32>().unwrap(), [6.5, 7.5, 4.0, 6.0]);
    }
}
