//! Which detection of one image and class finds which box: COCO's rule, at ten IoU thresholds and
//! for four ranges of area in one pass.
//!
//! Must not know other images or how the result is counted. Follows `COCOeval.evaluateImg` and
//! `bbIou` of `maskApi.c`. A cell is a pair of range and threshold, and a set of cells one `u64`:
//! bit `range * 10 + threshold`.

/// IoU 0.50:0.05:0.95 as `numpy.linspace(0.5, 0.95, 10)` gives them: its ninth is one step of the
/// last bit below 0.9, and a box of IoU 0.9 - 1e-16 has to fall to the same side.
pub const COCO_IOU_THRESHOLDS: [f64; THRESHOLDS] =
    [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.899_999_999_999_999_9, 0.95];

/// Detections of one image and class that count; the rest is left out by score.
pub(super) const MOST_DETECTIONS: usize = 100;

pub(super) const THRESHOLDS: usize = 10;
pub(super) const RANGES: usize = 4;
pub(super) const CELLS: usize = THRESHOLDS * RANGES;

/// All, small, medium, large in square pixels; both ends belong to a range.
const AREA_RANGES: [(f64, f64); RANGES] = [(0.0, 1e10), (0.0, 1024.0), (1024.0, 9216.0), (9216.0, 1e10)];

/// The ten cells of the first range.
const ONE_RANGE: u64 = (1 << THRESHOLDS) - 1;

/// A labelled box.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub region: [f64; 4],
    pub is_crowd: bool,
    /// Bit `range`: it must be found there. Elsewhere it is ignored: it neither helps nor harms.
    pub counted: u8,
    /// Cells in which it is claimed.
    taken: u64,
}

impl Target {
    /// `area` is what the file says, not width times height.
    pub fn new(region: [f64; 4], area: f64, is_crowd: bool) -> Self {
        let counted = if is_crowd { 0 } else { ranges_with(area) };
        Self { region, is_crowd, counted, taken: 0 }
    }
}

/// What became of a detection, cell by cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// It claimed a box.
    pub matched: u64,
    /// It is neither right nor wrong.
    pub ignored: u64,
}

/// Bit `range`: the area lies in it.
fn ranges_with(area: f64) -> u8 {
    AREA_RANGES
        .iter()
        .enumerate()
        .filter(|(_, (low, high))| (*low..=*high).contains(&area))
        .fold(0, |ranges, (range, _)| ranges | 1 << range)
}

/// IoU of two boxes [left, top, width, height]; for a crowd intersection / area of the detection.
/// Boxes without area overlap nothing.
fn overlap(found: &[f64; 4], target: &Target) -> f64 {
    let [left, top, width, height] = *found;
    let [other_left, other_top, other_width, other_height] = target.region;
    let across = (width + left).min(other_width + other_left) - left.max(other_left);
    if across <= 0.0 {
        return 0.0;
    }
    let down = (height + top).min(other_height + other_top) - top.max(other_top);
    if down <= 0.0 {
        return 0.0;
    }
    let shared = across * down;
    let area = width * height;
    shared / if target.is_crowd { area } else { area + other_width * other_height - shared }
}

struct Candidate {
    target: usize,
    iou: f64,
    /// Bit `threshold`: the IoU reaches it.
    reached: u64,
}

/// Matches the detections of one image and class after another, by falling score.
#[derive(Default)]
pub(super) struct Matcher {
    candidates: Vec<Candidate>,
}

impl Matcher {
    /// Lets one detection claim what is free, and says what became of it.
    ///
    /// At each threshold it takes the free target of highest IoU, of equal ones the last; a target
    /// that is ignored only if there is no other. A crowd is never used up.
    pub fn claim(&mut self, found: &[f64; 4], targets: &mut [Target]) -> Outcome {
        self.collect(found, targets);
        let in_range = ranges_with(found[2] * found[3]);
        let mut outcome = Outcome::default();
        for range in 0..RANGES {
            let mut open = ONE_RANGE;
            if !self.candidates.is_empty() {
                open = self.take(range, true, open, targets, &mut outcome);
                open = self.take(range, false, open, targets, &mut outcome);
            }
            if in_range >> range & 1 == 0 {
                outcome.ignored |= open << (range * THRESHOLDS);
            }
        }
        outcome
    }

