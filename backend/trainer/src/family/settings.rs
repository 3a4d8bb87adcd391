//! The settings that the train loop reads, whatever the family.

use shared::config::{ClassificationConfig, DetectionConfig, DeviceKind, Schedule};
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A family's configuration.
pub trait Settings: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync {
    /// The part that all families have.
    fn common(&self) -> CommonSettings;
}

/// Settings that every family has; see the configurations in `shared` for what each means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommonSettings {
    /// Passes over the train subset.
    pub epochs: u32,
    /// Images a step.
    pub batch_size: u32,
    /// Side of the square the network sees, in pixels.
    pub imgsz: u32,
    /// Starts every random choice.
    pub seed: u64,
    /// Epochs without a better fitness after which training ends; 0 for never.
    pub patience: u32,
    /// Epochs between kept checkpoints; 0 for none.
    pub save_period: u32,
    /// Threads that prepare images; 0 for one a core.
    pub workers: u32,
    /// Where numbers are computed.
    pub device: DeviceKind,
    /// Longest gradient.
    pub clip_norm: f64,
    /// Last learning rate as a fraction of the highest.
    pub lrf: f64,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// Epochs of warm-up.
    pub warmup_epochs: f64,
    /// Pull towards zero.
    pub weight_decay: f64,
    /// Decay of the averaged weights.
    pub ema_decay: f64,
}

/// The fields have the same names and meanings in all configurations.
macro_rules! common_settings {
    ($($config:ty),*) => {$(
        impl Settings for $config {
            fn common(&self) -> CommonSettings {
                CommonSettings {
                    epochs: self.epochs,
                    batch_size: self.batch_size,
                    imgsz: self.imgsz,
                    seed: self.seed,
                    patience: self.patience,
                    save_period: self.save_period,
                    workers: self.workers,
                    device: self.device,
                    clip_norm: self.clip_norm,
                    lrf: self.lrf,
                    schedule: self.schedule,
                    warmup_epochs: self.warmup_epochs,
                    weight_decay: self.weight_decay,
                    ema_decay: self.ema_decay,
                }
            }
        }
    )*};
}

common_settings!(DetectionConfig, ClassificationConfig);
