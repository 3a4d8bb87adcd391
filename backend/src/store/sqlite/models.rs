//! Model versions and their artifacts.
//!
//! Must not know architectures: whether a variant exists is decided before.

use super::datasets;
use super::rows::{artifact, model, to_json, to_number, to_optional_json};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{ModelChange, ModelQuery, NewModel, Page};
use crate::store::writer::Tx;
use shared::id::ModelId;
use shared::model::{Artifact, Model};
use shared::status::ModelStatus;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

/// Model versions with the names of their parents, with this tail of the statement.
macro_rules! model_select {
    ($tail:literal) => {
        concat!(
            "SELECT m.*, p.name AS parent_name FROM models m LEFT JOIN models p ON p.id = m.parent_id ",
            $tail
        )
    };
}

impl Store {
    /// Makes a model version.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for a name that is taken, [`StoreError::NotFound`] for an unknown dataset and for
    /// weights that are not stored.
    pub async fn create_model(&self, new: NewModel) -> Result<Model, StoreError> {
        let project_id = self.project_id().to_string();
        let blobs = self.blobs().clone();
        self.write_once(async move |tx: &mut Tx| {
            datasets::by_id(&mut tx.connection, new.dataset_id).await?;
            if let Some(hash) = new.initial_weights_hash.as_deref().filter(|hash| !blobs.exists(hash)) {
                return Err(StoreError::not_found("stored file", hash));
            }
            refuse_taken(tx, &project_id, &new.name, None).await?;
            let id = insert(tx, &project_id, &new).await?.to_string();
            by_id_or_name(&mut tx.connection, &id).await
        })
        .await
    }

    /// The model with this id or name. Deleted ones are found by their id alone.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn model(&self, id_or_name: &str) -> Result<Model, StoreError> {
        by_id_or_name(&mut *self.reader().await?, id_or_name).await
    }

    /// Models, newest first, and how many there are in all.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn models(&self, query: &ModelQuery, page: Page) -> Result<(Vec<Model>, u64), StoreError> {
        let mut reader = self.reader().await?;
        let mut count = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM models m");
        push_conditions(&mut count, query)?;
        let total: i64 = count.build_query_scalar().persistent(false).fetch_one(&mut *reader).await?;
        let mut select = QueryBuilder::<Sqlite>::new(model_select!(""));
        push_conditions(&mut select, query)?;
        select
            .push(" ORDER BY m.created_at_ms DESC, m.id DESC LIMIT ")
            .push_bind(i64::from(page.limit))
            .push(" OFFSET ")
            .push_bind(to_number(page.offset)?);
        let rows = select.build().persistent(false).fetch_all(&mut *reader).await?;
        let models = rows.iter().map(model).collect::<Result<_, _>>()?;
        Ok((models, u64::try_from(total).unwrap_or(0)))
    }

    /// Changes what a person says of the version with this id or name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::AlreadyExists`] for a name that is taken.
    pub async fn update_model(&self, named: impl ToString, change: ModelChange) -> Result<Model, StoreError> {
        let (project_id, named) = (self.project_id().to_string(), named.to_string());
        self.write_once(async move |tx: &mut Tx| {
            let present = by_id_or_name(&mut tx.connection, &named).await?;
            let id = present.id;
            if let Some(name) = &change.name
                && present.deleted_at_ms.is_none()
            {
                refuse_taken(tx, &project_id, name, Some(id)).await?;
            }
            let revision = tx.next_revision();
            sqlx::query("UPDATE models SET name = ?, description = ?, tags = ?, revision = ? WHERE id = ?")
                .bind(change.name.unwrap_or(present.name))
                .bind(change.description.unwrap_or(present.description))
                .bind(to_json(&change.tags.unwrap_or(present.tags))?)
                .bind(revision)
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            // Rows of the Training tab carry the name.
            stamp_trainings(tx, id).await?;
            by_id_or_name(&mut tx.connection, &id.to_string()).await
        })
        .await
    }

    /// Takes the version with this id or name out of the lists; its record, files and trainings stay.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while it is being trained.
    pub async fn delete_model(&self, named: impl ToString) -> Result<Model, StoreError> {
        self.set_deleted(named, true).await
    }

    /// Puts a deleted version back into the lists.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] if another version took its name meanwhile.
    pub async fn restore_model(&self, id: ModelId) -> Result<Model, StoreError> {
        self.set_deleted(id, false).await
    }

    async fn set_deleted(&self, named: impl ToString, deleted: bool) -> Result<Model, StoreError> {
        let (project_id, named) = (self.project_id().to_string(), named.to_string());
        self.write_once(async move |tx: &mut Tx| {
            let present = by_id_or_name(&mut tx.connection, &named).await?;
            let id = present.id;
            if present.deleted_at_ms.is_some() == deleted {
                return Ok(present);
            }
            if deleted && matches!(present.status, ModelStatus::Pending | ModelStatus::Training) {
                return Err(StoreError::refused(
                    format!("model `{}` is being trained", present.name),
                    "abort its training first",
                ));
            }
            if !deleted {
                refuse_taken(tx, &project_id, &present.name, None).await?;
            }
            let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
            sqlx::query("UPDATE models SET deleted_at_ms = ?, revision = ? WHERE id = ?")
                .bind(deleted.then_some(now_ms))
                .bind(revision)
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            by_id_or_name(&mut tx.connection, &id.to_string()).await
        })
        .await
    }

    /// The content hash of the weights that another version starts from when it starts from this one: its best
    /// weights of its latest run that has some, or else its own start.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn weights_of(&self, model: &Model) -> Result<Option<String>, StoreError> {
        let best: Option<String> = sqlx::query_scalar(
            "SELECT a.content_hash FROM artifacts a JOIN executions e ON e.id = a.execution_id \
             WHERE a.model_id = ? AND a.kind = 'weights' \
             ORDER BY e.queue_number DESC, a.name LIKE 'best%' DESC, a.name LIMIT 1",
        )
        .bind(model.id.to_string())
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        Ok(best.or_else(|| model.initial_weights_hash.clone()))
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
    let row = sqlx::query(model_select!("WHERE m.id = ? OR (m.name = ? AND m.deleted_at_ms IS NULL)"))
        .bind(id_or_name)
        .bind(id_or_name)
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("model", id_or_name))?;
    model(&row)
}

