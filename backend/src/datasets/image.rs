//! Images from outside: read whole, decoded whole, and refused by reason.
//!
//! Must not know formats of data sets or where images are stored.

use super::source::{Source, extension};
use bytes::Bytes;
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use sha2::{Digest, Sha256};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files larger than this are refused.
pub(super) const FILE_BYTES: u64 = 64 << 20;
/// Pixels across or down at most.
const SIDE_PIXELS: u32 = 16_384;
/// Memory that decoding one image may take; bounds what a small file can blow up to.
const DECODE_BYTES: u64 = 192 << 20;

/// Files and pictures above these are handled one at a time, so that a folder full of the largest
/// ones takes the memory of one.
const LARGE_FILE_BYTES: u64 = 8 << 20;
const LARGE_PIXELS: u64 = 8_000_000;
static ONE_LARGE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// An image that was read and can be decoded.
#[derive(Debug)]
pub(super) struct LoadedImage {
    pub(super) bytes: Bytes,
    pub(super) size_bytes: u64,
    pub(super) content_hash: String,
    pub(super) mimetype: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Reads and checks an image. The error is a reason to show beside the file's name.
pub(super) fn load(source: &Source, path: &Path) -> Result<LoadedImage, String> {
    let resolved = source.plain_file(path)?;
    let file = std::fs::File::open(resolved).map_err(|error| format!("it cannot be opened: {error}"))?;
    let file_bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let mut turn = (file_bytes > LARGE_FILE_BYTES).then(wait_for_turn);
    let mut bytes = Vec::new();
    file.take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if bytes.len() as u64 > FILE_BYTES {
        return Err(format!("the file is larger than {} MiB", FILE_BYTES >> 20));
    }
    let (format, width, height) = check(&bytes, path, &mut turn)?;
    Ok(LoadedImage {
        content_hash: crate::store::hex(&Sha256::digest(&bytes)),
        mimetype: format.to_mime_type(),
        width,
        height,
        size_bytes: bytes.len() as u64,
        bytes: bytes.into(),
    })
}

/// What whoever decodes a large picture holds meanwhile.
pub(super) type Turn = MutexGuard<'static, ()>;

fn wait_for_turn() -> Turn {
    // The lock guards memory, not data, so a panic of another holder spoils nothing.
    ONE_LARGE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at the whole image. A large one takes the `turn` before it is decoded, if it does not have it.
fn check(bytes: &[u8], path: &Path, turn: &mut Option<Turn>) -> Result<(ImageFormat, u32, u32), String> {
    let format = format_of(bytes)?;
    let named = extension(path).and_then(ImageFormat::from_extension);
    if named != Some(format) {
        let kind = format.extensions_str().first().copied().unwrap_or_default();
        return Err(format!(
            "its name does not fit its content, which is {}: rename it to .{kind}",
            format.to_mime_type()
        ));
    }
    let picture = decode(bytes, format, turn)?;
    Ok((format, picture.width(), picture.height()))
}

/// The format of an image, by its content alone.
pub(super) fn format_of(bytes: &[u8]) -> Result<ImageFormat, String> {
    image::guess_format(bytes)
        .ok()
        .filter(|format| format.reading_enabled())
        .ok_or_else(|| "its content is not an image of a known format (JPEG, PNG, WebP or BMP)".to_owned())
}

/// Decodes a whole image within the limits. A large one takes the `turn` first, if the caller does not have it.
pub(super) fn decode(
    bytes: &[u8],
    format: ImageFormat,
    turn: &mut Option<Turn>,
) -> Result<DynamicImage, String> {
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format)
        .into_dimensions()
        .map_err(|error| format!("the image is broken: {error}"))?;
    // The sizes in the header are checked before anything of that size is set aside.
    if width == 0 || height == 0 {
        return Err(format!("the image has no area ({width} x {height})"));
    }
    if width > SIDE_PIXELS || height > SIDE_PIXELS || u64::from(width) * u64::from(height) * 3 > DECODE_BYTES
    {
        return Err(format!(
            "the image is too large ({width} x {height}): at most {SIDE_PIXELS} pixels a side and {} megapixels",
            DECODE_BYTES / 3_000_000
        ));
    }
    if format == ImageFormat::Jpeg && !jpeg_is_complete(bytes) {
        return Err("the image is truncated: the file ends before its last line".into());
    }
    if u64::from(width) * u64::from(height) > LARGE_PIXELS && turn.is_none() {
        *turn = Some(wait_for_turn());
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_BYTES * 2);
    reader.limits(limits);
    reader.decode().map_err(|error| match &error {
        image::ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the image is truncated: the file ends before its last line".to_owned()
        }
        _ => format!("the image is broken: {error}"),
    })
}

