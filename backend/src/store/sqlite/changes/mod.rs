//! Changes of many items at once: to another subset, to another folder, deletions, and the way back from each.
//!
//! Must not know how items are split, nor gRPC. A change is one transaction and one revision of its dataset. What the
//! items were before is kept, and taking a change back is a change too.

mod apply;
mod chosen;
mod past;
mod undo;

use super::datasets;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use apply::Column;
use shared::dataset::{ItemEventKind, ItemsChange, PastItemsChange, Subset};
use shared::dql::Query;
use shared::id::{DatasetId, ItemId, ItemsChangeId};
use sqlx::SqliteConnection;

pub(super) use undo::forget_old_deletions;

/// Which items of a dataset are changed.
#[derive(Debug, Clone)]
pub enum ChosenItems {
    /// These.
    ById(Vec<ItemId>),
    /// Those that a query finds in the transaction of the change; its page does not count.
    ByQuery(Box<Query>),
}

/// Makes what a connection needs to change items: the list of those that are chosen. `target` is the subset or the
/// folder that an item goes to.
pub(super) async fn prepare(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("CREATE TEMP TABLE chosen_items (number INTEGER PRIMARY KEY, target TEXT)")
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Gives items to one subset, or to none, which takes them out of the others.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an item that is not in the dataset, [`StoreError::UnsupportedQuery`].
    pub async fn tag_items(
        &self,
        dataset_id: DatasetId,
        items: ChosenItems,
        subset: Option<Subset>,
    ) -> Result<ItemsChange, StoreError> {
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| {
            chosen::choose(tx, dataset_id, items, project_id).await?;
            chosen::aim_at(tx, subset.map(Subset::name)).await?;
            apply::change(tx, dataset_id, Column::Subset).await
        })
        .await
    }

    /// Gives each item to the subset that `parts` names for its place among the items by folder and name.
    ///
    /// # Errors
    /// As [`tag_items`](Self::tag_items).
    pub async fn split_items(
        &self,
        dataset_id: DatasetId,
        items: ChosenItems,
        parts: impl FnOnce(usize) -> Vec<Subset> + Send + 'static,
    ) -> Result<ItemsChange, StoreError> {
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| {
            chosen::choose(tx, dataset_id, items, project_id).await?;
            let numbers = chosen::in_order(tx).await?;
            let parts = parts(numbers.len());
            chosen::aim_each(tx, numbers.into_iter().zip(parts)).await?;
            apply::change(tx, dataset_id, Column::Subset).await
        })
        .await
    }

    /// Moves items into a folder, all or nothing. The folder is written from `/`, without a slash at its end.
    ///
    /// # Errors
    /// As [`tag_items`](Self::tag_items); [`StoreError::Refused`] for a name that is taken there.
    pub async fn move_items(
        &self,
        dataset_id: DatasetId,
        items: ChosenItems,
        dir: String,
    ) -> Result<ItemsChange, StoreError> {
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| {
            chosen::choose(tx, dataset_id, items, project_id).await?;
            chosen::aim_at(tx, Some(&dir)).await?;
            apply::change(tx, dataset_id, Column::Folder).await
        })
        .await
    }

    /// Deletes items with their annotations. For a day, that can be taken back.
    ///
    /// # Errors
    /// As [`tag_items`](Self::tag_items).
    pub async fn delete_items(
        &self,
        dataset_id: DatasetId,
        items: ChosenItems,
    ) -> Result<ItemsChange, StoreError> {
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| {
            chosen::choose(tx, dataset_id, items, project_id).await?;
            apply::delete(tx, dataset_id).await
        })
        .await
    }

    /// Takes a change back: its items are exactly as they were before. All or nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown change; [`StoreError::Refused`] if it was taken back already, if some of
    /// its items have been changed since in the same respect, if a name is taken, or if the deletion is too old.
    pub async fn undo_items_change(&self, id: ItemsChangeId) -> Result<ItemsChange, StoreError> {
        self.write_once(async move |tx: &mut Tx| undo::undo(tx, id).await).await
    }

    /// The latest changes of a dataset's items, newest first, each with the reason why it cannot be taken back, if there is
    /// one. An import is none of them.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn past_items_changes(
        &self,
        dataset_id: DatasetId,
        limit: u32,
    ) -> Result<Vec<PastItemsChange>, StoreError> {
        past::latest(&mut *self.reader().await?, dataset_id, limit).await
    }
}

/// Records a change of the chosen items; its number is the dataset's new revision.
async fn record(tx: &mut Tx, dataset_id: DatasetId, kind: ItemEventKind) -> Result<Recorded, StoreError> {
    let (id, number, now_ms) = (tx.new_id::<ItemsChangeId>(), tx.next_revision(), tx.now_ms());
    sqlx::query("INSERT INTO items_changes (number, id, dataset_id, kind, at_ms) VALUES (?, ?, ?, ?, ?)")
        .bind(number)
        .bind(id.to_string())
        .bind(dataset_id.to_string())
        .bind(kind.name())
        .bind(now_ms)
        .execute(&mut tx.connection)
        .await?;
    sqlx::query("UPDATE datasets SET revision = ? WHERE id = ?")
        .bind(number)
        .bind(dataset_id.to_string())
        .execute(&mut tx.connection)
        .await?;
    Ok(Recorded { id, number })
}

/// A change that has its place in the records.
#[derive(Debug, Clone, Copy)]
struct Recorded {
    id: ItemsChangeId,
    number: i64,
}

/// What the caller is told; a change of nothing is none.
async fn told(
    tx: &mut Tx,
    dataset_id: DatasetId,
    change: Option<Recorded>,
    changed_count: u64,
) -> Result<ItemsChange, StoreError> {
    let dataset = datasets::by_id(&mut tx.connection, dataset_id).await?;
    Ok(ItemsChange { id: change.map(|change| change.id), changed_count, dataset })
}
