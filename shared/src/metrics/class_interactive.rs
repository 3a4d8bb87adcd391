//! The figures of a classifier behind a slider: each picture is looked at once, after which any confidence is answered
//! from its best class alone.
//!
//! Must not know how a figure is drawn. At confidence 0 all figures are those of a fresh
//! [`ClassificationEvaluator`], to the last bit.

use super::classification::{Place, place_of};
use super::{ClassPredictions, ClassificationError, ClassificationEvaluator};

/// Answers for any confidence over pictures that were read once. Holds 32 bytes for each.
///
/// ```
/// use shared::metrics::{ClassPredictions, ClassifiedImage, InteractiveClassification};
///
/// let image = |class, scores: [f32; 2]| ClassifiedImage::new(0, [8, 8], f32::NAN, class, scores.to_vec());
/// let seen = ClassPredictions { class_count: 2, images: vec![image(0, [0.9, 0.1]), image(0, [0.4, 0.6])] };
/// let evaluator = InteractiveClassification::new(&seen)?;
/// assert_eq!(evaluator.at(0.0).summary().per_class[0].recall, 0.5);
/// // The second picture is not sure enough: it is taken for nothing, and class 1 for nothing wrong.
/// let sure = evaluator.at(0.7);
/// assert_eq!((sure.unsure(0), sure.count(0, 1), sure.summary().top1), (1, 0, 0.5));
/// # Ok::<(), shared::metrics::ClassificationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct InteractiveClassification {
    class_count: usize,
    outcomes: Vec<ClassOutcome>,
}

/// What became of one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassOutcome {
    /// The class that it has.
    pub class: usize,
    /// The class of the best score.
    pub predicted: usize,
    /// That score.
    pub score: f64,
    /// How many classes stand before its own.
    pub rank: usize,
}

impl InteractiveClassification {
    /// Looks at every picture.
    ///
    /// # Errors
    /// [`ClassificationError`] of the first picture that cannot be counted.
    pub fn new(seen: &ClassPredictions) -> Result<Self, ClassificationError> {
        let outcomes = seen.images.iter().map(|image| {
            let scores = image.scores_as_counted();
            let Place { predicted, rank } = place_of(&scores, image.class, seen.class_count)?;
            Ok(ClassOutcome { class: image.class, predicted, score: scores[predicted], rank })
        });
        Ok(Self { class_count: seen.class_count, outcomes: outcomes.collect::<Result<_, _>>()? })
    }

    /// The figures where a picture whose best score is below `confidence` is taken for no class at all.
    /// Costs a step for each picture, and the square of the classes.
    #[must_use]
    pub fn at(&self, confidence: f64) -> ClassificationEvaluator {
        let mut evaluator = ClassificationEvaluator::new(self.class_count);
        for outcome in &self.outcomes {
            if outcome.score >= confidence {
                evaluator
                    .count_place(outcome.class, Place { predicted: outcome.predicted, rank: outcome.rank });
            } else {
                evaluator.count_unsure(outcome.class);
            }
        }
        evaluator
    }

    /// What became of each picture, in the order of the predictions.
    #[must_use]
    pub fn outcomes(&self) -> &[ClassOutcome] {
        &self.outcomes
    }
}

#[cfg(test)]
mod tests {
    use super::super::ClassifiedImage;
    use super::*;
    use proptest::prelude::*;

    fn seen() -> impl Strategy<Value = ClassPredictions> {
        let image =
            (0usize..4, prop::collection::vec((0u8..5).prop_map(|tenths| f32::from(tenths) / 4.0), 4))
                .prop_map(|(class, scores)| ClassifiedImage::new(0, [1, 1], f32::NAN, class, scores));
        prop::collection::vec(image, 0..30).prop_map(|images| ClassPredictions { class_count: 4, images })
    }

    proptest! {
        #[test]
        fn without_a_threshold_the_figures_are_those_of_the_evaluator(seen in seen()) {
            let mut fresh = ClassificationEvaluator::new(4);
            for image in &seen.images {
                fresh.add_sample(&image.scores_as_counted(), image.class).unwrap();
            }
            let evaluator = InteractiveClassification::new(&seen).unwrap();
            prop_assert_eq!(evaluator.at(0.0), fresh);
        }

        #[test]
        fn whoever_asks_for_more_finds_less_and_loses_nobody(seen in seen(), low in 0.0f64..1.0, more in 0.0f64..1.0) {
            let evaluator = InteractiveClassification::new(&seen).unwrap();
            let (first, second) = (evaluator.at(low), evaluator.at(low + more));
            prop_assert!(first.top_k(1) >= second.top_k(1) && first.top_k(3) >= second.top_k(3));
            for evaluator in [&first, &second] {
                prop_assert_eq!(evaluator.samples(), seen.images.len() as u64);
                let placed: u64 = (0..4).flat_map(|a| (0..4).map(move |p| (a, p))).map(|(a, p)| evaluator.count(a, p)).sum();
                let unsure: u64 = (0..4).map(|class| evaluator.unsure(class)).sum();
                prop_assert_eq!(placed + unsure, seen.images.len() as u64);
            }
        }
    }

    #[test]
    fn a_class_that_was_only_guessed_loses_recall_and_not_precision() {
        let image = |class, scores: [f32; 2]| ClassifiedImage::new(0, [1, 1], 0.0, class, scores.to_vec());
        let images = vec![image(0, [0.9, 0.1]), image(0, [0.55, 0.45]), image(1, [0.6, 0.4])];
        let evaluator = InteractiveClassification::new(&ClassPredictions { class_count: 2, images }).unwrap();
        let summary = evaluator.at(0.7).summary();
        let rates = summary.per_class[0];
        assert_eq!((rates.support, rates.predicted, rates.precision, rates.recall), (2, 1, 1.0, 0.5));
        assert_eq!((summary.samples, summary.top1, summary.top5), (3, 1.0 / 3.0, 1.0 / 3.0));
        assert_eq!(
            evaluator.outcomes()[2],
            ClassOutcome { class: 1, predicted: 0, score: f64::from(0.6f32), rank: 1 }
        );
        let broken = ClassPredictions { class_count: 2, images: vec![image(0, [f32::NAN, 0.1])] };
        assert_eq!(
            InteractiveClassification::new(&broken),
            Err(ClassificationError::ScoreNotANumber { class: 0 })
        );
    }
}
