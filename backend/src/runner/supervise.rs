//! Stands between a runner and a program of somebody else: it leads the program's process group, passes
//! orders on, and ends the whole group as soon as the runner is gone, however that came about. On Linux it takes over
//! what the program started and left, so that nothing of it stays behind, in whatever group it is.
//!
//! Must not know what the orders mean.

use crate::executor::family::end_others;
use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, Stdio};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a program that cannot be started, as shells have it.
const EXIT_NOT_STARTED: u8 = 127;

/// A program that was ended by a signal gives this and the signal's number, as in shells.
pub const SIGNALLED: i32 = 128;

/// Runs a program to its end, and answers with its exit code.
#[must_use]
pub fn run(command: &[String]) -> ExitCode {
    ExitCode::from(exit_code_of(command))
}

fn exit_code_of(command: &[String]) -> u8 {
    match start(command) {
        Ok(mut child) => match child.wait() {
            Ok(status) => {
                end_others(getpid());
                let code = status.code().or_else(|| status.signal().map(|signal| SIGNALLED + signal));
                code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
            }
            Err(error) => {
                eprintln!("the program cannot be waited for: {error}");
                end_group();
                1
            }
        },
        Err(error) => {
            eprintln!("`{}` cannot be started: {error}", command.join(" "));
            EXIT_NOT_STARTED
        }
    }
}

fn start(command: &[String]) -> std::io::Result<Child> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| std::io::Error::other("no program is named"))?;
    outlive_requests()?;
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(getpid()))?;
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).spawn()?;
    let mut orders = child.stdin.take();
    let passed_on = std::thread::Builder::new().name("orders".into()).spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = std::io::stdin().read(&mut chunk) {
            let part = chunk.get(..count).unwrap_or_default();
            // A program need not read its orders.
            if orders.as_mut().is_some_and(|orders| orders.write_all(part).is_err()) {
                orders = None;
            }
        }
        end_group();
    });
    if let Err(error) = passed_on {
        child.kill()?;
        child.wait()?;
        return Err(error);
    }
    Ok(child)
}

/// What asks a group to end is for the program to answer: this process ends with it, not before it.
fn outlive_requests() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _entered = runtime.enter();
    // Once they are listened to, they never again end this process by themselves.
    drop(signal(SignalKind::terminate())?);
    drop(signal(SignalKind::interrupt())?);
    drop(signal(SignalKind::hangup())?);
    Ok(())
}

/// Ends everything in the group that this process leads, itself included.
fn end_group() {
    // What left the group first: once the group ends, so does this process.
    end_others(getpid());
    if getpgrp() == getpid()
        && let Err(error) = kill_current_process_group(Signal::KILL)
    {
        eprintln!("the program's group cannot be ended: {error}");
    }
    std::process::exit(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::time::{Duration, Instant};

    const SCRIPT: &str = "TRAINYARD_TEST_SUPERVISED";

    /// Not a test by itself: the others start it as a process of its own, which supervises a script.
    #[test]
    fn stand_in() {
        if let Ok(script) = std::env::var(SCRIPT) {
            let code = exit_code_of(&["/bin/sh", "-c", &script].map(str::to_owned));
            std::process::exit(code.into());
        }
    }

    fn supervised(script: &str) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "runner::supervise::tests::stand_in", "--nocapture"])
            .env(SCRIPT, script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap()
    }

    /// Processes of a group that still run.
    fn members(group: u32) -> usize {
        let is_member = |entry: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_ascii_whitespace().collect();
            (fields[0] != "Z" && fields[2] == group.to_string()).then_some(())
        };
        std::fs::read_dir("/proc").unwrap().flatten().filter_map(is_member).count()
    }

    #[test]
    fn a_program_ends_as_it_does_alone() {
        for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -SEGV $$", 139), ("kill -KILL $$", 137)] {
            let mut child = supervised(script);
            // Waiting would close it, which means that the runner is gone.
            let _open = child.stdin.take();
            assert_eq!(child.wait().unwrap().code(), Some(code), "{script}");
        }
    }

    #[test]
    fn orders_arrive_and_a_polite_signal_is_the_programs_to_answer() {
        let mut child = supervised(
            "trap 'echo asked; exit 5' TERM; read order; echo got $order; while :; do sleep 0.05; done",
        );
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut orders = child.stdin.take().unwrap();
        orders.write_all(b"stop\n").unwrap();
        assert!(lines.any(|line| line == "got stop"));
        crate::executor::host::ProcessIdentity::of(child.id()).unwrap().signal_group(Signal::TERM);
        assert!(lines.any(|line| line == "asked"));
        assert_eq!(child.wait().unwrap().code(), Some(5));
        drop(orders);
    }

    #[test]
    fn nothing_of_the_group_outlives_the_runner() {
        let mut child = supervised("trap '' TERM HUP; sleep 601 & echo up; sleep 602; wait");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line == "up"));
        let group = child.id();
        assert!(members(group) >= 3, "{} members", members(group));
        // As when the runner is killed: the kernel closes its end of the pipe.
        drop(child.stdin.take());
        let gone = Instant::now();
        child.wait().unwrap();
        while members(group) > 0 {
            assert!(gone.elapsed() < Duration::from_secs(2), "{} are left", members(group));
        }
        assert!(gone.elapsed() < Duration::from_secs(2), "it took {:?}", gone.elapsed());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_left_the_group_ends_with_the_program() {
        let mut child = supervised("(setsid sh -c 'echo at $$; exec sleep 603' &); read order; exit 4");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let left = lines.find_map(|line| line.strip_prefix("at ")?.parse::<u32>().ok()).unwrap();
        let stray = crate::executor::host::ProcessIdentity::of(left).unwrap();
        let mut orders = child.stdin.take().unwrap();
        orders.write_all(b"stop\n").unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(4));
        assert!(!stray.is_alive());
        drop(orders);
    }
}
