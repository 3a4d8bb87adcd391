//! Model versions and their artifacts.
//!
//! Must not know architectures: whether a variant exists is decided before.

use super::rows::{artifact, model, to_json, to_number};
use super::{datasets, idempotency};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{NewModel, Page};
use crate::store::writer::Tx;
use shared::id::ModelId;
use shared::model::{Artifact, Model};
use shared::status::ModelStatus;
use sqlx::SqliteConnection;

impl Store {
    /// Makes a model version. Sent again with the same key, it has one effect and the same answer.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for a name that is taken, [`StoreError::NotFound`] for an unknown dataset.
    pub async fn create_model(&self, new: NewModel, key: Option<&str>) -> Result<Model, StoreError> {
        let project_id = self.project_id();
        let key = key.map(str::to_owned);
        self.write(async move |tx: &mut Tx| {
            let (labels, configuration) = (to_json(&new.labels)?, to_json(&new.configuration)?);
            let request = to_json(&(
                &new.name,
                &new.architecture_id,
                &new.variant,
                new.dataset_id,
                &new.labels,
                &new.configuration,
            ))?;
            if let Some(id) = idempotency::answered(tx, "create-model", key.as_deref(), &request).await? {
                return by_id_or_name(&mut tx.connection, &id).await;
            }
            datasets::by_id(&mut tx.connection, new.dataset_id).await?;
            let taken: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM models WHERE project_id = ? AND name = ?")
                .bind(project_id.to_string())
                .bind(&new.name)
                .fetch_one(&mut tx.connection)
                .await?;
            if taken > 0 {
                return Err(StoreError::AlreadyExists { what: "model", which: new.name });
            }
            let id: ModelId = tx.new_id();
            let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
            sqlx::query(
                "INSERT INTO models (id, project_id, name, architecture_id, variant, dataset_id, labels, status, \
                 configuration, created_at_ms, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id.to_string())
            .bind(project_id.to_string())
            .bind(&new.name)
            .bind(&new.architecture_id)
            .bind(&new.variant)
            .bind(new.dataset_id.to_string())
            .bind(labels)
            .bind(ModelStatus::Created.name())
            .bind(configuration)
            .bind(now_ms)
            .bind(revision)
            .execute(&mut tx.connection)
            .await?;
            let id = id.to_string();
            idempotency::remember(tx, "create-model", key.as_deref(), &request, &id).await?;
            by_id_or_name(&mut tx.connection, &id).await
        })
        .await
    }

    /// The model with this id or name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn model(&self, id_or_name: &str) -> Result<Model, StoreError> {
        by_id_or_name(&mut *self.reader().await?, id_or_name).await
    }

    /// Models whose name contains `search` or whose id starts with it, newest first, and how many
    /// there are in all.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn models(&self, search: &str, page: Page) -> Result<(Vec<Model>, u64), StoreError> {
        let mut reader = self.reader().await?;
        let (part, start) = (contains(search), starts_with(search));
        let total: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM models WHERE LOWER(name) LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\'",
        )
        .bind(&part)
        .bind(&start)
        .fetch_one(&mut *reader)
        .await?;
        let rows = sqlx::query(
            "SELECT * FROM models WHERE LOWER(name) LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\' \
             ORDER BY created_at_ms DESC, id DESC LIMIT ? OFFSET ?",
        )
        .bind(&part)
        .bind(&start)
        .bind(i64::from(page.limit))
        .bind(to_number(page.offset)?)
        .fetch_all(&mut *reader)
        .await?;
        let models = rows.iter().map(model).collect::<Result<_, _>>()?;
        Ok((models, u64::try_from(total).unwrap_or(0)))
    }

    /// The files of a model, newest run first, then by name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn artifacts(&self, model_id: ModelId) -> Result<Vec<Artifact>, StoreError> {
        let rows = sqlx::query(
            "SELECT a.* FROM artifacts a JOIN executions e ON e.id = a.execution_id WHERE a.model_id = ? \
             ORDER BY e.queue_number DESC, a.name",
        )
        .bind(model_id.to_string())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter().map(artifact).collect()
    }

    /// One file of a model.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn artifact(&self, id: shared::id::ArtifactId) -> Result<Artifact, StoreError> {
        let row = sqlx::query("SELECT * FROM artifacts WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.reader().await?)
            .await?
            .ok_or_else(|| StoreError::not_found("artifact", id))?;
        artifact(&row)
    }
}

pub(super) async fn by_id_or_name(
    connection: &mut SqliteConnection,
    id_or_name: &str,
) -> Result<Model, StoreError> {
    let row = sqlx::query("SELECT * FROM models WHERE id = ? OR name = ?")
        .bind(id_or_name)
        .bind(id_or_name)
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("model", id_or_name))?;
    model(&row)
}

/// The LIKE pattern for "contains", without wildcards of the searcher's own.
pub(super) fn contains(search: &str) -> String {
    format!("%{}%", escaped(search))
}

/// The LIKE pattern for "starts with"; an empty search matches everything.
pub(super) fn starts_with(search: &str) -> String {
    format!("{}%", escaped(search))
}

fn escaped(search: &str) -> String {
    search.trim().to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
