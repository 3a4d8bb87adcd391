//! Small pictures of stored images, kept under the hash of the image that they show.
//!
//! A cache: what is lost or damaged is made again. Must not know how a small picture is made.

use super::blobs::is_hash;
use super::error::StoreError;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where unfinished ones lie, inside the folder.
const STAGING: &str = "staging";

/// The kept small pictures. The calls wait for the disk, so they belong on a thread that may.
#[derive(Debug, Clone)]
pub struct Thumbnails {
    root: PathBuf,
}

impl Thumbnails {
    /// Opens the folder, made when there is none, and throws away what was not finished.
    pub(super) fn open(root: &Path) -> Result<Self, StoreError> {
        let staging = root.join(STAGING);
        match std::fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("clearing", &staging, error));
            }
            _ => {}
        }
        std::fs::create_dir_all(&staging).map_err(|error| StoreError::io("making", &staging, error))?;
        Ok(Self { root: root.to_owned() })
    }

    /// The small picture of the image with this hash, if one is kept.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn read(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(path) = self.path_of(hash) else { return Ok(None) };
        match std::fs::read(&path) {
            // The file system may have lost the content of a file that it had made: it is made again.
            Ok(bytes) if bytes.is_empty() => Ok(None),
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("reading", &path, error)),
        }
    }

    /// Keeps a small picture. Whoever reads meanwhile, or after a crash, sees all of it or nothing.
    ///
    /// # Errors
    /// If the disk is full or fails, or `hash` is none.
    pub fn keep(&self, hash: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.path_of(hash).ok_or_else(|| StoreError::not_found("stored file", hash))?;
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(self.root.join(STAGING))?;
            file.write_all(bytes)?;
            // Without it, a power cut could leave the name with half of the content.
            file.as_file().sync_data()?;
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|error| StoreError::io("writing", &path, error))
    }

    /// Throws one away, if there is one.
    pub(super) fn delete(&self, hash: &str) -> Result<(), StoreError> {
        let Some(path) = self.path_of(hash) else { return Ok(()) };
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::io("deleting", &path, error))
            }
            _ => Ok(()),
        }
    }

    fn path_of(&self, hash: &str) -> Option<PathBuf> {
        is_hash(hash).then(|| self.root.join(&hash[..2]).join(format!("{hash}.jpg")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_kept_until_it_is_deleted_and_nothing_unfinished_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("thumbnails");
        let thumbnails = Thumbnails::open(&root).unwrap();
        let hash = "ab".repeat(32);
        assert_eq!(thumbnails.read(&hash).unwrap(), None);
        thumbnails.keep(&hash, b"one").unwrap();
        thumbnails.keep(&hash, b"two").unwrap();
        assert_eq!(thumbnails.read(&hash).unwrap().unwrap(), b"two");
        assert_eq!(std::fs::read_dir(root.join(STAGING)).unwrap().count(), 0);
        std::fs::write(root.join(STAGING).join("half"), "x").unwrap();
        let thumbnails = Thumbnails::open(&root).unwrap();
        assert_eq!(std::fs::read_dir(root.join(STAGING)).unwrap().count(), 0);
        thumbnails.delete(&hash).unwrap();
        thumbnails.delete(&hash).unwrap();
        assert_eq!(thumbnails.read(&hash).unwrap(), None);
    }

    #[test]
    fn a_name_that_is_no_hash_never_becomes_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let thumbnails = Thumbnails::open(folder.path()).unwrap();
        for name in ["", "../../etc/passwd", "/etc/passwd", &"AB".repeat(32)] {
            assert!(thumbnails.keep(name, b"x").is_err(), "{name}");
            assert_eq!(thumbnails.read(name).unwrap(), None, "{name}");
        }
    }

    #[test]
    fn a_file_that_lost_its_content_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let thumbnails = Thumbnails::open(folder.path()).unwrap();
        let hash = "cd".repeat(32);
        thumbnails.keep(&hash, b"").unwrap();
        assert_eq!(thumbnails.read(&hash).unwrap(), None);
    }
}
