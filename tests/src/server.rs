//! The real server on a data folder of its own.
//!
//! Must not know what is asked of it.

use crate::processes::{self, Process};
use crate::program::{self, Call};
use crate::wait::until;
use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that is not ready by then is broken, even on a busy machine.
const READY_DEADLINE: Duration = Duration::from_secs(60);
/// A server that was asked to stop must have stopped by then.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// Names the file with the key that seals secrets.
const KEY_VARIABLE: &str = "TRAINYARD_SECRETS_KEY_FILE";

/// A running server. Dropped, it and everything it started are ended.
#[derive(Debug)]
pub struct Server {
    folder: tempfile::TempDir,
    process: Child,
    has_own_disk: bool,
    /// Where it can be reached, for example `http://127.0.0.1:40123`.
    pub url: String,
}

impl Server {
    /// Starts a server on an empty data folder and any free port, and waits until it can be reached.
    ///
    /// # Errors
    /// If it ends or is not ready in time, with what it logged.
    pub fn start() -> Result<Self> {
        Self::start_on(None)
    }

    /// As [`Server::start`], with a data folder on a disk of its own that holds no more than this.
    ///
    /// # Errors
    /// As [`Server::start`], or if this machine does not let its users make such a disk.
    pub fn start_on_small_disk(mebibytes: u32) -> Result<Self> {
        Self::start_on(Some(mebibytes))
    }

    fn start_on(disk_mebibytes: Option<u32>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("trainyard-test-").tempdir()?;
        let (process, url) = launch(folder.path(), "127.0.0.1:0", disk_mebibytes)?;
        Ok(Self { folder, process, url, has_own_disk: disk_mebibytes.is_some() })
    }

    /// The folder that holds everything of this test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server's data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        let data = data_below(self.folder.path());
        if self.has_own_disk { seen_by(self.process.id(), &data) } else { data }
    }

    /// Its process number.
    #[must_use]
    pub fn process_id(&self) -> i32 {
        i32::try_from(self.process.id()).unwrap_or(i32::MAX)
    }

    /// Everything that the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(log_below(self.folder.path())).unwrap_or_default()
    }

    /// A call of the command line that signs in by this server's data folder, not run yet.
    ///
    /// # Errors
    /// If there is no program.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = program::command()?;
        command.args(arguments).env("TRAINYARD_DATA", self.data()).current_dir(self.folder.path());
        command.env(KEY_VARIABLE, key_below(self.folder.path()));
        Ok(command)
    }

    /// Runs a call of the command line.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn call(&self, arguments: &[&str]) -> Result<Call> {
        Call::run(&mut self.command(arguments)?)
    }

    /// Runs a call that must succeed and answer one JSON document.
    ///
    /// # Errors
    /// If it does not.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        Call::run(self.command(arguments)?.arg("--json"))?.json()
    }

    /// A fresh link for signing in.
    ///
    /// # Errors
    /// If there is none.
    pub fn sign_in_link(&self) -> Result<String> {
        let answer = self.json(&["link"])?;
        let link = answer.as_str().or_else(|| answer["url"].as_str()).or_else(|| answer["link"].as_str());
        link.map(str::to_owned).with_context(|| format!("no link in {answer}"))
    }

    /// The last link for signing in that the server itself printed.
    #[must_use]
    pub fn printed_link(&self) -> Option<String> {
        find_link(&self.log(), &self.url)
    }

    /// Ends the server as `kill -9` does: it cannot do anything about it.
    ///
    /// # Errors
    /// If its end cannot be awaited.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill().context("cannot kill the server")?;
        self.process.wait().context("cannot wait for the server's end")?;
        Ok(())
    }

    /// Asks the server to stop, as an operator does, and gives its exit code.
    ///
    /// # Errors
    /// If it does not stop in time.
    pub fn stop(&mut self) -> Result<Option<i32>> {
        self.stop_by(Signal::TERM)
    }

    /// As [`Server::stop`], by another signal.
    ///
    /// # Errors
    /// If it does not stop in time.
    pub fn stop_by(&mut self, signal: Signal) -> Result<Option<i32>> {
        processes::send(self.process_id(), signal);
        let process = &mut self.process;
        let status = until("the server stops", STOP_DEADLINE, || Ok(process.try_wait()?))?;
        Ok(status.code())
    }

    /// Starts the server again on the same data and the same port.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_again(&mut self) -> Result<()> {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        (self.process, self.url) = launch(self.folder.path(), &address, None)?;
        Ok(())
    }

    /// Processes that belong to this server, but for itself: runners and what they started.
    ///
    /// # Errors
    /// If processes cannot be listed.
    pub fn other_processes(&self) -> Result<Vec<Process>> {
        let own = self.process_id();
        Ok(processes::that_use(self.folder.path())?.into_iter().filter(|process| process.id != own).collect())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        processes::end_all_that_use(self.folder.path());
    }
}

