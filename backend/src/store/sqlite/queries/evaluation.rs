//! What SQL leaves open, decided by evaluation: rows become documents in batches, and matchers choose among them.
//!
//! Must not know how rows were found, nor in which order they are shown.

use super::condition::{ANNOTATIONS_OF_DATASET, Condition, ITEMS_OF_DATASET, Partner, Rest, key_piece};
use super::expression::{Expression, push_operand};
use super::fields::{JoinKey, Scope, Table};
use crate::store::error::StoreError;
use crate::store::sqlite::rows::{self, get, number, optional_json, parsed};
use futures::TryStreamExt;
use serde_json::Value;
use shared::dataset::{Annotation, annotation_document, item_document};
use shared::dql::{Documents, Matcher};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use std::collections::{HashMap, HashSet};

/// Rows that are documents at the same time.
const BATCH: usize = if cfg!(test) { 4 } else { 500 };
/// Names of what rows are joined by: a query has three parts at most, each with one join.
const KEY_NAMES: [&str; 3] = ["join_key_0", "join_key_1", "join_key_2"];

/// Those of the rows, by their numbers, that match; in the same order.
///
/// # Errors
/// If the database fails.
pub(super) async fn matching(
    connection: &mut SqliteConnection,
    candidates: &[i64],
    condition: &Condition,
    table: Table,
    scope: &Scope,
) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    for numbers in candidates.chunks(BATCH) {
        let batch = Batch::read(connection, numbers, condition, table, scope).await?;
        let mut passing = vec![true; batch.numbers.len()];
        for rest in &condition.rest {
            let held = batch.held(connection, rest, scope).await?;
            for (passes, holds) in passing.iter_mut().zip(held) {
                *passes &= holds != rest.is_negated;
            }
        }
        found.extend(
            batch.numbers.iter().zip(passing).filter(|(_, passes)| *passes).map(|(number, _)| *number),
        );
    }
    Ok(found)
}

/// As [`matching`], of the rows of a statement that selects `row_number` and `metadata`; and how many there were.
///
/// # Errors
/// If the database fails.
pub(super) async fn matching_by_user_metadata(
    connection: &mut SqliteConnection,
    mut statement: QueryBuilder<Sqlite>,
    condition: &Condition,
) -> Result<(usize, Vec<i64>), StoreError> {
    let mut rows = statement.build().persistent(false).fetch(connection);
    let (mut numbers, mut documents) = (Vec::with_capacity(BATCH), Documents::new());
    let (mut seen, mut found) = (0, Vec::new());
    while let Some(row) = rows.try_next().await? {
        numbers.push(get::<i64>(&row, "row_number")?);
        push_user_metadata(&row, &mut documents)?;
        seen += 1;
        if numbers.len() == BATCH {
            take_passing(condition, &mut numbers, &mut documents, &mut found);
        }
    }
    take_passing(condition, &mut numbers, &mut documents, &mut found);
    Ok((seen, found))
}

fn take_passing(
    condition: &Condition,
    numbers: &mut Vec<i64>,
    documents: &mut Documents,
    found: &mut Vec<i64>,
) {
    let mut passing = vec![true; numbers.len()];
    for rest in &condition.rest {
        let Some(matcher) = &rest.matcher else { continue };
        let bound = matcher.bind(documents);
        for (passes, document) in passing.iter_mut().zip(documents.iter()) {
            *passes &= bound.matches(document) != rest.is_negated;
        }
    }
    found.extend(numbers.drain(..).zip(passing).filter(|(_, passes)| *passes).map(|(number, _)| number));
    documents.clear();
}

/// Some rows with their documents, all in the same order.
struct Batch {
    numbers: Vec<i64>,
    documents: Documents,
    /// For each join of the rest, what the rows are joined by.
    keys: Vec<(JoinKey, Vec<String>)>,
}

impl Batch {
    async fn read(
        connection: &mut SqliteConnection,
        numbers: &[i64],
        condition: &Condition,
        table: Table,
        scope: &Scope,
    ) -> Result<Self, StoreError> {
        let partners = condition.rest.iter().filter_map(|rest| rest.partner.as_ref());
        let mut keys: Vec<(JoinKey, Vec<String>)> =
            partners.map(|partner| (partner.own_key, Vec::new())).collect();
        let mut statement = QueryBuilder::<Sqlite>::new("SELECT ");
        for ((key, _), name) in keys.iter().zip(KEY_NAMES) {
            push_key(*key, scope, &mut statement);
            statement.push(" AS ").push(name).push(", ");
        }
        statement.push(match (table, condition.is_about_user_metadata) {
            (Table::Items, true) => "i.rowid AS row_number, i.metadata FROM items i WHERE i.rowid IN (",
            (Table::Items, false) => "i.rowid AS row_number, i.* FROM items i WHERE i.rowid IN (",
            (Table::Annotations, _) => "a.rowid AS row_number, a.* FROM annotations a WHERE a.rowid IN (",
        });
        let mut list = statement.separated(", ");
        for number in numbers {
            list.push_bind(*number);
        }
        statement.push(")");
        let rows = statement.build().persistent(false).fetch_all(connection).await?;
        let mut by_number = HashMap::with_capacity(rows.len());
        for row in &rows {
            by_number.insert(get::<i64>(row, "row_number")?, row);
        }
        let mut batch =
            Self { numbers: Vec::with_capacity(rows.len()), documents: Documents::new(), keys: Vec::new() };
        for number in numbers {
            let Some(row) = by_number.get(number) else { continue };
            batch.numbers.push(*number);
            if condition.is_about_user_metadata {
                push_user_metadata(row, &mut batch.documents)?;
            } else {
                push_document(row, table, scope, &mut batch.documents)?;
            }
            for ((_, values), name) in keys.iter_mut().zip(KEY_NAMES) {
                values.push(get::<Option<String>>(row, name)?.unwrap_or_default());
            }
        }
        batch.keys = keys;
        Ok(batch)
    }

