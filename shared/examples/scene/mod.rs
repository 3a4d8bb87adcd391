//! A generated scene of COCO's size: 5,000 images, 80 classes, 40,000 boxes with 1 % crowds, and
//! 236,000 detections with tied scores.

use std::fmt::Write as _;

const IMAGES: u64 = 5_000;
const CLASSES: u64 = 80;
const BOXES: usize = 40_000;
const DETECTIONS: usize = 236_000;

/// The two files.
pub fn scene() -> (String, String) {
    let mut numbers = Numbers(20_261_126);
    let boxes: Vec<Placed> = (0..BOXES).map(|_| Placed::anywhere(&mut numbers)).collect();
    (truth_of(&boxes, &mut numbers), detections_of(&boxes, &mut numbers))
}

/// A linear congruential generator with Knuth's constants; its high bits are used.
struct Numbers(u64);

impl Numbers {
    /// 0 to 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, count: u64) -> u64 {
        (self.fraction() * count as f64) as u64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.fraction() * (high - low)
    }
}

#[derive(Clone, Copy)]
struct Placed {
    image: u64,
    class: u64,
    region: [f64; 4],
}

impl Placed {
    /// Some classes and images have many boxes, most have few; sides spread over all three sizes.
    fn anywhere(numbers: &mut Numbers) -> Self {
        let skewed = numbers.fraction() * numbers.fraction();
        let class = (skewed * CLASSES as f64) as u64;
        let crowded = numbers.fraction();
        let image = (crowded * crowded * IMAGES as f64) as u64;
        let side = 8.0 + 300.0 * numbers.fraction() * numbers.fraction();
        let shape = numbers.between(0.5, 2.0);
        let (left, top) = (numbers.between(0.0, 560.0), numbers.between(0.0, 400.0));
        Self { image, class, region: [left, top, side, side * shape] }
    }

    /// Moved and stretched by up to a share of its sides.
    fn near(self, share: f64, numbers: &mut Numbers) -> Self {
        let [left, top, width, height] = self.region;
        let mut shift = |side: f64| side * numbers.between(-share, share);
        let region = [left + shift(width), top + shift(height), width + shift(width), height + shift(height)];
        Self { region, ..self }
    }
}

/// Ids are neither dense nor in order, as in real files.
fn image_id(image: u64) -> u64 {
    (image * 7_919 + 13) % 581_921
}

fn category_id(class: u64) -> u64 {
    class + 1 + class / 7
}

fn truth_of(boxes: &[Placed], numbers: &mut Numbers) -> String {
    let images = (0..IMAGES).map(|image| {
        let id = image_id(image);
        format!(r#"{{"id":{id},"width":640,"height":480,"file_name":"{id:012}.jpg"}}"#)
    });
    let categories = (0..CLASSES).map(|class| {
        let id = category_id(class);
        format!(r#"{{"id":{id},"name":"class {id}","supercategory":"thing"}}"#)
    });
    let annotations = boxes.iter().enumerate().map(|(id, placed)| {
        let [left, top, width, height] = placed.region;
        let (image, category) = (image_id(placed.image), category_id(placed.class));
        // The area of an outline is smaller than that of its box.
        let (area, crowd) = (width * height * numbers.between(0.5, 1.0), u8::from(numbers.below(100) == 0));
        format!(
            r#"{{"id":{id},"image_id":{image},"category_id":{category},"bbox":[{left:.2},{top:.2},{width:.2},{height:.2}],"area":{area:.4},"iscrowd":{crowd},"segmentation":[[{left:.2},{top:.2},{left:.2},{height:.2},{width:.2},{height:.2}]]}}"#
        )
    });
    format!(
        "{{\"info\":{{\"description\":\"generated\"}},\"licenses\":[],\"images\":[{}],\"annotations\":[{}],\"categories\":[{}]}}",
        joined(images),
        joined(annotations),
        joined(categories)
    )
}

fn detections_of(boxes: &[Placed], numbers: &mut Numbers) -> String {
    let found = (0..DETECTIONS).map(|_| {
        let source = boxes[numbers.below(boxes.len() as u64) as usize];
        let kind = numbers.fraction();
        let (mut placed, surest) = if kind < 0.15 {
            (source.near(0.08, numbers), 1.0)
        } else if kind < 0.5 {
            (source.near(0.4, numbers), 0.6)
        } else {
            (Placed { image: source.image, ..Placed::anywhere(numbers) }, 0.3)
        };
        if numbers.below(10) == 0 {
            placed.class = numbers.below(CLASSES);
        }
        let [left, top, width, height] = placed.region;
        // Three digits make ties within and between images.
        let score = surest * numbers.fraction().max(0.002);
        let (image, category) = (image_id(placed.image), category_id(placed.class));
        format!(
            r#"{{"image_id":{image},"category_id":{category},"bbox":[{left:.3},{top:.3},{width:.3},{height:.3}],"score":{score:.3}}}"#
        )
    });
    format!("[{}]", joined(found))
}

fn joined(entries: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (place, entry) in entries.enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{entry}");
    }
    text
}
