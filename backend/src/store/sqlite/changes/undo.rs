//! The way back from a change.
//!
//! Must not know who asks for it. A change is taken back only if each of its items still is what the change made of it.

use super::apply::{self, Column, refused_place};
use super::{chosen, record, told};
use crate::store::error::StoreError;
use crate::store::sqlite::rows::{get, parsed, word};
use crate::store::writer::Tx;
use shared::dataset::{ItemEventKind, ItemsChange, full_name};
use shared::id::{DatasetId, ItemsChangeId};
use sqlx::SqliteConnection;

/// How long a deletion can be taken back: deleted items take room, and so do their files.
const DELETIONS_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) const DELETIONS_GONE: &str = "the items were deleted more than a day ago and are gone";

/// A change that was made.
struct Made {
    number: i64,
    dataset_id: DatasetId,
    kind: ItemEventKind,
}

pub(super) async fn undo(tx: &mut Tx, id: ItemsChangeId) -> Result<ItemsChange, StoreError> {
    let made = made(&mut tx.connection, id).await?;
    let undone = match made.kind {
        ItemEventKind::Tagged => change_back(tx, &made, Column::Subset).await?,
        ItemEventKind::Moved => change_back(tx, &made, Column::Folder).await?,
        ItemEventKind::Deleted => restore(tx, &made).await?,
        ItemEventKind::Restored => delete_again(tx, &made).await?,
        ItemEventKind::Added => {
            return Err(StoreError::refused("the change added items", "delete them instead"));
        }
    };
    sqlx::query("UPDATE items_changes SET undone_by = ? WHERE number = ?")
        .bind(undone.id.map(|id| id.to_string()))
        .bind(made.number)
        .execute(&mut tx.connection)
        .await?;
    Ok(undone)
}

