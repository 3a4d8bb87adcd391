//! What is wrong with a query, and where.
//!
//! Must not know how a query is read. A problem names what is wrong and what to write instead.

use std::fmt::{self, Write as _};

/// A place in the text, in bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// After the last byte.
    pub end: usize,
}

impl Span {
    /// From the first byte up to, but without, the second.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Line and column of its start in `text`, both from 1; columns count characters.
    #[must_use]
    pub fn line_and_column(self, text: &str) -> (usize, usize) {
        let before = text.get(..self.start.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }
}

/// One thing that is wrong, or that is probably not what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
}

impl fmt::Display for Problem {
    /// What was written may hold anything: letters that would move a terminal's cursor are left out, and of what is too
    /// long to read the middle, so that the end says what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.kind.to_string();
        let plain = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
        let count = text.chars().count();
        let cut =
            if count > MOST_LETTERS { MOST_LETTERS / 2..count - MOST_LETTERS / 2 } else { count..count };
        text.chars().take(cut.start).try_for_each(|letter| f.write_char(plain(letter)))?;
        if !cut.is_empty() {
            f.write_str(" ... ")?;
        }
        text.chars().skip(cut.end).try_for_each(|letter| f.write_char(plain(letter)))
    }
}

/// The closed list of what can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// The text is no JSON.
    #[error("this is not JSON: {0}")]
    Json(String),
    /// More than is read at all.
    #[error("the query is larger than the limit: {what} is at most {most}; {instead}")]
    TooLarge {
        /// Which limit.
        what: &'static str,
        /// The limit.
        most: usize,
        /// What to do.
        instead: &'static str,
    },
    /// A key stands twice in one object.
    #[error("`{0}` stands twice in one object, and only one could count: join the two with `$and`")]
    DuplicateKey(String),
    /// Not the kind of value that belongs here.
    #[error("`{name}` needs {wanted}, not {found}")]
    WrongKind {
        /// Operator or key.
        name: String,
        /// What belongs here.
        wanted: &'static str,
        /// What stands here.
        found: &'static str,
    },
    /// `$and`, `$or` or `$nor` with nothing in it.
    #[error("`{0}` needs at least one clause: leave it out to match everything")]
    NoClause(String),
    /// An operator that the language does not have.
    #[error("there is no operator `{name}`{}", did_you_mean(suggestion.as_deref()))]
    UnknownOperator {
        /// As written.
        name: String,
        /// The nearest known one.
        suggestion: Option<String>,
    },
    /// An operator in a place where it means nothing.
    #[error("`{name}` cannot stand here: {instead}")]
    MisplacedOperator {
        /// As written.
        name: String,
        /// Where it belongs.
        instead: &'static str,
    },
    /// An object that mixes operators and fields.
    #[error("`{operator}` and `{field}` cannot stand side by side: an object holds operators or fields")]
    MixedObject {
        /// One of the operators.
        operator: String,
        /// One of the fields.
        field: String,
    },
    /// A path with an empty segment.
    #[error("`{0}` is no field: between dots there must be a name")]
    EmptySegment(String),
    /// A key beside `filter` that the language does not have.
    #[error("there is no key `{name}` here{}", did_you_mean(suggestion.as_deref()))]
    UnknownKey {
        /// As written.
        name: String,
        /// The nearest known one.
        suggestion: Option<String>,
    },
    /// A key that other platforms know, and that does nothing here.
    #[error("`{name}` has no place in a query here: {instead}")]
    UnsupportedKey {
        /// As written.
        name: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A word that is none of a closed list.
    #[error("`{found}` is no {what}{}", did_you_mean(suggestion.as_deref()))]
    UnknownWord {
        /// Of what there is a list.
        what: &'static str,
        /// As written.
        found: String,
        /// The nearest known one.
        suggestion: Option<String>,
    },
    /// A join that cannot be followed.
    #[error("items can be joined with annotations and annotations with items, not {from} with {to}")]
    JoinResources {
        /// The query's resource.
        from: &'static str,
        /// The joined one.
        to: &'static str,
    },
    /// A key without which its object says nothing.
    #[error("{within} needs `{key}`")]
    MissingKey {
        /// The object.
        within: &'static str,
        /// What it lacks.
        key: &'static str,
    },
    /// A set of something else than the outer query looks for.
    #[error("`{within}` speaks of {inner}, and the query around it of {outer}: both need the same resource")]
    InnerResource {
        /// `intersect` or `except`.
        within: &'static str,
        /// Its resource.
        inner: &'static str,
        /// That of the query around it.
        outer: &'static str,
    },
    /// A key that an inner query may not have.
    #[error("the query in `{within}` cannot have `{key}`: it only says what belongs to the set")]
    InnerKey {
        /// `intersect` or `except`.
        within: &'static str,
        /// The key.
        key: String,
    },
    /// A pattern that cannot be used.
    #[error("{operator} cannot use this pattern: {reason}")]
    Pattern {
        /// `$glob` or `$regex`.
        operator: &'static str,
        /// Why.
        reason: String,
    },
    /// `$options` without `$regex`.
    #[error("`$options` needs a `$regex` beside it")]
    OptionsAlone,
    /// A number that no 64-bit float holds.
    #[error("the number {0} is too large")]
    NumberTooLarge(String),
    /// In a search text, another word than belongs here.
    #[error("expected {wanted}, found {found}")]
    Expected {
        /// What belongs here.
        wanted: &'static str,
        /// What stands here.
        found: String,
    },
    /// In a search text, a quote without its end.
    #[error("this quote is not closed")]
    UnclosedQuote,
    /// In a search text, brackets around conditions.
    #[error(
        "a search text has no brackets: AND binds tighter than OR; for anything else, edit the filter as JSON"
    )]
    Grouping,
    /// In a search text, an order with a value that has none.
    #[error("`{0}` takes only = and !=")]
    NoOrder(String),
    /// In a search text, a choice between labels and fields of the item itself.
    #[error(
        "`label` goes with other fields by AND only, as it speaks of the item's annotations; \
         for anything else, edit the filter as JSON"
    )]
    LabelInChoice,
    /// Probably a slip: a field that no resource has. The query can be run; the field counts as missing.
    #[error("{resource} have no field `{name}`{}", did_you_mean(suggestion.as_deref()))]
    UnknownField {
        /// Items or annotations.
        resource: &'static str,
        /// As written.
        name: String,
        /// The nearest known one.
        suggestion: Option<String>,
    },
    /// Probably a slip: a text beside a date field that is no date. The two are compared as texts.
    #[error("`{0}` is no date such as 2024-03-31 or 2024-03-31T12:00:00Z, so it is compared as text")]
    NotADate(String),
    /// Often misread: a class that begins with an exclamation mark.
    #[error("`[!` opens a class of which `!` is a member; write `[^` for every letter but these")]
    ClassWithExclamationMark,
    /// Often misread: `$ne` and `$nin` in a join do not speak of absence.
    #[error(
        "this finds items with some annotation for which `{0}` holds; for items without any such annotation, \
         ask for the opposite in `except`"
    )]
    JoinNegation(String),
    /// Often misread: two labels that one annotation should have.
    #[error(
        "one annotation has one label, so this finds nothing: `label IN cat, dog` finds items with either; \
         for items with both, use `intersect` in JSON"
    )]
    OneLabel,
}

