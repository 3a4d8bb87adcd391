//! Files that a command reads, `-` for standard input among them, and the bar that large ones get.
//!
//! Must not know what is in them.

use super::failure::Failure;
use super::print;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Smaller input is done before a person could read a bar.
const LARGE_BYTES: u64 = 50_000_000;

/// All bytes of a file.
///
/// # Errors
/// If it cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let (mut reader, _) = open(path)?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// All text of a file.
///
/// # Errors
/// If it cannot be read, or is no text.
pub fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(path)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let name = print::plain(&path.display().to_string());
        Failure::usage(format!("{name} is no text: byte {at} is not UTF-8; save it as UTF-8"))
    })
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
    let bar = if length < LARGE_BYTES { ProgressBar::hidden() } else { bar(length) };
    Ok((Box::new(BufReader::with_capacity(1 << 18, file)), bar))
}

fn bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} reading {wide_bar} {percent} %")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path = print::plain(&path.display().to_string());
    Failure::failed(format!("{path} cannot be read: {error}; name a file that exists and that you may read"))
}
