//! Boxes in the forms that files and networks use, and their way to pixels.
//!
//! Must not know file formats. All forms are axis-aligned; y grows downwards.

use crate::dataset::PixelBox;
use serde::{Deserialize, Serialize};

/// A box by its centre and size; in pixels, or as fractions of the image (as YOLO files write it).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CentredBox {
    /// Centre, from the left.
    pub x: f64,
    /// Centre, from the top.
    pub y: f64,
    /// Across.
    pub width: f64,
    /// Down.
    pub height: f64,
}

/// Width and height of an image in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl ImageSize {
    fn sides(self) -> (f64, f64) {
        (f64::from(self.width), f64::from(self.height))
    }
}

impl PixelBox {
    /// From left, top, width and height in pixels, as COCO files write it.
    #[must_use]
    pub fn from_left_top(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { x1: left, y1: top, x2: left + width, y2: top + height }
    }

    /// From centre and size in pixels.
    #[must_use]
    pub fn from_centred(centred: CentredBox) -> Self {
        let (half_width, half_height) = (centred.width / 2.0, centred.height / 2.0);
        Self {
            x1: centred.x - half_width,
            y1: centred.y - half_height,
            x2: centred.x + half_width,
            y2: centred.y + half_height,
        }
    }

    /// From centre and size as fractions of the image.
    #[must_use]
    pub fn from_normalised(fractions: CentredBox, image: ImageSize) -> Self {
        let (across, down) = image.sides();
        Self::from_centred(CentredBox {
            x: fractions.x * across,
            y: fractions.y * down,
            width: fractions.width * across,
            height: fractions.height * down,
        })
    }

    /// Centre and size in pixels.
    #[must_use]
    pub fn centred(&self) -> CentredBox {
        CentredBox {
            x: (self.x1 + self.x2) / 2.0,
            y: (self.y1 + self.y2) / 2.0,
            width: self.width(),
            height: self.height(),
        }
    }

    /// Centre and size as fractions of the image; `None` for an image without pixels.
    #[must_use]
    pub fn normalised(&self, image: ImageSize) -> Option<CentredBox> {
        if image.width == 0 || image.height == 0 {
            return None;
        }
        let ((across, down), centred) = (image.sides(), self.centred());
        Some(CentredBox {
            x: centred.x / across,
            y: centred.y / down,
            width: centred.width / across,
            height: centred.height / down,
        })
    }

    /// Pixels across; negative for a box that is turned inside out.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.x2 - self.x1
    }

    /// Pixels down; negative for a box that is turned inside out.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.y2 - self.y1
    }

    /// Whether it is finite and has an area.
    #[must_use]
    pub fn has_area(&self) -> bool {
        [self.x1, self.y1, self.x2, self.y2].into_iter().all(f64::is_finite)
            && self.x2 > self.x1
            && self.y2 > self.y1
    }

    /// The part of it that lies on the image; `None` when nothing of it does.
    #[must_use]
    pub fn clamped_to(&self, image: ImageSize) -> Option<Self> {
        if !self.has_area() {
            return None;
        }
        let (across, down) = image.sides();
        let clamped = Self {
            x1: self.x1.clamp(0.0, across),
            y1: self.y1.clamp(0.0, down),
            x2: self.x2.clamp(0.0, across),
            y2: self.y2.clamp(0.0, down),
        };
        clamped.has_area().then_some(clamped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IMAGE: ImageSize = ImageSize { width: 640, height: 480 };

    fn region(x1: f64, y1: f64, x2: f64, y2: f64) -> PixelBox {
        PixelBox { x1, y1, x2, y2 }
    }

    #[test]
    fn the_same_box_in_every_form() {
        let expected = region(160.0, 120.0, 480.0, 360.0);
        let fractions = CentredBox { x: 0.5, y: 0.5, width: 0.5, height: 0.5 };
        assert_eq!(PixelBox::from_left_top(160.0, 120.0, 320.0, 240.0), expected);
        assert_eq!(PixelBox::from_normalised(fractions, IMAGE), expected);
        assert_eq!(expected.normalised(IMAGE), Some(fractions));
        assert_eq!(expected.normalised(ImageSize { width: 0, height: 480 }), None);
    }

    #[test]
    fn what_lies_on_the_image_stays() {
        for (given, expected) in [
            (region(-10.0, -10.0, 20.0, 20.0), Some(region(0.0, 0.0, 20.0, 20.0))),
            (region(600.0, 400.0, 700.0, 500.0), Some(region(600.0, 400.0, 640.0, 480.0))),
            (region(0.0, 0.0, 640.0, 480.0), Some(region(0.0, 0.0, 640.0, 480.0))),
            (region(640.0, 0.0, 700.0, 10.0), None),
            (region(-20.0, -20.0, -1.0, -1.0), None),
            (region(10.0, 10.0, 10.0, 20.0), None),
            (region(20.0, 20.0, 10.0, 10.0), None),
            (region(f64::NAN, 0.0, 10.0, 10.0), None),
            (region(0.0, 0.0, f64::INFINITY, 10.0), None),
        ] {
            assert_eq!(given.clamped_to(IMAGE), expected, "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back_again(x in -0.5..1.5f64, y in -0.5..1.5f64, width in 0.001..1.0f64, height in 0.001..1.0f64) {
            let pixels = PixelBox::from_normalised(CentredBox { x, y, width, height }, IMAGE);
            let back = pixels.normalised(IMAGE).unwrap();
            for (found, wanted) in [(back.x, x), (back.y, y), (back.width, width), (back.height, height)] {
                prop_assert!((found - wanted).abs() < 1e-12);
            }
            if let Some(clamped) = pixels.clamped_to(IMAGE) {
                prop_assert!(clamped.has_area() && clamped.x1 >= 0.0 && clamped.x2 <= 640.0);
                prop_assert_eq!(clamped.clamped_to(IMAGE), Some(clamped));
            }
        }
    }
}
