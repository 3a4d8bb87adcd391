//! From matches to figures: precision along recall, average precision and recall.
//!
//! Must not know boxes. Follows `COCOeval.accumulate` and `summarize`.

use super::matching::{CELLS, Outcome, RANGES, THRESHOLDS};
use super::report::{CocoClass, CocoStats, UNDEFINED};

/// Recalls at which precision is read: 0.00, 0.01 .. 1.00.
pub(super) const RECALL_POINTS: usize = 101;

/// Keeps precision below 1 where there is one detection, as `numpy.spacing(1)` does.
const SPACING: f64 = f64::EPSILON;

/// Cut-offs below the largest at which recall alone is read.
const EARLY_CUTS: [u8; 2] = [1, 10];

const ONE_RANGE: u64 = (1 << THRESHOLDS) - 1;

/// Where a class stands after its detections have been counted by falling score.
pub(super) struct Tally {
    /// Labelled boxes in each range of area.
    targets: [usize; RANGES],
    /// Detections so far that claimed nothing and count, for each range.
    unmatched: [u32; RANGES],
    /// Detections so far that claimed something and count, for each cell.
    matched: [u32; CELLS],
    /// For each cell and each right detection: how many detections count up to it, itself among them.
    right: Vec<Vec<u32>>,
    /// Right detections among the first of each image, for each of `EARLY_CUTS` and threshold.
    early: [[u32; THRESHOLDS]; EARLY_CUTS.len()],
}

impl Tally {
    pub fn new() -> Self {
        Self {
            targets: [0; RANGES],
            unmatched: [0; RANGES],
            matched: [0; CELLS],
            right: vec![Vec::new(); CELLS],
            early: [[0; THRESHOLDS]; EARLY_CUTS.len()],
        }
    }

    /// Starts a class; memory is kept.
    pub fn start(&mut self, targets: [usize; RANGES]) {
        self.targets = targets;
        self.unmatched = [0; RANGES];
        self.matched = [0; CELLS];
        self.right.iter_mut().for_each(Vec::clear);
        self.early = [[0; THRESHOLDS]; EARLY_CUTS.len()];
    }

    /// Counts a detection. `rank` is its place among those of its image and class, from 0.
    pub fn add(&mut self, outcome: Outcome, rank: u8) {
        if outcome.matched == 0 {
            // What claims nothing is ignored at all thresholds of a range or at none.
            for (range, count) in self.unmatched.iter_mut().enumerate() {
                *count += u32::from(outcome.ignored >> (range * THRESHOLDS) & 1 == 0);
            }
            return;
        }
        let (counts, is_right) = (!outcome.ignored, outcome.matched & !outcome.ignored);
        for (cell, count) in self.matched.iter_mut().enumerate() {
            *count += u32::from(counts >> cell & 1 == 1);
        }
        let mut cells = is_right;
        while cells != 0 {
            let cell = cells.trailing_zeros() as usize;
            cells &= cells - 1;
            self.right[cell].push(self.matched[cell] + self.unmatched[cell / THRESHOLDS]);
        }
        for (cut, counts) in EARLY_CUTS.iter().zip(&mut self.early) {
            if rank < *cut && is_right & ONE_RANGE != 0 {
                for (threshold, count) in counts.iter_mut().enumerate() {
                    *count += u32::from(is_right >> threshold & 1 == 1);
                }
            }
        }
    }

    /// Average precision at each threshold, over boxes of a range of area.
    pub fn average_precision(&self, range: usize) -> [f64; THRESHOLDS] {
        let mut curve = [0.0; RECALL_POINTS];
        std::array::from_fn(|threshold| {
            if self.targets[range] == 0 {
                return UNDEFINED;
            }
            self.precision_by_recall(range, threshold, &mut curve);
            curve.iter().sum::<f64>() / RECALL_POINTS as f64
        })
    }

