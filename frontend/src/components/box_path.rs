//! Boxes on an image as paths, one for all boxes of a label, so that a crowded image has few elements.
//!
//! Must not know the colours or where the image is drawn.

use shared::dataset::{Annotation, PixelBox};
use std::fmt::Write;

/// The outlines of the boxes of one label, in pixels of the original image.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelPath {
    pub label: String,
    /// In SVG's path language.
    pub path: String,
}

/// One path a label, in the order in which labels first appear. Classes of the whole image have none.
pub fn label_paths(annotations: &[Annotation]) -> Vec<LabelPath> {
    let mut paths: Vec<LabelPath> = Vec::new();
    for annotation in annotations {
        let Some(region) = annotation.region else { continue };
        match paths.iter_mut().find(|path| path.label == annotation.label) {
            Some(found) => found.path.push_str(&outline(region)),
            None => paths.push(LabelPath { label: annotation.label.clone(), path: outline(region) }),
        }
    }
    paths
}

/// The outlines of all boxes as one path, for what has one colour.
pub fn all_outlines(annotations: &[Annotation]) -> String {
    annotations.iter().filter_map(|annotation| annotation.region).map(outline).collect()
}

/// The outline of one box.
pub fn outline(region: PixelBox) -> String {
    let (width, height) = (region.x2 - region.x1, region.y2 - region.y1);
    let mut path = String::new();
    // Writing into a text cannot fail.
    let _ = write!(path, "M{:.1} {:.1}h{width:.1}v{height:.1}h-{width:.1}z", region.x1, region.y1);
    path
}

/// What is seen on an image in words: "3 boxes: cat, cat, dog", or the classes, or "no annotations".
pub fn in_words(annotations: &[Annotation]) -> String {
    const MOST: usize = 5;
    if annotations.is_empty() {
        return "no annotations".into();
    }
    let names: Vec<&str> =
        annotations.iter().take(MOST).map(|annotation| annotation.label.as_str()).collect();
    let more = if annotations.len() > MOST { " and more" } else { "" };
    let boxes = annotations.iter().filter(|annotation| annotation.region.is_some()).count();
    let count = match boxes {
        0 => "labelled".to_owned(),
        1 => "1 box".to_owned(),
        many => format!("{many} boxes"),
    };
    format!("{count}: {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{AnnotationId, uuid_v7};

    fn annotation(label: &str, corner: Option<f64>) -> Annotation {
        let region = corner.map(|at| PixelBox { x1: at, y1: at, x2: at + 10.0, y2: at + 5.0 });
        Annotation { id: AnnotationId::from_uuid(uuid_v7(1, &[0; 10])), label: label.into(), region }
    }

    #[test]
    fn boxes_of_a_label_are_one_path() {
        let annotations = [
            annotation("cat", Some(1.0)),
            annotation("dog", Some(2.0)),
            annotation("cat", Some(3.0)),
            annotation("scene", None),
        ];
        let paths = label_paths(&annotations);
        assert_eq!(paths.iter().map(|path| path.label.as_str()).collect::<Vec<_>>(), ["cat", "dog"]);
        assert_eq!(paths[0].path, "M1.0 1.0h10.0v5.0h-10.0zM3.0 3.0h10.0v5.0h-10.0z");
        assert_eq!(all_outlines(&annotations).matches('M').count(), 3);
    }

    #[test]
    fn an_image_is_told_in_words() {
        let boxes: Vec<Annotation> = (0..7).map(|at| annotation("cat", Some(f64::from(at)))).collect();
        assert_eq!(in_words(&boxes), "7 boxes: cat, cat, cat, cat, cat and more");
        assert_eq!(in_words(&boxes[..1]), "1 box: cat");
        assert_eq!(in_words(&[annotation("sunny", None)]), "labelled: sunny");
        assert_eq!(in_words(&[]), "no annotations");
    }
}
