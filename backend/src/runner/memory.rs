//! Whether a Train function was killed for its memory: judged by what was counted, and noted for the
//! server.
//!
//! Must not know how a limit is held.

use super::outcome::ProcessEnd;
use crate::executor::host::out_of_memory_kills;
use crate::executor::incidents::{self, InstanceNote};
use crate::executor::memory::{MemoryLimit, watched};
use shared::service::{InstanceError, Reason};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const SIGNAL_KILL: i32 = 9;

/// What an instance knows of its memory.
#[derive(Debug)]
pub struct MemoryWitness {
    instance_dir: PathBuf,
    limit: Option<MemoryLimit>,
    /// Kills whose reason was told.
    explained: Mutex<u64>,
}

impl MemoryWitness {
    /// Reads what the executor noted, and watches the limit where the kernel does not.
    #[must_use]
    pub fn of_instance(instance_dir: &Path) -> Self {
        let limit = InstanceNote::read(instance_dir).memory;
        if let Some((ledger, limit_bytes)) = limit.as_ref().and_then(MemoryLimit::to_watch)
            && let Err(error) = watched::start(ledger.to_owned(), limit_bytes)
        {
            tracing::error!(%error, "the memory limit is not watched");
        }
        Self { instance_dir: instance_dir.to_owned(), limit, explained: Mutex::new(0) }
    }

    /// An end as it is, or what the evidence makes of it. `machine_kills` were counted on the whole machine
    /// before, which is all that there is to know without a limit.
    #[must_use]
    pub fn explain(&self, end: ProcessEnd, machine_kills: Option<u64>) -> ProcessEnd {
        let Some(limit) = &self.limit else {
            let grew = machine_kills.zip(out_of_memory_kills()).is_some_and(|(before, now)| now > before);
            let is_killed = end == ProcessEnd::Signal(SIGNAL_KILL);
            return if is_killed && grew { ProcessEnd::OutOfMemory("memory ran out".into()) } else { end };
        };
        let kills = limit.evidence().kills;
        let mut explained = self.explained.lock().unwrap_or_else(PoisonError::into_inner);
        let new_kills = kills.saturating_sub(*explained);
        if new_kills == 0 {
            return end;
        }
        *explained = kills;
        let why = limit.because(new_kills);
        // Where the system killed only a part of it, the rest may have borne that.
        let ended_it = match end {
            ProcessEnd::Signal(signal) => signal == SIGNAL_KILL,
            ProcessEnd::Exit(code) => code != 0,
            ProcessEnd::OutOfMemory(_) | ProcessEnd::Panic | ProcessEnd::Stuck => false,
        };
        let who = if ended_it { "an execution" } else { "a process of an execution" };
        let error =
            InstanceError { reason: Reason::OomKilled, detail: format!("{who} was killed because {why}") };
        if let Err(error) = incidents::note(&self.instance_dir, kills, error) {
            tracing::warn!(%error, "a kill for memory cannot be noted for the server");
        }
        if ended_it { ProcessEnd::OutOfMemory(why) } else { end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::memory::MemoryControl;

    #[test]
    fn an_end_is_explained_by_what_was_counted_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let limit = MemoryControl::Watched.limit("x", dir, 64 << 20).unwrap();
        let (ledger, _) = limit.to_watch().unwrap();
        let count = |kills: u64| {
            std::fs::write(ledger, format!("{{\"kills\":{kills},\"peak_bytes\":null}}")).unwrap()
        };
        let witness = MemoryWitness {
            instance_dir: dir.to_owned(),
            limit: Some(limit.clone()),
            explained: Mutex::new(0),
        };
        let killed = ProcessEnd::Signal(9);
        assert_eq!(witness.explain(killed.clone(), None), killed, "nothing was counted");
        count(1);
        let ProcessEnd::OutOfMemory(why) = witness.explain(killed.clone(), None) else {
            panic!("not explained")
        };
        assert!(why.contains("64.0 MiB (OOMKilled; the limit was watched"), "{why}");
        assert_eq!(witness.explain(killed.clone(), None), killed, "explained already");
        count(3);
        assert_eq!(witness.explain(ProcessEnd::Exit(0), None), ProcessEnd::Exit(0), "it bore that");
        let noted = std::fs::read_to_string(dir.join("incidents.jsonl")).unwrap();
        assert_eq!(noted.lines().count(), 2, "{noted}");
        assert!(
            noted.contains("OOMKilled") && noted.contains("a process of an execution was killed"),
            "{noted}"
        );
    }
}