impl ProblemKind {
    /// The known word that was probably meant, to be written in place of what stands there.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::UnknownOperator { suggestion, .. }
            | Self::UnknownKey { suggestion, .. }
            | Self::UnknownWord { suggestion, .. }
            | Self::UnknownField { suggestion, .. } => suggestion.as_deref(),
            _ => None,
        }
    }

    /// Whether the query can be run all the same.
    #[must_use]
    pub const fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::UnknownField { .. }
                | Self::NotADate(_)
                | Self::ClassWithExclamationMark
                | Self::JoinNegation(_)
                | Self::OneLabel
        )
    }
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Letters of a problem that are told.
const MOST_LETTERS: usize = 400;
/// Problems that are told: nobody reads more, and a hostile text has a million.
pub(super) const MOST_PROBLEMS: usize = 100;

/// Why a query is refused: what is wrong with it, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// At least one, and the first hundred at most.
    pub problems: Vec<Problem>,
    places: Vec<(usize, usize)>,
    /// How many there are beyond those.
    more: usize,
}

impl Refusal {
    pub(super) fn new(text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.span);
        problems.dedup_by(|a, b| a.span.start == b.span.start && a.kind == b.kind);
        let more = problems.len().saturating_sub(MOST_PROBLEMS);
        problems.truncate(MOST_PROBLEMS);
        let places = problems.iter().map(|problem| problem.span.line_and_column(text)).collect();
        Self { problems, places, more }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (problem, (line, column))) in self.problems.iter().zip(&self.places).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}line {line}, column {column}: {problem}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_shown_without_control_and_at_a_readable_length() {
        let problem = |name: String| {
            let kind = ProblemKind::UnknownOperator { name, suggestion: None };
            Problem { kind, span: Span::default() }.to_string()
        };
        assert_eq!(problem("$\u{1b}[31m\n".into()), "there is no operator `$\u{fffd}[31m\u{fffd}`");
        let long = problem("x".repeat(1 << 20));
        assert!(
            long.len() < 500 && long.starts_with("there is no operator") && long.ends_with("x`"),
            "{long}"
        );
    }

    #[test]
    fn a_place_is_told_by_line_and_character() {
        let text = "{\n  \"größe\": 1\n}";
        for (start, expected) in [(0, (1, 1)), (4, (2, 3)), (13, (2, 10)), (999, (3, 2))] {
            assert_eq!(Span::new(start, start).line_and_column(text), expected, "byte {start}");
        }
    }
}
