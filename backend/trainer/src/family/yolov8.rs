//! YOLOv8: boxes with labels.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use shared::config::DetectionConfig;
use shared::metrics::{
    ConfusionMatrix, Detection, DetectionEvaluator, DetectionSummary, EvaluationError, GroundTruth,
    PredictedImage, Predictions,
};

use super::{Family, Losses, Summary, Truth, Validation};
use crate::assign::{Grid, Target};
use crate::augment::{Augmentation, Canvas, Placement};
use crate::data::{Batch, Fit, PictureError, PictureStore, letterboxed_batch, order_by_shape};
use crate::detections::{detections, region};
use crate::error::{DIVERGED_NEXT_STEP, TrainError, TrainErrorKind};
use crate::job::LabelledBox;
use crate::loss::{DetectionLoss, Gains, Logits, LossItems};
use crate::model::yolov8::{Variant, YoloV8};
use crate::nms::{self, NmsOptions};
use crate::optimizer::Recipe;

/// Smallest score and overlap that count in the confusion matrix.
const CONFUSION_CONFIDENCE: f64 = 0.25;
const CONFUSION_IOU: f64 = 0.45;

/// YOLOv8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YoloV8Family;

/// Sums over the batches of a validation.
pub struct Sums {
    classes: usize,
    evaluator: DetectionEvaluator,
    confusion: ConfusionMatrix,
    losses: LossItems,
    images: f64,
    predicted: Vec<PredictedImage>,
}

impl Family for YoloV8Family {
    const NORM_MOMENTUM: f64 = YoloV8::NORM_MOMENTUM;
    const FIT: Fit = Fit::Longer;

    type Variant = Variant;
    type Config = DetectionConfig;
    type Truth = Vec<LabelledBox>;
    type Target = Vec<Target>;
    type Losses = LossItems;
    type Summary = DetectionSummary;
    type Model = YoloV8;
    type Evaluation = Sums;

    fn model(variant: Variant, classes: usize, seed: u64, device: &Device) -> YoloV8 {
        YoloV8::new(variant, classes, seed, device)
    }

    fn recipe(config: &DetectionConfig, classes: usize, steps: u64) -> Recipe {
        Recipe::of_detection(config, classes, steps)
    }

    fn train_image(
        store: &PictureStore<Self::Truth>,
        index: usize,
        config: &DetectionConfig,
        epoch: u32,
        random: &mut ChaCha8Rng,
    ) -> Result<(Canvas, Self::Target), PictureError> {
        let mut augmentation = Augmentation::new(config);
        if epoch + config.close_mosaic >= config.epochs {
            augmentation = augmentation.without_mosaic();
        }
        let side = config.imgsz as usize;
        let sample = augmentation.sample(index, store.len(), side, random, |other| store.sample(other))?;
        Ok((sample.canvas, sample.targets))
    }

    /// Images of similar shape together, so that little grey is computed on.
    fn validation_order(store: &PictureStore<Self::Truth>, batch_size: usize) -> Vec<Vec<usize>> {
        order_by_shape(store, batch_size)
    }

    fn validation_batch(
        store: &PictureStore<Self::Truth>,
        indices: &[usize],
        _: &DetectionConfig,
    ) -> Result<Batch<Self::Target>, PictureError> {
        letterboxed_batch(store, indices)
    }

    fn learn(
        model: &mut YoloV8,
        images: Tensor<4>,
        batch: &Batch<Self::Target>,
        config: &DetectionConfig,
    ) -> Result<(LossItems, Tensor<1>), TrainError> {
        let output = model.forward_train(images);
        let logits = Logits::fetch(&output).map_err(TrainError::device)?;
        let loss = DetectionLoss::new(Gains::from(config), batch.height, batch.width);
        let (items, gradients) = loss.items_and_gradients(&logits, &batch.targets);
        Ok((items, gradients.attach(&output)))
    }

    fn evaluation(_: &DetectionConfig, classes: usize) -> Sums {
        Sums {
            classes,
            evaluator: DetectionEvaluator::new(classes),
            confusion: ConfusionMatrix::new(classes, CONFUSION_CONFIDENCE, CONFUSION_IOU),
            losses: LossItems::default(),
            images: 0.0,
            predicted: Vec::new(),
        }
    }

