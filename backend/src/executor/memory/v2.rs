//! Control groups of version 2: one hierarchy, where a group that hands controllers to its children
//! has no process of its own.
//!
//! Must not know instances.

use super::{
    Evidence, kill_and_remove, kill_members, members, mount_of, number_after, number_in, own_group, probe,
};
use std::path::{Path, PathBuf};

const LIMIT: &str = "memory.max";

/// The group into which this process moves, so that its own one can hand the controller on.
const LEAF: &str = "server";

/// The own group of this process, where groups with a memory limit can be made below it.
pub(super) fn usable() -> Option<PathBuf> {
    let base = mount_of(|kind, _| kind == "cgroup2")?.join(own_group(str::is_empty)?);
    let controllers = std::fs::read_to_string(base.join("cgroup.controllers")).ok()?;
    if !controllers.split_ascii_whitespace().any(|name| name == "memory") {
        return None;
    }
    (probe(&base, LIMIT, "max") || (hand_memory_on(&base) && probe(&base, LIMIT, "max"))).then_some(base)
}

/// Lets children of the own group have limits. Only in a group that holds this process alone, which
/// is one that was given to it.
fn hand_memory_on(base: &Path) -> bool {
    let own = std::process::id();
    if members(base) != i32::try_from(own).map(|id| vec![id]).unwrap_or_default() {
        return false;
    }
    let leaf = base.join(LEAF);
    let moved = std::fs::create_dir(&leaf).is_ok()
        && std::fs::write(leaf.join("cgroup.procs"), own.to_string()).is_ok();
    if moved && std::fs::write(base.join("cgroup.subtree_control"), "+memory").is_ok() {
        return true;
    }
    // Back to where it was; what was never made needs no removal.
    let _ = std::fs::write(base.join("cgroup.procs"), own.to_string());
    let _ = std::fs::remove_dir(&leaf);
    false
}

pub(super) fn make(base: &Path, name: &str, limit_bytes: u64) -> std::io::Result<PathBuf> {
    let group = base.join(name);
    std::fs::create_dir(&group)?;
    if let Err(error) = std::fs::write(group.join(LIMIT), limit_bytes.to_string()) {
        let _ = std::fs::remove_dir(&group);
        return Err(error);
    }
    // Only the process that is too large is killed, so that its runner can report it. Swap would be a way
    // around the limit. Kernels without either have no such file.
    for (file, value) in [("memory.swap.max", "0"), ("memory.oom.group", "0")] {
        if let Err(error) = std::fs::write(group.join(file), value) {
            tracing::debug!(%error, file, "a control group does not take a setting");
        }
    }
    Ok(group)
}

pub(super) fn evidence(group: &Path) -> Evidence {
    Evidence {
        kills: number_after(&group.join("memory.events"), "oom_kill").unwrap_or(0),
        peak_bytes: number_in(&group.join("memory.peak")),
    }
}

pub(super) fn end(group: &Path) {
    kill_and_remove(group, || {
        if std::fs::write(group.join("cgroup.kill"), "1").is_err() {
            kill_members(group);
        }
    });
}
