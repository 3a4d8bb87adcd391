//! The words of the short form, each with its place.
//!
//! Must not know which word may follow which.

use super::super::error::{Problem, ProblemKind, Span};

/// One word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// Letters without quotes.
    Bare(String),
    /// Letters within quotes, read.
    Quoted(String),
    /// `=`, `!=`, `>`, `>=`, `<` or `<=`.
    Sign(&'static str),
    Comma,
    Open,
    Close,
}

const SIGNS: [&str; 6] = [">=", "<=", "!=", "=", ">", "<"];

/// Splits a text into words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(letter) = rest.chars().next() else { break };
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let (kind, length) = token(rest, letter, at)?;
        found.push(Token { kind, span: Span::new(at, at + length) });
        at += length;
    }
    Ok(found)
}

fn token(rest: &str, first: char, at: usize) -> Result<(TokenKind, usize), Problem> {
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Ok((TokenKind::Sign(sign), sign.len()));
    }
    match first {
        ',' => Ok((TokenKind::Comma, 1)),
        '(' => Ok((TokenKind::Open, 1)),
        ')' => Ok((TokenKind::Close, 1)),
        '"' | '\'' => quoted(rest, first).ok_or_else(|| Problem {
            kind: ProblemKind::UnclosedQuote,
            span: Span::new(at, at + rest.len()),
        }),
        _ => {
            let ends = |letter: char| letter.is_whitespace() || "=<>,()\"'".contains(letter);
            let mut length = rest.find(ends).unwrap_or(rest.len());
            // `a!=b` without spaces.
            if rest.get(length..).is_some_and(|after| after.starts_with('=')) {
                length -= usize::from(rest.get(..length).is_some_and(|word| word.ends_with('!')));
            }
            Ok((TokenKind::Bare(rest.get(..length).unwrap_or_default().to_owned()), length))
        }
    }
}

fn quoted(rest: &str, quote: char) -> Option<(TokenKind, usize)> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => text.push(letters.next()?.1),
            letter if letter == quote => return Some((TokenKind::Quoted(text), at + quote.len_utf8())),
            letter => text.push(letter),
        }
    }
    None
}
