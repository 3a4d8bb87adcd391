//! A filter compiled to run over documents.
//!
//! Must not know where documents come from. The meaning is MongoDB's (its manual, "Query and Projection Operators"
//! and "Query an Array"), with patterns in plain texts added:
//! - a path through a list looks into those elements that are objects, and into the one that a number in the path
//!   names; at its end both the list and each element are tried;
//! - a test passes if some value at the path passes; what negates is the exact opposite, so it passes where the field
//!   is missing and only if no element passes;
//! - values of different types are never equal, and never in order.

use super::ast::{Literal, Order, Path};
use super::dates::{instant_us, is_iso_text};
use super::document::{Documents, Shape, Value};
use super::fields::{is_date_field, is_path_field};
use super::normal::{Atom, Normal};
use super::pattern::Pattern;
use super::shapes::BoundName;
use std::collections::HashSet;
use std::ops::Range;

/// Texts of a list beyond which they are looked up instead of compared one by one.
const MANY_TEXTS: usize = 8;

/// Documents whose texts are fetched together.
const BLOCK: usize = 32;

/// A filter that is ready to run.
#[derive(Debug, Clone)]
pub struct Matcher {
    condition: Condition,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone)]
struct Segment {
    name: String,
    /// The place in a list that the name may stand for.
    index: Option<usize>,
}

#[derive(Debug, Clone)]
enum Condition {
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
enum Check {
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
struct Choices {
    texts: HashSet<String>,
    others: Vec<Check>,
}

/// The numbers of a matcher's names in a batch of documents.
#[derive(Debug, Clone)]
pub struct Bound<'m> {
    matcher: &'m Matcher,
    names: Vec<BoundName>,
}

/// Where following a path ended.
enum Reached<'a> {
    /// At the value at its end.
    Value(Value<'a>),
    /// At a list in its middle, with the segments that are left.
    List(Value<'a>, Range<usize>),
    /// Where nothing is.
    Nothing,
}

impl Matcher {
    /// Compiles a filter in normal form.
    ///
    /// # Errors
    /// Why a pattern cannot be used. The parser has refused such filters before.
    pub fn new(filter: &Normal) -> Result<Self, String> {
        let mut compiler = Compiler::default();
        let condition = compiler.condition(filter)?;
        Ok(Self { condition, segments: compiler.segments })
    }

    /// Looks up the names in a batch. To be done again after documents were added.
    #[must_use]
    pub fn bind(&self, documents: &Documents) -> Bound<'_> {
        let names = self.segments.iter().map(|segment| documents.bound_name(&segment.name)).collect();
        Bound { matcher: self, names }
    }

    /// The places of the documents that match, in order.
    #[must_use]
    pub fn matching(&self, documents: &Documents) -> Vec<usize> {
        let bound = self.bind(documents);
        let first_text = self.condition.first_text();
        let mut found = Vec::new();
        for start in (0..documents.len()).step_by(BLOCK) {
            if let Some(segments) = first_text {
                bound.fetch_texts(documents.iter_from(start).take(BLOCK), segments);
            }
            for (place, document) in (start..).zip(documents.iter_from(start).take(BLOCK)) {
                if bound.matches(document) {
                    found.push(place);
                }
            }
        }
        found
    }
}

#[derive(Default)]
struct Compiler {
    segments: Vec<Segment>,
}

impl Compiler {
    fn condition(&mut self, normal: &Normal) -> Result<Condition, String> {
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
    let (mut texts, mut others) = (HashSet::new(), Vec::new());
    let many = literals.len() > MANY_TEXTS;
    for literal in literals {
        match equals(literal, is_date) {
            Check::Text(text) if many => {
                texts.insert(text);
            }
            other => others.push(other),
        }
    }
    Check::OneOf(Box::new(Choices { texts, others }))
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
    fn first_text(&self) -> Option<&Range<usize>> {
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

impl Bound<'_> {
    /// Whether a document of the batch matches.
    #[must_use]
    pub fn matches(&self, document: Value<'_>) -> bool {
        self.holds(&self.matcher.condition, document)
    }

    /// Has the processor fetch the texts of many documents at once: a test that waits for one text after the other is
    /// slower by far.
    fn fetch_texts<'a>(&self, documents: impl Iterator<Item = Value<'a>>, segments: &Range<usize>) {
        let mut sum = 0u8;
        for document in documents {
            if let Reached::Value(value) = self.follow(document, segments.clone()) {
                sum ^= value.as_text().and_then(|text| text.as_bytes().first()).copied().unwrap_or(0);
            }
        }
        std::hint::black_box(sum);
    }

    fn holds(&self, condition: &Condition, value: Value<'_>) -> bool {
        match condition {
            Condition::All(conditions) => conditions.iter().all(|condition| self.holds(condition, value)),
            Condition::Any(conditions) => conditions.iter().any(|condition| self.holds(condition, value)),
            Condition::Not(condition) => !self.holds(condition, value),
            Condition::Field(segments, check) => self.some_passes(value, segments.clone(), check),
            Condition::FieldEach(segments, checks) => {
                let reached = self.follow(value, segments.clone());
                checks.iter().all(|check| self.reached_passes(&reached, check))
            }
            Condition::Itself(check) => self.passes(check, value),
        }
    }

    /// Whether some value passes at the end of the path that is left.
    fn some_passes(&self, value: Value<'_>, segments: Range<usize>, check: &Check) -> bool {
        self.reached_passes(&self.follow(value, segments), check)
    }

    fn reached_passes(&self, reached: &Reached<'_>, check: &Check) -> bool {
        match reached {
            Reached::Value(value) => self.value_or_element_passes(*value, value.shape(), check),
            Reached::List(list, rest) => self.some_element_passes(*list, rest.clone(), check),
            Reached::Nothing => check.passes_missing(),
        }
    }

    /// Goes along the path up to its end, or up to a list.
    #[inline]
    fn follow<'a>(&self, mut value: Value<'a>, mut segments: Range<usize>) -> Reached<'a> {
        while let Some(at) = segments.next() {
            if value.is_object() {
                match self.names.get(at).and_then(|name| value.field_of(name)) {
                    Some(field) => value = field,
                    None => return Reached::Nothing,
                }
            } else if value.is_list() {
                return Reached::List(value, at..segments.end);
            } else {
                return Reached::Nothing;
            }
        }
        Reached::Value(value)
    }

