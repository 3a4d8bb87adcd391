//! Archives from outside: unpacked into a folder of their own, or refused with the entry and the reason.
//!
//! Nothing is written outside of that folder, no link or device is made, and memory, disk and the number of files
//! are bounded whatever an archive says of itself. Must not know data sets or uploads.

mod error;
mod names;
mod tars;
mod zips;

pub use error::{ArchiveError, ArchiveProblem};
pub use names::{Names, safe_path};

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How much an archive may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries, folders among them.
    pub entries: u64,
    /// Bytes of all files together, unpacked.
    pub total_bytes: u64,
    /// How many times as large as in the archive a file, or all of them, may become.
    pub ratio: u64,
    /// Up to this size nothing is called a bomb.
    pub harmless_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 200_000, total_bytes: 64 << 30, ratio: 100, harmless_bytes: 1 << 20 }
    }
}

/// The kinds that can be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `.zip`
    Zip,
    /// `.tar`
    Tar,
    /// `.tar.gz`
    TarGzip,
    /// `.tar.zst`
    TarZstandard,
}

/// What a file is, by its first bytes. `Err` names a kind of archive that cannot be unpacked here.
///
/// # Errors
/// The name of that kind.
pub fn kind_of(head: &[u8]) -> Result<Option<Kind>, &'static str> {
    match head {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Ok(Some(Kind::Zip)),
        [0x1f, 0x8b, ..] => Ok(Some(Kind::TarGzip)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Some(Kind::TarZstandard)),
        [b'B', b'Z', b'h', ..] => Err("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Err("xz"),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Err("7z"),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Err("rar"),
        _ if head.get(257..262) == Some(b"ustar") => Ok(Some(Kind::Tar)),
        _ => Ok(None),
    }
}

/// Bytes of a file that [`kind_of`] looks at.
pub const HEAD_BYTES: usize = 512;

/// Unpacks an archive into `folder`, which must exist and be empty. The answer is how many files it held.
///
/// # Errors
/// The entry and what is wrong with it. What was unpacked until then is left, for the caller to throw away.
pub fn unpack(archive: &Path, folder: &Path, limits: Limits) -> Result<u64, ArchiveError> {
    let whole = |problem| ArchiveError::whole(problem);
    let mut file = File::open(archive).map_err(|error| whole(ArchiveProblem::Io(error)))?;
    let size_bytes = file.metadata().map_err(|error| whole(ArchiveProblem::Io(error)))?.len();
    let mut head = Vec::with_capacity(HEAD_BYTES);
    (&mut file)
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .and_then(|_| file.seek(SeekFrom::Start(0)))
        .map_err(|error| whole(ArchiveProblem::Io(error)))?;
    let kind = kind_of(&head).map_err(|kind| whole(ArchiveProblem::OtherKind(kind)))?;
    let kind = kind.ok_or_else(|| whole(ArchiveProblem::NoArchive))?;
    let mut unpacker = Unpacker::new(folder, limits, size_bytes);
    let reader = BufReader::with_capacity(1 << 17, file);
    match kind {
        Kind::Zip => zips::unpack(reader, &mut unpacker)?,
        Kind::Tar => tars::unpack(reader, &mut unpacker)?,
        Kind::TarGzip => tars::unpack(flate2::read::MultiGzDecoder::new(reader), &mut unpacker)?,
        Kind::TarZstandard => tars::unpack_zstandard(reader, &mut unpacker)?,
    }
    if unpacker.files == 0 {
        return Err(whole(ArchiveProblem::Empty));
    }
    unpacker.make_empty_files().map_err(|error| whole(ArchiveProblem::Io(error)))?;
    Ok(unpacker.files)
}

/// Writes entries within the limits, for every kind of archive.
struct Unpacker {
    folder: PathBuf,
    limits: Limits,
    archive_bytes: u64,
    names: Names,
    entries: u64,
    files: u64,
    total_bytes: u64,
    /// Files without content: a header alone asks for each, so they are made when all else is well.
    empty_files: Vec<PathBuf>,
}

