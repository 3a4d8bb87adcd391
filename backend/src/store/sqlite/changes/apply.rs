//! What is done to the chosen items, and the record of what they were before.
//!
//! Must not know who chose them. A number of statements that does not grow with the number of items.

use super::{Recorded, chosen, record, told};
use crate::store::error::StoreError;
use crate::store::sqlite::rows::{get, number};
use crate::store::writer::Tx;
use shared::dataset::{ItemEventKind, ItemsChange, full_name};
use shared::id::DatasetId;
use sqlx::sqlite::SqliteRow;

/// What a change gives to items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Subset,
    Folder,
}

impl Column {
    pub(super) const fn kind(self) -> ItemEventKind {
        match self {
            Self::Subset => ItemEventKind::Tagged,
            Self::Folder => ItemEventKind::Moved,
        }
    }

    const fn drop_unchanged(self) -> &'static str {
        match self {
            Self::Subset => {
                "DELETE FROM temp.chosen_items WHERE EXISTS \
                 (SELECT 1 FROM items i WHERE i.rowid = number AND i.subset IS target)"
            }
            Self::Folder => {
                "DELETE FROM temp.chosen_items WHERE EXISTS \
                 (SELECT 1 FROM items i WHERE i.rowid = number AND i.dir = target)"
            }
        }
    }

    const fn keep(self) -> &'static str {
        match self {
            Self::Subset => {
                "INSERT INTO changed_items (item_id, change_number, value_before, value_after) \
                 SELECT i.id, ?, i.subset, c.target FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number"
            }
            Self::Folder => {
                "INSERT INTO changed_items (item_id, change_number, value_before, value_after) \
                 SELECT i.id, ?, i.dir, c.target FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number"
            }
        }
    }

    const fn update(self) -> &'static str {
        match self {
            Self::Subset => {
                "UPDATE items SET subset = (SELECT target FROM temp.chosen_items WHERE number = items.rowid) \
                 WHERE rowid IN (SELECT number FROM temp.chosen_items)"
            }
            Self::Folder => {
                "UPDATE items SET dir = (SELECT target FROM temp.chosen_items WHERE number = items.rowid) \
                 WHERE rowid IN (SELECT number FROM temp.chosen_items)"
            }
        }
    }
}

/// Gives the chosen items their targets; those that have them already are not part of the change.
pub(super) async fn change(
    tx: &mut Tx,
    dataset_id: DatasetId,
    column: Column,
) -> Result<ItemsChange, StoreError> {
    sqlx::query(column.drop_unchanged()).execute(&mut tx.connection).await?;
    let count = chosen::count(tx).await?;
    if count == 0 {
        return told(tx, dataset_id, None, 0).await;
    }
    if column == Column::Folder {
        refuse_taken_names(tx).await?;
        forget_labels(tx).await?;
    }
    let change = record(tx, dataset_id, column.kind()).await?;
    sqlx::query(column.keep()).bind(change.number).execute(&mut tx.connection).await?;
    sqlx::query(column.update()).execute(&mut tx.connection).await?;
    if column == Column::Folder {
        remember_labels(tx).await?;
    }
    told(tx, dataset_id, Some(change), count).await
}

/// Two items of one name cannot lie in one folder.
async fn refuse_taken_names(tx: &mut Tx) -> Result<(), StoreError> {
    let taken = sqlx::query(
        "SELECT c.target AS dir, i.name AS name, COUNT(*) OVER () AS amount \
         FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number \
         CROSS JOIN items o ON o.dataset_id = i.dataset_id AND o.dir = c.target AND o.name = i.name \
         ORDER BY c.target, i.name LIMIT 1",
    )
    .fetch_optional(&mut tx.connection)
    .await?;
    if let Some(row) = taken {
        return Err(refused_place(&row, "is taken by another item"));
    }
    let twice = sqlx::query(
        "SELECT c.target AS dir, i.name AS name, COUNT(*) OVER () AS amount \
         FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number \
         GROUP BY c.target, i.name HAVING COUNT(*) > 1 ORDER BY c.target, i.name LIMIT 1",
    )
    .fetch_optional(&mut tx.connection)
    .await?;
    match twice {
        Some(row) => Err(refused_place(&row, "is wanted by more than one of the items")),
        None => Ok(()),
    }
}

