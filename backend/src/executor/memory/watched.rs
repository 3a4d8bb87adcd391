//! A memory limit without the kernel's help: what an instance's processes take is added up twice a
//! second, and the largest one is ended when it is too much.
//!
//! Must not know control groups.

use super::Evidence;
use crate::executor::family::{family, processes};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often it is looked.
const INTERVAL: Duration = Duration::from_millis(500);

/// Watches this process and all that it starts, for as long as this process lives.
///
/// # Errors
/// If the system gives no thread.
pub fn start(ledger: PathBuf, limit_bytes: u64) -> std::io::Result<()> {
    let root = i32::try_from(std::process::id()).map_err(std::io::Error::other)?;
    std::thread::Builder::new().name("memory".into()).spawn(move || {
        loop {
            std::thread::sleep(INTERVAL);
            look(root, &ledger, limit_bytes);
        }
    })?;
    Ok(())
}

/// What a watch wrote down.
pub(super) fn read(ledger: &Path) -> Evidence {
    std::fs::read(ledger).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// One look: the peak is written down where it grew by much, and a kill before it happens, as it may
/// be this process that ends.
fn look(root: i32, ledger: &Path, limit_bytes: u64) {
    let taken: Vec<(i32, u64)> =
        family(root, &processes()).into_iter().map(|id| (id, resident_bytes(id).unwrap_or(0))).collect();
    let total: u64 = taken.iter().map(|(_, bytes)| bytes).sum();
    let mut evidence = read(ledger);
    if total <= limit_bytes {
        if evidence.peak_bytes.unwrap_or(0).saturating_add(limit_bytes / 64) < total {
            evidence.peak_bytes = Some(total);
            write(ledger, evidence);
        }
        return;
    }
    let largest = taken.iter().max_by_key(|(_, bytes)| *bytes).and_then(|(id, _)| Pid::from_raw(*id));
    let Some(largest) = largest else { return };
    evidence.kills += 1;
    evidence.peak_bytes = Some(total.max(evidence.peak_bytes.unwrap_or(0)));
    write(ledger, evidence);
    tracing::warn!(process = ?largest, total, limit_bytes, "the memory limit is passed: the largest process is ended");
    if let Err(error) = kill_process(largest, Signal::KILL) {
        tracing::debug!(%error, "the largest process ended by itself");
    }
}

fn write(ledger: &Path, evidence: Evidence) {
    let unfinished = ledger.with_extension("new");
    let written = serde_json::to_vec(&evidence)
        .map_err(std::io::Error::from)
        .and_then(|text| std::fs::write(&unfinished, text))
        .and_then(|()| std::fs::rename(&unfinished, ledger));
    if let Err(error) = written {
        tracing::warn!(%error, "what the memory watch saw cannot be written down");
    }
}

/// What a process takes for itself: pages of files are shared and can be given back.
fn resident_bytes(id: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let kibibytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    };
    let own = kibibytes("RssAnon:").map(|own| own + kibibytes("RssShmem:").unwrap_or(0));
    own.or_else(|| kibibytes("VmRSS:")).map(|kibibytes| kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;

    #[test]
    fn the_largest_of_a_family_is_ended_and_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("kills.json");
        let large = r#"x=$(head -c 60000000 /dev/zero | tr "\0" a); sleep 600"#;
        let shell = std::process::Command::new("/bin/sh")
            .args(["-c", &format!("/bin/sh -c '{large}'; echo ended with $?")])
            .stdout(std::process::Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let root = i32::try_from(shell.id()).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while read(&ledger).kills == 0 {
            look(root, &ledger, 32 << 20);
            assert!(std::time::Instant::now() < deadline, "nothing was too large");
        }
        // What is left of the group is let go; the shell itself was not touched.
        let output = shell.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stdout), "ended with 137\n");
        let evidence = read(&ledger);
        assert_eq!(evidence.kills, 1);
        assert!(evidence.peak_bytes.is_some_and(|peak| peak > 32 << 20), "{evidence:?}");
    }
}
