//! The boxes of a picture as few paths, told apart by what became of them.
//!
//! Must not know colours: the style sheet has them. Shapes tell the same as colours do: what is there is drawn solid,
//! what was predicted dashed; a check, a cross or a ring stands at the corner of a box.

use crate::components::box_path::{push, push_outline};
use shared::dataset::PixelBox;
use shared::metrics::{DetectionOutcome, ImageOutcomes, PredictedImage, TargetOutcome};

/// Paths in SVG's language, in pixels of the original image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawn {
    /// Objects that were found.
    pub found: String,
    /// Objects that were missed, or taken for another class.
    pub missed: String,
    /// Predicted boxes that are right.
    pub right: String,
    /// Predicted boxes that are wrong.
    pub wrong: String,
    /// Marks at the corners of the three kinds.
    pub checks: String,
    pub crosses: String,
    pub rings: String,
}

/// Size of a mark, as a share of the picture's longer side.
const MARK: f64 = 0.06;

impl Drawn {
    pub fn of(image: &PredictedImage, outcomes: &ImageOutcomes) -> Self {
        let mut drawn = Self::default();
        let size = f64::from(image.width.max(image.height)) * MARK;
        for (target, outcome) in image.targets.iter().zip(&outcomes.targets) {
            match outcome {
                TargetOutcome::Found { .. } => push_outline(&mut drawn.found, target.region),
                TargetOutcome::WrongClass { .. } | TargetOutcome::Missed => {
                    push_outline(&mut drawn.missed, target.region);
                    ring(&mut drawn.rings, target.region, size);
                }
            }
        }
        for (found, outcome) in image.detections.iter().zip(&outcomes.detections) {
            match outcome {
                DetectionOutcome::Hidden => {}
                DetectionOutcome::Right { .. } => {
                    push_outline(&mut drawn.right, found.region);
                    check(&mut drawn.checks, found.region, size);
                }
                DetectionOutcome::WrongClass { .. } | DetectionOutcome::Background => {
                    push_outline(&mut drawn.wrong, found.region);
                    cross(&mut drawn.crosses, found.region, size);
                }
            }
        }
        drawn
    }
}

fn check(path: &mut String, region: PixelBox, size: f64) {
    let (x, y) = (region.x1 + size * 0.25, region.y1 + size * 0.6);
    let (short, long) = (size * 0.3, size * 0.5);
    push(path, &[("M", x), (" ", y), ("l", short), (" ", short), ("l", long), (" ", -size * 0.6)]);
}

fn cross(path: &mut String, region: PixelBox, size: f64) {
    let (x, y, side) = (region.x2 - size, region.y1 + size * 0.25, size * 0.7);
    push(path, &[("M", x), (" ", y), ("l", side), (" ", side), ("m", -side), (" 0l", side), (" ", -side)]);
}

fn ring(path: &mut String, region: PixelBox, size: f64) {
    let (x, y, radius) = (region.x1 + size * 0.25, region.y2 - size * 0.65, size * 0.38);
    let half = |across: f64| [("a", radius), (" ", radius), (" 0 1 0 ", across), (" ", 0.0)];
    push(path, &[("M", x), (" ", y)]);
    push(path, &half(radius * 2.0));
    push(path, &half(radius * -2.0));
}

/// What became of the boxes of a picture, for example "2 right, 1 wrong, 3 missed".
pub fn in_words(outcomes: &ImageOutcomes) -> String {
    let count = |is: fn(&DetectionOutcome) -> bool| outcomes.detections.iter().filter(|one| is(one)).count();
    let right = count(|outcome| matches!(outcome, DetectionOutcome::Right { .. }));
    let wrong = count(|outcome| {
        matches!(outcome, DetectionOutcome::WrongClass { .. } | DetectionOutcome::Background)
    });
    let missed =
        outcomes.targets.iter().filter(|outcome| !matches!(outcome, TargetOutcome::Found { .. })).count();
    format!("{right} right, {wrong} wrong, {missed} missed")
}

#[cfg(test)]
mod tests {
    use super::super::evaluation::Evaluation;
    use super::super::evaluation::tests::example;
    use super::*;

    #[test]
    fn each_kind_of_box_has_its_path_and_mark() {
        let evaluation = Evaluation::of_bytes(&example().to_bytes()).unwrap();
        let (image, outcomes) = evaluation.picture(0, 0.5).unwrap();
        let right = Drawn::of(image, &outcomes);
        assert!(!right.found.is_empty() && !right.right.is_empty() && !right.checks.is_empty());
        assert_eq!(
            Drawn { found: String::new(), right: String::new(), checks: String::new(), ..right },
            Drawn::default()
        );
        assert_eq!(in_words(&outcomes), "1 right, 0 wrong, 0 missed");
        let (image, outcomes) = evaluation.picture(1, 0.5).unwrap();
        let wrong = Drawn::of(image, &outcomes);
        assert!(!wrong.missed.is_empty() && !wrong.wrong.is_empty());
        assert!(!wrong.crosses.is_empty() && !wrong.rings.is_empty());
        assert_eq!(in_words(&outcomes), "0 right, 1 wrong, 1 missed");
        let (image, outcomes) = evaluation.picture(1, 0.9).unwrap();
        assert_eq!(Drawn::of(image, &outcomes).wrong, "");
        assert_eq!(in_words(&outcomes), "0 right, 0 wrong, 1 missed");
    }
}
