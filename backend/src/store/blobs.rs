//! Stored files, named by the SHA-256 of their content.
//!
//! Must not know what a file is for. No name given by a user ever becomes a path: the only names
//! here are 64 hexadecimal digits, checked where they come in.

use super::error::{StoreError, is_disk_full};
use crate::crash_point::{CrashPoint, pass};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, WriteMultipart};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::AsyncRead;

/// Where unfinished uploads lie, inside the folder of the blobs.
const STAGING: &str = "staging";
/// How much of a file is read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// A reader of a stored file's content.
pub type BlobReader = Box<dyn AsyncRead + Send + Unpin>;

/// The stored files. A file is on the disk for good (flushed, with its folder) before `put` answers.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: PathBuf,
    files: Arc<LocalFileSystem>,
}

impl Blobs {
    /// Opens the folder, made when there is none, and throws away what unfinished uploads left.
    pub(super) fn open(root: &Path) -> Result<Self, StoreError> {
        let staging = root.join(STAGING);
        match std::fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("clearing", &staging, error));
            }
            _ => {}
        }
        std::fs::create_dir_all(&staging).map_err(|error| StoreError::io("making", &staging, error))?;
        let files = LocalFileSystem::new_with_prefix(root)
            .map_err(|error| translate(root, "opening the stored files", error))?
            .with_fsync(true);
        Ok(Self { root: root.to_owned(), files: Arc::new(files) })
    }

    /// Stores bytes. The answer is their hash and size; the same content is stored once.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub async fn put_bytes(&self, bytes: Bytes) -> Result<(String, u64), StoreError> {
        let hash = hex(&Sha256::digest(&bytes));
        let size_bytes = bytes.len() as u64;
        self.put_hashed(&hash, bytes).await?;
        Ok((hash, size_bytes))
    }

    /// Stores bytes whose hash is known already.
    pub(crate) async fn put_hashed(&self, hash: &str, bytes: Bytes) -> Result<(), StoreError> {
        let location = location(hash)?;
        if self.renew(hash) {
            return Ok(());
        }
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.files.put_opts(&location, PutPayload::from_bytes(bytes), options).await {
            // Somebody else stored the same content in the meantime.
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(translate(&self.root, "storing a file", error)),
        }
    }

    /// Stores what a stream brings, in bounded memory. The answer is its hash and size.
    ///
    /// # Errors
    /// If the stream breaks (nothing is kept then), or the disk is full or fails.
    pub async fn put_stream<S, E>(&self, mut stream: S) -> Result<(String, u64), StoreError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
        E: std::error::Error + Send + Sync + 'static,
    {
        let staged =
            ObjectPath::from_iter([STAGING, &super::ids::mint::<shared::id::ArtifactId>(0).to_string()]);
        let upload = self
            .files
            .put_multipart(&staged)
            .await
            .map_err(|error| translate(&self.root, "staging a file", error))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, CHUNK_BYTES);
        let mut hasher = Sha256::new();
        let mut size_bytes = 0_u64;
        while let Some(chunk) = stream.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    let _ = writer.abort().await;
                    return Err(StoreError::Io {
                        action: "receiving a file".into(),
                        source: Arc::new(error),
                    });
                }
            };
            hasher.update(&chunk);
            size_bytes += chunk.len() as u64;
            writer
                .wait_for_capacity(2)
                .await
                .map_err(|error| translate(&self.root, "storing a file", error))?;
            writer.put(chunk);
        }
        writer.finish().await.map_err(|error| translate(&self.root, "storing a file", error))?;
        let hash = hex(&hasher.finalize());
        self.publish(&staged, &hash).await?;
        Ok((hash, size_bytes))
    }

    /// Gives a staged file its name.
    async fn publish(&self, staged: &ObjectPath, hash: &str) -> Result<(), StoreError> {
        pass(CrashPoint::FileBeforeName);
        let moved = if self.renew(hash) {
            self.files.delete(staged).await
        } else {
            self.files.rename(staged, &location(hash)?).await
        };
        moved.map_err(|error| translate(&self.root, "storing a file", error))?;
        pass(CrashPoint::FileAfterName);
        // Train functions are handed links to these files: one that writes into its images must not
        // change what is stored under their hash.
        if let Some(path) = self.local_path(hash) {
            let read_only = std::fs::metadata(&path).map(|metadata| {
                let mut permissions = metadata.permissions();
                permissions.set_readonly(true);
                permissions
            });
            if let Err(error) = read_only.and_then(|permissions| std::fs::set_permissions(&path, permissions))
            {
                tracing::warn!(%error, "a stored file could not be made read-only");
            }
        }
        Ok(())
    }

    /// Stores a copy of a file. The answer is its hash and size.
    ///
    /// # Errors
    /// If the file cannot be read, or the disk is full or fails.
    pub async fn put_file(&self, path: &Path) -> Result<(String, u64), StoreError> {
        let file =
            tokio::fs::File::open(path).await.map_err(|error| StoreError::io("reading", path, error))?;
        self.put_stream(tokio_util::io::ReaderStream::with_capacity(file, CHUNK_BYTES)).await
    }

    /// Opens a stored file: its content and its size in bytes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is none of this hash.
    pub async fn open_read(&self, hash: &str) -> Result<(BlobReader, u64), StoreError> {
        let found = match self.files.get(&location(hash)?).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(StoreError::not_found("stored file", hash));
            }
            Err(error) => return Err(translate(&self.root, "reading a stored file", error)),
        };
        let size_bytes = found.meta.size;
        let chunks = found.into_stream().map_err(std::io::Error::other);
        Ok((Box::new(tokio_util::io::StreamReader::new(chunks)), size_bytes))
    }

    /// Where the file lies on this machine, if it is stored here.
    #[must_use]
    pub fn local_path(&self, hash: &str) -> Option<PathBuf> {
        let path = self.files.path_to_filesystem(&location(hash).ok()?).ok()?;
        path.is_file().then_some(path)
    }

    /// Whether a file of this hash is stored.
    #[must_use]
    pub fn exists(&self, hash: &str) -> bool {
        self.local_path(hash).is_some()
    }

    /// Whether a file of this hash is stored. If so it counts as stored just now, so that a sweep leaves it to whoever
    /// relies on the answer and has yet to record it.
    #[must_use]
    pub fn renew(&self, hash: &str) -> bool {
        let Some(path) = self.local_path(hash) else { return false };
        let touched = std::fs::File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        if let Err(error) = touched {
            tracing::warn!(%error, "the age of a stored file could not be renewed");
        }
        true
    }

    /// The hashes of all stored files.
    pub(super) async fn hashes(&self) -> Result<Vec<String>, StoreError> {
        let listed: Vec<_> = self
            .files
            .list(None)
            .try_collect()
            .await
            .map_err(|error| translate(&self.root, "listing the stored files", error))?;
        Ok(listed
            .into_iter()
            .filter_map(|meta| meta.location.filename().map(str::to_owned))
            .filter(|name| is_hash(name))
            .collect())
    }

    /// Throws away what lies beside the stored files without a name of its own, if it is older than this: a kill came
    /// before it was whole. The answer is how many.
    pub(super) async fn delete_unnamed(&self, older_than: Duration) -> Result<u64, StoreError> {
        let root = self.root.clone();
        let deleted = tokio::task::spawn_blocking(move || -> std::io::Result<u64> {
            let mut deleted = 0;
            for folder in std::fs::read_dir(root)?
                .flatten()
                .filter(|entry| entry.file_name() != STAGING && entry.path().is_dir())
            {
                for file in std::fs::read_dir(folder.path())?.flatten() {
                    let is_unnamed = file.file_name().to_str().is_none_or(|name| !is_hash(name));
                    if is_unnamed && age_of(&file.path()).is_some_and(|age| age >= older_than) {
                        std::fs::remove_file(file.path())?;
                        deleted += 1;
                    }
                }
            }
            Ok(deleted)
        });
        let deleted = deleted.await.map_err(|_| StoreError::Closed)?;
        deleted.map_err(|error| StoreError::io("clearing", &self.root, error))
    }

    /// Throws a stored file away.
    pub(super) async fn delete(&self, hash: &str) -> Result<(), StoreError> {
        match self.files.delete(&location(hash)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(translate(&self.root, "deleting a stored file", error)),
        }
    }
}

