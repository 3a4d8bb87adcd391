//! Class-aware non-maximum suppression on plain slices.
//!
//! Greedy by falling score; a box is dropped when it overlaps a kept one of its own class too much.
//! Ties are broken by the lower anchor, then by the lower class, so that results are repeatable.
//! Must not know tensors or files.

/// How to filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NmsOptions {
    /// Scores must be above this.
    pub confidence_threshold: f32,
    /// Boxes of one class that overlap by more than this intersection over union are one.
    pub iou_threshold: f32,
    /// The best this many boxes are returned.
    pub max_detections: usize,
    /// Whether one anchor may give several classes (validation), or only its best (prediction).
    pub multi_label: bool,
    /// Only the best this many candidates enter the suppression, so that an untrained network costs no minutes.
    pub max_candidates: usize,
}

impl NmsOptions {
    /// For validation: every class above 0.001, IoU 0.7, 300 boxes.
    pub const VALIDATION: Self = Self {
        confidence_threshold: 0.001,
        iou_threshold: 0.7,
        max_detections: 300,
        multi_label: true,
        max_candidates: 30_000,
    };

    /// For prediction: the best class above 0.25, IoU 0.7, 300 boxes.
    pub const PREDICTION: Self = Self { confidence_threshold: 0.25, multi_label: false, ..Self::VALIDATION };
}

/// A box that was kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// x1, y1, x2, y2 in the input's unit.
    pub corners: [f32; 4],
    /// The class's probability.
    pub score: f32,
    /// Index of the class.
    pub class: usize,
    /// Index of the anchor that it comes from.
    pub anchor: usize,
}

/// Detections of one image, best first.
///
/// `boxes` [A] corners, `scores` [A * classes] row by row.
/// Anchors with a box or score that is not finite give nothing; `scores` beyond A rows are ignored.
/// Time: sorting the candidates, plus candidates times kept boxes of their class.
pub fn suppress(boxes: &[[f32; 4]], scores: &[f32], classes: usize, options: &NmsOptions) -> Vec<Detection> {
    let mut candidates = candidates(boxes, scores, classes, options);
    let order = |left: &Detection, right: &Detection| {
        let by_score = right.score.total_cmp(&left.score);
        by_score.then(left.anchor.cmp(&right.anchor)).then(left.class.cmp(&right.class))
    };
    if candidates.len() > options.max_candidates {
        candidates.select_nth_unstable_by(options.max_candidates, order);
        candidates.truncate(options.max_candidates);
    }
    candidates.sort_unstable_by(order);
    let mut kept: Vec<Detection> = Vec::new();
    let mut kept_of_class: Vec<Vec<[f32; 4]>> = vec![Vec::new(); classes];
    for candidate in candidates {
        if kept.len() == options.max_detections {
            break;
        }
        let rivals = &mut kept_of_class[candidate.class];
        if rivals
            .iter()
            .all(|rival| intersection_over_union(rival, &candidate.corners) <= options.iou_threshold)
        {
            rivals.push(candidate.corners);
            kept.push(candidate);
        }
    }
    kept
}

fn candidates(boxes: &[[f32; 4]], scores: &[f32], classes: usize, options: &NmsOptions) -> Vec<Detection> {
    let mut candidates = Vec::new();
    let rows = boxes.iter().zip(scores.chunks_exact(classes.max(1))).enumerate();
    for (anchor, (corners, row)) in rows {
        if !corners.iter().all(|value| value.is_finite()) {
            continue;
        }
        let detection = |class: usize, score: f32| Detection { corners: *corners, score, class, anchor };
        let passing = row
            .iter()
            .enumerate()
            .filter(|(_, score)| score.is_finite() && **score > options.confidence_threshold);
        if options.multi_label {
            candidates.extend(passing.map(|(class, score)| detection(class, *score)));
        } else {
            // The first of equal scores: `max_by` would take the last.
            let best = passing.reduce(|best, other| if other.1 > best.1 { other } else { best });
            candidates.extend(best.map(|(class, score)| detection(class, *score)));
        }
    }
    candidates
}

