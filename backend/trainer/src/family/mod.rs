//! What the train loop does not know by itself: everything in which one family of models differs from another.
//!
//! The loop, its checkpoints and its reports are the same for all; each family says here how its network, images, losses
//! and figures are. Must not know the loop.

mod resnet;
mod settings;
mod yolov8;

use std::fmt::{Debug, Display};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

pub use resnet::ResNetFamily;
pub use settings::{CommonSettings, Settings};
pub use yolov8::YoloV8Family;

use crate::augment::Canvas;
use crate::data::{Batch, Fit, PictureError, PictureStore};
use crate::error::TrainError;
use crate::model::Network;
use crate::optimizer::Recipe;

/// A family of models that the train loop can train.
pub trait Family: Copy + Debug + Default + PartialEq + Send + Sync + 'static {
    /// Share of the new batch in the running statistics.
    const NORM_MOMENTUM: f64;
    /// How pictures are kept.
    const FIT: Fit;

    /// A size of the network.
    type Variant: Copy
        + Debug
        + Display
        + PartialEq
        + Into<Network>
        + Serialize
        + DeserializeOwned
        + Send
        + Sync;
    /// Every setting.
    type Config: Settings;
    /// What is known of an image.
    type Truth: Truth;
    /// The same in a batch, in pixels of the batch where it has any.
    type Target: Debug + Send;
    /// What a step is judged by.
    type Losses: Losses;
    /// What a validation comes to.
    type Summary: Summary;
    /// The network.
    type Model: Module + Clone + Debug;
    /// Sums over a validation.
    type Evaluation;

    /// A network with random weights; see the model's own words on seeds.
    fn model(variant: Self::Variant, classes: usize, seed: u64, device: &Device) -> Self::Model;

    /// The optimizer and its rates, for a training of so many steps in all.
    fn recipe(config: &Self::Config, classes: usize, steps: u64) -> Recipe;

    /// One varied image of a train batch, with what is on it.
    ///
    /// # Errors
    /// If an image can no longer be read.
    fn train_image(
        store: &PictureStore<Self::Truth>,
        index: usize,
        config: &Self::Config,
        epoch: u32,
        random: &mut ChaCha8Rng,
    ) -> Result<(Canvas, Self::Target), PictureError>;

    /// Which images of the validation subset make which batch.
    fn validation_order(store: &PictureStore<Self::Truth>, batch_size: usize) -> Vec<Vec<usize>>;

    /// A batch without variation.
    ///
    /// # Errors
    /// If an image can no longer be read.
    fn validation_batch(
        store: &PictureStore<Self::Truth>,
        indices: &[usize],
        config: &Self::Config,
    ) -> Result<Batch<Self::Target>, PictureError>;

    /// The losses of a train batch, and a tensor whose backward pass sends their gradients into the network.
    ///
    /// # Errors
    /// If the device fails.
    fn learn(
        model: &mut Self::Model,
        images: Tensor<4>,
        batch: &Batch<Self::Target>,
        config: &Self::Config,
    ) -> Result<(Self::Losses, Tensor<1>), TrainError>;

    /// The sums of a validation, before its first batch.
    fn evaluation(config: &Self::Config, classes: usize) -> Self::Evaluation;

    /// Adds a batch to the sums. `model` is in evaluation mode.
    ///
    /// # Errors
    /// If the device fails, or what the model says is no number.
    fn evaluate(
        sums: &mut Self::Evaluation,
        model: &Self::Model,
        images: Tensor<4>,
        batch: &Batch<Self::Target>,
        store: &PictureStore<Self::Truth>,
        config: &Self::Config,
    ) -> Result<(), TrainError>;

    /// What the sums come to.
    fn conclude(sums: Self::Evaluation) -> Validation<Self>;
}

/// What a validation found.
#[derive(Clone, Debug)]
pub struct Validation<F: Family> {
    /// The figures.
    pub summary: F::Summary,
    /// Mean losses over the batches' images.
    pub losses: F::Losses,
    /// Rows are what is there, columns what was found.
    pub confusion: Vec<Vec<u64>>,
    /// What was there and what was predicted, picture by picture, packed.
    pub predictions: Vec<u8>,
}

/// What is known of an image.
pub trait Truth: Clone + Debug + PartialEq + Send + Sync {
    /// Adds it to a digest of the data.
    fn add_to(&self, hasher: &mut Sha256);

    /// Whether something can be learnt from it.
    fn teaches(&self) -> bool;

    /// Refuses what does not fit `classes` labels; `name` is the image's.
    ///
    /// # Errors
    /// Of kind data.
    fn check(&self, name: &str, classes: usize) -> Result<(), TrainError>;

    /// The refusal of a train subset in which nothing teaches.
    fn nothing_to_learn() -> TrainError;
}

/// The losses of a step or an epoch.
pub trait Losses:
    Copy + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// By the names of their charts.
    fn named(&self) -> Vec<(&'static str, f64)>;

    /// `self` + `other` * `weight`.
    #[must_use]
    fn plus(&self, other: &Self, weight: f64) -> Self;

    /// Whether all are numbers.
    fn is_finite(&self) -> bool {
        self.named().iter().all(|(_, value)| value.is_finite())
    }
}

/// The figures of a validation.
pub trait Summary: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync {
    /// The one figure by which validations are compared: the more, the better.
    fn fitness(&self) -> f64;

    /// By the names of their charts.
    fn figures(&self) -> Vec<(&'static str, f64)>;

    /// What is kept of it for every epoch.
    fn recorded(&self) -> Vec<f64>;

    /// For the log.
    fn in_words(&self) -> String;
}