impl Unpacker {
    fn new(folder: &Path, limits: Limits, archive_bytes: u64) -> Self {
        let names = Names::default();
        let folder = folder.to_owned();
        let empty_files = Vec::new();
        Self { folder, limits, archive_bytes, names, entries: 0, files: 0, total_bytes: 0, empty_files }
    }

    /// Counts an entry of any kind, before anything else is asked of it.
    fn count(&mut self) -> Result<(), ArchiveProblem> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(ArchiveProblem::TooManyEntries { limit: self.limits.entries });
        }
        Ok(())
    }

    /// Checks a folder's name. It is made when a file comes to lie in it.
    fn folder(&mut self, name: &[u8]) -> Result<(), ArchiveProblem> {
        match safe_path(name)? {
            Some(path) => self.names.add_folder(&path),
            None => Ok(()),
        }
    }

    /// Writes a file that says to be of this size. `packed_bytes` is what it takes in the archive, where known.
    fn file(
        &mut self,
        name: &[u8],
        size_bytes: u64,
        packed_bytes: Option<u64>,
        content: &mut impl Read,
    ) -> Result<(), ArchiveProblem> {
        let path = safe_path(name)?.ok_or(ArchiveProblem::NoName)?;
        self.names.add_file(&path)?;
        // What other systems add for themselves.
        if path.starts_with("__MACOSX") {
            return Ok(());
        }
        if size_bytes == 0 {
            // Something may be there all the same.
            let found_bytes = content.read(&mut [0]).map_err(ArchiveProblem::from_reading)? as u64;
            if found_bytes > 0 {
                return Err(ArchiveProblem::WrongSize { said_bytes: 0, found_bytes });
            }
            self.empty_files.push(path);
            self.files += 1;
            return Ok(());
        }
        let target = self.folder.join(&path);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(ArchiveProblem::Io)?;
        }
        // A name that is there already is refused by the system, too.
        let mut file =
            File::options().write(true).create_new(true).open(target).map_err(ArchiveProblem::Io)?;
        let mut buffer = vec![0; 1 << 16];
        let mut written = 0_u64;
        loop {
            let read = content.read(&mut buffer).map_err(ArchiveProblem::from_reading)?;
            if read == 0 {
                break;
            }
            written += read as u64;
            self.total_bytes += read as u64;
            self.check_sizes(written, size_bytes, packed_bytes)?;
            file.write_all(buffer.get(..read).unwrap_or_default()).map_err(ArchiveProblem::Io)?;
        }
        if written != size_bytes {
            return Err(ArchiveProblem::WrongSize { said_bytes: size_bytes, found_bytes: written });
        }
        self.files += 1;
        Ok(())
    }

    fn make_empty_files(&self) -> std::io::Result<()> {
        for path in &self.empty_files {
            let target = self.folder.join(path);
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)?;
            }
            File::options().write(true).create_new(true).open(target)?;
        }
        Ok(())
    }

    fn check_sizes(
        &self,
        written: u64,
        size_bytes: u64,
        packed_bytes: Option<u64>,
    ) -> Result<(), ArchiveProblem> {
        let Limits { total_bytes, ratio, harmless_bytes, .. } = self.limits;
        if written > size_bytes {
            return Err(ArchiveProblem::WrongSize { said_bytes: size_bytes, found_bytes: written });
        }
        if self.total_bytes > total_bytes {
            return Err(ArchiveProblem::TooLarge { limit_bytes: total_bytes });
        }
        let is_bomb = |out: u64, packed: u64| out > harmless_bytes && out / ratio > packed;
        if packed_bytes.is_some_and(|packed| is_bomb(written, packed))
            || is_bomb(self.total_bytes, self.archive_bytes)
        {
            return Err(ArchiveProblem::Bomb { ratio });
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