    /// A list in the middle of a path: its objects, and the element that the next name may count out.
    fn some_element_passes(&self, list: Value<'_>, segments: Range<usize>, check: &Check) -> bool {
        let index = self.matcher.segments.get(segments.start).and_then(|segment| segment.index);
        let counted = index.and_then(|index| list.element(index));
        counted.is_some_and(|element| self.some_passes(element, segments.start + 1..segments.end, check))
            || list
                .elements()
                .filter(|element| element.is_object())
                .any(|element| self.some_passes(element, segments.clone(), check))
    }

    /// The end of a path: the value itself, and each element of a list.
    #[inline]
    fn value_or_element_passes(&self, value: Value<'_>, shape: Shape<'_>, check: &Check) -> bool {
        if self.shape_passes(check, value, shape) {
            return true;
        }
        // These speak of the list, not of what is in it.
        let is_about_the_list = matches!(check, Check::Size(_) | Check::Element { .. } | Check::Exists);
        shape == Shape::List
            && !is_about_the_list
            && value.elements().any(|element| self.passes(check, element))
    }

    fn passes(&self, check: &Check, value: Value<'_>) -> bool {
        self.shape_passes(check, value, value.shape())
    }

    fn shape_passes(&self, check: &Check, value: Value<'_>, shape: Shape<'_>) -> bool {
        match (check, shape) {
            (Check::Exists, _) | (Check::Null, Shape::Null) => true,
            (Check::Bool(wanted), Shape::Bool(found)) => *wanted == found,
            (Check::Number(wanted), Shape::Number(found)) => *wanted == found,
            (Check::Text(wanted), Shape::Text(found)) => wanted == found,
            (Check::Whole(literal), Shape::List | Shape::Object) => is_equal(literal, value),
            (Check::BoolOrder(order, operand), Shape::Bool(found)) => order.accepts(found.cmp(operand)),
            (Check::NumberOrder(order, operand), Shape::Number(found)) => {
                found.partial_cmp(operand).is_some_and(|ordering| order.accepts(ordering))
            }
            (Check::TextOrder(order, operand), Shape::Text(found)) => order.accepts(found.cmp(operand)),
            (Check::DateOrder(order, instant, text), Shape::Text(found)) => {
                date_in_order(*order, *instant, text.as_deref(), found)
            }
            (Check::Instant(instant, text), Shape::Text(found)) => {
                text == found || !is_iso_text(found) && instant_us(found) == Some(*instant)
            }
            (Check::OneOf(choices), shape) => {
                matches!(shape, Shape::Text(text) if choices.texts.contains(text))
                    || choices.others.iter().any(|check| self.passes(check, value))
            }
            (Check::Size(size), Shape::List) => value.child_count() == *size,
            (Check::Pattern(pattern), Shape::Text(text)) => pattern.matches(text),
            (Check::Element { is_object, condition }, Shape::List) => value
                .elements()
                .any(|element| (!is_object || element.is_object()) && self.holds(condition, element)),
            _ => false,
        }
    }
}

impl Check {
    /// Whether it passes where the field is missing.
    fn passes_missing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::OneOf(choices) => choices.others.iter().any(|check| matches!(check, Self::Null)),
            _ => false,
        }
    }
}

/// Texts of the usual form are in order as they are; others are read.
fn date_in_order(order: Order, instant: i64, text: Option<&str>, found: &str) -> bool {
    if let Some(text) = text
        && is_iso_text(found)
    {
        return order.accepts(found.cmp(text));
    }
    instant_us(found).is_some_and(|found| order.accepts(found.cmp(&instant)))
}

/// Whole lists and objects; the order of an object's fields does not matter.
fn is_equal(literal: &Literal, value: Value<'_>) -> bool {
    match (literal, value.shape()) {
        (Literal::Null, Shape::Null) => true,
        (Literal::Bool(wanted), Shape::Bool(found)) => *wanted == found,
        (Literal::Number(wanted), Shape::Number(found)) => *wanted == found,
        (Literal::Text(wanted), Shape::Text(found)) => wanted == found,
        (Literal::List(wanted), Shape::List) => {
            wanted.len() == value.child_count()
                && wanted.iter().zip(value.elements()).all(|(wanted, found)| is_equal(wanted, found))
        }
        (Literal::Object(wanted), Shape::Object) => {
            wanted.len() == value.child_count()
                && wanted
                    .iter()
                    .all(|(name, wanted)| value.field(name).is_some_and(|found| is_equal(wanted, found)))
        }
        _ => false,
    }
}

#[cfg(test)]
#[path = "matcher_tests.rs"]
mod tests;
