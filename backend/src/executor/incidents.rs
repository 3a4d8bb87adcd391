//! What a runner found out about its instance while it went on: kept in the instance's folder, for the
//! server that is there to read it.
//!
//! Must not know who groups them.

use super::memory::MemoryLimit;
use serde::{Deserialize, Serialize};
use shared::service::InstanceError;
use std::io::Write;
use std::path::Path;

const INCIDENTS: &str = "incidents.jsonl";
/// How many lines were read already.
const SEEN: &str = "incidents.seen";
const SETTINGS: &str = "instance.json";

/// What a later server must know of an instance to watch over and to end it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InstanceNote {
    /// The most memory that it may take; `None` for no limit.
    pub memory: Option<MemoryLimit>,
    /// How long what runs may take to stop by itself.
    pub drain_secs: u32,
}

impl InstanceNote {
    /// What was noted in this folder; nothing where nothing was.
    #[must_use]
    pub fn read(instance_dir: &Path) -> Self {
        let text = std::fs::read(instance_dir.join(SETTINGS)).ok();
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Notes it.
    ///
    /// # Errors
    /// If the folder does not take it.
    pub fn write(&self, instance_dir: &Path) -> std::io::Result<()> {
        let unfinished = instance_dir.join("instance.json.new");
        std::fs::write(&unfinished, serde_json::to_vec(self)?)?;
        std::fs::rename(unfinished, instance_dir.join(SETTINGS))
    }
}

/// One thing that went wrong, and how many kills for memory it and those before it explain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Incident {
    kills: u64,
    error: InstanceError,
}

/// Writes one down.
///
/// # Errors
/// If the folder does not take it.
pub fn note(instance_dir: &Path, kills: u64, error: InstanceError) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(&Incident { kills, error })?;
    line.push(b'\n');
    let path = instance_dir.join(INCIDENTS);
    std::fs::File::options().create(true).append(true).open(path)?.write_all(&line)
}

fn all(instance_dir: &Path) -> Vec<Incident> {
    let text = std::fs::read_to_string(instance_dir.join(INCIDENTS)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Kills for memory that a runner lived to tell of.
pub(super) fn explained_kills(instance_dir: &Path) -> u64 {
    all(instance_dir).last().map_or(0, |incident| incident.kills)
}

/// Those that were not taken before, also by an earlier server.
pub(super) fn take_new(instance_dir: &Path) -> Vec<InstanceError> {
    let seen = instance_dir.join(SEEN);
    let before = std::fs::read_to_string(&seen).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let incidents = all(instance_dir);
    let count = incidents.len();
    if count <= before {
        return Vec::new();
    }
    if let Err(error) = std::fs::write(&seen, count.to_string()) {
        // Rather untold than told for ever.
        tracing::warn!(%error, "incidents of an instance are not told, as it cannot be noted that they were");
        return Vec::new();
    }
    incidents.into_iter().skip(before).map(|incident| incident.error).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::service::Reason;

    #[test]
    fn each_is_told_once_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        assert!(take_new(dir).is_empty());
        let error = |detail: &str| InstanceError { reason: Reason::OomKilled, detail: detail.into() };
        note(dir, 1, error("a")).unwrap();
        note(dir, 3, error("b")).unwrap();
        assert_eq!(take_new(dir), [error("a"), error("b")]);
        assert!(take_new(dir).is_empty());
        note(dir, 4, error("c")).unwrap();
        assert_eq!((take_new(dir), explained_kills(dir)), (vec![error("c")], 4));
        assert_eq!(InstanceNote::read(dir), InstanceNote::default());
    }
}
