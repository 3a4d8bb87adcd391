//! Reading that stops when nobody waits for it any more.
//!
//! Must not know what is read. A statement runs on a thread of its own and would go on after its caller is gone, and
//! keep one of the few reading connections from everybody else.

use crate::store::error::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Steps of SQLite's machine between two looks at whether to go on: less than a millisecond.
const STEPS: i32 = 20_000;

/// A reading connection whose statements end when it is dropped before it was given back.
pub(super) struct Interruptible {
    connection: Option<PoolConnection<Sqlite>>,
    is_wanted: Arc<AtomicBool>,
}

impl Interruptible {
    pub(super) async fn new(mut connection: PoolConnection<Sqlite>) -> Result<Self, StoreError> {
        let is_wanted = Arc::new(AtomicBool::new(true));
        let still_wanted = Arc::clone(&is_wanted);
        let go_on = move || still_wanted.load(Ordering::Relaxed);
        connection.lock_handle().await?.set_progress_handler(STEPS, go_on);
        Ok(Self { connection: Some(connection), is_wanted })
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.connection.as_deref_mut().ok_or(StoreError::Closed)
    }

    /// To be called when all is read, whether or not it went well.
    pub(super) async fn give_back(mut self) -> Result<(), StoreError> {
        if let Some(connection) = &mut self.connection {
            connection.lock_handle().await?.remove_progress_handler();
        }
        self.connection = None;
        Ok(())
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.is_wanted.store(false, Ordering::Relaxed);
            // The pool makes another one at once, and this one ends with the statement that it is at.
            drop(connection.detach());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::SqlitePool;
    use sqlx::sqlite::SqlitePoolOptions;
    use std::time::{Duration, Instant};

    const ENDLESS: &str =
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT COUNT(*) FROM n WHERE n < 0";

    async fn pool() -> SqlitePool {
        SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap()
    }

    async fn one(pool: &SqlitePool) -> i64 {
        sqlx::query_scalar("SELECT 1").fetch_one(pool).await.unwrap()
    }

    #[tokio::test]
    async fn a_statement_that_nobody_waits_for_ends_and_others_go_on() {
        let pool = pool().await;
        let mut reading = Interruptible::new(pool.acquire().await.unwrap()).await.unwrap();
        let handler = Arc::downgrade(&reading.is_wanted);
        let endless = async {
            let connection = reading.connection().unwrap();
            sqlx::query(ENDLESS).fetch_one(connection).await.map(|_| ())
        };
        assert!(tokio::time::timeout(Duration::from_millis(20), endless).await.is_err());
        drop(reading);
        assert_eq!(one(&pool).await, 1, "the only connection is held by a statement without a reader");
        // The handler lives as long as the connection that runs the statement.
        let deadline = Instant::now() + Duration::from_secs(20);
        while handler.upgrade().is_some() {
            assert!(Instant::now() < deadline, "the statement goes on");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_is_given_back_is_used_again() {
        let pool = pool().await;
        sqlx::query("CREATE TABLE kept (n)").execute(&pool).await.unwrap();
        let mut reading = Interruptible::new(pool.acquire().await.unwrap()).await.unwrap();
        let handler = Arc::downgrade(&reading.is_wanted);
        let none: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM kept")
            .fetch_one(reading.connection().unwrap())
            .await
            .unwrap();
        reading.give_back().await.unwrap();
        assert!(none == 0 && handler.upgrade().is_none());
        // A database in memory lives in one connection.
        let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM kept").fetch_one(&pool).await.unwrap();
        assert_eq!(kept, 0);
    }
}
