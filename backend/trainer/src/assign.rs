//! Which cells answer for which object: task-aligned assignment.
//!
//! Source: Feng et al. 2021, "TOOD: Task-aligned One-stage Object Detection", section 3.2.
//! Works on one image and on plain numbers; knows no tensors and no losses.

use crate::loss::complete_iou;
use crate::model::yolov8::Anchors;

/// An object that the network should find, in pixels of the network's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Index into the labels.
    pub class: usize,
    /// x1, y1, x2, y2.
    pub corners: [f32; 4],
}

/// A cell that answers for an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assigned {
    /// Index of the cell.
    pub anchor: usize,
    /// Index of the object.
    pub target: usize,
    /// The class score that the cell should give, 0..1: the alignment within its object, scaled to the object's
    /// best overlap.
    pub score: f64,
}

/// The cells of an image on the host.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Centre of each cell in units of its own stride.
    pub points: Vec<[f32; 2]>,
    /// Pixels per cell.
    pub strides: Vec<f32>,
}

impl Grid {
    /// The cells of an image of this size in pixels.
    pub fn new(height: usize, width: usize) -> Self {
        let (points, strides) = Anchors::host(height, width);
        Self { points, strides }
    }

    /// Number of cells.
    pub fn count(&self) -> usize {
        self.strides.len()
    }

    /// Whether the centre of the cell lies inside the box (not on its border).
    fn is_inside(&self, anchor: usize, corners: &[f32; 4]) -> bool {
        let [x, y] = self.points[anchor].map(|value| value * self.strides[anchor]);
        let margin = (x - corners[0]).min(y - corners[1]).min(corners[2] - x).min(corners[3] - y);
        margin > 1e-9
    }
}

/// Parameters of the assignment.
#[derive(Clone, Copy, Debug)]
pub struct Assigner {
    /// Cells that an object may take.
    pub top: usize,
    /// Exponent of the class score.
    pub alpha: f64,
    /// Exponent of the overlap.
    pub beta: f64,
}

impl Default for Assigner {
    /// 10 cells an object, alpha 0.5, beta 6.
    fn default() -> Self {
        Self { top: 10, alpha: 0.5, beta: 6.0 }
    }
}

/// A cell inside an object's box.
#[derive(Clone, Copy)]
struct Candidate {
    anchor: usize,
    target: usize,
    alignment: f64,
    overlap: f64,
}

impl Assigner {
    /// Assigns cells to the objects of one image; the answer is ordered by cell.
    ///
    /// `predicted` gives a cell's box in pixels, `probability` its score for a class.
    /// Only cells whose centre is inside the object are taken, the `top` best aligned of each object.
    /// A cell that several objects want goes to the one that it overlaps most (the first of equals).
    /// Cells with no overlap at all are not taken: their target score would be zero.
    pub fn assign(
        &self,
        grid: &Grid,
        targets: &[Target],
        mut predicted: impl FnMut(usize) -> [f64; 4],
        probability: impl Fn(usize, usize) -> f64,
    ) -> Vec<Assigned> {
        let mut candidates = Vec::new();
        let mut wanted = Vec::new();
        for (index, target) in targets.iter().enumerate() {
            let start = candidates.len();
            let corners = target.corners.map(f64::from);
            for anchor in (0..grid.count()).filter(|&anchor| grid.is_inside(anchor, &target.corners)) {
                let overlap = complete_iou(predicted(anchor), corners).max(0.0);
                let score = probability(anchor, target.class);
                let alignment = score.powf(self.alpha) * overlap.powf(self.beta);
                candidates.push(Candidate { anchor, target: index, alignment, overlap });
            }
            wanted.extend(best(&candidates[start..], self.top));
        }
        let mut taken = resolve(wanted, candidates);
        taken.sort_unstable_by_key(|candidate| candidate.anchor);
        scored(&taken, targets.len())
    }
}

/// The best aligned candidates of one object; equals in order of their cells.
fn best(candidates: &[Candidate], top: usize) -> Vec<Candidate> {
    let mut sorted: Vec<Candidate> = candidates.iter().copied().filter(|c| c.alignment > 0.0).collect();
    sorted.sort_by(|a, b| b.alignment.total_cmp(&a.alignment).then(a.anchor.cmp(&b.anchor)));
    sorted.truncate(top);
    sorted
}

/// Gives every wanted cell to one object.
fn resolve(mut wanted: Vec<Candidate>, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    wanted.sort_by_key(|candidate| (candidate.anchor, candidate.target));
    candidates.sort_by_key(|candidate| (candidate.anchor, candidate.target));
    wanted
        .chunk_by(|a, b| a.anchor == b.anchor)
        .map(|same| {
            if let [only] = same {
                return *only;
            }
            // Every object around the cell competes, also one that did not choose it.
            let anchor = same[0].anchor;
            let from = candidates.partition_point(|candidate| candidate.anchor < anchor);
            let around = candidates[from..].iter().take_while(|candidate| candidate.anchor == anchor);
            around.fold(same[0], |kept, next| {
                let is_better = next.overlap > kept.overlap
                    || (next.overlap == kept.overlap && next.target < kept.target);
                if is_better { *next } else { kept }
            })
        })
        .collect()
}

