//! The normal form: few constructs, one way to say each thing. Evaluation, SQL and comparison start from it.
//!
//! Must not know JSON's places or how anything is run.
//!
//! Two filters with the same normal form match the same documents. The reverse does not hold: `a > 1` and
//! `not (a <= 1)` differ where `a` is missing, and no attempt is made to find every equality.

use super::ast::{Clause, ClauseKind, Element, Filter, Literal, Order, Path, Query, Resource, Test};
use super::dates::{instant_us, iso_text};
use super::error::Refusal;
use super::fields::is_date_field;
use super::parse::parse;
use std::fmt;

/// A filter in normal form.
#[derive(Debug, Clone, PartialEq)]
pub enum Normal {
    /// All hold; without any, everything matches. Never holds an `And`, nor exactly one.
    And(Vec<Normal>),
    /// At least one holds; without any, nothing matches. Never holds an `Or`, nor exactly one.
    Or(Vec<Normal>),
    /// Does not hold. Never holds a `Not`.
    Not(Box<Normal>),
    /// Some value at the path passes. Without a path, it is the element of a list that is tested itself.
    Test(Option<Path>, Atom),
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Atom {
    /// Equal; null also equals a missing field.
    Equals(Literal),
    /// In this order to it, within one type.
    Order(Order, Literal),
    /// Equal to one of two or more.
    OneOf(Vec<Literal>),
    /// Present.
    Exists,
    /// A list of this many elements.
    Size(u64),
    /// A text that fits a plain wildcard.
    Wildcard(String),
    /// A text that fits a glob.
    Glob(String),
    /// A text in which the pattern is found.
    Regex {
        /// The pattern.
        pattern: String,
        /// Some of `i`, `m`, `s`, `x`, in this order.
        options: String,
    },
    /// A list of which one element fits as a whole.
    Element {
        /// Whether only objects count, whose fields the filter names.
        is_object: bool,
        /// What must hold for the element.
        filter: Box<Normal>,
    },
}

impl Normal {
    /// What every document matches.
    pub const EVERYTHING: Self = Self::And(Vec::new());
    /// What no document matches.
    pub const NOTHING: Self = Self::Or(Vec::new());

    /// The normal form of a filter.
    #[must_use]
    pub fn of(filter: &Filter) -> Self {
        all(filter.clauses.iter().map(of_clause))
    }

