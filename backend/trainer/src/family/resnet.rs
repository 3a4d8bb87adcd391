//! ResNet: one label for a whole image.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::config::ClassificationConfig;
use shared::metrics::{
    ClassPredictions, ClassificationError, ClassificationEvaluator, ClassificationSummary, ClassifiedImage,
};

use super::{Family, Losses, Summary, Truth, Validation};
use crate::augment::{Canvas, Cropping, middle_square};
use crate::data::{Batch, Fit, PictureError, PictureStore};
use crate::error::{DIVERGED_NEXT_STEP, TrainError, TrainErrorKind};
use crate::loss::SmoothedCrossEntropy;
use crate::model::resnet::{ResNet, Variant};
use crate::optimizer::Recipe;

/// ResNet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResNetFamily;

/// The one loss: cross-entropy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassLoss {
    /// Mean over images.
    pub loss: f64,
}

/// Sums over the batches of a validation.
pub struct Sums {
    evaluator: ClassificationEvaluator,
    loss: f64,
    predictions: ClassPredictions,
}

impl Family for ResNetFamily {
    const NORM_MOMENTUM: f64 = ResNet::NORM_MOMENTUM;
    const FIT: Fit = Fit::Shorter;

    type Variant = Variant;
    type Config = ClassificationConfig;
    /// The class.
    type Truth = usize;
    type Target = usize;
    type Losses = ClassLoss;
    type Summary = ClassificationSummary;
    type Model = ResNet;
    type Evaluation = Sums;

    fn model(variant: Variant, classes: usize, seed: u64, device: &Device) -> ResNet {
        ResNet::new(variant, classes, seed, device)
    }

    fn recipe(config: &ClassificationConfig, _: usize, _: u64) -> Recipe {
        Recipe::of_classification(config)
    }

    fn train_image(
        store: &PictureStore<usize>,
        index: usize,
        config: &ClassificationConfig,
        _: u32,
        random: &mut ChaCha8Rng,
    ) -> Result<(Canvas, usize), PictureError> {
        let picture = store.picture(index)?;
        let canvas = Cropping::new(config).sample(&picture.canvas, config.imgsz as usize, random);
        Ok((canvas, store.image(index).truth))
    }

    /// In the subset's order: all images get the same size.
    fn validation_order(store: &PictureStore<usize>, batch_size: usize) -> Vec<Vec<usize>> {
        let order: Vec<usize> = (0..store.len()).collect();
        order.chunks(batch_size.max(1)).map(<[usize]>::to_vec).collect()
    }

    fn validation_batch(
        store: &PictureStore<usize>,
        indices: &[usize],
        config: &ClassificationConfig,
    ) -> Result<Batch<usize>, PictureError> {
        let side = config.imgsz as usize;
        let mut batch = Batch::new(indices.len(), side, side);
        for &index in indices {
            let canvas = middle_square(&store.picture(index)?.canvas, side);
            batch.push(index, &canvas, store.image(index).truth);
        }
        Ok(batch)
    }

    fn learn(
        model: &mut ResNet,
        images: Tensor<4>,
        batch: &Batch<usize>,
        config: &ClassificationConfig,
    ) -> Result<(ClassLoss, Tensor<1>), TrainError> {
        let logits = model.forward_train(images);
        let (loss, output) = SmoothedCrossEntropy::new(config.label_smoothing)
            .learn(&logits, &batch.targets)
            .map_err(TrainError::device)?;
        Ok((ClassLoss { loss }, output))
    }

    fn evaluation(_: &ClassificationConfig, classes: usize) -> Sums {
        Sums {
            evaluator: ClassificationEvaluator::new(classes),
            loss: 0.0,
            predictions: ClassPredictions { class_count: classes, images: Vec::new() },
        }
    }

    fn evaluate(
        sums: &mut Sums,
        model: &ResNet,
        images: Tensor<4>,
        batch: &Batch<usize>,
        store: &PictureStore<usize>,
        config: &ClassificationConfig,
    ) -> Result<(), TrainError> {
        let logits = model.forward(images);
        let judged = SmoothedCrossEntropy::new(config.label_smoothing)
            .judge(&logits, &batch.targets)
            .map_err(TrainError::device)?;
        for ((&index, &class), (loss, scores)) in batch.indices.iter().zip(&batch.targets).zip(judged) {
            if !loss.is_finite() {
                let what = "the validation loss is not a number: the weights have diverged";
                return Err(TrainError::new(TrainErrorKind::Diverged, what, DIVERGED_NEXT_STEP));
            }
            let image = ClassifiedImage::new(index, store.original_size(index), loss as f32, class, scores);
            sums.evaluator.add_sample(&image.scores_as_counted(), class)?;
            sums.predictions.images.push(image);
            sums.loss += loss;
        }
        Ok(())
    }

    fn conclude(sums: Sums) -> Validation<Self> {
        let classes = 0..sums.predictions.class_count;
        let row = |actual| classes.clone().map(|predicted| sums.evaluator.count(actual, predicted)).collect();
        let confusion = classes.clone().map(row).collect();
        Validation {
            summary: sums.evaluator.summary(),
            losses: ClassLoss { loss: sums.loss / sums.predictions.images.len().max(1) as f64 },
            confusion,
            predictions: sums.predictions.to_bytes(),
        }
    }
}

impl Truth for usize {
    fn add_to(&self, hasher: &mut Sha256) {
        hasher.update((*self as u64).to_le_bytes());
    }

    fn teaches(&self) -> bool {
        true
    }

    fn check(&self, name: &str, classes: usize) -> Result<(), TrainError> {
        if *self < classes {
            return Ok(());
        }
        Err(TrainError::unknown_class(name, "the class", *self, classes))
    }

    fn nothing_to_learn() -> TrainError {
        let next = "give some images a class, or choose another train subset";
        TrainError::new(TrainErrorKind::Data, "no train image has a class", next)
    }
}

impl Losses for ClassLoss {
    fn named(&self) -> Vec<(&'static str, f64)> {
        vec![("loss", self.loss)]
    }

    fn plus(&self, other: &Self, weight: f64) -> Self {
        Self { loss: self.loss + other.loss * weight }
    }
}

impl Summary for ClassificationSummary {
    fn fitness(&self) -> f64 {
        self.top1
    }

    fn figures(&self) -> Vec<(&'static str, f64)> {
        vec![("accuracy_top1", self.top1), ("accuracy_top5", self.top5)]
    }

    fn recorded(&self) -> Vec<f64> {
        vec![self.top1, self.top5]
    }

    fn in_words(&self) -> String {
        format!("top-1 {:.3}, top-5 {:.3}", self.top1, self.top5)
    }
}

impl From<ClassificationError> for TrainError {
    fn from(error: ClassificationError) -> Self {
        let (kind, next) = match error {
            ClassificationError::ScoreNotANumber { .. } => (TrainErrorKind::Diverged, DIVERGED_NEXT_STEP),
            ClassificationError::UnknownClass { .. } | ClassificationError::WrongLength { .. } => {
                (TrainErrorKind::Data, "count classes from 0 in the order of the labels")
            }
        };
        Self::new(kind, error.to_string(), next).because(error)
    }
}