/// Whether a JPEG has its end-of-image marker after its scans (ITU-T T.81, annex B). Decoders fill up
/// what is missing with grey without a word, which nobody wants to train on.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    const END_OF_IMAGE: u8 = 0xd9;
    let mut at = 2;
    while let (Some(&first), Some(&marker)) = (bytes.get(at), bytes.get(at + 1)) {
        match (first, marker) {
            (0xff, END_OF_IMAGE) => return true,
            // Fill bytes, restart markers and markers without a segment.
            (0xff, 0xff) => at += 1,
            (0xff, 0x00 | 0x01 | 0xd0..=0xd8) => at += 2,
            (0xff, marker) => {
                let (Some(&high), Some(&low)) = (bytes.get(at + 2), bytes.get(at + 3)) else { return false };
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
                if marker == START_OF_SCAN {
                    at = end_of_scan(bytes, at);
                }
            }
            // Bytes between segments that belong to none: decoders skip them.
            _ => at += 1,
        }
    }
    false
}

/// The next marker after entropy-coded data, in which 0xff is followed by 0 or is a restart marker.
fn end_of_scan(bytes: &[u8], start: usize) -> usize {
    let scan = bytes.get(start..).unwrap_or_default();
    let end =
        scan.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff));
    end.map_or(bytes.len(), |offset| start + offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbImage;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let picture = RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, (x * y) as u8]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(picture).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn load_bytes(name: &str, bytes: &[u8]) -> Result<LoadedImage, String> {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::open(folder.path()).unwrap();
        let path = source.root().join(name);
        std::fs::write(&path, bytes).unwrap();
        load(&source, &path)
    }

    #[test]
    fn whole_images_are_taken_and_cut_ones_are_refused() {
        for (format, name) in [
            (ImageFormat::Jpeg, "a.jpg"),
            (ImageFormat::Jpeg, "a.JPEG"),
            (ImageFormat::Png, "a.png"),
            (ImageFormat::WebP, "a.webp"),
            (ImageFormat::Bmp, "a.bmp"),
        ] {
            let bytes = encoded(format);
            let image = load_bytes(name, &bytes).unwrap();
            assert_eq!((image.width, image.height), (40, 30), "{name}");
            for share in [0.5, 0.9] {
                let cut = &bytes[..(bytes.len() as f64 * share) as usize];
                let reason = load_bytes(name, cut).unwrap_err();
                assert!(
                    reason.contains("truncated") || reason.contains("broken"),
                    "{name} {share}: {reason}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_image_says_why() {
        let mut huge = encoded(ImageFormat::Png);
        // Width and height stand at bytes 16 to 24 of a PNG, then the checksum of the header at 29.
        huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let checksum = crc32(&huge[12..29]);
        huge[29..33].copy_from_slice(&checksum.to_be_bytes());
        for (name, bytes, wanted) in [
            ("a.jpg", Vec::new(), "empty"),
            ("a.jpg", b"hello".to_vec(), "not an image"),
            ("a.gif", b"GIF89a\x01\x00\x01\x00".to_vec(), "not an image"),
            ("a.png", encoded(ImageFormat::Jpeg), "rename it to .jpg"),
            ("a.png", huge, "too large (65536 x 65536)"),
        ] {
            let reason = load_bytes(name, &bytes).unwrap_err();
            assert!(reason.contains(wanted), "{name}: {reason}");
        }
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                (sum >> 1) ^ (0xedb8_8320 & (0_u32.wrapping_sub(sum & 1)))
            })
        })
    }
}
