//! Conditions in SQL: a tree whose text is written by this program alone, and whose operands are bound.
//!
//! Must not know the filter language. A piece of text is `'static`, so nothing that a person wrote can become SQL.

use sqlx::{QueryBuilder, Sqlite};

/// What stands between a column and a list.
pub(super) const IS_ONE_OF: &str = " IN (SELECT value FROM json_each(";

/// An operand.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Text(String),
    Integer(i64),
    Real(f64),
    /// A JSON list of texts or whole numbers, to be read with `json_each`: one operand, however long the list is.
    List(String),
}

impl Operand {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Sql(&'static str),
    Bind(Operand),
    Inner(Expression),
}

/// A condition that is true or false, never null.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    True,
    False,
    Sql(Vec<Piece>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
}

impl Expression {
    /// Text without operands.
    pub(super) fn sql(text: &'static str) -> Self {
        Self::Sql(vec![Piece::Sql(text)])
    }

    /// `left operator ?`; the operator has its spaces around it.
    pub(super) fn compare(left: &'static str, operator: &'static str, operand: Operand) -> Self {
        Self::Sql(vec![Piece::Sql(left), Piece::Sql(operator), Piece::Bind(operand)])
    }

    /// `left IN (...)`.
    pub(super) fn is_one_of(left: &'static str, list: Operand) -> Self {
        Self::Sql(vec![Piece::Sql(left), Piece::Sql(IS_ONE_OF), Piece::Bind(list), Piece::Sql("))")])
    }

    /// All hold.
    pub(super) fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for condition in conditions {
            match condition {
                Self::True => {}
                Self::False => return Self::False,
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::True,
            1 => flat.swap_remove(0),
            _ => Self::All(flat),
        }
    }

    /// At least one holds.
    pub(super) fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for condition in conditions {
            match condition {
                Self::False => {}
                Self::True => return Self::True,
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::False,
            1 => flat.swap_remove(0),
            _ => Self::Any(flat),
        }
    }

    /// Does not hold.
    pub(super) fn not(condition: Self) -> Self {
        match condition {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// The conditions that must all hold.
    pub(super) fn conjuncts(&self) -> &[Self] {
        match self {
            Self::True => &[],
            Self::All(conditions) => conditions,
            other => std::slice::from_ref(other),
        }
    }

    /// With other columns instead of some.
    pub(super) fn with_columns(&self, replace: fn(&'static str) -> &'static str) -> Self {
        let each = |conditions: &[Self]| conditions.iter().map(|one| one.with_columns(replace)).collect();
        match self {
            Self::True | Self::False => self.clone(),
            Self::All(conditions) => Self::All(each(conditions)),
            Self::Any(conditions) => Self::Any(each(conditions)),
            Self::Not(condition) => Self::Not(Box::new(condition.with_columns(replace))),
            Self::Sql(pieces) => Self::Sql(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Sql(text) => Piece::Sql(replace(text)),
                        Piece::Inner(condition) => Piece::Inner(condition.with_columns(replace)),
                        Piece::Bind(_) => piece.clone(),
                    })
                    .collect(),
            ),
        }
    }

    /// Adds it to a statement, in brackets where it needs them.
    pub(super) fn push_to(&self, statement: &mut QueryBuilder<Sqlite>) {
        match self {
            Self::True => {
                statement.push("1");
            }
            Self::False => {
                statement.push("0");
            }
            Self::Sql(pieces) => push_pieces(pieces, statement),
            Self::All(conditions) => push_list(conditions, " AND ", statement),
            Self::Any(conditions) => push_list(conditions, " OR ", statement),
            Self::Not(condition) => {
                statement.push("NOT (");
                condition.push_to(statement);
                statement.push(")");
            }
        }
    }
}

fn push_pieces(pieces: &[Piece], statement: &mut QueryBuilder<Sqlite>) {
    for piece in pieces {
        match piece {
            Piece::Sql(text) => {
                statement.push(*text);
            }
            Piece::Bind(operand) => push_operand(operand, statement),
            Piece::Inner(condition) => condition.push_to(statement),
        }
    }
}

pub(super) fn push_operand(operand: &Operand, statement: &mut QueryBuilder<Sqlite>) {
    match operand {
        Operand::Text(text) | Operand::List(text) => statement.push_bind(text.clone()),
        Operand::Integer(number) => statement.push_bind(*number),
        Operand::Real(number) => statement.push_bind(*number),
    };
}

fn push_list(conditions: &[Expression], between: &'static str, statement: &mut QueryBuilder<Sqlite>) {
    for (index, condition) in conditions.iter().enumerate() {
        statement.push(if index == 0 { "(" } else { between });
        condition.push_to(statement);
    }
    statement.push(")");
}

/// The smallest text that is greater than every text with this beginning; `None` if there is none.
pub(super) fn after_prefix(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // Between the surrogates there are no letters, so the order of letters jumps over them.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// `left` begins with the prefix, as a range of an index.
pub(super) fn begins_with(left: &'static str, prefix: &str) -> Expression {
    if prefix.is_empty() {
        return Expression::True;
    }
    let from = Expression::compare(left, " >= ", Operand::text(prefix));
    let to = after_prefix(prefix).map(|end| Expression::compare(left, " < ", Operand::Text(end)));
    Expression::all([from, to.unwrap_or(Expression::True)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_that_is_written_by_a_person_becomes_sql() {
        let hostile = "x' OR 1 = 1; DROP TABLE items; --";
        let condition = Expression::all([
            Expression::compare("i.name", " = ", Operand::text(hostile)),
            Expression::not(begins_with("i.dir", hostile)),
            Expression::is_one_of("i.id", Operand::List(serde_json::json!([hostile]).to_string())),
        ]);
        let mut statement = QueryBuilder::<Sqlite>::new("");
        condition.push_to(&mut statement);
        let text = statement.sql().as_str().to_owned();
        assert_eq!(
            text,
            "(i.name = ? AND NOT ((i.dir >= ? AND i.dir < ?)) AND i.id IN (SELECT value FROM json_each(?)))"
        );
    }

    #[test]
    fn what_is_always_or_never_true_folds() {
        let one = || Expression::sql("x");
        assert_eq!(Expression::all([one(), Expression::True]), one());
        assert_eq!(Expression::all([one(), Expression::False]), Expression::False);
        assert_eq!(Expression::any([one(), Expression::True]), Expression::True);
        assert_eq!(Expression::any([]), Expression::False);
        assert_eq!(Expression::not(Expression::not(one())), one());
    }

    proptest! {
        #[test]
        fn texts_with_a_beginning_stand_before_its_end(prefix in "\\PC{1,4}", rest in "\\PC{0,4}", other in "\\PC{0,5}") {
            if let Some(end) = after_prefix(&prefix) {
                let long = format!("{prefix}{rest}");
                prop_assert!(long >= prefix && long < end);
                prop_assert_eq!(other >= prefix && other < end, other.starts_with(&prefix));
            }
        }
    }

    #[test]
    fn the_end_of_a_beginning_jumps_over_what_is_no_letter() {
        assert_eq!(after_prefix("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
    }
}
