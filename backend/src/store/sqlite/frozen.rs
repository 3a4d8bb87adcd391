//! The items that trainings learn from, as they were when they were frozen: whole subsets, pages, and what leaks.
//!
//! Must not know how they were chosen.

use super::rows::{get, json, number, optional_json, parsed, to_number, word};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{SnapshotItems, TrainingData, TrainingPreview};
use shared::check::SubsetCheck;
use shared::dataset::{Item, Subset};
use shared::id::{ExecutionId, TrainingId};
use shared::model::SubsetChoice;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Pictures that are named when they are in two subsets; the rest is only counted.
const LEAKED_NAMED: i64 = 20;

impl Store {
    /// The items of a subset as they were when the training of this execution started.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn subset_items(
        &self,
        execution_id: ExecutionId,
        subset: Subset,
    ) -> Result<SnapshotItems, StoreError> {
        let rows = sqlx::query(
            "SELECT i.* FROM snapshot_items i JOIN trainings t ON t.snapshot_number = i.snapshot_number \
             JOIN executions e ON e.training_id = t.id WHERE e.id = ? AND i.subset = ? ORDER BY i.position",
        )
        .bind(execution_id.to_string())
        .bind(subset.name())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter().map(frozen_item).collect()
    }

    /// The items that an execution trains on and is measured on, as they were when its training started.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn items_to_train(&self, execution_id: ExecutionId) -> Result<[SnapshotItems; 2], StoreError> {
        let rows = sqlx::query(
            "SELECT i.* FROM executions e JOIN trainings t ON t.id = e.training_id \
             JOIN snapshot_items i ON i.snapshot_number = t.snapshot_number \
             WHERE e.id = ? AND i.subset IN ('train', 'validation') ORDER BY i.subset, i.position",
        )
        .bind(execution_id.to_string())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let (mut train, mut validation) = (Vec::new(), Vec::new());
        for row in &rows {
            let item = frozen_item(row)?;
            if item.subset == Some(Subset::Train) { &mut train } else { &mut validation }.push(item);
        }
        Ok([train, validation])
    }

    /// A part of the items of a subset, in the order in which they are learnt from, and how many there are in all.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn snapshot_items(
        &self,
        id: TrainingId,
        subset: Subset,
        offset: u64,
        limit: u32,
    ) -> Result<(SnapshotItems, u64), StoreError> {
        let mut reader = self.reader().await?;
        let snapshot_number = snapshot_of(&mut reader, id).await?;
        // Positions are counted from 0 without a gap, so that a page far down is found as fast as the first.
        let total: i64 = sqlx::query_scalar(
            "SELECT COALESCE(MAX(position) + 1, 0) FROM snapshot_items WHERE snapshot_number = ? AND subset = ?",
        )
        .bind(snapshot_number)
        .bind(subset.name())
        .fetch_one(&mut *reader)
        .await?;
        let rows = sqlx::query(
            "SELECT * FROM snapshot_items WHERE snapshot_number = ? AND subset = ? AND position >= ? \
             ORDER BY position LIMIT ?",
        )
        .bind(snapshot_number)
        .bind(subset.name())
        .bind(to_number(offset)?)
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await?;
        let items = rows.iter().map(frozen_item).collect::<Result<_, _>>()?;
        Ok((items, u64::try_from(total).unwrap_or(0)))
    }

    /// What a training was started with: where its items were, as what and by which choices they were learnt.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn training_data(&self, id: TrainingId) -> Result<TrainingData, StoreError> {
        let row = sqlx::query(
            "SELECT dataset_id, labels, train_choice, validation_choice FROM trainings WHERE id = ?",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.reader().await?)
        .await?
        .ok_or_else(|| StoreError::not_found("training", id))?;
        let tagged =
            |choice: Option<SubsetChoice>, subset| choice.unwrap_or_else(|| SubsetChoice::tagged(subset));
        Ok(TrainingData {
            dataset_id: parsed(&row, "dataset_id")?,
            labels: json(&row, "labels")?,
            train: tagged(optional_json(&row, "train_choice")?, Subset::Train),
            validation: tagged(optional_json(&row, "validation_choice")?, Subset::Validation),
        })
    }

    /// What a training would learn from that learns from what this one froze. Nothing refuses it: it was learnt from.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn preview_snapshot(&self, id: TrainingId) -> Result<TrainingPreview, StoreError> {
        let snapshot = self.training_snapshot(id).await?;
        let mut preview = TrainingPreview {
            train: None,
            validation: None,
            overlap_count: snapshot.leaked_count,
            refusals: Vec::new(),
        };
        for subset in snapshot.subsets {
            let check = SubsetCheck { content: subset.content, unknown_labels: Vec::new() };
            match subset.subset {
                Subset::Train => preview.train = Some(check),
                Subset::Validation => preview.validation = Some(check),
                Subset::Test => {}
            }
        }
        Ok(preview)
    }
}

/// The number of the snapshot that a training learns from.
pub(super) async fn snapshot_of(
    connection: &mut SqliteConnection,
    id: TrainingId,
) -> Result<i64, StoreError> {
    sqlx::query_scalar("SELECT snapshot_number FROM trainings WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("training", id))
}

/// Pictures that the train and the validation subset share, told apart by their content: how many, and the first of
/// them as the validation subset has them.
pub(super) async fn leaked(
    connection: &mut SqliteConnection,
    snapshot_number: i64,
) -> Result<(u64, SnapshotItems), StoreError> {
    let rows = sqlx::query(
        "WITH leaked AS MATERIALIZED (SELECT MIN(v.position) AS position FROM snapshot_items v \
         WHERE v.snapshot_number = ?1 AND v.subset = 'validation' AND EXISTS ( \
             SELECT 1 FROM snapshot_items t WHERE t.content_hash = v.content_hash \
             AND t.snapshot_number = ?1 AND t.subset = 'train') GROUP BY v.content_hash) \
         SELECT i.*, (SELECT COUNT(*) FROM leaked) AS leaked_count FROM leaked l JOIN snapshot_items i \
         ON i.snapshot_number = ?1 AND i.subset = 'validation' AND i.position = l.position \
         ORDER BY l.position LIMIT ?2",
    )
    .bind(snapshot_number)
    .bind(LEAKED_NAMED)
    .fetch_all(connection)
    .await?;
    let count = rows.first().map_or(Ok(0), |row| number(row, "leaked_count"))?;
    Ok((count, rows.iter().map(frozen_item).collect::<Result<_, _>>()?))
}

pub(super) fn frozen_item(row: &SqliteRow) -> Result<Item, StoreError> {
    Ok(Item {
        id: parsed(row, "item_id")?,
        dataset_id: parsed(row, "dataset_id")?,
        dir: get(row, "dir")?,
        name: get(row, "name")?,
        content_hash: get(row, "content_hash")?,
        mimetype: get(row, "mimetype")?,
        size_bytes: number(row, "size_bytes")?,
        width: number(row, "width")?,
        height: number(row, "height")?,
        subset: Some(word(row, "subset")?),
        annotations: json(row, "annotations")?,
        created_at_ms: get(row, "created_at_ms")?,
    })
}
