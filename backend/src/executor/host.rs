//! What the operating system tells of processes: whether one is still the same, signals to groups,
//! and evidence that memory ran out.
//!
//! Must not know what a process is for.

use rustix::process::{Pid, Signal, getpgid, kill_process_group};
use std::path::{Path, PathBuf};

/// Names one process for ever: its id and the time of its start, because ids are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessIdentity {
    pid: i32,
    started: u64,
}

impl ProcessIdentity {
    /// The process that has this id now; `None` when there is none, or only its remains.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0)?;
        start_time(pid).map(|started| Self { pid, started })
    }

    /// A process that ended before anybody looked.
    #[must_use]
    pub fn ended(pid: u32) -> Self {
        Self { pid: i32::try_from(pid).ok().filter(|pid| *pid > 0).unwrap_or(i32::MAX), started: 0 }
    }

    /// Reads what [`Display`](std::fmt::Display) wrote.
    #[must_use]
    pub fn parse(handle: &str) -> Option<Self> {
        let (pid, started) = handle.strip_prefix("pid-")?.split_once('@')?;
        Some(Self { pid: pid.parse().ok().filter(|pid| *pid > 0)?, started: started.parse().ok()? })
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_alive(self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    /// Sends a signal to the process group that it leads, if it is still the same process.
    pub fn signal_group(self, signal: Signal) {
        if self.is_alive()
            && let Some(pid) = Pid::from_raw(self.pid)
            // It may end between the check and the signal; then there is nothing left to do.
            && let Err(error) = kill_process_group(pid, signal)
        {
            tracing::debug!(pid = self.pid, %error, "a signal found no process group");
        }
    }
}

impl std::fmt::Display for ProcessIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "pid-{}@{}", self.pid, self.started)
    }
}

/// Start time in clock ticks since boot: fields 3 and 22 of `/proc/<pid>/stat`, counted after the
/// command's name, which is in parentheses and may hold anything.
#[cfg(target_os = "linux")]
fn start_time(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?;
    let remains = matches!(state, "Z" | "X");
    fields.nth(18)?.parse().ok().filter(|_| !remains)
}

#[cfg(not(target_os = "linux"))]
fn start_time(pid: i32) -> Option<u64> {
    use sysinfo::{Pid as SystemPid, ProcessStatus, ProcessesToUpdate, System};
    let pid = SystemPid::from_u32(u32::try_from(pid).ok()?);
    let mut system = System::new();
    system.refresh_processes(ProcessesToUpdate::Some(&[pid]), true);
    let process = system.process(pid)?;
    (process.status() != ProcessStatus::Zombie).then(|| process.start_time())
}

/// The process that works in this folder and leads a group of its own.
#[cfg(target_os = "linux")]
#[must_use]
pub fn leader_in(folder: &Path) -> Option<ProcessIdentity> {
    let folder = folder.canonicalize().ok()?;
    let entries = std::fs::read_dir("/proc").ok()?.flatten();
    let mut pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let found = pids.find(|pid| {
        std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|place| place == folder)
            && Pid::from_raw(*pid).is_some_and(|pid| getpgid(Some(pid)) == Ok(pid))
    });
    ProcessIdentity::of(u32::try_from(found?).ok()?)
}

/// The process that works in this folder and leads a group of its own.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn leader_in(folder: &Path) -> Option<ProcessIdentity> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
    let folder = folder.canonicalize().ok()?;
    let mut system = System::new();
    let what = ProcessRefreshKind::nothing().with_cwd(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let mut pids = system.processes().iter().filter(|(_, process)| process.cwd() == Some(folder.as_path()));
    let found = pids.find_map(|(pid, _)| {
        let pid = Pid::from_raw(i32::try_from(pid.as_u32()).ok()?)?;
        (getpgid(Some(pid)) == Ok(pid)).then_some(pid)
    });
    ProcessIdentity::of(u32::try_from(found?.as_raw_nonzero().get()).ok()?)
}

/// The folder, inside an instance's own, in which its runner notes the process groups it started.
const NOTES: &str = "groups";

/// A note that a process group runs, for whoever must end it should its runner not be able to.
#[derive(Debug)]
pub struct GroupNote(PathBuf);

impl GroupNote {
    /// Notes the group that this process leads.
    ///
    /// # Errors
    /// If the note cannot be written.
    pub fn write(instance_dir: &Path, leader: ProcessIdentity) -> std::io::Result<Self> {
        let notes = instance_dir.join(NOTES);
        std::fs::create_dir_all(&notes)?;
        let path = notes.join(leader.to_string());
        std::fs::write(&path, "")?;
        Ok(Self(path))
    }
}

impl Drop for GroupNote {
    fn drop(&mut self) {
        // One that is left over names a process that is gone, and does no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Ends every group that a runner noted and left behind.
pub fn end_noted_groups(instance_dir: &Path) {
    let Ok(notes) = std::fs::read_dir(instance_dir.join(NOTES)) else { return };
    for note in notes.flatten() {
        if let Some(leader) = note.file_name().to_str().and_then(ProcessIdentity::parse) {
            if leader.is_alive() {
                tracing::warn!(%leader, "a process that outlived its runner is ended");
            }
            leader.signal_group(Signal::KILL);
        }
        let _ = std::fs::remove_file(note.path());
    }
}

/// How often this machine's kernel has killed a process because memory ran out; `None` where it does
/// not say.
#[must_use]
pub fn out_of_memory_kills() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/vmstat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_more_than_its_id() {
        let own = ProcessIdentity::of(std::process::id()).unwrap();
        assert!(own.is_alive());
        assert_eq!(ProcessIdentity::parse(&own.to_string()), Some(own));
        let reused = ProcessIdentity { started: own.started + 1, ..own };
        assert!(!reused.is_alive());
        for text in ["", "pid-", "pid-1", "pid-0@3", "pid--4@3", "12@3", "pid-x@3"] {
            assert_eq!(ProcessIdentity::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_runner_left_behind_is_ended() {
        use std::os::unix::process::CommandExt;
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let identity = ProcessIdentity::of(child.id()).unwrap();
        let note = GroupNote::write(folder.path(), identity).unwrap();
        // As when the runner is killed: the note stays.
        std::mem::forget(note);
        end_noted_groups(folder.path());
        assert!(!child.wait().unwrap().success());
        assert_eq!(std::fs::read_dir(folder.path().join(NOTES)).unwrap().count(), 0);
    }

    #[test]
    fn one_that_ended_is_not_alive() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let identity = ProcessIdentity::of(child.id()).unwrap();
        assert!(identity.is_alive());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!identity.is_alive());
    }
}