    /// The targets that it may claim, best first.
    fn collect(&mut self, found: &[f64; 4], targets: &[Target]) {
        self.candidates.clear();
        for (target, other) in targets.iter().enumerate() {
            let iou = overlap(found, other);
            if iou >= COCO_IOU_THRESHOLDS[0] {
                let reached = COCO_IOU_THRESHOLDS.iter().filter(|&&threshold| iou >= threshold).count();
                self.candidates.push(Candidate { target, iou, reached: (1 << reached) - 1 });
            }
        }
        self.candidates.sort_unstable_by(|a, b| b.iou.total_cmp(&a.iou).then(b.target.cmp(&a.target)));
    }

    /// Claims for the thresholds that are still open, and gives those that remain so.
    fn take(
        &self,
        range: usize,
        counted: bool,
        mut open: u64,
        targets: &mut [Target],
        outcome: &mut Outcome,
    ) -> u64 {
        let shift = range * THRESHOLDS;
        for candidate in &self.candidates {
            let target = &mut targets[candidate.target];
            if (target.counted >> range & 1 == 1) != counted {
                continue;
            }
            let taken = if target.is_crowd { 0 } else { target.taken >> shift };
            let claimed = candidate.reached & open & !taken;
            target.taken |= claimed << shift;
            outcome.matched |= claimed << shift;
            if !counted {
                outcome.ignored |= claimed << shift;
            }
            open &= !claimed;
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: [f64; 4] = [0.0, 0.0, 10.0, 10.0];

    #[test]
    fn overlap_of_known_pairs() {
        let table = [
            ("equal", UNIT, false, 1.0),
            ("half inside", [0.0, 0.0, 5.0, 10.0], false, 0.5),
            ("shifted by half", [5.0, 0.0, 10.0, 10.0], false, 1.0 / 3.0),
            ("touching", [10.0, 0.0, 10.0, 10.0], false, 0.0),
            ("no width", [5.0, 0.0, 0.0, 10.0], false, 0.0),
            ("in a crowd", [-20.0, -20.0, 100.0, 100.0], true, 1.0),
            ("half in a crowd", [5.0, 0.0, 100.0, 10.0], true, 0.5),
        ];
        for (name, region, is_crowd, expected) in table {
            assert_eq!(overlap(&UNIT, &Target::new(region, 1.0, is_crowd)), expected, "{name}");
        }
    }

    #[test]
    fn both_ends_belong_to_a_range() {
        let table =
            [(0.0, 0b0011), (1024.0, 0b0111), (1025.0, 0b0101), (9216.0, 0b1101), (1e10, 0b1001), (2e10, 0)];
        for (area, expected) in table {
            assert_eq!(ranges_with(area), expected, "{area}");
        }
    }

    #[test]
    fn of_equal_overlaps_the_later_target_is_claimed_and_the_earlier_remains() {
        let mut targets = [Target::new(UNIT, 100.0, false), Target::new(UNIT, 100.0, false)];
        let mut matcher = Matcher::default();
        let first = matcher.claim(&UNIT, &mut targets);
        assert_eq!((targets[0].taken, targets[1].taken), (0, first.matched));
        let second = matcher.claim(&UNIT, &mut targets);
        assert_eq!((first, targets[0].taken), (second, second.matched));
        assert_eq!(matcher.claim(&UNIT, &mut targets).matched, 0);
    }

    #[test]
    fn a_crowd_takes_any_number_and_only_what_nothing_else_takes() {
        let mut targets = [Target::new(UNIT, 100.0, true), Target::new(UNIT, 100.0, false)];
        let mut matcher = Matcher::default();
        let right = matcher.claim(&UNIT, &mut targets);
        // Small and all: right. Medium and large: the box is ignored there, and so is the crowd.
        assert_eq!(right, Outcome { matched: (1 << CELLS) - 1, ignored: ONE_RANGE << 20 | ONE_RANGE << 30 });
        for _ in 0..3 {
            let all = (1 << CELLS) - 1;
            assert_eq!(matcher.claim(&UNIT, &mut targets), Outcome { matched: all, ignored: all });
        }
    }
}
