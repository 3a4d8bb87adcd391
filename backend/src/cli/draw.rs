//! Boxes with names, drawn on a picture.
//!
//! Must not know where they come from.

use font8x8::UnicodeFonts;
use image::{Rgb, RgbImage};
use shared::dataset::PixelBox;

/// A box to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Class index; boxes of a class have one colour.
    pub class: usize,
    /// What it is.
    pub label: String,
    /// How sure the model is, 0 to 1.
    pub score: f64,
    /// Where it is, in pixels of the picture.
    pub region: PixelBox,
}

/// Colours that can be told apart, also by the colour-blind (Okabe and Ito, 2008).
const COLOURS: [Rgb<u8>; 7] = [
    Rgb([230, 159, 0]),
    Rgb([86, 180, 233]),
    Rgb([0, 158, 115]),
    Rgb([240, 228, 66]),
    Rgb([213, 94, 0]),
    Rgb([204, 121, 167]),
    Rgb([0, 114, 178]),
];
const INK: Rgb<u8> = Rgb([0, 0, 0]);
/// Side of a letter before it is enlarged.
const LETTER: i64 = 8;

/// Draws the boxes, the least sure first, so that sure ones lie on top.
pub fn draw(picture: &mut RgbImage, marks: &[Mark]) {
    let side = picture.width().max(picture.height());
    let enlarged = i64::from((side / 640).max(1));
    let mut ordered: Vec<&Mark> = marks.iter().collect();
    ordered.sort_by(|a, b| a.score.total_cmp(&b.score));
    for mark in ordered {
        let colour = COLOURS[mark.class % COLOURS.len()];
        let [x1, y1, x2, y2] =
            [mark.region.x1, mark.region.y1, mark.region.x2, mark.region.y2].map(|edge| edge.round() as i64);
        let line = 1 + enlarged;
        fill(picture, [x1, y1, x2, y1 + line], colour);
        fill(picture, [x1, y2 - line, x2, y2], colour);
        fill(picture, [x1, y1, x1 + line, y2], colour);
        fill(picture, [x2 - line, y1, x2, y2], colour);
        tag(picture, x1, y1, &format!("{} {:.2}", mark.label, mark.score), enlarged, colour);
    }
}

/// A name on a ground of the box's colour: above the box, or inside where there is no room above.
fn tag(picture: &mut RgbImage, x: i64, y: i64, text: &str, enlarged: i64, colour: Rgb<u8>) {
    let letters: Vec<char> = text.chars().take(40).collect();
    let (width, height) = (letters.len() as i64 * LETTER * enlarged + 2, LETTER * enlarged + 2);
    let x = x.min(i64::from(picture.width()) - width).max(0);
    let y = if y >= height { y - height } else { y.max(0) };
    fill(picture, [x, y, x + width, y + height], colour);
    for (place, letter) in letters.into_iter().enumerate() {
        let glyph = font8x8::BASIC_FONTS
            .get(letter)
            .or_else(|| font8x8::LATIN_FONTS.get(letter))
            .or_else(|| font8x8::BASIC_FONTS.get('?'))
            .unwrap_or_default();
        let left = x + 1 + place as i64 * LETTER * enlarged;
        for (row, bits) in (0..).zip(glyph) {
            for column in (0..LETTER).filter(|column| bits >> column & 1 == 1) {
                let (px, py) = (left + column * enlarged, y + 1 + row * enlarged);
                fill(picture, [px, py, px + enlarged, py + enlarged], INK);
            }
        }
    }
}

/// Fills from the first corner up to, but without, the second; what lies outside is left out.
fn fill(picture: &mut RgbImage, [x1, y1, x2, y2]: [i64; 4], colour: Rgb<u8>) {
    let within = |value: i64, length: u32| u32::try_from(value.clamp(0, i64::from(length))).unwrap_or(0);
    let (width, height) = picture.dimensions();
    for y in within(y1, height)..within(y2, height) {
        for x in within(x1, width)..within(x2, width) {
            picture.put_pixel(x, y, colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(region: [f64; 4]) -> Mark {
        let [x1, y1, x2, y2] = region;
        Mark { class: 1, label: "cell é 细".into(), score: 0.9, region: PixelBox { x1, y1, x2, y2 } }
    }

    #[test]
    fn the_frame_is_drawn_and_the_inside_is_left() {
        let mut picture = RgbImage::new(200, 100);
        draw(&mut picture, &[mark([20.0, 30.0, 120.0, 90.0])]);
        assert_eq!(*picture.get_pixel(20, 60), COLOURS[1]);
        assert_eq!(*picture.get_pixel(119, 60), COLOURS[1]);
        assert_eq!(*picture.get_pixel(70, 89), COLOURS[1]);
        assert_eq!(*picture.get_pixel(70, 60), INK);
        assert_eq!(*picture.get_pixel(10, 60), INK);
    }

    #[test]
    fn boxes_outside_or_on_the_edge_do_no_harm() {
        for region in [[-50.0, -50.0, 20.0, 20.0], [90.0, 40.0, 400.0, 400.0], [500.0, 500.0, 600.0, 600.0]] {
            draw(&mut RgbImage::new(100, 50), &[mark(region)]);
        }
        draw(&mut RgbImage::new(1, 1), &[mark([0.0, 0.0, 1.0, 1.0])]);
    }
}
