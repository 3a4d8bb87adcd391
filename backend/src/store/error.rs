//! What can go wrong in the store, in the words of its callers.
//!
//! Must not know gRPC: `api/error.rs` has the one table from [`ErrorKind`] to codes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the store did not do what it was asked to do. Nothing was written in that case.
///
/// It can be cloned because one failed commit answers many requests.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such record.
    #[error("there is no {what} `{which}`")]
    NotFound {
        /// The kind of thing, for example `dataset`.
        what: &'static str,
        /// The id or name that was looked for.
        which: String,
    },
    /// The name is taken.
    #[error("a {what} named `{which}` exists already: choose another name")]
    AlreadyExists {
        /// The kind of thing.
        what: &'static str,
        /// The name.
        which: String,
    },
    /// It does not fit the state that the record is in now.
    #[error("{0}")]
    Conflict(String),
    /// It is not allowed as asked.
    #[error("{reason}: {next_step}")]
    Refused {
        /// What is wrong.
        reason: String,
        /// What a person can do about it.
        next_step: String,
    },
    /// A field of the request is not allowed as it is.
    #[error("{reason}: {next_step}")]
    RefusedField {
        /// The path of the field, for example `train.filter`.
        field: String,
        /// What is wrong.
        reason: String,
        /// What a person can do about it.
        next_step: String,
    },
    /// A query asks for what cannot be asked here.
    #[error("{reason}: {next_step}")]
    UnsupportedQuery {
        /// What is wrong.
        reason: String,
        /// What to ask instead.
        next_step: String,
    },
    /// Somebody else changed it since the caller looked.
    #[error("the {what} was changed meanwhile: load it before changing it again")]
    ChangedMeanwhile {
        /// What was changed, for example `draft of the model`.
        what: &'static str,
    },
    /// The attempt was handed to somebody else, or is over.
    #[error("the attempt of execution `{execution}` is no longer this runner's")]
    StaleToken {
        /// The execution's id.
        execution: String,
    },
    /// Entries of a report are missing.
    #[error("the report starts at entry {received}, but entry {expected} has not been received")]
    SequenceGap {
        /// The number that had to follow.
        expected: u64,
        /// The number that came.
        received: u64,
    },
    /// Nothing more fits on the disk.
    #[error("the disk that holds {} is full: free some space and try again", path.display())]
    DiskFull {
        /// The data folder.
        path: PathBuf,
    },
    /// What is stored cannot be understood.
    #[error("the stored {what} cannot be read: {detail}")]
    Corrupt {
        /// The table and column, or the file.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The data folder was written by a later version of the program.
    #[error(
        "the database in {} was written by a newer version of trainyard (its migration {migration} is unknown here): \
         start it with that version, or choose another data folder", path.display()
    )]
    NewerVersion {
        /// The data folder.
        path: PathBuf,
        /// The migration that this program does not know.
        migration: i64,
    },
    /// The operating system refused.
    #[error("{action}: {source}")]
    Io {
        /// What was tried, with the file.
        action: String,
        /// Why it failed.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The store was closed.
    #[error("the store is closed because the server is stopping: try again when it is up")]
    Closed,
}

/// The kinds of [`StoreError`], for tables that map them to codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// See [`StoreError::NotFound`].
    NotFound,
    /// See [`StoreError::AlreadyExists`].
    AlreadyExists,
    /// See [`StoreError::Conflict`].
    Conflict,
    /// See [`StoreError::Refused`].
    Refused,
    /// See [`StoreError::RefusedField`].
    RefusedField,
    /// See [`StoreError::UnsupportedQuery`].
    UnsupportedQuery,
    /// See [`StoreError::ChangedMeanwhile`].
    ChangedMeanwhile,
    /// See [`StoreError::StaleToken`].
    StaleToken,
    /// See [`StoreError::SequenceGap`].
    SequenceGap,
    /// See [`StoreError::DiskFull`].
    DiskFull,
    /// See [`StoreError::Corrupt`].
    Corrupt,
    /// See [`StoreError::NewerVersion`].
    NewerVersion,
    /// See [`StoreError::Io`].
    Io,
    /// See [`StoreError::Closed`].
    Closed,
}

impl StoreError {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::AlreadyExists { .. } => ErrorKind::AlreadyExists,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::Refused { .. } => ErrorKind::Refused,
            Self::RefusedField { .. } => ErrorKind::RefusedField,
            Self::UnsupportedQuery { .. } => ErrorKind::UnsupportedQuery,
            Self::ChangedMeanwhile { .. } => ErrorKind::ChangedMeanwhile,
            Self::StaleToken { .. } => ErrorKind::StaleToken,
            Self::SequenceGap { .. } => ErrorKind::SequenceGap,
            Self::DiskFull { .. } => ErrorKind::DiskFull,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::NewerVersion { .. } => ErrorKind::NewerVersion,
            Self::Io { .. } => ErrorKind::Io,
            Self::Closed => ErrorKind::Closed,
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers pass ids and errors that they need no longer")]
    pub(super) fn not_found(what: &'static str, which: impl ToString) -> Self {
        Self::NotFound { what, which: which.to_string() }
    }

    pub(super) fn refused(reason: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into(), next_step: next_step.into() }
    }

    pub(super) fn refused_field(
        field: impl Into<String>,
        reason: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        Self::RefusedField { field: field.into(), reason: reason.into(), next_step: next_step.into() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers pass ids and errors that they need no longer")]
    pub(super) fn corrupt(what: impl Into<String>, detail: impl ToString) -> Self {
        Self::Corrupt { what: what.into(), detail: detail.to_string() }
    }

    /// A failure of the file system while doing `action` to `path`.
    pub(crate) fn io(action: &str, path: &Path, source: std::io::Error) -> Self {
        if is_disk_full(&source) {
            return Self::DiskFull { path: path.to_owned() };
        }
        Self::Io { action: format!("{action} {}", path.display()), source: Arc::new(source) }
    }

    /// Fills in the data folder where an error was made without knowing it.
    pub(super) fn in_folder(self, data_dir: &Path) -> Self {
        match self {
            Self::DiskFull { path } if path.as_os_str().is_empty() => {
                Self::DiskFull { path: data_dir.to_owned() }
            }
            other => other,
        }
    }

    /// A failure of the database in `data_dir`.
    pub(super) fn database(data_dir: &Path, source: sqlx::Error) -> Self {
        if let sqlx::Error::Database(error) = &source {
            // The primary code is the low byte of SQLite's extended code: 13 is SQLITE_FULL,
            // 11 SQLITE_CORRUPT and 26 SQLITE_NOTADB (sqlite.org/rescode.html).
            match error.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff) {
                Some(13) => return Self::DiskFull { path: data_dir.to_owned() },
                Some(11 | 26) => return Self::corrupt("database", error.message()),
                _ => {}
            }
        }
        match source {
            sqlx::Error::Io(error) if is_disk_full(&error) => Self::DiskFull { path: data_dir.to_owned() },
            sqlx::Error::ColumnDecode { index, source } => Self::corrupt(format!("column {index}"), source),
            sqlx::Error::PoolClosed => Self::Closed,
            other => Self::Io { action: "using the database".into(), source: Arc::new(other) },
        }
    }
}

/// Lets `?` work inside requests; the facade adds the data folder with [`StoreError::in_folder`].
impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        Self::database(Path::new(""), source)
    }
}

/// Whether the operating system says that nothing more fits, or that a quota is used up.
pub(super) fn is_disk_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}
