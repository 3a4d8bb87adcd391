//! The images that the sliders are measured on, the same in every benchmark and in the browser.
//!
//! Must not know how time is measured.

mod random;

use random::SplitMix;
use shared::dataset::PixelBox;
use shared::metrics::{Detection, GroundTruth};

/// One image: what is there and what was found.
pub type Image = (Vec<GroundTruth>, Vec<Detection>);

/// Images of 640 by 640 pixels, each with a tenth of `boxes_per_image` as targets and the rest as
/// detections: two thirds of these near a target, some of the wrong class, and the rest anywhere.
/// Scores have three digits, so that many are equal.
pub fn images(count: usize, boxes_per_image: usize, classes: usize, seed: u64) -> Vec<Image> {
    let mut random = SplitMix(seed);
    (0..count).map(|_| image(&mut random, boxes_per_image, classes)).collect()
}

fn image(random: &mut SplitMix, boxes: usize, classes: usize) -> Image {
    let target_count = boxes.div_ceil(10);
    let targets: Vec<GroundTruth> = (0..target_count)
        .map(|_| GroundTruth { class: random.below(classes), region: region(random) })
        .collect();
    let detections = (target_count..boxes)
        .map(|_| {
            let score = (random.unit() * 1000.0).floor() / 1000.0;
            if random.below(3) == 0 || targets.is_empty() {
                return Detection { class: random.below(classes), score, region: region(random) };
            }
            let target = targets[random.below(targets.len())];
            let class = if random.below(5) == 0 { random.below(classes) } else { target.class };
            Detection { class, score, region: moved(target.region, random) }
        })
        .collect();
    (targets, detections)
}

fn region(random: &mut SplitMix) -> PixelBox {
    let (width, height) = (8.0 + random.unit() * 150.0, 8.0 + random.unit() * 150.0);
    PixelBox::from_left_top(random.unit() * (640.0 - width), random.unit() * (640.0 - height), width, height)
}

fn moved(region: PixelBox, random: &mut SplitMix) -> PixelBox {
    let mut shift = |side: f64| (random.unit() - 0.5) * 0.4 * side;
    let (width, height) = (region.width(), region.height());
    PixelBox {
        x1: region.x1 + shift(width),
        y1: region.y1 + shift(height),
        x2: region.x2 + shift(width),
        y2: region.y2 + shift(height),
    }
}
