//! Files that are on their way in: they lie in folders of their own, under numbers, until they are imported, thrown
//! away or too old.
//!
//! Must not know what the files are. A name that a user gives is kept in a list and never becomes a path here.

use super::error::StoreError;
use super::ids;
use crate::clock::Clock;
use crate::crash_point::{CrashPoint, pass};
use serde::{Deserialize, Serialize};
use shared::id::UploadId;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An upload is kept this long.
pub const UPLOAD_LIFE_MS: i64 = 24 * 60 * 60 * 1000;
/// Uploads that may lie around at once.
pub const MAX_UPLOADS: usize = 64;
/// Files of one upload.
pub const MAX_UPLOAD_FILES: usize = 20_000;
/// Bytes of one upload.
pub const MAX_UPLOAD_BYTES: u64 = 64 << 30;

/// The list of an upload, inside its folder.
const LIST: &str = "upload.json";
/// The folder of the contents, inside an upload's folder.
const FILES: &str = "files";
/// The folder to unpack into, inside an upload's folder.
const UNPACKED: &str = "unpacked";

/// What an upload consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadList {
    /// Which upload.
    pub id: UploadId,
    /// Its files, in the order in which they were announced.
    pub files: Vec<AnnouncedFile>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
}

/// A file that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedFile {
    /// As the user calls it.
    pub name: String,
    /// How large it will be.
    pub size_bytes: u64,
}

#[derive(Debug, Default)]
struct Present {
    lists: HashMap<UploadId, Arc<UploadList>>,
    /// Files that are being written, by their number, and uploads that are being imported.
    busy: HashSet<(UploadId, Option<usize>)>,
}

/// The uploads of one data folder. The calls wait for the disk, so they belong on a thread that may.
#[derive(Debug, Clone)]
pub struct Uploads {
    root: PathBuf,
    clock: Arc<dyn Clock>,
    present: Arc<Mutex<Present>>,
}

/// Keeps others from the same file, or from the same upload, until it is dropped.
#[derive(Debug)]
pub struct Hold {
    present: Arc<Mutex<Present>>,
    what: (UploadId, Option<usize>),
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.present.lock().unwrap_or_else(PoisonError::into_inner).busy.remove(&self.what);
    }
}

/// A file that can be written to, from the end of what is there.
#[derive(Debug)]
pub struct OpenUpload {
    /// The file, at its end.
    pub file: std::fs::File,
    /// Bytes that are there.
    pub offset: u64,
    /// Bytes that there will be.
    pub size_bytes: u64,
    /// Held until the file is closed.
    pub hold: Hold,
}

/// A complete upload, held for one import.
#[derive(Debug)]
pub struct CompleteUpload {
    /// Its files: how each is called, and where it lies.
    pub files: Vec<(String, PathBuf)>,
    /// An empty folder to unpack into.
    pub folder: PathBuf,
    _hold: Hold,
}

