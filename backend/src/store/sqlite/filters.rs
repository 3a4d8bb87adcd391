//! Filters that are kept by name.
//!
//! Must not know the language that they are written in: a query is a text here.

use super::rows::{get, optional_json, parsed, word};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use shared::dataset::Subset;
use shared::filter::{FilterResource, FilterUse, SavedFilter};
use shared::id::{FilterId, ProjectId};
use shared::model::SubsetChoice;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

impl Store {
    /// Keeps a query by name. One of the same name and resource is replaced and keeps its id.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn save_filter(
        &self,
        name: String,
        resource: FilterResource,
        query: String,
    ) -> Result<SavedFilter, StoreError> {
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| {
            let (id, revision, now_ms) = (tx.new_id::<FilterId>(), tx.next_revision(), tx.now_ms());
            let row = sqlx::query(
                "INSERT INTO saved_filters (id, project_id, resource, name, query, created_at_ms, updated_at_ms, revision) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (project_id, resource, name) DO UPDATE SET \
                 query = excluded.query, updated_at_ms = excluded.updated_at_ms, revision = excluded.revision RETURNING *",
            )
            .bind(id.to_string())
            .bind(project_id.to_string())
            .bind(resource.name())
            .bind(name)
            .bind(query)
            .bind(now_ms)
            .bind(now_ms)
            .bind(revision)
            .fetch_one(&mut tx.connection)
            .await?;
            let mut uses = uses(&mut tx.connection, project_id).await?;
            saved_filter(&row, &mut uses)
        })
        .await
    }

    /// The saved filters of a resource, or of all, by name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn filters(&self, resource: Option<FilterResource>) -> Result<Vec<SavedFilter>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query(
            "SELECT * FROM saved_filters WHERE project_id = ?1 AND (?2 IS NULL OR resource = ?2) ORDER BY name, resource",
        )
        .bind(self.project_id().to_string())
        .bind(resource.map(FilterResource::name))
        .fetch_all(&mut *reader)
        .await?;
        let mut uses = uses(&mut reader, self.project_id()).await?;
        rows.iter().map(|row| saved_filter(row, &mut uses)).collect()
    }

    /// Forgets a saved filter. Models that name it keep the query that they took from it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_filter(&self, id: FilterId) -> Result<(), StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let deleted = sqlx::query("DELETE FROM saved_filters WHERE id = ?")
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            if deleted.rows_affected() == 0 {
                return Err(StoreError::not_found("saved filter", id));
            }
            tx.next_revision();
            Ok(())
        })
        .await
    }
}

type Uses = HashMap<FilterId, Vec<FilterUse>>;

/// Which models name which filter, oldest model first.
async fn uses(connection: &mut SqliteConnection, project_id: ProjectId) -> Result<Uses, StoreError> {
    let rows = sqlx::query(
        "SELECT id, name, train_choice, validation_choice FROM models WHERE project_id = ? AND deleted_at_ms IS NULL \
         AND (train_choice IS NOT NULL OR validation_choice IS NOT NULL) ORDER BY id",
    )
    .bind(project_id.to_string())
    .fetch_all(connection)
    .await?;
    let mut uses = Uses::new();
    for row in &rows {
        for (column, subset) in [("train_choice", Subset::Train), ("validation_choice", Subset::Validation)] {
            let choice: Option<SubsetChoice> = optional_json(row, column)?;
            if let Some(filter) = choice.and_then(|choice| choice.saved_filter_id) {
                let used = FilterUse { model_id: parsed(row, "id")?, model_name: get(row, "name")?, subset };
                uses.entry(filter).or_default().push(used);
            }
        }
    }
    Ok(uses)
}

fn saved_filter(row: &SqliteRow, uses: &mut Uses) -> Result<SavedFilter, StoreError> {
    let id = parsed(row, "id")?;
    Ok(SavedFilter {
        id,
        project_id: parsed(row, "project_id")?,
        name: get(row, "name")?,
        resource: word(row, "resource")?,
        query: get(row, "query")?,
        created_at_ms: get(row, "created_at_ms")?,
        updated_at_ms: get(row, "updated_at_ms")?,
        used_by: uses.remove(&id).unwrap_or_default(),
    })
}
