//! Files that are written in one move: a reader sees the old one or the new, never half of one.
//!
//! Must not know what is in them.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::error::TrainError;

/// Writes a file in one move: complete and on disk, or not at all.
///
/// # Errors
/// If the disk refuses; an earlier file of that name stays whole.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    replace_with(path, |part| {
        let mut file = File::create(part)?;
        file.write_all(content)?;
        file.sync_all()
    })
}

/// `write` makes the file under another name and flushes it to the disk; then it takes the place of `path`.
///
/// # Errors
/// As [`replace_file`].
pub(crate) fn replace_with(
    path: &Path,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), TrainError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = Path::new(&name);
    let moved = write(part).and_then(|()| std::fs::rename(part, path));
    if let Err(error) = moved {
        // What is left of the failed attempt only takes space; the error above is what matters.
        let _ = std::fs::remove_file(part);
        return Err(TrainError::io("write", path, error));
    }
    sync_folder(path)
}

/// A rename is only durable once its folder is.
fn sync_folder(path: &Path) -> Result<(), TrainError> {
    let Some(folder) = path.parent().filter(|folder| cfg!(unix) && !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| TrainError::io("write", folder, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::TrainErrorKind;

    #[test]
    fn a_refused_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        replace_file(&path, b"old").unwrap();
        // A folder in the way of the temporary name makes the write fail.
        std::fs::create_dir(folder.path().join("a.json.part")).unwrap();
        assert_eq!(replace_file(&path, b"new").unwrap_err().kind(), TrainErrorKind::Io);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }
}
