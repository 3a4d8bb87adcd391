//! What a column must be: tests of one value, said in SQL as exactly as it can.
//!
//! Must not know which field a column stands for, beyond whether it holds texts, whole numbers or a time.

use super::expression::{Expression, Operand, after_prefix, begins_with};
use shared::dql::{Atom, Literal, Order, Pattern, instant_us, iso_text};

/// SQLite refuses longer patterns; nobody writes such.
const LONGEST_PATTERN: usize = 1_000;
/// The first and the last millisecond that have a text.
const FIRST_MS: i64 = -62_167_219_200_000;
const LAST_MS: i64 = 253_402_300_799_999;

/// A condition between what surely matches and what may match.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bounds {
    /// Holds for everything that matches, and maybe for more.
    pub(super) at_most: Expression,
    /// Holds only for what matches, and maybe not for all of it.
    pub(super) at_least: Expression,
    /// Whether the two are the same.
    pub(super) is_exact: bool,
}

impl Bounds {
    /// SQL says it all.
    pub(super) fn exact(condition: Expression) -> Self {
        Self { at_least: condition.clone(), at_most: condition, is_exact: true }
    }

    /// SQL only narrows.
    pub(super) fn narrowed(at_most: Expression) -> Self {
        if at_most == Expression::False {
            return Self::exact(Expression::False);
        }
        Self { at_most, at_least: Expression::False, is_exact: false }
    }

    /// SQL can say nothing.
    pub(super) fn unknown() -> Self {
        Self::narrowed(Expression::True)
    }

    pub(super) fn never() -> Self {
        Self::exact(Expression::False)
    }
}

pub(super) const fn operator(order: Order) -> &'static str {
    match order {
        Order::Greater => " > ",
        Order::GreaterOrEqual => " >= ",
        Order::Less => " < ",
        Order::LessOrEqual => " <= ",
    }
}

fn as_text(literal: &Literal) -> Option<&str> {
    if let Literal::Text(text) = literal { Some(text) } else { None }
}

/// The texts among the literals of a list.
pub(super) fn texts(literals: &[Literal]) -> Vec<&str> {
    literals.iter().filter_map(as_text).collect()
}

/// A list of values as one operand.
pub(super) fn list<T: Into<serde_json::Value>>(values: impl IntoIterator<Item = T>) -> Operand {
    Operand::List(values.into_iter().map(Into::into).collect::<serde_json::Value>().to_string())
}

/// A column of texts that is never null.
pub(super) fn text(column: &'static str, atom: &Atom) -> Bounds {
    match atom {
        Atom::Equals(Literal::Text(text)) => {
            Bounds::exact(Expression::compare(column, " = ", Operand::text(text)))
        }
        Atom::Order(order, Literal::Text(text)) => {
            Bounds::exact(Expression::compare(column, operator(*order), Operand::text(text)))
        }
        Atom::OneOf(literals) => match texts(literals) {
            texts if texts.is_empty() => Bounds::never(),
            texts => Bounds::exact(Expression::is_one_of(column, list(texts))),
        },
        Atom::Exists => Bounds::exact(Expression::True),
        Atom::Wildcard(pattern) => wildcard(column, pattern),
        Atom::Glob(pattern) => glob(column, pattern),
        Atom::Regex { .. } => Bounds::unknown(),
        Atom::Equals(_) | Atom::Order(..) | Atom::Size(_) | Atom::Element { .. } => Bounds::never(),
    }
}