async fn insert(tx: &mut Tx, project_id: &str, new: &NewModel) -> Result<ModelId, StoreError> {
    let status =
        if new.initial_weights_hash.is_some() { ModelStatus::PreTrained } else { ModelStatus::Created };
    let id: ModelId = tx.new_id();
    let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
    sqlx::query(
        "INSERT INTO models (id, project_id, name, description, tags, architecture_id, variant, dataset_id, labels, \
         status, configuration, train_choice, validation_choice, parent_id, initial_weights_hash, created_at_ms, \
         revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(project_id)
    .bind(&new.name)
    .bind(&new.description)
    .bind(to_json(&new.tags)?)
    .bind(&new.architecture_id)
    .bind(&new.variant)
    .bind(new.dataset_id.to_string())
    .bind(to_json(&new.labels)?)
    .bind(status.name())
    .bind(to_json(&new.configuration)?)
    .bind(to_optional_json(new.train.as_ref())?)
    .bind(to_optional_json(new.validation.as_ref())?)
    .bind(new.parent_id.map(|id| id.to_string()))
    .bind(&new.initial_weights_hash)
    .bind(now_ms)
    .bind(revision)
    .execute(&mut tx.connection)
    .await?;
    Ok(id)
}

async fn refuse_taken(
    tx: &mut Tx,
    project_id: &str,
    name: &str,
    own: Option<ModelId>,
) -> Result<(), StoreError> {
    let holder: Option<String> = sqlx::query_scalar(
        "SELECT id FROM models WHERE project_id = ? AND name = ? AND deleted_at_ms IS NULL",
    )
    .bind(project_id)
    .bind(name)
    .fetch_optional(&mut tx.connection)
    .await?;
    match holder {
        Some(holder) if own.is_none_or(|own| own.to_string() != holder) => {
            Err(StoreError::AlreadyExists { what: "model", which: name.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Streams show the trainings of a version anew.
async fn stamp_trainings(tx: &mut Tx, id: ModelId) -> Result<(), StoreError> {
    let revision = tx.next_revision();
    sqlx::query(
        "UPDATE executions SET revision = ? WHERE training_id IN (SELECT id FROM trainings WHERE model_id = ?)",
    )
    .bind(revision)
    .bind(id.to_string())
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

fn push_conditions(builder: &mut QueryBuilder<Sqlite>, query: &ModelQuery) -> Result<(), StoreError> {
    builder.push(" WHERE 1 = 1");
    if !query.include_deleted {
        builder.push(" AND m.deleted_at_ms IS NULL");
    }
    if !query.search.trim().is_empty() {
        builder
            .push(" AND (LOWER(m.name) LIKE ")
            .push_bind(contains(&query.search))
            .push(" ESCAPE '\\' OR m.id LIKE ")
            .push_bind(starts_with(&query.search))
            .push(" ESCAPE '\\')");
    }
    let statuses: Vec<&str> = query.statuses.iter().map(|status| status.name()).collect();
    push_one_of(builder, "m.status", &statuses);
    push_one_of(builder, "m.architecture_id", &query.architecture_ids);
    if let Some(dataset_id) = query.dataset_id {
        builder.push(" AND m.dataset_id = ").push_bind(dataset_id.to_string());
    }
    if !query.tags.is_empty() {
        builder.push(" AND NOT EXISTS (SELECT 1 FROM json_each(").push_bind(to_json(&query.tags)?).push(
            ") wanted WHERE wanted.value NOT IN (SELECT carried.value FROM json_each(m.tags) carried))",
        );
    }
    Ok(())
}

fn push_one_of(builder: &mut QueryBuilder<Sqlite>, column: &str, values: &[impl ToString]) {
    if values.is_empty() {
        return;
    }
    builder.push(format!(" AND {column} IN ("));
    let mut list = builder.separated(", ");
    for value in values {
        list.push_bind(value.to_string());
    }
    builder.push(")");
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
