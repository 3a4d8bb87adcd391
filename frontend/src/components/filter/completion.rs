//! What could be written where the cursor stands, and what a choice puts there.
//!
//! Must not know which fields and values there are.

use super::draft::Form;
use shared::dql::{parse, text_from_filter};

/// Words between field and value.
pub const OPERATORS: [&str; 10] = ["=", "!=", ">", ">=", "<", "<=", "IN", "NOT-IN", "EXISTS", "DOESNT-EXIST"];
/// Words between conditions.
pub const JOINERS: [&str; 2] = ["AND", "OR"];

/// What belongs at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Field,
    Operator,
    /// A value of this field.
    Value(String),
    Joiner,
}

/// A place in the text that a choice would fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub wanted: Wanted,
    /// What stands there before the cursor, without quotes.
    pub prefix: String,
    /// In bytes.
    pub start: usize,
    pub end: usize,
}

/// The place at the cursor, in bytes.
pub fn place_at(form: Form, text: &str, cursor: usize) -> Option<Place> {
    let before = text.get(..cursor)?;
    match form {
        Form::Text => Some(place_in_text(text, before)),
        Form::Json | Form::Rows => place_in_json(text, before),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Plain(String),
    Sign,
    Comma,
}

#[derive(Debug)]
struct Token {
    word: Word,
    start: usize,
    /// A word that goes on at the cursor.
    is_open: bool,
}

/// The words before the cursor. Brackets count as spaces.
fn words(before: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut letters = before.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        match letter {
            letter if letter.is_whitespace() || "()".contains(letter) => {}
            ',' => found.push(Token { word: Word::Comma, start, is_open: false }),
            '=' | '<' | '>' | '!' => {
                while letters.next_if(|(_, next)| *next == '=').is_some() {}
                found.push(Token { word: Word::Sign, start, is_open: false });
            }
            '"' | '\'' => {
                let (mut text, mut is_open) = (String::new(), true);
                while let Some((_, next)) = letters.next() {
                    match next {
                        '\\' => text.extend(letters.next().map(|(_, escaped)| escaped)),
                        next if next == letter => {
                            is_open = false;
                            break;
                        }
                        next => text.push(next),
                    }
                }
                found.push(Token { word: Word::Plain(text), start, is_open });
            }
            first => {
                let mut text = String::from(first);
                while let Some((_, next)) = letters.next_if(|(_, next)| is_in_word(*next)) {
                    text.push(next);
                }
                let is_open = letters.peek().is_none();
                found.push(Token { word: Word::Plain(text), start, is_open });
            }
        }
    }
    found
}

fn is_in_word(letter: char) -> bool {
    !letter.is_whitespace() && !"=<>!,()\"'".contains(letter)
}

fn place_in_text(text: &str, before: &str) -> Place {
    let mut words = words(before);
    let typed = if words.last().is_some_and(|token| token.is_open) { words.pop() } else { None };
    let mut wanted = Wanted::Field;
    let mut field = String::new();
    for token in words {
        wanted = match (wanted, token.word) {
            (Wanted::Field, Word::Plain(name)) => {
                field = name;
                Wanted::Operator
            }
            (Wanted::Operator, Word::Plain(word)) if word.to_uppercase().ends_with("EXISTS") => {
                Wanted::Joiner
            }
            (Wanted::Operator, Word::Plain(word)) if word.eq_ignore_ascii_case("DOESNT-EXIST") => {
                Wanted::Joiner
            }
            (Wanted::Operator, _) | (Wanted::Joiner, Word::Comma) => Wanted::Value(field.clone()),
            (Wanted::Value(_), Word::Plain(_)) => Wanted::Joiner,
            (Wanted::Joiner, Word::Plain(_)) => Wanted::Field,
            (same, _) => same,
        };
    }
    let (prefix, start) = match typed {
        Some(Token { word: Word::Plain(prefix), start, .. }) => (prefix, start),
        _ => (String::new(), before.len()),
    };
    let rest = text.get(before.len()..).unwrap_or_default();
    let goes_on =
        if prefix.is_empty() { 0 } else { rest.find(|letter| !is_in_word(letter)).unwrap_or(rest.len()) };
    Place { wanted, prefix, start, end: before.len() + goes_on }
}

