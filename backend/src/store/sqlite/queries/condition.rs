//! A whole query as one condition on a row: its filter, its join, and the sets around it.
//!
//! Must not know in which order rows are looked at. `intersect` and `except` speak of the same rows, so they are
//! conditions too; a join asks for a partner.

use super::atoms::Bounds;
use super::expression::{Expression, Operand, Piece};
use super::fields::{JoinKey, Scope, Table, join_key};
use super::translate::{bounds, conjuncts, is_within_limit};
use crate::store::error::StoreError;
use shared::dql::{Join, Matcher, Normal, Query};

/// What must hold for a row.
#[derive(Debug)]
pub(super) struct Condition {
    /// In SQL: all that matches, and maybe more.
    pub(super) at_most: Expression,
    /// What is left to evaluation; nothing if SQL says it all.
    pub(super) rest: Vec<Rest>,
    /// Filters that must all hold, for choosing an index.
    pub(super) filters: Vec<Normal>,
    /// Filters of partners that must all be there by their item's id, for choosing an index, each with what it is here.
    pub(super) partners: Vec<(Normal, Expression)>,
    /// Whether evaluation looks at nothing of the row but `metadata.user`.
    pub(super) is_about_user_metadata: bool,
}

/// A part of the query that evaluation decides.
#[derive(Debug)]
pub(super) struct Rest {
    /// Whether it must not hold.
    pub(super) is_negated: bool,
    /// On the row itself.
    pub(super) matcher: Option<Matcher>,
    /// A partner that must be there.
    pub(super) partner: Option<Partner>,
}

/// A partner by a join.
#[derive(Debug)]
pub(super) struct Partner {
    pub(super) table: Table,
    /// What the two have in common, seen from the row and from the partner.
    pub(super) own_key: JoinKey,
    pub(super) key: JoinKey,
    /// In SQL: all partners that match, and maybe more.
    pub(super) at_most: Expression,
    pub(super) matcher: Matcher,
}

