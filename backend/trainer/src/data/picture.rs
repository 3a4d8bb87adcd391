//! One image file, decoded and brought to the network's size.
//!
//! Knows files and pixels; must not know augmentation or batches.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{ImageReader, RgbImage};

use crate::augment::Canvas;

/// An image that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not an image, is cut short, or is of a kind that is not supported.
    #[error("cannot decode {path}: {source}")]
    Decode {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: image::ImageError,
    },
}

/// How large a picture is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The longer side is the network's: all of the picture is seen at once.
    Longer,
    /// The shorter side is an eighth longer than the network's, or as it was if that is less: parts of the picture are
    /// seen, and stretched.
    Shorter,
}

/// How many times as long as wide a picture of [`Fit::Shorter`] is at most; a longer one is made narrower.
const LONGEST: f64 = 4.0;

/// A picture at the size that the network needs, and the size that it had.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The resized picture.
    pub canvas: Canvas,
    /// Width and height in the file.
    pub original: [u32; 2],
}

impl Picture {
    /// Horizontal and vertical factor from the file's pixels to the resized picture's.
    pub fn scale(&self) -> [f32; 2] {
        [
            self.canvas.width as f32 / self.original[0] as f32,
            self.canvas.height as f32 / self.original[1] as f32,
        ]
    }

    /// Resizes an image for a network of `side` pixels, keeping its ratio (at least one pixel each way).
    pub fn from_image(image: &RgbImage, fit: Fit, side: usize) -> Self {
        let original = [image.width(), image.height()];
        let [width, height] = resized(original, fit, side);
        let pixels = if original == [width, height] {
            image.as_raw().clone()
        } else {
            imageops::resize(image, width, height, FilterType::Triangle).into_raw()
        };
        let canvas = Canvas { width: width as usize, height: height as usize, pixels };
        Self { canvas, original }
    }
}

/// Size of a picture as it is kept.
pub(crate) fn resized([width, height]: [u32; 2], fit: Fit, side: usize) -> [u32; 2] {
    let (longer, shorter) = (width.max(height).max(1), width.min(height).max(1));
    let (factor, most) = match fit {
        Fit::Longer => (side as f64 / f64::from(longer), side as f64),
        Fit::Shorter => {
            let wanted = side as f64 * 1.125;
            let by_shorter = (wanted / f64::from(shorter)).min(1.0);
            (by_shorter.min(LONGEST * wanted / f64::from(longer)), LONGEST * wanted)
        }
    };
    [width, height].map(|length| (f64::from(length) * factor).round().clamp(1.0, most.max(1.0)) as u32)
}

/// Reads and decodes an image file.
///
/// # Errors
/// If the file is missing, is no image, or is broken.
pub fn read_image(path: &Path) -> Result<RgbImage, PictureError> {
    let decoded = reader(path)?.decode().map_err(|source| decode_error(path, source))?;
    Ok(decoded.into_rgb8())
}

/// Width and height of an image file, from its header alone.
pub(crate) fn read_size(path: &Path) -> Result<[u32; 2], PictureError> {
    let (width, height) = reader(path)?.into_dimensions().map_err(|source| decode_error(path, source))?;
    Ok([width, height])
}

fn reader(path: &Path) -> Result<ImageReader<std::io::BufReader<std::fs::File>>, PictureError> {
    let failed = |source| PictureError::Read { path: path.display().to_string(), source };
    // The content decides the format, because file names lie.
    ImageReader::open(path).map_err(failed)?.with_guessed_format().map_err(failed)
}

fn decode_error(path: &Path, source: image::ImageError) -> PictureError {
    PictureError::Decode { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_side_becomes_the_networks() {
        assert_eq!(resized([640, 480], Fit::Longer, 320), [320, 240]);
        assert_eq!(resized([480, 640], Fit::Longer, 320), [240, 320]);
        assert_eq!(resized([10, 10], Fit::Longer, 320), [320, 320]);
        assert_eq!(resized([5000, 1], Fit::Longer, 320), [320, 1]);
    }

    #[test]
    fn parts_are_cut_from_a_little_more_than_the_network_sees_and_nothing_is_made_larger() {
        assert_eq!(resized([640, 480], Fit::Shorter, 320), [480, 360]);
        assert_eq!(resized([72, 96], Fit::Shorter, 96), [72, 96]);
        assert_eq!(resized([5000, 1], Fit::Shorter, 320), [1440, 1]);
        assert_eq!(resized([4000, 1000], Fit::Shorter, 320), [1440, 360]);
    }

    #[test]
    fn broken_and_missing_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broken.png");
        std::fs::write(&path, b"not an image").unwrap();
        assert!(read_image(&path).unwrap_err().to_string().contains("broken.png"));
        let absent = folder.path().join("absent.png");
        assert!(matches!(read_image(&absent), Err(PictureError::Read { .. })));
    }

    #[test]
    fn pixels_survive_reading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let image = RgbImage::from_fn(8, 4, |x, y| image::Rgb([x as u8 * 9, y as u8 * 9, 7]));
        image.save(&path).unwrap();
        assert_eq!(read_size(&path).unwrap(), [8, 4]);
        let picture = Picture::from_image(&read_image(&path).unwrap(), Fit::Longer, 8);
        assert_eq!(picture.canvas.pixels, image.into_raw());
        assert_eq!(picture.scale(), [1.0, 1.0]);
    }
}
