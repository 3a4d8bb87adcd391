//! Letterbox, mosaic and change of scale and place: where pixels and boxes go.
//!
//! Source of the mosaic: Bochkovskiy et al. 2020, "YOLOv4", section 3.3. Knows no colours and no files.

use rand::{Rng, RngExt};

use crate::assign::Target;

use super::canvas::Canvas;

/// Boxes narrower or lower than this many pixels after augmentation are dropped.
const SMALLEST_SIDE: f32 = 2.0;
/// Boxes that keep less than this share of their area are dropped.
const SMALLEST_SHARE: f32 = 0.1;
/// Boxes this many times as long as wide are dropped.
const LARGEST_RATIO: f32 = 100.0;

/// A picture and what is on it, in its own pixels.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The picture.
    pub canvas: Canvas,
    /// What is on it.
    pub targets: Vec<Target>,
}

/// How a picture was put into the network's frame: frame = picture * scale + offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Horizontal and vertical scale from the original picture.
    pub scale: [f32; 2],
    /// Pixels of the frame left of and above the picture.
    pub offset: [f32; 2],
}

impl Placement {
    /// From pixels of the frame back to pixels of the original picture.
    pub fn undo(&self, corners: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| (corners[i] - self.offset[i % 2]) / self.scale[i % 2])
    }

    /// From pixels of the original picture to pixels of the frame.
    pub fn apply(&self, corners: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| corners[i] * self.scale[i % 2] + self.offset[i % 2])
    }
}

/// Puts a picture in the middle of a grey frame; returns where its upper left corner went.
pub fn letterbox(picture: &Canvas, width: usize, height: usize) -> (Canvas, [i64; 2]) {
    let corner = [middle(width, picture.width), middle(height, picture.height)];
    let mut frame = Canvas::grey(width, height);
    frame.paste(picture, corner[0], corner[1]);
    (frame, corner)
}

fn middle(outer: usize, inner: usize) -> i64 {
    (outer as i64 - inner as i64).div_euclid(2)
}

/// Moves targets by whole pixels.
pub fn shifted(targets: &[Target], [x, y]: [i64; 2]) -> Vec<Target> {
    let by = [x as f32, y as f32, x as f32, y as f32];
    let moved = |target: &Target| Target {
        class: target.class,
        corners: std::array::from_fn(|i| target.corners[i] + by[i]),
    };
    targets.iter().map(moved).collect()
}

/// Four pictures around a random point of a frame with twice the side.
///
/// The point lies in the middle half; each picture touches it with one corner and is cut at the frame's border.
pub fn mosaic(parts: &[Sample; 4], side: usize, random: &mut impl Rng) -> Sample {
    let range = (side / 2) as i64..=(side + side / 2) as i64;
    let [x, y] = [random.random_range(range.clone()), random.random_range(range)];
    let mut frame = Canvas::grey(2 * side, 2 * side);
    let mut targets = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let left = if index % 2 == 0 { x - part.canvas.width as i64 } else { x };
        let top = if index < 2 { y - part.canvas.height as i64 } else { y };
        frame.paste(&part.canvas, left, top);
        targets.extend(shifted(&part.targets, [left, top]));
    }
    let limit = (2 * side) as f32;
    let targets = targets.into_iter().filter_map(|target| clipped(target, limit, limit)).collect();
    Sample { canvas: frame, targets }
}

fn clipped(target: Target, width: f32, height: f32) -> Option<Target> {
    let [x1, y1, x2, y2] = target.corners;
    let corners = [x1.clamp(0.0, width), y1.clamp(0.0, height), x2.clamp(0.0, width), y2.clamp(0.0, height)];
    let is_left = corners[2] > corners[0] && corners[3] > corners[1];
    is_left.then_some(Target { class: target.class, corners })
}

/// Scales by a factor in 1 - `scale` ..= 1 + `scale` about the middle, then shifts the middle by up to
/// `translate` of the side, and cuts out `side` by `side` pixels.
pub fn rescale(sample: &Sample, side: usize, scale: f32, translate: f32, random: &mut impl Rng) -> Sample {
    let factor = uniform(random, 1.0 - scale, 1.0 + scale).max(0.01);
    let length = side as f32;
    let [middle_x, middle_y] =
        std::array::from_fn(|_| uniform(random, 0.5 - translate, 0.5 + translate) * length);
    let offset_x = middle_x - factor * sample.canvas.width as f32 / 2.0;
    let offset_y = middle_y - factor * sample.canvas.height as f32 / 2.0;
    let canvas = warp(&sample.canvas, side, [factor; 2], [offset_x, offset_y]);
    let placement = Placement { scale: [factor; 2], offset: [offset_x, offset_y] };
    let kept = |target: &Target| {
        let moved = Target { class: target.class, corners: placement.apply(target.corners) };
        clipped(moved, length, length).filter(|cut| is_worth_keeping(&moved.corners, &cut.corners))
    };
    Sample { canvas, targets: sample.targets.iter().filter_map(kept).collect() }
}

pub(super) fn uniform(random: &mut impl Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * random.random::<f32>()
}

fn is_worth_keeping(whole: &[f32; 4], cut: &[f32; 4]) -> bool {
    let size = |b: &[f32; 4]| (b[2] - b[0], b[3] - b[1]);
    let ((w0, h0), (w, h)) = (size(whole), size(cut));
    let ratio = (w / h.max(1e-6)).max(h / w.max(1e-6));
    w > SMALLEST_SIDE && h > SMALLEST_SIDE && w * h > SMALLEST_SHARE * w0 * h0 && ratio < LARGEST_RATIO
}

