//! From logits on the host to the boxes of an image: only cells above the threshold are decoded.
//!
//! Knows no tensors, files or metrics.

use shared::dataset::PixelBox;

use crate::assign::Grid;
use crate::loss::Logits;
use crate::nms::{Detection, NmsOptions, suppress};

/// The boxes of image number `image` in pixels of the network's input, strongest first.
pub fn detections(logits: &Logits, image: usize, grid: &Grid, options: &NmsOptions) -> Vec<Detection> {
    // The threshold as a logit: most cells are dropped, and so need no exponential.
    let threshold = f64::from(options.confidence_threshold).clamp(0.0, 1.0);
    let threshold = (threshold / (1.0 - threshold)).ln();
    let is_above = |anchor: usize| {
        (0..logits.class_count).any(|class| logits.class_logit(image, class, anchor) > threshold)
    };
    let mut boxes = Vec::new();
    let mut scores = Vec::new();
    for anchor in (0..logits.anchors).filter(|&anchor| is_above(anchor)) {
        let stride = f64::from(grid.strides[anchor]);
        let corners = logits.corners(image, anchor, grid.points[anchor]);
        boxes.push(corners.map(|value| (value * stride) as f32));
        scores.extend((0..logits.class_count).map(|class| logits.probability(image, class, anchor) as f32));
    }
    suppress(&boxes, &scores, logits.class_count, options)
}

/// A box within an image of this width and height.
pub(crate) fn region(corners: [f32; 4], [width, height]: [u32; 2]) -> PixelBox {
    let [x1, y1, x2, y2] = corners.map(f64::from);
    let (width, height) = (f64::from(width), f64::from(height));
    PixelBox {
        x1: x1.clamp(0.0, width),
        y1: y1.clamp(0.0, height),
        x2: x2.clamp(0.0, width),
        y2: y2.clamp(0.0, height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_become_boxes() {
        let grid = Grid::new(32, 32);
        let anchors = grid.count();
        let mut logits = Logits {
            boxes: vec![0.0; 64 * anchors],
            classes: vec![-9.0; 2 * anchors],
            images: 1,
            anchors,
            class_count: 2,
        };
        // Cell 5 (second row, second column of stride 8) sees class 1 reaching one cell to every side.
        logits.classes[anchors + 5] = 3.0;
        for side in 0..4 {
            logits.boxes[(side * 16 + 1) * anchors + 5] = 100.0;
        }
        let boxes = detections(&logits, 0, &grid, &NmsOptions::PREDICTION);
        assert_eq!(boxes.len(), 1);
        assert_eq!((boxes[0].class, boxes[0].corners), (1, [4.0, 4.0, 20.0, 20.0]));
        assert!((boxes[0].score - 0.952_574).abs() < 1e-5);
    }
}
