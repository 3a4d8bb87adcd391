//! How good a classifier is: top-k accuracy, precision, recall and F1 of each class, and which
//! class was taken for which.
//!
//! Must not know how scores were computed: only their order counts, so logits and probabilities
//! give the same figures.

use serde::{Deserialize, Serialize};

/// How many best classes [`ClassificationSummary::top5`] looks at.
const TOP_FIVE: usize = 5;

/// A sample that cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClassificationError {
    /// There is not one score for each class.
    #[error("a sample has {given} scores for {class_count} classes: give one score for each class")]
    WrongLength {
        /// Scores that were given.
        given: usize,
        /// Classes of the model.
        class_count: usize,
    },
    /// The sample's class is none of the model's.
    #[error("class {class} is unknown: the model has {class_count} classes, counted from 0")]
    UnknownClass {
        /// The class index that was given.
        class: usize,
        /// Classes of the model.
        class_count: usize,
    },
    /// A score is NaN, which happens once a training has diverged.
    #[error("the score of class {class} is not a number: the weights have diverged")]
    ScoreNotANumber {
        /// The class index of the score.
        class: usize,
    },
}

/// Collects samples and says how good the classifier is on them. The order of samples does not
/// matter. Holds 8 bytes for each pair of classes.
///
/// ```
/// use shared::metrics::ClassificationEvaluator;
///
/// let mut evaluator = ClassificationEvaluator::new(3);
/// evaluator.add_sample(&[0.7, 0.2, 0.1], 0)?; // right
/// evaluator.add_sample(&[0.6, 0.3, 0.1], 1)?; // second best
/// evaluator.add_sample(&[0.1, 0.1, 0.8], 2)?; // right
/// let summary = evaluator.summary();
/// assert_eq!(summary.top1, 2.0 / 3.0);
/// assert_eq!(evaluator.top_k(2), 1.0);
/// assert_eq!(evaluator.count(1, 0), 1);
/// // Class 0 was predicted twice and right once; it has one sample, which was found.
/// assert_eq!((summary.per_class[0].precision, summary.per_class[0].recall), (0.5, 1.0));
/// # Ok::<(), shared::metrics::ClassificationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassificationEvaluator {
    class_count: usize,
    /// By true class (rows) and predicted class (columns).
    counts: Vec<u64>,
    /// How many samples have `i` classes before their own.
    samples_by_rank: Vec<u64>,
    /// Samples that were taken for no class, by true class.
    unsure: Vec<u64>,
}

/// Where a sample's class stands, and which class stands first.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub predicted: usize,
    /// How many classes stand before its own.
    pub rank: usize,
}

/// See [`ClassificationEvaluator::add_sample`].
pub(super) fn place_of(
    scores: &[f64],
    class: usize,
    class_count: usize,
) -> Result<Place, ClassificationError> {
    if scores.len() != class_count {
        return Err(ClassificationError::WrongLength { given: scores.len(), class_count });
    }
    if let Some(class) = scores.iter().position(|score| score.is_nan()) {
        return Err(ClassificationError::ScoreNotANumber { class });
    }
    let Some(&own) = scores.get(class) else {
        return Err(ClassificationError::UnknownClass { class, class_count });
    };
    let mut place = Place { predicted: 0, rank: 0 };
    for (other, &score) in scores.iter().enumerate() {
        if score > scores[place.predicted] {
            place.predicted = other;
        }
        place.rank += usize::from(score > own || score == own && other < class);
    }
    Ok(place)
}

/// What a validation says of a classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassificationSummary {
    /// Samples counted.
    pub samples: u64,
    /// Share of samples whose class has the best score.
    pub top1: f64,
    /// Share of samples whose class is among the five best.
    pub top5: f64,
    /// Mean precision of the classes that have samples (macro average).
    pub precision: f64,
    /// Mean recall of the classes that have samples (macro average, balanced accuracy).
    pub recall: f64,
    /// Mean F1 of the classes that have samples (macro average).
    pub f1: f64,
    /// One entry for each class of the model, by class index.
    pub per_class: Vec<ClassRates>,
}

/// What a validation says of one class; a rate that would divide by 0 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassRates {
    /// Class index.
    pub class: usize,
    /// Samples of the class.
    pub support: u64,
    /// Samples taken for the class.
    pub predicted: u64,
    /// TP / (TP + FP): right of what was taken for the class.
    pub precision: f64,
    /// TP / (TP + FN): right of the class's samples.
    pub recall: f64,
    /// 2 TP / (2 TP + FP + FN): the harmonic mean of both.
    pub f1: f64,
}

impl ClassificationEvaluator {
    /// Starts with no sample, for a model of `class_count` classes.
    #[must_use]
    pub fn new(class_count: usize) -> Self {
        Self {
            class_count,
            counts: vec![0; class_count * class_count],
            samples_by_rank: vec![0; class_count],
            unsure: vec![0; class_count],
        }
    }

