//! A small disk that only its own processes see.

use crate::program::PROGRAM;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The disk lives as long as this.
pub struct Disk {
    /// A process that does nothing but keep it; it ends with its standard input.
    holder: Child,
}

impl Disk {
    /// Makes one of this size at a folder; `None` where users may not.
    pub fn make(folder: &Path, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let script = "mount -t tmpfs -o size=$1m tmpfs \"$2\" && echo made && exec cat";
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
        command.arg(mebibytes.to_string()).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut holder = command.spawn().ok()?;
        let mut said = String::new();
        BufReader::new(holder.stdout.take()?).read_line(&mut said).ok()?;
        let disk = Self { holder };
        let enter = disk.entering("true").stderr(Stdio::null()).status();
        (said == "made\n" && enter.is_ok_and(|status| status.success())).then_some(disk)
    }

    fn entering(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--user", "--mount", "--preserve-credentials", "--target"]);
        command.arg(self.holder.id().to_string()).arg(program);
        command
    }

    /// The program, where it sees the disk. It keeps the process number of what is started.
    pub fn command(&self) -> Command {
        self.entering(PROGRAM)
    }

    /// A path on the disk, for who does not see it.
    pub fn seen_from_outside(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(path.strip_prefix("/").unwrap())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
