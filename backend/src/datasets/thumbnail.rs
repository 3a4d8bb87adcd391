//! Small pictures of images, for lists and grids.
//!
//! The image may be hostile: it is decoded within the limits of an import. Orientation marks are left
//! alone as everywhere else, since boxes are in the pixels as they are stored.
//! Must not know where either of the two is kept.

use super::image::{FILE_BYTES, decode, format_of};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbImage};

/// The longer side, in pixels. Smaller images keep their size.
pub const SIDE_PIXELS: u32 = 256;
/// Of 100, as JPEG encoders count it.
const QUALITY: u8 = 80;
/// The largest file that is looked at.
pub const MAX_FILE_BYTES: u64 = FILE_BYTES;

/// A JPEG of at most [`SIDE_PIXELS`] a side. The error is a reason to show.
///
/// # Errors
/// If the content is not an image, or is broken or too large.
pub fn make(bytes: &[u8]) -> Result<Vec<u8>, String> {
    // Held until the large picture is gone.
    let mut turn = None;
    let picture = decode(bytes, format_of(bytes)?, &mut turn)?;
    let small = if picture.width().max(picture.height()) > SIDE_PIXELS {
        picture.thumbnail(SIDE_PIXELS, SIDE_PIXELS)
    } else {
        picture
    };
    drop(turn);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode_image(&on_white(small))
        .map_err(|error| format!("its thumbnail cannot be written: {error}"))?;
    Ok(jpeg)
}

/// What can be seen through shows white, since JPEG has no transparency.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (seen, through) in flat.pixels_mut().zip(picture.pixels()) {
        let [red, green, blue, alpha] = through.0;
        let alpha = u32::from(alpha);
        // At most 255 * 255 + 127, so the quotient fits into a byte.
        seen.0 = [red, green, blue]
            .map(|part| ((u32::from(part) * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgb, Rgba, RgbaImage};
    use std::io::Cursor;

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn made(bytes: &[u8]) -> RgbImage {
        let jpeg = make(bytes).unwrap();
        assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]));
        image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
    }

    #[test]
    fn large_images_shrink_in_proportion_and_small_ones_keep_their_size() {
        for ((width, height), expected) in
            [((1024, 512), (256, 128)), ((300, 1200), (64, 256)), ((40, 30), (40, 30)), ((5000, 1), (256, 1))]
        {
            let picture = RgbImage::from_pixel(width, height, Rgb([200, 30, 60]));
            for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Bmp, ImageFormat::WebP] {
                let small = made(&encoded(picture.clone(), format));
                assert_eq!(small.dimensions(), expected, "{width} x {height} as {format:?}");
                let [red, green, blue] = small.get_pixel(0, 0).0;
                assert!(red.abs_diff(200) < 12 && green.abs_diff(30) < 12 && blue.abs_diff(60) < 12);
            }
        }
    }

    #[test]
    fn what_is_seen_through_is_white() {
        let clear = RgbaImage::from_pixel(300, 300, Rgba([0, 0, 0, 0]));
        assert!(made(&encoded(clear, ImageFormat::Png)).pixels().all(|pixel| pixel.0[0] > 250));
    }

    #[test]
    fn hostile_files_end_in_a_reason() {
        let whole = encoded(RgbImage::new(400, 300), ImageFormat::Png);
        let mut bomb = whole.clone();
        bomb[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
        let checksum = flate2_crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        for (bytes, says) in [
            (Vec::new(), "not an image"),
            (b"<svg onload='alert(1)'>".to_vec(), "not an image"),
            (whole[..whole.len() / 2].to_vec(), ""),
            (bomb, "too large (50000 x 50000)"),
        ] {
            let reason = make(&bytes).unwrap_err();
            assert!(reason.contains(says), "{reason}");
        }
    }

    fn flate2_crc(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }
}
