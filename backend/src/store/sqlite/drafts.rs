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

impl Store {
    /// The draft of a version, if there is one.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn draft(&self, model_id: ModelId) -> Result<Option<Draft>, StoreError> {
        let row = sqlx::query("SELECT draft, updated_at_ms FROM model_drafts WHERE model_id = ?")
            .bind(model_id.to_string())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.map(|row| Ok(Draft { text: get(&row, "draft")?, updated_at_ms: get(&row, "updated_at_ms")? }))
            .transpose()
    }

    /// Keeps a draft in place of the one before; `None` forgets it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown version.
    pub async fn save_draft(
        &self,
        model_id: ModelId,
        text: Option<String>,
    ) -> Result<Option<Draft>, StoreError> {
        self.write(async move |tx: &mut Tx| {
            models::by_id_or_name(&mut tx.connection, &model_id.to_string()).await?;
            let Some(text) = text else {
                forget(tx, model_id).await?;
                return Ok(None);
            };
            let updated_at_ms = tx.now_ms();
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

/// Forgets the draft of a version.
pub(super) async fn forget(tx: &mut Tx, model_id: ModelId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM model_drafts WHERE model_id = ?")
        .bind(model_id.to_string())
        .execute(&mut tx.connection)
        .await?;
    Ok(())
}