async fn made(connection: &mut SqliteConnection, id: ItemsChangeId) -> Result<Made, StoreError> {
    let row = sqlx::query("SELECT number, dataset_id, kind, undone_by FROM items_changes WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("change of items", id))?;
    if get::<Option<&str>>(&row, "undone_by")?.is_some() {
        return Err(StoreError::refused(
            "the change was taken back already",
            "to make it again, take back the change that took it back",
        ));
    }
    Ok(Made {
        number: get(&row, "number")?,
        dataset_id: parsed(&row, "dataset_id")?,
        kind: word(&row, "kind")?,
    })
}

async fn change_back(tx: &mut Tx, made: &Made, column: Column) -> Result<ItemsChange, StoreError> {
    chosen::clear(tx).await?;
    let statement = match column {
        Column::Subset => {
            "INSERT INTO temp.chosen_items (number, target) SELECT i.rowid, c.value_before FROM changed_items c \
             CROSS JOIN items i ON i.id = c.item_id WHERE c.change_number = ? AND i.subset IS c.value_after"
        }
        Column::Folder => {
            "INSERT INTO temp.chosen_items (number, target) SELECT i.rowid, c.value_before FROM changed_items c \
             CROSS JOIN items i ON i.id = c.item_id WHERE c.change_number = ? AND i.dir = c.value_after"
        }
    };
    let there = sqlx::query(statement).bind(made.number).execute(&mut tx.connection).await?.rows_affected();
    refuse_changed_since(tx, made, there).await?;
    apply::change(tx, made.dataset_id, column).await
}

/// Refuses if fewer items than the change had are what the change made of them, and names one of the others.
async fn refuse_changed_since(tx: &mut Tx, made: &Made, there: u64) -> Result<(), StoreError> {
    let all: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM changed_items WHERE change_number = ?")
        .bind(made.number)
        .fetch_one(&mut tx.connection)
        .await?;
    let others = u64::try_from(all).unwrap_or(0).saturating_sub(there);
    if others == 0 {
        return Ok(());
    }
    let row = sqlx::query(
        "SELECT i.dir, i.name FROM changed_items c LEFT JOIN items i ON i.id = c.item_id WHERE c.change_number = ? \
         AND (i.rowid IS NULL OR i.rowid NOT IN (SELECT number FROM temp.chosen_items)) \
         ORDER BY i.rowid IS NULL DESC, i.dir, i.name LIMIT 1",
    )
    .bind(made.number)
    .fetch_one(&mut tx.connection)
    .await?;
    let more = if others > 1 { format!(", and so were {} more", others - 1) } else { String::new() };
    let reason = match (get::<Option<&str>>(&row, "dir")?, get::<Option<&str>>(&row, "name")?) {
        (Some(dir), Some(name)) => {
            format!("the item `{}` was changed again since{more}", full_name(dir, name))
        }
        _ => format!("an item of the change was deleted since{more}"),
    };
    Err(StoreError::refused(reason, "take back the later change first"))
}

async fn restore(tx: &mut Tx, made: &Made) -> Result<ItemsChange, StoreError> {
    let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM deleted_items WHERE change_number = ?")
        .bind(made.number)
        .fetch_one(&mut tx.connection)
        .await?;
    if kept == 0 {
        return Err(StoreError::refused(DELETIONS_GONE, "import them again"));
    }
    let taken = sqlx::query(
        "SELECT d.dir AS dir, d.name AS name, COUNT(*) OVER () AS amount FROM deleted_items d \
         CROSS JOIN items i ON i.dataset_id = d.dataset_id AND i.dir = d.dir AND i.name = d.name \
         WHERE d.change_number = ? ORDER BY d.dir, d.name LIMIT 1",
    )
    .bind(made.number)
    .fetch_optional(&mut tx.connection)
    .await?;
    if let Some(row) = taken {
        return Err(refused_place(&row, "is taken by another item"));
    }
    bring_back(tx, made.number).await?;
    let change = record(tx, made.dataset_id, ItemEventKind::Restored).await?;
    apply::keep_without_values(tx, change).await?;
    let count = chosen::count(tx).await?;
    told(tx, made.dataset_id, Some(change), count).await
}

async fn bring_back(tx: &mut Tx, number: i64) -> Result<(), StoreError> {
    chosen::clear(tx).await?;
    for statement in [
        "INSERT INTO items (id, dataset_id, dir, name, content_hash, mimetype, size_bytes, width, height, subset, \
         created_at_ms, metadata, annotations_count) \
         SELECT id, dataset_id, dir, name, content_hash, mimetype, size_bytes, width, height, subset, created_at_ms, \
         metadata, annotations_count FROM deleted_items WHERE change_number = ?",
        "INSERT INTO annotations (id, item_id, position, label, x1, y1, x2, y2) \
         SELECT id, item_id, position, label, x1, y1, x2, y2 FROM deleted_annotations WHERE change_number = ?",
        "INSERT INTO temp.chosen_items (number) SELECT i.rowid FROM deleted_items d CROSS JOIN items i ON i.id = d.id \
         WHERE d.change_number = ?",
    ] {
        sqlx::query(statement).bind(number).execute(&mut tx.connection).await?;
    }
    apply::remember_labels(tx).await?;
    for statement in [
        "DELETE FROM deleted_annotations WHERE change_number = ?",
        "DELETE FROM deleted_items WHERE change_number = ?",
    ] {
        sqlx::query(statement).bind(number).execute(&mut tx.connection).await?;
    }
    Ok(())
}

async fn delete_again(tx: &mut Tx, made: &Made) -> Result<ItemsChange, StoreError> {
    chosen::clear(tx).await?;
    let there = sqlx::query(
        "INSERT INTO temp.chosen_items (number) SELECT i.rowid FROM changed_items c \
         CROSS JOIN items i ON i.id = c.item_id WHERE c.change_number = ?",
    )
    .bind(made.number)
    .execute(&mut tx.connection)
    .await?
    .rows_affected();
    refuse_changed_since(tx, made, there).await?;
    apply::delete(tx, made.dataset_id).await
}

/// Forgets items that were deleted so long ago that nobody takes it back.
pub(in crate::store::sqlite) async fn forget_old_deletions(tx: &mut Tx) -> Result<(), StoreError> {
    let before_ms = tx.now_ms().saturating_sub(DELETIONS_KEPT_MS);
    for statement in [
        "DELETE FROM deleted_annotations WHERE change_number IN \
         (SELECT number FROM items_changes WHERE kind = 'deleted' AND at_ms < ?)",
        "DELETE FROM deleted_items WHERE change_number IN \
         (SELECT number FROM items_changes WHERE kind = 'deleted' AND at_ms < ?)",
    ] {
        sqlx::query(statement).bind(before_ms).execute(&mut tx.connection).await?;
    }
    Ok(())
}
