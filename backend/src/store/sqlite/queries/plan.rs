//! Which index a query goes by.
//!
//! Must not know the filter language beyond the atoms that a range of an index can answer. SQLite keeps no statistics
//! here, so candidates are counted, up to a limit: rows that are few are sorted after they are found, and otherwise
//! rows are looked at in the order of pages until there are enough.

use super::atoms::literal_prefix;
use super::condition::Condition;
use super::expression::{Expression, Operand, push_operand};
use super::fields::{self, NO_ANNOTATIONS, Scope, Table, subset_of_tag};
use super::translate::conjuncts;
use crate::store::error::StoreError;
use shared::dql::{Atom, Literal, Normal};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

/// So many rows are fetched and sorted at once in a fraction of the time that a page may take.
const FEW: i64 = if cfg!(test) { 6 } else { 20_000 };

/// As many can be sorted at once when the index has all that the query asks for, and no row is looked at.
const FEW_IN_INDEX: i64 = if cfg!(test) { 9 } else { 150_000 };

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// All of the dataset, by folder and name.
    InOrder,
    /// Those of a subset, by folder and name.
    BySubset,
    /// Those without annotations, by folder and name.
    WithoutAnnotations,
    /// By time, then folder and name.
    ByTime,
    /// By name, then folder.
    ByName,
    /// Those with this label, by folder and name.
    WithLabel(WithLabel),
    /// Those with an annotation whose label this holds for.
    ByLabel(Expression),
    /// Those of these ids.
    ByItemId(Operand),
}

/// The items with a label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WithLabel {
    label: String,
    /// Conditions on folder and name, which narrow the range.
    pub(super) places: Expression,
    /// The condition of the query that holds for all these items.
    implied: Expression,
}

/// A way of finding the rows.
#[derive(Debug)]
struct Candidate {
    source: Source,
    /// What the index is asked for.
    range: Expression,
}

/// What the rows are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose<'a> {
    /// The first of them in the order of pages, or in that of the field that they are sorted by first.
    Page(Option<&'a str>),
    /// How many there are.
    Count,
}

/// The source that is quickest.
///
/// # Errors
/// If the database fails.
pub(super) async fn choose(
    connection: &mut SqliteConnection,
    condition: &Condition,
    table: Table,
    scope: &Scope,
    purpose: Purpose<'_>,
) -> Result<Source, StoreError> {
    let candidates = candidates(condition, table, scope);
    let mut fewest: Option<(i64, Source)> = None;
    for candidate in &candidates {
        let is_in_index = candidate.source == Source::ByTime && is_about_time_and_place(condition);
        let few = if is_in_index { FEW_IN_INDEX } else { FEW };
        let count = count_to_limit(connection, candidate, few, scope).await?;
        if count < few && fewest.as_ref().is_none_or(|(least, _)| count < *least) {
            fewest = Some((count, candidate.source.clone()));
        }
    }
    if let Some((_, source)) = fewest {
        return Ok(source);
    }
    let sources: Vec<Source> = candidates.into_iter().map(|candidate| candidate.source).collect();
    Ok(of_many(&sources, table, purpose))
}

/// Where each source has many rows: the one in whose order a page is soon full, or whose index a count can stay in.
fn of_many(sources: &[Source], table: Table, purpose: Purpose<'_>) -> Source {
    let first = |is_wanted: fn(&Source) -> bool| sources.iter().find(|source| is_wanted(source)).cloned();
    let in_order = first(|source| matches!(source, Source::WithLabel(_)))
        .or_else(|| first(|source| *source == Source::WithoutAnnotations));
    match purpose {
        Purpose::Page(Some("createdAt")) if table == Table::Items => Source::ByTime,
        Purpose::Page(Some("name")) if table == Table::Items => Source::ByName,
        Purpose::Page(_) => {
            in_order.or_else(|| first(|source| *source == Source::BySubset)).unwrap_or(Source::InOrder)
        }
        // The index in order has the subset, the time and the folder.
        Purpose::Count if in_order.is_none() && sources.len() > 1 => Source::InOrder,
        Purpose::Count => in_order.or_else(|| sources.first().cloned()).unwrap_or(Source::InOrder),
    }
}

/// Whether the index by time has all that the condition speaks of.
fn is_about_time_and_place(condition: &Condition) -> bool {
    let is_in_index = |filter: &Normal| match filter {
        Normal::Test(Some(path), _) => {
            matches!(path.as_str(), "createdAt" | "dir" | "filename" | "name" | "hidden" | "type")
        }
        _ => false,
    };
    condition.rest.is_empty() && condition.partners.is_empty() && condition.filters.iter().all(is_in_index)
}

