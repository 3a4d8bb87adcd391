//! The tree that a query is parsed into: what was written, in its order, each clause with its place.
//!
//! Must not know JSON or how anything is run. Equality of trees ignores places.

use super::error::Span;
use std::cmp::Ordering;

/// A whole query: what to look for and how to hand it out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// What must hold.
    pub filter: Filter,
    /// What is looked for; items when nothing is said.
    pub resource: Option<Resource>,
    /// Page to hand out, from 0.
    pub page: Option<u64>,
    /// Rows a page.
    pub page_size: Option<u64>,
    /// Rows to pass over.
    pub skip: Option<u64>,
    /// Rows at most.
    pub limit: Option<u64>,
    /// Order of the rows, the first key first.
    pub sort: Vec<SortKey>,
    /// A condition on another resource.
    pub join: Option<Join>,
    /// Only what this query finds too.
    pub intersect: Option<Box<Query>>,
    /// Without what this query finds.
    pub except: Option<Box<Query>>,
    /// Fields to hand out (`true`) or to leave out (`false`).
    pub select: Vec<(Path, bool)>,
    /// Where to look.
    pub context: Context,
}

impl Query {
    /// The query of a filter on items, with nothing else said.
    #[must_use]
    pub fn of_filter(filter: Filter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// What is looked for.
    #[must_use]
    pub fn resource(&self) -> Resource {
        self.resource.unwrap_or(Resource::Items)
    }
}

/// What a query looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Images with their metadata.
    Items,
    /// Labels and boxes on items.
    Annotations,
    /// Anything else that the language names, without fields known to this product.
    Other(&'static str),
}

impl Resource {
    /// The word in the query.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Annotations => "annotations",
            Self::Other(name) => name,
        }
    }
}

/// A dotted path to a field; no segment is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(String);

impl Path {
    /// From its dotted text; `None` if a segment is empty.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.split('.').any(str::is_empty)).then_some(Self(text))
    }

    /// The field `name` below another, or itself without one.
    #[must_use]
    pub fn below(prefix: Option<&Self>, name: Self) -> Self {
        prefix.map(|prefix| Self(format!("{}.{}", prefix.0, name.0))).unwrap_or(name)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its segments, from the outside in.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

/// One key of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The field.
    pub field: Path,
    /// Which end comes first.
    pub direction: Direction,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The lowest.
    Ascending,
    /// The highest.
    Descending,
}

impl Direction {
    /// The word in the query.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }
}

/// Keeps what has at least one partner in another resource for which the filter holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// The other resource.
    pub resource: Resource,
    /// Its field.
    pub local: Path,
    /// The field of the query's own resource that equals it. The language writes `forigen`.
    pub foreign: Path,
    /// What must hold for the partner.
    pub filter: Filter,
}

/// Where to look; empty lists say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// Ids of projects.
    pub projects: Vec<String>,
    /// Ids of datasets.
    pub datasets: Vec<String>,
}

/// Clauses that must all hold; without any, everything matches.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In the order written.
    pub clauses: Vec<Clause>,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.clauses == other.clauses
    }
}

impl From<ClauseKind> for Filter {
    /// A filter of one clause, which stands nowhere.
    fn from(kind: ClauseKind) -> Self {
        Self { clauses: vec![Clause { kind, span: Span::default() }], span: Span::default() }
    }
}

/// One entry of a filter object.
#[derive(Debug, Clone)]
pub struct Clause {
    /// What it says.
    pub kind: ClauseKind,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Clause {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// What an entry of a filter object says.
#[derive(Debug, Clone, PartialEq)]
pub enum ClauseKind {
    /// `$and`: each holds.
    And(Vec<Filter>),
    /// `$or`: at least one holds.
    Or(Vec<Filter>),
    /// `$nor` (an extension): none holds.
    Nor(Vec<Filter>),
    /// A field and what must hold for its value; several tests must all hold.
    Field(Path, Vec<Test>),
}

/// What must hold for the value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A plain value: equal to it, or a list that contains it. Null also matches a missing field.
    Plain(Literal),
    /// A plain text with `*` in it.
    Wildcard(String),
    /// `$eq`: as plain, but `*` is an ordinary letter.
    Eq(Literal),
    /// `$ne`: `$eq` does not hold, so that a missing field matches.
    Ne(Literal),
    /// `$gt`, `$gte`, `$lt`, `$lte`: order within one type.
    Order(Order, Literal),
    /// `$in`: equal to any of them.
    In(Vec<Literal>),
    /// `$nin`: `$in` does not hold, so that a missing field matches.
    Nin(Vec<Literal>),
    /// `$exists`: present, also as null (`true`), or missing (`false`).
    Exists(bool),
    /// `$match`: one element of a list fits as a whole.
    Match(Element),
    /// `$not` (an extension): these do not all hold.
    Not(Vec<Test>),
    /// `$all` (an extension): each of them is contained.
    All(Vec<Literal>),
    /// `$size` (an extension): a list of this many elements.
    Size(u64),
    /// `$glob` (an extension): a path pattern with `*`, `**`, `?`, `[a-z]` and `{a,b}`.
    Glob(String),
    /// `$regex` with `$options` (an extension): found anywhere in a text.
    Regex {
        /// The pattern.
        pattern: String,
        /// Some of `i`, `m`, `s`, `x`.
        options: String,
    },
}

/// What must hold for one element of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    /// The element is an object for which the filter holds.
    Object(Filter),
    /// The element itself passes all tests.
    Value(Vec<Test>),
}

/// How a value stands to another of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// `$gt`.
    Greater,
    /// `$gte`.
    GreaterOrEqual,
    /// `$lt`.
    Less,
    /// `$lte`.
    LessOrEqual,
}

impl Order {
    /// The operator's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greater => "$gt",
            Self::GreaterOrEqual => "$gte",
            Self::Less => "$lt",
            Self::LessOrEqual => "$lte",
        }
    }

    /// Whether it accepts values that compare like this to the operand.
    #[must_use]
    pub const fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

/// A value as it is written in a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number, in 64 bits.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Literal>),
    /// An object; each key once, in the order written.
    Object(Vec<(String, Literal)>),
}

impl Literal {
    /// What kind of value it is, in words.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}
