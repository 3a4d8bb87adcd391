//! The real program as tests use it: started, found again among the processes, and ended with all that it started.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_trainyard");
/// Longer than anything here takes, on a machine that does other things too.
pub const PATIENCE: Duration = Duration::from_secs(240);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Starts a server, whose data folder the command's environment names, and waits until it says there where it is.
pub fn serve(command: &mut Command, data: &Path, address: &str) -> (Child, String) {
    command.args(["serve", "--listen", address]);
    let (server, url) = start(command, data);
    (server, url.unwrap_or_else(|status| panic!("the server ended before it was ready: {status}")))
}

/// Runs what becomes a server, and waits until it says where it is in its data folder, or ends before.
pub fn start(command: &mut Command, data: &Path) -> (Child, Result<String, ExitStatus>) {
    let mut server = command.stdin(Stdio::null()).spawn().unwrap();
    let url = until("the server is up", || {
        if let Some(status) = server.try_wait().unwrap() {
            return Some(Err(status));
        }
        let text = std::fs::read_to_string(data.join("server.json")).ok()?;
        let announced: Value = serde_json::from_str(&text).ok()?;
        (announced["pid"] == server.id()).then(|| Ok(announced["url"].as_str().unwrap().to_owned()))
    });
    (server, url)
}

/// As `kill -9`: nothing is cleaned up, and nothing gets a chance to.
pub fn kill(mut server: Child) {
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Processes that work for the instances of a data folder, by a part of their command line.
pub fn processes(data: &Path, part: &str) -> Vec<i32> {
    let instances = data.join("instances");
    let entries = std::fs::read_dir("/proc").unwrap();
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let works_there = |pid: &i32| {
        let process = PathBuf::from(format!("/proc/{pid}"));
        let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
        std::fs::read_link(process.join("cwd")).is_ok_and(|folder| folder.starts_with(&instances))
            && String::from_utf8_lossy(&line).contains(part)
    };
    numbers.filter(works_there).collect()
}

/// Sends a signal to a process, which may be gone already.
pub fn signal(pid: i32, signal: rustix::process::Signal) {
    let _ = rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal);
}

/// Ends a server and whatever works for its instances.
pub fn end(server: Option<Child>, data: &Path) {
    if let Some(mut server) = server {
        let _ = server.kill();
        let _ = server.wait();
    }
    for pid in processes(data, "") {
        signal(pid, rustix::process::Signal::KILL);
    }
}

/// Looks until there is an answer, or fails.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}
