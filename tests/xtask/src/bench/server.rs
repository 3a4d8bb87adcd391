//! How fast a server is ready, and what it takes at rest.
//!
//! Must not know what is served.

use super::{Figure, middle};
use crate::command::describe;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts of the server of which the middle one counts.
const STARTS: usize = 5;
/// After this the server is taken to be at rest.
const REST: Duration = Duration::from_secs(5);
/// A server that is not ready by then is broken.
const READY_DEADLINE: Duration = Duration::from_secs(30);

/// Starts a server again and again, on an empty data folder and on one that is there.
pub(super) fn measure(project: &Project) -> Result<Vec<Figure>> {
    let folder = project.target.join("bench-server");
    let mut first = Vec::new();
    let mut again = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..STARTS {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        let (server, ready) = start_server(project, &folder)?;
        first.push(ready);
        stop(server)?;
        let (server, ready) = start_server(project, &folder)?;
        again.push(ready);
        std::thread::sleep(REST);
        resident.push(resident_kib(server.id())?);
        stop(server)?;
    }
    let milliseconds = |times: &mut Vec<Duration>| format!("{} ms", middle(times).as_millis());
    Ok(vec![
        Figure::new("server ready, empty data folder", milliseconds(&mut first)),
        Figure::new("server ready, existing data folder", milliseconds(&mut again)),
        Figure::new(
            "server at rest, resident memory",
            format!("{:.1} MiB", f64::from(middle(&mut resident)) / 1024.0),
        ),
    ])
}

/// Starts a server and waits until it has written where it can be reached, which it does once it listens.
fn start_server(project: &Project, folder: &Path) -> Result<(Child, Duration)> {
    let announced = folder.join("server.json");
    if announced.exists() {
        bail!("{} is left over: the server before has not stopped well", announced.display());
    }
    let mut command = Command::new(project.trainyard());
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", describe(&command)))?;
    while !announced.exists() {
        if let Some(status) = child.try_wait()? {
            bail!("`{}` ended before it was ready: {status}", describe(&command));
        }
        if started.elapsed() > READY_DEADLINE {
            child.kill()?;
            bail!("`{}` was not ready after {READY_DEADLINE:?}", describe(&command));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok((child, started.elapsed()))
}

/// Asks a process to end, as an operator would.
fn stop(mut server: Child) -> Result<()> {
    run_quietly(Command::new("kill").args(["-TERM", &server.id().to_string()]))?;
    let status = server.wait()?;
    if !status.success() {
        println!("note: the server ended with {status} when it was asked to stop");
    }
    Ok(())
}

fn run_quietly(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", describe(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", describe(command));
    }
    Ok(())
}

fn resident_kib(process: u32) -> Result<u32> {
    let path = format!("/proc/{process}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_resident_kib(&text).with_context(|| format!("{path} has no VmRSS"))
}

fn parse_resident_kib(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_from_a_status_file() {
        assert_eq!(parse_resident_kib("Name:\tx\nVmRSS:\t   51200 kB\nThreads:\t3\n"), Some(51200));
        assert_eq!(parse_resident_kib("Name:\tx\n"), None);
    }
}
