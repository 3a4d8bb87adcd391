//! Train pictures of a classifier: a random part of the picture, resized to the network's square; and what a validation
//! sees of a picture.
//!
//! Source: Szegedy et al. 2015, "Going Deeper with Convolutions", section 6. Knows no files, tensors or epochs.

use rand::{Rng, RngExt};
use shared::config::ClassificationConfig;

use super::canvas::Canvas;
use super::colour::change_colours;
use super::geometry::{uniform, warp};

/// Draws of a part before the middle is taken.
const TRIES: usize = 10;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Cropping {
    least_share: f32,
    most_ratio: f32,
    flip_horizontal: f32,
    flip_vertical: f32,
    colours: [f32; 3],
    translate: f32,
}

/// A part of a picture, in its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Cropping {
    /// What the configuration asks for.
    pub fn new(config: &ClassificationConfig) -> Self {
        Self {
            least_share: config.crop_scale as f32,
            most_ratio: config.crop_ratio as f32,
            flip_horizontal: config.fliplr as f32,
            flip_vertical: config.flipud as f32,
            colours: [config.hsv_h, config.hsv_s, config.hsv_v].map(|gain| gain as f32),
            translate: config.translate as f32,
        }
    }

    /// Makes one train picture of `side` by `side` pixels.
    pub fn sample(&self, picture: &Canvas, side: usize, random: &mut impl Rng) -> Canvas {
        let part = self.part(picture, random);
        let mut shift = || side as f32 * uniform(random, -self.translate, self.translate);
        let shift = [shift(), shift()];
        let mut canvas = view(picture, part, side, shift);
        if random.random::<f32>() < self.flip_horizontal {
            canvas.flip_horizontal();
        }
        if random.random::<f32>() < self.flip_vertical {
            canvas.flip_vertical();
        }
        let [hue, saturation, brightness] = self.colours;
        if hue > 0.0 || saturation > 0.0 || brightness > 0.0 {
            change_colours(&mut canvas, hue, saturation, brightness, random);
        }
        canvas
    }

    /// A part whose share of the area and whose ratio of width to height are drawn, the ratio on a logarithmic scale.
    fn part(&self, picture: &Canvas, random: &mut impl Rng) -> Part {
        let (width, height) = (picture.width as f32, picture.height as f32);
        if self.least_share >= 1.0 {
            return square(picture);
        }
        for _ in 0..TRIES {
            let area = width * height * uniform(random, self.least_share, 1.0);
            let bound = self.most_ratio.ln();
            let ratio = uniform(random, -bound, bound).exp();
            let (across, down) = ((area * ratio).sqrt(), (area / ratio).sqrt());
            if across <= width && down <= height {
                let left = uniform(random, 0.0, width - across);
                let top = uniform(random, 0.0, height - down);
                return Part { left, top, width: across, height: down };
            }
        }
        square(picture)
    }
}

/// What a validation sees: the middle square of a picture, at `side` by `side` pixels.
pub fn middle_square(picture: &Canvas, side: usize) -> Canvas {
    view(picture, square(picture), side, [0.0; 2])
}

fn square(picture: &Canvas) -> Part {
    let (width, height) = (picture.width as f32, picture.height as f32);
    let length = width.min(height);
    Part { left: (width - length) / 2.0, top: (height - length) / 2.0, width: length, height: length }
}

/// Stretches a part over the square and shifts it there.
fn view(picture: &Canvas, part: Part, side: usize, shift: [f32; 2]) -> Canvas {
    let factor = [side as f32 / part.width, side as f32 / part.height];
    let offset = [shift[0] - part.left * factor[0], shift[1] - part.top * factor[1]];
    warp(picture, side, factor, offset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Red grows from left to right, green from top to bottom.
    fn ramp(width: usize, height: usize) -> Canvas {
        let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 7]));
        Canvas { width, height, pixels: pixels.collect() }
    }

    fn plain() -> ClassificationConfig {
        ClassificationConfig {
            fliplr: 0.0,
            crop_scale: 1.0,
            translate: 0.0,
            ..ClassificationConfig::default()
        }
    }

    fn draw(config: &ClassificationConfig, picture: &Canvas, seed: u64) -> Canvas {
        Cropping::new(config).sample(picture, 32, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    #[test]
    fn a_validation_sees_the_middle_and_so_does_a_training_without_variation() {
        let picture = ramp(64, 32);
        let seen = middle_square(&picture, 32);
        assert_eq!(seen.pixels[..3], [16, 0, 7]);
        assert_eq!(seen.pixels[seen.pixels.len() - 3..], [47, 31, 7]);
        assert_eq!(draw(&plain(), &picture, 5), seen);
    }

    #[test]
    fn the_same_randomness_gives_the_same_picture_and_flips_mirror() {
        let picture = ramp(60, 48);
        let config = ClassificationConfig::default();
        assert_eq!(draw(&config, &picture, 3), draw(&config, &picture, 3));
        assert_ne!(draw(&config, &picture, 3), draw(&config, &picture, 4));
        let flipped = ClassificationConfig { fliplr: 1.0, ..plain() };
        let mut expected = middle_square(&picture, 32);
        expected.flip_horizontal();
        assert_eq!(draw(&flipped, &picture, 1), expected);
    }

    #[test]
    fn a_shift_leaves_grey() {
        let picture = Canvas { width: 32, height: 32, pixels: vec![255; 32 * 32 * 3] };
        let config = ClassificationConfig { translate: 0.5, ..plain() };
        let is_grey = |canvas: &Canvas| canvas.pixels.contains(&super::super::GREY);
        assert!((0..10).any(|seed| is_grey(&draw(&config, &picture, seed))));
        assert!(!is_grey(&draw(&plain(), &picture, 0)));
    }

    proptest! {
        #[test]
        fn parts_lie_within_the_picture_and_are_as_large_and_long_as_asked(
            width in 1usize..300, height in 1usize..300, share in 0.05f64..0.99, ratio in 1.0f64..3.0, seed: u64,
        ) {
            let picture = Canvas::grey(width, height);
            let config = ClassificationConfig { crop_scale: share, crop_ratio: ratio, ..plain() };
            let part = Cropping::new(&config).part(&picture, &mut ChaCha8Rng::seed_from_u64(seed));
            let (width, height) = (width as f32, height as f32);
            prop_assert!(part.left >= 0.0 && part.top >= 0.0);
            prop_assert!(part.left + part.width <= width * 1.0001 && part.top + part.height <= height * 1.0001);
            if part != square(&picture) {
                let found = part.width * part.height / (width * height);
                prop_assert!(found >= share as f32 * 0.999 && found <= 1.001, "{}", found);
                let long = (part.width / part.height).max(part.height / part.width);
                prop_assert!(long <= ratio as f32 * 1.001, "{}", long);
            }
        }
    }
}
