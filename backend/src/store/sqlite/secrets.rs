//! Secrets, sealed: made, listed with what uses them, replaced, deleted, and sealed anew.
//!
//! Must not know keys or values.

use super::rows::{get, json, parsed, word};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{NewSecret, SealedSecret, SecretRecord, SecretUse};
use crate::store::writer::Tx;
use shared::id::SecretId;
use shared::status::Status;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Trainings that are named for one secret at most.
const USES_SHOWN: usize = 100;

impl Store {
    /// Makes a secret.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for a name that is taken.
    pub async fn create_secret(&self, new: NewSecret) -> Result<SecretRecord, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let NewSecret { sealed, fingerprint, description, created_by } = new;
            let taken: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM secrets WHERE name = ?")
                .bind(&sealed.name)
                .fetch_one(&mut tx.connection)
                .await?;
            if taken > 0 {
                return Err(StoreError::AlreadyExists { what: "secret", which: sealed.name });
            }
            let (now_ms, revision, id) = (tx.now_ms(), tx.next_revision(), sealed.id.to_string());
            sqlx::query(
                "INSERT INTO secrets (id, name, description, key_id, sealed, fingerprint, created_by, created_at_ms, \
                 updated_at_ms, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&id)
            .bind(sealed.name)
            .bind(description)
            .bind(sealed.key_id)
            .bind(sealed.sealed)
            .bind(fingerprint)
            .bind(created_by)
            .bind(now_ms)
            .bind(now_ms)
            .bind(revision)
            .execute(&mut tx.connection)
            .await?;
            by_id(&mut tx.connection, &id).await
        })
        .await
    }

    /// One secret.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn secret(&self, id: SecretId) -> Result<SecretRecord, StoreError> {
        by_id(&mut *self.reader().await?, &id.to_string()).await
    }

    /// All secrets, by name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn secrets(&self) -> Result<Vec<SecretRecord>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query("SELECT * FROM secrets ORDER BY name").fetch_all(&mut *reader).await?;
        let mut records = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        add_uses(&mut reader, &mut records).await?;
        Ok(records)
    }

    /// Gives a secret another sealed value.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn replace_secret(
        &self,
        sealed: SealedSecret,
        fingerprint: String,
    ) -> Result<SecretRecord, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let now_ms = tx.now_ms();
            write_sealed(tx, &sealed, &fingerprint).await?;
            sqlx::query("UPDATE secrets SET updated_at_ms = ? WHERE id = ?")
                .bind(now_ms)
                .bind(sealed.id.to_string())
                .execute(&mut tx.connection)
                .await?;
            by_id(&mut tx.connection, &sealed.id.to_string()).await
        })
        .await
    }

    /// Deletes a secret.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while a training that is not over uses it; [`StoreError::NotFound`].
    pub async fn delete_secret(&self, id: SecretId) -> Result<(), StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let present = by_id(&mut tx.connection, &id.to_string()).await?;
            let live: Vec<&str> = present
                .used_by
                .iter()
                .filter(|used| used.is_live)
                .map(|used| used.model_name.as_str())
                .collect();
            if !live.is_empty() {
                return Err(StoreError::refused(
                    format!(
                        "the secret `{}` is used by the training of `{}`",
                        present.name,
                        live.join("`, `")
                    ),
                    "wait until it is over, or abort it",
                ));
            }
            tx.next_revision();
            sqlx::query("DELETE FROM secrets WHERE id = ?")
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            Ok(())
        })
        .await
    }

    /// The sealed values of these secrets, in the order of the names.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if one is missing.
    pub(crate) async fn sealed_secrets(&self, names: &[String]) -> Result<Vec<SealedSecret>, StoreError> {
        let mut reader = self.reader().await?;
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let row = sqlx::query("SELECT * FROM secrets WHERE name = ?")
                .bind(name)
                .fetch_optional(&mut *reader)
                .await?
                .ok_or_else(|| StoreError::not_found("secret", name))?;
            found.push(sealed(&row)?);
        }
        Ok(found)
    }

    /// The keys that stored values name.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) async fn secret_key_ids(&self) -> Result<Vec<String>, StoreError> {
        let ids = sqlx::query_scalar("SELECT DISTINCT key_id FROM secrets ORDER BY key_id")
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(ids)
    }

    /// Replaces every sealed value, with its fingerprint, by what `reseal` makes of it with the key of this name, all
    /// or nothing. The answer is the name and how many there are; of another key, if a call was worked on again.
    ///
    /// # Errors
    /// The first error of `reseal`; nothing is written then.
    pub(crate) async fn reseal_secrets(
        &self,
        key_id: String,
        reseal: impl Fn(SealedSecret) -> Result<(SealedSecret, String), StoreError> + Send + 'static,
    ) -> Result<(String, u64), StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let rows =
                sqlx::query("SELECT * FROM secrets ORDER BY name").fetch_all(&mut tx.connection).await?;
            for row in &rows {
                let (anew, fingerprint) = reseal(sealed(row)?)?;
                write_sealed(tx, &anew, &fingerprint).await?;
            }
            Ok((key_id, rows.len() as u64))
        })
        .await
    }
}

