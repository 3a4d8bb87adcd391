//! How good a model is on a subset: losses, precision, recall and average precision.
//!
//! Must not know training; the figures themselves are computed by `shared`.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use shared::config::DetectionConfig;
use shared::dataset::PixelBox;
use shared::metrics::{
    ConfusionMatrix, Detection, DetectionEvaluator, DetectionSummary, EvaluationError, GroundTruth,
    PredictedImage, Predictions,
};

use crate::assign::Grid;
use crate::augment::Placement;
use crate::data::{Batch, PictureStore, for_each_ahead, validation_batch, validation_order};
use crate::detections::detections;
use crate::error::{TrainError, TrainErrorKind};
use crate::job::StopFlag;
use crate::loss::{DetectionLoss, Gains, Logits, LossItems};
use crate::model::yolov8::YoloV8;
use crate::nms::{self, NmsOptions};

/// What to do about a loss that is no number.
pub(crate) const DIVERGED_NEXT_STEP: &str =
    "lower the learning rate or clip_norm, or lengthen the warm-up, and train again";

/// Smallest score and overlap that count in the confusion matrix.
const CONFUSION_CONFIDENCE: f64 = 0.25;
const CONFUSION_IOU: f64 = 0.45;

/// What a validation found.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Precision, recall and average precision.
    pub summary: DetectionSummary,
    /// Mean losses over the batches' images.
    pub losses: LossItems,
    /// Which class was taken for which, at confidence 0.25 and IoU 0.45.
    pub confusion: ConfusionMatrix,
    /// What was there and what was predicted, picture by picture.
    pub predictions: Predictions,
}

/// What a validation needs besides the model.
#[derive(Clone, Copy, Debug)]
pub struct Validator<'a> {
    /// The images.
    pub store: &'a PictureStore,
    /// Gains, batch size, NMS thresholds.
    pub config: &'a DetectionConfig,
    /// Number of classes.
    pub classes: usize,
    /// Where the model is.
    pub device: &'a Device,
    /// Threads that prepare batches.
    pub workers: usize,
}

/// Sums over the batches.
struct Sums {
    evaluator: DetectionEvaluator,
    confusion: ConfusionMatrix,
    losses: LossItems,
    images: f64,
    predicted: Vec<PredictedImage>,
}