/// One output column or row: two source positions and the weight of the second, or None outside.
type Tap = Option<(usize, usize, f32)>;

fn taps(side: usize, length: usize, factor: f32, offset: f32) -> Vec<Tap> {
    (0..side)
        .map(|position| {
            let source = (position as f32 + 0.5 - offset) / factor - 0.5;
            if source <= -0.5 || source >= length as f32 - 0.5 {
                return None;
            }
            let source = source.clamp(0.0, (length - 1) as f32);
            let low = source.floor() as usize;
            Some((low, (low + 1).min(length - 1), source - low as f32))
        })
        .collect()
}

/// Bilinear sampling of `source` * `factor` + `offset`; grey outside.
pub(super) fn warp(source: &Canvas, side: usize, factor: [f32; 2], offset: [f32; 2]) -> Canvas {
    let columns = taps(side, source.width, factor[0], offset[0]);
    let rows = taps(side, source.height, factor[1], offset[1]);
    let mut canvas = Canvas::grey(side, side);
    let row_bytes = source.width * 3;
    for (into, row) in canvas.pixels.chunks_exact_mut(side * 3).zip(rows) {
        let Some((low, high, y)) = row else { continue };
        let upper = &source.pixels[low * row_bytes..][..row_bytes];
        let lower = &source.pixels[high * row_bytes..][..row_bytes];
        let (pixels, _) = into.as_chunks_mut::<3>();
        for (pixel, column) in pixels.iter_mut().zip(&columns) {
            let Some((left, right, x)) = *column else { continue };
            for channel in 0..3 {
                let at = |row: &[u8], column: usize| f32::from(row[column * 3 + channel]);
                let above = at(upper, left) + x * (at(upper, right) - at(upper, left));
                let below = at(lower, left) + x * (at(lower, right) - at(lower, left));
                pixel[channel] = (above + y * (below - above) + 0.5) as u8;
            }
        }
    }
    canvas
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::super::GREY;
    use super::*;

    fn sample(width: usize, height: usize, corners: [f32; 4]) -> Sample {
        let canvas = Canvas { width, height, pixels: vec![200; width * height * 3] };
        Sample { canvas, targets: vec![Target { class: 0, corners }] }
    }

    #[test]
    fn letterbox_keeps_the_picture_in_the_middle() {
        let (frame, corner) = letterbox(&sample(4, 2, [0.0; 4]).canvas, 8, 8);
        assert_eq!(corner, [2, 3]);
        let bright = frame.pixels.iter().filter(|value| **value == 200).count();
        assert_eq!(bright, 4 * 2 * 3);
        assert_eq!(frame.pixels[0], GREY);
    }

    #[test]
    fn placement_can_be_undone() {
        let placement = Placement { scale: [0.5, 0.25], offset: [3.0, 7.0] };
        let corners = [10.0, 20.0, 30.0, 44.0];
        assert_eq!(placement.apply(corners), [8.0, 12.0, 18.0, 18.0]);
        assert_eq!(placement.undo(placement.apply(corners)), corners);
    }

    /// The brightest area must stay under its box, whatever the random choices.
    #[test]
    fn boxes_follow_their_pixels() {
        for seed in 0..50 {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let mut picture = Canvas::grey(64, 48);
            let object = Canvas { width: 20, height: 16, pixels: vec![255; 20 * 16 * 3] };
            picture.paste(&object, 30, 20);
            let target = Target { class: 0, corners: [30.0, 20.0, 50.0, 36.0] };
            let blank = Sample { canvas: Canvas::grey(64, 48), targets: vec![] };
            let part = Sample { canvas: picture, targets: vec![target] };
            let frame = mosaic(&[blank.clone(), blank.clone(), part, blank], 64, &mut random);
            let result = rescale(&frame, 64, 0.4, 0.1, &mut random);
            let bright = |x: usize, y: usize| result.canvas.pixels[(y * 64 + x) * 3] > 200;
            let all: Vec<(usize, usize)> =
                (0..64).flat_map(|y| (0..64).map(move |x| (x, y))).filter(|&(x, y)| bright(x, y)).collect();
            for target in &result.targets {
                let [x1, y1, x2, y2] = target.corners;
                let near = |value: usize, edge: f32| (value as f32 + 0.5 - edge).abs() <= 1.5;
                assert!(near(all.iter().map(|p| p.0).min().unwrap(), x1), "{seed}: {target:?}");
                assert!(near(all.iter().map(|p| p.1).min().unwrap(), y1), "{seed}: {target:?}");
                assert!(near(all.iter().map(|p| p.0).max().unwrap(), x2), "{seed}: {target:?}");
                assert!(near(all.iter().map(|p| p.1).max().unwrap(), y2), "{seed}: {target:?}");
            }
        }
    }

    #[test]
    fn slivers_are_dropped() {
        assert!(is_worth_keeping(&[0.0, 0.0, 10.0, 10.0], &[0.0, 0.0, 10.0, 5.0]));
        assert!(!is_worth_keeping(&[0.0, 0.0, 10.0, 10.0], &[0.0, 0.0, 1.5, 10.0]));
        assert!(!is_worth_keeping(&[0.0, 0.0, 100.0, 10.0], &[0.0, 0.0, 9.0, 10.0]));
    }
}
