//! What a training learns from, frozen when it starts.
//!
//! Must not know trainings beyond the number of their snapshot.

use super::datasets;
use super::rows::{get, json, number, parsed, to_json, to_number, to_word, word};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::SnapshotItems;
use crate::store::writer::Tx;
use shared::dataset::{Item, Subset, Task};
use shared::id::{DatasetId, ExecutionId};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

/// Rows of one INSERT, with 14 values each.
const ROWS_PER_INSERT: usize = 500;

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
}

fn frozen_item(row: &SqliteRow) -> Result<Item, StoreError> {
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

/// Freezes a dataset as it is now, or finds the snapshot that was made since it last changed.
pub(super) async fn freeze(tx: &mut Tx, dataset_id: DatasetId) -> Result<i64, StoreError> {
    refuse_untrainable(tx, dataset_id).await?;
    let known: Option<i64> = sqlx::query_scalar(
        "SELECT s.number FROM snapshots s JOIN datasets d ON d.id = s.dataset_id \
         WHERE d.id = ? AND s.dataset_revision = d.revision",
    )
    .bind(dataset_id.to_string())
    .fetch_optional(&mut tx.connection)
    .await?;
    if let Some(number) = known {
        return Ok(number);
    }
    let number = tx.next_revision();
    let now_ms = tx.now_ms();
    sqlx::query(
        "INSERT INTO snapshots (number, dataset_id, dataset_revision, created_at_ms) \
         SELECT ?, id, revision, ? FROM datasets WHERE id = ?",
    )
    .bind(number)
    .bind(now_ms)
    .bind(dataset_id.to_string())
    .execute(&mut tx.connection)
    .await?;
    for subset in Subset::ALL {
        copy_subset(tx, number, dataset_id, subset).await?;
    }
    Ok(number)
}

/// Refuses what cannot be trained on, before anything is written.
async fn refuse_untrainable(tx: &mut Tx, dataset_id: DatasetId) -> Result<(), StoreError> {
    let dataset = datasets::by_id(&mut tx.connection, dataset_id).await?;
    for (subset, count) in Subset::ALL.into_iter().zip(dataset.subset_counts) {
        if count == 0 && subset != Subset::Test {
            return Err(StoreError::refused(
                format!("the {} subset of dataset `{}` has no items", subset.name(), dataset.name),
                "import it with a split (--split 80/20/0 --seed 1), or choose another data set",
            ));
        }
    }
    for subset in [Subset::Train, Subset::Validation] {
        let annotated: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM annotations a JOIN items i ON i.id = a.item_id \
             WHERE i.dataset_id = ? AND i.subset = ?",
        )
        .bind(dataset_id.to_string())
        .bind(subset.name())
        .fetch_one(&mut tx.connection)
        .await?;
        if annotated == 0 {
            let (one, many) = match dataset.task {
                Task::Detection => ("a box", "boxes"),
                Task::Classification => ("a class", "classes"),
            };
            return Err(StoreError::refused(
                format!("no item in the {} subset of dataset `{}` has {one}", subset.name(), dataset.name),
                format!("import {many} for it, or choose another data set"),
            ));
        }
    }
    Ok(())
}

async fn copy_subset(
    tx: &mut Tx,
    number: i64,
    dataset_id: DatasetId,
    subset: Subset,
) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT * FROM items WHERE dataset_id = ? AND subset = ? ORDER BY dir, name")
        .bind(dataset_id.to_string())
        .bind(subset.name())
        .fetch_all(&mut tx.connection)
        .await?;
    let mut items = rows.iter().map(super::rows::item).collect::<Result<Vec<_>, _>>()?;
    datasets::attach_annotations(&mut tx.connection, &mut items).await?;
    let subset = to_word(&subset)?;
    let mut position = 0_i64;
    for chunk in items.chunks(ROWS_PER_INSERT) {
        let mut rows = Vec::with_capacity(chunk.len());
        for item in chunk {
            rows.push((item, to_json(&item.annotations)?, to_number(item.size_bytes)?));
        }
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO snapshot_items (snapshot_number, subset, position, item_id, dataset_id, dir, name, \
             content_hash, mimetype, size_bytes, width, height, annotations, created_at_ms) ",
        );
        insert.push_values(rows, |mut row, (item, annotations, size_bytes)| {
            row.push_bind(number)
                .push_bind(subset.clone())
                .push_bind(position)
                .push_bind(item.id.to_string())
                .push_bind(dataset_id.to_string())
                .push_bind(item.dir.clone())
                .push_bind(item.name.clone())
                .push_bind(item.content_hash.clone())
                .push_bind(item.mimetype.clone())
                .push_bind(size_bytes)
                .push_bind(i64::from(item.width))
                .push_bind(i64::from(item.height))
                .push_bind(annotations)
                .push_bind(item.created_at_ms);
            position += 1;
        });
        insert.build().persistent(false).execute(&mut tx.connection).await?;
    }
    Ok(())
}