/// A text in which `*` is any run of letters.
pub(super) fn wildcard(column: &'static str, pattern: &str) -> Bounds {
    let Some((prefix, rest)) = pattern.split_once('*') else {
        return Bounds::exact(Expression::compare(column, " = ", Operand::text(pattern)));
    };
    let range = begins_with(column, prefix);
    let rest = rest.trim_start_matches('*');
    if rest.is_empty() {
        return Bounds::exact(range);
    }
    let inner = rest.trim_end_matches('*');
    if prefix.is_empty() && inner.len() < rest.len() && !inner.contains('*') {
        let (open, close) = ("instr(", ") > 0");
        return Bounds::exact(call(open, column, Operand::text(inner), close));
    }
    if pattern.len() > LONGEST_PATTERN || pattern.contains('\0') {
        return Bounds::narrowed(range);
    }
    let fits = Expression::compare(column, " GLOB ", Operand::Text(escaped_for_glob(pattern)));
    Bounds::exact(Expression::all([range, fits]))
}

fn call(open: &'static str, column: &'static str, operand: Operand, close: &'static str) -> Expression {
    use super::expression::Piece::{Bind, Sql};
    Expression::Sql(vec![Sql(open), Sql(column), Sql(", "), Bind(operand), Sql(close)])
}

/// In SQLite's `GLOB`, `*` is any run of letters, and `?` and `[` are special too.
fn escaped_for_glob(pattern: &str) -> String {
    pattern.replace('[', "[[]").replace('?', "[?]")
}

fn glob(column: &'static str, pattern: &str) -> Bounds {
    let Ok(compiled) = Pattern::glob(pattern) else { return Bounds::unknown() };
    match compiled.folder() {
        Some(folder) => Bounds::exact(Expression::any([
            Expression::compare(column, " = ", Operand::text(folder)),
            begins_with(column, &format!("{folder}/")),
        ])),
        // What follows `/**` may take the slash away.
        None => Bounds::narrowed(begins_with(column, literal_prefix(pattern).trim_end_matches('/'))),
    }
}

/// Up to the first letter that means more than itself in a glob.
pub(super) fn literal_prefix(pattern: &str) -> &str {
    let special = ['*', '?', '[', ']', '{', '}', '(', ')', '\\', '!', '+', '@', ',', '|'];
    pattern.split(special).next().unwrap_or_default()
}

/// A column of whole numbers that is never null. Sizes beyond 2^53, which JSON readers round, do not occur.
pub(super) fn number(column: &'static str, atom: &Atom) -> Bounds {
    match atom {
        Atom::Equals(Literal::Number(number)) => match whole(*number) {
            Some(whole) => Bounds::exact(Expression::compare(column, " = ", Operand::Integer(whole))),
            None => Bounds::never(),
        },
        Atom::Order(order, Literal::Number(number)) => {
            Bounds::exact(Expression::compare(column, operator(*order), Operand::Real(*number)))
        }
        Atom::OneOf(literals) => {
            let number = |literal: &Literal| {
                if let Literal::Number(number) = literal { whole(*number) } else { None }
            };
            let numbers: Vec<i64> = literals.iter().filter_map(number).collect();
            if numbers.is_empty() {
                Bounds::never()
            } else {
                Bounds::exact(Expression::is_one_of(column, list(numbers)))
            }
        }
        Atom::Exists => Bounds::exact(Expression::True),
        _ => Bounds::never(),
    }
}

fn whole(number: f64) -> Option<i64> {
    // Below 2^53 every whole number has a value of its own.
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
}

/// A column of milliseconds, of which filters see the text `2024-03-31T12:00:00.000Z`.
pub(super) fn time(column: &'static str, atom: &Atom) -> Bounds {
    match atom {
        Atom::Equals(Literal::Text(text)) => match exact_ms(text) {
            Some(ms) => Bounds::exact(Expression::compare(column, " = ", Operand::Integer(ms))),
            None => Bounds::never(),
        },
        Atom::Order(order, Literal::Text(text)) => Bounds::exact(time_in_order(column, *order, text)),
        Atom::OneOf(literals) => {
            let times: Vec<i64> = texts(literals).into_iter().filter_map(exact_ms).collect();
            if times.is_empty() {
                Bounds::never()
            } else {
                Bounds::exact(Expression::is_one_of(column, list(times)))
            }
        }
        Atom::Exists => Bounds::exact(Expression::True),
        Atom::Wildcard(pattern) => {
            let (prefix, rest) = pattern.split_once('*').unwrap_or((pattern, ""));
            let range = time_begins_with(column, prefix);
            let is_range = rest.trim_matches('*').is_empty() && pattern.contains('*');
            if is_range { Bounds::exact(range) } else { Bounds::narrowed(range) }
        }
        Atom::Glob(pattern) => {
            Bounds::narrowed(time_begins_with(column, literal_prefix(pattern).trim_end_matches('/')))
        }
        Atom::Regex { .. } => Bounds::unknown(),
        Atom::Equals(_) | Atom::Order(..) | Atom::Size(_) | Atom::Element { .. } => Bounds::never(),
    }
}

