//! Everything durable: the database behind one facade, and the stored files.
//!
//! Must not know gRPC, processes or what the scheduler decides. The only place with SQL, and the
//! only place that knows paths of stored files.

mod blobs;
mod error;
mod ids;
mod once;
mod records;
mod sqlite;
#[cfg(test)]
mod suite;
mod thumbnails;
mod uploads;
mod verify;
mod writer;

pub(crate) use blobs::hex;
pub use blobs::{BlobReader, Blobs, blob_path};
pub use error::{ErrorKind, StoreError};
pub use ids::MintedId;
pub use once::Call;
pub use records::*;
pub use sqlite::{Begun, ChosenItems};
pub use thumbnails::Thumbnails;
pub use uploads::{
    AnnouncedFile, CompleteUpload, MAX_UPLOAD_BYTES, MAX_UPLOAD_FILES, OpenUpload, UPLOAD_LIFE_MS,
    UploadList, Uploads,
};

pub use verify::verify;

use crate::clock::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::architecture::Catalog;
use shared::id::ProjectId;
use sqlite::Known;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;
use writer::{Tx, Writer};

/// The one way to everything durable. A clone is cheap and speaks of the same store.
///
/// Writes go through one task that commits many of them with one flush, and are answered when they
/// are durable. Reads go through a few connections of their own and never wait for writes.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    data_dir: PathBuf,
    clock: Arc<dyn Clock>,
    project_id: ProjectId,
    readers: SqlitePool,
    writer: Writer,
    blobs: Blobs,
    indices: sqlite::Indices,
    previews: sqlite::Previews,
    queue: sqlite::Queue,
    catalog: watch::Sender<Catalog>,
    saving_architectures: tokio::sync::Mutex<()>,
    thumbnails: Thumbnails,
    uploads: Uploads,
    importing: tokio::sync::Mutex<()>,
    turns: once::Turns,
}

impl Store {
    /// Opens the store in a folder, which is made when there is none, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerVersion`] for a database of a later version of the program, which is left
    /// alone; [`StoreError::Corrupt`] for a file that is no database; otherwise what the system says.
    pub async fn open(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        tokio::fs::create_dir_all(data_dir)
            .await
            .map_err(|error| StoreError::io("making the data folder", data_dir, error))?;
        let blobs = Blobs::open(&data_dir.join("blobs"))?;
        let thumbnails = Thumbnails::open(&data_dir.join("thumbnails"))?;
        let uploads = Uploads::open(&data_dir.join("uploads"), Arc::clone(&clock))?;
        let opened =
            sqlite::open(data_dir, Arc::clone(&clock)).await.map_err(|error| error.in_folder(data_dir))?;
        let inner = Inner {
            data_dir: data_dir.to_owned(),
            clock,
            project_id: opened.project_id,
            readers: opened.readers,
            writer: opened.writer,
            blobs,
            indices: sqlite::Indices::default(),
            previews: sqlite::Previews::default(),
            queue: sqlite::Queue::default(),
            catalog: watch::Sender::new(opened.catalog),
            saving_architectures: tokio::sync::Mutex::new(()),
            thumbnails,
            uploads,
            importing: tokio::sync::Mutex::new(()),
            turns: once::Turns::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Ends the writer after the requests that it has begun, and closes the database.
    /// Every later call is answered with [`StoreError::Closed`].
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    /// The stored files.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// Small pictures of stored images.
    #[must_use]
    pub fn thumbnails(&self) -> &Thumbnails {
        &self.inner.thumbnails
    }

    /// Files that are on their way in.
    #[must_use]
    pub fn uploads(&self) -> &Uploads {
        &self.inner.uploads
    }

    /// The folder that holds the store.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    /// The store's source of time.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// The project that everything belongs to until there are several.
    #[must_use]
    pub fn project_id(&self) -> ProjectId {
        self.inner.project_id
    }

    /// Ticks with the newest revision after each commit that changed something visible.
    #[must_use]
    pub fn revisions(&self) -> watch::Receiver<i64> {
        self.inner.writer.revisions()
    }

    /// A new id, from the store's clock and randomness.
    #[must_use]
    pub fn new_id<T: MintedId>(&self) -> T {
        ids::mint(self.inner.clock.now_ms())
    }

    /// Held while stored files may be without a record, so that nobody sweeps them meanwhile.
    pub(crate) async fn importing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.importing.lock().await
    }

    /// Who works under which idempotency key.
    fn turns(&self) -> &once::Turns {
        &self.inner.turns
    }

    /// The datasets that are in memory.
    fn indices(&self) -> &sqlite::Indices {
        &self.inner.indices
    }

    /// What trainings would learn from, as it was counted lately.
    fn previews(&self) -> &sqlite::Previews {
        &self.inner.previews
    }

    /// The executions that are not final, as the last pass saw them.
    fn queue(&self) -> &sqlite::Queue {
        &self.inner.queue
    }

    /// A connection that only reads.
    async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.inner.readers.acquire().await.map_err(|error| StoreError::database(&self.inner.data_dir, error))
    }

    /// Runs `work` in the next commit, all or nothing, and answers when that is durable.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.writer.write(work).await.map_err(|error| error.in_folder(&self.inner.data_dir))
    }

    /// As [`write`](Self::write), but once for each call with a key: when the call is worked on again, the result that
    /// was journaled with the effect is the answer, and `work` is not run. What is refused is not journaled.
    async fn write_once<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let Some((_, step)) = Call::next_step() else { return self.write(work).await };
        self.write(async move |tx: &mut Tx| {
            match sqlite::known(tx, &step).await? {
                Known::Result(result) => return Ok(result),
                Known::Reply(_) => return Err(answered_before()),
                Known::Nothing => {}
            }
            let result = work(tx).await?;
            sqlite::journal(tx, &step, &result).await?;
            Ok(result)
        })
        .await
    }
}

fn answered_before() -> StoreError {
    StoreError::Conflict("the call was answered before".into())
}
