//! JSON with places, and the limits of what is read at all.
//!
//! Must not know the language. The limits are checked before anything is built, in one pass over the bytes.

use super::ast::Literal;
use super::error::{Problem, ProblemKind, Span};
use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::collections::BTreeSet;

/// Bytes of a query at most; about 40,000 ids in a list.
pub const MOST_BYTES: usize = 1 << 20;
/// Objects and lists within each other at most.
pub const MOST_DEPTH: usize = 64;
/// Objects in a query at most, so clauses and literal objects together.
pub const MOST_OBJECTS: usize = 10_000;
/// Keys of all objects in a query at most.
pub const MOST_KEYS: usize = 20_000;

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads a JSON document that stays within the limits.
pub(super) fn read(text: &str) -> Result<Value<'_>, Problem> {
    check_limits(text)?;
    let nothing = || Problem { kind: ProblemKind::Json("the text is empty".into()), span: Span::default() };
    match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => parsed.value.ok_or_else(nothing),
        Err(error) => {
            let kind = ProblemKind::Json(error.kind().to_string().to_lowercase());
            Err(Problem { kind, span: span_of(error.range()) })
        }
    }
}

pub(super) const fn span_of(range: Range) -> Span {
    Span::new(range.start, range.end)
}

pub(super) fn span(value: &Value<'_>) -> Span {
    span_of(value.range())
}

fn check_limits(text: &str) -> Result<(), Problem> {
    let too_large = |what, most, instead, at| {
        Err(Problem { kind: ProblemKind::TooLarge { what, most, instead }, span: Span::new(at, at) })
    };
    if text.len() > MOST_BYTES {
        return too_large(
            "its length in bytes",
            MOST_BYTES,
            "tag the items, or put them into a folder",
            MOST_BYTES,
        );
    }
    let (mut depth, mut objects, mut keys) = (0usize, 0usize, 0usize);
    let (mut in_text, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                depth += 1;
                objects += usize::from(byte == b'{');
            }
            b':' => keys += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_DEPTH {
            return too_large("its depth", MOST_DEPTH, "`$and` within `$and` can be one", at);
        }
        if keys > MOST_KEYS {
            return too_large(
                "the number of its keys",
                MOST_KEYS,
                "`$in` takes many values of one field",
                at,
            );
        }
        if objects > MOST_OBJECTS {
            return too_large(
                "the number of its objects",
                MOST_OBJECTS,
                "`$in` takes many values of one field",
                at,
            );
        }
    }
    Ok(())
}

/// The value as it is meant, with problems for what no query can hold.
pub(super) fn literal(value: &Value<'_>, problems: &mut Vec<Problem>) -> Literal {
    match value {
        Value::NullKeyword(_) => Literal::Null,
        Value::BooleanLit(lit) => Literal::Bool(lit.value),
        Value::NumberLit(lit) => Literal::Number(number(lit.value, span_of(lit.range), problems)),
        Value::StringLit(lit) => Literal::Text(lit.value.clone().into_owned()),
        Value::Array(list) => {
            Literal::List(list.elements.iter().map(|item| literal(item, problems)).collect())
        }
        Value::Object(object) => {
            let mut seen = BTreeSet::new();
            for property in &object.properties {
                if !seen.insert(property.name.as_str()) {
                    problems.push(duplicate(property.name.as_str(), span_of(property.name.range())));
                }
            }
            let entry = |property: &ObjectProp<'_>, problems: &mut Vec<Problem>| {
                (property.name.as_str().to_owned(), literal(&property.value, problems))
            };
            Literal::Object(object.properties.iter().map(|property| entry(property, problems)).collect())
        }
    }
}

pub(super) fn duplicate(name: &str, span: Span) -> Problem {
    Problem { kind: ProblemKind::DuplicateKey(name.to_owned()), span }
}

/// Read by the same code as the numbers of items, so that equal texts are equal numbers.
fn number(text: &str, span: Span, problems: &mut Vec<Problem>) -> f64 {
    serde_json::from_str(text).unwrap_or_else(|_| {
        problems.push(Problem { kind: ProblemKind::NumberTooLarge(text.to_owned()), span });
        0.0
    })
}

/// What kind of value it is, in words.
pub(super) const fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::NullKeyword(_) => "null",
        Value::BooleanLit(_) => "true or false",
        Value::NumberLit(_) => "a number",
        Value::StringLit(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read(text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (text, start, part) in [
            ("", 0, "empty"),
            ("{", 0, "unterminated object"),
            ("{\"a\": }", 6, "close brace"),
            ("{\"a\": 1,}", 7, "trailing"),
            ("{'a': 1}", 1, "single-quoted"),
            ("{\"a\": 0x10}", 6, "hexadecimal"),
            ("{\"a\": NaN}", 6, "unexpected token"),
            ("{} {}", 3, "more than one"),
            ("// c\n{}", 0, "comments"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.to_string().contains(part), "{text}: {problem}");
            assert_eq!(problem.span.start, start, "{text}: {problem}");
        }
    }

    #[test]
    fn bombs_are_refused_by_the_name_of_the_limit() {
        let deep = format!("{}1{}", "{\"$and\":[".repeat(10_000), "]}".repeat(10_000));
        let wide = format!("{{\"$and\":[{}]}}", vec!["{\"a\":1}"; 100_000].join(","));
        let long = format!("{{\"name\":\"{}\"}}", "x".repeat(10 << 20));
        assert!(refused(&deep).contains("depth is at most 64"));
        assert!(refused(&wide).contains("objects is at most 10000"));
        assert!(refused(&long).contains("length in bytes is at most"));
        // Brackets within a text are no depth.
        assert!(read(&format!("{{\"name\":\"{}\\\"\"}}", "[".repeat(1_000))).is_ok());
    }
}
