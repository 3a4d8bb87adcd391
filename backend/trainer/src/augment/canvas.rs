//! A picture in memory: 8-bit RGB, row by row.

/// What fills the area outside a picture.
pub const GREY: u8 = 114;

/// An RGB picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Red, green, blue of each pixel, row by row.
    pub pixels: Vec<u8>,
}

impl Canvas {
    /// All grey.
    pub fn grey(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![GREY; width * height * 3] }
    }

    /// Copies the part of `source` that falls on this canvas when its upper left corner is put at (`left`,
    /// `top`), which may be negative.
    pub fn paste(&mut self, source: &Self, left: i64, top: i64) {
        let clip = |start: i64, length: usize, limit: usize| {
            let from = start.clamp(0, limit as i64);
            let to = (start + length as i64).clamp(0, limit as i64);
            (from as usize, to as usize, (from - start) as usize)
        };
        let (x_from, x_to, x_source) = clip(left, source.width, self.width);
        let (y_from, y_to, y_source) = clip(top, source.height, self.height);
        let bytes = (x_to - x_from) * 3;
        if bytes == 0 {
            return;
        }
        for y in y_from..y_to {
            let from = ((y - y_from + y_source) * source.width + x_source) * 3;
            let into = (y * self.width + x_from) * 3;
            self.pixels[into..into + bytes].copy_from_slice(&source.pixels[from..from + bytes]);
        }
    }

    /// Mirrors left and right.
    pub fn flip_horizontal(&mut self) {
        for row in self.pixels.chunks_exact_mut((self.width * 3).max(1)) {
            let (pixels, _) = row.as_chunks_mut::<3>();
            pixels.reverse();
        }
    }

    /// Mirrors top and bottom.
    pub fn flip_vertical(&mut self) {
        let row = self.width * 3;
        for y in 0..self.height / 2 {
            let (upper, lower) = self.pixels.split_at_mut((self.height - 1 - y) * row);
            upper[y * row..(y + 1) * row].swap_with_slice(&mut lower[..row]);
        }
    }

    /// Writes the picture as planes of red, green and blue in 0..1, which is what the network reads.
    pub fn write_planes(&self, into: &mut [f32]) {
        let area = self.width * self.height;
        let (red, rest) = into.split_at_mut(area);
        let (green, blue) = rest.split_at_mut(area);
        let (pixels, _) = self.pixels.as_chunks::<3>();
        for (index, [r, g, b]) in pixels.iter().enumerate() {
            red[index] = f32::from(*r) / 255.0;
            green[index] = f32::from(*g) / 255.0;
            blue[index] = f32::from(*b) / 255.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pixel's red is its index.
    fn numbered(width: usize, height: usize) -> Canvas {
        let pixels = (0..width * height).flat_map(|index| [index as u8, 0, 0]).collect();
        Canvas { width, height, pixels }
    }

    fn reds(canvas: &Canvas) -> Vec<u8> {
        canvas.pixels.iter().step_by(3).copied().collect()
    }

    #[test]
    fn pasting_clips_on_every_side() {
        let check = |left, top, expected: [u8; 9]| {
            let mut canvas = Canvas::grey(3, 3);
            canvas.paste(&numbered(2, 2), left, top);
            assert_eq!(reds(&canvas), expected, "{left} {top}");
        };
        let g = GREY;
        check(0, 0, [0, 1, g, 2, 3, g, g, g, g]);
        check(-1, -1, [3, g, g, g, g, g, g, g, g]);
        check(2, 2, [g, g, g, g, g, g, g, g, 0]);
        check(-5, 0, [g; 9]);
        check(1, 9, [g; 9]);
    }

    #[test]
    fn flips_mirror() {
        let mut canvas = numbered(3, 2);
        canvas.flip_horizontal();
        assert_eq!(reds(&canvas), [2, 1, 0, 5, 4, 3]);
        canvas.flip_vertical();
        assert_eq!(reds(&canvas), [5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn planes_are_separate_and_in_unit_range() {
        let canvas = Canvas { width: 2, height: 1, pixels: vec![255, 0, 51, 0, 255, 102] };
        let mut planes = [0.0; 6];
        canvas.write_planes(&mut planes);
        assert_eq!(planes, [1.0, 0.0, 0.0, 1.0, 0.2, 0.4]);
    }
}