/// Within the quotes of a key or of a value whose key stands before it.
fn place_in_json(text: &str, before: &str) -> Option<Place> {
    let mut open: Option<usize> = None;
    let mut escaped = false;
    let mut last_text = String::new();
    // The key of the object or list around, for values in lists.
    let mut keys: Vec<String> = Vec::new();
    let mut after_colon = false;
    for (at, letter) in before.char_indices() {
        if let Some(start) = open {
            if escaped || letter != '"' {
                escaped = !escaped && letter == '\\';
                continue;
            }
            last_text = before.get(start + 1..at)?.to_owned();
            open = None;
            continue;
        }
        match letter {
            '"' => open = Some(at),
            ':' => {
                after_colon = true;
                if let Some(key) = keys.last_mut() {
                    key.clone_from(&last_text);
                }
            }
            '{' => {
                keys.push(String::new());
                after_colon = false;
            }
            '}' => {
                keys.pop();
                after_colon = false;
            }
            '[' => after_colon = true,
            ',' => after_colon = is_in_list(before.get(..at)?),
            _ => {}
        }
    }
    let start = open?;
    let prefix = before.get(start + 1..)?.to_owned();
    let rest = text.get(before.len()..)?;
    let end = match rest.find(['"', ',', '}', '\n']) {
        Some(at) if rest.get(at..)?.starts_with('"') => before.len() + at + 1,
        _ => before.len(),
    };
    let field = keys.iter().rev().find(|key| !key.is_empty() && !key.starts_with('$'));
    let wanted = if after_colon { Wanted::Value(field?.clone()) } else { Wanted::Field };
    Some(Place { wanted, prefix, start, end })
}

/// Whether the innermost bracket that is open is that of a list.
fn is_in_list(before: &str) -> bool {
    let mut brackets = Vec::new();
    let (mut in_text, mut escaped) = (false, false);
    for letter in before.chars() {
        if in_text {
            in_text = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            continue;
        }
        match letter {
            '"' => in_text = true,
            '{' | '[' => brackets.push(letter),
            '}' | ']' => {
                brackets.pop();
            }
            _ => {}
        }
    }
    brackets.last() == Some(&'[')
}

/// The text with a choice in its place, and where the cursor stands then. Values are given as JSON.
pub fn filled(form: Form, text: &str, place: &Place, choice: &str) -> (String, usize) {
    let written = match (form, &place.wanted) {
        (Form::Text, Wanted::Value(_)) => value_in_text(choice),
        (Form::Text, _) | (_, Wanted::Value(_)) => choice.to_owned(),
        (Form::Json | Form::Rows, _) => format!("\"{choice}\""),
    };
    let before = text.get(..place.start).unwrap_or(text);
    let after = text.get(place.end..).unwrap_or_default();
    let gap = if form == Form::Text && !after.starts_with([' ', ',', ')']) { " " } else { "" };
    let cursor = before.len() + written.len() + gap.len();
    (format!("{before}{written}{gap}{after}"), cursor)
}

/// A JSON value as the short form writes it.
fn value_in_text(json: &str) -> String {
    let as_condition = || {
        let query = parse(&format!("{{\"x\":{json}}}")).ok()?.query;
        text_from_filter(&query.filter).ok()?.strip_prefix("x = ").map(str::to_owned)
    };
    as_condition().unwrap_or_else(|| json.to_owned())
}

/// The byte at which a browser's place in a text lies; browsers count UTF-16 units.
pub fn byte_of(text: &str, utf16: usize) -> usize {
    let mut units = 0;
    text.char_indices()
        .find(|(_, letter)| {
            let is_here = units >= utf16;
            units += letter.len_utf16();
            is_here
        })
        .map_or(text.len(), |(at, _)| at)
}

