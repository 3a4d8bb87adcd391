//! COCO's bounding-box evaluation, from two JSON files to figures; and the Ultralytics variant of
//! the same two files.
//!
//! Must not know where files lie or how figures are shown.
//!
//! # Rules
//! Source: `PythonAPI/pycocotools/cocoeval.py` of cocodataset/cocoapi; its functions are named
//! where they are followed.
//!
//! 1. **Overlap** (`computeIoU`, `bbIou` of `common/maskApi.c`): intersection / union in 64 bits;
//!    with a crowd, intersection / area of the detection. Boxes without area overlap nothing.
//! 2. **Ignored boxes** (`evaluateImg`): a crowd, and a box whose `area` lies outside the range at
//!    hand. Ranges are all, small (to 32 x 32), medium and large (from 96 x 96 pixels); both ends
//!    belong to a range. Labelled boxes are sized by their `area` key, detections by width x height.
//! 3. **Cut** (`evaluateImg`): 100 detections an image and class, by falling score, equal scores in
//!    the order of the file. Figures at 1 and 10 take the first of these.
//! 4. **Matching** (`evaluateImg`), for each range and each of ten IoU thresholds: in that order,
//!    each detection takes the free box of highest IoU that reaches the threshold, of equal ones the
//!    later in the file; an ignored box only if no other can be had. A crowd is never used up.
//! 5. **Ignored detections** (`evaluateImg`): those that took an ignored box, and those that took
//!    none and lie outside the range.
//! 6. **Order** (`accumulate`): images by rising id, then all detections of a class by falling
//!    score; equal scores keep the order they have.
//! 7. **Curve** (`accumulate`): recall = TP / boxes, precision = TP / (TP + FP + 2^-52), its running
//!    maximum from the right, read at the recalls 0.00, 0.01 .. 1.00; 0 beyond the last recall.
//! 8. **Figures** (`summarize`): AP is the mean of those 101 precisions, AR the last recall; both
//!    are means over thresholds and over the classes that have boxes in the range. [`UNDEFINED`]
//!    where no class has. Means are over single classes first: no different but for rounding.
//!
//! Where it leaves that source: an annotation with id 0 counts like any other (there, 0 means
//! "unmatched"), and broken files are refused with a reason; see [`CocoTruth::from_json`].
//!
//! # Worked example
//! Two boxes; the surer detection is right, the other hits nothing. Recall ends at 1/2, so that 51 of
//! 101 recalls have precision 1, and the rest 0.
//!
//! ```
//! use shared::metrics::coco::{CocoTruth, evaluate};
//! let truth = CocoTruth::from_json(br#"{
//!     "images": [{"id": 7}],
//!     "categories": [{"id": 3, "name": "cat"}],
//!     "annotations": [
//!         {"id": 0, "image_id": 7, "category_id": 3, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0},
//!         {"id": 1, "image_id": 7, "category_id": 3, "bbox": [50, 0, 10, 10], "area": 100, "iscrowd": 0}
//!     ]
//! }"#)?;
//! let detections = truth.detections_from_json(br#"[
//!     {"image_id": 7, "category_id": 3, "bbox": [0, 0, 10, 10], "score": 0.9},
//!     {"image_id": 7, "category_id": 3, "bbox": [80, 80, 10, 10], "score": 0.4}
//! ]"#)?;
//! let report = evaluate(&detections, &mut |_done, _total| {});
//! assert!((report.stats.ap - 51.0 / 101.0).abs() < 1e-12);
//! assert_eq!((report.stats.ar1, report.stats.ap_large), (0.5, -1.0));
//! # Ok::<(), shared::metrics::coco::CocoError>(())
//! ```

mod entries;
mod error;
mod groups;
mod matching;
mod read;
mod report;
mod summary;
mod ultralytics;
mod values;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;
#[cfg(test)]
pub(super) use reference::assert_found;

pub use error::{CocoError, CocoFile};
pub use matching::COCO_IOU_THRESHOLDS;
pub use read::{CocoDetections, CocoTruth};
pub use report::{CocoClass, CocoReport, CocoStats, UNDEFINED};
pub use ultralytics::{UltralyticsClass, UltralyticsMeans, UltralyticsReport, evaluate_ultralytics};

use groups::{Groups, take_image};
use matching::{MOST_DETECTIONS, Matcher, Outcome, RANGES, Target};
use summary::{Tally, mean_of_classes};

/// COCO's figures of detections on their ground truth, by the rules above.
///
/// No box at all gives [`UNDEFINED`] throughout. `progress` is told how many classes are done, and
/// of how many. Linear in boxes but for the pairs within one image and class.
pub fn evaluate(detections: &CocoDetections<'_>, progress: &mut dyn FnMut(u64, u64)) -> CocoReport {
    let truth = detections.truth;
    let (images, classes) = (truth.image_count(), truth.class_count());
    let mut evaluation = Evaluation {
        detections,
        target_groups: Groups::of(&truth.boxes.images, images, &truth.boxes.classes, classes),
        found_groups: Groups::of(&detections.boxes.images, images, &detections.boxes.classes, classes),
        matcher: Matcher::default(),
        tally: Tally::new(),
        targets: Vec::new(),
        ranked: Vec::new(),
        scored: Vec::new(),
    };
    let mut per_class = Vec::with_capacity(classes);
    for (class, (&id, name)) in truth.category_ids().iter().zip(&truth.class_names).enumerate() {
        per_class.push(evaluation.class(class, id, name));
        progress(class as u64 + 1, classes as u64);
    }
    CocoReport { stats: mean_of_classes(&per_class), per_class }
}

