//! The picture while it is painted: light, shadow, who is in front, and the camera.
//!
//! Must not know classes or files. Painted at twice the size, so that edges come out smooth.

use super::shapes::Solid;
use image::{Rgb, RgbImage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Painted pixels across one pixel of the finished picture.
const OVERSAMPLING: u32 = 2;

const NOBODY: u8 = u8::MAX;

/// Linear light and, for each pixel, the object in front.
pub(super) struct Canvas {
    side: u32,
    light: Vec<[f64; 3]>,
    front: Vec<u8>,
    painted: Vec<u32>,
}

impl Canvas {
    /// A lit ground: a gradient towards the horizon under two octaves of smooth noise.
    pub(super) fn ground(size_px: u32, rng: &mut ChaCha8Rng) -> Self {
        let side = size_px * OVERSAMPLING;
        let grey = rng.random_range(0.2..0.55);
        let base: [f64; 3] = std::array::from_fn(|_| grey * rng.random_range(0.72..1.2));
        let coarse = Noise::new(rng, 5);
        let fine = Noise::new(rng, 23);
        let slope = rng.random_range(-0.25..0.25);
        let light = (0..side * side)
            .map(|at| {
                let (x, y) = unit(at, side);
                let tone = 0.75
                    + 0.35 * y
                    + slope * (x - 0.5)
                    + 0.35 * (coarse.at(x, y) - 0.5)
                    + 0.22 * (fine.at(x, y) - 0.5);
                base.map(|channel| channel * tone.max(0.05))
            })
            .collect();
        Self { side, light, front: vec![NOBODY; (side * side) as usize], painted: Vec::new() }
    }

    /// Painted pixels across.
    pub(super) fn side(&self) -> u32 {
        self.side
    }

    /// A soft shadow on the ground, away from the light.
    pub(super) fn shadow(&mut self, solid: &Solid, light: f64) {
        let centre_x = solid.foot_x - light * solid.height() * 0.45;
        let (width, height) = (solid.radius * (1.15 + 0.5 * light.abs()), solid.radius * 0.42);
        let across = [centre_x - width * 1.25, centre_x + width * 1.25];
        let down = [solid.foot_y - height * 1.25, solid.foot_y + height * 1.25];
        for at in self.pixels_between(across, down) {
            let (x, y) = unit(at, self.side);
            let distance = ((x - centre_x) / width).hypot((y - solid.foot_y) / height);
            let darkness = 0.6 * (1.25 - distance).clamp(0.0, 1.0);
            if let Some(pixel) = self.light.get_mut(at as usize) {
                *pixel = pixel.map(|channel| channel * (1.0 - darkness));
            }
        }
    }

    /// Paints a solid over what is there, shaded by a light from the side given (-1 left, 1 right).
    pub(super) fn solid(&mut self, solid: &Solid, index: usize, light: f64) {
        let towards_light = normalised([light * 0.9, 0.75, 0.55]);
        // The half vector between light and viewer gives the highlight (Blinn, 1977).
        let half = normalised([towards_light[0], towards_light[1], towards_light[2] + 1.0]);
        let mut painted = 0;
        // A cone's foot hangs a little below the point on which it stands.
        let across = [solid.foot_x - solid.radius, solid.foot_x + solid.radius];
        let down = [solid.foot_y - solid.height(), solid.foot_y + 0.3 * solid.radius];
        for at in self.pixels_between(across, down) {
            let (x, y) = unit(at, self.side);
            let Some(surface) = solid.surface_at(x, y) else { continue };
            let place = (self.light.get_mut(at as usize), self.front.get_mut(at as usize));
            let (Some(pixel), Some(front)) = place else { continue };
            let facing = dot(surface.normal, towards_light).max(0.0);
            let highlight = solid.gloss * dot(surface.normal, half).max(0.0).powi(28);
            *pixel = solid.colour.map(|channel| {
                channel * surface.tone.min(1.0 / channel.max(0.5)) * (0.28 + 0.8 * facing) + 0.7 * highlight
            });
            *front = u8::try_from(index).unwrap_or(NOBODY);
            painted += 1;
        }
        self.painted.push(painted);
    }

    /// Indices of the pixels between two edges across and two down, as fractions of the side.
    fn pixels_between(&self, across: [f64; 2], down: [f64; 2]) -> impl Iterator<Item = u32> + use<> {
        let side = self.side;
        let range = move |[low, high]: [f64; 2]| {
            let place = |t: f64| (t.clamp(0.0, 1.0) * f64::from(side)) as u32;
            place(low)..(place(high) + 1).min(side)
        };
        range(down).flat_map(move |y| range(across).map(move |x| y * side + x))
    }

    /// Pixels that an object took when it was painted.
    pub(super) fn painted(&self, index: usize) -> u32 {
        self.painted.get(index).copied().unwrap_or(0)
    }

    /// Pixels of an object that are still in sight, and the box around them: x1, y1, x2, y2.
    pub(super) fn seen(&self, index: usize) -> Option<(u32, [u32; 4])> {
        let mut count = 0;
        let mut area = [u32::MAX, u32::MAX, 0, 0];
        for (at, _) in (0..).zip(&self.front).filter(|(_, front)| usize::from(**front) == index) {
            let (x, y) = (at % self.side, at / self.side);
            area = [area[0].min(x), area[1].min(y), area[2].max(x + 1), area[3].max(y + 1)];
            count += 1;
        }
        (count > 0).then_some((count, area))
    }

    /// What the camera makes of it: averaged pixels, vignette, sensor noise, gamma.
    pub(super) fn develop(&self, size_px: u32, rng: &mut ChaCha8Rng) -> RgbImage {
        let exposure = rng.random_range(0.8..1.2);
        let grain = rng.random_range(0.008..0.03);
        RgbImage::from_fn(size_px, size_px, |x, y| {
            let [u, v] = [x, y].map(|edge| (f64::from(edge) + 0.5) / f64::from(size_px) - 0.5);
            let vignette = 1.0 - 0.45 * (u * u + v * v);
            let mean = self.mean(x, y);
            Rgb(mean.map(|channel| {
                // The sum of two uniform draws is close enough to a sensor's noise.
                let noise = rng.random_range(-grain..grain) + rng.random_range(-grain..grain);
                to_byte((channel * exposure * vignette).max(0.0).sqrt() + noise)
            }))
        })
    }

    fn mean(&self, x: u32, y: u32) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for (dx, dy) in (0..OVERSAMPLING).flat_map(|dy| (0..OVERSAMPLING).map(move |dx| (dx, dy))) {
            let at = (y * OVERSAMPLING + dy) * self.side + x * OVERSAMPLING + dx;
            if let Some(pixel) = self.light.get(at as usize) {
                for (total, channel) in sum.iter_mut().zip(pixel) {
                    *total += channel / f64::from(OVERSAMPLING * OVERSAMPLING);
                }
            }
        }
        sum
    }
}

