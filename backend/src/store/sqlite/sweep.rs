//! Throwing away stored files that no record speaks of.
//!
//! Must not know why a file was left over.

use super::changes::forget_old_deletions;
use crate::store::Store;
use crate::store::blobs::age_of;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use sqlx::SqliteConnection;
use std::time::Duration;

impl Store {
    /// Deletes stored files that no record speaks of and that are older than this. Young ones may be
    /// uploads whose report is still on its way, and files of deleted items stay while the deletion can be taken back. The answer is how many were deleted.
    ///
    /// # Errors
    /// If the database or the disk fails.
    pub async fn sweep_blobs(&self, older_than: Duration) -> Result<u64, StoreError> {
        self.write(async move |tx: &mut Tx| forget_old_deletions(tx).await).await?;
        // An import stores files before it records them.
        let _importing = self.importing().await;
        let mut reader = self.reader().await?;
        let mut deleted = self.blobs().delete_unnamed(older_than).await?;
        for hash in self.blobs().hashes().await? {
            let age = self.blobs().local_path(&hash).and_then(|path| age_of(&path));
            let old = age.is_some_and(|age| age >= older_than);
            if old && !is_spoken_of(&mut reader, &hash).await? {
                self.blobs().delete(&hash).await?;
                self.thumbnails().delete(&hash)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Deletes those of these files that no record speaks of: what an import that failed has stored.
    pub(crate) async fn forget_unrecorded(&self, hashes: &[String]) -> Result<(), StoreError> {
        let mut reader = self.reader().await?;
        for hash in hashes {
            if !is_spoken_of(&mut reader, hash).await? {
                self.blobs().delete(hash).await?;
                self.thumbnails().delete(hash)?;
            }
        }
        Ok(())
    }
}

async fn is_spoken_of(connection: &mut SqliteConnection, hash: &str) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM items WHERE content_hash = ?) \
              + (SELECT COUNT(*) FROM snapshot_items WHERE content_hash = ?) \
              + (SELECT COUNT(*) FROM deleted_items WHERE content_hash = ?) \
              + (SELECT COUNT(*) FROM artifacts WHERE content_hash = ?) \
              + (SELECT COUNT(*) FROM models WHERE initial_weights_hash = ?) \
              + (SELECT COUNT(*) FROM trainings WHERE initial_weights_hash = ?)",
    )
    .bind(hash)
    .bind(hash)
    .bind(hash)
    .bind(hash)
    .bind(hash)
    .bind(hash)
    .fetch_one(connection)
    .await?;
    Ok(found > 0)
}
