//! Files that a command reads, `-` for standard input among them, and the bar that large ones get.
//!
//! Must not know what is in them.

use super::failure::Failure;
use super::print;
use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// How a file that is packed with gzip begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Smaller input is done before a person could read a bar.
const LARGE_BYTES: u64 = 50_000_000;

/// How a file is called in messages.
#[must_use]
pub fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { print::plain(&path.display().to_string()) }
}

/// All bytes of a file; one that is packed with gzip is unpacked.
///
/// # Errors
/// If it cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let (mut reader, bar) = open(path)?;
    let is_packed = reader.fill_buf().map_err(|error| unreadable(path, &error))?.starts_with(&GZIP);
    let mut reader: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(reader)) } else { reader };
    // Where the length is known, memory is taken once.
    let mut bytes = Vec::with_capacity(usize::try_from(bar.length().unwrap_or(0)).unwrap_or(0));
    reader.read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// A reader, and a bar over its bytes that is shown for large files on a terminal.
///
/// # Errors
/// If it cannot be opened.
pub fn open(path: &Path) -> Result<(Box<dyn BufRead>, ProgressBar), Failure> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), ProgressBar::hidden()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let length = file.metadata().map_err(|error| unreadable(path, &error))?.len();
    let bar = bar(length);
    if length < LARGE_BYTES {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    Ok((Box::new(BufReader::with_capacity(1 << 18, file)), bar))
}

fn bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} reading {wide_bar} {percent} %")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let name = name(path);
    Failure::failed(format!("{name} cannot be read: {error}; name a file that exists and that you may read"))
}