/// All ways there are, the more selective kinds first.
fn candidates(condition: &Condition, table: Table, scope: &Scope) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    match table {
        Table::Items => {
            let places = add_item_candidates(&condition.filters, scope, &mut candidates);
            for (filter, implied) in &condition.partners {
                match label_alone(filter) {
                    Some(label) => {
                        let (label, implied) = (label.to_owned(), implied.clone());
                        let with_label = WithLabel { label, places: places.clone(), implied };
                        candidates.push(Candidate {
                            source: Source::WithLabel(with_label),
                            range: Expression::True,
                        });
                    }
                    None => add_label_candidates(conjuncts(filter).iter(), scope, &mut candidates),
                }
            }
        }
        Table::Annotations => add_label_candidates(condition.filters.iter(), scope, &mut candidates),
    }
    candidates
}

/// The label, if a filter of annotations asks for one and nothing else.
fn label_alone(filter: &Normal) -> Option<&str> {
    match filter {
        Normal::Test(Some(path), Atom::Equals(Literal::Text(label))) if path.as_str() == "label" => {
            Some(label)
        }
        _ => None,
    }
}

/// Gives the conditions on folder and name.
fn add_item_candidates(filters: &[Normal], scope: &Scope, candidates: &mut Vec<Candidate>) -> Expression {
    let (mut places, mut subsets, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for filter in filters {
        let Normal::Test(Some(path), atom) = filter else { continue };
        let Ok(bounds) = fields::test(Table::Items, path, atom, scope) else { continue };
        let range = bounds.at_most;
        match path.as_str() {
            "id" => {
                candidates.extend(ids(atom).map(|list| Candidate { source: Source::ByItemId(list), range }))
            }
            "name" if is_range(atom) => candidates.push(Candidate { source: Source::ByName, range }),
            "dir" | "filename" => places.push(range),
            "annotated" if range == Expression::sql(NO_ANNOTATIONS) => {
                candidates.push(Candidate { source: Source::WithoutAnnotations, range });
            }
            "createdAt" => times.push(range),
            // One subset, or none; several are no range.
            other if is_tag(other) && matches!(range, Expression::Sql(_)) => subsets.push(range),
            _ => {}
        }
    }
    let source = if subsets.is_empty() { Source::InOrder } else { Source::BySubset };
    let places = Expression::all(places);
    let in_order = Expression::all(subsets.into_iter().chain([places.clone()]));
    for (source, range) in [(source, in_order), (Source::ByTime, Expression::all(times))] {
        if range != Expression::True {
            candidates.push(Candidate { source, range });
        }
    }
    places
}

fn is_tag(path: &str) -> bool {
    path == "metadata.system.tags" || subset_of_tag(path).is_some()
}

fn add_label_candidates<'a>(
    filters: impl Iterator<Item = &'a Normal>,
    scope: &Scope,
    candidates: &mut Vec<Candidate>,
) {
    for filter in filters {
        let Normal::Test(Some(path), atom) = filter else { continue };
        let Ok(bounds) = fields::test(Table::Annotations, path, atom, scope) else { continue };
        let range = bounds.at_most;
        match path.as_str() {
            "label" if is_range(atom) => {
                candidates.push(Candidate { source: Source::ByLabel(range.clone()), range });
            }
            "itemId" => {
                candidates.extend(ids(atom).map(|list| Candidate { source: Source::ByItemId(list), range }));
            }
            _ => {}
        }
    }
}

/// Whether an index finds the texts that pass without looking at all of them.
fn is_range(atom: &Atom) -> bool {
    match atom {
        Atom::Equals(Literal::Text(_)) | Atom::OneOf(_) => true,
        Atom::Wildcard(pattern) | Atom::Glob(pattern) => !literal_prefix(pattern).is_empty(),
        _ => false,
    }
}

fn ids(atom: &Atom) -> Option<Operand> {
    match atom {
        Atom::Equals(Literal::Text(id)) => Some(super::atoms::list([id.as_str()])),
        Atom::OneOf(ids) => Some(super::atoms::list(super::atoms::texts(ids))),
        _ => None,
    }
}

