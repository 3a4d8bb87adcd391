//! How answers are printed: JSON for programs, aligned columns for people.
//!
//! Must not know where an answer comes from. Standard output carries answers alone.

use super::failure::Failure;
use serde::Serialize;
use std::io::Write;

/// Prints one JSON document on one line, or over several where a person may read it.
///
/// # Errors
/// If standard output is closed.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::failed(error.to_string()))?;
    line(&text)
}

/// Prints a line. A reader that has gone away, such as `head`, ends the command quietly.
///
/// # Errors
/// If standard output cannot be written to.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => {
            result.map_err(|error| Failure::failed(format!("standard output cannot be written to: {error}")))
        }
    }
}

/// Prints rows under headings, each column as wide as its widest cell.
///
/// # Errors
/// As [`line`].
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> Result<(), Failure> {
    for text in aligned(headings, rows) {
        line(&text)?;
    }
    Ok(())
}

fn aligned<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(plain(cell).chars().count());
        }
    }
    let one_row = |cells: [String; N]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{:width$}", plain(cell))).collect();
        padded.join("  ").trim_end().to_owned()
    };
    std::iter::once(one_row(headings.map(str::to_owned))).chain(rows.iter().cloned().map(one_row)).collect()
}

/// Names come from outside: what would move a terminal's cursor is left out.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A line of a log as a terminal or a file takes it: [`plain`], and without colours.
#[must_use]
pub fn log_text(text: &str) -> String {
    plain(&anstream::adapter::strip_str(text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a".to_owned(), "é".to_owned()], ["longer".to_owned(), "\u{1b}[31mred".to_owned()]];
        assert_eq!(aligned(["name", "x"], &rows), ["name    x", "a       é", "longer  \u{fffd}[31mred"]);
    }
    #[test]
    fn a_line_of_a_log_loses_its_colours_and_nothing_else() {
        assert_eq!(log_text("\u{1b}[1;31mred\u{1b}[0m: ä\u{fffd}"), "red: ä\u{fffd}");
    }
}
