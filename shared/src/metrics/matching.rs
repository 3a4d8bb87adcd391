//! Which detection claims which labelled box of one image.
//!
//! Must not know other images or how the result is counted. The rule is that of the Ultralytics
//! validator: detections by falling confidence, each takes the unclaimed target of highest IoU,
//! if that IoU reaches the threshold; a target of another class is none.

use super::{Detection, GroundTruth};
use crate::dataset::PixelBox;

/// The IoU thresholds over which mAP50-95 is the mean: 0.50:0.05:0.95 (COCO).
pub const IOU_THRESHOLDS: [f64; 10] = [0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95];

/// `intersection / (union + 1e-7)`, in 32 bits like the validator whose numbers these are: a box
/// that sits on a threshold then falls to the same side of it. The same bits on every platform. A NaN
/// coordinate makes the union NaN, which is no overlap.
pub(super) fn overlap(a: &PixelBox, b: &PixelBox) -> f64 {
    let [ax1, ay1, ax2, ay2] = [a.x1, a.y1, a.x2, a.y2].map(|edge| edge as f32);
    let [bx1, by1, bx2, by2] = [b.x1, b.y1, b.x2, b.y2].map(|edge| edge as f32);
    let across = (ax2.min(bx2) - ax1.max(bx1)).max(0.0);
    let down = (ay2.min(by2) - ay1.max(by1)).max(0.0);
    let shared = across * down;
    let union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared;
    f64::from(shared / (union + 1e-7))
}

/// The overlaps of one image's detections with its targets, ready to be matched at any threshold.
///
/// Of equal confidences the one given first chooses first; of equal overlaps the target given first
/// is taken. A box with a NaN coordinate overlaps nothing, and a NaN threshold is reached by nothing.
/// Measuring costs targets times detections, matching no more than the overlapping pairs.
///
/// ```
/// use shared::dataset::PixelBox;
/// use shared::metrics::{Detection, GroundTruth, Overlaps};
///
/// let region = |x1: f64| PixelBox { x1, y1: 0.0, x2: x1 + 10.0, y2: 10.0 };
/// let targets = [GroundTruth { class: 0, region: region(0.0) }, GroundTruth { class: 1, region: region(3.0) }];
/// let detections = [
///     Detection { class: 0, score: 0.6, region: region(0.0) },
///     Detection { class: 0, score: 0.9, region: region(1.0) },
/// ];
/// // The more confident one chooses first, and takes the only target of its class.
/// let right = Overlaps::within_class(&targets, &detections).matched(0.5);
/// assert_eq!(right, [None, Some(0)]);
/// // What is left may take a target of another class: the overlap is 7 / 13.
/// let wrong = Overlaps::across_classes(&targets, &detections).matched_after(0.5, &right);
/// assert_eq!(wrong, [Some(1), None]);
/// ```
#[derive(Debug, Clone)]
pub struct Overlaps {
    /// Detections by falling confidence, equal ones in the order given.
    order: Vec<usize>,
    /// For each detection, in the order given: targets with their IoU, by falling IoU.
    candidates: Vec<Vec<(usize, f64)>>,
    target_count: usize,
}

impl Overlaps {
    /// Measures each detection against the targets of its own class.
    #[must_use]
    pub fn within_class(targets: &[GroundTruth], detections: &[Detection]) -> Self {
        Self::measure(targets, detections, |target, detection| target.class == detection.class)
    }

    /// Measures each detection against all targets.
    #[must_use]
    pub fn across_classes(targets: &[GroundTruth], detections: &[Detection]) -> Self {
        Self::measure(targets, detections, |_, _| true)
    }

    fn measure(
        targets: &[GroundTruth],
        detections: &[Detection],
        may_match: impl Fn(&GroundTruth, &Detection) -> bool,
    ) -> Self {
        let mut order: Vec<usize> = (0..detections.len()).collect();
        order.sort_by(|&a, &b| detections[b].score.total_cmp(&detections[a].score));
        let candidates = detections
            .iter()
            .map(|detection| {
                let mut overlapping: Vec<(usize, f64)> = targets
                    .iter()
                    .enumerate()
                    .filter(|(_, target)| may_match(target, detection))
                    .map(|(index, target)| (index, overlap(&target.region, &detection.region)))
                    .filter(|&(_, overlap)| overlap > 0.0)
                    .collect();
                overlapping.sort_by(|a, b| b.1.total_cmp(&a.1));
                overlapping
            })
            .collect();
        Self { order, candidates, target_count: targets.len() }
    }

