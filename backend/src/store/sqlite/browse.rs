//! What a person sees who looks through a dataset: empty ones that are made, folders, and one item with its history.
//!
//! Must not know queries or how items are changed.

use super::datasets::{attach_annotations, by_id};
use super::rows::{get, item, number, optional_json, to_word, word};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use shared::dataset::{Dataset, Folder, ItemDetail, ItemEvent, ItemEventKind, Task, folders, item_document};
use shared::id::{DatasetId, ItemId};
use sqlx::SqliteConnection;

impl Store {
    /// Makes an empty dataset.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for a name that is taken.
    pub async fn create_dataset(&self, name: String, task: Task) -> Result<Dataset, StoreError> {
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| {
            let taken: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM datasets WHERE project_id = ? AND name = ?")
                    .bind(project_id.to_string())
                    .bind(&name)
                    .fetch_one(&mut tx.connection)
                    .await?;
            if taken > 0 {
                return Err(StoreError::AlreadyExists { what: "dataset", which: name });
            }
            let id = insert_dataset(tx, &project_id.to_string(), &name, task).await?;
            super::recipes::follow_labels(tx, id, &[]).await?;
            by_id(&mut tx.connection, id).await
        })
        .await
    }

    /// All folders of a dataset that hold items or lead to some; see [`folders`] for their order.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn folders(&self, dataset_id: DatasetId) -> Result<Vec<Folder>, StoreError> {
        let rows = sqlx::query(
            "SELECT dir, COUNT(*) AS amount FROM items INDEXED BY items_in_order WHERE dataset_id = ? GROUP BY dir",
        )
        .bind(dataset_id.to_string())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let counts = rows.iter().map(|row| Ok((get(row, "dir")?, number(row, "amount")?)));
        Ok(folders(counts.collect::<Result<Vec<_>, StoreError>>()?))
    }

    /// One item with all that is known of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn item_detail(&self, id: ItemId) -> Result<ItemDetail, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query("SELECT * FROM items WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *reader)
            .await?
            .ok_or_else(|| StoreError::not_found("item", id))?;
        let metadata: Option<serde_json::Value> = optional_json(&row, "metadata")?;
        let mut found = [item(&row)?];
        attach_annotations(&mut reader, &mut found).await?;
        let [item] = found;
        let document = item_document(&item, number(&row, "annotations_count")?, metadata.as_ref());
        let mut history = history_of(&mut reader, id).await?;
        history.push(ItemEvent {
            at_ms: item.created_at_ms,
            kind: ItemEventKind::Added,
            detail: String::new(),
        });
        Ok(ItemDetail { item, document, history })
    }
}

/// A dataset without items.
pub(super) async fn insert_dataset(
    tx: &mut Tx,
    project_id: &str,
    name: &str,
    task: Task,
) -> Result<DatasetId, StoreError> {
    let id: DatasetId = tx.new_id();
    let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
    sqlx::query("INSERT INTO datasets (id, project_id, name, task, created_at_ms, revision) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(id.to_string())
        .bind(project_id)
        .bind(name)
        .bind(to_word(&task)?)
        .bind(now_ms)
        .bind(revision)
        .execute(&mut tx.connection)
        .await?;
    Ok(id)
}

async fn history_of(connection: &mut SqliteConnection, id: ItemId) -> Result<Vec<ItemEvent>, StoreError> {
    let rows = sqlx::query(
        "SELECT m.at_ms, m.kind, c.value_before, c.value_after FROM changed_items c \
         JOIN items_changes m ON m.number = c.change_number WHERE c.item_id = ? ORDER BY c.change_number DESC",
    )
    .bind(id.to_string())
    .fetch_all(connection)
    .await?;
    let event = |row| {
        let kind: ItemEventKind = word(row, "kind")?;
        let detail = kind.detail(get(row, "value_before")?, get(row, "value_after")?);
        Ok(ItemEvent { at_ms: get(row, "at_ms")?, kind, detail })
    };
    rows.iter().map(event).collect()
}
