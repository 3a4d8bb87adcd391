//! Control groups of version 1: the controller `memory` in a hierarchy of its own.
//!
//! Must not know instances.

use super::{Evidence, kill_and_remove, kill_members, mount_of, number_after, number_in, own_group, probe};
use std::path::{Path, PathBuf};

const LIMIT: &str = "memory.limit_in_bytes";

/// The own group of this process, where groups can be made below it.
pub(super) fn usable() -> Option<PathBuf> {
    let names_memory = |list: &str| list.split(',').any(|name| name == "memory");
    let mount = mount_of(|kind, options| kind == "cgroup" && names_memory(options))?;
    let base = mount.join(own_group(names_memory)?);
    // Without a hierarchy, what is below a group would not count against that group's own limit.
    let is_counted_above = number_in(&base.join("memory.use_hierarchy")) == Some(1);
    (is_counted_above && probe(&base, LIMIT, "1073741824")).then_some(base)
}

pub(super) fn make(base: &Path, name: &str, limit_bytes: u64) -> std::io::Result<PathBuf> {
    let group = base.join(name);
    std::fs::create_dir(&group)?;
    let limited = std::fs::write(group.join(LIMIT), limit_bytes.to_string());
    if let Err(error) = limited {
        let _ = std::fs::remove_dir(&group);
        return Err(error);
    }
    // Swap would be a way around the limit; kernels that do not count it have no such file.
    if let Err(error) = std::fs::write(group.join("memory.memsw.limit_in_bytes"), limit_bytes.to_string()) {
        tracing::debug!(%error, "swap is not counted against the memory limit");
    }
    Ok(group)
}

pub(super) fn evidence(group: &Path) -> Evidence {
    // Before Linux 4.13 only refused allocations were counted, which need not kill: nothing is claimed then.
    Evidence {
        kills: number_after(&group.join("memory.oom_control"), "oom_kill").unwrap_or(0),
        peak_bytes: number_in(&group.join("memory.max_usage_in_bytes")),
    }
}

pub(super) fn end(group: &Path) {
    kill_and_remove(group, || kill_members(group));
}
