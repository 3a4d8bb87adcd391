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
use sqlx::sqlite::SqliteRow;

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
        if !is_short(&reply) {
            return Ok(());
        }
        let identity = call.identity().clone();
        self.write(async move |tx: &mut Tx| keep_reply(tx, &identity, &reply).await).await
    }
}

/// What is known of a step from when its call was worked on before.
pub(in crate::store) enum Known<T> {
    /// It was not done.
    Nothing,
    /// What it came to.
    Result(T),
    /// What the whole call was answered.
    Reply(Vec<u8>),
}

/// Since when calls are remembered.
pub(super) fn remembered_since_ms(tx: &Tx) -> i64 {
    tx.now_ms() - KEPT_MS
}

/// Looks at what an earlier work on the same call left, in the transaction of the effect.
pub(in crate::store) async fn known<T: DeserializeOwned>(
    tx: &mut Tx,
    step: &Step,
) -> Result<Known<T>, StoreError> {
    let row = sqlx::query(
        "SELECT c.request_digest, c.reply, s.result FROM idempotency_calls c \
         LEFT JOIN idempotency_steps s ON s.key_hash = c.key_hash AND s.step = ? \
         WHERE c.key_hash = ? AND c.created_at_ms >= ?",
    )
    .bind(step.number)
    .bind(&step.identity.key_hash)
    .bind(remembered_since_ms(tx))
    .fetch_optional(&mut tx.connection)
    .await?;
    row.map_or(Ok(Known::Nothing), |row| known_of(&row, step))
}

/// What a row with a call and its step says; without a digest, it says that there is none.
pub(super) fn known_of<T: DeserializeOwned>(row: &SqliteRow, step: &Step) -> Result<Known<T>, StoreError> {
    let Some(digest) = get(row, "request_digest")? else { return Ok(Known::Nothing) };
    // A call whose caller went away may have written after the next one of its key was taken in.
    refuse_another(&step.identity, digest)?;
    if let Some(result) = get::<Option<&str>>(row, "result")? {
        let result = serde_json::from_str(result);
        return result
            .map(Known::Result)
            .map_err(|error| StoreError::corrupt("idempotency_steps.result", error));
    }
    Ok(get::<Option<Vec<u8>>>(row, "reply")?.map_or(Known::Nothing, Known::Reply))
}

/// Forgets the calls that are too old.
macro_rules! forget_old {
    () => {
        "DELETE FROM idempotency_calls WHERE created_at_ms < ?"
    };
}

/// Makes a record of a call.
macro_rules! note_call {
    ($reply:literal) => {
        concat!(
            "INSERT INTO idempotency_calls (key_hash, request_digest, created_at_ms, reply) VALUES (?, ?, ?, ",
            $reply,
            ") "
        )
    };
}
pub(super) use note_call;

pub(super) async fn forget_old(tx: &mut Tx) -> Result<(), StoreError> {
    let since_ms = remembered_since_ms(tx);
    sqlx::query(forget_old!()).bind(since_ms).execute(&mut tx.connection).await?;
    Ok(())
}

/// Keeps what a step came to, in the transaction of its effect.
pub(in crate::store) async fn journal<T: Serialize>(
    tx: &mut Tx,
    step: &Step,
    result: &T,
) -> Result<(), StoreError> {
    let now_ms = tx.now_ms();
    sqlx::query(concat!(
        forget_old!(),
        "; ",
        note_call!("NULL"),
        "ON CONFLICT (key_hash) DO NOTHING; \
         INSERT INTO idempotency_steps (key_hash, step, result) VALUES (?, ?, ?)"
    ))
    .bind(remembered_since_ms(tx))
    .bind(&step.identity.key_hash)
    .bind(&step.identity.request_digest)
    .bind(now_ms)
    .bind(&step.identity.key_hash)
    .bind(step.number)
    .bind(to_json(result)?)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

/// Keeps what a call is answered, in the place of its journal.
async fn keep_reply(tx: &mut Tx, identity: &Identity, reply: &[u8]) -> Result<(), StoreError> {
    let now_ms = tx.now_ms();
    sqlx::query(concat!(
        forget_old!(),
        "; ",
        note_call!("?"),
        "ON CONFLICT (key_hash) DO UPDATE SET reply = excluded.reply; \
         DELETE FROM idempotency_steps WHERE key_hash = ?"
    ))
    .bind(remembered_since_ms(tx))
    .bind(&identity.key_hash)
    .bind(&identity.request_digest)
    .bind(now_ms)
    .bind(reply)
    .bind(&identity.key_hash)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

/// Whether an answer is short enough to be kept.
pub(super) const fn is_short(reply: &[u8]) -> bool {
    reply.len() <= MOST_REPLY_BYTES
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
