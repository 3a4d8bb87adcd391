//! Files that a Train function names, copied out of its reach before it can change them.
//!
//! Must not know how they travel.

use super::protocol::ArtifactMessage;
use super::spool::Body;
use sha2::{Digest, Sha256};
use shared::model::ArtifactKind;
use shared::table::Table;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Its name cannot be kept.
    #[error("its name must be 1 to 128 characters without slashes and control characters")]
    Name,
    /// It lies elsewhere.
    #[error("{} is not inside the job's folder", path.display())]
    Outside {
        /// Which file.
        path: PathBuf,
    },
    /// It is a folder, a pipe or a device.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Which one.
        path: PathBuf,
    },
    /// It cannot be read or copied.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Copies the file into the outbox under the hash of its content, and says what to report. Blocks.
///
/// # Errors
/// If it lies outside `work`, has no proper name, or cannot be copied.
pub fn take(message: &ArtifactMessage, work: &Path, outbox: &Path) -> Result<Body, ArtifactError> {
    let ArtifactMessage { path, name, kind, epoch } = message;
    if name.is_empty()
        || name.chars().count() > 128
        || name.chars().any(|character| character.is_control() || matches!(character, '/' | '\\'))
        || matches!(name.as_str(), "." | "..")
    {
        return Err(ArtifactError::Name);
    }
    let disk = |source| ArtifactError::Disk { path: path.clone(), source };
    let real = work.join(path).canonicalize().map_err(disk)?;
    if !real.starts_with(work.canonicalize().map_err(disk)?) {
        return Err(ArtifactError::Outside { path: path.clone() });
    }
    // Opening a pipe or device could wait for ever.
    if !real.metadata().map_err(disk)?.is_file() {
        return Err(ArtifactError::NotAFile { path: path.clone() });
    }
    std::fs::create_dir_all(outbox).map_err(disk)?;
    let (content_hash, size_bytes) = copy_by_hash(&real, outbox).map_err(disk)?;
    Ok(Body::Artifact { name: name.clone(), kind: *kind, content_hash, size_bytes, epoch: *epoch })
}

/// Puts a table into the outbox as a file of its own, and says what to report. Blocks.
///
/// # Errors
/// If it cannot be written.
pub fn keep_table(table: &Table, outbox: &Path) -> std::io::Result<Body> {
    std::fs::create_dir_all(outbox)?;
    let content = serde_json::to_vec(table)?;
    let content_hash = crate::store::hex(&Sha256::digest(&content));
    let mut file = tempfile::NamedTempFile::new_in(outbox)?;
    file.write_all(&content)?;
    file.persist(outbox.join(&content_hash)).map_err(|error| error.error)?;
    Ok(Body::Artifact {
        name: table.file_name(),
        kind: ArtifactKind::Table,
        content_hash,
        size_bytes: content.len() as u64,
        epoch: table.epoch(),
    })
}

fn copy_by_hash(from: &Path, outbox: &Path) -> std::io::Result<(String, u64)> {
    let mut source = std::fs::File::open(from)?;
    let mut copy = tempfile::NamedTempFile::new_in(outbox)?;
    let mut hasher = Sha256::new();
    let mut size_bytes = 0;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        copy.write_all(&buffer[..read])?;
        size_bytes += read as u64;
    }
    let hash = crate::store::hex(&hasher.finalize());
    copy.persist(outbox.join(&hash)).map_err(|error| error.error)?;
    Ok((hash, size_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_job_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (work, outbox) = (folder.path().join("work"), folder.path().join("outbox"));
        std::fs::create_dir_all(work.join("output")).unwrap();
        std::fs::write(work.join("output/best"), "abc").unwrap();
        std::fs::write(folder.path().join("secret"), "no").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), work.join("link")).unwrap();
        let take_it = |path: &str, name: &str| {
            let message = ArtifactMessage {
                path: path.into(),
                name: name.into(),
                kind: ArtifactKind::Weights,
                epoch: None,
            };
            take(&message, &work, &outbox)
        };
        let absolute = work.join("output/best");
        for path in ["output/best", absolute.to_str().unwrap()] {
            let Body::Artifact { content_hash, size_bytes, .. } = take_it(path, "best").unwrap() else {
                panic!()
            };
            assert!(content_hash.starts_with("ba7816bf") && size_bytes == 3);
            assert_eq!(std::fs::read(outbox.join(content_hash)).unwrap(), b"abc");
        }
        assert!(matches!(take_it("../secret", "x"), Err(ArtifactError::Outside { .. })));
        assert!(matches!(take_it("link", "x"), Err(ArtifactError::Outside { .. })));
        assert!(matches!(take_it("nothing", "x"), Err(ArtifactError::Disk { .. })));
        assert!(matches!(take_it("output/best", "../x"), Err(ArtifactError::Name)));
    }
}
