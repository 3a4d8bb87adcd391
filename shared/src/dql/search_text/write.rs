//! From a filter to the short form.
//!
//! Must not know how the short form is read, but for which words mean what without quotes.

use super::super::ast::{Clause, ClauseKind, Filter, Literal, Order, Test};
use super::read::bare_value;

/// What the short form cannot say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be written in the search box; edit the filter as JSON")]
pub struct NotAsText {
    what: &'static str,
}

pub(super) const fn cannot(what: &'static str) -> NotAsText {
    NotAsText { what }
}

/// The short form of a filter. Reading it gives a filter with the same normal form.
///
/// # Errors
/// [`NotAsText`] if the short form cannot say it.
pub fn text_from_filter(filter: &Filter) -> Result<String, NotAsText> {
    let choices = match filter.clauses.as_slice() {
        [Clause { kind: ClauseKind::Or(choices), .. }] => choices.iter().collect(),
        _ => vec![filter],
    };
    let mut parts = Vec::new();
    let count = choices.len();
    for choice in choices {
        if let [Clause { kind: ClauseKind::Or(_), .. }] = choice.clauses.as_slice() {
            flatten_or(choice, &mut parts)?;
            continue;
        }
        let mut conditions = Vec::new();
        all_of(choice, &mut conditions)?;
        if conditions.is_empty() && count > 1 {
            return Err(cannot("a choice that matches everything"));
        }
        parts.push(conditions.join(" AND "));
    }
    Ok(parts.join(" OR "))
}

fn flatten_or(choice: &Filter, parts: &mut Vec<String>) -> Result<(), NotAsText> {
    let text = text_from_filter(choice)?;
    if text.is_empty() {
        return Err(cannot("a choice that matches everything"));
    }
    parts.push(text);
    Ok(())
}

fn all_of(filter: &Filter, conditions: &mut Vec<String>) -> Result<(), NotAsText> {
    for clause in &filter.clauses {
        match &clause.kind {
            ClauseKind::And(filters) => {
                for filter in filters {
                    all_of(filter, conditions)?;
                }
            }
            ClauseKind::Or(filters) => match filters.as_slice() {
                [only] => all_of(only, conditions)?,
                _ => return Err(cannot("`$or` within `$and`")),
            },
            ClauseKind::Nor(_) => return Err(cannot("`$nor`")),
            ClauseKind::Field(path, tests) => {
                let field = field_text(path.as_str());
                for test in tests {
                    conditions.push(format!("{field} {}", test_text(test)?));
                }
            }
        }
    }
    Ok(())
}

fn test_text(test: &Test) -> Result<String, NotAsText> {
    match test {
        Test::Plain(value) => Ok(format!("= {}", value_text(value)?)),
        Test::Wildcard(text) => Ok(format!("= {}", quoted_if_needed(text))),
        Test::Eq(Literal::Text(text)) if text.contains('*') => Err(cannot("a `*` that is no wildcard")),
        Test::Eq(value) => Ok(format!("= {}", value_text(value)?)),
        Test::Ne(value) => Ok(format!("!= {}", value_text(value)?)),
        Test::Order(_, Literal::Null | Literal::Bool(_)) => Err(cannot("an order with true, false or null")),
        Test::Order(order, value) => {
            let sign = match order {
                Order::Greater => ">",
                Order::GreaterOrEqual => ">=",
                Order::Less => "<",
                Order::LessOrEqual => "<=",
            };
            Ok(format!("{sign} {}", value_text(value)?))
        }
        Test::In(values) => Ok(format!("IN {}", list_text(values)?)),
        Test::Nin(values) => Ok(format!("NOT-IN {}", list_text(values)?)),
        Test::Exists(true) => Ok("EXISTS".into()),
        Test::Exists(false) => Ok("DOESNT-EXIST".into()),
        Test::Match(_) => Err(cannot("`$match`")),
        Test::Not(_) => Err(cannot("`$not`")),
        Test::All(_) => Err(cannot("`$all`")),
        Test::Size(_) => Err(cannot("`$size`")),
        Test::Glob(_) => Err(cannot("`$glob`")),
        Test::Regex { .. } => Err(cannot("`$regex`")),
    }
}

fn list_text(values: &[Literal]) -> Result<String, NotAsText> {
    if values.is_empty() {
        return Err(cannot("an empty list"));
    }
    let texts: Vec<String> = values.iter().map(value_text).collect::<Result<_, _>>()?;
    Ok(texts.join(", "))
}

fn value_text(value: &Literal) -> Result<String, NotAsText> {
    match value {
        Literal::Text(text) => Ok(quoted_if_needed(text)),
        Literal::List(_) => Err(cannot("a list as a value")),
        Literal::Object(_) => Err(cannot("an object as a value")),
        scalar => Ok(scalar.to_string()),
    }
}

/// Quotes around a text that would be read as something else without them.
fn quoted_if_needed(text: &str) -> String {
    let is_safe = !text.is_empty()
        && !text.chars().any(|letter| letter.is_whitespace() || "=<>,()\"'!\\".contains(letter))
        && !["AND", "OR"].iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_safe && bare_value(text) == Literal::Text(text.to_owned()) { text.to_owned() } else { quoted(text) }
}

fn field_text(name: &str) -> String {
    let is_safe = name.chars().all(|letter| letter.is_alphanumeric() || "._-".contains(letter))
        && !["AND", "OR"].iter().any(|word| name.eq_ignore_ascii_case(word));
    if is_safe { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
    out
}
