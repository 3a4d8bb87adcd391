//! The changes that were made of a dataset's items, newest first, and whether each can be taken back.
//!
//! Must not know how a change is made or taken back.

use super::apply::Column;
use super::undo::DELETIONS_GONE;
use crate::store::error::StoreError;
use crate::store::sqlite::rows::{get, number, parsed, word};
use shared::dataset::{ItemEventKind, PastItemsChange};
use shared::id::DatasetId;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Changes of more items are not looked through: what they have in common is not told, and whether all of their items are
/// as they were left is found out by whoever takes them back.
const MOST_LOOKED_THROUGH: u64 = 20_000;

pub(super) async fn latest(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
    limit: u32,
) -> Result<Vec<PastItemsChange>, StoreError> {
    let rows = sqlx::query(
        "SELECT m.number, m.id, m.kind, m.at_ms, m.undone_by, \
         (SELECT COUNT(*) FROM changed_items c WHERE c.change_number = m.number) AS amount, \
         EXISTS (SELECT 1 FROM items_changes u WHERE u.undone_by = m.id) AS is_undo \
         FROM items_changes m WHERE m.dataset_id = ? ORDER BY m.number DESC LIMIT ?",
    )
    .bind(dataset_id.to_string())
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in &rows {
        changes.push(past(connection, row).await?);
    }
    Ok(changes)
}

async fn past(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<PastItemsChange, StoreError> {
    let (kind, changed_count): (ItemEventKind, u64) = (word(row, "kind")?, number(row, "amount")?);
    let (at, is_small) = (get::<i64>(row, "number")?, changed_count <= MOST_LOOKED_THROUGH);
    let column = match kind {
        ItemEventKind::Tagged => Some(Column::Subset),
        ItemEventKind::Moved => Some(Column::Folder),
        ItemEventKind::Deleted | ItemEventKind::Restored | ItemEventKind::Added => None,
    };
    let detail =
        if is_small && column.is_some() { in_common(connection, at, kind).await? } else { String::new() };
    let why_not = if get::<Option<&str>>(row, "undone_by")?.is_some() {
        Some("it was taken back already".to_owned())
    } else if kind == ItemEventKind::Deleted {
        let is_kept =
            exists(connection, "SELECT EXISTS (SELECT 1 FROM deleted_items WHERE change_number = ?)", at);
        (!is_kept.await?).then(|| DELETIONS_GONE.to_owned())
    } else if is_small && exists(connection, changed_since(column), at).await? {
        Some("some of its items were changed again or deleted since; take that back first".to_owned())
    } else {
        None
    };
    Ok(PastItemsChange {
        id: parsed(row, "id")?,
        kind,
        detail,
        changed_count,
        at_ms: get(row, "at_ms")?,
        is_undo: get(row, "is_undo")?,
        why_not,
    })
}

/// Whether an item of the change is not what the change made of it.
const fn changed_since(column: Option<Column>) -> &'static str {
    match column {
        Some(Column::Subset) => {
            "SELECT EXISTS (SELECT 1 FROM changed_items c LEFT JOIN items i ON i.id = c.item_id \
             WHERE c.change_number = ? AND (i.id IS NULL OR i.subset IS NOT c.value_after))"
        }
        Some(Column::Folder) => {
            "SELECT EXISTS (SELECT 1 FROM changed_items c LEFT JOIN items i ON i.id = c.item_id \
             WHERE c.change_number = ? AND (i.id IS NULL OR i.dir IS NOT c.value_after))"
        }
        None => {
            "SELECT EXISTS (SELECT 1 FROM changed_items c LEFT JOIN items i ON i.id = c.item_id \
             WHERE c.change_number = ? AND i.id IS NULL)"
        }
    }
}

async fn exists(
    connection: &mut SqliteConnection,
    statement: &'static str,
    number: i64,
) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(statement).bind(number).fetch_one(connection).await?)
}

/// From where to where, as far as that is the same for all items.
async fn in_common(
    connection: &mut SqliteConnection,
    at: i64,
    kind: ItemEventKind,
) -> Result<String, StoreError> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS amount, COUNT(value_before) AS befores, COUNT(value_after) AS afters, \
         MIN(value_before) AS before, MAX(value_before) AS last_before, MIN(value_after) AS after, \
         MAX(value_after) AS last_after FROM changed_items WHERE change_number = ?",
    )
    .bind(at)
    .fetch_one(connection)
    .await?;
    let amount: u64 = number(&row, "amount")?;
    let common = |first: &str, last: &str, present: &str| -> Result<Option<String>, StoreError> {
        let is_common = number::<u64>(&row, present)? == amount
            && get::<Option<&str>>(&row, first)? == get::<Option<&str>>(&row, last)?;
        Ok(if is_common { get(&row, first)? } else { None })
    };
    let before = common("before", "last_before", "befores")?;
    let after = common("after", "last_after", "afters")?;
    // Items that went out of one subset and into different ones have neither in common.
    let goes_nowhere = number::<u64>(&row, "afters")? == 0;
    Ok(if after.is_some() || goes_nowhere {
        kind.detail(before.as_deref(), after.as_deref())
    } else {
        String::new()
    })
}
