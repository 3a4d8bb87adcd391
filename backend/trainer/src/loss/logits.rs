//! The head's logits on the host, and the way of gradients back into the network.

use burn::tensor::{Tensor, TensorData};

use crate::model::yolov8::{HeadOutput, REG_MAX};

use super::{LossGradients, cross_entropy};

/// The head's values could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("cannot fetch the network's output from the device: {0}")]
pub struct LogitsError(pub(super) String);

/// The head's output as plain numbers, cells innermost.
#[derive(Clone, Debug)]
pub struct Logits {
    /// [N, 64, A].
    pub boxes: Vec<f32>,
    /// [N, classes, A].
    pub classes: Vec<f32>,
    /// N.
    pub images: usize,
    /// A.
    pub anchors: usize,
    /// Number of classes.
    pub class_count: usize,
}

impl Logits {
    /// Fetches the head's output from its device.
    ///
    /// # Errors
    /// If the device fails.
    pub fn fetch(output: &HeadOutput) -> Result<Self, LogitsError> {
        let [images, anchors, class_count] = output.classes.dims();
        Ok(Self {
            boxes: values(cells_innermost(&output.boxes))?,
            classes: values(cells_innermost(&output.classes))?,
            images,
            anchors,
            class_count,
        })
    }

    /// Box logits of an image.
    pub(super) fn box_row(&self) -> usize {
        4 * REG_MAX * self.anchors
    }

    /// Class logits of an image.
    pub(super) fn class_row(&self) -> usize {
        self.class_count * self.anchors
    }

    pub(super) fn image_classes(&self, image: usize) -> &[f32] {
        &self.classes[image * self.class_row()..][..self.class_row()]
    }

    pub(crate) fn class_logit(&self, image: usize, class: usize, anchor: usize) -> f64 {
        f64::from(self.image_classes(image)[class * self.anchors + anchor])
    }

    /// Probability of a class at a cell of an image.
    pub(crate) fn probability(&self, image: usize, class: usize, anchor: usize) -> f64 {
        cross_entropy::sigmoid(self.class_logit(image, class, anchor))
    }

    /// x1, y1, x2, y2 of a cell's box in units of its stride, its centre being at `point`.
    pub(crate) fn corners(&self, image: usize, anchor: usize, point: [f32; 2]) -> [f64; 4] {
        let distance = |side: usize| {
            cross_entropy::expectation(&cross_entropy::softmax(&self.side(image, side, anchor)))
        };
        let [x, y] = point.map(f64::from);
        [x - distance(0), y - distance(1), x + distance(2), y + distance(3)]
    }

    pub(super) fn side(&self, image: usize, side: usize, anchor: usize) -> [f64; REG_MAX] {
        let start = image * self.box_row() + side * REG_MAX * self.anchors + anchor;
        std::array::from_fn(|bin| f64::from(self.boxes[start + bin * self.anchors]))
    }
}

impl LossGradients {
    /// A tensor whose backward pass sends these gradients into the network: the sum of output times gradient.
    /// Its own value means nothing.
    pub fn attach(self, output: &HeadOutput) -> Tensor<1> {
        let side = |tensor: &Tensor<3>, gradient: Vec<f32>| {
            let tensor = cells_innermost(tensor);
            let shape = tensor.dims();
            let gradient = Tensor::<3>::from_data(TensorData::new(gradient, shape), &tensor.device().inner());
            tensor.mul(Tensor::from_inner(gradient)).sum()
        };
        side(&output.boxes, self.boxes).add(side(&output.classes, self.classes))
    }
}

/// [N, A, C] to [N, C, A], which is how the head computed it, so that no copy is made.
fn cells_innermost(tensor: &Tensor<3>) -> Tensor<3> {
    tensor.clone().swap_dims(1, 2)
}

fn values(tensor: Tensor<3>) -> Result<Vec<f32>, LogitsError> {
    let data = tensor.try_into_data().map_err(|error| LogitsError(format!("{error:?}")))?;
    data.convert::<f32>().try_into_vec().map_err(|error| LogitsError(format!("{error:?}")))
}
