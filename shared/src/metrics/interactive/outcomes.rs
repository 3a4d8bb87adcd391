//! What became of each box of an image, for a grid of pictures.
//!
//! Must not know how a picture is drawn.

use super::{BoxCounts, Claim, InteractiveEvaluator};

/// What became of a detection; targets by their place in the image, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetectionOutcome {
    /// Its score is below the confidence.
    Hidden,
    /// It claims a target of its class: a true positive.
    Right {
        /// The target.
        target: usize,
    },
    /// It claims a target of another class: a false positive.
    WrongClass {
        /// The target.
        target: usize,
    },
    /// It claims nothing: a false positive.
    Background,
}

/// What became of a target; detections by their place in the image, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetOutcome {
    /// A detection of its class claims it.
    Found {
        /// The detection.
        detection: usize,
    },
    /// Only a detection of another class claims it: a false negative.
    WrongClass {
        /// The detection.
        detection: usize,
    },
    /// Nothing claims it: a false negative.
    Missed,
}

/// The boxes of one image, in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOutcomes {
    /// One entry for each detection.
    pub detections: Vec<DetectionOutcome>,
    /// One entry for each target.
    pub targets: Vec<TargetOutcome>,
}

impl InteractiveEvaluator {
    /// What became of each box of an image at a confidence (0 to 1) and the IoU threshold in force;
    /// `None` for an image that was not added.
    ///
    /// ```
    /// use shared::dataset::PixelBox;
    /// use shared::metrics::{Detection, DetectionOutcome, GroundTruth, InteractiveEvaluator, TargetOutcome};
    ///
    /// let region = PixelBox { x1: 0.0, y1: 0.0, x2: 10.0, y2: 10.0 };
    /// let mut evaluator = InteractiveEvaluator::new(2);
    /// evaluator.add_image(
    ///     &[GroundTruth { class: 0, region }],
    ///     &[Detection { class: 1, score: 0.7, region }, Detection { class: 0, score: 0.2, region }],
    /// )?;
    /// let shown = evaluator.outcomes(0, 0.5).unwrap();
    /// assert_eq!(shown.detections, [DetectionOutcome::WrongClass { target: 0 }, DetectionOutcome::Hidden]);
    /// assert_eq!(shown.targets, [TargetOutcome::WrongClass { detection: 0 }]);
    /// let all = evaluator.outcomes(0, 0.1).unwrap();
    /// assert_eq!(all.targets, [TargetOutcome::Found { detection: 1 }]);
    /// # Ok::<(), shared::metrics::EvaluationError>(())
    /// ```
    #[must_use]
    pub fn outcomes(&self, image: usize, confidence: f64) -> Option<ImageOutcomes> {
        if image >= self.images() {
            return None;
        }
        let mut detections = vec![DetectionOutcome::Hidden; self.detection_range(image).len()];
        let mut targets = vec![TargetOutcome::Missed; self.target_range(image).len()];
        let mut taken = vec![false; targets.len()];
        self.visit(image, confidence, &mut taken, |row, claim| {
            let detection = self.given[row];
            detections[detection] = match claim {
                Claim::OwnClass(target) => {
                    targets[target] = TargetOutcome::Found { detection };
                    DetectionOutcome::Right { target }
                }
                Claim::OtherClass(target) => {
                    targets[target] = TargetOutcome::WrongClass { detection };
                    DetectionOutcome::WrongClass { target }
                }
                Claim::Nothing => DetectionOutcome::Background,
            };
        });
        Some(ImageOutcomes { detections, targets })
    }

    /// The images with a box in a cell of the confusion matrix at a confidence (0 to 1): with a target of class `actual`
    /// that was taken for `predicted`. The number of classes stands for the background on either side.
    ///
    /// ```
    /// use shared::dataset::PixelBox;
    /// use shared::metrics::{Detection, GroundTruth, InteractiveEvaluator};
    ///
    /// let region = PixelBox { x1: 0.0, y1: 0.0, x2: 10.0, y2: 10.0 };
    /// let mut evaluator = InteractiveEvaluator::new(2);
    /// evaluator.add_image(&[GroundTruth { class: 0, region }], &[Detection { class: 1, score: 0.7, region }])?;
    /// assert_eq!(evaluator.images_in_cell(0.5, 0, 1), [0]);
    /// let missed = evaluator.images_in_cell(0.9, 0, 2);
    /// assert_eq!((missed, evaluator.images_in_cell(0.9, 0, 1)), (vec![0], vec![]));
    /// # Ok::<(), shared::metrics::EvaluationError>(())
    /// ```
    #[must_use]
    pub fn images_in_cell(&self, confidence: f64, actual: usize, predicted: usize) -> Vec<usize> {
        let background = self.class_count;
        let is_in = |image: &usize| {
            let classes = &self.target_classes[self.target_range(*image)];
            let mut is_free = vec![true; classes.len()];
            let mut is_found = false;
            self.visit(*image, confidence, &mut vec![false; classes.len()], |row, claim| {
                let claimed = match claim {
                    Claim::OwnClass(target) | Claim::OtherClass(target) => {
                        is_free[target] = false;
                        classes[target]
                    }
                    Claim::Nothing => background,
                };
                is_found |= claimed == actual && self.classes[row] == predicted;
            });
            let is_missed = || classes.iter().zip(&is_free).any(|(class, free)| *free && *class == actual);
            is_found || (predicted == background && is_missed())
        };
        (0..self.images()).filter(is_in).collect()
    }

    /// TP, FP and FN of every image at a confidence (0 to 1), in the order in which they were
    /// added: what a grid of pictures is sorted and filtered by.
    ///
    /// Which class a wrong detection was taken for does not change these, so nothing is matched.
    #[must_use]
    pub fn image_counts(&self, confidence: f64) -> Vec<BoxCounts> {
        (0..self.images())
            .map(|image| {
                let rows = self.detection_range(image);
                let scores = &self.scores[rows.clone()];
                let shown = scores.iter().take_while(|&&score| score >= confidence).count();
                let right =
                    self.claims[rows][..shown].iter().filter(|&&claim| claim != super::NO_CLAIM).count();
                BoxCounts {
                    true_positives: right as u64,
                    false_positives: (shown - right) as u64,
                    false_negatives: (self.target_range(image).len() - right) as u64,
                }
            })
            .collect()
    }
}
