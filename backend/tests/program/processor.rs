//! What processes compute for.

use std::time::Duration;

/// Of `proc_pid_stat(5)`: `USER_HZ`, which is 100 wherever Linux is built as it comes.
const TICK: Duration = Duration::from_millis(10);

/// What the threads of a process, the ended ones too, have computed for, for themselves and for the system; nothing once
/// it is gone. Fields 14 and 15 of `/proc/<pid>/stat`.
pub fn time_of(id: i32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}