/// What cannot happen to the place of a row with `dir`, `name`, and the `amount` of such places.
pub(super) fn refused_place(row: &SqliteRow, problem: &str) -> StoreError {
    let place = || -> Result<(String, u64), StoreError> {
        Ok((full_name(get(row, "dir")?, get(row, "name")?), number(row, "amount")?))
    };
    match place() {
        Ok((place, amount)) => {
            let more = if amount > 1 { format!(", and {} more", amount - 1) } else { String::new() };
            StoreError::refused(
                format!("the name `{place}` {problem}{more}, so nothing was done"),
                "choose another folder, or take what is in the way elsewhere first",
            )
        }
        Err(error) => error,
    }
}

/// Takes the chosen items out of the list of labels, where they stand by folder and name.
pub(super) async fn forget_labels(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM item_labels WHERE (dataset_id, label, dir, name) IN (SELECT i.dataset_id, a.label, i.dir, i.name \
         FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number CROSS JOIN annotations a ON a.item_id = i.id)",
    )
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

/// Puts the chosen items into the list of labels.
pub(super) async fn remember_labels(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO item_labels (dataset_id, label, dir, name, item_id, annotations_count) \
         SELECT i.dataset_id, a.label, i.dir, i.name, i.id, COUNT(*) \
         FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number CROSS JOIN annotations a ON a.item_id = i.id \
         GROUP BY c.number, a.label",
    )
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

/// Deletes the chosen items, and keeps them as they were.
pub(super) async fn delete(tx: &mut Tx, dataset_id: DatasetId) -> Result<ItemsChange, StoreError> {
    let count = chosen::count(tx).await?;
    if count == 0 {
        return told(tx, dataset_id, None, 0).await;
    }
    let change = record(tx, dataset_id, ItemEventKind::Deleted).await?;
    keep_without_values(tx, change).await?;
    for statement in [
        "INSERT INTO deleted_items (change_number, id, dataset_id, dir, name, content_hash, mimetype, size_bytes, width, \
         height, subset, created_at_ms, metadata, annotations_count) \
         SELECT ?, i.id, i.dataset_id, i.dir, i.name, i.content_hash, i.mimetype, i.size_bytes, i.width, i.height, \
         i.subset, i.created_at_ms, i.metadata, i.annotations_count \
         FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number",
        "INSERT INTO deleted_annotations (change_number, id, item_id, position, label, x1, y1, x2, y2) \
         SELECT ?, a.id, a.item_id, a.position, a.label, a.x1, a.y1, a.x2, a.y2 FROM temp.chosen_items c \
         CROSS JOIN items i ON i.rowid = c.number CROSS JOIN annotations a ON a.item_id = i.id",
    ] {
        sqlx::query(statement).bind(change.number).execute(&mut tx.connection).await?;
    }
    forget_labels(tx).await?;
    for statement in [
        "DELETE FROM annotations WHERE item_id IN \
         (SELECT i.id FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number)",
        "DELETE FROM items WHERE rowid IN (SELECT number FROM temp.chosen_items)",
    ] {
        sqlx::query(statement).execute(&mut tx.connection).await?;
    }
    told(tx, dataset_id, Some(change), count).await
}

/// Records the chosen items as part of a change that gives them nothing.
pub(super) async fn keep_without_values(tx: &mut Tx, change: Recorded) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO changed_items (item_id, change_number) \
         SELECT i.id, ? FROM temp.chosen_items c CROSS JOIN items i ON i.rowid = c.number",
    )
    .bind(change.number)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}
