//! Private architectures: every revision that was saved, and the catalog of those that count.
//!
//! Must not know in which text a manifest was written, nor how a program is started.

use super::rows::{get, json, number, to_json};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::ArchitectureRevision;
use crate::store::writer::Tx;
use shared::architecture::{Architecture, Catalog, Manifest};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

impl Store {
    /// The architectures that there are now.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        self.inner.catalog.borrow().clone()
    }

    /// Saves a manifest as the newest of its id, and puts it into the catalog. What is the newest already is left as it is.
    ///
    /// # Errors
    /// [`StoreError::RefusedField`] with the first thing that is wrong with it, which the caller has looked for before.
    pub async fn save_architecture(
        &self,
        manifest: Manifest,
        folder: String,
    ) -> Result<&'static Architecture, StoreError> {
        // One after the other, so that two cannot take the same name.
        let _turn = self.inner.saving_architectures.lock().await;
        self.catalog().check(&manifest, &folder).map_err(|errors| refused(&errors))?;
        let (written, place) = (manifest.clone(), folder.clone());
        let revision = self.write_once(async move |tx: &mut Tx| save(tx, &written, &place).await).await?;
        let mut catalog = self.catalog();
        let made = catalog.put(&manifest, &folder, revision).map_err(|errors| refused(&errors))?;
        self.inner.catalog.send_replace(catalog);
        Ok(made)
    }

    /// Every manifest that was saved under an id, newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn architecture_revisions(&self, id: &str) -> Result<Vec<ArchitectureRevision>, StoreError> {
        let rows = sqlx::query("SELECT * FROM architectures WHERE id = ? ORDER BY revision DESC")
            .bind(id)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        if rows.is_empty() {
            return Err(StoreError::not_found("private architecture", id));
        }
        let revision = |row: &SqliteRow| {
            Ok(ArchitectureRevision {
                revision: number(row, "revision")?,
                manifest: json(row, "manifest")?,
                folder: get(row, "folder")?,
                created_at_ms: get(row, "created_at_ms")?,
            })
        };
        rows.iter().map(revision).collect()
    }

    /// Takes a private architecture out of the catalog. Trainings of it keep what they were started with.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while model versions of it are there; [`StoreError::NotFound`].
    pub async fn delete_architecture(&self, id: &str) -> Result<(), StoreError> {
        let _turn = self.inner.saving_architectures.lock().await;
        let named = id.to_owned();
        self.write_once(async move |tx: &mut Tx| {
            let versions: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM models WHERE architecture_id = ? AND deleted_at_ms IS NULL",
            )
            .bind(&named)
            .fetch_one(&mut tx.connection)
            .await?;
            if versions > 0 {
                return Err(StoreError::refused(
                    format!(
                        "the architecture `{named}` has {versions} model version{}",
                        if versions == 1 { "" } else { "s" }
                    ),
                    "delete them first",
                ));
            }
            let now_ms = tx.now_ms();
            let deleted = sqlx::query(
                "UPDATE architectures SET deleted_at_ms = ? WHERE id = ? AND deleted_at_ms IS NULL",
            )
            .bind(now_ms)
            .bind(&named)
            .execute(&mut tx.connection)
            .await?;
            if deleted.rows_affected() == 0 {
                return Err(StoreError::not_found("private architecture", &named));
            }
            tx.next_revision();
            Ok(())
        })
        .await?;
        self.inner.catalog.send_modify(|catalog| catalog.remove(id));
        Ok(())
    }
}

fn refused(errors: &[shared::config::FieldError]) -> StoreError {
    let (field, message) =
        errors.first().map_or(("", ""), |error| (error.key.as_str(), error.message.as_str()));
    StoreError::refused_field(
        format!("manifest.{field}"),
        message,
        "correct the manifest, then save it again",
    )
}

async fn save(tx: &mut Tx, manifest: &Manifest, folder: &str) -> Result<u32, StoreError> {
    let newest = sqlx::query(
        "SELECT revision, manifest, folder, deleted_at_ms FROM architectures WHERE id = ? ORDER BY revision DESC LIMIT 1",
    )
    .bind(&manifest.id)
    .fetch_optional(&mut tx.connection)
    .await?;
    let mut revision = 1;
    if let Some(row) = newest {
        let number: u32 = number(&row, "revision")?;
        let is_there = get::<Option<i64>>(&row, "deleted_at_ms")?.is_none();
        if is_there && written(&row)?.as_ref().is_some_and(|(kept, at)| kept == manifest && at == folder) {
            return Ok(number);
        }
        revision = number + 1;
    }
    let now_ms = tx.now_ms();
    tx.next_revision();
    sqlx::query(
        "INSERT INTO architectures (id, revision, manifest, folder, created_at_ms) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&manifest.id)
    .bind(revision)
    .bind(to_json(manifest)?)
    .bind(folder)
    .bind(now_ms)
    .execute(&mut tx.connection)
    .await?;
    Ok(revision)
}

/// The manifest and folder of a row that may have none.
pub(super) fn written(row: &SqliteRow) -> Result<Option<(Manifest, String)>, StoreError> {
    if row.try_get::<Option<&str>, _>("manifest")?.is_none() {
        return Ok(None);
    }
    Ok(Some((json(row, "manifest")?, get(row, "folder")?)))
}

/// The newest of each id. One that another version of the program would not take any more is left out, and said.
pub(in crate::store) async fn catalog(connection: &mut SqliteConnection) -> Result<Catalog, StoreError> {
    let rows = sqlx::query(
        "SELECT a.* FROM architectures a WHERE deleted_at_ms IS NULL \
         AND revision = (SELECT MAX(revision) FROM architectures WHERE id = a.id) ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    let mut catalog = Catalog::default();
    for row in rows {
        let id: String = get(&row, "id")?;
        let Some((manifest, folder)) = written(&row)? else { continue };
        if let Err(errors) = catalog.put(&manifest, &folder, number(&row, "revision")?) {
            let problems: Vec<String> = errors.iter().map(ToString::to_string).collect();
            tracing::warn!(id, problems = problems.join("; "), "a private architecture cannot be used");
        }
    }
    Ok(catalog)
}
