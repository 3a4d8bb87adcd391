//! The YOLOv8 family: its five sizes, and how many weights each has.
//!
//! Must not know how the network is computed. The shape is that of the published model files:
//! a backbone of five strided convolutions with C2f blocks, a PAN head, and a decoupled detect head.

use super::coco_labels::COCO_LABELS;
use super::{Architecture, Origin, Variant};
use crate::config::detection_schema;
use crate::dataset::Task;

pub(super) const YOLOV8: Architecture = Architecture {
    id: "yolov8",
    name: "YOLOv8",
    title: "Finds objects as boxes with labels",
    task: Task::Detection,
    variants: &[
        Variant { name: "n", title: "Nano" },
        Variant { name: "s", title: "Small" },
        Variant { name: "m", title: "Medium" },
        Variant { name: "l", title: "Large" },
        Variant { name: "x", title: "Extra large" },
    ],
    labels: COCO_LABELS,
    secrets: &[],
    origin: Origin::BuiltIn { schema: detection_schema, parameters },
};

/// Edges of a box are distributions over this many places.
const EDGE_PLACES: u64 = 16;

/// Every weight, including the detect head's constant projection over [`EDGE_PLACES`].
fn parameters(variant: &str, classes: u64) -> Option<u64> {
    // Width in quarters, greatest channel count before widening, blocks in short and long stages.
    let (quarters, most, short, long) = match variant {
        "n" => (1, 1024, 1, 2),
        "s" => (2, 1024, 1, 2),
        "m" => (3, 768, 2, 4),
        "l" => (4, 512, 3, 6),
        "x" => (5, 512, 3, 6),
        _ => return None,
    };
    let width = |channels: u64| channels.min(most) * quarters / 4;
    let [c64, c128, c256, c512, c1024] = [64, 128, 256, 512, 1024].map(width);
    let backbone = conv(3, c64, 3)
        + conv(c64, c128, 3)
        + c2f(c128, c128, short)
        + conv(c128, c256, 3)
        + c2f(c256, c256, long)
        + conv(c256, c512, 3)
        + c2f(c512, c512, long)
        + conv(c512, c1024, 3)
        + c2f(c1024, c1024, short)
        + pooling(c1024);
    let head = c2f(c1024 + c512, c512, short)
        + c2f(c512 + c256, c256, short)
        + conv(c256, c256, 3)
        + c2f(c256 + c512, c512, short)
        + conv(c512, c512, 3)
        + c2f(c512 + c1024, c1024, short);
    Some(backbone + head + detect([c256, c512, c1024], classes))
}

/// A convolution without bias and its normalisation.
const fn conv(from: u64, to: u64, kernel: u64) -> u64 {
    from * to * kernel * kernel + 2 * to
}

/// A cross-stage block of `blocks` bottlenecks at half width.
const fn c2f(from: u64, to: u64, blocks: u64) -> u64 {
    let half = to / 2;
    conv(from, 2 * half, 1) + conv((2 + blocks) * half, to, 1) + blocks * 2 * conv(half, half, 3)
}

/// Spatial pyramid pooling at half width.
const fn pooling(channels: u64) -> u64 {
    let half = channels / 2;
    conv(channels, half, 1) + conv(4 * half, channels, 1)
}

/// Box and class branches at three strides.
fn detect(levels: [u64; 3], classes: u64) -> u64 {
    let edges = 4 * EDGE_PLACES;
    let box_width = 16.max(levels[0] / 4).max(edges);
    let class_width = levels[0].max(classes.min(100));
    let branch = |from, width, out| conv(from, width, 3) + conv(width, width, 3) + width * out + out;
    let branches: u64 = levels
        .into_iter()
        .map(|from| branch(from, box_width, edges) + branch(from, class_width, classes))
        .sum();
    branches + EDGE_PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_published_models() {
        // As printed for the published weights of 80 classes.
        for (variant, expected) in
            [("n", 3_157_200), ("s", 11_166_560), ("m", 25_902_640), ("l", 43_691_520), ("x", 68_229_648)]
        {
            assert_eq!(parameters(variant, 80), Some(expected), "{variant}");
        }
        assert_eq!(parameters("q", 80), None);
    }
}