impl Uploads {
    /// Opens the folder, made when there is none.
    pub(super) fn open(root: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        std::fs::create_dir_all(root).map_err(|error| StoreError::io("making", root, error))?;
        let uploads = Self { root: root.to_owned(), clock, present: Arc::default() };
        let mut lists = HashMap::new();
        for entry in
            std::fs::read_dir(root).map_err(|error| StoreError::io("reading", root, error))?.flatten()
        {
            let id = entry.file_name().to_str().and_then(|name| name.parse::<UploadId>().ok());
            let list = id.and_then(|id| uploads.read_list(id));
            match list {
                Some(list) => {
                    lists.insert(list.id, Arc::new(list));
                    let unpacked = entry.path().join(UNPACKED);
                    remove(&unpacked)?;
                }
                // One whose announcement was not finished, or that was being thrown away.
                None => remove(&entry.path())?,
            }
        }
        uploads.present().lists = lists;
        Ok(uploads)
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_list(&self, id: UploadId) -> Option<UploadList> {
        let text = std::fs::read(self.folder_of(id).join(LIST)).ok()?;
        serde_json::from_slice(&text).ok().filter(|list: &UploadList| list.id == id)
    }

    fn folder_of(&self, id: UploadId) -> PathBuf {
        self.root.join(id.to_string())
    }

    /// Announces an upload. Those that are too old make room first.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if it is too large or there are too many.
    pub fn create(&self, files: Vec<AnnouncedFile>) -> Result<Arc<UploadList>, StoreError> {
        self.sweep()?;
        let total = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size_bytes));
        let refusal = if files.is_empty() {
            Some("no file is announced".to_owned())
        } else if files.len() > MAX_UPLOAD_FILES {
            Some(format!("there are more than {MAX_UPLOAD_FILES} files"))
        } else if total > MAX_UPLOAD_BYTES {
            Some(format!("there are more than {} GiB", MAX_UPLOAD_BYTES >> 30))
        } else if self.present().lists.len() >= MAX_UPLOADS {
            return Err(StoreError::refused(
                format!("there are {MAX_UPLOADS} uploads already"),
                "import or delete one of them, or wait until they are a day old",
            ));
        } else {
            None
        };
        if let Some(reason) = refusal {
            return Err(StoreError::refused(reason, "pack them as one archive, or upload them in parts"));
        }
        let now_ms = self.clock.now_ms();
        let list = UploadList { id: ids::mint(now_ms), files, created_at_ms: now_ms };
        let folder = self.folder_of(list.id);
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(folder.join(FILES))?;
            // The list is what makes it an upload, so it comes whole and last.
            let unfinished = folder.join("upload.new");
            let mut file = std::fs::File::create(&unfinished)?;
            serde_json::to_writer(std::io::BufWriter::new(&mut file), &list)?;
            file.sync_all()?;
            pass(CrashPoint::UploadBeforeList);
            std::fs::rename(unfinished, folder.join(LIST))?;
            std::fs::File::open(&folder)?.sync_all()
        };
        if let Err(error) = write() {
            let _ = std::fs::remove_dir_all(&folder);
            return Err(StoreError::io("writing", &folder, error));
        }
        let list = Arc::new(list);
        self.present().lists.insert(list.id, Arc::clone(&list));
        Ok(list)
    }

    /// What was announced.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such upload, or no longer.
    pub fn get(&self, id: UploadId) -> Result<Arc<UploadList>, StoreError> {
        self.present().lists.get(&id).cloned().ok_or_else(|| StoreError::not_found("upload", id))
    }

    /// How many bytes of each file are there.
    ///
    /// # Errors
    /// As [`Uploads::get`].
    pub fn offsets(&self, id: UploadId) -> Result<Vec<u64>, StoreError> {
        let list = self.get(id)?;
        Ok((0..list.files.len()).map(|index| self.offset(id, index)).collect())
    }

    fn file_of(&self, id: UploadId, index: usize) -> PathBuf {
        self.folder_of(id).join(FILES).join(index.to_string())
    }

    /// How many bytes of one file are there.
    #[must_use]
    pub fn offset(&self, id: UploadId, index: usize) -> u64 {
        std::fs::metadata(self.file_of(id, index)).map_or(0, |metadata| metadata.len())
    }

    /// Opens a file to go on writing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] while somebody else writes to it or imports the upload.
    pub fn open_file(&self, id: UploadId, index: usize) -> Result<OpenUpload, StoreError> {
        let list = self.get(id)?;
        let announced =
            list.files.get(index).ok_or_else(|| StoreError::not_found("file of the upload", index))?;
        let hold = self.hold(id, Some(index))?;
        let path = self.file_of(id, index);
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| StoreError::io("opening", &path, error))?;
        Ok(OpenUpload { file, offset: self.offset(id, index), size_bytes: announced.size_bytes, hold })
    }

    fn hold(&self, id: UploadId, index: Option<usize>) -> Result<Hold, StoreError> {
        let mut present = self.present();
        if !present.lists.contains_key(&id) {
            return Err(StoreError::not_found("upload", id));
        }
        let taken = match index {
            Some(_) => present.busy.contains(&(id, None)) || present.busy.contains(&(id, index)),
            None => present.busy.iter().any(|(busy, _)| *busy == id),
        };
        if taken {
            return Err(StoreError::Conflict(format!(
                "the upload {id} is being written or imported by another request: try again when that has ended"
            )));
        }
        present.busy.insert((id, index));
        Ok(Hold { present: Arc::clone(&self.present), what: (id, index) })
    }

    /// Holds a complete upload for an import.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if bytes are missing; [`StoreError::Conflict`] while it is written or imported.
    pub fn take(&self, id: UploadId) -> Result<CompleteUpload, StoreError> {
        let hold = self.hold(id, None)?;
        let list = self.get(id)?;
        let mut files = Vec::with_capacity(list.files.len());
        for (index, announced) in list.files.iter().enumerate() {
            let there = self.offset(id, index);
            if there != announced.size_bytes {
                return Err(StoreError::refused(
                    format!(
                        "`{}` of the upload is not complete: {there} of {} bytes are there",
                        announced.name, announced.size_bytes
                    ),
                    "send the rest, then import it",
                ));
            }
            let path = self.file_of(id, index);
            if announced.size_bytes == 0 && !path.exists() {
                std::fs::write(&path, []).map_err(|error| StoreError::io("writing", &path, error))?;
            }
            files.push((announced.name.clone(), path));
        }
        let folder = self.folder_of(id).join(UNPACKED);
        remove(&folder)?;
        std::fs::create_dir(&folder).map_err(|error| StoreError::io("making", &folder, error))?;
        Ok(CompleteUpload { files, folder, _hold: hold })
    }

    /// Throws an upload away.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while it is written or imported; [`StoreError::NotFound`].
    pub fn delete(&self, id: UploadId) -> Result<(), StoreError> {
        let _hold = self.hold(id, None)?;
        self.forget(id)
    }

    /// Throws away an upload whose import has ended well.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn finish(&self, upload: &CompleteUpload) -> Result<(), StoreError> {
        self.forget(upload._hold.what.0)
    }

    /// Throws away what an import has unpacked; the upload stays, to be imported in another way.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn put_back(&self, upload: &CompleteUpload) -> Result<(), StoreError> {
        remove(&upload.folder)
    }

    fn forget(&self, id: UploadId) -> Result<(), StoreError> {
        let folder = self.folder_of(id);
        // Without its list it is no upload any more, whatever happens to the rest.
        let list = folder.join(LIST);
        match std::fs::remove_file(&list) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("deleting", &list, error));
            }
            _ => {}
        }
        self.present().lists.remove(&id);
        pass(CrashPoint::UploadHalfForgotten);
        remove(&folder)
    }

    /// Throws away uploads that are too old and that nobody works on. The answer is how many.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn sweep(&self) -> Result<u64, StoreError> {
        let now_ms = self.clock.now_ms();
        let old: Vec<UploadId> = self
            .present()
            .lists
            .values()
            .filter(|list| now_ms.saturating_sub(list.created_at_ms) >= UPLOAD_LIFE_MS)
            .map(|list| list.id)
            .collect();
        let mut swept = 0;
        for id in old {
            // One that is busy is old at the next sweep, too.
            if let Ok(_hold) = self.hold(id, None) {
                self.forget(id)?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

fn remove(folder: &Path) -> Result<(), StoreError> {
    let removed = match folder.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(folder),
        Ok(_) => std::fs::remove_file(folder),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("deleting", folder, error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "uploads_tests.rs"]
mod tests;
