//! A data folder and its one server: the lock, and the file that says where the server is.
//!
//! Must not know what a server does.

use super::ServeError;
use crate::config::DataFolder;
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// How often and how long the lock of the data folder is waited for.
const LOCK_TRIES: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(40);

/// What a server says of itself in its data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Announcement {
    url: String,
    pid: u32,
}

/// Where a server runs on this data folder, if one does. The lock tells, since a file may be left
/// over and its port in the hands of another program by now.
#[must_use]
pub fn running_server(data: &DataFolder) -> Option<String> {
    let file = File::open(data.lock_file()).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read_announcement(data).map(|announcement| announcement.url),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

pub(super) fn lock(data: &DataFolder) -> Result<File, ServeError> {
    make_private_folder(data.path()).map_err(|source| data_folder_error(data, source))?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .read(true)
        .open(data.lock_file())
        .map_err(|source| data_folder_error(data, source))?;
    match try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let who = read_announcement(data)
                .map(|other| format!(" (process {}, {})", other.pid, other.url))
                .unwrap_or_default();
            Err(ServeError::FolderInUse { path: data.path().to_owned(), who })
        }
        Err(TryLockError::Error(source)) => Err(data_folder_error(data, source)),
    }
}

/// A command that looks whether a server runs holds the lock for a moment, which is no server.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            other => return other,
        }
    }
    file.try_lock()
}

/// Images and tokens are nobody else's business.
fn make_private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Written beside the final place first, so that nobody reads half of it.
pub(super) fn announce(data: &DataFolder, url: &str) -> std::io::Result<()> {
    let announcement = Announcement { url: url.to_owned(), pid: std::process::id() };
    let unfinished = data.server_file().with_extension("json.new");
    std::fs::write(&unfinished, serde_json::to_vec(&announcement)?)?;
    std::fs::rename(&unfinished, data.server_file())
}

fn read_announcement(data: &DataFolder) -> Option<Announcement> {
    serde_json::from_slice(&std::fs::read(data.server_file()).ok()?).ok()
}

pub(super) fn data_folder_error(data: &DataFolder, source: std::io::Error) -> ServeError {
    if matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
        return StoreError::DiskFull { path: data.path().to_owned() }.into();
    }
    ServeError::DataFolder { path: data.path().to_owned(), source }
}
