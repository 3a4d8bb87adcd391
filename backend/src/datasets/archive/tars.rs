//! Tar, plain or packed.
//!
//! Must not know zip, nor where files are written.

use super::Unpacker;
use super::error::{ArchiveError, ArchiveProblem};
use ruzstd::decoding::StreamingDecoder;
use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;
use tar::EntryType;

/// What the reader of headers may take in between two entries: a header, padding, and a long name.
const BETWEEN_BYTES: u64 = 1 << 20;
/// How far back a packed stream may refer; more would have to be kept in memory.
const WINDOW_BYTES: u64 = 64 << 20;
/// Zeros that may follow the end; writers fill up their last record with them.
const PADDING_BYTES: u64 = 16 << 20;
/// Two blocks of zeros end an archive; the first is enough to know that it was not cut off.
const END_ZEROS: u64 = 512;

/// Unpacks a tar from a stream.
pub(super) fn unpack(stream: impl Read, unpacker: &mut Unpacker) -> Result<(), ArchiveError> {
    let state = Rc::new(State { budget: Cell::new(BETWEEN_BYTES), zeros: Cell::new(0) });
    let mut archive = tar::Archive::new(Guard { inner: stream, state: Rc::clone(&state) });
    let whole = |error| ArchiveError::whole(ArchiveProblem::from_reading(error));
    for entry in archive.entries().map_err(whole)? {
        let mut entry = entry.map_err(whole)?;
        let name = entry.path_bytes().into_owned();
        let named = |problem| ArchiveError::of(&name, problem);
        unpacker.count().map_err(named)?;
        let size_bytes = entry.size();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                state.budget.set(u64::MAX);
                unpacker.file(&name, size_bytes, None, &mut entry).map_err(cut_off).map_err(named)?;
                // What lies between this entry and the next is read by the next step.
                state.budget.set(BETWEEN_BYTES);
            }
            EntryType::Directory => {
                unpacker.folder(&name).map_err(named)?;
                state.budget.set(BETWEEN_BYTES);
            }
            EntryType::XGlobalHeader => state.budget.set(BETWEEN_BYTES),
            EntryType::Symlink => return Err(named(ArchiveProblem::SymbolicLink)),
            EntryType::Link => return Err(named(ArchiveProblem::HardLink)),
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                return Err(named(ArchiveProblem::Device));
            }
            _ => return Err(named(ArchiveProblem::UnknownKind)),
        }
    }
    if state.zeros.get() < END_ZEROS {
        return Err(ArchiveError::whole(ArchiveProblem::Truncated));
    }
    finish(archive.into_inner(), &state).map_err(ArchiveError::whole)
}

/// A tar says a size and then holds as much, so one that holds less was cut off.
fn cut_off(problem: ArchiveProblem) -> ArchiveProblem {
    match problem {
        ArchiveProblem::WrongSize { said_bytes, found_bytes } if found_bytes < said_bytes => {
            ArchiveProblem::Truncated
        }
        other => other,
    }
}

/// Reads to the end of the stream, where the checksum of a packed one is, through padding alone.
fn finish(mut stream: impl Read, state: &State) -> Result<(), ArchiveProblem> {
    state.budget.set(PADDING_BYTES);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = stream.read(&mut buffer).map_err(ArchiveProblem::from_reading)?;
        let piece = buffer.get(..read).unwrap_or_default();
        if read == 0 {
            return Ok(());
        }
        if piece.iter().any(|byte| *byte != 0) {
            return Err(ArchiveProblem::TrailingData);
        }
    }
}

/// Unpacks a tar that is packed with Zstandard, in one frame or several.
pub(super) fn unpack_zstandard(reader: impl BufRead, unpacker: &mut Unpacker) -> Result<(), ArchiveError> {
    unpack(Frames { reader: Some(reader), open: None }, unpacker)
}

/// The content of frames after each other.
struct Frames<R: BufRead> {
    reader: Option<R>,
    open: Option<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if let Some(open) = &mut self.open {
                let read = open.read(buffer).map_err(std::io::Error::other)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            let reader = self.open.take().map(StreamingDecoder::into_inner).or_else(|| self.reader.take());
            let Some(mut reader) = reader else { return Ok(0) };
            if reader.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let open = StreamingDecoder::new_with_max_window_size(reader, WINDOW_BYTES);
            self.open = Some(open.map_err(|error| std::io::Error::other(error.to_string()))?);
        }
    }
}

/// What the guard and its owner both know.
struct State {
    /// Bytes that may still be read.
    budget: Cell<u64>,
    /// Zeros at the end of what was read.
    zeros: Cell<u64>,
}

/// Bounds what the reader of headers takes in: it keeps long names in memory, however long they are.
struct Guard<R> {
    inner: R,
    state: Rc<State>,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let budget = self.state.budget.get();
        if budget == 0 && !buffer.is_empty() {
            return Err(std::io::Error::other(
                "the name of an entry, or what comes after the end, is too long",
            ));
        }
        let most = usize::try_from(budget).unwrap_or(usize::MAX).min(buffer.len());
        let part = buffer.get_mut(..most).unwrap_or_default();
        let read = self.inner.read(part)?;
        if budget != u64::MAX {
            self.state.budget.set(budget.saturating_sub(read as u64));
        }
        let piece = part.get(..read).unwrap_or_default();
        let zeros = piece.iter().rev().take_while(|byte| **byte == 0).count();
        let before = if zeros == read { self.state.zeros.get() } else { 0 };
        self.state.zeros.set(before.saturating_add(zeros as u64));
        Ok(read)
    }
}
