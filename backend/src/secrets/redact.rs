//! Hides the values of secrets in what a Train function writes: as they are, and in base64, percent-encoded and
//! JSON's forms of them.
//!
//! A stream: however the bytes are cut into pieces, the same comes out, and a value that is split between two
//! pieces is found. Must not know where the bytes come from or go to.

use super::value::SecretValue;
use base64::Engine;
use base64::alphabet::{self, Alphabet};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use shared::secret::{MIN_VALUE_BYTES, marker};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// Of a value of several lines, lines of at least this many bytes are hidden by themselves, too.
const LINE_BYTES: usize = 8;

/// What is hidden: every form of every value, with what is shown in its place.
pub struct Patterns {
    /// Forms by their first byte, the longest first.
    by_first_byte: BTreeMap<u8, Vec<Pattern>>,
}

struct Pattern {
    form: Zeroizing<Vec<u8>>,
    marker: Arc<str>,
}

impl Patterns {
    /// All forms of these values, each with its secret's name.
    #[must_use]
    pub fn new(secrets: &[(String, SecretValue)]) -> Self {
        let mut by_first_byte: BTreeMap<u8, Vec<Pattern>> = BTreeMap::new();
        for (name, value) in secrets {
            let marker: Arc<str> = marker(name).into();
            for form in forms_of(value.expose()) {
                let Some(first) = form.first() else { continue };
                by_first_byte.entry(*first).or_default().push(Pattern { form, marker: Arc::clone(&marker) });
            }
        }
        for patterns in by_first_byte.values_mut() {
            patterns.sort_by(|a, b| {
                b.form.len().cmp(&a.form.len()).then_with(|| a.form.as_slice().cmp(b.form.as_slice()))
            });
        }
        Self { by_first_byte }
    }

    /// Nothing is hidden.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_first_byte.is_empty()
    }

    /// A whole text with every value hidden.
    #[must_use]
    pub fn redacted(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let mut shown = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some(step) = self.step(rest, true) {
            rest = take(step, rest, &mut shown);
        }
        // Forms begin and end at the borders of characters, so what is left is text.
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// What is to be done at the start of `rest`; `None` if more must be known first, or nothing is left.
    fn step(&self, rest: &[u8], is_end: bool) -> Option<Step<'_>> {
        let first = rest.first()?;
        for pattern in self.by_first_byte.get(first).into_iter().flatten() {
            if rest.starts_with(&pattern.form) {
                return Some(Step::Hide(pattern));
            }
            // A longer form goes before a shorter one, so it is waited for.
            if !is_end && pattern.form.starts_with(rest) {
                return None;
            }
        }
        Some(Step::Show)
    }
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Show,
    Hide(&'a Pattern),
}

fn take<'a>(step: Step<'_>, rest: &'a [u8], shown: &mut Vec<u8>) -> &'a [u8] {
    let used = match step {
        Step::Show => {
            shown.extend(rest.first());
            1
        }
        Step::Hide(pattern) => {
            shown.extend_from_slice(pattern.marker.as_bytes());
            pattern.form.len()
        }
    };
    rest.get(used..).unwrap_or_default()
}

/// Hides values in a stream of bytes.
pub struct Redactor {
    patterns: Arc<Patterns>,
    /// What may be the start of a value.
    held: Vec<u8>,
}

impl Redactor {
    /// A redactor at the start of a stream.
    #[must_use]
    pub const fn new(patterns: Arc<Patterns>) -> Self {
        Self { patterns, held: Vec::new() }
    }

    /// Takes the next piece, and gives what can be shown by now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        self.advance(false)
    }

    /// What is left at the end of the stream. The redactor is then at the start of another one.
    pub fn finish(&mut self) -> Vec<u8> {
        self.advance(true)
    }

    fn advance(&mut self, is_end: bool) -> Vec<u8> {
        let mut shown = Vec::with_capacity(self.held.len());
        let mut rest = self.held.as_slice();
        while let Some(step) = self.patterns.step(rest, is_end) {
            rest = take(step, rest, &mut shown);
        }
        let kept = rest.to_vec();
        self.held.zeroize();
        self.held = kept;
        shown
    }
}

