//! The resolved configuration of a YOLOv8 training: every value a run depends on.
//!
//! Must not know how the form is drawn or the trainer is written. The schema beside it
//! ([`super::schema`]) holds ranges, units and help for the same keys.

use serde::{Deserialize, Serialize};

/// Which optimizer steps the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// AdamW for short trainings, SGD for long ones.
    Auto,
    /// Stochastic gradient descent with Nesterov momentum.
    Sgd,
    /// Adam with decoupled weight decay.
    AdamW,
}

/// How the learning rate moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// A straight line from `lr0` to `lr0 * lrf`.
    Linear,
    /// Half a cosine from `lr0` to `lr0 * lrf`.
    Cosine,
    /// Up to `lr0` over three tenths of all steps, then down to `lr0 * lrf`, both by half a cosine.
    #[serde(rename = "one-cycle")]
    OneCycle,
}

/// Where numbers are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The best device that this build and machine have.
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
    /// Any GPU with a Vulkan driver.
    Vulkan,
    /// An Apple GPU.
    Metal,
}

/// Everything a YOLOv8 training depends on, besides its data and labels.
///
/// Key names are those of the field, so that a configuration file written for the original
/// trainer reads the same here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectionConfig {
    /// Passes over the train subset.
    pub epochs: u32,
    /// Images a step.
    pub batch_size: u32,
    /// Side of the square the network sees, in pixels; a multiple of 32.
    pub imgsz: u32,
    /// Which optimizer.
    pub optimizer: Optimizer,
    /// Learning rate after the warm-up; with the optimizer `auto` it is chosen instead.
    pub lr0: f64,
    /// Last learning rate as a fraction of the first.
    pub lrf: f64,
    /// Momentum of SGD, first beta of AdamW.
    pub momentum: f64,
    /// Pull of weights towards zero; not applied to biases and normalisation.
    pub weight_decay: f64,
    /// How the learning rate falls.
    pub schedule: Schedule,
    /// Epochs over which the learning rate rises; fractions are allowed.
    pub warmup_epochs: f64,
    /// Momentum at the start of the warm-up.
    pub warmup_momentum: f64,
    /// Learning rate of biases at the start of the warm-up.
    pub warmup_bias_lr: f64,
    /// Gradients longer than this (L2 norm over all weights) are scaled down to it.
    pub clip_norm: f64,
    /// Gain of the box loss.
    #[serde(rename = "box")]
    pub box_gain: f64,
    /// Gain of the class loss.
    #[serde(rename = "cls")]
    pub cls_gain: f64,
    /// Gain of the distribution focal loss.
    #[serde(rename = "dfl")]
    pub dfl_gain: f64,
    /// Decay of the averaged weights that are validated and saved.
    pub ema_decay: f64,
    /// Epochs without a better fitness after which training ends early; 0 never ends it early.
    pub patience: u32,
    /// Starts every random choice.
    pub seed: u64,
    /// Chance that a train image is a mosaic of four.
    pub mosaic: f64,
    /// The last epochs that are trained without mosaic.
    pub close_mosaic: u32,
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
    /// Change of size, as a fraction.
    pub scale: f64,
    /// IoU above which a weaker box of the same class is dropped.
    pub iou: f64,
    /// Most boxes kept on one image.
    pub max_det: u32,
    /// A checkpoint is written every so many epochs, besides last and best; 0 writes only those.
    pub save_period: u32,
    /// Threads that load and augment images; 0 takes as many as there are cores.
    pub workers: u32,
    /// Where numbers are computed.
    pub device: DeviceKind,
}

impl Default for DetectionConfig {
    /// The field's defaults.
    fn default() -> Self {
        Self {
            epochs: 100,
            batch_size: 16,
            imgsz: 640,
            optimizer: Optimizer::Auto,
            lr0: 0.01,
            lrf: 0.01,
            momentum: 0.937,
            weight_decay: 5e-4,
            schedule: Schedule::Linear,
            warmup_epochs: 3.0,
            warmup_momentum: 0.8,
            warmup_bias_lr: 0.1,
            clip_norm: 10.0,
            box_gain: 7.5,
            cls_gain: 0.5,
            dfl_gain: 1.5,
            ema_decay: 0.9999,
            patience: 100,
            seed: 0,
            mosaic: 1.0,
            close_mosaic: 10,
            fliplr: 0.5,
            flipud: 0.0,
            hsv_h: 0.015,
            hsv_s: 0.7,
            hsv_v: 0.4,
            translate: 0.1,
            scale: 0.5,
            iou: 0.7,
            max_det: 300,
            save_period: 0,
            workers: 0,
            device: DeviceKind::Auto,
        }
    }
}
