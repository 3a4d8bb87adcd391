//! The list of the items that a change is about.
//!
//! Must not know what is done to them. The list is a table of the writing connection alone, so that however many items
//! there are, each step is one statement.

use super::ChosenItems;
use crate::store::error::StoreError;
use crate::store::sqlite::queries;
use crate::store::sqlite::rows::to_json;
use crate::store::writer::Tx;
use futures::TryStreamExt;
use shared::dataset::Subset;
use shared::dql::Query;
use shared::id::{DatasetId, ItemId, ProjectId};
use sqlx::Row;

/// Empties the list.
pub(super) async fn clear(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM temp.chosen_items").execute(&mut tx.connection).await?;
    Ok(())
}

/// Fills the list with the items that are meant, as they are now.
///
/// # Errors
/// [`StoreError::NotFound`] for an id that the dataset does not have; [`StoreError::UnsupportedQuery`].
pub(super) async fn choose(
    tx: &mut Tx,
    dataset_id: DatasetId,
    items: ChosenItems,
    project_id: ProjectId,
) -> Result<(), StoreError> {
    clear(tx).await?;
    match items {
        ChosenItems::ById(ids) => choose_by_id(tx, dataset_id, ids).await,
        ChosenItems::ByQuery(query) => choose_by_query(tx, dataset_id, &query, project_id).await,
    }
}

async fn choose_by_id(tx: &mut Tx, dataset_id: DatasetId, mut ids: Vec<ItemId>) -> Result<(), StoreError> {
    ids.sort_unstable();
    ids.dedup();
    let list = to_json(&ids)?;
    let chosen = sqlx::query(
        "INSERT INTO temp.chosen_items (number) SELECT i.rowid FROM json_each(?) d CROSS JOIN items i ON i.id = d.value \
         WHERE i.dataset_id = ?",
    )
    .bind(&list)
    .bind(dataset_id.to_string())
    .execute(&mut tx.connection)
    .await?;
    if chosen.rows_affected() == ids.len() as u64 {
        return Ok(());
    }
    let missing: String = sqlx::query_scalar(
        "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.id = value AND i.dataset_id = ?) \
         LIMIT 1",
    )
    .bind(&list)
    .bind(dataset_id.to_string())
    .fetch_one(&mut tx.connection)
    .await?;
    Err(StoreError::not_found("item", missing))
}

async fn choose_by_query(
    tx: &mut Tx,
    dataset_id: DatasetId,
    query: &Query,
    project_id: ProjectId,
) -> Result<(), StoreError> {
    let numbers = queries::item_numbers(&mut tx.connection, dataset_id, query, project_id).await?;
    sqlx::query("INSERT INTO temp.chosen_items (number) SELECT value FROM json_each(?)")
        .bind(to_json(&numbers)?)
        .execute(&mut tx.connection)
        .await?;
    Ok(())
}

/// Gives all of them the same target.
pub(super) async fn aim_at(tx: &mut Tx, target: Option<&str>) -> Result<(), StoreError> {
    sqlx::query("UPDATE temp.chosen_items SET target = ?").bind(target).execute(&mut tx.connection).await?;
    Ok(())
}

/// Their numbers, by folder and name.
pub(super) async fn in_order(tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
    let mut rows = sqlx::query(
        "SELECT c.number FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number ORDER BY i.dir, i.name",
    )
    .fetch(&mut tx.connection);
    let mut numbers = Vec::new();
    while let Some(row) = rows.try_next().await? {
        numbers.push(row.try_get(0)?);
    }
    Ok(numbers)
}

/// Gives each its own target.
pub(super) async fn aim_each(
    tx: &mut Tx,
    targets: impl Iterator<Item = (i64, Subset)>,
) -> Result<(), StoreError> {
    let targets: Vec<(i64, &str)> = targets.map(|(number, subset)| (number, subset.name())).collect();
    clear(tx).await?;
    sqlx::query(
        "INSERT INTO temp.chosen_items (number, target) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
    )
    .bind(to_json(&targets)?)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

/// How many there are.
pub(super) async fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM temp.chosen_items").fetch_one(&mut tx.connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
