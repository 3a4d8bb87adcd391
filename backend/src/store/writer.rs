//! Group commit: one task owns the only writing connection, runs each request in a savepoint, and
//! commits many of them with one flush to the disk.
//!
//! Must not know what the requests write.

use super::error::StoreError;
use super::ids::{self, MintedId};
use crate::clock::Clock;
use crate::crash_point::{CrashPoint, pass};
use futures::future::LocalBoxFuture;
use sqlx::{Connection, SqliteConnection};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// Requests that may wait; more make their callers wait, so that memory stays bounded.
const QUEUE_LENGTH: usize = 1024;
/// Requests in one commit at most, and the time after which no further one is taken in, so that
/// the first of a busy moment does not wait for the last.
const BATCH_LENGTH: usize = 256;
const BATCH_TIME: Duration = Duration::from_millis(20);

/// The open transaction, as a request sees it.
#[derive(Debug)]
pub(super) struct Tx {
    /// The writing connection.
    pub(super) connection: SqliteConnection,
    clock: Arc<dyn Clock>,
    revision: i64,
    stored_revision: i64,
}

impl Tx {
    /// The next number of the one counter that stamps every visible row.
    pub(super) fn next_revision(&mut self) -> i64 {
        self.revision += 1;
        self.revision
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(super) fn new_id<T: MintedId>(&self) -> T {
        ids::mint(self.clock.now_ms())
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), StoreError> {
        sqlx::query(statement).execute(&mut self.connection).await?;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        if self.revision == self.stored_revision {
            return self.run("RELEASE request; COMMIT").await;
        }
        pass(CrashPoint::StoreBeforeCommit);
        sqlx::query("RELEASE request; UPDATE counters SET value = ? WHERE name = 'revision'; COMMIT")
            .bind(self.revision)
            .execute(&mut self.connection)
            .await?;
        pass(CrashPoint::StoreAfterCommit);
        self.stored_revision = self.revision;
        Ok(())
    }
}

/// One write, until it is answered.
trait Request: Send {
    /// Does the work and keeps its result. `Err` says that the work's savepoint must be undone.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> LocalBoxFuture<'a, Result<(), ()>>;
    /// Answers the caller, after the commit.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Work<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Request for Work<T, F>
where
    T: Send + 'static,
    F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> LocalBoxFuture<'a, Result<(), ()>> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return Err(()) };
            let result = work(tx).await;
            let done = if result.is_ok() { Ok(()) } else { Err(()) };
            self.result = Some(result);
            done
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (self.result, committed) {
            // What a request was refused for is true whether or not its neighbours were committed.
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        // A caller that went away needs no answer.
        let _ = self.reply.send(answer);
    }
}

enum Message {
    Write(Box<dyn Request>),
    Close(oneshot::Sender<()>),
}

/// The way to the writer task.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    sender: mpsc::Sender<Message>,
    revisions: watch::Receiver<i64>,
}

impl Writer {
    /// Starts the task, on a thread of its own because its futures borrow the transaction.
    pub(super) fn start(
        connection: SqliteConnection,
        clock: Arc<dyn Clock>,
        revision: i64,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
        let (ticks, revisions) = watch::channel(revision);
        // Without sockets: to wait for SQLite's thread takes less then.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let tx = Tx { connection, clock, revision, stored_revision: revision };
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || runtime.block_on(serve(tx, receiver, ticks)))?;
        Ok(Self { sender, revisions })
    }

    pub(super) fn revisions(&self) -> watch::Receiver<i64> {
        self.revisions.clone()
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Work { work: Some(work), result: None, reply });
        self.sender.send(Message::Write(request)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.sender.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

async fn serve(mut tx: Tx, mut receiver: mpsc::Receiver<Message>, ticks: watch::Sender<i64>) {
    let mut closing = None;
    while closing.is_none() {
        match receiver.recv().await {
            Some(Message::Write(first)) => {
                let (batch, close) = run_batch(&mut tx, first, &mut receiver).await;
                closing = close;
                finish_batch(&mut tx, batch, &ticks).await;
            }
            Some(Message::Close(done)) => closing = Some(done),
            None => break,
        }
    }
    receiver.close();
    if let Err(error) = tx.connection.close().await {
        tracing::warn!(%error, "the database was not closed well; nothing that was acknowledged is lost");
    }
    if let Some(done) = closing {
        let _ = done.send(());
    }
}

/// The requests of one commit, and whether every one of them left the transaction usable.
struct Batch {
    requests: Vec<Box<dyn Request>>,
    usable: Result<(), StoreError>,
}

async fn run_batch(
    tx: &mut Tx,
    first: Box<dyn Request>,
    receiver: &mut mpsc::Receiver<Message>,
) -> (Batch, Option<oneshot::Sender<()>>) {
    let started = Instant::now();
    // Statements that follow each other travel together: each way to the connection's thread and back costs time.
    let usable = tx.run("BEGIN IMMEDIATE; SAVEPOINT request").await;
    let mut batch = Batch { requests: Vec::new(), usable };
    let mut next = Some(first);
    while let Some(mut request) = next.take() {
        if !batch.requests.is_empty() {
            batch.usable = tx.run("RELEASE request; SAVEPOINT request").await;
        }
        if batch.usable.is_ok() && request.run(tx).await.is_err() {
            // Some errors of SQLite (a full disk above all) undo the whole transaction; then the savepoint is gone, and
            // everything in the batch must be answered with an error.
            batch.usable = tx.run("ROLLBACK TO request").await;
        }
        batch.requests.push(request);
        if batch.usable.is_err() || batch.requests.len() >= BATCH_LENGTH || started.elapsed() > BATCH_TIME {
            break;
        }
        match receiver.try_recv() {
            Ok(Message::Write(request)) => next = Some(request),
            Ok(Message::Close(done)) => return (batch, Some(done)),
            Err(_) => {}
        }
    }
    (batch, None)
}

async fn finish_batch(tx: &mut Tx, batch: Batch, ticks: &watch::Sender<i64>) {
    let committed = match batch.usable {
        Ok(()) => tx.commit().await,
        Err(error) => Err(error),
    };
    if committed.is_err() {
        // Fails when the transaction is gone already, which is what is wanted.
        let _ = tx.run("ROLLBACK").await;
    }
    let revision = tx.stored_revision;
    ticks.send_if_modified(|seen| std::mem::replace(seen, revision) != revision);
    for request in batch.requests {
        request.answer(committed.clone());
    }
}
