//! What a person has filled in for the next training of a version.
//!
//! Must not know what is in a draft.

use super::models;
use super::rows::get;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Draft;
use crate::store::writer::Tx;
use shared::id::ModelId;
use sqlx::SqliteConnection;

impl Store {
    /// The draft of a version, if there is one.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn draft(&self, model_id: ModelId) -> Result<Option<Draft>, StoreError> {
        kept(&mut *self.reader().await?, model_id).await
    }

    /// Keeps a draft in place of the one before; `None` forgets it. It takes the place of the one that was kept at
    /// `known_at_ms` or earlier, 0 for none; of any without that.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown version; [`StoreError::ChangedMeanwhile`] if a later draft is there.
    pub async fn save_draft(
        &self,
        model_id: ModelId,
        text: Option<String>,
        known_at_ms: Option<i64>,
    ) -> Result<Option<Draft>, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            models::by_id_or_name(&mut tx.connection, &model_id.to_string()).await?;
            let before_ms = kept(&mut tx.connection, model_id).await?.map_or(0, |draft| draft.updated_at_ms);
            if known_at_ms.is_some_and(|known| before_ms > known) {
                return Err(StoreError::ChangedMeanwhile { what: "draft of the model" });
            }
            let Some(text) = text else {
                forget(tx, model_id).await?;
                return Ok(None);
            };
            // Two drafts of the same millisecond are told apart.
            let updated_at_ms = tx.now_ms().max(before_ms + 1);
            sqlx::query(
                "INSERT INTO model_drafts (model_id, draft, updated_at_ms) VALUES (?, ?, ?) \
                 ON CONFLICT (model_id) DO UPDATE SET draft = excluded.draft, updated_at_ms = excluded.updated_at_ms",
            )
            .bind(model_id.to_string())
            .bind(&text)
            .bind(updated_at_ms)
            .execute(&mut tx.connection)
            .await?;
            Ok(Some(Draft { text, updated_at_ms }))
        })
        .await
    }
}

async fn kept(connection: &mut SqliteConnection, model_id: ModelId) -> Result<Option<Draft>, StoreError> {
    let row = sqlx::query("SELECT draft, updated_at_ms FROM model_drafts WHERE model_id = ?")
        .bind(model_id.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(Draft { text: get(&row, "draft")?, updated_at_ms: get(&row, "updated_at_ms")? }))
        .transpose()
}

/// Forgets the draft of a version.
pub(super) async fn forget(tx: &mut Tx, model_id: ModelId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM model_drafts WHERE model_id = ?")
        .bind(model_id.to_string())
        .execute(&mut tx.connection)
        .await?;
    Ok(())
}
