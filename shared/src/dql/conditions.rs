//! From the normal form to conditions in an order in which they are decided cheaply.
//!
//! Must not know documents.

use super::ast::{Literal, Order, Path};
use super::dates::{instant_us, is_iso_text};
use super::fields::{is_date_field, is_path_field};
use super::normal::{Atom, Normal};
use super::pattern::Pattern;
use std::collections::HashSet;
use std::ops::Range;

/// Values of a list beyond which they are looked up instead of compared one by one.
const MANY_VALUES: usize = 8;

/// One name of a path.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub name: String,
    /// The place in a list that the name may stand for.
    pub index: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// At the path of these segments, some value passes.
    Field(Range<usize>, Check),
    /// The same for each of several checks, whose values may differ.
    FieldEach(Range<usize>, Vec<Check>),
    /// The element of a list itself passes.
    Itself(Check),
}

#[derive(Debug, Clone)]
pub(super) enum Check {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A list or an object.
    Whole(Literal),
    OneOf(Box<Choices>),
    BoolOrder(Order, bool),
    NumberOrder(Order, f64),
    TextOrder(Order, String),
    /// In time; the text is there if it has the usual form, for comparing it with others of that form.
    DateOrder(Order, i64, Option<String>),
    /// The same instant, or the same text.
    Instant(i64, String),
    Exists,
    Size(usize),
    Pattern(Pattern),
    Element {
        is_object: bool,
        condition: Box<Condition>,
    },
    Never,
}

#[derive(Debug, Clone)]
pub(super) struct Choices {
    pub texts: HashSet<String>,
    /// By [`number_key`].
    pub numbers: HashSet<u64>,
    pub others: Vec<Check>,
}

/// Collects the names of all paths on the way.
#[derive(Default)]
pub(super) struct Compiler {
    pub segments: Vec<Segment>,
}

impl Compiler {
    pub fn condition(&mut self, normal: &Normal) -> Result<Condition, String> {
        Ok(match normal {
            Normal::And(conditions) => Condition::All(self.by_cost(conditions, true)?),
            Normal::Or(conditions) => Condition::Any(self.by_cost(conditions, false)?),
            Normal::Not(condition) => Condition::Not(Box::new(self.condition(condition)?)),
            Normal::Test(None, atom) => Condition::Itself(self.check(None, atom)?),
            Normal::Test(Some(path), atom) => {
                let start = self.segments.len();
                for name in path.segments() {
                    // `007` is a name only: the places of a list have one spelling.
                    let index = name.parse().ok().filter(|index: &usize| index.to_string() == name);
                    self.segments.push(Segment { name: name.to_owned(), index });
                }
                let segments = start..self.segments.len();
                Condition::Field(segments, self.check(Some(path), atom)?)
            }
        })
    }

    /// What is cheap to decide comes first; the order does not change the answer. Where all must hold, a path that
    /// several name is followed once: in the normal form they are neighbours.
    fn by_cost(&mut self, conditions: &[Normal], all_must_hold: bool) -> Result<Vec<Condition>, String> {
        let mut compiled: Vec<Condition> = Vec::with_capacity(conditions.len());
        for condition in conditions {
            let condition = self.condition(condition)?;
            match (compiled.pop(), condition) {
                (Some(Condition::Field(a, first)), Condition::Field(b, second))
                    if all_must_hold && self.is_same_path(&a, &b) =>
                {
                    compiled.push(Condition::FieldEach(a, vec![first, second]));
                }
                (Some(Condition::FieldEach(a, mut checks)), Condition::Field(b, check))
                    if all_must_hold && self.is_same_path(&a, &b) =>
                {
                    checks.push(check);
                    compiled.push(Condition::FieldEach(a, checks));
                }
                (before, condition) => {
                    compiled.extend(before);
                    compiled.push(condition);
                }
            }
        }
        compiled.sort_by_key(Condition::cost);
        Ok(compiled)
    }

    fn is_same_path(&self, a: &Range<usize>, b: &Range<usize>) -> bool {
        let names = |range: &Range<usize>| self.segments.get(range.clone()).unwrap_or_default();
        names(a).iter().map(|segment| &segment.name).eq(names(b).iter().map(|segment| &segment.name))
    }

