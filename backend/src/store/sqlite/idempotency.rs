//! Calls that may be sent again: the same key has one effect and the same answer.
//!
//! Must not know what the calls do.

use super::rows::get;
use crate::store::blobs::hex;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use sha2::{Digest, Sha256};

/// How long a key is remembered.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// The id that the first call with this key answered, if there was one.
///
/// An empty key is no key.
pub(super) async fn answered(
    tx: &mut Tx,
    operation: &str,
    key: Option<&str>,
    request: &str,
) -> Result<Option<String>, StoreError> {
    let Some(key) = key.filter(|key| !key.is_empty()) else { return Ok(None) };
    let row = sqlx::query(
        "SELECT operation, request_digest, answer_id FROM idempotency_keys WHERE idempotency_key = ?",
    )
    .bind(key)
    .fetch_optional(&mut tx.connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if get::<&str>(&row, "operation")? != operation || get::<&str>(&row, "request_digest")? != digest(request)
    {
        return Err(StoreError::refused(
            format!("the idempotency key `{key}` was used for another request"),
            "send each new request with a key of its own",
        ));
    }
    get(&row, "answer_id").map(Some)
}

/// Remembers what the call with this key answered, and forgets keys that are too old.
pub(super) async fn remember(
    tx: &mut Tx,
    operation: &str,
    key: Option<&str>,
    request: &str,
    answer_id: &str,
) -> Result<(), StoreError> {
    let Some(key) = key.filter(|key| !key.is_empty()) else { return Ok(()) };
    let now_ms = tx.now_ms();
    sqlx::query("DELETE FROM idempotency_keys WHERE created_at_ms < ?")
        .bind(now_ms - KEPT_MS)
        .execute(&mut tx.connection)
        .await?;
    sqlx::query(
        "INSERT INTO idempotency_keys (idempotency_key, operation, request_digest, answer_id, created_at_ms) \
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(key)
    .bind(operation)
    .bind(digest(request))
    .bind(answer_id)
    .bind(now_ms)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

fn digest(request: &str) -> String {
    hex(&Sha256::digest(request))
}