async fn write_sealed(tx: &mut Tx, sealed: &SealedSecret, fingerprint: &str) -> Result<(), StoreError> {
    let revision = tx.next_revision();
    let written =
        sqlx::query("UPDATE secrets SET key_id = ?, sealed = ?, fingerprint = ?, revision = ? WHERE id = ?")
            .bind(&sealed.key_id)
            .bind(&sealed.sealed)
            .bind(fingerprint)
            .bind(revision)
            .bind(sealed.id.to_string())
            .execute(&mut tx.connection)
            .await?;
    if written.rows_affected() == 0 {
        return Err(StoreError::not_found("secret", sealed.id));
    }
    Ok(())
}

async fn by_id(connection: &mut SqliteConnection, id: &str) -> Result<SecretRecord, StoreError> {
    let row = sqlx::query("SELECT * FROM secrets WHERE id = ?")
        .bind(id)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or_else(|| StoreError::not_found("secret", id))?;
    let mut found = [record(&row)?];
    add_uses(connection, &mut found).await?;
    let [found] = found;
    Ok(found)
}

fn record(row: &SqliteRow) -> Result<SecretRecord, StoreError> {
    Ok(SecretRecord {
        id: parsed(row, "id")?,
        name: get(row, "name")?,
        description: get(row, "description")?,
        fingerprint: get(row, "fingerprint")?,
        created_by: get(row, "created_by")?,
        created_at_ms: get(row, "created_at_ms")?,
        updated_at_ms: get(row, "updated_at_ms")?,
        used_by: Vec::new(),
    })
}

fn sealed(row: &SqliteRow) -> Result<SealedSecret, StoreError> {
    Ok(SealedSecret {
        id: parsed(row, "id")?,
        name: get(row, "name")?,
        key_id: get(row, "key_id")?,
        sealed: get(row, "sealed")?,
    })
}

/// Fills in the trainings that got these secrets: every live one, and the newest of the others.
async fn add_uses(connection: &mut SqliteConnection, records: &mut [SecretRecord]) -> Result<(), StoreError> {
    for row in rows_with_secrets(connection).await? {
        let names: Vec<String> = json(&row, "secrets")?;
        let status: Status = word(&row, "status")?;
        for record in records.iter_mut().filter(|record| names.contains(&record.name)) {
            if status.is_final() && record.used_by.len() >= USES_SHOWN {
                continue;
            }
            record.used_by.push(SecretUse {
                training_id: parsed(&row, "id")?,
                model_name: get(&row, "model_name")?,
                is_live: !status.is_final(),
            });
        }
    }
    Ok(())
}

/// Refuses names that no secret has.
///
/// # Errors
/// [`StoreError::RefusedField`] for the first of them.
pub(super) async fn refuse_unknown(
    connection: &mut SqliteConnection,
    names: &[String],
) -> Result<(), StoreError> {
    for name in names {
        let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM secrets WHERE name = ?")
            .bind(name)
            .fetch_one(&mut *connection)
            .await?;
        if known == 0 {
            return Err(StoreError::refused_field(
                "secrets",
                format!("there is no secret `{}`", name.chars().take(64).collect::<String>()),
                "make it first, or leave it out",
            ));
        }
    }
    Ok(())
}

/// Trainings that get secrets, newest first.
async fn rows_with_secrets(connection: &mut SqliteConnection) -> Result<Vec<SqliteRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT t.id, t.secrets, e.status, m.name AS model_name FROM trainings t \
         JOIN executions e ON e.training_id = t.id JOIN models m ON m.id = t.model_id \
         WHERE t.secrets <> '[]' ORDER BY e.queue_number DESC",
    );
    Ok(rows.fetch_all(connection).await?)
}