impl Validator<'_> {
    /// Measures `model`, which must be in evaluation mode; None if it was stopped before the end.
    /// `progress` hears how many of how many batches are done.
    ///
    /// # Errors
    /// If an image can no longer be read, the device fails, or the model's scores are no numbers.
    pub fn run(
        &self,
        model: &YoloV8,
        stop: &StopFlag,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Option<Validation>, TrainError> {
        let order = validation_order(self.store, self.config.batch_size as usize);
        let mut sums = Sums {
            evaluator: DetectionEvaluator::new(self.classes),
            confusion: ConfusionMatrix::new(self.classes, CONFUSION_CONFIDENCE, CONFUSION_IOU),
            losses: LossItems::default(),
            images: 0.0,
            predicted: Vec::with_capacity(self.store.len()),
        };
        let mut failure = None;
        let make = |index: usize| validation_batch(self.store, &order[index]).map_err(TrainError::from);
        for_each_ahead(order.len(), self.workers, make, |index, batch| {
            if stop.is_stopped() {
                return ControlFlow::Break(());
            }
            if let Err(error) = self.batch(model, batch, &mut sums) {
                failure = Some(error);
                return ControlFlow::Break(());
            }
            progress(index + 1, order.len());
            ControlFlow::Continue(())
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        if stop.is_stopped() {
            return Ok(None);
        }
        let losses = LossItems::default().plus(&sums.losses, 1.0 / sums.images.max(1.0));
        let predictions = Predictions { class_count: self.classes, images: sums.predicted };
        Ok(Some(Validation {
            summary: sums.evaluator.summary(),
            losses,
            confusion: sums.confusion,
            predictions,
        }))
    }

    fn batch(&self, model: &YoloV8, mut batch: Batch, sums: &mut Sums) -> Result<(), TrainError> {
        let shape = [batch.len(), 3, batch.height, batch.width];
        let data = TensorData::new(std::mem::take(&mut batch.pixels), shape);
        let output = model.forward(Tensor::from_data(data, self.device));
        let logits = Logits::fetch(&output).map_err(TrainError::device)?;
        let loss = DetectionLoss::new(Gains::from(self.config), batch.height, batch.width);
        let (items, each) = loss.items_and_each(&logits, &batch.targets);
        if !items.is_finite() {
            let what = "the validation loss is not a number: the weights have diverged";
            return Err(TrainError::new(TrainErrorKind::Diverged, what, DIVERGED_NEXT_STEP));
        }
        sums.losses = sums.losses.plus(&items, batch.len() as f64);
        sums.images += batch.len() as f64;
        let grid = Grid::new(batch.height, batch.width);
        let options = NmsOptions {
            iou_threshold: self.config.iou as f32,
            max_detections: self.config.max_det as usize,
            ..NmsOptions::VALIDATION
        };
        let found: Vec<Vec<nms::Detection>> = (0..batch.len())
            .into_par_iter()
            .map(|image| detections(&logits, image, &grid, &options))
            .collect();
        for (place, found) in found.iter().enumerate() {
            self.count(batch.indices[place], &batch.placements[place], found, each[place], sums)?;
        }
        Ok(())
    }

    fn count(
        &self,
        index: usize,
        placement: &Placement,
        found: &[nms::Detection],
        loss: f64,
        sums: &mut Sums,
    ) -> Result<(), TrainError> {
        let size = self.store.original_size(index);
        let targets: Vec<GroundTruth> = self
            .store
            .image(index)
            .boxes
            .iter()
            .map(|labelled| GroundTruth { class: labelled.class, region: region(labelled.corners(), size) })
            .filter(|target| target.region.x2 > target.region.x1 && target.region.y2 > target.region.y1)
            .collect();
        let detections: Vec<Detection> = found
            .iter()
            .map(|found| Detection {
                class: found.class,
                score: f64::from(found.score),
                region: region(placement.undo(found.corners), size),
            })
            .collect();
        sums.evaluator.add_image(&targets, &detections)?;
        sums.confusion.add_image(&targets, &detections)?;
        let [width, height] = size;
        let (index, loss) = (u32::try_from(index).unwrap_or(u32::MAX), loss as f32);
        sums.predicted.push(PredictedImage { index, width, height, loss, targets, detections });
        Ok(())
    }
}

/// A box within an image of this width and height.
pub(crate) fn region(corners: [f32; 4], [width, height]: [u32; 2]) -> PixelBox {
    let [x1, y1, x2, y2] = corners.map(f64::from);
    let (width, height) = (f64::from(width), f64::from(height));
    PixelBox {
        x1: x1.clamp(0.0, width),
        y1: y1.clamp(0.0, height),
        x2: x2.clamp(0.0, width),
        y2: y2.clamp(0.0, height),
    }
}

impl From<&DetectionConfig> for Gains {
    fn from(config: &DetectionConfig) -> Self {
        Self { box_gain: config.box_gain, cls_gain: config.cls_gain, dfl_gain: config.dfl_gain }
    }
}

impl From<crate::data::PictureError> for TrainError {
    fn from(error: crate::data::PictureError) -> Self {
        let next = "repair or remove the image and train again";
        Self::new(TrainErrorKind::Data, error.to_string(), next).because(error)
    }
}

impl From<EvaluationError> for TrainError {
    fn from(error: EvaluationError) -> Self {
        let (kind, next) = match error {
            EvaluationError::ScoreNotANumber { .. } => (TrainErrorKind::Diverged, DIVERGED_NEXT_STEP),
            EvaluationError::UnknownClass { .. } => {
                (TrainErrorKind::Data, "count classes from 0 in the order of the labels")
            }
        };
        Self::new(kind, error.to_string(), next).because(error)
    }
}
