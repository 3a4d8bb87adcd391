//! COCO's figures in the form in which they are printed and stored.
//!
//! Must not know how they are computed. Keys are those of the field, not of this code base.

use super::matching::THRESHOLDS;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

/// Stands where a figure is not defined: no labelled box in that slice. Left out of all means.
pub const UNDEFINED: f64 = -1.0;

/// What a COCO evaluation says of a detector.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CocoReport {
    /// Means over the classes.
    pub stats: CocoStats,
    /// One entry for each category of the ground truth, by rising id.
    pub per_class: Vec<CocoClass>,
}

/// The twelve figures, each 0 to 1 or [`UNDEFINED`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CocoStats {
    /// Average precision over IoU 0.50:0.05:0.95.
    #[serde(rename = "AP")]
    pub ap: f64,
    /// At IoU 0.5.
    #[serde(rename = "AP50")]
    pub ap50: f64,
    /// At IoU 0.75.
    #[serde(rename = "AP75")]
    pub ap75: f64,
    /// Of boxes of at most 32 x 32 pixels.
    #[serde(rename = "APs")]
    pub ap_small: f64,
    /// Of boxes from 32 x 32 to 96 x 96 pixels.
    #[serde(rename = "APm")]
    pub ap_medium: f64,
    /// Of boxes of at least 96 x 96 pixels.
    #[serde(rename = "APl")]
    pub ap_large: f64,
    /// Average recall over IoU 0.50:0.05:0.95, one detection an image and class.
    #[serde(rename = "AR1")]
    pub ar1: f64,
    /// Ten detections an image and class.
    #[serde(rename = "AR10")]
    pub ar10: f64,
    /// A hundred detections an image and class.
    #[serde(rename = "AR100")]
    pub ar100: f64,
    /// `ar100` of boxes of at most 32 x 32 pixels.
    #[serde(rename = "ARs")]
    pub ar_small: f64,
    /// `ar100` of boxes from 32 x 32 to 96 x 96 pixels.
    #[serde(rename = "ARm")]
    pub ar_medium: f64,
    /// `ar100` of boxes of at least 96 x 96 pixels.
    #[serde(rename = "ARl")]
    pub ar_large: f64,
}

/// The figures of one class, each 0 to 1 or [`UNDEFINED`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CocoClass {
    /// As in the file.
    pub category_id: i64,
    /// As in the file; the id where the file has no name.
    pub name: String,
    /// Labelled boxes without crowds.
    #[serde(rename = "n_gt")]
    pub targets: usize,
    /// Crowds.
    #[serde(rename = "n_crowd")]
    pub crowds: usize,
    /// Detections of any rank.
    #[serde(rename = "n_dt")]
    pub detections: usize,
    /// The twelve figures of this class alone; recall by size, which is not customary for a class,
    /// is not printed.
    #[serde(flatten, serialize_with = "without_recall_by_size")]
    pub figures: CocoStats,
    /// Average precision at each of `COCO_IOU_THRESHOLDS`.
    #[serde(rename = "AP_by_iou")]
    pub ap_by_iou: [f64; THRESHOLDS],
    /// Recall at each of `COCO_IOU_THRESHOLDS`, a hundred detections an image.
    pub recall_by_iou: [f64; THRESHOLDS],
    /// For each of `COCO_IOU_THRESHOLDS`, precision at the recalls 0.00, 0.01 .. 1.00; empty where
    /// it is not defined. For curves: not part of the printed report.
    #[serde(skip)]
    pub precision_by_recall: Vec<Vec<f64>>,
}

fn without_recall_by_size<S: Serializer>(figures: &CocoStats, serializer: S) -> Result<S::Ok, S::Error> {
    let entries = [
        ("AP", figures.ap),
        ("AP50", figures.ap50),
        ("AP75", figures.ap75),
        ("APs", figures.ap_small),
        ("APm", figures.ap_medium),
        ("APl", figures.ap_large),
        ("AR1", figures.ar1),
        ("AR10", figures.ar10),
        ("AR100", figures.ar100),
    ];
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (key, value) in entries {
        map.serialize_entry(key, &value)?;
    }
    map.end()
}
