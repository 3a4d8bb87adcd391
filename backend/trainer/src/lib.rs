//! The numeric part of Trainyard: model families, losses, data, training and evaluation.
//!
//! A library with a small synchronous interface. It must not know tokio, gRPC, SQL or the scheduler.

pub mod assign;
pub mod augment;
pub mod card;
pub mod checkpoint;
pub mod data;
pub mod decode;
pub mod detections;
pub mod device;
pub mod error;
pub mod evaluate;
pub mod family;
mod files;
pub mod job;
pub mod kernels;
pub mod loss;
pub mod memory;
pub mod model;
pub mod nms;
pub mod optimizer;
pub mod parameters;
pub mod predict;
pub mod report;
mod results;
pub mod run_state;
pub mod schedule;
pub mod start;
pub mod train_loop;
pub mod weights;

pub use card::WeightsCard;
pub use error::{TrainError, TrainErrorKind};
pub use family::{Family, ResNetFamily, YoloV8Family};
pub use job::{LabelledBox, LabelledImage, StopFlag, TrainJob};
pub use model::yolov8::Variant;
pub use model::{Network, UnknownNetwork};
pub use nms::NmsOptions;
pub use predict::{Classifier, Detector, Predictor};
pub use report::{ArtifactKind, CheckpointKind, Phase, Reporter, TrainEvent};
pub use start::{OtherHead, check_start_weights, other_head};
pub use train_loop::{Outcome, train};

/// The version of this crate, kept with every training.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod training_tests;
