//! The processes of this machine that belong to a test: those that have its folder in their command line,
//! environment or working directory.
//!
//! Must not know what the processes do. Reads `/proc`, so it works on Linux alone.

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;

/// A process that was running a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub id: i32,
    /// Its command line, for messages.
    pub command: String,
}

/// Every process that has `folder` in its command line, environment or working directory.
///
/// # Errors
/// If `/proc` cannot be listed.
pub fn that_use(folder: &Path) -> Result<Vec<Process>> {
    let needle = folder.as_os_str().as_encoded_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("cannot list /proc")? {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        if id == i32::try_from(std::process::id())? || is_zombie(&entry.path()) {
            continue;
        }
        // A process may end between two of these lines, which is the same as not being there.
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let working = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        if contains(&command, needle) || contains(&environment, needle) || working.starts_with(folder) {
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            found.push(Process { id, command });
        }
    }
    Ok(found)
}

/// A process that has ended and only waits to be collected uses nothing any more.
fn is_zombie(process: &Path) -> bool {
    fs::read_to_string(process.join("stat"))
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z')))
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|part| part == needle)
}

/// Sends a signal; a process that has ended meanwhile is fine.
pub fn send(id: i32, signal: Signal) {
    if let Some(id) = Pid::from_raw(id) {
        let _ = kill_process(id, signal);
    }
}

/// Ends every process that uses `folder`, so that a failing test leaves nothing behind.
pub fn end_all_that_use(folder: &Path) {
    for process in that_use(folder).unwrap_or_default() {
        send(process.id, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::until;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    #[test]
    fn processes_are_found_by_command_environment_and_folder_and_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert_eq!(that_use(path).unwrap(), []);
        let mut children = [
            Command::new("sleep").arg("600").env("SOMEWHERE", path.join("below")).spawn().unwrap(),
            Command::new("sleep").arg("600").current_dir(path).spawn().unwrap(),
            Command::new("sh").args(["-c", "read line"]).arg(path).stdin(Stdio::piped()).spawn().unwrap(),
        ];
        let deadline = Duration::from_secs(10);
        until("all three are seen", deadline, || Ok((that_use(path)?.len() == 3).then_some(()))).unwrap();
        end_all_that_use(path);
        for child in &mut children {
            child.wait().unwrap();
        }
        assert_eq!(that_use(path).unwrap(), []);
    }
}
