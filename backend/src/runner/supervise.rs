//! Stands between a runner and a program of somebody else: it leads the program's process group, passes
//! orders on, and ends the whole group as soon as the runner is gone, however that came about.
//!
//! Must not know what the orders mean.

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
    match start(command) {
        Ok(mut child) => match child.wait() {
            Ok(status) => {
                let code = status.code().or_else(|| status.signal().map(|signal| SIGNALLED + signal));
                ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
            }
            Err(error) => {
                eprintln!("the program cannot be waited for: {error}");
                end_group();
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("`{}` cannot be started: {error}", command.join(" "));
            ExitCode::from(EXIT_NOT_STARTED)
        }
    }
}

fn start(command: &[String]) -> std::io::Result<Child> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| std::io::Error::other("no program is named"))?;
    outlive_requests()?;
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
    if getpgrp() == getpid()
        && let Err(error) = kill_current_process_group(Signal::KILL)
    {
        eprintln!("the program's group cannot be ended: {error}");
    }
    std::process::exit(1);
}
