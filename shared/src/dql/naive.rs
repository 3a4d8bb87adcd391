//! The language read plainly from the tree, slowly: what evaluation must agree with.
//!
//! Shares nothing with the matcher but patterns and dates, which have tests of their own.

use super::pattern::Pattern;
use super::{
    ClauseKind, Element, Filter, Literal, Order, Path, Test, instant_us, is_date_field, is_path_field,
};
use serde_json::Value;
use std::cmp::Ordering;

pub(super) fn naive_match(filter: &Filter, document: &Value) -> bool {
    filter.clauses.iter().all(|clause| match &clause.kind {
        ClauseKind::And(filters) => filters.iter().all(|filter| naive_match(filter, document)),
        ClauseKind::Or(filters) => filters.iter().any(|filter| naive_match(filter, document)),
        ClauseKind::Nor(filters) => !filters.iter().any(|filter| naive_match(filter, document)),
        ClauseKind::Field(path, tests) => {
            let names: Vec<&str> = path.segments().collect();
            let mut found = Vec::new();
            collect(Some(document), &names, &mut found);
            tests.iter().all(|test| holds(test, Some(path), &found))
        }
    })
}

/// A value at the end of a path; `None` where it is missing.
#[derive(Clone, Copy)]
struct Found<'a> {
    value: Option<&'a Value>,
    /// It is an element of the list that stands at the end of the path.
    is_element: bool,
}

fn collect<'a>(value: Option<&'a Value>, names: &[&str], found: &mut Vec<Found<'a>>) {
    let Some((first, rest)) = names.split_first() else {
        found.push(Found { value, is_element: false });
        if let Some(Value::Array(elements)) = value {
            found.extend(elements.iter().map(|element| Found { value: Some(element), is_element: true }));
        }
        return;
    };
    match value {
        Some(Value::Object(fields)) => match fields.get(*first) {
            Some(field) => collect(Some(field), rest, found),
            None => found.push(Found { value: None, is_element: false }),
        },
        Some(Value::Array(elements)) => {
            let is_place =
                *first == "0" || !first.starts_with('0') && first.bytes().all(|b| b.is_ascii_digit());
            if let Some(element) =
                first.parse().ok().filter(|_| is_place).and_then(|at: usize| elements.get(at))
            {
                collect(Some(element), rest, found);
            }
            for element in elements.iter().filter(|element| element.is_object()) {
                collect(Some(element), names, found);
            }
        }
        _ => found.push(Found { value: None, is_element: false }),
    }
}

fn holds(test: &Test, path: Option<&Path>, found: &[Found<'_>]) -> bool {
    let some = |accepts: &dyn Fn(Option<&Value>) -> bool| found.iter().any(|found| accepts(found.value));
    let some_whole = |accepts: &dyn Fn(&Value) -> bool| {
        found.iter().filter(|found| !found.is_element).filter_map(|found| found.value).any(accepts)
    };
    let equals = |literal: &Literal| some(&|value| is_equal(literal, value, path));
    let matches = |pattern: Result<Pattern, String>| {
        let pattern = pattern.unwrap();
        some(&|value| matches!(value, Some(Value::String(text)) if pattern.matches(text)))
    };
    match test {
        Test::Plain(literal) | Test::Eq(literal) => equals(literal),
        Test::Ne(literal) => !equals(literal),
        Test::In(list) => list.iter().any(equals),
        Test::Nin(list) => !list.iter().any(equals),
        Test::All(list) => !list.is_empty() && list.iter().all(equals),
        Test::Exists(wanted) => some(&|value| value.is_some()) == *wanted,
        Test::Not(tests) => !tests.iter().all(|test| holds(test, path, found)),
        Test::Order(order, literal) => some(&|value| is_in_order(*order, literal, value, path)),
        Test::Size(size) => {
            some_whole(&|value| value.as_array().is_some_and(|list| list.len() as u64 == *size))
        }
        Test::Match(element) => some_whole(&|value| {
            value.as_array().is_some_and(|list| list.iter().any(|value| fits(element, value)))
        }),
        Test::Wildcard(text) => matches(Pattern::wildcard(text, path.is_some_and(is_path_field))),
        Test::Glob(text) => matches(Pattern::glob(text)),
        Test::Regex { pattern, options } => matches(Pattern::regex(pattern, options)),
    }
}

fn fits(element: &Element, value: &Value) -> bool {
    match element {
        Element::Object(filter) => value.is_object() && naive_match(filter, value),
        Element::Value(tests) => {
            let found = [Found { value: Some(value), is_element: false }];
            tests.iter().all(|test| holds(test, None, &found))
        }
    }
}

fn is_equal(literal: &Literal, value: Option<&Value>, path: Option<&Path>) -> bool {
    match (literal, value) {
        (Literal::Null, None | Some(Value::Null)) => true,
        (Literal::Bool(wanted), Some(Value::Bool(found))) => wanted == found,
        (Literal::Number(wanted), Some(Value::Number(found))) => found.as_f64() == Some(*wanted),
        (Literal::Text(wanted), Some(Value::String(found))) => {
            let is_date = path.is_some_and(is_date_field);
            wanted == found
                || is_date && instant_us(wanted).is_some_and(|instant| instant_us(found) == Some(instant))
        }
        (Literal::List(wanted), Some(Value::Array(found))) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(wanted, found)| is_equal(wanted, Some(found), None))
        }
        (Literal::Object(wanted), Some(Value::Object(found))) => {
            wanted.len() == found.len()
                && wanted.iter().all(|(name, wanted)| {
                    found.get(name).is_some_and(|found| is_equal(wanted, Some(found), None))
                })
        }
        _ => false,
    }
}

fn is_in_order(order: Order, literal: &Literal, value: Option<&Value>, path: Option<&Path>) -> bool {
    let ordering = match (literal, value) {
        (Literal::Null, None | Some(Value::Null)) => Some(Ordering::Equal),
        (Literal::Bool(operand), Some(Value::Bool(found))) => Some(found.cmp(operand)),
        (Literal::Number(operand), Some(Value::Number(found))) => {
            found.as_f64().and_then(|found| found.partial_cmp(operand))
        }
        (Literal::Text(operand), Some(Value::String(found))) => {
            match instant_us(operand).filter(|_| path.is_some_and(is_date_field)) {
                Some(instant) => instant_us(found).map(|found| found.cmp(&instant)),
                None => Some(found.cmp(operand)),
            }
        }
        _ => None,
    };
    ordering.is_some_and(|ordering| match order {
        Order::Greater => ordering.is_gt(),
        Order::GreaterOrEqual => ordering.is_ge(),
        Order::Less => ordering.is_lt(),
        Order::LessOrEqual => ordering.is_le(),
    })
}
