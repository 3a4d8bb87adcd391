//! Small labelled pictures that a detector can learn from: bright rectangles of two kinds on dark noise.
//!
//! Must not know how they are imported.

use anyhow::{Context, Result};
use image::{Rgb, RgbImage};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The classes, in class order.
pub const LABELS: [&str; 2] = ["red", "green"];
/// Side of each picture in pixels.
const SIDE: u32 = 96;

/// How many pictures a data set has.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// In the train split.
    pub train: u32,
    /// In the validation split.
    pub validation: u32,
}

/// Writes a data set in the layout of YOLO (`data.yaml`, `images/`, `labels/`) into `folder`.
///
/// # Errors
/// If a file cannot be written.
pub fn write_yolo(folder: &Path, size: Size) -> Result<()> {
    let mut seed = 1;
    for (split, count) in [("train", size.train), ("val", size.validation)] {
        let images = folder.join("images").join(split);
        let labels = folder.join("labels").join(split);
        fs::create_dir_all(&images)?;
        fs::create_dir_all(&labels)?;
        for number in 0..count {
            seed += 1;
            let (picture, text) = picture(seed);
            let name = format!("{split}{number:04}");
            let path = images.join(format!("{name}.png"));
            picture.save(&path).with_context(|| format!("cannot write {}", path.display()))?;
            fs::write(labels.join(format!("{name}.txt")), text)?;
        }
    }
    let names = LABELS.map(|label| format!("'{label}'")).join(", ");
    let description =
        format!("path: .\ntrain: images/train\nval: images/val\nnc: {}\nnames: [{names}]\n", LABELS.len());
    fs::write(folder.join("data.yaml"), description)?;
    Ok(())
}

/// A picture and its labels: class, then centre and size as fractions of the side.
fn picture(seed: u64) -> (RgbImage, String) {
    let mut random = Random(seed);
    let mut picture = RgbImage::from_fn(SIDE, SIDE, |_, _| {
        let grey = u8::try_from(random.below(60)).unwrap_or(0);
        Rgb([grey, grey, grey])
    });
    let mut text = String::new();
    // One in each half, so that boxes do not cover each other.
    for half in 0..2 {
        let class = random.below(2);
        let (width, height) = (20 + random.below(20), 20 + random.below(30));
        let x = half * SIDE / 2 + random.below(SIDE / 2 - width);
        let y = random.below(SIDE - height);
        let colour = if class == 0 { Rgb([230, 40, 40]) } else { Rgb([40, 220, 60]) };
        for (column, row) in (x..x + width).flat_map(|column| (y..y + height).map(move |row| (column, row))) {
            picture.put_pixel(column, row, colour);
        }
        let fraction = |pixels: f64| pixels / f64::from(SIDE);
        let centre_x = fraction(f64::from(x) + f64::from(width) / 2.0);
        let centre_y = fraction(f64::from(y) + f64::from(height) / 2.0);
        let (width, height) = (fraction(width.into()), fraction(height.into()));
        let _ = writeln!(text, "{class} {centre_x:.6} {centre_y:.6} {width:.6} {height:.6}");
    }
    (picture, text)
}

/// A small generator (xorshift64*), so that the pictures are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        u32::try_from(number % u64::from(limit)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_set_has_a_label_file_for_each_picture_with_boxes_inside_it() {
        let folder = tempfile::tempdir().unwrap();
        write_yolo(folder.path(), Size { train: 3, validation: 2 }).unwrap();
        for (split, expected) in [("train", 3), ("val", 2)] {
            assert_eq!(fs::read_dir(folder.path().join("images").join(split)).unwrap().count(), expected);
            for entry in fs::read_dir(folder.path().join("labels").join(split)).unwrap() {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                assert_eq!(text.lines().count(), 2);
                for line in text.lines() {
                    let numbers: Vec<f64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
                    let [_, x, y, width, height] = numbers[..] else { panic!("{line}") };
                    assert!(x - width / 2.0 >= 0.0 && x + width / 2.0 <= 1.0, "{line}");
                    assert!(y - height / 2.0 >= 0.0 && y + height / 2.0 <= 1.0, "{line}");
                }
            }
        }
    }
}