    /// For each row, whether the part of the query holds.
    async fn held(
        &self,
        connection: &mut SqliteConnection,
        rest: &Rest,
        scope: &Scope,
    ) -> Result<Vec<bool>, StoreError> {
        let mut held = vec![true; self.numbers.len()];
        if let Some(matcher) = &rest.matcher {
            held.fill(false);
            for place in matcher.matching(&self.documents) {
                held[place] = true;
            }
        }
        if let Some(partner) = &rest.partner {
            let keys = self.keys.iter().find(|(key, _)| *key == partner.own_key);
            let keys = keys.map_or(&[][..], |(_, values)| values.as_slice());
            let wanted: HashSet<&str> =
                keys.iter().zip(&held).filter(|(_, holds)| **holds).map(|(key, _)| key.as_str()).collect();
            let there = partner_keys(connection, partner, wanted, scope).await?;
            for (holds, key) in held.iter_mut().zip(keys) {
                *holds &= there.contains(key);
            }
        }
        Ok(held)
    }
}

/// Those of the keys that a matching partner has.
async fn partner_keys(
    connection: &mut SqliteConnection,
    partner: &Partner,
    wanted: HashSet<&str>,
    scope: &Scope,
) -> Result<HashSet<String>, StoreError> {
    let mut there = HashSet::new();
    if wanted.is_empty() || partner.key == JoinKey::Nothing || partner.own_key == JoinKey::Nothing {
        return Ok(there);
    }
    let mut statement = QueryBuilder::<Sqlite>::new("SELECT ");
    push_key(partner.key, scope, &mut statement);
    statement.push(" AS join_key, ");
    if partner.table == Table::Annotations && partner.key == JoinKey::Column("a.item_id") {
        statement.push("a.* FROM annotations a WHERE 1");
    } else {
        statement.push(match partner.table {
            Table::Items => "i.* FROM ",
            Table::Annotations => "a.* FROM ",
        });
        statement.push(match partner.table {
            Table::Items => ITEMS_OF_DATASET,
            Table::Annotations => ANNOTATIONS_OF_DATASET,
        });
        statement.push_bind(scope.dataset_id.clone());
    }
    statement.push(" AND ");
    push_key(partner.key, scope, &mut statement);
    statement.push(" IN (SELECT value FROM json_each(");
    push_operand(&super::atoms::list(wanted), &mut statement);
    statement.push("))");
    if partner.at_most != Expression::True {
        statement.push(" AND ");
        partner.at_most.push_to(&mut statement);
    }
    let mut rows = statement.build().persistent(false).fetch(connection);
    let (mut keys, mut documents) = (Vec::new(), Documents::new());
    while let Some(row) = rows.try_next().await? {
        keys.push(get::<String>(&row, "join_key")?);
        push_document(&row, partner.table, scope, &mut documents)?;
        if keys.len() == BATCH {
            take_matching(&partner.matcher, &mut keys, &mut documents, &mut there);
        }
    }
    take_matching(&partner.matcher, &mut keys, &mut documents, &mut there);
    Ok(there)
}

fn take_matching(
    matcher: &Matcher,
    keys: &mut Vec<String>,
    documents: &mut Documents,
    there: &mut HashSet<String>,
) {
    let matching: HashSet<usize> = matcher.matching(documents).into_iter().collect();
    let passing = keys.drain(..).enumerate().filter(|(place, _)| matching.contains(place));
    there.extend(passing.map(|(_, key)| key));
    documents.clear();
}

fn push_key(key: JoinKey, scope: &Scope, statement: &mut QueryBuilder<Sqlite>) {
    Expression::Sql(vec![key_piece(key, scope)]).push_to(statement);
}

fn push_document(
    row: &SqliteRow,
    table: Table,
    scope: &Scope,
    documents: &mut Documents,
) -> Result<(), StoreError> {
    let document = match table {
        Table::Items => {
            let metadata: Option<Value> = optional_json(row, "metadata")?;
            item_document(&rows::item(row)?, number(row, "annotations_count")?, metadata.as_ref())
        }
        Table::Annotations => {
            let annotation =
                Annotation { id: parsed(row, "id")?, label: get(row, "label")?, region: rows::region(row)? };
            let dataset_id =
                scope.dataset_id.parse().map_err(|error| StoreError::corrupt("datasets.id", error))?;
            annotation_document(&annotation, parsed(row, "item_id")?, dataset_id)
        }
    };
    documents.push_value(&document).map_err(|error| StoreError::corrupt("document", error))
}

/// As much of an item's document as filters on `metadata.user` look at.
fn push_user_metadata(row: &SqliteRow, documents: &mut Documents) -> Result<(), StoreError> {
    let json = match get::<Option<&str>>(row, "metadata")? {
        Some(user) => format!("{{\"metadata\":{{\"user\":{user}}}}}"),
        None => "{}".to_owned(),
    };
    documents.push_json(&json).map_err(|error| StoreError::corrupt("column metadata", error))
}