/// One evaluation, with the memory that its classes share.
struct Evaluation<'a> {
    detections: &'a CocoDetections<'a>,
    target_groups: Groups,
    found_groups: Groups,
    matcher: Matcher,
    tally: Tally,
    /// The labelled boxes of the image at hand.
    targets: Vec<Target>,
    /// Its detections: falling score, place in the file.
    ranked: Vec<(u64, u32)>,
    /// The detections of the class so far, images by rising id.
    scored: Vec<Scored>,
}

/// A detection that has been matched.
struct Scored {
    /// [`falling`] of its score.
    key: u64,
    outcome: Outcome,
    /// Its place among those of its image and class, from 0.
    rank: u8,
}

impl Evaluation<'_> {
    fn class(&mut self, class: usize, category_id: i64, name: &str) -> CocoClass {
        let crowds = &self.detections.truth.crowds;
        let boxes = self.target_groups.of_class(class);
        let crowds = boxes.iter().filter(|&&index| crowds[index as usize]).count();
        let (targets, detections) = (boxes.len() - crowds, self.found_groups.of_class(class).len());
        let counted = self.match_class(class);
        self.tally_class(counted);
        let (ap_by_iou, recall_by_iou) = (self.tally.average_precision(0), self.tally.recall(0));
        CocoClass {
            category_id,
            name: name.to_owned(),
            targets,
            crowds,
            detections,
            figures: self.tally.figures(&ap_by_iou, &recall_by_iou),
            ap_by_iou,
            recall_by_iou,
            precision_by_recall: self.tally.curves(),
        }
    }

    /// Matches image by image; gives the number of boxes that count in each range.
    fn match_class(&mut self, class: usize) -> [usize; RANGES] {
        let (found, truth) = (self.detections, self.detections.truth);
        let mut boxes = self.target_groups.of_class(class);
        let mut rest = self.found_groups.of_class(class);
        let mut counted = [0; RANGES];
        self.scored.clear();
        while let Some(&next) = rest.first() {
            let image = found.boxes.images[next as usize];
            // Boxes of images without detections only count.
            while let Some(&other) = boxes.first()
                && truth.boxes.images[other as usize] < image
            {
                let of_other =
                    take_image(&mut boxes, &truth.boxes.images, truth.boxes.images[other as usize]);
                load_targets(truth, of_other, &mut self.targets, &mut counted);
            }
            let of_image = take_image(&mut boxes, &truth.boxes.images, image);
            load_targets(truth, of_image, &mut self.targets, &mut counted);
            let of_image = take_image(&mut rest, &found.boxes.images, image);
            rank_by_score(&found.scores, of_image, MOST_DETECTIONS, &mut self.ranked);
            for (rank, &(key, index)) in (0..).zip(&self.ranked) {
                let outcome = self.matcher.claim(&found.boxes.regions[index as usize], &mut self.targets);
                self.scored.push(Scored { key, outcome, rank });
            }
        }
        load_targets(truth, boxes, &mut self.targets, &mut counted);
        counted
    }

    fn tally_class(&mut self, counted: [usize; RANGES]) {
        self.tally.start(counted);
        self.ranked.clear();
        self.ranked.extend((0..).zip(&self.scored).map(|(place, scored)| (scored.key, place)));
        self.ranked.sort_unstable();
        for &(_, place) in &self.ranked {
            let scored = &self.scored[place as usize];
            self.tally.add(scored.outcome, scored.rank);
        }
    }
}

/// Takes the place of the targets at hand, and adds those that count in each range.
fn load_targets(
    truth: &CocoTruth,
    indices: &[u32],
    targets: &mut Vec<Target>,
    counted: &mut [usize; RANGES],
) {
    targets.clear();
    for index in indices.iter().map(|&index| index as usize) {
        let target = Target::new(truth.boxes.regions[index], truth.areas[index], truth.crowds[index]);
        for (range, count) in counted.iter_mut().enumerate() {
            *count += usize::from(target.counted >> range & 1);
        }
        targets.push(target);
    }
}

/// At most `limit` detections by falling score, equal ones as in the file, each with its key.
fn rank_by_score(scores: &[f64], indices: &[u32], limit: usize, ranked: &mut Vec<(u64, u32)>) {
    ranked.clear();
    ranked.extend(indices.iter().map(|&index| (falling(scores[index as usize]), index)));
    ranked.sort_unstable();
    ranked.truncate(limit);
}

/// A whole number that rises as a score falls; the same for 0 and -0.
const fn falling(score: f64) -> u64 {
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 0 { !(bits | 1 << 63) } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rise_as_scores_fall() {
        let scores = [1e9, 1.0, 0.5, 1e-300, 0.0, -1e-300, -0.5, -1e9];
        assert!(scores.windows(2).all(|pair| falling(pair[0]) < falling(pair[1])));
        assert_eq!(falling(0.0), falling(-0.0));
    }
}
