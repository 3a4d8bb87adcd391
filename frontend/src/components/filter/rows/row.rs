//! One condition as it is typed, and what it says.
//!
//! Must not know the other conditions.

use super::value;
use crate::text::capitalised;
use shared::dql::{ClauseKind, Filter, Literal, Order, Path, ProblemKind, Query, Test, parse};

/// What stands between field and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equals,
    NotEquals,
    Order(Order),
    OneOf,
    NoneOf,
    Exists,
    IsMissing,
    Matches,
}

impl Operator {
    pub const ALL: [Self; 11] = [
        Self::Equals,
        Self::NotEquals,
        Self::Order(Order::Greater),
        Self::Order(Order::GreaterOrEqual),
        Self::Order(Order::Less),
        Self::Order(Order::LessOrEqual),
        Self::OneOf,
        Self::NoneOf,
        Self::Exists,
        Self::IsMissing,
        Self::Matches,
    ];

    pub const fn words(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::NotEquals => "does not equal",
            Self::Order(Order::Greater) => "> greater than",
            Self::Order(Order::GreaterOrEqual) => ">= at least",
            Self::Order(Order::Less) => "< less than",
            Self::Order(Order::LessOrEqual) => "<= at most",
            Self::OneOf => "is one of",
            Self::NoneOf => "is none of",
            Self::Exists => "exists",
            Self::IsMissing => "does not exist",
            Self::Matches => "matches (glob)",
        }
    }

    pub fn of_words(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.words() == words)
    }

    pub const fn takes_value(self) -> bool {
        !matches!(self, Self::Exists | Self::IsMissing)
    }

    pub const fn takes_list(self) -> bool {
        matches!(self, Self::OneOf | Self::NoneOf)
    }
}

/// One condition, as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Stays the same while the row is edited.
    pub id: u64,
    pub field: String,
    pub operator: Operator,
    pub value: String,
}

/// Why a row cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub is_in_field: bool,
    pub message: String,
}

impl Row {
    pub const fn empty(id: u64) -> Self {
        Self { id, field: String::new(), operator: Operator::Equals, value: String::new() }
    }

    /// What it says; nothing while field or value are missing.
    pub fn read(&self) -> Result<Option<Filter>, Fault> {
        let field = self.field.trim();
        if field.is_empty() || (self.operator.takes_value() && self.value.trim().is_empty()) {
            return Ok(None);
        }
        let no_field = || Fault {
            is_in_field: true,
            message: capitalised(&ProblemKind::EmptySegment(field.to_owned()).to_string()),
        };
        let path = Path::new(field).filter(|_| !field.starts_with('$')).ok_or_else(no_field)?;
        let in_value = |message| Fault { is_in_field: false, message };
        let filter: Filter = ClauseKind::Field(path, vec![self.test().map_err(in_value)?]).into();
        // The language itself knows best what it refuses, such as a pattern that cannot be used.
        let refused = parse(&Query::of_filter(filter.clone()).to_string()).err();
        match refused.and_then(|refusal| refusal.problems.into_iter().next()) {
            Some(problem) => Err(in_value(capitalised(&problem.to_string()))),
            None => Ok(Some(filter)),
        }
    }

    fn test(&self) -> Result<Test, String> {
        Ok(match self.operator {
            Operator::Equals => match value::read(&self.value)? {
                Literal::Text(text) if text.contains('*') => Test::Wildcard(text),
                literal => Test::Plain(literal),
            },
            Operator::NotEquals => Test::Ne(value::read(&self.value)?),
            Operator::Order(order) => match value::read(&self.value)? {
                literal @ (Literal::Null | Literal::Bool(_)) => {
                    return Err(capitalised(&ProblemKind::NoOrder(literal.to_string()).to_string()));
                }
                literal => Test::Order(order, literal),
            },
            Operator::OneOf => Test::In(value::read_list(&self.value)?),
            Operator::NoneOf => Test::Nin(value::read_list(&self.value)?),
            Operator::Exists => Test::Exists(true),
            Operator::IsMissing => Test::Exists(false),
            Operator::Matches => Test::Glob(value::read_text(&self.value)?),
        })
    }
}