    fn evaluate(
        sums: &mut Sums,
        model: &YoloV8,
        images: Tensor<4>,
        batch: &Batch<Self::Target>,
        store: &PictureStore<Self::Truth>,
        config: &DetectionConfig,
    ) -> Result<(), TrainError> {
        let output = model.forward(images);
        let logits = Logits::fetch(&output).map_err(TrainError::device)?;
        let loss = DetectionLoss::new(Gains::from(config), batch.height, batch.width);
        let (items, each) = loss.items_and_each(&logits, &batch.targets);
        if !items.is_finite() {
            let what = "the validation loss is not a number: the weights have diverged";
            return Err(TrainError::new(TrainErrorKind::Diverged, what, DIVERGED_NEXT_STEP));
        }
        sums.losses = sums.losses.plus(&items, batch.len() as f64);
        sums.images += batch.len() as f64;
        let grid = Grid::new(batch.height, batch.width);
        let options = NmsOptions {
            iou_threshold: config.iou as f32,
            max_detections: config.max_det as usize,
            ..NmsOptions::VALIDATION
        };
        let found: Vec<Vec<nms::Detection>> = (0..batch.len())
            .into_par_iter()
            .map(|image| detections(&logits, image, &grid, &options))
            .collect();
        for (place, found) in found.iter().enumerate() {
            sums.count(store, batch.indices[place], &batch.placements[place], found, each[place])?;
        }
        Ok(())
    }

    fn conclude(sums: Sums) -> Validation<Self> {
        let side = 0..=sums.confusion.background();
        let row = |actual| side.clone().map(|predicted| sums.confusion.count(actual, predicted)).collect();
        let confusion = side.clone().map(row).collect();
        Validation {
            summary: sums.evaluator.summary(),
            losses: LossItems::default().plus(&sums.losses, 1.0 / sums.images.max(1.0)),
            confusion,
            predictions: Predictions { class_count: sums.classes, images: sums.predicted }.to_bytes(),
        }
    }
}

impl Sums {
    fn count(
        &mut self,
        store: &PictureStore<Vec<LabelledBox>>,
        index: usize,
        placement: &Placement,
        found: &[nms::Detection],
        loss: f64,
    ) -> Result<(), TrainError> {
        let size = store.original_size(index);
        let targets: Vec<GroundTruth> = store
            .image(index)
            .truth
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
        self.evaluator.add_image(&targets, &detections)?;
        self.confusion.add_image(&targets, &detections)?;
        let [width, height] = size;
        let (index, loss) = (u32::try_from(index).unwrap_or(u32::MAX), loss as f32);
        self.predicted.push(PredictedImage { index, width, height, loss, targets, detections });
        Ok(())
    }
}

impl Truth for Vec<LabelledBox> {
    fn add_to(&self, hasher: &mut Sha256) {
        hasher.update((self.len() as u64).to_le_bytes());
        for labelled in self {
            hasher.update((labelled.class as u64).to_le_bytes());
            for value in labelled.corners() {
                hasher.update(value.to_le_bytes());
            }
        }
    }

    fn teaches(&self) -> bool {
        !self.is_empty()
    }

    fn check(&self, name: &str, classes: usize) -> Result<(), TrainError> {
        match self.iter().find(|labelled| labelled.class >= classes) {
            Some(unknown) => Err(TrainError::unknown_class(name, "a box of class", unknown.class, classes)),
            None => Ok(()),
        }
    }

    fn nothing_to_learn() -> TrainError {
        let next = "label some images, or choose another train subset";
        TrainError::new(TrainErrorKind::Data, "no train image has a box", next)
    }
}

impl Losses for LossItems {
    fn named(&self) -> Vec<(&'static str, f64)> {
        vec![("box_loss", self.box_loss), ("cls_loss", self.cls_loss), ("dfl_loss", self.dfl_loss)]
    }

    fn plus(&self, other: &Self, weight: f64) -> Self {
        Self::plus(self, other, weight)
    }
}

impl Summary for DetectionSummary {
    fn fitness(&self) -> f64 {
        Self::fitness(self)
    }

    fn figures(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("precision(B)", self.precision),
            ("recall(B)", self.recall),
            ("mAP50(B)", self.map50),
            ("mAP50-95(B)", self.map50_95),
        ]
    }

    fn recorded(&self) -> Vec<f64> {
        vec![self.map50, self.map50_95, self.precision, self.recall]
    }

    fn in_words(&self) -> String {
        format!("mAP50 {:.3}, mAP50-95 {:.3}", self.map50, self.map50_95)
    }
}

impl From<&DetectionConfig> for Gains {
    fn from(config: &DetectionConfig) -> Self {
        Self { box_gain: config.box_gain, cls_gain: config.cls_gain, dfl_gain: config.dfl_gain }
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
