//! Conditions on whole numbers, asked of numbers in memory.
//!
//! Must not know which column they stand for. A condition is written once, for statements, and read here.

use super::expression::{Expression, IS_ONE_OF, Operand, Piece};

/// A condition on a column of whole numbers, to be asked of many of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum IntegerTest {
    All(Vec<IntegerTest>),
    Any(Vec<IntegerTest>),
    Not(Box<IntegerTest>),
    Order(std::cmp::Ordering, bool, Bound),
    OneOf(Vec<i64>),
}

/// What a number is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bound {
    Integer(i64),
    Real(f64),
}

impl IntegerTest {
    /// Whether it holds for a number of at most 53 bits.
    pub(super) fn passes(&self, value: i64) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.passes(value)),
            Self::Any(tests) => tests.iter().any(|test| test.passes(value)),
            Self::Not(test) => !test.passes(value),
            Self::Order(wanted, or_equal, bound) => {
                let order = match bound {
                    Bound::Integer(bound) => Some(value.cmp(bound)),
                    Bound::Real(bound) => (value as f64).partial_cmp(bound),
                };
                order.is_some_and(|order| order == *wanted || (*or_equal && order.is_eq()))
            }
            Self::OneOf(values) => values.contains(&value),
        }
    }
}

impl Expression {
    /// The same condition without a database, if all of it speaks of one column of whole numbers.
    pub(super) fn on_integers(&self) -> Option<IntegerTest> {
        let each = |conditions: &[Self]| conditions.iter().map(Self::on_integers).collect::<Option<Vec<_>>>();
        Some(match self {
            Self::True => IntegerTest::All(Vec::new()),
            Self::False => IntegerTest::Any(Vec::new()),
            Self::All(conditions) => IntegerTest::All(each(conditions)?),
            Self::Any(conditions) => IntegerTest::Any(each(conditions)?),
            Self::Not(condition) => IntegerTest::Not(Box::new(condition.on_integers()?)),
            Self::Sql(pieces) => return pieces_on_integers(pieces),
        })
    }
}

fn pieces_on_integers(pieces: &[Piece]) -> Option<IntegerTest> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match pieces {
        [Piece::Sql(_), Piece::Sql(operator), Piece::Bind(operand)] => {
            let bound = match operand {
                Operand::Integer(value) => Bound::Integer(*value),
                Operand::Real(value) => Bound::Real(*value),
                Operand::Text(_) | Operand::List(_) => return None,
            };
            let (order, or_equal) = match *operator {
                " = " => (Equal, false),
                " > " => (Greater, false),
                " >= " => (Greater, true),
                " < " => (Less, false),
                " <= " => (Less, true),
                _ => return None,
            };
            Some(IntegerTest::Order(order, or_equal, bound))
        }
        [Piece::Sql(_), Piece::Sql(IS_ONE_OF), Piece::Bind(Operand::List(list)), _] => {
            serde_json::from_str(list).ok().map(IntegerTest::OneOf)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::atoms;
    use shared::dql::{Normal, parse};

    #[test]
    fn numbers_and_times_pass_as_their_statements_say() {
        let day = 86_400_000;
        let midnight = 1_700_438_400_000;
        for (field, test, value, passes) in [
            ("n", "3", 3, true),
            ("n", "3.5", 3, false),
            ("n", r#"{"$gt": 2.5}"#, 3, true),
            ("n", r#"{"$gte": 3}"#, 3, true),
            ("n", r#"{"$lt": 3}"#, 3, false),
            ("n", r#"{"$lte": 2.999}"#, 3, false),
            ("n", r#"{"$in": [1, 3]}"#, 3, true),
            ("n", r#"{"$in": [1, "3"]}"#, 3, false),
            ("n", r#"{"$exists": true}"#, 3, true),
            ("n", r#""3""#, 3, false),
            ("createdAt", r#"{"$gte": "2023-11-20"}"#, midnight, true),
            ("createdAt", r#"{"$gt": "2023-11-20"}"#, midnight, false),
            ("createdAt", r#"{"$lt": "2023-11-20"}"#, midnight - 1, true),
            ("createdAt", r#""2023-11-20*""#, midnight + day - 1, true),
            ("createdAt", r#""2023-11-20*""#, midnight + day, false),
        ] {
            let filter = format!(r#"{{"{field}": {test}}}"#);
            let Normal::Test(_, atom) = Normal::of(&parse(&filter).unwrap().query.filter) else {
                panic!("{filter} is not one test");
            };
            let bounds = if field == "n" { atoms::number("n", &atom) } else { atoms::time("n", &atom) };
            assert!(bounds.is_exact, "{filter}");
            assert_eq!(bounds.at_most.on_integers().unwrap().passes(value), passes, "{filter}");
        }
    }
}