/// Where the file of this hash lies in a folder of stored files, if it is there; for a runner that
/// shares the server's disk. `None` for what is no hash.
#[must_use]
pub fn blob_path(root: &Path, hash: &str) -> Option<PathBuf> {
    is_hash(hash).then(|| root.join(&hash[..2]).join(hash))
}

pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// For how long a file has been as it is.
pub(super) fn age_of(path: &Path) -> Option<Duration> {
    SystemTime::now().duration_since(path.metadata().ok()?.modified().ok()?).ok()
}

fn location(hash: &str) -> Result<ObjectPath, StoreError> {
    if !is_hash(hash) {
        return Err(StoreError::not_found("stored file", hash.chars().take(64).collect::<String>()));
    }
    Ok(ObjectPath::from_iter([&hash[..2], hash]))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Finds out whether a full disk is behind an error of the object store.
fn translate(root: &Path, action: &str, error: object_store::Error) -> StoreError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(present) = cause {
        if present.downcast_ref::<std::io::Error>().is_some_and(is_disk_full) {
            return StoreError::DiskFull { path: root.to_owned() };
        }
        cause = present.source();
    }
    StoreError::Io { action: action.into(), source: Arc::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    fn open() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        (folder, blobs)
    }

    #[tokio::test]
    async fn the_same_content_is_stored_once_however_it_comes() {
        let (folder, blobs) = open();
        let source = folder.path().join("source");
        std::fs::write(&source, b"abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let chunks =
            futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from("a")), Ok(Bytes::from("bc"))]);
        assert_eq!(blobs.put_bytes(Bytes::from("abc")).await.unwrap(), (abc.to_owned(), 3));
        assert_eq!(blobs.put_file(&source).await.unwrap(), (abc.to_owned(), 3));
        assert_eq!(blobs.put_stream(chunks).await.unwrap(), (abc.to_owned(), 3));
        assert_eq!(blobs.hashes().await.unwrap(), [abc]);

        let (mut reader, size_bytes) = blobs.open_read(abc).await.unwrap();
        let mut content = String::new();
        reader.read_to_string(&mut content).await.unwrap();
        assert_eq!((content.as_str(), size_bytes), ("abc", 3));
    }

    #[tokio::test]
    async fn a_stream_that_breaks_leaves_nothing() {
        let (folder, blobs) = open();
        let chunks =
            futures::stream::iter([Ok(Bytes::from("a")), Err(std::io::Error::other("the line is dead"))]);
        let error = blobs.put_stream(chunks).await.unwrap_err();
        assert!(error.to_string().contains("the line is dead"), "{error}");
        assert!(blobs.hashes().await.unwrap().is_empty());
        drop(blobs);
        Blobs::open(&folder.path().join("blobs")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("blobs/staging")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_name_that_is_no_hash_never_becomes_a_path() {
        let (_folder, blobs) = open();
        let capitals = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        for name in ["", "..", "../../etc/passwd", "/etc/passwd", "a\0b", capitals, &"é".repeat(32)] {
            assert!(!blobs.exists(name), "{name}");
            assert!(blobs.open_read(name).await.is_err(), "{name}");
        }
    }
}
