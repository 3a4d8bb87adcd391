//! Sign-in links and sessions, by the SHA-256 of their tokens in lower-case hexadecimal.
//!
//! Must not know tokens themselves.

use super::rows::get;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use shared::permission::{Permission, Permissions};

impl Store {
    /// Keeps a sign-in link that works once, until this wall time.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn create_sign_in_link(
        &self,
        token_hash: &str,
        user: &str,
        permissions: &Permissions,
        expires_at_ms: i64,
    ) -> Result<(), StoreError> {
        let (token_hash, user) = (token_hash.to_owned(), user.to_owned());
        let withheld = permissions.withheld().to_string();
        self.write(async move |tx: &mut Tx| {
            let now_ms = tx.now_ms();
            for statement in [
                "DELETE FROM sign_in_links WHERE expires_at_ms < ?",
                "DELETE FROM sessions WHERE expires_at_ms < ?",
            ] {
                sqlx::query(statement).bind(now_ms).execute(&mut tx.connection).await?;
            }
            sqlx::query(
                "INSERT INTO sign_in_links (token_hash, user_name, withheld, expires_at_ms) VALUES (?, ?, ?, ?)",
            )
            .bind(token_hash)
            .bind(user)
            .bind(withheld)
            .bind(expires_at_ms)
            .execute(&mut tx.connection)
            .await?;
            Ok(())
        })
        .await
    }

    /// Uses a sign-in link up and makes a session of it, in one transaction. The answer is the
    /// user's name; `None` if the link is unknown, used or too old.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn redeem_sign_in_link(
        &self,
        token_hash: &str,
        session_hash: &str,
        session_expires_at_ms: i64,
    ) -> Result<Option<String>, StoreError> {
        let (token_hash, session_hash) = (token_hash.to_owned(), session_hash.to_owned());
        self.write(async move |tx: &mut Tx| {
            let now_ms = tx.now_ms();
            let row = sqlx::query(
                "SELECT user_name, withheld FROM sign_in_links WHERE token_hash = ? AND used_at_ms IS NULL AND expires_at_ms > ?",
            )
            .bind(&token_hash)
            .bind(now_ms)
            .fetch_optional(&mut tx.connection)
            .await?;
            let Some(row) = row else { return Ok(None) };
            let user: String = get(&row, "user_name")?;
            sqlx::query("UPDATE sign_in_links SET used_at_ms = ? WHERE token_hash = ?")
                .bind(now_ms)
                .bind(&token_hash)
                .execute(&mut tx.connection)
                .await?;
            insert_session(tx, &session_hash, &user, &get::<String>(&row, "withheld")?, session_expires_at_ms)
                .await?;
            Ok(Some(user))
        })
        .await
    }

    /// What this session may do beyond the rest, unless it is over.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn session(&self, token_hash: &str) -> Result<Option<Permissions>, StoreError> {
        let now_ms = self.clock().now_ms();
        let withheld: Option<String> =
            sqlx::query_scalar("SELECT withheld FROM sessions WHERE token_hash = ? AND expires_at_ms > ?")
                .bind(token_hash)
                .bind(now_ms)
                .fetch_optional(&mut *self.reader().await?)
                .await?;
        Ok(withheld
            .map(|names| Permissions::all().without(names.split(' ').filter_map(Permission::from_name))))
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        let token_hash = token_hash.to_owned();
        self.write(async move |tx: &mut Tx| {
            sqlx::query("DELETE FROM sessions WHERE token_hash = ?")
                .bind(token_hash)
                .execute(&mut tx.connection)
                .await?;
            Ok(())
        })
        .await
    }
}

async fn insert_session(
    tx: &mut Tx,
    token_hash: &str,
    user: &str,
    withheld: &str,
    expires_at_ms: i64,
) -> Result<(), StoreError> {
    let now_ms = tx.now_ms();
    sqlx::query(
        "INSERT INTO sessions (token_hash, user_name, withheld, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(token_hash)
    .bind(user)
    .bind(withheld)
    .bind(now_ms)
    .bind(expires_at_ms)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}