    /// Adds one sample: the scores of all classes, `[class_count]`, and its true class.
    ///
    /// Classes stand by falling score, those of equal score by rising index: the predicted class is
    /// the first of the best, and a sample's class can lose a tie but never win one against a lower
    /// index. 0 and -0 are equal; infinities are allowed.
    ///
    /// # Errors
    /// [`ClassificationError`]; the sample is not counted then.
    pub fn add_sample(&mut self, scores: &[f64], class: usize) -> Result<(), ClassificationError> {
        let place = place_of(scores, class, self.class_count)?;
        self.count_place(class, place);
        Ok(())
    }

    /// Counts a sample of a known class whose place is known.
    pub(super) fn count_place(&mut self, class: usize, place: Place) {
        self.counts[class * self.class_count + place.predicted] += 1;
        self.samples_by_rank[place.rank] += 1;
    }

    /// Counts a sample of a known class that was taken for none.
    pub(super) fn count_unsure(&mut self, class: usize) {
        self.unsure[class] += 1;
    }

    /// Samples counted so far.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples_by_rank.iter().chain(&self.unsure).sum()
    }

    /// How many samples of a class were taken for none, because their best score was too low; 0 for an unknown class.
    /// They count as samples everywhere, and as found nowhere.
    #[must_use]
    pub fn unsure(&self, class: usize) -> u64 {
        self.unsure.get(class).copied().unwrap_or(0)
    }

    /// Share of samples whose class is among the `k` of the best score, 0 to 1; 0 without samples
    /// and for `k` 0, and 1 from as many as there are classes where every sample was taken for one.
    ///
    /// Source: Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015,
    /// section 4.1 (its top-5 error is 1 minus this).
    #[must_use]
    pub fn top_k(&self, k: usize) -> f64 {
        ratio(self.samples_by_rank.iter().take(k).sum(), self.samples())
    }

    /// How often `actual` was taken for `predicted`; 0 outside the matrix.
    #[must_use]
    pub fn count(&self, actual: usize, predicted: usize) -> u64 {
        if actual >= self.class_count || predicted >= self.class_count {
            return 0;
        }
        self.counts[actual * self.class_count + predicted]
    }

    /// The figures over all samples; all 0 without samples.
    ///
    /// Precision, recall and F1 of a class count it as positive and all others as negative
    /// (Sokolova and Lapalme, "A systematic analysis of performance measures for classification
    /// tasks", 2009, table 3). Means are over the classes that have samples.
    #[must_use]
    pub fn summary(&self) -> ClassificationSummary {
        let per_class: Vec<ClassRates> = (0..self.class_count).map(|class| self.rates(class)).collect();
        let mean = |rate: fn(&ClassRates) -> f64| {
            let known: Vec<f64> = per_class.iter().filter(|class| class.support > 0).map(rate).collect();
            if known.is_empty() { 0.0 } else { known.iter().sum::<f64>() / known.len() as f64 }
        };
        ClassificationSummary {
            samples: self.samples(),
            top1: self.top_k(1),
            top5: self.top_k(TOP_FIVE),
            precision: mean(|class| class.precision),
            recall: mean(|class| class.recall),
            f1: mean(|class| class.f1),
            per_class,
        }
    }

    fn rates(&self, class: usize) -> ClassRates {
        let classes = 0..self.class_count;
        let right = self.count(class, class);
        let taken: u64 = classes.clone().map(|predicted| self.count(class, predicted)).sum();
        let support = taken + self.unsure(class);
        let predicted = classes.map(|actual| self.count(actual, class)).sum();
        ClassRates {
            class,
            support,
            predicted,
            precision: ratio(right, predicted),
            recall: ratio(right, support),
            f1: ratio(2 * right, predicted + support),
        }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole > 0 { part as f64 / whole as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_scores_stand_by_class_index() {
        for (scores, class, rank) in [
            ([0.5, 0.5, 0.5], 0, 0),
            ([0.5, 0.5, 0.5], 2, 2),
            ([0.0, -0.0, 0.0], 1, 1),
            ([0.1, 0.9, 0.9], 2, 1),
            ([f64::NEG_INFINITY, f64::INFINITY, 0.0], 0, 2),
        ] {
            let mut evaluator = ClassificationEvaluator::new(3);
            evaluator.add_sample(&scores, class).unwrap();
            assert_eq!(evaluator.top_k(rank), 0.0, "{scores:?}, class {class}");
            assert_eq!(evaluator.top_k(rank + 1), 1.0, "{scores:?}, class {class}");
        }
    }

    #[test]
    fn what_cannot_be_counted_is_named_and_leaves_nothing_behind() {
        let mut evaluator = ClassificationEvaluator::new(2);
        for (scores, class, wanted) in [
            (vec![0.5], 0, ClassificationError::WrongLength { given: 1, class_count: 2 }),
            (vec![0.5; 3], 0, ClassificationError::WrongLength { given: 3, class_count: 2 }),
            (vec![0.5, 0.5], 2, ClassificationError::UnknownClass { class: 2, class_count: 2 }),
            (vec![0.5, f64::NAN], 0, ClassificationError::ScoreNotANumber { class: 1 }),
        ] {
            assert_eq!(evaluator.add_sample(&scores, class), Err(wanted));
        }
        assert_eq!(evaluator, ClassificationEvaluator::new(2));
    }

    #[test]
    fn nothing_at_all_is_zero_and_not_nan() {
        for classes in [0, 4] {
            let summary = ClassificationEvaluator::new(classes).summary();
            let figures = [summary.top1, summary.top5, summary.precision, summary.recall, summary.f1];
            assert_eq!((figures, summary.per_class.len()), ([0.0; 5], classes));
        }
        let mut none = ClassificationEvaluator::new(0);
        let refused = none.add_sample(&[], 0);
        assert_eq!(refused, Err(ClassificationError::UnknownClass { class: 0, class_count: 0 }));
    }

    #[test]
    fn known_samples_give_known_figures() {
        // Rows of the matrix by hand: class 0 [2, 1, 0], class 1 [0, 1, 0]; class 2 has no samples.
        let mut evaluator = ClassificationEvaluator::new(3);
        for (scores, class) in
            [([9.0, 1.0, 0.0], 0), ([9.0, 1.0, 0.0], 0), ([1.0, 9.0, 0.0], 0), ([1.0, 9.0, 0.0], 1)]
        {
            evaluator.add_sample(&scores, class).unwrap();
        }
        let summary = evaluator.summary();
        let rates: Vec<(u64, u64, f64, f64)> = summary
            .per_class
            .iter()
            .map(|class| (class.support, class.predicted, class.precision, class.recall))
            .collect();
        assert_eq!(rates, [(3, 2, 1.0, 2.0 / 3.0), (1, 2, 0.5, 1.0), (0, 0, 0.0, 0.0)]);
        assert_eq!((summary.precision, summary.recall), (0.75, (2.0 / 3.0 + 1.0) / 2.0));
        assert_eq!(summary.f1, (0.8 + 2.0 / 3.0) / 2.0);
        assert_eq!((summary.top1, summary.top5, summary.samples), (0.75, 1.0, 4));
    }

    const CLASSES: usize = 7;

    /// Scores of one digit, so that ties are common.
    fn samples() -> impl Strategy<Value = Vec<(Vec<f64>, usize)>> {
        let scores = prop::collection::vec((0u8..6).prop_map(f64::from), CLASSES);
        prop::collection::vec((scores, 0..CLASSES - 1), 0..40)
    }

    fn evaluate<'a>(samples: impl IntoIterator<Item = &'a (Vec<f64>, usize)>) -> ClassificationEvaluator {
        let mut evaluator = ClassificationEvaluator::new(CLASSES);
        for (scores, class) in samples {
            evaluator.add_sample(scores, *class).unwrap();
        }
        evaluator
    }

    proptest! {
        #[test]
        fn the_order_of_samples_does_not_matter(samples in samples()) {
            prop_assert_eq!(evaluate(&samples), evaluate(samples.iter().rev()));
        }

        #[test]
        fn more_places_find_more(samples in samples()) {
            let evaluator = evaluate(&samples);
            for k in 0..CLASSES {
                prop_assert!(evaluator.top_k(k) <= evaluator.top_k(k + 1));
            }
            prop_assert_eq!(evaluator.top_k(CLASSES), if samples.is_empty() { 0.0 } else { 1.0 });
            let summary = evaluator.summary();
            prop_assert!(summary.top1 <= summary.top5);
            for rate in [summary.precision, summary.recall, summary.f1] {
                prop_assert!((0.0..=1.0).contains(&rate));
            }
        }

        #[test]
        fn a_sorted_list_of_classes_gives_the_same_places(samples in samples(), k in 0..=CLASSES) {
            let found = samples.iter().filter(|(scores, class)| {
                let mut classes: Vec<usize> = (0..CLASSES).collect();
                classes.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
                classes[..k].contains(class)
            });
            let wanted = found.count() as f64 / samples.len().max(1) as f64;
            prop_assert_eq!(evaluate(&samples).top_k(k), wanted);
        }

        #[test]
        fn rows_are_supports_and_the_diagonal_is_top_1(samples in samples()) {
            let evaluator = evaluate(&samples);
            let summary = evaluator.summary();
            for rates in &summary.per_class {
                let of_class = samples.iter().filter(|(_, class)| *class == rates.class).count();
                prop_assert_eq!(rates.support, of_class as u64);
            }
            let right: u64 = (0..CLASSES).map(|class| evaluator.count(class, class)).sum();
            prop_assert_eq!(summary.top1, right as f64 / samples.len().max(1) as f64);
            prop_assert_eq!(summary.samples, samples.len() as u64);
        }
    }
}
