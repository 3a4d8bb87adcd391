//! The figures that the Ultralytics validator would print for two COCO files.
//!
//! Must not know how they are computed: that is [`DetectionEvaluator`]. Crowds are dropped, each
//! image keeps its 300 surest detections of all classes (equal scores in the order of the file),
//! scores are held in 32 bits as that validator holds them, and images count in the order of the
//! file. Class indices follow the rising category ids.

use super::groups::ByImage;
use super::rank_by_score;
use super::read::{CocoDetections, CocoTruth};
use crate::dataset::PixelBox;
use crate::metrics::{
    ClassSummary, Detection, DetectionEvaluator, DetectionSummary, EvaluationError, GroundTruth,
};
use serde::{Deserialize, Serialize};

/// Detections of an image that count.
const MOST_DETECTIONS: usize = 300;

/// Place of IoU 0.75 among the thresholds.
const AT_75: usize = 5;

/// What a validation says of a detector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UltralyticsReport {
    /// Confidence at which the smoothed mean F1 is highest.
    pub best_confidence: f64,
    /// Means over the classes that have targets; all 0 without any.
    pub mean: UltralyticsMeans,
    /// One entry for each class that has targets, by rising category id.
    pub per_class: Vec<UltralyticsClass>,
}

/// Means over the classes that have targets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UltralyticsMeans {
    /// TP / (TP + FP) at the best confidence and IoU 0.5.
    pub precision: f64,
    /// TP / targets at the best confidence and IoU 0.5.
    pub recall: f64,
    /// Average precision at IoU 0.5.
    pub map50: f64,
    /// Average precision at IoU 0.75.
    pub map75: f64,
    /// Average precision over IoU 0.50:0.05:0.95.
    pub map50_95: f64,
}

/// The figures of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UltralyticsClass {
    /// Place of the category among all ids in rising order.
    pub class_index: usize,
    /// As in the file.
    pub category_id: i64,
    /// TP / (TP + FP) at the best confidence and IoU 0.5.
    pub precision: f64,
    /// TP / targets at the best confidence and IoU 0.5.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Right detections at the best confidence: recall x targets, to the nearest whole number.
    pub tp: f64,
    /// Wrong ones: TP / (precision + 1e-16) - TP, to the nearest whole number.
    pub fp: f64,
    /// Average precision at IoU 0.5.
    pub ap50: f64,
    /// Average precision at IoU 0.75.
    pub ap75: f64,
    /// Average precision over IoU 0.50:0.05:0.95.
    pub ap50_95: f64,
    /// Average precision at each IoU of 0.50:0.05:0.95.
    pub ap_by_iou: [f64; 10],
}

/// The Ultralytics variant of the figures; [`CocoDetections::ultralytics`] also gives its curves.
///
/// `progress` is told how many images are done, and of how many.
///
/// # Errors
/// [`EvaluationError`] for what cannot be counted; files that were read hold none of it.
///
/// ```
/// use shared::metrics::coco::{CocoTruth, evaluate_ultralytics};
/// let truth = CocoTruth::from_json(br#"{"images": [{"id": 1}], "categories": [{"id": 3}], "annotations": [
///     {"id": 0, "image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "area": 81}]}"#)?;
/// let found = br#"[{"image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "score": 0.9}]"#;
/// let report = evaluate_ultralytics(&truth.detections_from_json(found)?, &mut |_done, _total| {})?;
/// assert!((report.mean.map50_95 - 0.995).abs() < 1e-12);
/// assert_eq!((report.per_class[0].tp, report.per_class[0].fp), (1.0, 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evaluate_ultralytics(
    detections: &CocoDetections<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<UltralyticsReport, EvaluationError> {
    let summary = detections.ultralytics(progress)?.summary();
    Ok(report_of(&summary, detections.truth.category_ids()))
}

impl CocoDetections<'_> {
    /// Matches all images by the rules of the Ultralytics validator.
    ///
    /// # Errors
    /// As [`evaluate_ultralytics`].
    pub fn ultralytics(
        &self,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<DetectionEvaluator, EvaluationError> {
        let truth = self.truth;
        let images = truth.image_count();
        let target_groups = ByImage::of(&truth.boxes.images, images);
        let found_groups = ByImage::of(&self.boxes.images, images);
        let scores: Vec<f64> = self.scores.iter().map(|&score| f64::from(score as f32)).collect();
        let mut evaluator = DetectionEvaluator::new(truth.class_count());
        let mut ranked = Vec::new();
        for (done, &image) in (1..).zip(&truth.image_ranks) {
            rank_by_score(&scores, found_groups.of_image(image), MOST_DETECTIONS, &mut ranked);
            let found: Vec<Detection> =
                ranked.iter().map(|&(_, index)| self.detection(index as usize, &scores)).collect();
            let targets = truth.targets(target_groups.of_image(image));
            evaluator.add_image(&targets, &found)?;
            progress(done, images as u64);
        }
        Ok(evaluator)
    }

    fn detection(&self, index: usize, scores: &[f64]) -> Detection {
        Detection {
            class: self.boxes.classes[index] as usize,
            score: scores[index],
            region: corners(self.boxes.regions[index]),
        }
    }
}

impl CocoTruth {
    /// Those of the boxes that are no crowd.
    fn targets(&self, indices: &[u32]) -> Vec<GroundTruth> {
        let target = |&index: &u32| {
            let index = index as usize;
            let target = GroundTruth {
                class: self.boxes.classes[index] as usize,
                region: corners(self.boxes.regions[index]),
            };
            (!self.crowds[index]).then_some(target)
        };
        indices.iter().filter_map(target).collect()
    }
}

fn corners([left, top, width, height]: [f64; 4]) -> PixelBox {
    PixelBox::from_left_top(left, top, width, height)
}

fn report_of(summary: &DetectionSummary, category_ids: &[i64]) -> UltralyticsReport {
    let per_class: Vec<UltralyticsClass> =
        summary.per_class.iter().map(|class| class_of(class, category_ids[class.class])).collect();
    let sum: f64 = per_class.iter().map(|class| class.ap75).sum();
    UltralyticsReport {
        best_confidence: summary.best_confidence,
        mean: UltralyticsMeans {
            precision: summary.precision,
            recall: summary.recall,
            map50: summary.map50,
            map75: if per_class.is_empty() { 0.0 } else { sum / per_class.len() as f64 },
            map50_95: summary.map50_95,
        },
        per_class,
    }
}

fn class_of(class: &ClassSummary, category_id: i64) -> UltralyticsClass {
    // Half to even, as the array library rounds that these counts come from.
    let tp = libm::rint(class.recall * class.targets as f64);
    UltralyticsClass {
        class_index: class.class,
        category_id,
        precision: class.precision,
        recall: class.recall,
        f1: class.f1,
        tp,
        fp: libm::rint(tp / (class.precision + 1e-16) - tp),
        ap50: class.ap50,
        ap75: class.ap_by_iou[AT_75],
        ap50_95: class.ap50_95,
        ap_by_iou: class.ap_by_iou,
    }
}
