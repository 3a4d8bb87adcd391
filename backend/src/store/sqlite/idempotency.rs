//! Calls that may be sent again: what they answered, and the journal of their writes until then.
//!
//! Must not know what the calls do.

use super::rows::{get, to_json};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::once::{Call, Identity, Step};
use crate::store::writer::Tx;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long a key is remembered by the wall clock: the day that is promised, and two more, because that clock may be a day
/// behind when the key comes, and a day ahead afterwards.
const KEPT_MS: i64 = 72 * 60 * 60 * 1000;
/// The longest answer that is kept. A call with a longer one is worked on again: its writes are journaled, so that they
/// have one effect nevertheless.
const MOST_REPLY_BYTES: usize = 256 << 10;

/// What is known of a call that comes in.
#[derive(Debug)]
pub enum Begun {
    /// It is to be worked on.
    Work(Call),
    /// It was answered so.
    Answered(Vec<u8>),
}

impl Store {
    /// Takes a call in, after waiting for one with the same key that is at work. `request` is all that tells one call
    /// of the key from another; only a digest of it is kept.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if this caller used the key for another request in the last 24 hours.
    pub async fn begin_call(&self, caller: &str, key: &str, request: &[&[u8]]) -> Result<Begun, StoreError> {
        let identity = Identity::of(caller, key, request);
        let turn = self.turns().take(&identity.key_hash).await;
        let row = sqlx::query(
            "SELECT request_digest, reply FROM idempotency_calls WHERE key_hash = ? AND created_at_ms >= ?",
        )
        .bind(&identity.key_hash)
        .bind(self.clock().now_ms() - KEPT_MS)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        if let Some(row) = row {
            refuse_another(&identity, get(&row, "request_digest")?)?;
            if let Some(reply) = get(&row, "reply")? {
                return Ok(Begun::Answered(reply));
            }
        }
        Ok(Begun::Work(Call::new(identity, turn)))
    }

    /// Keeps what a call answers, which takes the place of its journal.
    ///
    /// # Errors
    /// If the database fails; the journal stays then.
    pub async fn finish_call(&self, call: &Call, reply: Vec<u8>) -> Result<(), StoreError> {
        if reply.len() > MOST_REPLY_BYTES {
            return Ok(());
        }
        let identity = call.identity().clone();
        self.write(async move |tx: &mut Tx| {
            note_call(tx, &identity).await?;
            sqlx::query("UPDATE idempotency_calls SET reply = ? WHERE key_hash = ?")
                .bind(reply)
                .bind(&identity.key_hash)
                .execute(&mut tx.connection)
                .await?;
            sqlx::query("DELETE FROM idempotency_steps WHERE key_hash = ?")
                .bind(&identity.key_hash)
                .execute(&mut tx.connection)
                .await?;
            Ok(())
        })
        .await
    }
}

/// What a step came to when its call was worked on before.
pub(in crate::store) async fn journaled<T: DeserializeOwned>(
    tx: &mut Tx,
    step: &Step,
) -> Result<Option<T>, StoreError> {
    let row = sqlx::query(
        "SELECT c.request_digest, s.result FROM idempotency_calls c \
         LEFT JOIN idempotency_steps s ON s.key_hash = c.key_hash AND s.step = ? \
         WHERE c.key_hash = ? AND c.created_at_ms >= ?",
    )
    .bind(step.number)
    .bind(&step.identity.key_hash)
    .bind(tx.now_ms() - KEPT_MS)
    .fetch_optional(&mut tx.connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    // A call whose caller went away may have written after the next one of its key was taken in.
    refuse_another(&step.identity, get(&row, "request_digest")?)?;
    let Some(result) = get::<Option<&str>>(&row, "result")? else { return Ok(None) };
    serde_json::from_str(result)
        .map(Some)
        .map_err(|error| StoreError::corrupt("idempotency_steps.result", error))
}

/// Keeps what a step came to, in the transaction of its effect.
pub(in crate::store) async fn journal<T: Serialize>(
    tx: &mut Tx,
    step: &Step,
    result: &T,
) -> Result<(), StoreError> {
    note_call(tx, &step.identity).await?;
    sqlx::query("INSERT INTO idempotency_steps (key_hash, step, result) VALUES (?, ?, ?)")
        .bind(&step.identity.key_hash)
        .bind(step.number)
        .bind(to_json(result)?)
        .execute(&mut tx.connection)
        .await?;
    Ok(())
}

/// Makes the call's record if it is not there, and forgets the calls that are too old.
async fn note_call(tx: &mut Tx, identity: &Identity) -> Result<(), StoreError> {
    let now_ms = tx.now_ms();
    sqlx::query("DELETE FROM idempotency_calls WHERE created_at_ms < ?")
        .bind(now_ms - KEPT_MS)
        .execute(&mut tx.connection)
        .await?;
    sqlx::query(
        "INSERT INTO idempotency_calls (key_hash, request_digest, created_at_ms) VALUES (?, ?, ?) \
         ON CONFLICT (key_hash) DO NOTHING",
    )
    .bind(&identity.key_hash)
    .bind(&identity.request_digest)
    .bind(now_ms)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

fn refuse_another(identity: &Identity, kept_digest: &str) -> Result<(), StoreError> {
    if identity.request_digest == kept_digest {
        return Ok(());
    }
    Err(StoreError::refused(
        "the idempotency key was used for another request",
        "send each new request with a key of its own",
    ))
}
