//! The figures behind two sliders: matched once per IoU threshold, after which any confidence is
//! answered without matching again.
//!
//! Must not know how a figure is drawn. Its counts are those of a fresh
//! [`ConfusionMatrix`](super::ConfusionMatrix) and its curves those of
//! [`DetectionEvaluator`](super::DetectionEvaluator), to the last bit.
//!
//! Why that works: within a class, detections claim targets by falling confidence, and what a
//! detection claims depends only on those before it. So the claims at confidence `c` are those at
//! confidence 0 whose detections score at least `c`. Only the second pass, which takes what is left
//! across classes, depends on `c`; it runs again over the few overlaps with another class.

mod candidates;
mod outcomes;
mod report;
mod snapshot;
#[cfg(test)]
mod tests;

pub use outcomes::{DetectionOutcome, ImageOutcomes, TargetOutcome};
pub use report::IouReport;
pub use snapshot::{BoxCounts, MeanRates, Snapshot};

use super::detection::check_image;
use super::matching::overlap;
use super::{ConfusionMatrix, Detection, EvaluationError, GroundTruth};
use candidates::{Candidate, CandidateLists};
use std::ops::Range;
use std::sync::OnceLock;

/// No target of its own class is claimed.
const NO_CLAIM: u32 = u32::MAX;

/// Answers for any confidence and IoU threshold over images that are added once.
///
/// Adding an image costs its targets times its detections, a new IoU threshold the overlapping
/// pairs, a new confidence the detections shown. Lists are flat: every detection of every image
/// stands in one row of each, image after image and by falling score within one.
///
/// ```
/// use shared::dataset::PixelBox;
/// use shared::metrics::{Detection, GroundTruth, InteractiveEvaluator};
///
/// let region = PixelBox { x1: 0.0, y1: 0.0, x2: 10.0, y2: 10.0 };
/// let mut evaluator = InteractiveEvaluator::new(2);
/// evaluator.add_image(
///     &[GroundTruth { class: 0, region }],
///     &[Detection { class: 0, score: 0.8, region }, Detection { class: 1, score: 0.3, region }],
/// )?;
/// let low = evaluator.at(0.25);
/// assert_eq!((low.totals.true_positives, low.totals.false_positives), (1, 1));
/// let high = evaluator.at(0.5);
/// assert_eq!((high.totals.true_positives, high.totals.false_positives), (1, 0));
/// assert_eq!(evaluator.at(0.9).totals.false_negatives, 1);
/// # Ok::<(), shared::metrics::EvaluationError>(())
/// ```
#[derive(Debug, Clone)]
pub struct InteractiveEvaluator {
    class_count: usize,
    iou_threshold: f64,
    /// Where each image begins, and at last where the last one ends.
    target_starts: Vec<usize>,
    detection_starts: Vec<usize>,
    target_classes: Vec<usize>,
    /// Score of the detection that claims the target within its class; NaN when none does, so that
    /// it is never at least a confidence.
    claim_scores: Vec<f64>,
    targets_by_class: Vec<u64>,
    scores: Vec<f64>,
    classes: Vec<usize>,
    /// Place among the detections of the image, in the order given.
    given: Vec<usize>,
    /// Target claimed within the class, by its place in the image.
    claims: Vec<u32>,
    own_class: CandidateLists,
    other_class: CandidateLists,
    /// Rows by rising class and falling score; computed when it is first needed.
    by_class: OnceLock<Vec<usize>>,
}

/// What one shown detection turned out to be; targets by their place in the image.
#[derive(Debug, Clone, Copy)]
enum Claim {
    OwnClass(usize),
    OtherClass(usize),
    Nothing,
}

impl InteractiveEvaluator {
    /// Starts with no image, at IoU 0.5, for a model of `class_count` classes.
    #[must_use]
    pub fn new(class_count: usize) -> Self {
        Self {
            class_count,
            iou_threshold: 0.5,
            target_starts: vec![0],
            detection_starts: vec![0],
            target_classes: Vec::new(),
            claim_scores: Vec::new(),
            targets_by_class: vec![0; class_count],
            scores: Vec::new(),
            classes: Vec::new(),
            given: Vec::new(),
            claims: Vec::new(),
            own_class: CandidateLists::new(),
            other_class: CandidateLists::new(),
            by_class: OnceLock::new(),
        }
    }

    /// Images added so far.
    #[must_use]
    pub const fn images(&self) -> usize {
        self.target_starts.len() - 1
    }

    /// The IoU threshold in force, 0 to 1.
    #[must_use]
    pub const fn iou_threshold(&self) -> f64 {
        self.iou_threshold
    }