    fn check(&mut self, path: Option<&Path>, atom: &Atom) -> Result<Check, String> {
        let is_date = path.is_some_and(is_date_field);
        Ok(match atom {
            Atom::Equals(literal) => equals(literal, is_date),
            Atom::OneOf(literals) => one_of(literals, is_date),
            Atom::Order(order, literal) => in_order(*order, literal, is_date),
            Atom::Exists => Check::Exists,
            Atom::Size(size) => usize::try_from(*size).map_or(Check::Never, Check::Size),
            Atom::Wildcard(text) => Check::Pattern(Pattern::wildcard(text, path.is_some_and(is_path_field))?),
            Atom::Glob(text) => Check::Pattern(Pattern::glob(text)?),
            Atom::Regex { pattern, options } => Check::Pattern(Pattern::regex(pattern, options)?),
            Atom::Element { is_object, filter } => {
                Check::Element { is_object: *is_object, condition: Box::new(self.condition(filter)?) }
            }
        })
    }
}

fn equals(literal: &Literal, is_date: bool) -> Check {
    match literal {
        Literal::Null => Check::Null,
        Literal::Bool(value) => Check::Bool(*value),
        Literal::Number(number) => Check::Number(*number),
        Literal::Text(text) => match instant_us(text).filter(|_| is_date) {
            Some(instant) => Check::Instant(instant, text.clone()),
            None => Check::Text(text.clone()),
        },
        Literal::List(_) | Literal::Object(_) => Check::Whole(literal.clone()),
    }
}

fn one_of(literals: &[Literal], is_date: bool) -> Check {
    let mut choices = Choices { texts: HashSet::new(), numbers: HashSet::new(), others: Vec::new() };
    let many = literals.len() > MANY_VALUES;
    for literal in literals {
        match equals(literal, is_date) {
            Check::Text(text) if many => {
                choices.texts.insert(text);
            }
            Check::Number(number) if many => {
                choices.numbers.insert(number_key(number));
            }
            other => choices.others.push(other),
        }
    }
    Check::OneOf(Box::new(choices))
}

/// Equal for equal numbers: 0 and -0 have one key. NaN does not occur in JSON.
pub(super) const fn number_key(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

fn in_order(order: Order, literal: &Literal, is_date: bool) -> Check {
    match literal {
        // Null is in order with itself alone.
        Literal::Null if matches!(order, Order::GreaterOrEqual | Order::LessOrEqual) => Check::Null,
        Literal::Bool(value) => Check::BoolOrder(order, *value),
        Literal::Number(number) => Check::NumberOrder(order, *number),
        Literal::Text(text) => match instant_us(text).filter(|_| is_date) {
            Some(instant) => Check::DateOrder(order, instant, is_iso_text(text).then(|| text.clone())),
            None => Check::TextOrder(order, text.clone()),
        },
        Literal::Null | Literal::List(_) | Literal::Object(_) => Check::Never,
    }
}

impl Condition {
    /// The field that is tested first in every document, if that needs its text.
    pub fn first_text(&self) -> Option<&Range<usize>> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions.first()?.first_text(),
            Self::Not(condition) => condition.first_text(),
            Self::Field(segments, check) => check.reads_text().then_some(segments),
            Self::FieldEach(segments, checks) => checks.iter().any(Check::reads_text).then_some(segments),
            Self::Itself(_) => None,
        }
    }

    fn cost(&self) -> usize {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                5 + conditions.iter().map(Self::cost).sum::<usize>()
            }
            Self::Not(condition) => 1 + condition.cost(),
            Self::Field(segments, check) => 4 * segments.len() + check.cost(),
            Self::FieldEach(segments, checks) => {
                4 * segments.len() + checks.iter().map(Check::cost).sum::<usize>()
            }
            Self::Itself(check) => check.cost(),
        }
    }
}

impl Check {
    const fn reads_text(&self) -> bool {
        matches!(
            self,
            Self::Text(_)
                | Self::TextOrder(..)
                | Self::OneOf(_)
                | Self::Instant(..)
                | Self::DateOrder(..)
                | Self::Pattern(_)
        )
    }

    fn cost(&self) -> usize {
        match self {
            Self::Never => 0,
            Self::Exists | Self::Size(_) | Self::Null | Self::Bool(_) | Self::BoolOrder(..) => 1,
            Self::Number(_) | Self::NumberOrder(..) => 1,
            Self::Text(_) | Self::TextOrder(..) => 3,
            Self::Instant(..) | Self::DateOrder(..) => 20,
            Self::OneOf(choices) => 4 + choices.others.len(),
            Self::Whole(_) => 10,
            Self::Pattern(pattern) if !pattern.prefix().is_empty() => 20,
            Self::Pattern(_) => 40,
            Self::Element { condition, .. } => 40 + condition.cost(),
        }
    }
}
