//! Change of hue, saturation and brightness.

use rand::{Rng, RngExt};

use super::canvas::Canvas;

/// Shifts hue by up to `hue` of the circle, and scales saturation and brightness by factors in 1 -/+ their gains.
pub fn change_colours(
    canvas: &mut Canvas,
    hue: f32,
    saturation: f32,
    brightness: f32,
    random: &mut impl Rng,
) {
    let mut draw = |gain: f32| gain * (2.0 * random.random::<f32>() - 1.0);
    let shift = draw(hue) * 6.0;
    let saturation = 1.0 + draw(saturation);
    let brightness = 1.0 + draw(brightness);
    let (pixels, _) = canvas.pixels.as_chunks_mut::<3>();
    for pixel in pixels {
        *pixel = changed(*pixel, shift, saturation, brightness);
    }
}

/// One pixel: hue moved by `shift` sixths of the circle, saturation and brightness scaled and clipped.
fn changed(pixel: [u8; 3], shift: f32, saturation: f32, brightness: f32) -> [u8; 3] {
    let [r, g, b] = pixel.map(f32::from);
    let value = r.max(g).max(b);
    let spread = value - r.min(g).min(b);
    let bright = (value * brightness).min(255.0);
    if spread <= 0.0 {
        return [round(bright); 3];
    }
    let sector = if value == r {
        (g - b) / spread
    } else if value == g {
        (b - r) / spread + 2.0
    } else {
        (r - g) / spread + 4.0
    };
    let hue = (sector + shift).rem_euclid(6.0);
    let chroma = bright * (spread / value * saturation).clamp(0.0, 1.0);
    let channel = |turn: f32| {
        let position = if hue + turn >= 6.0 { hue + turn - 6.0 } else { hue + turn };
        round(bright - chroma * position.min(4.0 - position).clamp(0.0, 1.0))
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

fn round(value: f32) -> u8 {
    (value + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_change_changes_nothing() {
        for pixel in [[0, 0, 0], [255, 255, 255], [12, 200, 99], [200, 12, 99], [99, 12, 200], [7, 7, 8]] {
            assert_eq!(changed(pixel, 0.0, 1.0, 1.0), pixel);
        }
    }

    #[test]
    fn hue_saturation_and_brightness_by_hand() {
        assert_eq!(changed([255, 0, 0], 2.0, 1.0, 1.0), [0, 255, 0]);
        assert_eq!(changed([255, 0, 0], -2.0, 1.0, 1.0), [0, 0, 255]);
        assert_eq!(changed([200, 100, 100], 0.0, 0.0, 1.0), [200, 200, 200]);
        assert_eq!(changed([100, 50, 0], 0.0, 1.0, 2.0), [200, 100, 0]);
        assert_eq!(changed([200, 200, 200], 1.0, 2.0, 2.0), [255, 255, 255]);
    }
}