    /// Adds one image, matched at the IoU threshold in force. A box with a NaN coordinate overlaps
    /// nothing.
    ///
    /// # Errors
    /// [`EvaluationError`] as for [`DetectionEvaluator`](super::DetectionEvaluator); nothing of the
    /// image is added then.
    pub fn add_image(
        &mut self,
        targets: &[GroundTruth],
        detections: &[Detection],
    ) -> Result<(), EvaluationError> {
        check_image(self.class_count, targets, detections)?;
        for target in targets {
            self.target_classes.push(target.class);
            self.claim_scores.push(f64::NAN);
            self.targets_by_class[target.class] += 1;
        }
        let mut order: Vec<usize> = (0..detections.len()).collect();
        order.sort_by(|&a, &b| detections[b].score.total_cmp(&detections[a].score));
        for index in order {
            let detection = &detections[index];
            self.scores.push(detection.score);
            self.classes.push(detection.class);
            self.given.push(index);
            self.claims.push(NO_CLAIM);
            self.push_candidates(targets, detection);
        }
        self.target_starts.push(self.target_classes.len());
        self.detection_starts.push(self.scores.len());
        self.by_class = OnceLock::new();
        self.match_image(self.images() - 1);
        Ok(())
    }

    fn push_candidates(&mut self, targets: &[GroundTruth], detection: &Detection) {
        let (mut own, mut other) = (Vec::new(), Vec::new());
        for (place, target) in (0u32..).zip(targets) {
            // The overlap is a 32-bit number widened, so nothing is lost here.
            let overlap = overlap(&target.region, &detection.region) as f32;
            if overlap > 0.0 {
                let list = if target.class == detection.class { &mut own } else { &mut other };
                list.push(Candidate { target: place, overlap });
            }
        }
        self.own_class.push(&mut own);
        self.other_class.push(&mut other);
    }

    /// Matches all images at another IoU threshold, 0 to 1. NaN is reached by nothing.
    pub fn set_iou_threshold(&mut self, iou_threshold: f64) {
        self.iou_threshold = iou_threshold;
        self.claim_scores.fill(f64::NAN);
        for image in 0..self.images() {
            self.match_image(image);
        }
    }

    /// Lets the detections of an image claim targets of their own class, by falling score.
    fn match_image(&mut self, image: usize) {
        let claim_scores = &mut self.claim_scores[self.target_starts[image]..];
        for row in self.detection_starts[image]..self.detection_starts[image + 1] {
            let best = self
                .own_class
                .of(row)
                .iter()
                .take_while(|candidate| candidate.reaches(self.iou_threshold))
                .find(|candidate| claim_scores[candidate.target as usize].is_nan());
            self.claims[row] = best.map_or(NO_CLAIM, |candidate| candidate.target);
            if let Some(candidate) = best {
                claim_scores[candidate.target as usize] = self.scores[row];
            }
        }
    }

    /// The figures at a confidence, 0 to 1. NaN shows no detection.
    #[must_use]
    pub fn at(&self, confidence: f64) -> Snapshot {
        let side = self.class_count + 1;
        let background = self.class_count;
        let mut counts = vec![0u64; side * side];
        let mut missed = self.targets_by_class.clone();
        let mut taken = vec![false; self.target_classes.len()];
        for image in 0..self.images() {
            let range = self.target_range(image);
            let classes = &self.target_classes[range.clone()];
            self.visit(image, confidence, &mut taken[range], |row, claim| {
                let actual = match claim {
                    Claim::OwnClass(target) | Claim::OtherClass(target) => {
                        missed[classes[target]] -= 1;
                        classes[target]
                    }
                    Claim::Nothing => background,
                };
                counts[actual * side + self.classes[row]] += 1;
            });
        }
        for (class, missed) in missed.into_iter().enumerate() {
            counts[class * side + background] = missed;
        }
        let matrix = ConfusionMatrix::of_counts(self.class_count, confidence, self.iou_threshold, counts);
        Snapshot::of_matrix(matrix)
    }

    /// Tells what each detection of an image shown at a confidence claims, by falling score.
    /// `taken` has an entry for each target of the image, all of them false.
    fn visit(&self, image: usize, confidence: f64, taken: &mut [bool], mut tell: impl FnMut(usize, Claim)) {
        let claim_scores = &self.claim_scores[self.target_range(image)];
        for row in self.detection_range(image) {
            let is_shown = self.scores[row] >= confidence;
            if !is_shown {
                return;
            }
            if self.claims[row] != NO_CLAIM {
                tell(row, Claim::OwnClass(self.claims[row] as usize));
                continue;
            }
            let free = self
                .other_class
                .of(row)
                .iter()
                .take_while(|candidate| candidate.reaches(self.iou_threshold))
                .map(|candidate| candidate.target as usize)
                .find(|&target| !taken[target] && !has_claim(claim_scores[target], confidence));
            if let Some(target) = free {
                taken[target] = true;
            }
            tell(row, free.map_or(Claim::Nothing, Claim::OtherClass));
        }
    }

    fn target_range(&self, image: usize) -> Range<usize> {
        self.target_starts[image]..self.target_starts[image + 1]
    }

    fn detection_range(&self, image: usize) -> Range<usize> {
        self.detection_starts[image]..self.detection_starts[image + 1]
    }
}

/// Whether a target is claimed within its class by a detection that is shown.
fn has_claim(claim_score: f64, confidence: f64) -> bool {
    claim_score >= confidence
}
