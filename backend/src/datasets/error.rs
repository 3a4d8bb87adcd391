//! Why a whole import fails. What is wrong with single files is a [`Rejection`](shared::dataset::Rejection).
//!
//! Must not know gRPC.

use super::archive::{ArchiveError, ArchiveProblem};
use crate::store::StoreError;
use std::path::{Path, PathBuf};

/// An import of which nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder cannot be used.
    #[error("the folder {} cannot be imported: {reason}", path.display())]
    Folder {
        /// What was given.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The folder does not hold a data set of this format.
    #[error("{} does not look like a data set in the format {format}: {missing}. Expected {expected}", path.display())]
    OtherFormat {
        /// What was given.
        path: PathBuf,
        /// The format that was asked for.
        format: &'static str,
        /// What was looked for in vain.
        missing: String,
        /// How such a folder is laid out.
        expected: &'static str,
    },
    /// Nothing in the folder says what it is.
    #[error(
        "{} does not look like a data set: expected VOC, COCO, YOLO, a folder a class, or images alone; \
         name the format, or pack the folder that holds them", path.display()
    )]
    UnknownFormat {
        /// What was given.
        path: PathBuf,
    },
    /// The archive is refused.
    #[error("{file}: {source}. Nothing was kept")]
    Archive {
        /// The archive, as it was named when it was uploaded.
        file: String,
        /// The entry and what is wrong with it.
        source: ArchiveError,
    },
    /// A file of an upload is refused.
    #[error("{file}: it {problem}. Nothing was kept")]
    UploadedFile {
        /// As it was named when it was uploaded.
        file: String,
        /// What is wrong with it.
        problem: ArchiveProblem,
    },
    /// A file on which everything else depends is broken.
    #[error("{file}: {reason}. Mend the file and import again; nothing was kept")]
    Broken {
        /// The file, relative to the folder.
        file: String,
        /// What is wrong, with line and column where they are known.
        reason: String,
    },
    /// No image is left.
    #[error("nothing can be imported from {}: {reason}", path.display())]
    Empty {
        /// What was given.
        path: PathBuf,
        /// Why, with the first of the rejections.
        reason: String,
    },
    /// The parts of a split do not add up.
    #[error(
        "a split of {0:?} percent does not add up to 100: give train/validation/test, for example 80/20/0"
    )]
    Split([u32; 3]),
    /// A worker died.
    #[error("the import was interrupted: {0}. Nothing was kept; import again")]
    Interrupted(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// The same error about a folder that a person knows by another name.
    pub(super) fn called(self, name: &Path) -> Self {
        let called = || name.to_owned();
        match self {
            Self::Folder { reason, .. } => Self::Folder { path: called(), reason },
            Self::OtherFormat { format, missing, expected, .. } => {
                Self::OtherFormat { path: called(), format, missing, expected }
            }
            Self::UnknownFormat { .. } => Self::UnknownFormat { path: called() },
            Self::Empty { reason, .. } => Self::Empty { path: called(), reason },
            other => other,
        }
    }
}
