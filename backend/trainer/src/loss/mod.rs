//! The losses. A classifier's is in [`smoothed`]; the rest is a detector's: complete IoU, class cross-entropy and distribution focal loss over assigned cells.
//!
//! Computed on the host in plain numbers, value and exact gradient together: only the cells inside objects are
//! decoded, and the same code serves every device. Knows no model and no optimiser.

mod complete_iou;
mod cross_entropy;
mod dual;
mod logits;
mod smoothed;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub(crate) use complete_iou::complete_iou;
pub use logits::{Logits, LogitsError};
pub use smoothed::SmoothedCrossEntropy;
pub(crate) use smoothed::{fetch as fetch_logits, probabilities};

use crate::assign::{Assigned, Assigner, Grid, Target};
use crate::model::yolov8::REG_MAX;

/// Factors of the three losses.
#[derive(Clone, Copy, Debug)]
pub struct Gains {
    /// Of the box loss.
    pub box_gain: f64,
    /// Of the class loss.
    pub cls_gain: f64,
    /// Of the distribution focal loss.
    pub dfl_gain: f64,
}

/// The three losses of a batch, each multiplied by its gain.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LossItems {
    /// Sum of weight * (1 - CIoU) over the sum of target scores.
    pub box_loss: f64,
    /// Sum of binary cross-entropies over the sum of target scores.
    pub cls_loss: f64,
    /// Sum of weight * mean over four sides of DFL, over the sum of target scores.
    pub dfl_loss: f64,
}

impl LossItems {
    /// The three together.
    pub fn total(&self) -> f64 {
        self.box_loss + self.cls_loss + self.dfl_loss
    }

    /// `self + other * weight`, item by item.
    #[must_use]
    pub fn plus(&self, other: &Self, weight: f64) -> Self {
        Self {
            box_loss: self.box_loss + other.box_loss * weight,
            cls_loss: self.cls_loss + other.cls_loss * weight,
            dfl_loss: self.dfl_loss + other.dfl_loss * weight,
        }
    }
}

/// Derivatives of [`LossItems::total`] times the batch size by the logits, laid out as [`Logits`].
#[derive(Clone, Debug)]
pub struct LossGradients {
    /// [N, 64, A].
    pub boxes: Vec<f32>,
    /// [N, classes, A].
    pub classes: Vec<f32>,
}

/// The loss for images of one size.
#[derive(Clone, Debug)]
pub struct DetectionLoss {
    gains: Gains,
    assigner: Assigner,
    grid: Grid,
}

/// One image of a batch, with its assignment.
struct Scene<'a> {
    logits: &'a Logits,
    image: usize,
    targets: &'a [Target],
    assigned: &'a [Assigned],
    /// What gradients are multiplied by.
    scale: f64,
}

impl DetectionLoss {
    /// For images of `height` by `width` pixels.
    pub fn new(gains: Gains, height: usize, width: usize) -> Self {
        Self { gains, assigner: Assigner::default(), grid: Grid::new(height, width) }
    }

    /// The losses of a batch, and the sum of the losses that each image would have alone; `targets` has the objects of
    /// each image.
    pub fn items_and_each(&self, logits: &Logits, targets: &[Vec<Target>]) -> (LossItems, Vec<f64>) {
        let assigned = self.assign(logits, targets);
        let scale = 1.0 / score_sum(&assigned);
        let sums: Vec<LossItems> = (0..logits.images)
            .into_par_iter()
            .map(|image| {
                let scene =
                    Scene { logits, image, targets: &targets[image], assigned: &assigned[image], scale: 0.0 };
                let mut ignored = (vec![0.0; logits.box_row()], vec![0.0; logits.class_row()]);
                self.sums(&scene, &mut ignored.0, &mut ignored.1)
            })
            .collect();
        let alone = |image: usize| {
            let scale = 1.0 / score_sum(&assigned[image..=image]);
            self.finish(&sums[image..=image], scale).total()
        };
        (self.finish(&sums, scale), (0..logits.images).map(alone).collect())
    }

    /// The losses and the gradients that descend on their sum times the batch size.
    pub fn items_and_gradients(
        &self,
        logits: &Logits,
        targets: &[Vec<Target>],
    ) -> (LossItems, LossGradients) {
        let assigned = self.assign(logits, targets);
        let scale = 1.0 / score_sum(&assigned);
        let mut boxes = vec![0.0; logits.boxes.len()];
        let mut classes = vec![0.0; logits.classes.len()];
        let gradient_scale = scale * logits.images as f64;
        let sums: Vec<LossItems> = boxes
            .par_chunks_mut(logits.box_row().max(1))
            .zip(classes.par_chunks_mut(logits.class_row().max(1)))
            .enumerate()
            .map(|(image, (boxes, classes))| {
                let (targets, assigned) = (&targets[image], &assigned[image]);
                self.sums(&Scene { logits, image, targets, assigned, scale: gradient_scale }, boxes, classes)
            })
            .collect();
        (self.finish(&sums, scale), LossGradients { boxes, classes })
    }

