//! The memory that an instance may take: a control group of the kernel where one can be written, and
//! where none can, a watch. Whether memory ran out is told by what the kernel counted, never guessed.
//!
//! Must not know what an instance works on.

mod v1;
mod v2;
pub mod watched;

use serde::{Deserialize, Serialize};
use shared::format::bytes;
use std::path::{Path, PathBuf};

/// How limits are held on this machine; found out once, when the server starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryControl {
    /// Control groups of version 2, made below this one.
    V2(PathBuf),
    /// Control groups of version 1, made below this one.
    V1(PathBuf),
    /// The runner looks, and ends the largest process.
    Watched,
}

impl MemoryControl {
    /// What this process may use. Groups are made below its own group alone, so that whatever limits
    /// this process limits its instances as well.
    #[must_use]
    pub fn discover() -> Self {
        let control =
            v2::usable().map(Self::V2).or_else(|| v1::usable().map(Self::V1)).unwrap_or(Self::Watched);
        tracing::info!(control = control.describe(), "how memory limits are held");
        control
    }

    fn describe(&self) -> String {
        match self {
            Self::V2(base) => format!("control groups of version 2 in {}", base.display()),
            Self::V1(base) => format!("control groups of version 1 in {}", base.display()),
            Self::Watched => "watched, as this system gives no control group to write".into(),
        }
    }

    /// Makes a limit for one instance, which has no process yet.
    ///
    /// # Errors
    /// What the system refused.
    pub fn limit(&self, name: &str, instance_dir: &Path, limit_bytes: u64) -> std::io::Result<MemoryLimit> {
        let place = match self {
            Self::V2(base) => Place::V2 { group: v2::make(base, name, limit_bytes)? },
            Self::V1(base) => Place::V1 { group: v1::make(base, name, limit_bytes)? },
            Self::Watched => Place::Watched { ledger: instance_dir.join("memory-kills.json") },
        };
        Ok(MemoryLimit { limit_bytes, place })
    }
}

/// Where a limit is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Place {
    V2 {
        group: PathBuf,
    },
    V1 {
        group: PathBuf,
    },
    Watched {
        ledger: PathBuf,
    },
    /// The instance is gone, and its group with it: this is what was counted.
    Ended {
        evidence: Evidence,
        was_watched: bool,
    },
}

/// The limit of one instance, also for a later server and for the runner inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryLimit {
    /// The most that all its processes may take together.
    limit_bytes: u64,
    place: Place,
}

/// What was counted of an instance's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// Processes that were killed because the limit was passed.
    pub kills: u64,
    /// The most that was taken at once, where it is known.
    pub peak_bytes: Option<u64>,
}

impl MemoryLimit {
    /// Puts a process, and all that it will start, under the limit.
    ///
    /// # Errors
    /// What the system refused.
    pub fn admit(&self, process_id: u32) -> std::io::Result<()> {
        match &self.place {
            Place::V2 { group } | Place::V1 { group } => {
                std::fs::write(group.join("cgroup.procs"), process_id.to_string())
            }
            Place::Watched { .. } | Place::Ended { .. } => Ok(()),
        }
    }

    /// What was counted until now.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        match &self.place {
            Place::V2 { group } => v2::evidence(group),
            Place::V1 { group } => v1::evidence(group),
            Place::Watched { ledger } => watched::read(ledger),
            Place::Ended { evidence, .. } => *evidence,
        }
    }

    /// Where a watch writes down whom it ended; `None` where the kernel holds the limit.
    #[must_use]
    pub fn to_watch(&self) -> Option<(&Path, u64)> {
        match &self.place {
            Place::Watched { ledger } => Some((ledger, self.limit_bytes)),
            Place::V2 { .. } | Place::V1 { .. } | Place::Ended { .. } => None,
        }
    }

    /// Ends what is left in the group, also what left its process group, and takes the group away.
    #[must_use]
    pub fn ended(&self) -> Self {
        let evidence = self.evidence();
        let was_watched = match &self.place {
            Place::V2 { group } => {
                v2::end(group);
                false
            }
            Place::V1 { group } => {
                v1::end(group);
                false
            }
            Place::Watched { .. } => true,
            Place::Ended { was_watched, .. } => *was_watched,
        };
        Self { limit_bytes: self.limit_bytes, place: Place::Ended { evidence, was_watched } }
    }

    /// Why something was killed, in words that follow "was killed because".
    #[must_use]
    pub fn because(&self, new_kills: u64) -> String {
        let limit = bytes(self.limit_bytes);
        let peak = self
            .evidence()
            .peak_bytes
            .map_or_else(String::new, |peak| format!(", at most {} were in use at once", bytes(peak)));
        let was_watched =
            matches!(self.place, Place::Watched { .. } | Place::Ended { was_watched: true, .. });
        let who = if was_watched {
            "the limit was watched, as this system gives no control group to write".to_owned()
        } else {
            let plural = if new_kills == 1 { "" } else { "s" };
            format!("the kernel counted {new_kills} kill{plural}")
        };
        format!("it passed the memory limit of {limit} (OOMKilled; {who}{peak})")
    }
}

/// A number that stands alone in a file of a control group.
fn number_in(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The number after a key, in a file of one key and number a line.
fn number_after(path: &Path, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let value = |line: &str| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok();
    text.lines().find_map(value)
}

/// Where the control groups of this kind are mounted: the mount whose options or type name them.
fn mount_of(names: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    mounts.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (folder, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
        names(kind, options).then(|| PathBuf::from(folder))
    })
}

/// The group of this process in the hierarchy that these controllers name.
fn own_group(is_hierarchy: impl Fn(&str) -> bool) -> Option<String> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        is_hierarchy(controllers).then(|| path.trim_start_matches('/').to_owned())
    })
}

/// Whether groups can be made below this one and have this file, which takes a value.
fn probe(base: &Path, file: &str, value: &str) -> bool {
    let group = base.join(format!("trainyard-probe-{}", std::process::id()));
    let can = std::fs::create_dir(&group).is_ok()
        && group.join(file).is_file()
        && std::fs::write(group.join(file), value).is_ok();
    // Where it was not made, there is nothing to take away.
    let _ = std::fs::remove_dir(&group);
    can
}

/// The processes of a group.
fn members(group: &Path) -> Vec<i32> {
    let text = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

fn kill_members(group: &Path) {
    for process in members(group).into_iter().filter_map(rustix::process::Pid::from_raw) {
        // One that ended meanwhile needs no signal.
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
    }
}

/// How often the end of a group's processes is waited for, and how long each time.
const END_TRIES: u32 = 40;
const END_PAUSE: std::time::Duration = std::time::Duration::from_millis(25);

/// Kills what is in a group until it can be taken away.
fn kill_and_remove(group: &Path, kill: impl Fn()) {
    for _ in 0..END_TRIES {
        match std::fs::remove_dir(group) {
            Ok(()) => return,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(_) => kill(),
        }
        std::thread::sleep(END_PAUSE);
    }
    tracing::warn!(group = %group.display(), "a control group is left, as a process in it does not end");
}

#[cfg(test)]
mod tests;
