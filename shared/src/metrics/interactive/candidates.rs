//! Which targets overlap a detection, for many detections in one flat list.
//!
//! Must not know thresholds or scores.

/// A target that overlaps a detection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// Place among the targets of the image.
    pub target: u32,
    /// IoU, held in the 32 bits it is computed in.
    pub overlap: f32,
}

impl Candidate {
    pub fn reaches(self, iou_threshold: f64) -> bool {
        f64::from(self.overlap) >= iou_threshold
    }
}

/// The candidates of each detection, by falling overlap, equal ones in the order of the targets.
#[derive(Debug, Clone)]
pub(super) struct CandidateLists {
    /// Where each detection's list begins in `flat`, and at last where the last one ends.
    starts: Vec<usize>,
    flat: Vec<Candidate>,
}

impl CandidateLists {
    pub fn new() -> Self {
        Self { starts: vec![0], flat: Vec::new() }
    }

    /// Appends the next detection's list.
    pub fn push(&mut self, candidates: &mut [Candidate]) {
        candidates
            .sort_unstable_by(|a, b| b.overlap.total_cmp(&a.overlap).then_with(|| a.target.cmp(&b.target)));
        self.flat.extend_from_slice(candidates);
        self.starts.push(self.flat.len());
    }

    pub fn of(&self, detection: usize) -> &[Candidate] {
        &self.flat[self.starts[detection]..self.starts[detection + 1]]
    }
}
