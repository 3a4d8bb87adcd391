//! Processes and what descends from them, as `/proc` tells it; nothing where there is no `/proc`.
//!
//! Must not know what a process is for.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;

/// How often it is looked for more before those that are left are given up: each look ends all that it sees, so only
/// what forks faster than that is ever seen again.
const MOST_LOOKS: usize = 50;

/// One process that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: i32,
    /// Who started it, or who took it over when that one ended.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
}

/// All processes. What ended and waits to be noticed is none.
#[must_use]
pub fn processes() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let process = |entry: std::fs::DirEntry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // After the command's name, which may hold anything: state, parent, group.
        let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
        let has_ended = matches!(fields.next()?, "Z" | "X");
        let process =
            Process { id, parent: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? };
        (!has_ended).then_some(process)
    };
    entries.flatten().filter_map(process).collect()
}

/// The process, its descendants, and whoever is in a process group of theirs.
#[must_use]
pub fn family(root: i32, all: &[Process]) -> BTreeSet<i32> {
    let mut found = BTreeSet::from([root]);
    loop {
        let groups: BTreeSet<i32> =
            all.iter().filter(|process| found.contains(&process.id)).map(|process| process.group).collect();
        let more = all.iter().filter(|one| found.contains(&one.parent) || groups.contains(&one.group));
        let grown: BTreeSet<i32> = found.iter().copied().chain(more.map(|one| one.id)).collect();
        if grown.len() == found.len() {
            return found;
        }
        found = grown;
    }
}

/// Everything of a process's family but itself, also what left its group (setsid).
#[must_use]
pub fn others(root: Pid) -> Vec<Pid> {
    let root = root.as_raw_nonzero().get();
    family(root, &processes()).into_iter().filter(|id| *id != root).filter_map(Pid::from_raw).collect()
}

/// Ends processes that were just seen.
pub fn end(seen: &[Pid]) {
    for process in seen {
        // It may end by itself between the look and the signal.
        let _ = kill_process(*process, Signal::KILL);
    }
}

/// Ends everything of a process's family but itself, until nothing of it is seen any more.
pub fn end_others(root: Pid) {
    for _ in 0..MOST_LOOKS {
        let seen = others(root);
        if seen.is_empty() {
            return;
        }
        end(&seen);
    }
    tracing::warn!(?root, "what a process started cannot all be ended");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_descendants_and_their_groups() {
        let process = |id, parent, group| Process { id, parent, group };
        let all = [
            process(1, 0, 1),
            process(10, 1, 10),
            process(11, 10, 11),
            process(12, 11, 11),
            // Its parent ended, but its group tells whose it is.
            process(13, 1, 11),
            process(14, 13, 14),
            process(20, 1, 20),
        ];
        assert_eq!(family(10, &all), BTreeSet::from([10, 11, 12, 13, 14]));
    }
}
