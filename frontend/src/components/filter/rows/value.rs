//! Values as they are typed into a row, read as the short form reads them: constants, numbers, dates, or texts.
//!
//! Must not know operators. In a field of its own a text may hold spaces, and quotes are needed only where it would be
//! read as something else.

use shared::dql::{ClauseKind, Literal, Resource, Test, filter_from_text};

const QUOTES: [char; 2] = ['"', '\''];

/// One value.
pub fn read(text: &str) -> Result<Literal, String> {
    let text = text.trim();
    if text.starts_with(QUOTES) { read_text(text).map(Literal::Text) } else { Ok(bare(text)) }
}

/// A text, whatever it looks like.
pub fn read_text(text: &str) -> Result<String, String> {
    let text = text.trim();
    match quoted(text)? {
        None => Ok(text.to_owned()),
        Some((read, rest)) if rest.trim().is_empty() => Ok(read),
        Some(_) => Err("Nothing may follow the closing quote".into()),
    }
}

/// Several values with commas between them. A comma at the end waits for the next.
pub fn read_list(text: &str) -> Result<Vec<Literal>, String> {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let mut rest = inner.unwrap_or(text).trim();
    let mut values = Vec::new();
    while !rest.is_empty() {
        let (value, after) = match quoted(rest)? {
            Some((read, after)) => (Literal::Text(read), after.trim_start()),
            None => {
                let (word, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                if word.trim().is_empty() {
                    return Err("A value is missing before a comma".into());
                }
                (bare(word.trim()), after)
            }
        };
        values.push(value);
        rest = match after.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if after.is_empty() => after,
            None => return Err("After the closing quote there must be a comma".into()),
        };
    }
    if values.is_empty() { Err("Write at least one value".into()) } else { Ok(values) }
}

/// The value as it is typed; nothing for lists and objects.
pub fn write(literal: &Literal) -> Option<String> {
    match literal {
        Literal::Text(text) if is_plain(text) && bare(text) == *literal => Some(text.clone()),
        Literal::Text(text) => Some(in_quotes(text)),
        Literal::List(_) | Literal::Object(_) => None,
        scalar => Some(scalar.to_string()),
    }
}

pub fn write_text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { in_quotes(text) }
}

pub fn write_list(literals: &[Literal]) -> Option<String> {
    let write_one = |literal: &Literal| match literal {
        Literal::Text(text) if text.contains(',') || text.starts_with('(') => Some(in_quotes(text)),
        other => write(other),
    };
    Some(literals.iter().map(write_one).collect::<Option<Vec<_>>>()?.join(", "))
}

/// The text in quotes at the beginning, if there is one, and what follows it.
fn quoted(text: &str) -> Result<Option<(String, &str)>, String> {
    let Some(quote) = text.chars().next().filter(|letter| QUOTES.contains(letter)) else { return Ok(None) };
    let mut read = String::new();
    let mut letters = text.chars();
    letters.next();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => read.extend(letters.next()),
            letter if letter == quote => return Ok(Some((read, letters.as_str()))),
            letter => read.push(letter),
        }
    }
    Err("The quote is not closed".into())
}

/// A value without quotes. What a single word means, the short form decides.
fn bare(text: &str) -> Literal {
    let is_word = !text.chars().any(|letter| letter.is_whitespace() || "=<>,()\"'*".contains(letter));
    let read = || {
        let (filter, _) = filter_from_text(&format!("id = {text}"), Resource::Items).ok()?;
        match filter.clauses.into_iter().next()?.kind {
            ClauseKind::Field(_, tests) => match tests.into_iter().next()? {
                Test::Plain(literal) => Some(literal),
                _ => None,
            },
            _ => None,
        }
    };
    let literal = if is_word { read() } else { None };
    literal.unwrap_or_else(|| Literal::Text(text.to_owned()))
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.starts_with(QUOTES)
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