fn data_below(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// The key that seals secrets, beside the data folder and not among the settings of who runs the tests.
fn key_below(folder: &Path) -> PathBuf {
    folder.join("secrets.key")
}

fn log_below(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

/// A folder as a process sees it that has disks of its own.
fn seen_by(process: u32, folder: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{process}/root"));
    root.join(folder.strip_prefix("/").unwrap_or(folder))
}

/// Whether this machine lets its users make disks that only their own processes see.
#[must_use]
pub fn can_make_disks() -> bool {
    let mut probe = Command::new("unshare");
    probe.args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
    probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// The program; in front of it, if asked for, what makes a small disk for its data folder.
fn serve_command(data: &Path, address: &str, disk_mebibytes: Option<u32>) -> Result<Command> {
    let plain = program::command()?;
    let Some(mebibytes) = disk_mebibytes else {
        let mut command = plain;
        command.args(["serve", "--listen", address, "--data"]).arg(data);
        return Ok(command);
    };
    fs::create_dir_all(data)?;
    let mut command = Command::new("unshare");
    let script = "mount -t tmpfs -o size=$1m tmpfs $2 && exec \"$0\" serve --listen $3 --data $2";
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(program::path()?);
    command.arg(mebibytes.to_string()).arg(data).arg(address);
    Ok(command)
}

/// Starts the program and waits until it has written where it can be reached.
fn launch(folder: &Path, address: &str, disk_mebibytes: Option<u32>) -> Result<(Child, String)> {
    let data = data_below(folder);
    let log = File::options().create(true).append(true).open(log_below(folder))?;
    let mut command = serve_command(&data, address, disk_mebibytes)?;
    command.current_dir(folder).env(KEY_VARIABLE, key_below(folder));
    command.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null());
    let mut process = command.spawn().context("cannot start the server")?;
    let own = process.id();
    let data = if disk_mebibytes.is_some() { seen_by(own, &data) } else { data };
    let ready = until("the server is ready", READY_DEADLINE, || {
        if let Some(status) = process.try_wait()? {
            bail!("the server ended before it was ready: {status}");
        }
        Ok(announced_url(&data, own))
    });
    match ready {
        Ok(url) => Ok((process, url)),
        Err(error) => {
            let _ = process.kill();
            let _ = process.wait();
            Err(error.context(fs::read_to_string(log_below(folder)).unwrap_or_default()))
        }
    }
}

/// What the server of this process number wrote into its data folder; one that was killed leaves its own behind.
fn announced_url(data: &Path, process: u32) -> Option<String> {
    let text = fs::read_to_string(data.join("server.json")).ok()?;
    let announced: Value = serde_json::from_str(&text).ok()?;
    (announced["pid"] == process).then(|| announced["url"].as_str().map(str::to_owned))?
}

/// The last address in a log that leads to this server and carries something to sign in with.
fn find_link(log: &str, url: &str) -> Option<String> {
    let words = log.split(|c: char| c.is_whitespace() || c == '"' || c == '\u{1b}');
    let mut links = words.filter(|word| word.starts_with(url) && word.contains("sign-in"));
    links.next_back().map(|link| link.trim_end_matches(['.', ',']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sign_in_link_of_a_log_counts() {
        let log = "ready at http://127.0.0.1:1\nOpen http://127.0.0.1:1/sign-in?token=a\n\
                   Open http://127.0.0.1:1/sign-in?token=b.\n";
        let link = find_link(log, "http://127.0.0.1:1");
        assert_eq!(link.as_deref(), Some("http://127.0.0.1:1/sign-in?token=b"));
        assert_eq!(find_link(log, "http://127.0.0.1:2"), None);
    }
}
