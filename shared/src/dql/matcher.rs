//! A filter compiled to run over documents.
//!
//! Must not know where documents come from. The meaning is MongoDB's (its manual, "Query and Projection Operators"
//! and "Query an Array"), with patterns in plain texts added:
//! - a path through a list looks into those elements that are objects, and into the one that a number in the path
//!   names; at its end both the list and each element are tried;
//! - a test passes if some value at the path passes; what negates is the exact opposite, so it passes where the field
//!   is missing and only if no element passes;
//! - values of different types are never equal, and never in order.

use super::ast::{Literal, Order};
use super::conditions::{Check, Compiler, Condition, Segment, number_key};
use super::dates::{instant_us, is_iso_text};
use super::document::{Documents, Shape, Value};
use super::normal::Normal;
use super::shapes::BoundName;
use std::ops::Range;

/// Documents whose texts are fetched together.
const BLOCK: usize = 32;

/// A filter that is ready to run.
#[derive(Debug, Clone)]
pub struct Matcher {
    condition: Condition,
    segments: Vec<Segment>,
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
                let is_listed = match shape {
                    Shape::Text(text) => choices.texts.contains(text),
                    Shape::Number(number) => choices.numbers.contains(&number_key(number)),
                    _ => false,
                };
                is_listed || choices.others.iter().any(|check| self.passes(check, value))
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
