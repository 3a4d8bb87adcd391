//! Boxes as data sets write them, checked against the image that they lie on.
//!
//! Must not know formats.

use crate::store::NewAnnotation;
use shared::dataset::PixelBox;

/// How far a box may reach past the border and still be taken for a rounded one, in pixels. It is cut
/// at the border then, and the report says so.
const ROUNDING_PIXELS: f64 = 1.0;
/// What printing and reading back a fraction costs, in pixels; nobody needs to hear of it.
const PRINTING_PIXELS: f64 = 0.05;

/// Left, top, right and bottom edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::datasets) enum Edges {
    /// In pixels.
    Pixels([f64; 4]),
    /// As fractions of width and height.
    Fractions([f64; 4]),
}

/// A box with its label, before it is checked.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::datasets) struct LabelledBox {
    /// Where in the annotation file it stands, for example `box 3 (RBC)`.
    pub(in crate::datasets) place: String,
    pub(in crate::datasets) label: String,
    pub(in crate::datasets) edges: Edges,
}

impl LabelledBox {
    /// The annotation, with a note if something was done to it; or why it is left out.
    pub(in crate::datasets) fn check(
        self,
        width: u32,
        height: u32,
    ) -> Result<(NewAnnotation, Option<String>), String> {
        let (width, height) = (f64::from(width), f64::from(height));
        let [x1, y1, x2, y2] = match self.edges {
            Edges::Pixels(edges) => edges,
            Edges::Fractions([x1, y1, x2, y2]) => [x1 * width, y1 * height, x2 * width, y2 * height],
        };
        let shown = format!("{}, {}, {}, {}", short(x1), short(y1), short(x2), short(y2));
        if ![x1, y1, x2, y2].iter().all(|edge| edge.is_finite()) {
            return Err(format!("the box's edges are no numbers ({shown})"));
        }
        if x2 <= x1 || y2 <= y1 {
            return Err(format!("box without area ({shown})"));
        }
        let past = (-x1).max(-y1).max(x2 - width).max(y2 - height);
        if past > ROUNDING_PIXELS {
            return Err(format!(
                "box past the border by {} pixels ({shown} on an image of {width} x {height})",
                short(past)
            ));
        }
        let region = PixelBox { x1: x1.max(0.0), y1: y1.max(0.0), x2: x2.min(width), y2: y2.min(height) };
        if region.x2 <= region.x1 || region.y2 <= region.y1 {
            return Err(format!("box outside of the image ({shown} on an image of {width} x {height})"));
        }
        let note = (past > PRINTING_PIXELS).then(|| {
            format!("kept, but cut at the border, past which it reached by {} pixels ({shown})", short(past))
        });
        Ok((NewAnnotation { label: self.label, region: Some(region) }, note))
    }
}

/// A coordinate as a person writes it.
fn short(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edges: Edges) -> Result<([f64; 4], Option<String>), String> {
        let labelled = LabelledBox { place: "box 1".into(), label: "a".into(), edges };
        let (annotation, note) = labelled.check(100, 50)?;
        let region = annotation.region.unwrap();
        Ok(([region.x1, region.y1, region.x2, region.y2], note))
    }

    #[test]
    fn boxes_inside_are_kept_as_they_are() {
        assert_eq!(check(Edges::Pixels([0.0, 0.0, 100.0, 50.0])), Ok(([0.0, 0.0, 100.0, 50.0], None)));
        assert_eq!(check(Edges::Fractions([0.25, 0.5, 0.5, 1.0])), Ok(([25.0, 25.0, 50.0, 50.0], None)));
        // Six digits of a fraction are not exact, and that is no news.
        assert_eq!(check(Edges::Fractions([-0.000_001, 0.0, 0.5, 1.0])), Ok(([0.0, 0.0, 50.0, 50.0], None)));
    }

    #[test]
    fn a_box_that_reaches_less_than_a_pixel_past_the_border_is_cut_and_said() {
        let (edges, note) = check(Edges::Pixels([-0.5, 0.0, 101.0, 50.0])).unwrap();
        assert_eq!(edges, [0.0, 0.0, 100.0, 50.0]);
        assert!(note.unwrap().contains("by 1 pixels"));
    }

    #[test]
    fn boxes_that_make_no_sense_are_refused_by_reason() {
        for (edges, reason) in [
            ([5.0, 5.0, 5.0, 5.0], "without area"),
            ([5.0, 5.0, 4.0, 9.0], "without area"),
            ([5.0, 9.0, 9.0, 5.0], "without area"),
            ([f64::NAN, 0.0, 1.0, 1.0], "no numbers"),
            ([0.0, 0.0, f64::INFINITY, 1.0], "no numbers"),
            ([-2.0, 0.0, 10.0, 10.0], "past the border by 2 pixels"),
            ([90.0, 40.0, 103.5, 50.0], "past the border by 3.5 pixels"),
            ([1000.0, 1000.0, 1010.0, 1010.0], "past the border"),
            ([100.2, 0.0, 100.9, 10.0], "outside of the image"),
        ] {
            let error = check(Edges::Pixels(edges)).unwrap_err();
            assert!(error.contains(reason), "{edges:?}: {error}");
        }
    }
}