/// Scales each object's alignments so that its best cell's score is its best overlap.
fn scored(taken: &[Candidate], targets: usize) -> Vec<Assigned> {
    let mut best_alignment = vec![0.0_f64; targets];
    let mut best_overlap = vec![0.0_f64; targets];
    for candidate in taken {
        let target = candidate.target;
        best_alignment[target] = best_alignment[target].max(candidate.alignment);
        best_overlap[target] = best_overlap[target].max(candidate.overlap);
    }
    let score = |candidate: &Candidate| {
        let target = candidate.target;
        candidate.alignment * best_overlap[target] / (best_alignment[target] + 1e-9)
    };
    taken.iter().map(|c| Assigned { anchor: c.anchor, target: c.target, score: score(c) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn target(class: usize, corners: [f32; 4]) -> Target {
        Target { class, corners }
    }

    fn perfect(targets: &[Target]) -> impl FnMut(usize) -> [f64; 4] {
        let corners = targets[0].corners.map(f64::from);
        move |_| corners
    }

    #[test]
    fn a_perfect_prediction_scores_its_overlap() {
        let grid = Grid::new(64, 64);
        let targets = [target(0, [8.0, 8.0, 40.0, 40.0])];
        let assigned = Assigner::default().assign(&grid, &targets, perfect(&targets), |_, _| 0.5);
        assert_eq!(assigned.len(), 10);
        assert!(assigned.iter().all(|a| (a.score - 1.0).abs() < 1e-6), "{assigned:?}");
    }

    #[test]
    fn objects_without_a_cell_inside_get_none() {
        let grid = Grid::new(32, 32);
        let targets = [target(0, [5.0, 5.0, 7.0, 7.0])];
        assert!(Assigner::default().assign(&grid, &targets, perfect(&targets), |_, _| 0.5).is_empty());
        assert!(Assigner::default().assign(&grid, &[], |_| [0.0; 4], |_, _| 0.5).is_empty());
    }

    #[test]
    fn a_contested_cell_goes_to_the_larger_overlap() {
        let grid = Grid::new(32, 32);
        let targets = [target(0, [0.0, 0.0, 32.0, 32.0]), target(1, [0.0, 0.0, 24.0, 24.0])];
        let predicted = |_| [0.0, 0.0, 24.0, 24.0];
        let assigned = Assigner::default().assign(&grid, &targets, predicted, |_, _| 0.9);
        let at_second = assigned.iter().find(|a| a.anchor == 0).unwrap();
        assert_eq!(at_second.target, 1);
    }

    #[test]
    fn broken_predictions_do_not_panic() {
        let grid = Grid::new(32, 32);
        let targets = [target(0, [0.0, 0.0, 32.0, 32.0])];
        let assigned = Assigner::default().assign(&grid, &targets, |_| [f64::NAN; 4], |_, _| f64::NAN);
        assert!(assigned.is_empty());
    }

    proptest! {
        #[test]
        fn every_cell_has_one_object_and_is_inside_it(
            boxes in prop::collection::vec((0.0_f32..48.0, 0.0_f32..48.0, 1.0_f32..40.0, 1.0_f32..40.0), 0..8),
            seed in 0_usize..100,
        ) {
            let grid = Grid::new(64, 64);
            let targets: Vec<Target> = boxes
                .iter()
                .enumerate()
                .map(|(i, b)| target(i % 3, [b.0, b.1, (b.0 + b.2).min(64.0), (b.1 + b.3).min(64.0)]))
                .collect();
            let predicted = |anchor: usize| {
                let stride = f64::from(grid.strides[anchor]);
                let [x, y] = grid.points[anchor].map(|v| f64::from(v) * stride);
                let half = ((anchor * 7 + seed) % 5 + 1) as f64 * 4.0;
                [x - half, y - half, x + half, y + half]
            };
            let probability = |anchor: usize, class: usize| ((anchor + class + seed) % 9) as f64 / 10.0 + 0.05;
            let assigned = Assigner::default().assign(&grid, &targets, predicted, probability);
            prop_assert!(assigned.windows(2).all(|pair| pair[0].anchor < pair[1].anchor));
            for a in &assigned {
                prop_assert!(grid.is_inside(a.anchor, &targets[a.target].corners));
                prop_assert!((0.0..=1.0).contains(&a.score));
            }
        }
    }
}
