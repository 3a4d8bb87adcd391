//! Zip. The table of contents is believed only as far as the entries themselves say the same.
//!
//! Must not know tar, nor where files are written.

use super::Unpacker;
use super::error::{ArchiveError, ArchiveProblem};
use memchr::memmem;
use std::io::{BufRead, Seek, SeekFrom};
use zip::ZipArchive;
use zip::result::ZipError;

/// Begins each line of the table of contents (APPNOTE 4.3.12).
const CONTENTS_LINE: &[u8; 4] = b"PK\x01\x02";

/// The kind of a file in Unix permissions.
const KIND_BITS: u32 = 0o170_000;
const PLAIN_FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// Unpacks a zip.
pub(super) fn unpack(mut reader: impl BufRead + Seek, unpacker: &mut Unpacker) -> Result<(), ArchiveError> {
    let whole = ArchiveError::whole;
    bound_contents(&mut reader, unpacker.limits.entries).map_err(whole)?;
    let mut archive = ZipArchive::new(reader).map_err(|error| whole(problem_of(error)))?;
    archive.validate_header_consistency().map_err(|error| whole(problem_of(error)))?;
    for index in 0..archive.len() {
        let name = archive
            .by_index_data(index)
            .map(|entry| entry.name_raw().to_vec())
            .map_err(|error| whole(problem_of(error)))?;
        let named = |problem| ArchiveError::of(&name, problem);
        unpacker.count().map_err(named)?;
        let mut entry = archive.by_index(index).map_err(|error| named(problem_of(error)))?;
        if entry.encrypted() {
            return Err(named(ArchiveProblem::Encrypted));
        }
        match entry.unix_mode().map(|mode| mode & KIND_BITS) {
            // Writers of other systems leave the kind out.
            None | Some(0 | PLAIN_FILE | FOLDER) => {}
            Some(LINK) => return Err(named(ArchiveProblem::SymbolicLink)),
            Some(_) => return Err(named(ArchiveProblem::Device)),
        }
        if entry.is_dir() {
            unpacker.folder(&name).map_err(named)?;
            continue;
        }
        let (size_bytes, packed_bytes) = (entry.size(), entry.compressed_size());
        unpacker.file(&name, size_bytes, Some(packed_bytes), &mut entry).map_err(named)?;
    }
    Ok(())
}

/// Refuses a table of contents that is too long before it is read into memory. Its own figures may lie, so
/// its lines are counted, wherever in the file they are.
fn bound_contents(reader: &mut (impl BufRead + Seek), limit: u64) -> Result<(), ArchiveProblem> {
    let finder = memmem::Finder::new(CONTENTS_LINE);
    let mut window = vec![0; 1 << 20];
    let (mut kept, mut lines) = (0, 0_u64);
    loop {
        let read =
            reader.read(window.get_mut(kept..).unwrap_or_default()).map_err(ArchiveProblem::from_reading)?;
        if read == 0 {
            break;
        }
        let seen = window.get(..kept + read).unwrap_or_default();
        lines += finder.find_iter(seen).count() as u64;
        if lines > limit {
            return Err(ArchiveProblem::TooManyEntries { limit });
        }
        // A line may begin at the end of this piece.
        let start = seen.len().saturating_sub(CONTENTS_LINE.len() - 1);
        let end = seen.len();
        window.copy_within(start..end, 0);
        kept = end - start;
    }
    reader.seek(SeekFrom::Start(0)).map_err(ArchiveProblem::from_reading)?;
    Ok(())
}

fn problem_of(error: ZipError) -> ArchiveProblem {
    match error {
        ZipError::Io(error) => ArchiveProblem::from_reading(error),
        ZipError::InvalidPassword => ArchiveProblem::Encrypted,
        ZipError::CompressionMethodNotSupported(_) => ArchiveProblem::OtherMethod,
        ZipError::UnsupportedArchive(detail) if detail.to_lowercase().contains("password") => {
            ArchiveProblem::Encrypted
        }
        ZipError::UnsupportedArchive(_) => ArchiveProblem::OtherMethod,
        ZipError::InvalidArchive(detail) if detail.contains("duplicate") => ArchiveProblem::Duplicate,
        ZipError::InvalidArchive(detail) if detail.contains("overlap") => ArchiveProblem::Overlap,
        ZipError::InvalidArchive(detail) if detail.contains("inconsisten") => ArchiveProblem::Disagreement,
        ZipError::InvalidArchive(detail) => ArchiveProblem::Broken(detail.into_owned()),
        other => ArchiveProblem::Broken(other.to_string()),
    }
}
