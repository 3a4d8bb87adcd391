//! How good a detector is: box overlap, matching, average precision, curves and the confusion
//! matrix, once and behind sliders; and how good a classifier is. Server, command line and browser
//! run this same code.
//!
//! Must not know how boxes were predicted, where they are stored or how a figure is drawn. Uses
//! only `+ - * /`, `sqrt` and the pure-Rust `libm`, so that native and wasm give the same bits.

mod class_interactive;
mod class_predictions;
mod classification;
pub mod coco;
mod confusion;
mod curves;
mod detection;
mod interactive;
mod iou;
mod matching;
#[cfg(test)]
mod plain;
mod predictions;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;

pub use class_interactive::{ClassOutcome, InteractiveClassification};
pub use class_predictions::{ClassPredictions, ClassifiedImage};
pub use classification::{ClassRates, ClassificationError, ClassificationEvaluator, ClassificationSummary};
pub use confusion::ConfusionMatrix;
pub use curves::{CURVE_POINTS, ClassCurves, DetectionCurves, curve_position};
pub use detection::{ClassSummary, DetectionEvaluator, DetectionSummary, EvaluationError};
pub use interactive::{
    BoxCounts, DetectionOutcome, ImageOutcomes, InteractiveEvaluator, IouReport, MeanRates, Snapshot,
    TargetOutcome,
};
pub use iou::{area, complete_iou, intersection, iou};
pub use matching::{IOU_THRESHOLDS, Overlaps};
pub use predictions::{PredictedImage, Predictions, PredictionsError};

use crate::dataset::PixelBox;
use serde::{Deserialize, Serialize};

/// A labelled box of an image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GroundTruth {
    /// Class index: the label's place in the label list.
    pub class: usize,
    /// In pixels of the original image.
    pub region: PixelBox,
}

/// A predicted box of an image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Class index: the label's place in the label list.
    pub class: usize,
    /// Confidence, 0 to 1.
    pub score: f64,
    /// In pixels of the original image.
    pub region: PixelBox,
}
