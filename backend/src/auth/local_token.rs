//! The owner's token for commands on the same machine, in a file that only its owner can read.
//!
//! Must not know who presents it.

use super::token::{Token, TokenError, TokenKind};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalTokenError {
    /// It cannot be read or written.
    #[error("the token file {path} cannot be {action}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{path} does not hold a token; delete it and start the server again to get a new one")]
    NotAToken {
        /// Which file.
        path: PathBuf,
    },
    /// No token can be made.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Reads the token.
///
/// # Errors
/// If the file is missing, unreadable or holds something else.
pub fn read(path: &Path) -> Result<Token, LocalTokenError> {
    let text = std::fs::read_to_string(path).map_err(|source| io_error(path, "read", source))?;
    match Token::parse(text.trim()) {
        Ok((TokenKind::Owner, token)) => Ok(token),
        Ok(_) | Err(_) => Err(LocalTokenError::NotAToken { path: path.to_owned() }),
    }
}

/// Reads the token, and makes one on the first start.
///
/// # Errors
/// As [`read`], and if the file cannot be written.
pub fn read_or_create(path: &Path) -> Result<Token, LocalTokenError> {
    if path.exists() {
        // An earlier umask or a copy may have opened it up; others have no business with it.
        let only_owner = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, only_owner).map_err(|source| io_error(path, "protected", source))?;
        return read(path);
    }
    let token = Token::generate(TokenKind::Owner)?;
    write_private(path, token.expose()).map_err(|source| io_error(path, "written", source))?;
    Ok(token)
}

/// Writes beside the final place first, so that no reader ever sees half a token.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

fn io_error(path: &Path, action: &'static str, source: std::io::Error) -> LocalTokenError {
    LocalTokenError::Io { path: path.to_owned(), action, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.token");
        let first = read_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let second = read_or_create(&path).unwrap();
        assert_eq!(first.hash(), second.hash());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_with_something_else_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.token");
        let session = Token::generate(TokenKind::Session).unwrap();
        for content in ["", "nonsense", session.expose()] {
            std::fs::write(&path, content).unwrap();
            assert!(matches!(read(&path), Err(LocalTokenError::NotAToken { .. })), "{content}");
        }
    }
}