/// The millisecond whose text this is.
fn exact_ms(text: &str) -> Option<i64> {
    let instant = instant_us(text)?;
    (iso_text(instant).as_deref() == Some(text)).then_some(instant.div_euclid(1_000))
}

fn time_in_order(column: &'static str, order: Order, text: &str) -> Expression {
    let is_upper = matches!(order, Order::Greater | Order::LessOrEqual);
    let bound = match instant_us(text) {
        Some(instant) => {
            // `t * 1000 > instant` is `t > floor`, and `t * 1000 >= instant` is `t >= ceiling`.
            let floor = instant.div_euclid(1_000);
            if is_upper { floor } else { floor + i64::from(instant.rem_euclid(1_000) > 0) }
        }
        // No date: the texts are compared.
        None if is_upper => first_ms(|found| found > text) - 1,
        None => first_ms(|found| found >= text),
    };
    Expression::compare(column, operator(order), Operand::Integer(bound))
}

fn time_begins_with(column: &'static str, prefix: &str) -> Expression {
    if prefix.is_empty() {
        return Expression::True;
    }
    let start = first_ms(|found| found >= prefix);
    let end = after_prefix(prefix).map_or(LAST_MS + 1, |end| first_ms(|found| found >= end.as_str()));
    if start >= end {
        return Expression::False;
    }
    Expression::all([
        Expression::compare(column, " >= ", Operand::Integer(start)),
        Expression::compare(column, " < ", Operand::Integer(end)),
    ])
}

/// The first millisecond whose text passes, given that all later ones pass too; one after the last if none does.
fn first_ms(passes: impl Fn(&str) -> bool) -> i64 {
    let (mut low, mut high) = (FIRST_MS, LAST_MS + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if iso_text(middle * 1_000).is_some_and(|text| passes(&text)) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_time_have_texts() {
        assert_eq!(iso_text(FIRST_MS * 1_000).as_deref(), Some("0000-01-01T00:00:00.000Z"));
        assert_eq!(iso_text(LAST_MS * 1_000).as_deref(), Some("9999-12-31T23:59:59.999Z"));
        assert_eq!(iso_text((LAST_MS + 1) * 1_000), None);
    }

    #[test]
    fn the_beginning_of_a_time_is_a_range() {
        let day = 86_400_000;
        let march = 1_709_251_200_000;
        for (prefix, range) in [
            ("2024-03-", Some((march, march + 31 * day))),
            ("2024-03-0", Some((march, march + 9 * day))),
            ("2024-03-31T", Some((march + 30 * day, march + 31 * day))),
            ("2024-3", None),
            ("x", None),
        ] {
            let expected = range.map_or(Expression::False, |(from, to)| {
                Expression::all([
                    Expression::compare("t", " >= ", Operand::Integer(from)),
                    Expression::compare("t", " < ", Operand::Integer(to)),
                ])
            });
            assert_eq!(time_begins_with("t", prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn letters_that_a_glob_reads_otherwise_are_taken_as_they_stand() {
        assert_eq!(escaped_for_glob("a[b]?*"), "a[[]b][?]*");
        assert_eq!(literal_prefix("/a/b{c,d}"), "/a/b");
        assert_eq!(literal_prefix(""), "");
    }
}