/// The other way.
pub fn utf16_of(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `|` is the cursor.
    fn place(form: Form, text: &str) -> Option<(Place, String)> {
        let cursor = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        place_at(form, &text, cursor).map(|place| (place, text))
    }

    fn value(field: &str) -> Wanted {
        Wanted::Value(field.into())
    }

    #[test]
    fn each_place_of_a_text_wants_its_kind_of_word() {
        for (text, wanted, prefix) in [
            ("|", Wanted::Field, ""),
            ("di|", Wanted::Field, "di"),
            ("dir |", Wanted::Operator, ""),
            ("dir NOT|", Wanted::Operator, "NOT"),
            ("dir = |", value("dir"), ""),
            ("dir=/a|", value("dir"), "/a"),
            ("dir = \"/a b|", value("dir"), "/a b"),
            ("dir IN /a, |", value("dir"), ""),
            ("dir IN (/a, /b|", value("dir"), "/b"),
            ("dir = /a |", Wanted::Joiner, ""),
            ("dir = /a AND |", Wanted::Field, ""),
            ("dir EXISTS |", Wanted::Joiner, ""),
            ("dir DOESNT-EXIST OR na|", Wanted::Field, "na"),
            ("\"odd name\" = |", value("odd name"), ""),
            ("di|r = /a", Wanted::Field, "di"),
        ] {
            let (found, _) = place(Form::Text, text).unwrap();
            assert_eq!((found.wanted, found.prefix.as_str()), (wanted, prefix), "{text}");
        }
    }

    #[test]
    fn each_text_in_json_wants_a_field_or_a_value() {
        for (text, wanted) in [
            (r#"{"di|"#, Some((Wanted::Field, "di"))),
            (r#"{"dir": "/a|"}"#, Some((value("dir"), "/a"))),
            (r#"{"dir": {"$in": ["/a", "/b|"]}}"#, Some((value("dir"), "/b"))),
            (r#"{"dir": "/a", "na|"#, Some((Wanted::Field, "na"))),
            (r#"{"dir": {"$in": ["/a"]}, "na|"#, Some((Wanted::Field, "na"))),
            (r#"{"$and": [{"hid|"}]}"#, Some((Wanted::Field, "hid"))),
            ("{|", None),
        ] {
            let found = place(Form::Json, text).map(|(place, _)| (place.wanted, place.prefix));
            assert_eq!(found, wanted.map(|(wanted, prefix)| (wanted, prefix.to_owned())), "{text}");
        }
    }

    #[test]
    fn places_of_browsers_are_found() {
        let text = "aü😀b";
        for (utf16, byte) in [(0, 0), (1, 1), (2, 3), (4, 7), (5, 8), (99, 8)] {
            assert_eq!(byte_of(text, utf16), byte, "{utf16}");
            assert_eq!(utf16_of(text, byte), utf16.min(5));
        }
    }

    #[test]
    fn a_choice_takes_the_place_of_what_was_typed() {
        for (form, text, choice, expected) in [
            (Form::Text, "di|", "dir", "dir |"),
            (Form::Text, "di|xx = /a", "dir", "dir| = /a"),
            (Form::Text, "dir = /|", "\"/a b\"", "dir = \"/a b\" |"),
            (Form::Text, "label = |", "\"cat\"", "label = cat |"),
            (Form::Text, "name = |", "\"12\"", "name = \"12\" |"),
            (Form::Text, "annotationsCount = |", "3", "annotationsCount = 3 |"),
            (Form::Text, "dir |", "!=", "dir != |"),
            (Form::Json, r#"{"di|"#, "dir", r#"{"dir"|"#),
            (Form::Json, r#"{"di|": 1}"#, "dir", r#"{"dir"|: 1}"#),
            (Form::Json, r#"{"dir": "/|"}"#, "\"/a\"", r#"{"dir": "/a"|}"#),
        ] {
            let (place, text) = place(form, text).unwrap();
            let (mut filled, cursor) = filled(form, &text, &place, choice);
            filled.insert(cursor, '|');
            assert_eq!(filled, expected, "{text}");
        }
    }
}
