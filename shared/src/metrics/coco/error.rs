//! What is wrong with a COCO file, where, and what to do about it.
//!
//! Must not know how a file is read from disk.

use std::fmt;

/// Which of the two files of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CocoFile {
    /// Images, annotations and categories.
    GroundTruth,
    /// What was found.
    Detections,
}

impl fmt::Display for CocoFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GroundTruth => "ground truth",
            Self::Detections => "detections",
        })
    }
}

/// A COCO file that cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CocoError {
    /// The bytes are a gzip archive.
    #[error("{file}: this is a gzip archive, not JSON; unpack it with `gunzip` and give the result")]
    Compressed {
        /// The file.
        file: CocoFile,
    },
    /// The text ends in mid-sentence.
    #[error(
        "{file}, line {line}, column {column}: the file ends too early ({problem}); copy or export it again"
    )]
    Truncated {
        /// The file.
        file: CocoFile,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What was being read, for example `annotations[17]: EOF while parsing a value`.
        problem: String,
    },
    /// Not JSON, or a value that is missing, of the wrong kind or out of range.
    #[error("{file}, line {line}, column {column}: {problem}; correct this place and run it again")]
    Malformed {
        /// The file.
        file: CocoFile,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// The entry and its fault, for example ``annotations[17]: missing field `bbox` ``.
        problem: String,
    },
    /// Two entries of an array have the same id.
    #[error(
        "ground truth: {array}[{first}] and {array}[{second}] both have id {id}; give each entry an id of its own"
    )]
    DuplicateId {
        /// For example `images`.
        array: &'static str,
        /// The id.
        id: i64,
        /// Position of one entry, counted from 0.
        first: usize,
        /// Position of the other.
        second: usize,
    },
    /// An entry names an image or category that the ground truth does not have.
    #[error(
        "{file}: {array}[{index}] has {key} {id}, and no entry of `{target}` in the ground truth has that id \
         ({known} are there); take the two files from the same dataset, or remove the entry"
    )]
    UnknownId {
        /// The file of the entry.
        file: CocoFile,
        /// `annotations` or `detections`.
        array: &'static str,
        /// Position of the entry, counted from 0.
        index: usize,
        /// `image_id` or `category_id`.
        key: &'static str,
        /// The id that was given.
        id: i64,
        /// `images` or `categories`.
        target: &'static str,
        /// How many of them there are.
        known: usize,
    },
}

impl CocoError {
    /// Keeps the place that `serde_json` names apart from its words.
    pub(super) fn from_json(file: CocoFile, error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let suffix = format!(" at line {line} column {column}");
        let problem = text.strip_suffix(&suffix).unwrap_or(&text).to_owned();
        if error.is_eof() || problem.contains("EOF while parsing") {
            Self::Truncated { file, line, column, problem }
        } else {
            Self::Malformed { file, line, column, problem }
        }
    }
}
