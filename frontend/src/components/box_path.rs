//! Boxes on an image as paths, one for all boxes of a label, so that a crowded image has few elements.
//!
//! Must not know the colours or where the image is drawn.

use shared::dataset::{Annotation, PixelBox};

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
            Some(found) => push_outline(&mut found.path, region),
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
    let mut path = String::new();
    push_outline(&mut path, region);
    path
}

/// Adds the outline of a box to a path.
pub fn push_outline(path: &mut String, region: PixelBox) {
    let (width, height) = (region.x2 - region.x1, region.y2 - region.y1);
    push(path, &[("M", region.x1), (" ", region.y1), ("h", width), ("v", height), ("h", -width)]);
    path.push('z');
}

/// Adds parts of a path: each a command, or what parts two numbers, and a number, to a tenth of a pixel.
pub fn push(path: &mut String, parts: &[(&str, f64)]) {
    for (command, number) in parts {
        path.push_str(command);
        push_tenths(path, *number);
    }
}

/// By hand: a page of crowded pictures has tens of thousands of numbers, written anew with every move of a slider, and the
/// standard library's formatting is made for exactness, not for that.
fn push_tenths(path: &mut String, number: f64) {
    // A cast that keeps within bounds what is no place on a picture.
    let tenths = (number * 10.0).round() as i32;
    if tenths < 0 {
        path.push('-');
    }
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    let mut place = 1;
    while whole / place >= 10 {
        place *= 10;
    }
    while place > 0 {
        path.push(digit(whole / place));
        place /= 10;
    }
    if tenth > 0 {
        path.push('.');
        path.push(digit(tenth));
    }
}

/// The last digit of a number.
const fn digit(number: u32) -> char {
    (b'0' + (number % 10) as u8) as char
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
        assert_eq!(paths[0].path, "M1 1h10v5h-10zM3 3h10v5h-10z");
        assert_eq!(all_outlines(&annotations).matches('M').count(), 3);
    }

    #[test]
    fn places_are_written_to_a_tenth() {
        for (number, expected) in [
            (0.0, "0"),
            (0.04, "0"),
            (0.06, "0.1"),
            (-0.06, "-0.1"),
            (9.96, "10"),
            (1234.5, "1234.5"),
            (-10.0, "-10"),
            (1e300, "214748364.7"),
            (f64::NAN, "0"),
        ] {
            let mut path = String::new();
            push(&mut path, &[("", number)]);
            assert_eq!(path, expected);
        }
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
