//! How far a training is, in numbers: everything but the tensors that a run needs to go on bit for bit.
//!
//! No random generator is kept: every draw follows from seed, epoch and image, and the order of an epoch's images from
//! seed and epoch, so the place in the training is the state of the randomness. Warm-up, schedule and the average's decay
//! follow from the number of steps. Knows no files and no tensors.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::family::{Family, Settings, Truth};
use crate::job::{LabelledImage, TrainJob};
use crate::optimizer::Rule;

/// Raised when the meaning of the state or of its file changes.
pub(crate) const FORMAT: u32 = 2;

/// What one epoch came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: u32,
    /// Mean train losses: box, cls, dfl; or the one loss.
    pub train_losses: Vec<f64>,
    /// The same on the validation subset.
    pub validation_losses: Vec<f64>,
    /// On the validation subset: mAP50, mAP50-95, precision, recall; or top-1 and top-5 accuracy.
    pub metrics: Vec<f64>,
    /// Learning rate of the weights at the end of the epoch.
    pub learning_rate: f64,
    /// Train images a second.
    pub images_per_second: f64,
    /// Wall time of the whole epoch, without the time in which nothing trained.
    pub seconds: f64,
}

/// The part of an epoch that is done; nothing between two epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochUnderWay<L> {
    /// Steps done. All of them, where the validation is what is missing.
    pub steps: u32,
    /// Their share of the epoch's mean losses.
    pub losses: L,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Images seen.
    pub images: u64,
    /// Time that the steps took; no number that is learnt depends on it.
    pub seconds: f64,
}

/// Digests of what is learnt from and measured on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataDigests {
    /// Of the train subset.
    pub train: String,
    /// Of the validation subset.
    pub validation: String,
}

/// How far a training is, and what it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RunState<F: Family> {
    /// Version of the file's meaning.
    pub format: u32,
    /// Size of the network.
    pub variant: F::Variant,
    /// Class names in class order.
    pub labels: Vec<String>,
    /// All settings, the seed of every random choice among them.
    pub config: F::Config,
    /// What is learnt from.
    pub data: DataDigests,
    /// How steps change the weights, once `auto` is resolved.
    pub rule: Rule,
    /// Whether the first weights were those of a file: then their running statistics are those of data.
    pub from_weights: bool,
    /// Epochs done.
    pub epochs_done: u32,
    /// Steps done over all epochs: the place in the warm-up, of the moments and of the average.
    pub steps_done: u64,
    /// The epoch that is not done yet.
    pub under_way: EpochUnderWay<F::Losses>,
    /// The epoch with the best fitness, from 1. Patience counts from it.
    pub best_epoch: Option<u32>,
    /// The best validation.
    pub best: Option<F::Summary>,
    /// The last validation.
    pub last: Option<F::Summary>,
    /// What every epoch came to.
    pub history: Vec<EpochRecord>,
}

impl<F: Family> RunState<F> {
    /// Nothing done yet.
    pub fn new(job: &TrainJob<F>, rule: Rule, data: DataDigests) -> Self {
        Self {
            format: FORMAT,
            variant: job.variant,
            labels: job.labels.clone(),
            config: job.config.clone(),
            data,
            rule,
            from_weights: job.initial_weights.is_some(),
            epochs_done: 0,
            steps_done: 0,
            under_way: EpochUnderWay::default(),
            best_epoch: None,
            best: None,
            last: None,
            history: Vec::new(),
        }
    }

    /// Whether the average of this moment is the best one.
    pub fn is_at_best(&self) -> bool {
        self.best_epoch == Some(self.epochs_done) && self.under_way.steps == 0
    }

    /// What comes next, for the log. `steps` is the number of steps of an epoch.
    pub fn place(&self, steps: usize) -> String {
        let (epochs, done) = (self.config.common().epochs, self.under_way.steps as usize);
        let epoch = self.epochs_done + 1;
        if self.epochs_done >= epochs {
            format!("the end of epoch {} of {epochs}", self.epochs_done)
        } else if done == 0 {
            format!("epoch {epoch} of {epochs}, step 1 of {steps}")
        } else if done >= steps {
            format!("epoch {epoch} of {epochs}, its validation")
        } else {
            format!("epoch {epoch} of {epochs}, step {} of {steps}", done + 1)
        }
    }
}

/// Digest of images in their order: names of files and items, and what is known of them. Not of folders, which differ from one attempt to
/// the next, nor of the content of files.
pub(crate) fn digest_of<'a, T: Truth + 'a>(images: impl Iterator<Item = &'a LabelledImage<T>>) -> String {
    let mut hasher = Sha256::new();
    for image in images {
        let file = image.path.file_name().unwrap_or_default().as_encoded_bytes();
        for text in [file, image.name.as_bytes()] {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        image.truth.add_to(&mut hasher);
    }
    hex(&hasher.finalize())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::LabelledBox;

    #[test]
    fn a_digest_follows_names_order_and_boxes_but_not_folders() {
        let image = |folder: &str, name: &str, x1: f32| LabelledImage {
            path: format!("{folder}/{name}").into(),
            name: name.into(),
            truth: vec![LabelledBox { class: 0, x1, y1: 0.0, x2: 9.0, y2: 9.0 }],
        };
        let digest = |images: &[LabelledImage<Vec<LabelledBox>>]| digest_of(images.iter());
        let first = digest(&[image("a", "1.png", 0.0), image("a", "2.png", 0.0)]);
        assert_eq!(first.len(), 64);
        assert_eq!(first, digest(&[image("b", "1.png", 0.0), image("b", "2.png", 0.0)]));
        for other in [
            vec![image("a", "2.png", 0.0), image("a", "1.png", 0.0)],
            vec![image("a", "1.png", 0.0)],
            vec![image("a", "1.png", 0.5), image("a", "2.png", 0.0)],
            vec![image("a", "1.png", 0.0), image("a", "3.png", 0.0)],
        ] {
            assert_ne!(first, digest(&other), "{other:?}");
        }
    }
}
