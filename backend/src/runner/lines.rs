//! What a child process writes, cut into lines that cannot hurt: bounded in length, always valid
//! text, and limited in number.
//!
//! Must not know what a line means.

use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Longest line that is read as one; the rest of a longer line is dropped.
pub const MAX_LINE_BYTES: usize = 256 * 1024;

/// Longest text of a log line that is kept.
pub const MAX_TEXT_CHARS: usize = 8_000;

/// One line and what was lost of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The text without its line break; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Bytes of the line beyond [`MAX_LINE_BYTES`].
    pub dropped_bytes: usize,
}

/// Reads the next line, of which at most `limit` bytes are kept; `None` at the end.
///
/// # Errors
/// If the pipe cannot be read.
pub async fn next_line<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    limit: usize,
) -> std::io::Result<Option<Line>> {
    let mut kept = Vec::new();
    let mut dropped_bytes = 0;
    let mut anything = false;
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            break;
        }
        anything = true;
        let line_break = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..line_break.unwrap_or(available.len())];
        let room = limit.saturating_sub(kept.len()).min(part.len());
        kept.extend_from_slice(&part[..room]);
        dropped_bytes += part.len() - room;
        let used = line_break.map_or(available.len(), |place| place + 1);
        reader.consume(used);
        if line_break.is_some() {
            break;
        }
    }
    if !anything {
        return Ok(None);
    }
    if kept.last() == Some(&b'\r') {
        kept.pop();
    }
    Ok(Some(Line { text: String::from_utf8_lossy(&kept).into_owned(), dropped_bytes }))
}

/// A log text that can be stored and shown: without control characters but those of colours, not too long, and saying
/// so when something was cut off.
#[must_use]
pub fn text_to_keep(text: &str, dropped_bytes: usize) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut colour_ends = 0;
    let mut length = 0;
    for (place, character) in text.char_indices().take(MAX_TEXT_CHARS) {
        length = place + character.len_utf8();
        if character == '\u{1b}' {
            colour_ends = colour_end(text, place).unwrap_or(colour_ends);
        }
        let is_harmless = !character.is_control() || character == '\t' || place < colour_ends;
        kept.push(if is_harmless { character } else { '\u{fffd}' });
    }
    let cut = text.len() - length + dropped_bytes;
    if cut > 0 {
        kept.push_str(&format!(" … ({cut} more bytes were left out)"));
    }
    kept
}

/// Where the order ends that begins here, if it is one for colours alone: `ESC [ numbers m` (ECMA-48, `SGR`).
fn colour_end(text: &str, start: usize) -> Option<usize> {
    let numbers = text.get(start..)?.strip_prefix("\u{1b}[")?;
    let length = numbers.find(|letter: char| !letter.is_ascii_digit() && letter != ';')?;
    numbers.get(length..)?.starts_with('m').then_some(start + 2 + length + 1)
}

/// Lets a burst through, and then a steady number a second; counts what it holds back.
///
/// Time is brought by the caller, as a reading of a monotonic clock.
#[derive(Debug)]
pub struct FloodGate {
    burst: f64,
    per_second: f64,
    allowance: f64,
    last: Duration,
    held_back: u64,
}

impl FloodGate {
    /// A gate that lets `burst` through at once and `per_second` from then on.
    #[must_use]
    pub const fn new(burst: f64, per_second: f64) -> Self {
        Self { burst, per_second, allowance: burst, last: Duration::ZERO, held_back: 0 }
    }

    /// Whether one more may pass at `now`.
    pub fn admit(&mut self, now: Duration) -> bool {
        let elapsed = now.saturating_sub(self.last).as_secs_f64();
        self.last = self.last.max(now);
        self.allowance = elapsed.mul_add(self.per_second, self.allowance).min(self.burst);
        if self.allowance >= 1.0 {
            self.allowance -= 1.0;
            true
        } else {
            self.held_back += 1;
            false
        }
    }

    /// How many were held back since the last call.
    pub fn take_held_back(&mut self) -> u64 {
        std::mem::take(&mut self.held_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(bytes: &[u8], limit: usize) -> Vec<Line> {
        // A tiny buffer, so that lines arrive in pieces as they do from a pipe.
        let mut reader = tokio::io::BufReader::with_capacity(3, bytes);
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut reader, limit).await.unwrap() {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn lines_are_cut_bounded_and_made_valid() {
        let lines = lines_of(b"one\r\n\n0123456789\nbad \xff byte\nlast", 8).await;
        let expected = [("one", 0), ("", 0), ("01234567", 2), ("bad \u{fffd} by", 2), ("last", 0)];
        assert_eq!(
            lines.iter().map(|line| (line.text.as_str(), line.dropped_bytes)).collect::<Vec<_>>(),
            expected
        );
        assert!(lines_of(b"", 8).await.is_empty());
    }

    #[test]
    fn long_and_odd_texts_are_kept_within_limits() {
        assert_eq!(text_to_keep("plain\ttext", 0), "plain\ttext");
        let coloured = "\u{1b}[1;31mred\u{1b}[0m, \u{1b}[mplain";
        assert_eq!(text_to_keep(coloured, 0), coloured);
        // What moves the cursor, clears the screen or names the window is none of a log's business.
        for (said, kept) in [
            ("\u{1b}[2Jgone", "\u{fffd}[2Jgone"),
            ("\u{1b}]0;name\u{7}", "\u{fffd}]0;name\u{fffd}"),
            ("\u{1b}[31", "\u{fffd}[31"),
            ("\u{1b}[3\u{1b}[31mx", "\u{fffd}[3\u{1b}[31mx"),
        ] {
            assert_eq!(text_to_keep(said, 0), kept);
        }
        let long = text_to_keep(&"ä".repeat(MAX_TEXT_CHARS + 5), 7);
        assert!(long.ends_with("(17 more bytes were left out)"), "{}", &long[long.len() - 60..]);
    }

    #[test]
    fn a_flood_is_held_back_and_counted() {
        let mut gate = FloodGate::new(3.0, 2.0);
        let second = Duration::from_secs(1);
        let passed = (0..10).filter(|_| gate.admit(second)).count();
        assert_eq!((passed, gate.take_held_back()), (3, 7));
        assert!(gate.admit(second * 2) && gate.admit(second * 2) && !gate.admit(second * 2));
        assert!(!gate.admit(second), "a clock that goes back gives nothing");
    }
}
