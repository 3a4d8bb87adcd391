//! Why a secret cannot be sealed, opened or handed over. No variant holds a value.
//!
//! Must not know gRPC.

use crate::store::StoreError;
use std::path::PathBuf;

/// What went wrong with secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no place for the key.
    #[error(
        "there is no place for the key that seals secrets: neither XDG_CONFIG_HOME nor HOME is set; \
         name a file with --secrets-key-file"
    )]
    NoKeyPlace,
    /// The key would lie beside what it seals.
    #[error(
        "the key file {} lies in the data folder, where whoever copies the secrets copies their key; \
         name a file elsewhere with --secrets-key-file", .0.display()
    )]
    KeyInDataFolder(PathBuf),
    /// The key file cannot be read or written.
    #[error("the key file {} cannot be {action}: {source}", path.display())]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read the key.
    #[error(
        "others may read the key file {} (its mode is {mode:03o}); run `chmod 600 {}`", path.display(), path.display()
    )]
    KeyIsOpen {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file holds something else.
    #[error("{} is not a key file: {detail}; put back the right file, or name it with --secrets-key-file", path.display())]
    NotAKeyFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The file is another server's.
    #[error(
        "the key file {} belongs to another data folder; name this one's with --secrets-key-file", .0.display()
    )]
    KeyOfAnother(PathBuf),
    /// Secrets are stored, and there is no key file.
    #[error(
        "the key file {} is gone, and the stored secrets cannot be opened without it; put it back, name it with \
         --secrets-key-file, or delete these secrets and make them again", .0.display()
    )]
    KeyMissing(PathBuf),
    /// The file does not hold the key with which a value was sealed.
    #[error(
        "the key file {} does not hold the key {key_id} that opens the stored secrets; put back the right file, \
         or delete these secrets and make them again", path.display()
    )]
    KeyDoesNotOpen {
        /// Which file.
        path: PathBuf,
        /// The key that is missing.
        key_id: String,
    },
    /// What is stored is not what was sealed.
    #[error("the stored value of the secret `{name}` was changed or damaged; replace the secret")]
    Tampered {
        /// Whose value.
        name: String,
    },
    /// The value cannot be taken.
    #[error("the value {0}")]
    Value(String),
    /// The key was taken away while it was used, by another call that failed.
    #[error("the key that seals secrets is being changed; try again")]
    KeyGone,
    /// The system has no randomness, or the cipher refuses.
    #[error("a value cannot be sealed: {0}")]
    Seal(&'static str),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SecretError {
    /// As the store tells it, for work that runs inside a transaction.
    pub(super) fn into_store_error(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            other => StoreError::Corrupt { what: "secret".into(), detail: other.to_string() },
        }
    }
}