/// Smooth noise: random values on a grid, blended between.
struct Noise {
    cells: usize,
    values: Vec<f64>,
}

impl Noise {
    fn new(rng: &mut ChaCha8Rng, cells: usize) -> Self {
        Self { cells, values: (0..(cells + 1) * (cells + 1)).map(|_| rng.random_range(0.0..1.0)).collect() }
    }

    fn at(&self, x: f64, y: f64) -> f64 {
        let place = |t: f64| {
            let scaled = t.clamp(0.0, 0.999_999) * self.cells as f64;
            (scaled as usize, smooth(scaled.fract()))
        };
        let ((column, across), (row, down)) = (place(x), place(y));
        let corner = |dx: usize, dy: usize| {
            self.values.get((row + dy) * (self.cells + 1) + column + dx).copied().unwrap_or(0.5)
        };
        let top = blend(corner(0, 0), corner(1, 0), across);
        blend(top, blend(corner(0, 1), corner(1, 1), across), down)
    }
}

fn smooth(t: f64) -> f64 {
    t * t * (3.0 - 2.0 * t)
}

fn blend(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

fn unit(at: u32, side: u32) -> (f64, f64) {
    let place = |edge: u32| (f64::from(edge) + 0.5) / f64::from(side);
    (place(at % side), place(at / side))
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn normalised(v: [f64; 3]) -> [f64; 3] {
    let length = dot(v, v).sqrt();
    v.map(|x| x / length)
}

/// 0 to 1 becomes 0 to 255.
fn to_byte(value: f64) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}
