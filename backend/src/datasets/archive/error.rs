//! The ways in which an archive can be wrong.
//!
//! Must not know readers of archives beyond their errors.

use std::fmt;

/// An archive that is refused: the entry, and what is wrong with it.
#[derive(Debug)]
pub struct ArchiveError {
    /// The entry as the archive names it, made showable; empty for the archive as a whole.
    pub entry: String,
    /// What is wrong.
    pub problem: ArchiveProblem,
}

impl ArchiveError {
    pub(super) const fn whole(problem: ArchiveProblem) -> Self {
        Self { entry: String::new(), problem }
    }

    pub(super) fn of(name: &[u8], problem: ArchiveProblem) -> Self {
        Self { entry: shown(name), problem }
    }
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entry.is_empty() {
            return write!(f, "the archive {}", self.problem);
        }
        write!(f, "its entry `{}` {}", self.entry, self.problem)
    }
}

impl std::error::Error for ArchiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            ArchiveProblem::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// What is wrong with an archive or one of its entries.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveProblem {
    /// It does not begin as an archive does.
    #[error("is none: expected zip, tar, tar.gz or tar.zst")]
    NoArchive,
    /// It is an archive of another kind.
    #[error("is of the kind {0}, which cannot be unpacked here: pack it as zip, tar, tar.gz or tar.zst")]
    OtherKind(&'static str),
    /// There is no file in it.
    #[error("holds no files")]
    Empty,
    /// The file ends too early.
    #[error("is truncated: it ends too early; send it again")]
    Truncated,
    /// It cannot be understood.
    #[error("is broken: {0}")]
    Broken(String),
    /// Something comes after what should be its end.
    #[error("goes on after its end")]
    TrailingData,
    /// The name climbs out with `..`.
    #[error("leads out of the archive")]
    LeadsOut,
    /// The name begins at the root, or with a drive.
    #[error("has an absolute name")]
    Absolute,
    /// The name is empty.
    #[error("has no name")]
    NoName,
    /// The name has `\`, which is a folder on some systems and a letter on others.
    #[error("has a backslash in its name: pack it with `/` between folders")]
    Backslash,
    /// The name is not UTF-8.
    #[error("has a name that is not UTF-8 text")]
    NotText,
    /// The name has control characters.
    #[error("has control characters in its name")]
    ControlCharacters,
    /// The name, or a part of it, is too long.
    #[error("has too long a name: at most 255 bytes a part and 1024 in all")]
    LongName,
    /// Folders within folders within folders.
    #[error("lies too deep: at most {limit} folders within each other")]
    TooDeep {
        /// How many are allowed.
        limit: usize,
    },
    /// It is a symbolic link.
    #[error("is a symbolic link; pack the file itself")]
    SymbolicLink,
    /// It is a hard link.
    #[error("is a hard link; pack the file itself")]
    HardLink,
    /// It is a device, a pipe or a socket.
    #[error("is a device or the like, and no file")]
    Device,
    /// It is a kind of entry that is not known.
    #[error("is an entry of an unknown kind")]
    UnknownKind,
    /// The name is there already.
    #[error("is there twice")]
    Duplicate,
    /// The name is there already, with other capital letters.
    #[error("differs from `{other}` in capital letters alone")]
    CaseClash {
        /// The other name.
        other: String,
    },
    /// The beginning of the archive says otherwise than its table of contents.
    #[error("is called otherwise in the archive's table of contents")]
    Disagreement,
    /// Two entries share bytes.
    #[error("overlaps another entry")]
    Overlap,
    /// It is an archive among other files.
    #[error("is an archive among other files: upload it alone, or unpack it first")]
    NotAlone,
    /// It is encrypted.
    #[error("is encrypted; pack it without a password")]
    Encrypted,
    /// It is packed by a method that is not known.
    #[error("is packed by a method that cannot be unpacked here; use deflate, or none")]
    OtherMethod,
    /// It is not as large as it says.
    #[error("says to be of {said_bytes} bytes and is of {found_bytes} or more or less")]
    WrongSize {
        /// What the archive says.
        said_bytes: u64,
        /// What was unpacked until it was noticed.
        found_bytes: u64,
    },
    /// The content is not what was packed.
    #[error("is damaged: its checksum is wrong")]
    WrongChecksum,
    /// It unpacks to much more than an archive of images does.
    #[error("becomes more than {ratio} times as large when it is unpacked, as only a bomb does")]
    Bomb {
        /// How many times are allowed.
        ratio: u64,
    },
    /// Everything together is too large.
    #[error("holds more than {} MiB", limit_bytes >> 20)]
    TooLarge {
        /// How much is allowed.
        limit_bytes: u64,
    },
    /// There are too many entries.
    #[error("holds more than {limit} entries; import it in parts")]
    TooManyEntries {
        /// How many are allowed.
        limit: u64,
    },
    /// The operating system refused to read or write.
    #[error("cannot be unpacked: {0}")]
    Io(std::io::Error),
}

impl ArchiveProblem {
    /// Sorts what a reader of an archive says. The readers tell damage as errors of reading.
    pub(super) fn from_reading(error: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        let said = error.to_string();
        match error.kind() {
            K::UnexpectedEof => Self::Truncated,
            K::InvalidData | K::InvalidInput | K::Other if said.to_lowercase().contains("checksum") => {
                Self::WrongChecksum
            }
            K::InvalidData | K::InvalidInput | K::Other => Self::Broken(shown(said.as_bytes())),
            _ => Self::Io(error),
        }
    }
}

/// A name as it can be shown: short, and without what moves a terminal's cursor.
fn shown(name: &[u8]) -> String {
    const SHOWN: usize = 120;
    let text = String::from_utf8_lossy(name.get(..name.len().min(1024)).unwrap_or_default()).into_owned();
    let mut short: String = text
        .chars()
        .take(SHOWN)
        .map(|letter| if letter.is_control() { '\u{fffd}' } else { letter })
        .collect();
    if text.chars().count() > SHOWN || name.len() > 1024 {
        short.push('…');
    }
    if short.is_empty() { "(without a name)".into() } else { short }
}