    /// Without the conditions `hidden: false` and `type: "file"`, which platforms add by themselves.
    #[must_use]
    pub fn without_defaults(self) -> Self {
        let is_default = |condition: &Self| match condition {
            Self::Test(Some(path), Atom::Equals(Literal::Bool(false))) => path.as_str() == "hidden",
            Self::Test(Some(path), Atom::Equals(Literal::Text(kind))) => {
                path.as_str() == "type" && kind == "file"
            }
            _ => false,
        };
        match self {
            Self::And(conditions) => all(conditions.into_iter().filter(|condition| !is_default(condition))),
            other if is_default(&other) => Self::EVERYTHING,
            other => other,
        }
    }
}

fn of_clause(clause: &Clause) -> Normal {
    match &clause.kind {
        ClauseKind::And(filters) => all(filters.iter().map(Normal::of)),
        ClauseKind::Or(filters) => any(filters.iter().map(Normal::of)),
        ClauseKind::Nor(filters) => not(any(filters.iter().map(Normal::of))),
        ClauseKind::Field(path, tests) => all(tests.iter().map(|test| of_test(Some(path), test))),
    }
}

fn of_test(path: Option<&Path>, test: &Test) -> Normal {
    let atom = |atom| Normal::Test(path.cloned(), atom);
    let value = |literal: &Literal| plain_literal(path, literal);
    match test {
        Test::Plain(literal) | Test::Eq(literal) => atom(Atom::Equals(value(literal))),
        Test::Ne(literal) => not(atom(Atom::Equals(value(literal)))),
        Test::Order(order, literal) => atom(Atom::Order(*order, value(literal))),
        Test::In(list) => one_of(path, list),
        Test::Nin(list) => not(one_of(path, list)),
        Test::All(list) if list.is_empty() => Normal::NOTHING,
        Test::All(list) => all(list.iter().map(|literal| atom(Atom::Equals(value(literal))))),
        Test::Exists(true) => atom(Atom::Exists),
        Test::Exists(false) => not(atom(Atom::Exists)),
        Test::Not(tests) => not(all(tests.iter().map(|test| of_test(path, test)))),
        Test::Size(size) => atom(Atom::Size(*size)),
        Test::Wildcard(text) => atom(Atom::Wildcard(text.clone())),
        Test::Glob(text) => atom(Atom::Glob(text.clone())),
        Test::Regex { pattern, options } => {
            let options =
                ['i', 'm', 's', 'x'].into_iter().filter(|option| options.contains(*option)).collect();
            atom(Atom::Regex { pattern: pattern.clone(), options })
        }
        Test::Match(Element::Object(filter)) => {
            atom(Atom::Element { is_object: true, filter: Box::new(Normal::of(filter)) })
        }
        Test::Match(Element::Value(tests)) => {
            let filter = Box::new(all(tests.iter().map(|test| of_test(None, test))));
            atom(Atom::Element { is_object: false, filter })
        }
    }
}

/// One spelling for each number, and for each instant in a date field.
fn plain_literal(path: Option<&Path>, literal: &Literal) -> Literal {
    match literal {
        Literal::Number(number) if *number == 0.0 => Literal::Number(0.0),
        Literal::Text(text) if path.is_some_and(is_date_field) => {
            let instant = instant_us(text).filter(|instant| instant % 1_000 == 0);
            Literal::Text(instant.and_then(iso_text).unwrap_or_else(|| text.clone()))
        }
        Literal::List(elements) => {
            Literal::List(elements.iter().map(|element| plain_literal(None, element)).collect())
        }
        Literal::Object(entries) => {
            let mut entries: Vec<(String, Literal)> =
                entries.iter().map(|(name, value)| (name.clone(), plain_literal(None, value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Literal::Object(entries)
        }
        other => other.clone(),
    }
}

fn one_of(path: Option<&Path>, list: &[Literal]) -> Normal {
    let values: Vec<Literal> = list.iter().map(|literal| plain_literal(path, literal)).collect();
    let mut values = in_order(values);
    match values.len() {
        0 => Normal::NOTHING,
        1 => Normal::Test(path.cloned(), Atom::Equals(values.swap_remove(0))),
        _ => Normal::Test(path.cloned(), Atom::OneOf(values)),
    }
}

/// Sorted by their text, each once.
fn in_order<T: fmt::Display>(values: Vec<T>) -> Vec<T> {
    let mut named: Vec<(String, T)> = values.into_iter().map(|value| (value.to_string(), value)).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    named.dedup_by(|a, b| a.0 == b.0);
    named.into_iter().map(|(_, value)| value).collect()
}

fn all(conditions: impl Iterator<Item = Normal>) -> Normal {
    let mut flat = Vec::new();
    for condition in conditions {
        match condition {
            Normal::And(inner) => flat.extend(inner),
            Normal::Or(inner) if inner.is_empty() => return Normal::NOTHING,
            other => flat.push(other),
        }
    }
    collapsed(flat, Normal::And)
}

fn any(conditions: impl Iterator<Item = Normal>) -> Normal {
    let mut flat = Vec::new();
    for condition in conditions {
        match condition {
            Normal::Or(inner) => flat.extend(inner),
            Normal::And(inner) if inner.is_empty() => return Normal::EVERYTHING,
            other => flat.push(other),
        }
    }
    collapsed(flat, Normal::Or)
}

fn collapsed(conditions: Vec<Normal>, make: fn(Vec<Normal>) -> Normal) -> Normal {
    let mut conditions = in_order(conditions);
    if conditions.len() == 1 { conditions.swap_remove(0) } else { make(conditions) }
}

fn not(condition: Normal) -> Normal {
    match condition {
        Normal::Not(inner) => *inner,
        Normal::And(inner) if inner.is_empty() => Normal::NOTHING,
        Normal::Or(inner) if inner.is_empty() => Normal::EVERYTHING,
        other => Normal::Not(Box::new(other)),
    }
}

/// The query as text in normal form. Equal texts mean the same selection.
///
/// Left out is what does not change which documents belong: `page`, `pageSize`, `select`, `hidden: false`,
/// `type: "file"`, the resource `items`, and `sort` unless `skip` or `limit` make it matter.
#[must_use]
pub fn canonical_text(query: &Query) -> String {
    Canonical(query).to_string()
}

struct Canonical<'a>(&'a Query);

impl fmt::Display for Canonical<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = self.0;
        write!(f, "{{\"filter\":{}", Normal::of(&query.filter).without_defaults())?;
        if query.resource() != Resource::Items {
            write!(f, ",\"resource\":\"{}\"", query.resource().name())?;
        }
        if query.skip.unwrap_or(0) > 0 || query.limit.is_some() {
            let rest = Query {
                skip: query.skip.filter(|skip| *skip > 0),
                limit: query.limit,
                sort: query.sort.clone(),
                ..Query::default()
            };
            write!(f, ",\"part\":{rest}")?;
        }
        if let Some(join) = &query.join {
            let (local, foreign) = (quoted(join.local.as_str()), quoted(join.foreign.as_str()));
            let filter = Normal::of(&join.filter);
            write!(f, ",\"join\":[\"{}\",{local},{foreign},{filter}]", join.resource.name())?;
        }
        for (name, inner) in [("intersect", &query.intersect), ("except", &query.except)] {
            if let Some(inner) = inner {
                write!(f, ",\"{name}\":{}", Canonical(inner))?;
            }
        }
        for (name, ids) in [("projects", &query.context.projects), ("datasets", &query.context.datasets)] {
            if !ids.is_empty() {
                let ids: Vec<String> = in_order(ids.clone()).iter().map(|id| quoted(id)).collect();
                write!(f, ",\"{name}\":[{}]", ids.join(","))?;
            }
        }
        f.write_str("}")
    }
}

fn quoted(text: &str) -> String {
    Literal::Text(text.to_owned()).to_string()
}

/// The normal form is itself a filter of the language, but for tests of an element itself, for whose combinations the
/// language has no words.
impl fmt::Display for Normal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(conditions) if conditions.is_empty() => f.write_str("{}"),
            Self::Or(conditions) if conditions.is_empty() => f.write_str("{\"$nor\":[{}]}"),
            Self::And(conditions) => list(f, "$and", conditions),
            Self::Or(conditions) => list(f, "$or", conditions),
            Self::Not(condition) => list(f, "$nor", std::slice::from_ref(condition)),
            Self::Test(Some(path), atom) => write!(f, "{{{}:{atom}}}", quoted(path.as_str())),
            Self::Test(None, atom) => write!(f, "{atom}"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, operator: &str, conditions: &[impl fmt::Display]) -> fmt::Result {
    write!(f, "{{\"{operator}\":[")?;
    for (index, condition) in conditions.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        write!(f, "{comma}{condition}")?;
    }
    f.write_str("]}")
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(literal) => write!(f, "{{\"$eq\":{literal}}}"),
            Self::Order(order, literal) => write!(f, "{{\"{}\":{literal}}}", order.name()),
            Self::OneOf(literals) => list(f, "$in", literals),
            Self::Exists => f.write_str("{\"$exists\":true}"),
            Self::Size(size) => write!(f, "{{\"$size\":{size}}}"),
            Self::Wildcard(text) => f.write_str(&quoted(text)),
            Self::Glob(text) => write!(f, "{{\"$glob\":{}}}", quoted(text)),
            Self::Regex { pattern, options } => {
                write!(f, "{{\"$regex\":{},\"$options\":{}}}", quoted(pattern), quoted(options))
            }
            Self::Element { is_object: true, filter } => write!(f, "{{\"$match\":{filter}}}"),
            // In brackets, so that it is never taken for a filter on the element's fields.
            Self::Element { is_object: false, filter } => write!(f, "{{\"$match\":[{filter}]}}"),
        }
    }
}

