//! The resolved configuration of a ResNet training: every value a run depends on.
//!
//! Must not know how the form is drawn or the trainer is written. The schema beside it
//! ([`super::classification_schema`]) holds ranges, units and help for the same keys.

use super::{DeviceKind, Optimizer, Schedule};
use serde::{Deserialize, Serialize};

/// Everything a ResNet training depends on, besides its data and labels.
///
/// Key names are those of the field, and those of
/// [`DetectionConfig`](super::DetectionConfig) where both mean the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassificationConfig {
    /// Passes over the train subset.
    pub epochs: u32,
    /// Images a step.
    pub batch_size: u32,
    /// Side of the square the network sees, in pixels; a multiple of 32.
    pub imgsz: u32,
    /// Which optimizer; never `auto`.
    pub optimizer: Optimizer,
    /// The highest learning rate.
    pub lr0: f64,
    /// Last learning rate as a fraction of the highest.
    pub lrf: f64,
    /// Momentum of SGD, first beta of AdamW.
    pub momentum: f64,
    /// Pull of weights towards zero; not applied to biases and normalisation.
    pub weight_decay: f64,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// Epochs over which the learning rate rises; fractions are allowed. A one-cycle schedule has a rise of its own.
    pub warmup_epochs: f64,
    /// Gradients longer than this (L2 norm over all weights) are scaled down to it.
    pub clip_norm: f64,
    /// Decay of the averaged weights that are validated and saved; 0 keeps no average.
    pub ema_decay: f64,
    /// Share of the target that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// Epochs without a better top-1 accuracy after which training ends early; 0 never ends it early.
    pub patience: u32,
    /// Starts every random choice.
    pub seed: u64,
    /// Least share of an image's area that a random crop keeps; 1 crops nothing.
    pub crop_scale: f64,
    /// How much longer than wide, or wider than long, a random crop may be; 1 keeps crops square.
    pub crop_ratio: f64,
    /// Chance of a left-right flip.
    pub fliplr: f64,
    /// Chance of an upside-down flip.
    pub flipud: f64,
    /// Change of hue, as a fraction of the circle.
    pub hsv_h: f64,
    /// Change of saturation, as a fraction.
    pub hsv_s: f64,
    /// Change of brightness, as a fraction.
    pub hsv_v: f64,
    /// Shift, as a fraction of the image.
    pub translate: f64,
    /// A checkpoint is written every so many epochs, besides last and best; 0 writes only those.
    pub save_period: u32,
    /// Threads that load and augment images; 0 takes as many as there are cores.
    pub workers: u32,
    /// Where numbers are computed.
    pub device: DeviceKind,
}

impl Default for ClassificationConfig {
    /// A plain recipe for tens of epochs.
    fn default() -> Self {
        Self {
            epochs: 30,
            batch_size: 64,
            imgsz: 224,
            optimizer: Optimizer::Sgd,
            lr0: 0.1,
            lrf: 0.0,
            momentum: 0.9,
            weight_decay: 5e-4,
            schedule: Schedule::OneCycle,
            warmup_epochs: 0.0,
            clip_norm: 10.0,
            ema_decay: 0.9999,
            label_smoothing: 0.1,
            patience: 100,
            seed: 0,
            crop_scale: 0.5,
            crop_ratio: 4.0 / 3.0,
            fliplr: 0.5,
            flipud: 0.0,
            hsv_h: 0.0,
            hsv_s: 0.0,
            hsv_v: 0.0,
            translate: 0.1,
            save_period: 0,
            workers: 0,
            device: DeviceKind::Auto,
        }
    }
}