    /// Recall at each threshold, over boxes of a range of area.
    pub fn recall(&self, range: usize) -> [f64; THRESHOLDS] {
        std::array::from_fn(|threshold| {
            ratio(self.right[range * THRESHOLDS + threshold].len(), self.targets[range])
        })
    }

    fn early_recall(&self, cut: usize) -> [f64; THRESHOLDS] {
        self.early[cut].map(|count| ratio(count as usize, self.targets[0]))
    }

    /// For each threshold, precision at each recall, over boxes of any area.
    pub fn curves(&self) -> Vec<Vec<f64>> {
        if self.targets[0] == 0 {
            return Vec::new();
        }
        let one = |threshold| {
            let mut curve = [0.0; RECALL_POINTS];
            self.precision_by_recall(0, threshold, &mut curve);
            curve.to_vec()
        };
        (0..THRESHOLDS).map(one).collect()
    }

    /// The highest precision at this recall or beyond, 0 where recall never comes to it.
    ///
    /// Precision falls and recall stands still between right detections, so that these alone
    /// decide; a curve is written from the right, with the running maximum at hand.
    fn precision_by_recall(&self, range: usize, threshold: usize, curve: &mut [f64; RECALL_POINTS]) {
        let (targets, right) = (self.targets[range] as f64, &self.right[range * THRESHOLDS + threshold]);
        let mut best = 0.0f64;
        let mut point = RECALL_POINTS;
        for (before, &counted) in right.iter().enumerate().rev() {
            let reached = (before + 1) as f64 / targets;
            // Points beyond this detection's recall belong to those after it, seen already.
            while point > 0 && (point - 1) as f64 * 0.01 > reached {
                point -= 1;
                curve[point] = best;
            }
            best = best.max((before + 1) as f64 / (f64::from(counted) + SPACING));
        }
        curve[..point].fill(best);
    }

    /// The twelve figures of the class.
    pub fn figures(&self, ap_by_iou: &[f64; THRESHOLDS], recall_by_iou: &[f64; THRESHOLDS]) -> CocoStats {
        CocoStats {
            ap: mean(ap_by_iou),
            ap50: ap_by_iou[0],
            ap75: ap_by_iou[5],
            ap_small: mean(&self.average_precision(1)),
            ap_medium: mean(&self.average_precision(2)),
            ap_large: mean(&self.average_precision(3)),
            ar1: mean(&self.early_recall(0)),
            ar10: mean(&self.early_recall(1)),
            ar100: mean(recall_by_iou),
            ar_small: mean(&self.recall(1)),
            ar_medium: mean(&self.recall(2)),
            ar_large: mean(&self.recall(3)),
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { UNDEFINED } else { part as f64 / whole as f64 }
}

/// All ten are defined, or none is.
fn mean(values: &[f64; THRESHOLDS]) -> f64 {
    if values[0] < 0.0 { UNDEFINED } else { values.iter().sum::<f64>() / THRESHOLDS as f64 }
}

/// The mean of each figure over the classes for which it is defined.
pub(super) fn mean_of_classes(classes: &[CocoClass]) -> CocoStats {
    let over = |figure: fn(&CocoStats) -> f64| {
        let defined = classes.iter().map(|class| figure(&class.figures)).filter(|&value| value >= 0.0);
        let (sum, count) = defined.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
        if count == 0 { UNDEFINED } else { sum / count as f64 }
    };
    CocoStats {
        ap: over(|class| class.ap),
        ap50: over(|class| class.ap50),
        ap75: over(|class| class.ap75),
        ap_small: over(|class| class.ap_small),
        ap_medium: over(|class| class.ap_medium),
        ap_large: over(|class| class.ap_large),
        ar1: over(|class| class.ar1),
        ar10: over(|class| class.ar10),
        ar100: over(|class| class.ar100),
        ar_small: over(|class| class.ar_small),
        ar_medium: over(|class| class.ar_medium),
        ar_large: over(|class| class.ar_large),
    }
}
