//! The predictions of one validation, with what answers the sliders.
//!
//! Must not know the browser. Every figure is computed by `shared`, which the server and the trainer use as well.

use super::address::Cell;
use super::order::{Order, Standing, sorted};
use shared::metrics::{
    EvaluationError, ImageOutcomes, InteractiveEvaluator, PredictedImage, Predictions, PredictionsError,
};

/// A file that cannot be shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Unreadable {
    File(PredictionsError),
    Boxes(EvaluationError),
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Boxes(error) => error.fmt(f),
        }
    }
}

/// Pictures, boxes and the evaluator over them.
pub struct Evaluation {
    pub images: Vec<PredictedImage>,
    pub evaluator: InteractiveEvaluator,
}

impl Evaluation {
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let Predictions { class_count, images } = Predictions::from_bytes(bytes).map_err(Unreadable::File)?;
        let mut evaluator = InteractiveEvaluator::new(class_count);
        for image in &images {
            evaluator.add_image(&image.targets, &image.detections).map_err(Unreadable::Boxes)?;
        }
        Ok(Self { images, evaluator })
    }

    /// The places of the pictures to show, in their order.
    pub fn places(&self, confidence: f64, cell: Option<Cell>, order: Order) -> Vec<usize> {
        let counts = self.evaluator.image_counts(confidence);
        let standing = |place: usize| {
            let image = self.images.get(place)?;
            let counts = *counts.get(place)?;
            Some(Standing { place, index: image.index, loss: image.loss, counts })
        };
        let chosen = match cell {
            Some(Cell { actual, predicted }) => self.evaluator.images_in_cell(confidence, actual, predicted),
            None => (0..self.images.len()).collect(),
        };
        sorted(chosen.into_iter().filter_map(standing).collect(), order)
    }

    /// A picture, and what became of its boxes.
    pub fn picture(&self, place: usize, confidence: f64) -> Option<(&PredictedImage, ImageOutcomes)> {
        Some((self.images.get(place)?, self.evaluator.outcomes(place, confidence)?))
    }

    /// The place of the picture with this index in the subset.
    pub fn place_of(&self, index: u32) -> Option<usize> {
        self.images.iter().position(|image| image.index == index)
    }

    /// Whether another validation saw the same pictures with the same objects on them.
    pub fn is_comparable_with(&self, other: &Self) -> bool {
        self.images.len() == other.images.len()
            && self.images.iter().zip(&other.images).all(|(left, right)| {
                (left.index, left.width, left.height, &left.targets)
                    == (right.index, right.width, right.height, &right.targets)
            })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use shared::dataset::PixelBox;
    use shared::metrics::{Detection, GroundTruth};

    pub fn square(x1: f64) -> PixelBox {
        PixelBox { x1, y1: 0.0, x2: x1 + 10.0, y2: 10.0 }
    }

    /// The first picture is right, on the second one class 1 was taken for class 0.
    pub fn example() -> Predictions {
        let image = |index: u32, actual: usize, loss: f32| PredictedImage {
            index,
            width: 100,
            height: 50,
            loss,
            targets: vec![GroundTruth { class: actual, region: square(0.0) }],
            detections: vec![Detection { class: 0, score: 0.75, region: square(0.0) }],
        };
        Predictions { class_count: 2, images: vec![image(4, 0, 1.0), image(1, 1, 0.5)] }
    }

    #[test]
    fn pictures_are_narrowed_and_sorted() {
        let evaluation = Evaluation::of_bytes(&example().to_bytes()).unwrap();
        assert_eq!(evaluation.places(0.5, None, Order::Errors), [1, 0]);
        assert_eq!(evaluation.places(0.5, None, Order::Loss), [0, 1]);
        let cell = |actual, predicted| Some(Cell { actual, predicted });
        assert_eq!(evaluation.places(0.5, cell(1, 0), Order::Errors), [1]);
        assert_eq!(evaluation.places(0.9, cell(0, 2), Order::Errors), [0]);
        assert!(evaluation.places(0.5, cell(9, 9), Order::Errors).is_empty());
        assert_eq!(evaluation.place_of(1), Some(1));
        assert!(evaluation.picture(2, 0.5).is_none());
    }

    #[test]
    fn what_cannot_be_counted_is_said() {
        assert!(matches!(Evaluation::of_bytes(b"nonsense"), Err(Unreadable::File(_))));
        let mut broken = example();
        broken.images[0].detections[0].score = f64::NAN;
        assert!(matches!(Evaluation::of_bytes(&broken.to_bytes()), Err(Unreadable::Boxes(_))));
    }

    #[test]
    fn only_the_same_pictures_are_compared() {
        let one = Evaluation::of_bytes(&example().to_bytes()).unwrap();
        let mut changed = example();
        changed.images[0].detections.clear();
        assert!(one.is_comparable_with(&Evaluation::of_bytes(&changed.to_bytes()).unwrap()));
        changed.images[1].targets.clear();
        assert!(!one.is_comparable_with(&Evaluation::of_bytes(&changed.to_bytes()).unwrap()));
    }
}
