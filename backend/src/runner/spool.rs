//! Everything an attempt has to say, kept on the runner's own disk until the server has stored it.
//!
//! It lets training go on for hours while the server is away, in bounded memory. It does not
//! outlive its runner: an attempt ends with the runner that holds it, so nothing is synced here.
//! Must not know how entries travel.

use serde::{Deserialize, Serialize};
use shared::metric::{LogLevel, MetricSample};
use shared::model::ArtifactKind;
use shared::training::{Cause, Progress};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A segment is closed when it is larger than this.
const SEGMENT_BYTES: u64 = 4 * 1024 * 1024;

/// Entries kept in memory when the disk does not take them.
const OVERFLOW_ENTRIES: usize = 2_000;

/// One thing that an attempt says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, growing by 1.
    pub sequence: u64,
    /// UTC milliseconds since 1970.
    pub at_ms: i64,
    /// What it is.
    pub body: Body,
}

/// What an attempt can say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Body {
    /// A point of a chart.
    Sample(MetricSample),
    /// A log line.
    Log {
        /// How grave it is.
        level: LogLevel,
        /// The text.
        text: String,
    },
    /// What it computes on.
    Device {
        /// In words.
        name: String,
    },
    /// How far it is.
    Progress(Progress),
    /// A file that was uploaded before.
    Artifact {
        /// The name under which it is kept.
        name: String,
        /// What it is.
        kind: ArtifactKind,
        /// SHA-256, lower-case hexadecimal.
        content_hash: String,
        /// File size.
        size_bytes: u64,
        /// The epoch after which it was written.
        epoch: Option<u32>,
    },
    /// How it ended; nothing comes after it.
    End {
        /// Well or not.
        outcome: Outcome,
        /// Why, when not well.
        cause: Option<Cause>,
    },
}

/// How an attempt ended, as the runner judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The training is complete.
    Succeeded,
    /// The Train function, its configuration or its resources failed.
    Failed,
    /// A person asked for it.
    Stopped,
    /// It is to be put back if attempts are left.
    Reset,
}

/// The spool cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the runner's spool in {}: {source}", dir.display())]
pub struct SpoolError {
    dir: PathBuf,
    #[source]
    source: std::io::Error,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    last_sequence: u64,
    bytes: u64,
}

/// The spool of one attempt.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    /// Oldest first; the last one is being written. Never empty after the first entry.
    segments: VecDeque<Segment>,
    writing: Option<File>,
    /// What the disk did not take; always younger than everything on disk.
    overflow: VecDeque<Entry>,
    next_sequence: u64,
    acknowledged: u64,
    /// Bytes of the oldest segment that were acknowledged.
    read_offset: u64,
}

