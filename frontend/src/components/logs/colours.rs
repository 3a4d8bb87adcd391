//! The colours in a line of a log (ECMA-48, section 8.3.117, `SGR`), apart from its text.
//!
//! Must not know which colours a page has for them.

use cansi::{Color, Intensity, v3::categorise_text};
use std::ops::Range;

/// A part of a text that has a colour or a weight of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coloured {
    /// Bytes of the text.
    pub place: Range<usize>,
    /// Class in the style sheet.
    pub class: &'static str,
}

/// The text without what colours it, and which parts are coloured.
pub fn parted(text: String) -> (String, Vec<Coloured>) {
    if !text.contains('\u{1b}') {
        return (text, Vec::new());
    }
    let (mut plain, mut coloured) = (String::with_capacity(text.len()), Vec::new());
    for slice in categorise_text(&text) {
        let from = plain.len();
        plain.push_str(slice.text);
        let class = slice.fg.map(class).or(match slice.intensity {
            Some(Intensity::Bold) => Some("ansi-bold"),
            Some(Intensity::Faint) => Some("ansi-faint"),
            Some(Intensity::Normal) | None => None,
        });
        if let Some(class) = class {
            coloured.push(Coloured { place: from..plain.len(), class });
        }
    }
    (plain, coloured)
}

const fn class(colour: Color) -> &'static str {
    match colour {
        Color::Red | Color::BrightRed => "ansi-red",
        Color::Green | Color::BrightGreen => "ansi-green",
        Color::Yellow | Color::BrightYellow => "ansi-yellow",
        Color::Blue | Color::BrightBlue => "ansi-blue",
        Color::Magenta | Color::BrightMagenta => "ansi-magenta",
        Color::Cyan | Color::BrightCyan => "ansi-cyan",
        // Black on black or white on white would not be seen.
        Color::Black | Color::BrightBlack | Color::White | Color::BrightWhite => "ansi-faint",
    }
}

/// A piece of a line as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Classes in the style sheet.
    pub class: &'static str,
    /// It is what was searched for.
    pub is_match: bool,
}

/// A line in pieces: where colours change, and where what is searched for begins and ends.
pub fn pieces(text: &str, coloured: &[Coloured], search: &str) -> Vec<Piece> {
    let matches = matches(text, search);
    let mut edges = vec![0, text.len()];
    edges.extend(coloured.iter().flat_map(|part| [part.place.start, part.place.end]));
    edges.extend(matches.iter().flat_map(|place| [place.start, place.end]));
    edges.sort_unstable();
    edges.dedup();
    let piece = |pair: &[usize]| {
        let (from, to) = (*pair.first()?, *pair.last()?);
        let class = coloured.iter().find(|part| part.place.contains(&from)).map_or("", |part| part.class);
        let is_match = matches.iter().any(|place| place.contains(&from));
        Some(Piece { text: text.get(from..to)?.to_owned(), class, is_match })
    };
    edges.windows(2).filter_map(piece).collect()
}

/// Where a text has what is searched for, case aside.
fn matches(text: &str, search: &str) -> Vec<Range<usize>> {
    let wanted: Vec<char> = search.trim().chars().flat_map(char::to_lowercase).collect();
    let mut found: Vec<Range<usize>> = Vec::new();
    if wanted.is_empty() {
        return found;
    }
    for (start, _) in text.char_indices() {
        if found.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        let mut letters = rest.chars().flat_map(char::to_lowercase);
        if wanted.iter().all(|letter| letters.next() == Some(*letter)) {
            // As many letters as were compared; a letter whose small form is two counts as both.
            let mut left = wanted.len();
            let ends = rest.char_indices().take_while(|(_, letter)| {
                let goes_on = left > 0;
                left = left.saturating_sub(letter.to_lowercase().count());
                goes_on
            });
            let length = ends.last().map_or(0, |(place, letter)| place + letter.len_utf8());
            found.push(start..start + length);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out_of_the_text() {
        let (plain, coloured) = parted("\u{1b}[31mfailed\u{1b}[0m: \u{1b}[1mwhy\u{1b}[0m".into());
        assert_eq!(plain, "failed: why");
        let told: Vec<(&str, &str)> =
            coloured.iter().map(|part| (&plain[part.place.clone()], part.class)).collect();
        assert_eq!(told, [("failed", "ansi-red"), ("why", "ansi-bold")]);
        assert_eq!(parted("plain".into()), ("plain".into(), vec![]));
        // What is cut off or unknown colours nothing, and no text is lost.
        assert!(parted("a\u{1b}[".into()).0.starts_with('a'));
        assert_eq!(parted("\u{1b}[38;5;200mx".into()).0, "x");
    }

    #[test]
    fn pieces_make_up_the_line() {
        let (plain, coloured) = parted("Epoch \u{1b}[32m12 of 12\u{1b}[0m done".into());
        let found = pieces(&plain, &coloured, " OF 12 D");
        let whole: String = found.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(whole, "Epoch 12 of 12 done");
        let marked: String =
            found.iter().filter(|piece| piece.is_match).map(|piece| piece.text.as_str()).collect();
        assert_eq!(marked, "of 12 d");
        assert!(found.iter().any(|piece| piece.class == "ansi-green" && piece.is_match));
    }

    #[test]
    fn letters_of_any_length_are_found() {
        let marked = |text: &str, search: &str| -> Vec<String> {
            matches(text, search).into_iter().map(|place| text[place].to_owned()).collect()
        };
        assert_eq!(marked("aAaA", "aa"), ["aA", "aA"]);
        assert_eq!(marked("ÄÖÜ äöü", "äö"), ["ÄÖ", "äö"]);
        assert_eq!(marked("İstanbul", "i"), ["İ"]);
        assert!(marked("abc", "  ").is_empty() && marked("", "a").is_empty());
    }
}
