//! Filters in normal form to SQL, from above and from below.
//!
//! Must not know what a query has around its filter. What SQL cannot say is true in the bound from above and false in
//! the one from below, and a negation swaps the two; so the bound from above finds all that matches, and what it finds
//! beside that is left to evaluation.

use super::atoms::Bounds;
use super::expression::Expression;
use super::fields::{self, Scope, Table};
use super::paths::folder_of_pattern;
use shared::dql::{Normal, Path};
use std::collections::HashSet;

/// Tests that become SQL; those beyond are left to evaluation. SQLite refuses statements that are nested deeper than
/// 1,000, and takes long to plan large ones.
const MOST_TESTS: usize = 200;

/// The bounds of a filter.
///
/// # Errors
/// Why a pattern cannot be used.
pub(super) fn bounds(filter: &Normal, table: Table, scope: &Scope) -> Result<Bounds, String> {
    Translation { table, scope, tests: 0 }.bounds(filter)
}

struct Translation<'a> {
    table: Table,
    scope: &'a Scope,
    tests: usize,
}

impl Translation<'_> {
    fn bounds(&mut self, filter: &Normal) -> Result<Bounds, String> {
        Ok(match filter {
            Normal::And(conditions) => combined(self.list(conditions)?, Expression::all),
            Normal::Or(conditions) => combined(self.list(conditions)?, Expression::any),
            Normal::Not(condition) => {
                let Bounds { at_most, at_least, is_exact } = self.bounds(condition)?;
                Bounds { at_most: Expression::not(at_least), at_least: Expression::not(at_most), is_exact }
            }
            Normal::Test(Some(path), atom) => {
                self.tests += 1;
                if self.tests > MOST_TESTS {
                    return Ok(Bounds::unknown());
                }
                fields::test(self.table, path, atom, self.scope)?
            }
            Normal::Test(None, _) => Bounds::unknown(),
        })
    }

    fn list(&mut self, conditions: &[Normal]) -> Result<Vec<Bounds>, String> {
        conditions.iter().map(|condition| self.bounds(condition)).collect()
    }
}

fn combined(parts: Vec<Bounds>, join: fn(Vec<Expression>) -> Expression) -> Bounds {
    let is_exact = parts.iter().all(|part| part.is_exact);
    let (at_most, at_least): (Vec<_>, Vec<_>) =
        parts.into_iter().map(|part| (part.at_most, part.at_least)).unzip();
    let (at_most, at_least) = (join(at_most), join(at_least));
    // A part that nothing can pass settles it, however little is known of the others.
    Bounds { is_exact: is_exact || at_most == at_least, at_most, at_least }
}

/// Whether SQL can say all tests of a filter, as far as their number goes.
pub(super) fn is_within_limit(filter: &Normal) -> bool {
    tests_in(filter) <= MOST_TESTS
}

fn tests_in(filter: &Normal) -> usize {
    match filter {
        Normal::And(conditions) | Normal::Or(conditions) => conditions.iter().map(tests_in).sum(),
        Normal::Not(condition) => tests_in(condition),
        Normal::Test(..) => 1,
    }
}

/// The conditions of a filter that must all hold.
pub(super) fn conjuncts(filter: &Normal) -> &[Normal] {
    match filter {
        Normal::And(conditions) => conditions,
        other => std::slice::from_ref(other),
    }
}

/// The folders of the filter's patterns on `filename`, which items could be called like.
pub(super) fn folders_of_patterns(filter: &Normal, found: &mut HashSet<String>) {
    match filter {
        Normal::And(conditions) | Normal::Or(conditions) => {
            conditions.iter().for_each(|condition| folders_of_patterns(condition, found));
        }
        Normal::Not(condition) => folders_of_patterns(condition, found),
        Normal::Test(path, atom) if path.as_ref().map(Path::as_str) == Some("filename") => {
            found.extend(folder_of_pattern(atom));
        }
        Normal::Test(..) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::dql::parse;

    fn translated(filter: &str) -> Bounds {
        let normal = Normal::of(&parse(filter).unwrap().query.filter);
        let scope = Scope { dataset_id: "d".into(), files: HashSet::new() };
        bounds(&normal, Table::Items, &scope).unwrap()
    }

    #[test]
    fn conditions_on_columns_are_exact_and_others_narrow() {
        for (filter, is_exact, is_everything) in [
            ("{}", true, true),
            (r#"{"hidden": false, "type": "file"}"#, true, true),
            (r#"{"metadata.system.tags.train": true}"#, true, false),
            (r#"{"name": {"$ne": "a"}, "createdAt": {"$gt": "2024-01-01"}}"#, true, false),
            (r#"{"metadata.user.score": {"$gt": 1}}"#, false, false),
            (r#"{"metadata.user.score": {"$ne": 1}}"#, false, true),
            (r#"{"metadata.user.score": null}"#, false, true),
            (r#"{"dir": "/a", "metadata.user.score": 1}"#, false, false),
            (r#"{"$or": [{"dir": "/a"}, {"metadata.user.score": 1}]}"#, false, false),
            (r#"{"$nor": [{"dir": "/a", "metadata.user.score": 1}]}"#, false, true),
            (r#"{"$nor": [{"$or": [{"dir": "/a"}, {"metadata.user.score": 1}]}]}"#, false, false),
            (r#"{"hidden": true, "metadata.user.score": 1}"#, true, false),
            (r#"{"name": {"$regex": "^a"}}"#, false, true),
        ] {
            let bounds = translated(filter);
            assert_eq!(bounds.is_exact, is_exact, "{filter}");
            assert_eq!(bounds.at_most == Expression::True, is_everything, "{filter}");
        }
    }

    #[test]
    fn a_filter_of_many_tests_is_left_to_evaluation_from_some_point_on() {
        let many: Vec<String> = (0..5_000).map(|at| format!(r#"{{"name": "{at}"}}"#)).collect();
        let bounds = translated(&format!(r#"{{"$or": [{}]}}"#, many.join(",")));
        assert!(!bounds.is_exact && bounds.at_most == Expression::True);
    }
}