/// Every form in which a value may show up.
fn forms_of(value: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms: Vec<Zeroizing<Vec<u8>>> = Vec::new();
    let whole = value.trim_end_matches(['\r', '\n']);
    let unix = Zeroizing::new(value.replace("\r\n", "\n"));
    let mut texts: Vec<&str> = vec![value, whole, value.trim(), &unix];
    texts.extend(value.lines().map(str::trim).filter(|line| line.len() >= LINE_BYTES));
    for text in texts.into_iter().filter(|text| text.len() >= MIN_VALUE_BYTES) {
        forms.push(Zeroizing::new(text.as_bytes().to_vec()));
        forms.extend(base64_forms(text.as_bytes()));
        forms.extend(percent_forms(text.as_bytes()));
        forms.extend(json_forms(text));
    }
    forms.sort_by(|a, b| a.as_slice().cmp(b.as_slice()));
    forms.dedup_by(|a, b| a.as_slice() == b.as_slice());
    forms
}

/// Base64 in both alphabets, with and without padding; and what is left of it in the middle of a longer text, where
/// the value may begin at each of three places of a group.
fn base64_forms(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = Vec::new();
    let alphabets: [&Alphabet; 2] = [&alphabet::STANDARD, &alphabet::URL_SAFE];
    for alphabet in alphabets {
        let engine = GeneralPurpose::new(alphabet, NO_PAD);
        let whole = engine.encode(value).into_bytes();
        let padding = (4 - whole.len() % 4) % 4;
        if padding > 0 {
            forms.push(Zeroizing::new(
                [whole.as_slice(), "==".as_bytes().get(..padding).unwrap_or_default()].concat(),
            ));
        }
        forms.push(Zeroizing::new(whole));
        for before in 0..3_usize {
            let shifted = Zeroizing::new([vec![0; before].as_slice(), value].concat());
            let encoded = Zeroizing::new(engine.encode(shifted.as_slice()).into_bytes());
            // Characters that also depend on the neighbours are left out at both ends.
            let start = (before * 8).div_ceil(6);
            let end = (shifted.len() * 8) / 6;
            if let Some(core) = encoded.get(start..end).filter(|core| core.len() >= MIN_VALUE_BYTES) {
                forms.push(Zeroizing::new(core.to_vec()));
            }
        }
    }
    forms
}

/// Percent-encoded, as the usual libraries do: by the letter of RFC 3986, as browsers' `encodeURIComponent` and
/// `encodeURI` do, as Python's `quote` does, and as forms are; each with capital and small digits.
fn percent_forms(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    const PLAIN: [&[u8]; 4] = [b"-._~", b"-._~!*'()", b"-._~/", b"-._~!*'();,/?:@&=+$#"];
    let mut forms = Vec::new();
    for plain in PLAIN {
        for space_as_plus in [false, true] {
            for is_upper in [true, false] {
                let mut form = Zeroizing::new(Vec::with_capacity(value.len() * 3));
                for byte in value {
                    match byte {
                        byte if byte.is_ascii_alphanumeric() || plain.contains(byte) => form.push(*byte),
                        b' ' if space_as_plus => form.push(b'+'),
                        byte if is_upper => form.extend(format!("%{byte:02X}").into_bytes()),
                        byte => form.extend(format!("%{byte:02x}").into_bytes()),
                    }
                }
                forms.push(form);
            }
        }
    }
    forms
}

/// Inside a JSON text: as serde writes it, and with everything beyond ASCII as `\u`, as Python writes it.
fn json_forms(value: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let Ok(quoted) = serde_json::to_string(value).map(Zeroizing::new) else { return Vec::new() };
    let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let mut ascii = Zeroizing::new(String::with_capacity(inside.len() * 2));
    for letter in inside.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    let slashes = inside.replace('/', "\\/");
    [inside.as_bytes(), ascii.as_bytes(), slashes.as_bytes()].map(|form| Zeroizing::new(form.to_vec())).into()
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;