pub(super) fn unsupported(reason: impl Into<String>, next_step: impl Into<String>) -> StoreError {
    StoreError::UnsupportedQuery { reason: reason.into(), next_step: next_step.into() }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what errors are turned into")]
fn bad_pattern(reason: String) -> StoreError {
    unsupported(format!("a pattern cannot be used ({reason})"), "write another one")
}

fn matcher(filter: &Normal) -> Result<Matcher, StoreError> {
    Matcher::new(filter).map_err(bad_pattern)
}

impl Condition {
    /// Whether `metadata.user` is all that evaluation needs.
    pub(super) fn needs_user_metadata_alone(&self) -> bool {
        self.is_about_user_metadata && self.rest.iter().all(|rest| rest.partner.is_none())
    }

    /// # Errors
    /// [`StoreError::UnsupportedQuery`].
    pub(super) fn of(
        query: &Query,
        table: Table,
        scope: &Scope,
        project_id: &str,
    ) -> Result<Self, StoreError> {
        let mut condition = Self {
            at_most: Expression::True,
            rest: Vec::new(),
            filters: Vec::new(),
            partners: Vec::new(),
            is_about_user_metadata: table == Table::Items,
        };
        let sets =
            [(Some(query), false), (query.intersect.as_deref(), false), (query.except.as_deref(), true)];
        let mut at_most = Vec::new();
        for (part, is_negated) in sets {
            let Some(part) = part else { continue };
            if Table::of(part.resource()) != Some(table) {
                return Err(unsupported(
                    format!(
                        "a set of {} has nothing in common with one of {}",
                        part.resource().name(),
                        query.resource().name()
                    ),
                    "ask for the same resource in `intersect` and `except`, and join the other",
                ));
            }
            let is_here = is_in_context(part, scope, project_id);
            at_most.push(match is_here {
                true => condition.add(part, is_negated, table, scope)?,
                false if is_negated => Expression::True,
                false => Expression::False,
            });
        }
        condition.at_most = Expression::all(at_most);
        Ok(condition)
    }

    /// What the part is in SQL; what SQL cannot say is added to the rest.
    fn add(
        &mut self,
        part: &Query,
        is_negated: bool,
        table: Table,
        scope: &Scope,
    ) -> Result<Expression, StoreError> {
        let filter = Normal::of(&part.filter);
        let own = bounds(&filter, table, scope).map_err(bad_pattern)?;
        let joined = part.join.as_ref().map(|join| Joined::of(join, table, scope)).transpose()?;
        let partner =
            joined.as_ref().map_or_else(|| Bounds::exact(Expression::True), |joined| joined.bounds(scope));
        if !is_negated {
            let by_item = joined.as_ref().filter(|joined| joined.is_by_item());
            self.partners.extend(by_item.map(|joined| (joined.filter.clone(), partner.at_most.clone())));
            self.filters.extend(conjuncts(&filter).iter().cloned());
        }
        if !(own.is_exact && partner.is_exact) {
            // What must not hold is looked at as a whole.
            let needs_partner = is_negated || !partner.is_exact;
            let left = match (is_negated, own.is_exact) {
                (true, _) => Some(filter),
                (false, true) => None,
                (false, false) => Some(inexact_part(&filter, table, scope)?),
            };
            self.is_about_user_metadata &= left.as_ref().is_none_or(is_about_user_metadata);
            let matcher = left.as_ref().map(matcher).transpose()?;
            let partner = joined.filter(|_| needs_partner).map(Joined::into_partner).transpose()?;
            self.rest.push(Rest { is_negated, matcher, partner });
        }
        Ok(if is_negated {
            Expression::not(Expression::all([own.at_least, partner.at_least]))
        } else {
            Expression::all([own.at_most, partner.at_most])
        })
    }
}

/// The conditions of the filter that SQL does not say exactly.
fn inexact_part(filter: &Normal, table: Table, scope: &Scope) -> Result<Normal, StoreError> {
    if !is_within_limit(filter) {
        return Ok(filter.clone());
    }
    let mut left = Vec::new();
    for condition in conjuncts(filter) {
        if !bounds(condition, table, scope).map_err(bad_pattern)?.is_exact {
            left.push(condition.clone());
        }
    }
    Ok(Normal::And(left))
}

/// Whether a filter looks at nothing of a row but `metadata.user`.
pub(super) fn is_about_user_metadata(filter: &Normal) -> bool {
    match filter {
        Normal::And(conditions) | Normal::Or(conditions) => conditions.iter().all(is_about_user_metadata),
        Normal::Not(condition) => is_about_user_metadata(condition),
        Normal::Test(path, _) => path.as_ref().is_some_and(|path| path.as_str().starts_with("metadata.user")),
    }
}

/// Lists in `context` are scopes: what is outside of them is not found.
pub(super) fn is_in_context(query: &Query, scope: &Scope, project_id: &str) -> bool {
    let has = |ids: &[String], id: &str| ids.is_empty() || ids.iter().any(|each| each == id);
    has(&query.context.datasets, &scope.dataset_id) && has(&query.context.projects, project_id)
}

struct Joined {
    table: Table,
    own_key: JoinKey,
    key: JoinKey,
    filter: Normal,
    filter_bounds: Bounds,
}

impl Joined {
    fn of(join: &Join, own: Table, scope: &Scope) -> Result<Self, StoreError> {
        let table = Table::of(join.resource).filter(|table| *table != own);
        let Some(table) = table else {
            return Err(unsupported(
                format!("nothing is joined with {} here", join.resource.name()),
                "join items with annotations, or annotations with items",
            ));
        };
        let key = |table, path: &str| {
            join_key(table, path, scope).ok_or_else(|| {
                unsupported(
                    format!("a join cannot go by `{path}`"),
                    "join items with annotations by local `itemId` and forigen `id`, and annotations with items by local `id` and forigen `itemId`",
                )
            })
        };
        let filter = Normal::of(&join.filter);
        let filter_bounds = bounds(&filter, table, scope).map_err(bad_pattern)?;
        let (own_key, key) = (key(own, join.foreign.as_str())?, key(table, join.local.as_str())?);
        Ok(Self { table, own_key, key, filter, filter_bounds })
    }

    fn is_by_item(&self) -> bool {
        (self.own_key, self.key) == (JoinKey::Column("i.id"), JoinKey::Column("a.item_id"))
    }

    /// Whether there is a partner.
    fn bounds(&self, scope: &Scope) -> Bounds {
        let exists = |filter: &Expression| match (self.own_key, self.key) {
            (JoinKey::Nothing, _) | (_, JoinKey::Nothing) => Expression::False,
            _ if *filter == Expression::False => Expression::False,
            (own, key) => exists(self.table, self.is_by_item(), [own, key], filter.clone(), scope),
        };
        Bounds {
            at_most: exists(&self.filter_bounds.at_most),
            at_least: exists(&self.filter_bounds.at_least),
            is_exact: self.filter_bounds.is_exact
                || self.own_key == JoinKey::Nothing
                || self.key == JoinKey::Nothing,
        }
    }

    fn into_partner(self) -> Result<Partner, StoreError> {
        Ok(Partner {
            table: self.table,
            own_key: self.own_key,
            key: self.key,
            at_most: self.filter_bounds.at_most,
            matcher: matcher(&self.filter)?,
        })
    }
}

/// Annotations know their dataset through their item only.
pub(super) const ITEMS_OF_DATASET: &str = "items i WHERE i.dataset_id = ";
pub(super) const ANNOTATIONS_OF_DATASET: &str =
    "items s JOIN annotations a ON a.item_id = s.id WHERE s.dataset_id = ";

fn exists(
    table: Table,
    is_by_item: bool,
    keys: [JoinKey; 2],
    filter: Expression,
    scope: &Scope,
) -> Expression {
    let mut pieces = vec![Piece::Sql("EXISTS (SELECT 1 FROM ")];
    if is_by_item {
        // The item is of the dataset already.
        pieces.push(Piece::Sql("annotations a WHERE 1"));
    } else {
        pieces.push(Piece::Sql(if table == Table::Items {
            ITEMS_OF_DATASET
        } else {
            ANNOTATIONS_OF_DATASET
        }));
        pieces.push(Piece::Bind(Operand::text(&scope.dataset_id)));
    }
    let [own, key] = keys.map(|key| key_piece(key, scope));
    pieces.extend([Piece::Sql(" AND "), key, Piece::Sql(" = "), own]);
    if filter != Expression::True {
        pieces.extend([Piece::Sql(" AND "), Piece::Inner(filter)]);
    }
    // Without a limit, SQLite 3.51 turns the subquery into a join and gives a row once for each partner.
    pieces.push(Piece::Sql(" LIMIT 1)"));
    Expression::Sql(pieces)
}

/// The text by which rows are joined.
pub(super) fn key_piece(key: JoinKey, scope: &Scope) -> Piece {
    match key {
        JoinKey::Column(column) => Piece::Sql(column),
        JoinKey::Dataset => Piece::Bind(Operand::text(&scope.dataset_id)),
        JoinKey::Nothing => Piece::Sql("NULL"),
    }
}