impl Spool {
    /// Starts an empty spool in a folder of its own; what an earlier attempt left there is removed.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn create(dir: &Path) -> Result<Self, SpoolError> {
        let wrap = |source| SpoolError { dir: dir.to_owned(), source };
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(wrap(error)),
            _ => std::fs::create_dir_all(dir).map_err(wrap)?,
        }
        Ok(Self::in_memory(dir))
    }

    /// A spool for a disk that takes no folder: it holds what memory may hold.
    #[must_use]
    pub fn in_memory(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            segments: VecDeque::new(),
            writing: None,
            overflow: VecDeque::new(),
            next_sequence: 1,
            acknowledged: 0,
            read_offset: 0,
        }
    }

    /// Adds an entry and gives it its number. When the disk does not take it, it is kept in memory,
    /// so that the last words of an attempt on a full disk still reach the server.
    ///
    /// # Errors
    /// If the disk did not take it, and memory is used up, too: then the entry is lost.
    pub fn append(&mut self, at_ms: i64, body: Body) -> Result<(), SpoolError> {
        let entry = Entry { sequence: self.next_sequence, at_ms, body };
        if self.overflow.is_empty() && self.write(&entry).is_ok() {
            self.next_sequence += 1;
            return Ok(());
        }
        if self.overflow.len() >= OVERFLOW_ENTRIES && !matches!(entry.body, Body::End { .. }) {
            let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(SpoolError { dir: self.dir.clone(), source });
        }
        self.overflow.push_back(entry);
        self.next_sequence += 1;
        Ok(())
    }

    fn write(&mut self, entry: &Entry) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if self.segments.back().is_none_or(|segment| segment.bytes >= SEGMENT_BYTES) || self.writing.is_none()
        {
            let path = self.dir.join(format!("{:020}.jsonl", entry.sequence));
            self.writing = Some(File::options().create_new(true).append(true).open(&path)?);
            self.segments.push_back(Segment {
                path,
                last_sequence: entry.sequence.saturating_sub(1),
                bytes: 0,
            });
        }
        let (Some(file), Some(segment)) = (self.writing.as_mut(), self.segments.back_mut()) else {
            return Err(std::io::Error::from(std::io::ErrorKind::NotFound));
        };
        if let Err(error) = file.write_all(&line) {
            // A torn line must not stand before the next one.
            file.set_len(segment.bytes)?;
            return Err(error);
        }
        segment.bytes += line.len() as u64;
        segment.last_sequence = entry.sequence;
        Ok(())
    }

    /// Whether everything was acknowledged.
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.acknowledged + 1 == self.next_sequence
    }

    /// The oldest entries that were not acknowledged, within the limits; at least one if there is one.
    ///
    /// # Errors
    /// If a segment cannot be read back.
    pub fn batch(&self, max_entries: usize, max_bytes: usize) -> Result<Vec<Entry>, SpoolError> {
        let wrap = |source| SpoolError { dir: self.dir.clone(), source };
        let mut entries = Vec::new();
        let mut bytes = 0;
        for (index, segment) in self.segments.iter().enumerate() {
            let mut file = File::open(&segment.path).map_err(wrap)?;
            if index == 0 {
                file.seek(SeekFrom::Start(self.read_offset)).map_err(wrap)?;
            }
            for line in BufReader::new(file).lines() {
                let line = line.map_err(wrap)?;
                bytes += line.len();
                if entries.len() >= max_entries || (bytes > max_bytes && !entries.is_empty()) {
                    return Ok(entries);
                }
                let entry: Entry = serde_json::from_str(&line).map_err(|error| wrap(error.into()))?;
                if entry.sequence > self.acknowledged {
                    entries.push(entry);
                }
            }
        }
        let room = max_entries.saturating_sub(entries.len());
        entries.extend(
            self.overflow.iter().filter(|entry| entry.sequence > self.acknowledged).take(room).cloned(),
        );
        Ok(entries)
    }

    /// Forgets everything up to `sequence`, which the server has stored.
    ///
    /// # Errors
    /// If a segment cannot be read back or removed.
    pub fn acknowledge(&mut self, sequence: u64) -> Result<(), SpoolError> {
        let sequence = sequence.min(self.next_sequence - 1);
        if sequence <= self.acknowledged {
            return Ok(());
        }
        self.acknowledged = sequence;
        while self.segments.front().is_some_and(|segment| segment.last_sequence <= sequence) {
            if let Some(segment) = self.segments.pop_front() {
                self.read_offset = 0;
                std::fs::remove_file(&segment.path)
                    .map_err(|source| SpoolError { dir: self.dir.clone(), source })?;
            }
        }
        if self.segments.is_empty() {
            self.writing = None;
        }
        while self.overflow.front().is_some_and(|entry| entry.sequence <= sequence) {
            self.overflow.pop_front();
        }
        self.skip_acknowledged()
    }

    /// Moves the place to read from past what was acknowledged in the oldest segment.
    fn skip_acknowledged(&mut self) -> Result<(), SpoolError> {
        let Some(segment) = self.segments.front() else { return Ok(()) };
        let wrap = |source| SpoolError { dir: self.dir.clone(), source };
        let mut file = File::open(&segment.path).map_err(wrap)?;
        file.seek(SeekFrom::Start(self.read_offset)).map_err(wrap)?;
        let mut reader = BufReader::new(file);
        let mut offset = self.read_offset;
        let mut line = String::new();
        loop {
            line.clear();
            let read = reader.read_line(&mut line).map_err(wrap)?;
            if read == 0 {
                break;
            }
            let entry: Entry = serde_json::from_str(&line).map_err(|error| wrap(error.into()))?;
            if entry.sequence > self.acknowledged {
                break;
            }
            offset += read as u64;
        }
        self.read_offset = offset;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(number: usize) -> Body {
        Body::Log { level: LogLevel::Info, text: format!("line {number}") }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Append(usize),
        Send { entries: usize, bytes: usize, arrives: bool },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1_usize..40).prop_map(Step::Append),
            (1_usize..30, 1_usize..4000, any::<bool>()).prop_map(|(entries, bytes, arrives)| Step::Send {
                entries,
                bytes,
                arrives
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever is lost on the way, the other side gets every entry once and in order.
        #[test]
        fn every_entry_arrives_once_and_in_order(steps in proptest::collection::vec(step(), 1..40)) {
            let folder = tempfile::tempdir().unwrap();
            let mut spool = Spool::create(&folder.path().join("spool")).unwrap();
            let mut appended = 0;
            let mut received: Vec<Entry> = Vec::new();
            for step in steps {
                match step {
                    Step::Append(count) => for _ in 0..count {
                        appended += 1;
                        spool.append(appended as i64, log(appended)).unwrap();
                    },
                    Step::Send { entries, bytes, arrives } => {
                        let batch = spool.batch(entries, bytes).unwrap();
                        prop_assert!(batch.len() <= entries);
                        if arrives && let Some(last) = batch.last() {
                            spool.acknowledge(last.sequence).unwrap();
                            received.extend(batch);
                        }
                    }
                }
            }
            while !spool.is_drained() {
                let batch = spool.batch(7, 200).unwrap();
                spool.acknowledge(batch.last().unwrap().sequence).unwrap();
                received.extend(batch);
            }
            prop_assert_eq!(received.len(), appended);
            for (index, entry) in received.iter().enumerate() {
                prop_assert_eq!(entry.sequence, index as u64 + 1);
                prop_assert_eq!(&entry.body, &log(index + 1));
            }
            prop_assert_eq!(std::fs::read_dir(folder.path().join("spool")).unwrap().count(), 0);
        }
    }

    #[test]
    fn segments_are_closed_and_removed_as_they_are_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("spool");
        let mut spool = Spool::create(&dir).unwrap();
        let text = "x".repeat(100_000);
        for _ in 0..100 {
            spool.append(1, Body::Log { level: LogLevel::Info, text: text.clone() }).unwrap();
        }
        assert!(std::fs::read_dir(&dir).unwrap().count() >= 2);
        spool.acknowledge(60).unwrap();
        assert_eq!(spool.batch(1, 1).unwrap()[0].sequence, 61);
        spool.acknowledge(1_000).unwrap();
        assert!(spool.is_drained() && spool.batch(10, 10).unwrap().is_empty());
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
    }

    #[test]
    fn last_words_get_through_when_the_disk_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("spool");
        let mut spool = Spool::create(&dir).unwrap();
        spool.append(1, log(1)).unwrap();
        spool.acknowledge(1).unwrap();
        // Without its folder, the next segment cannot be made.
        std::fs::remove_dir_all(&dir).unwrap();
        for number in 2..=OVERFLOW_ENTRIES + 1 {
            spool.append(2, log(number)).unwrap();
        }
        assert!(spool.append(3, log(0)).is_err(), "memory is bounded");
        spool.append(4, Body::End { outcome: Outcome::Failed, cause: None }).unwrap();
        let batch = spool.batch(10_000, usize::MAX).unwrap();
        assert_eq!(batch.len(), OVERFLOW_ENTRIES + 1);
        assert_eq!(batch.first().map(|entry| entry.sequence), Some(2));
        assert!(matches!(batch.last().unwrap().body, Body::End { .. }));
    }
}
