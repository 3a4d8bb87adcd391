//! Imports of what was uploaded: unpacked or laid out in a folder of its own, then read like any other.
//!
//! Must not know HTTP or gRPC, nor where uploads lie.

use super::archive::{self, ArchiveError, ArchiveProblem, HEAD_BYTES, Limits, Names, kind_of, safe_path};
use super::error::ImportError;
use super::import::{self, Format, ImportRequest, Split};
use crate::store::{CompleteUpload, Store, StoreError};
use shared::dataset::ImportReport;
use shared::id::UploadId;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadImport {
    /// A complete upload.
    pub upload_id: UploadId,
    /// How it is laid out; found out if it is not said.
    pub format: Option<Format>,
    /// The dataset's name; items are added when there is one of this name already.
    pub name: String,
    /// Subsets by chance, used when the data set brings no split of its own.
    pub split: Option<Split>,
}

/// An upload that was imported and is still held. Whoever imported it lets it go once the answer is kept: a call that
/// is sent again because the answer was lost must find it.
#[derive(Debug)]
pub struct ImportedUpload(Arc<CompleteUpload>);

impl ImportedUpload {
    /// Throws the upload away.
    pub async fn forget(self, store: &Store) {
        let uploads = store.uploads().clone();
        tidied(&import::blocking(move || uploads.finish(&self.0)).await);
    }
}

/// Imports an upload. `progress` hears of (images done, images in all).
///
/// All or nothing: on an error nothing is recorded and nothing unpacked is left; the upload stays, so that it can be
/// imported in another way.
///
/// # Errors
/// See [`ImportError`].
pub async fn run(
    store: &Store,
    request: UploadImport,
    progress: impl Fn(u64, u64) + Send + Sync,
) -> Result<(ImportReport, ImportedUpload), ImportError> {
    if let Some(split) = &request.split {
        split.check()?;
    }
    let uploads = store.uploads().clone();
    let upload = Arc::new(import::blocking(move || uploads.take(request.upload_id)).await??);
    let imported = unpack_and_import(store, &upload, request, progress).await;
    match imported {
        Ok(report) => Ok((report, ImportedUpload(upload))),
        Err(error) => {
            let uploads = store.uploads().clone();
            tidied(&import::blocking(move || uploads.put_back(&upload)).await);
            Err(error)
        }
    }
}

fn tidied(outcome: &Result<Result<(), StoreError>, ImportError>) {
    if !matches!(outcome, Ok(Ok(()))) {
        tracing::warn!("what an import unpacked is left until the server starts again");
    }
}

async fn unpack_and_import(
    store: &Store,
    upload: &Arc<CompleteUpload>,
    request: UploadImport,
    progress: impl Fn(u64, u64) + Send + Sync,
) -> Result<ImportReport, ImportError> {
    let shown = shown(upload);
    let laid_out = Arc::clone(upload);
    import::blocking(move || lay_out(&laid_out)).await??;
    let UploadImport { format, name, split, .. } = request;
    let request = ImportRequest { path: upload.folder.clone(), format, name, split };
    import::run(store, request, progress).await.map_err(|error| error.called(&shown))
}

/// What a person calls it.
fn shown(upload: &CompleteUpload) -> PathBuf {
    match upload.files.as_slice() {
        [(name, _)] => name.into(),
        files => format!("the upload of {} files", files.len()).into(),
    }
}

/// Unpacks an archive, or gives each file its name below the folder.
fn lay_out(upload: &CompleteUpload) -> Result<(), ImportError> {
    if let [(name, path)] = upload.files.as_slice()
        && !matches!(kind(path), Ok(None))
    {
        return archive::unpack(path, &upload.folder, Limits::default())
            .map(|_| ())
            .map_err(|error| refused_archive(name, error));
    }
    let mut names = Names::default();
    for (name, path) in &upload.files {
        let refused = |problem| refused_file(name, problem);
        if !matches!(kind(path), Ok(None)) {
            return Err(refused(ArchiveProblem::NotAlone));
        }
        let below = safe_path(name.as_bytes()).map_err(refused)?;
        let below = below.ok_or_else(|| refused(ArchiveProblem::NoName))?;
        names.add_file(&below).map_err(refused)?;
        let target = upload.folder.join(&below);
        let placed = match target.parent() {
            Some(folder) => std::fs::create_dir_all(folder),
            None => Ok(()),
        }
        // The content lies in the upload already, and stays there until the import has ended well.
        .and_then(|()| std::fs::hard_link(path, &target));
        placed.map_err(|error| refused(ArchiveProblem::Io(error)))?;
    }
    Ok(())
}

fn kind(path: &Path) -> Result<Option<archive::Kind>, &'static str> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let read = std::fs::File::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    // One that cannot be read is told so when it is unpacked or laid out.
    if read.is_err() { Ok(None) } else { kind_of(&head) }
}

fn refused_archive(name: &str, error: ArchiveError) -> ImportError {
    match error.problem {
        ArchiveProblem::Io(io) => disk(name, io),
        problem => ImportError::Archive {
            file: name.to_owned(),
            source: ArchiveError { entry: error.entry, problem },
        },
    }
}

fn refused_file(name: &str, problem: ArchiveProblem) -> ImportError {
    match problem {
        ArchiveProblem::Io(io) => disk(name, io),
        problem => ImportError::UploadedFile { file: name.to_owned(), problem },
    }
}

fn disk(name: &str, error: std::io::Error) -> ImportError {
    ImportError::Store(StoreError::io("unpacking", Path::new(name), error))
}