async fn count_to_limit(
    connection: &mut SqliteConnection,
    candidate: &Candidate,
    few: i64,
    scope: &Scope,
) -> Result<i64, StoreError> {
    let mut statement = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM (SELECT 1 FROM ");
    match &candidate.source {
        Source::ByItemId(list) => {
            statement.push("json_each(");
            push_operand(list, &mut statement);
            statement.push(")");
        }
        Source::ByLabel(_) => {
            statement.push("annotations a INDEXED BY annotations_by_label WHERE ");
            candidate.range.push_to(&mut statement);
        }
        Source::WithLabel(with_label) => with_label.push_to(scope, &mut statement),
        source => {
            source.push_items(scope, &mut statement);
            statement.push(" AND ");
            candidate.range.push_to(&mut statement);
        }
    }
    statement.push(" LIMIT ").push_bind(few).push(")");
    Ok(statement.build().persistent(false).fetch_one(connection).await?.try_get(0)?)
}

impl Source {
    /// `FROM` and the beginning of `WHERE` of a statement about rows of a table.
    pub(super) fn push_to(&self, table: Table, scope: &Scope, statement: &mut QueryBuilder<Sqlite>) {
        match table {
            Table::Items => self.push_items(scope, statement),
            Table::Annotations => self.push_annotations(scope, statement),
        }
    }

    fn push_items(&self, scope: &Scope, statement: &mut QueryBuilder<Sqlite>) {
        match self {
            Self::InOrder => statement.push("items i INDEXED BY items_in_order"),
            Self::BySubset => statement.push("items i INDEXED BY items_by_subset"),
            Self::WithoutAnnotations => statement.push("items i INDEXED BY items_without_annotations"),
            Self::ByTime => statement.push("items i INDEXED BY items_by_time"),
            Self::ByName => statement.push("items i INDEXED BY items_by_name"),
            Self::WithLabel(with_label) => {
                statement.push("item_labels l CROSS JOIN items i ON i.id = l.item_id WHERE ");
                return with_label.push_range(scope, statement);
            }
            Self::ByLabel(range) => {
                statement.push(
                    "(SELECT DISTINCT a.item_id AS id FROM annotations a INDEXED BY annotations_by_label WHERE ",
                );
                range.push_to(statement);
                statement.push(") d CROSS JOIN items i ON i.id = d.id")
            }
            Self::ByItemId(list) => {
                statement.push("(SELECT DISTINCT value AS id FROM json_each(");
                push_operand(list, statement);
                statement.push(")) d CROSS JOIN items i ON i.id = d.id")
            }
        };
        statement.push(" WHERE i.dataset_id = ").push_bind(scope.dataset_id.clone());
    }

    /// What is left of the condition: some of it holds for all rows of the source.
    pub(super) fn left_of(&self, condition: &Expression) -> Expression {
        match self {
            Self::WithLabel(with_label) => {
                let conditions = condition.conjuncts().iter().filter(|one| **one != with_label.implied);
                Expression::all(conditions.cloned())
            }
            _ => condition.clone(),
        }
    }

    /// The order, in columns that the source's index has.
    pub(super) fn order(&self, order: &str) -> String {
        match self {
            Self::WithLabel(_) => order.replace("i.dir", "l.dir").replace("i.name", "l.name"),
            _ => order.to_owned(),
        }
    }

    fn push_annotations(&self, scope: &Scope, statement: &mut QueryBuilder<Sqlite>) {
        match self {
            Self::ByLabel(range) => {
                statement.push(
                    "annotations a INDEXED BY annotations_by_label CROSS JOIN items i ON i.id = a.item_id WHERE ",
                );
                range.push_to(statement);
                statement.push(" AND i.dataset_id = ").push_bind(scope.dataset_id.clone());
            }
            Self::ByItemId(list) => {
                statement.push("(SELECT DISTINCT value AS id FROM json_each(");
                push_operand(list, statement);
                statement.push(
                    ")) d CROSS JOIN items i ON i.id = d.id CROSS JOIN annotations a ON a.item_id = i.id \
                     WHERE i.dataset_id = ",
                );
                statement.push_bind(scope.dataset_id.clone());
            }
            _ => {
                statement.push(
                    "items i INDEXED BY items_in_order CROSS JOIN annotations a ON a.item_id = i.id \
                     WHERE i.dataset_id = ",
                );
                statement.push_bind(scope.dataset_id.clone());
            }
        }
    }
}

impl WithLabel {
    /// `FROM` and `WHERE`, without the items themselves.
    pub(super) fn push_to(&self, scope: &Scope, statement: &mut QueryBuilder<Sqlite>) {
        statement.push("item_labels l WHERE ");
        self.push_range(scope, statement);
    }

    fn push_range(&self, scope: &Scope, statement: &mut QueryBuilder<Sqlite>) {
        statement.push("l.dataset_id = ").push_bind(scope.dataset_id.clone());
        statement.push(" AND l.label = ").push_bind(self.label.clone());
        let places = self.places.with_columns(|column| match column {
            "i.dir" => "l.dir",
            "i.name" => "l.name",
            "(i.dir, i.name) IN (SELECT value ->> 0, value ->> 1 FROM json_each(" => {
                "(l.dir, l.name) IN (SELECT value ->> 0, value ->> 1 FROM json_each("
            }
            super::paths::FILE_NAME => "(CASE WHEN l.dir = '/' THEN '' ELSE l.dir END || '/' || l.name)",
            other => other,
        });
        if places != Expression::True {
            statement.push(" AND ");
            places.push_to(statement);
        }
    }
}