    /// For each detection, in the order given, the target that it claims at an IoU threshold, 0 to 1.
    #[must_use]
    pub fn matched(&self, iou_threshold: f64) -> Vec<Option<usize>> {
        let nothing = vec![None; self.candidates.len()];
        self.matched_after(iou_threshold, &nothing)
    }

    /// Lets the detections that claimed nothing in `earlier` claim a target that is still free.
    /// The result holds the new claims only.
    #[must_use]
    pub fn matched_after(&self, iou_threshold: f64, earlier: &[Option<usize>]) -> Vec<Option<usize>> {
        let mut taken = vec![false; self.target_count];
        for &target in earlier.iter().flatten() {
            taken[target] = true;
        }
        let mut claims = vec![None; self.candidates.len()];
        for &detection in &self.order {
            if earlier.get(detection).is_some_and(Option::is_some) {
                continue;
            }
            let best = self.candidates[detection]
                .iter()
                .take_while(|&&(_, overlap)| overlap >= iou_threshold)
                .find(|&&(target, _)| !taken[target]);
            if let Some(&(target, _)) = best {
                taken[target] = true;
                claims[detection] = Some(target);
            }
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x1: f64) -> PixelBox {
        PixelBox { x1, y1: 0.0, x2: x1 + 10.0, y2: 10.0 }
    }

    fn target(class: usize, x1: f64) -> GroundTruth {
        GroundTruth { class, region: square(x1) }
    }

    fn detection(class: usize, score: f64, x1: f64) -> Detection {
        Detection { class, score, region: square(x1) }
    }

    #[test]
    fn the_most_confident_detection_chooses_first() {
        let targets = [target(0, 0.0)];
        let detections = [detection(0, 0.3, 0.0), detection(0, 0.9, 1.0)];
        let matched = Overlaps::within_class(&targets, &detections).matched(0.5);
        assert_eq!(matched, [None, Some(0)]);
    }

    #[test]
    fn a_claimed_target_leaves_the_next_best() {
        let targets = [target(0, 0.0), target(0, 2.0)];
        let detections = [detection(0, 0.9, 0.5), detection(0, 0.8, 0.0)];
        let overlaps = Overlaps::within_class(&targets, &detections);
        assert_eq!(overlaps.matched(0.5), [Some(0), Some(1)]);
        assert_eq!(overlaps.matched(0.9), [Some(0), None]);
    }

    #[test]
    fn another_class_is_no_match_unless_asked_for() {
        let targets = [target(1, 0.0)];
        let detections = [detection(0, 0.9, 0.0)];
        assert_eq!(Overlaps::within_class(&targets, &detections).matched(0.5), [None]);
        assert_eq!(Overlaps::across_classes(&targets, &detections).matched(0.5), [Some(0)]);
    }

    #[test]
    fn an_overlap_at_the_threshold_reaches_it() {
        let (targets, detections) = ([target(0, 0.0)], [detection(0, 0.9, 10.0 / 3.0)]);
        let exact = overlap(&targets[0].region, &detections[0].region);
        assert!((exact - 0.5).abs() < 1e-6);
        let overlaps = Overlaps::within_class(&targets, &detections);
        assert_eq!(overlaps.matched(exact), [Some(0)]);
        assert_eq!(overlaps.matched(exact + 1e-9), [None]);
    }

    #[test]
    fn later_claims_leave_earlier_ones_alone() {
        let targets = [target(0, 0.0), target(1, 0.0)];
        let detections = [detection(0, 0.5, 0.0), detection(0, 0.9, 1.0)];
        let first = Overlaps::within_class(&targets, &detections).matched(0.5);
        assert_eq!(first, [None, Some(0)]);
        let second = Overlaps::across_classes(&targets, &detections).matched_after(0.5, &first);
        assert_eq!(second, [Some(1), None]);
    }

    #[test]
    fn nothing_matches_nothing() {
        assert!(Overlaps::within_class(&[], &[]).matched(0.5).is_empty());
        assert_eq!(Overlaps::within_class(&[], &[detection(0, 0.5, 0.0)]).matched(0.5), [None]);
    }
}