    fn finish(&self, images: &[LossItems], scale: f64) -> LossItems {
        let sums = images.iter().fold(LossItems::default(), |sum, image| sum.plus(image, 1.0));
        LossItems {
            box_loss: sums.box_loss * scale * self.gains.box_gain,
            cls_loss: sums.cls_loss * scale * self.gains.cls_gain,
            dfl_loss: sums.dfl_loss * scale * self.gains.dfl_gain,
        }
    }

    fn assign(&self, logits: &Logits, targets: &[Vec<Target>]) -> Vec<Vec<Assigned>> {
        targets
            .par_iter()
            .enumerate()
            .map(|(image, targets)| {
                let mut decoded: Vec<Option<[f64; 4]>> = vec![None; self.grid.count()];
                let predicted = |anchor: usize| {
                    *decoded[anchor].get_or_insert_with(|| {
                        let stride = f64::from(self.grid.strides[anchor]);
                        self.corners(&sides(logits, image, anchor), anchor).map(|value| value * stride)
                    })
                };
                let probability = |anchor: usize, class: usize| logits.probability(image, class, anchor);
                self.assigner.assign(&self.grid, targets, predicted, probability)
            })
            .collect()
    }

    /// Corners in units of the stride.
    fn corners(&self, sides: &[[f64; REG_MAX]; 4], anchor: usize) -> [f64; 4] {
        let [x, y] = self.grid.points[anchor].map(f64::from);
        let [left, top, right, bottom] = [0, 1, 2, 3].map(|side| cross_entropy::expectation(&sides[side]));
        [x - left, y - top, x + right, y + bottom]
    }

    /// Sums one image's losses, before gains and division, and writes its gradients.
    fn sums(&self, scene: &Scene<'_>, boxes: &mut [f32], classes: &mut [f32]) -> LossItems {
        let mut sums = LossItems::default();
        let anchors = self.grid.count();
        let class_scale = scene.scale * self.gains.cls_gain;
        for (into, &logit) in classes.iter_mut().zip(scene.logits.image_classes(scene.image)) {
            let (loss, slope) = cross_entropy::binary(f64::from(logit), 0.0);
            sums.cls_loss += loss;
            *into = (slope * class_scale) as f32;
        }
        for answer in scene.assigned {
            // The loop above took the target for zero everywhere: a target t changes the loss by -x t.
            let class = scene.targets[answer.target].class;
            sums.cls_loss -= scene.logits.class_logit(scene.image, class, answer.anchor) * answer.score;
            classes[class * anchors + answer.anchor] -= (answer.score * class_scale) as f32;
            self.box_sums(scene, answer, boxes, &mut sums);
        }
        sums
    }

    /// Adds the box and distribution losses of one cell, and writes its gradients.
    fn box_sums(&self, scene: &Scene<'_>, answer: &Assigned, boxes: &mut [f32], sums: &mut LossItems) {
        let anchor = answer.anchor;
        let anchors = self.grid.count();
        let stride = f64::from(self.grid.strides[anchor]);
        let [x, y] = self.grid.points[anchor].map(f64::from);
        let wanted = scene.targets[answer.target].corners.map(|value| f64::from(value) / stride);
        let probabilities = sides(scene.logits, scene.image, anchor);
        let (overlap, slope) =
            complete_iou::complete_iou_gradient(self.corners(&probabilities, anchor), wanted);
        sums.box_loss += answer.score * (1.0 - overlap);
        let distances = [x - wanted[0], y - wanted[1], wanted[2] - x, wanted[3] - y];
        for side in 0..4 {
            let (loss, by_logit) = cross_entropy::distribution(&probabilities[side], distances[side]);
            sums.dfl_loss += answer.score * loss / 4.0;
            // Left and top distances move their corner the other way.
            let direction = if side < 2 { -1.0 } else { 1.0 };
            let by_distance = -slope[side] * direction * self.gains.box_gain;
            let mean = cross_entropy::expectation(&probabilities[side]);
            for bin in 0..REG_MAX {
                let by_bin = probabilities[side][bin] * (bin as f64 - mean);
                let sum = by_distance * by_bin + self.gains.dfl_gain * by_logit[bin] / 4.0;
                boxes[(side * REG_MAX + bin) * anchors + anchor] = (sum * answer.score * scene.scale) as f32;
            }
        }
    }
}

/// Probabilities of the bins of a cell's four sides.
fn sides(logits: &Logits, image: usize, anchor: usize) -> [[f64; REG_MAX]; 4] {
    std::array::from_fn(|side| cross_entropy::softmax(&logits.side(image, side, anchor)))
}

/// Sum of all target scores, at least 1.
fn score_sum(assigned: &[Vec<Assigned>]) -> f64 {
    assigned.iter().flatten().map(|answer| answer.score).sum::<f64>().max(1.0)
}