/// Intersection over union of two boxes given by corners; 0 where the union is empty.
fn intersection_over_union(left: &[f32; 4], right: &[f32; 4]) -> f32 {
    let side = |low: f32, high: f32| (high - low).max(0.0);
    let area = |b: &[f32; 4]| side(b[0], b[2]) * side(b[1], b[3]);
    let width = side(left[0].max(right[0]), left[2].min(right[2]));
    let height = side(left[1].max(right[1]), left[3].min(right[3]));
    let intersection = width * height;
    let union = area(left) + area(right) - intersection;
    if union > 0.0 { intersection / union } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TWO: NmsOptions =
        NmsOptions { confidence_threshold: 0.1, iou_threshold: 0.5, ..NmsOptions::VALIDATION };

    fn check(boxes: &[[f32; 4]], scores: &[f32], options: NmsOptions, expected: &[(usize, usize)]) {
        let found = suppress(boxes, scores, 2, &options);
        let found: Vec<(usize, usize)> = found.iter().map(|d| (d.anchor, d.class)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn boxes_are_suppressed_within_their_class_only() {
        let same = [0.0, 0.0, 10.0, 10.0];
        let near = [1.0, 0.0, 11.0, 10.0];
        let far = [20.0, 0.0, 30.0, 10.0];
        let single = NmsOptions { multi_label: false, ..TWO };
        check(&[same, near], &[0.8, 0.0, 0.9, 0.0], TWO, &[(1, 0)]);
        check(&[same, near], &[0.8, 0.0, 0.0, 0.9], TWO, &[(1, 1), (0, 0)]);
        check(&[same, far], &[0.8, 0.0, 0.9, 0.0], TWO, &[(1, 0), (0, 0)]);
        check(&[same], &[0.8, 0.7], TWO, &[(0, 0), (0, 1)]);
        check(&[same], &[0.7, 0.8], single, &[(0, 1)]);
        check(&[same], &[0.7, 0.7], single, &[(0, 0)]);
        check(&[same], &[0.1, 0.05], TWO, &[]);
        check(
            &[same, near],
            &[0.8, 0.0, 0.9, 0.0],
            NmsOptions { iou_threshold: 0.9, ..TWO },
            &[(1, 0), (0, 0)],
        );
    }

    #[test]
    fn ties_go_to_the_lower_anchor_and_limits_hold() {
        let same = [0.0, 0.0, 10.0, 10.0];
        let far = [20.0, 0.0, 30.0, 10.0];
        check(&[same, same], &[0.5, 0.0, 0.5, 0.0], TWO, &[(0, 0)]);
        check(&[far, same], &[0.5, 0.0, 0.5, 0.0], NmsOptions { max_detections: 1, ..TWO }, &[(0, 0)]);
        check(&[far, same], &[0.5, 0.0, 0.6, 0.0], NmsOptions { max_candidates: 1, ..TWO }, &[(1, 0)]);
    }

    #[test]
    fn nothing_and_what_is_not_finite_give_nothing() {
        check(&[], &[], TWO, &[]);
        check(&[[0.0, 0.0, f32::NAN, 1.0]], &[0.9, 0.9], TWO, &[]);
        check(&[[0.0, 0.0, 1.0, 1.0]], &[f32::NAN, 0.9], TWO, &[(0, 1)]);
        check(&[[5.0, 5.0, 5.0, 5.0]; 2], &[0.9, 0.0, 0.8, 0.0], TWO, &[(0, 0), (1, 0)]);
    }

    proptest! {
        #[test]
        fn kept_boxes_are_sorted_apart_and_cover_the_rest(
            raw in prop::collection::vec((0.0_f32..50.0, 0.0_f32..50.0, 1.0_f32..20.0, 1.0_f32..20.0, 0.0_f32..1.0, 0.0_f32..1.0), 0..60),
        ) {
            let boxes: Vec<[f32; 4]> = raw.iter().map(|(x, y, w, h, _, _)| [*x, *y, x + w, y + h]).collect();
            let scores: Vec<f32> = raw.iter().flat_map(|row| [row.4, row.5]).collect();
            let kept = suppress(&boxes, &scores, 2, &TWO);
            prop_assert!(kept.windows(2).all(|pair| pair[0].score >= pair[1].score));
            for (index, left) in kept.iter().enumerate() {
                for right in &kept[index + 1..] {
                    let apart = intersection_over_union(&left.corners, &right.corners) <= TWO.iou_threshold;
                    prop_assert!(left.class != right.class || apart);
                }
            }
            for (index, score) in scores.iter().enumerate().filter(|(_, score)| **score > TWO.confidence_threshold) {
                let (anchor, class) = (index / 2, index % 2);
                prop_assert!(kept.iter().any(|other| other.class == class && other.score >= *score
                    && (other.anchor == anchor || intersection_over_union(&other.corners, &boxes[anchor]) > TWO.iou_threshold)));
            }
        }
    }
}
