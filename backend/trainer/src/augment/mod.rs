//! Train pictures as the network sees them: mosaic, scale, shift, flips and colours.
//!
//! Works on pictures in memory and on a given source of randomness; knows no files, tensors or epochs.

mod canvas;
mod colour;
mod crop;
mod geometry;

pub use canvas::{Canvas, GREY};
pub use crop::{Cropping, middle_square};
pub use geometry::{Placement, Sample, letterbox, shifted};

use rand::{Rng, RngExt};
use shared::config::DetectionConfig;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Augmentation {
    mosaic: f32,
    flip_horizontal: f32,
    flip_vertical: f32,
    hue: f32,
    saturation: f32,
    brightness: f32,
    translate: f32,
    scale: f32,
}

impl Augmentation {
    /// What the configuration asks for.
    pub fn new(config: &DetectionConfig) -> Self {
        Self {
            mosaic: config.mosaic as f32,
            flip_horizontal: config.fliplr as f32,
            flip_vertical: config.flipud as f32,
            hue: config.hsv_h as f32,
            saturation: config.hsv_s as f32,
            brightness: config.hsv_v as f32,
            translate: config.translate as f32,
            scale: config.scale as f32,
        }
    }

    /// The same without mosaic, for the last epochs.
    #[must_use]
    pub fn without_mosaic(self) -> Self {
        Self { mosaic: 0.0, ..self }
    }

    /// Makes one train picture of `side` by `side` pixels out of picture number `index` of `count`.
    ///
    /// `picture` gives a picture whose longer side is `side`, with its targets.
    ///
    /// # Errors
    /// What `picture` fails with.
    pub fn sample<E>(
        &self,
        index: usize,
        count: usize,
        side: usize,
        random: &mut impl Rng,
        mut picture: impl FnMut(usize) -> Result<Sample, E>,
    ) -> Result<Sample, E> {
        let is_mosaic = random.random::<f32>() < self.mosaic;
        let whole = if is_mosaic {
            let mut other = || random.random_range(0..count);
            let [second, third, fourth] = [other(), other(), other()];
            let parts = [picture(index)?, picture(second)?, picture(third)?, picture(fourth)?];
            geometry::mosaic(&parts, side, random)
        } else {
            let alone = picture(index)?;
            let (canvas, corner) = letterbox(&alone.canvas, side, side);
            Sample { canvas, targets: shifted(&alone.targets, corner) }
        };
        let mut sample = if is_mosaic || self.scale > 0.0 || self.translate > 0.0 {
            geometry::rescale(&whole, side, self.scale, self.translate, random)
        } else {
            whole
        };
        self.flip_and_colour(&mut sample, side as f32, random);
        Ok(sample)
    }

    fn flip_and_colour(&self, sample: &mut Sample, side: f32, random: &mut impl Rng) {
        if random.random::<f32>() < self.flip_horizontal {
            sample.canvas.flip_horizontal();
            for target in &mut sample.targets {
                let [x1, y1, x2, y2] = target.corners;
                target.corners = [side - x2, y1, side - x1, y2];
            }
        }
        if random.random::<f32>() < self.flip_vertical {
            sample.canvas.flip_vertical();
            for target in &mut sample.targets {
                let [x1, y1, x2, y2] = target.corners;
                target.corners = [x1, side - y2, x2, side - y1];
            }
        }
        if self.hue > 0.0 || self.saturation > 0.0 || self.brightness > 0.0 {
            let gains = (self.hue, self.saturation, self.brightness);
            colour::change_colours(&mut sample.canvas, gains.0, gains.1, gains.2, random);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use crate::assign::Target;

    use super::*;

    fn picture(index: usize) -> Result<Sample, Infallible> {
        let mut canvas = Canvas::grey(64, 48);
        let object = Canvas { width: 20, height: 20, pixels: vec![40 * index as u8; 20 * 20 * 3] };
        canvas.paste(&object, 10, 10);
        Ok(Sample { canvas, targets: vec![Target { class: index, corners: [10.0, 10.0, 30.0, 30.0] }] })
    }

    #[test]
    fn the_same_randomness_gives_the_same_picture() {
        let augmentation = Augmentation::new(&DetectionConfig::default());
        let draw = |seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            augmentation.sample(0, 4, 64, &mut random, picture).unwrap()
        };
        assert_eq!(draw(3).canvas, draw(3).canvas);
        assert_ne!(draw(3).canvas, draw(4).canvas);
        assert_eq!((draw(3).canvas.width, draw(3).canvas.height), (64, 64));
    }

    #[test]
    fn nothing_asked_for_is_a_letterbox() {
        let none = DetectionConfig {
            mosaic: 0.0,
            fliplr: 0.0,
            hsv_h: 0.0,
            hsv_s: 0.0,
            hsv_v: 0.0,
            translate: 0.0,
            scale: 0.0,
            ..DetectionConfig::default()
        };
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let sample = Augmentation::new(&none).sample(2, 4, 64, &mut random, picture).unwrap();
        assert_eq!(sample.canvas, letterbox(&picture(2).unwrap().canvas, 64, 64).0);
        assert_eq!(sample.targets[0].corners, [10.0, 18.0, 30.0, 38.0]);
    }

    #[test]
    fn targets_stay_inside_the_picture() {
        let augmentation = Augmentation::new(&DetectionConfig { flipud: 0.5, ..DetectionConfig::default() });
        for seed in 0..200 {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let sample = augmentation.sample(1, 4, 64, &mut random, picture).unwrap();
            for target in &sample.targets {
                let [x1, y1, x2, y2] = target.corners;
                assert!(0.0 <= x1 && x1 + 2.0 < x2 && x2 <= 64.0, "{target:?}");
                assert!(0.0 <= y1 && y1 + 2.0 < y2 && y2 <= 64.0, "{target:?}");
            }
        }
    }
    proptest! {
        /// Any picture whose longer side is the network's, however thin, and boxes anywhere on it.
        #[test]
        fn odd_pictures_give_whole_samples(
            sizes in prop::array::uniform4((1_usize..=64, any::<bool>())),
            corners in (0.0_f32..64.0, 0.0_f32..64.0, 0.1_f32..64.0, 0.1_f32..64.0),
            seed in any::<u64>(),
            mosaic in any::<bool>(),
        ) {
            let config = DetectionConfig {
                mosaic: f64::from(u8::from(mosaic)),
                flipud: 0.5,
                scale: 0.9,
                translate: 0.5,
                ..DetectionConfig::default()
            };
            let part = |index: usize| -> Result<Sample, Infallible> {
                let (short, is_wide) = sizes[index];
                let (width, height) = if is_wide { (64, short) } else { (short, 64) };
                let (x, y, w, h) = corners;
                let corners = [x, y, (x + w).min(width as f32), (y + h).min(height as f32)];
                let targets = vec![Target { class: index, corners }];
                Ok(Sample { canvas: Canvas::grey(width, height), targets })
            };
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let sample = Augmentation::new(&config).sample(0, 4, 64, &mut random, part).unwrap();
            prop_assert_eq!(sample.canvas.pixels.len(), 64 * 64 * 3);
            for target in &sample.targets {
                let [x1, y1, x2, y2] = target.corners;
                prop_assert!(0.0 <= x1 && x1 < x2 && x2 <= 64.0 && 0.0 <= y1 && y1 < y2 && y2 <= 64.0);
            }
        }
    }
}
