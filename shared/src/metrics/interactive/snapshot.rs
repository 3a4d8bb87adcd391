//! What the sliders show at one confidence and one IoU threshold.
//!
//! Must not know images or boxes: it is read off the confusion matrix.

use crate::metrics::ConfusionMatrix;
use serde::{Deserialize, Serialize};

/// The figures at one confidence and one IoU threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which class was taken for which.
    pub matrix: ConfusionMatrix,
    /// One entry for each class of the model, by class index.
    pub per_class: Vec<BoxCounts>,
    /// Sums over the classes; their precision, recall and F1 are the micro averages.
    pub totals: BoxCounts,
    /// Means over the classes that have targets (macro averages).
    pub means: MeanRates,
}

/// Right, wrong and missed boxes.
///
/// A detection that claims a target of another class is a false positive of its own class, and the
/// target a false negative of its.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxCounts {
    /// Detections that claimed a target of their class (TP).
    pub true_positives: u64,
    /// Detections that claimed none of their class (FP).
    pub false_positives: u64,
    /// Targets that no detection of their class claimed (FN).
    pub false_negatives: u64,
}

/// Means over the classes that have targets. Classes for which a rate is not defined are left out
/// of its mean, which is `None` when none remain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct MeanRates {
    /// Mean of [`BoxCounts::precision`].
    pub precision: Option<f64>,
    /// Mean of [`BoxCounts::recall`].
    pub recall: Option<f64>,
    /// Mean of [`BoxCounts::f1`].
    pub f1: Option<f64>,
}

impl BoxCounts {
    /// TP / (TP + FP), 0 to 1; `None` when nothing was predicted.
    ///
    /// ```
    /// use shared::metrics::BoxCounts;
    ///
    /// let counts = BoxCounts { true_positives: 3, false_positives: 1, false_negatives: 2 };
    /// assert_eq!(counts.precision(), Some(0.75));
    /// assert_eq!(counts.recall(), Some(0.6));
    /// assert_eq!(counts.f1(), Some(6.0 / 9.0));
    /// ```
    #[must_use]
    pub fn precision(self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// TP / (TP + FN), 0 to 1; `None` when there are no targets.
    #[must_use]
    pub fn recall(self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall (van Rijsbergen,
    /// "Information Retrieval", 1979, chapter 7), 0 to 1; `None` when there is neither a target nor
    /// a prediction.
    #[must_use]
    pub fn f1(self) -> Option<f64> {
        let both = 2 * self.true_positives;
        ratio(both, both + self.false_positives + self.false_negatives)
    }

    const fn has_targets(self) -> bool {
        self.true_positives + self.false_negatives > 0
    }
}

impl Snapshot {
    pub(super) fn of_matrix(matrix: ConfusionMatrix) -> Self {
        let background = matrix.background();
        // Background to background is never counted, so the sums over a class are its own.
        let (mut rows, mut columns) = (vec![0u64; background], vec![0u64; background]);
        for class in 0..background {
            for other in 0..=background {
                rows[class] += matrix.count(class, other);
                columns[class] += matrix.count(other, class);
            }
        }
        let per_class: Vec<BoxCounts> = (0..background)
            .map(|class| {
                let right = matrix.count(class, class);
                BoxCounts {
                    true_positives: right,
                    false_positives: columns[class] - right,
                    false_negatives: rows[class] - right,
                }
            })
            .collect();
        let totals = per_class.iter().fold(BoxCounts::default(), |sum, class| BoxCounts {
            true_positives: sum.true_positives + class.true_positives,
            false_positives: sum.false_positives + class.false_positives,
            false_negatives: sum.false_negatives + class.false_negatives,
        });
        let mean = |rate: fn(BoxCounts) -> Option<f64>| {
            mean(per_class.iter().filter(|class| class.has_targets()).filter_map(|&class| rate(class)))
        };
        let means = MeanRates {
            precision: mean(BoxCounts::precision),
            recall: mean(BoxCounts::recall),
            f1: mean(BoxCounts::f1),
        };
        Self { matrix, per_class, totals, means }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u64), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