/// How two queries stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same text, apart from spaces and line breaks.
    TextuallyEqual,
    /// Another text that means the same: the same normal form.
    CanonicallyEqual,
    /// Neither.
    Different,
}

impl Comparison {
    /// As the command line prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TextuallyEqual => "textually-equal",
            Self::CanonicallyEqual => "canonically-equal",
            Self::Different => "different",
        }
    }
}

/// Whether two texts are equal without spaces, tabs and line breaks, also those within quotes.
#[must_use]
pub fn same_without_white_space(a: &str, b: &str) -> bool {
    let letters = |text: &'_ str| -> Vec<char> {
        text.chars().filter(|letter| !matches!(letter, ' ' | '\t' | '\r' | '\n')).collect()
    };
    letters(a) == letters(b)
}

/// Compares two queries, first by text and then by normal form.
///
/// # Errors
/// [`Refusal`] of the first that cannot be read. Equal texts are read too: a broken query equals nothing.
pub fn compare(a: &str, b: &str) -> Result<Comparison, Refusal> {
    Ok(compare_read((a, &parse(a)?.query), (b, &parse(b)?.query)))
}

/// Compares two queries that have been read, each given as its text and what it was read as.
#[must_use]
pub fn compare_read(a: (&str, &Query), b: (&str, &Query)) -> Comparison {
    if same_without_white_space(a.0, b.0) {
        Comparison::TextuallyEqual
    } else if canonical_text(a.1) == canonical_text(b.1) {
        Comparison::CanonicallyEqual
    } else {
        Comparison::Different
    }
}

#[cfg(test)]
#[path = "normal_tests.rs"]
mod tests;
