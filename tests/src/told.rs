//! A Train function that says what a test tells it, line by line, so that figures and logs of any length are there
//! within seconds, by the way that those of a real training take.
//!
//! Must not know what is told.

use crate::server::Server;
use crate::training;
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

const FUNCTION: &str = include_str!("told.sh");
/// More samples than these are not taken at once from one attempt.
pub const BURST: usize = 50_000;
/// What a training is told that has nothing to say.
const NOTHING: u32 = 1;

/// What stands for a sample of a chart.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Of which figure.
    pub figure: &'a str,
    /// Of which line of it.
    pub legend: &'a str,
    /// Epoch.
    pub x: f64,
    /// Value.
    pub y: f64,
}

/// Lines of samples.
#[must_use]
pub fn samples<'a>(all: impl IntoIterator<Item = Sample<'a>>) -> String {
    let mut lines = String::new();
    for Sample { figure, legend, x, y } in all {
        let _ = writeln!(
            lines,
            r#"{{"type":"sample","figure":"{figure}","legend":"{legend}","x":{x},"y":{y}}}"#
        );
    }
    lines
}

/// A service whose trainings say what they are told.
#[derive(Debug)]
pub struct Told<'a> {
    server: &'a Server,
    folder: PathBuf,
    /// Trainings that were given words so far.
    count: u32,
    has_service: bool,
}

impl<'a> Told<'a> {
    /// Puts the function beside the server's data. There must be a dataset of this name.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(server: &'a Server) -> Result<Self> {
        let folder = server.folder().join("told");
        fs::create_dir_all(&folder)?;
        let function = folder.join("function.sh");
        fs::write(&function, FUNCTION)?;
        fs::set_permissions(&function, fs::Permissions::from_mode(0o755))?;
        Ok(Self { server, folder, count: NOTHING, has_service: false })
    }

    /// Starts a training, with a new version of this name, that has nothing to say and succeeds.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_silent(&mut self, dataset: &str, name: &str) -> Result<()> {
        self.start(dataset, name, NOTHING)
    }

    /// Starts a training, with a new version of this name, and answers what it is told by.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_listening(&mut self, dataset: &str, name: &str) -> Result<Ear> {
        self.count += 1;
        let words = self.folder.join(format!("words-{}", self.count));
        let made = Command::new("mkfifo").arg(&words).status()?;
        ensure!(made.success(), "mkfifo failed: {made}");
        self.start(dataset, name, self.count)?;
        Ok(Ear { words })
    }

    fn start(&mut self, dataset: &str, name: &str, epochs: u32) -> Result<()> {
        training::create_model(self.server, dataset, name)?;
        let epochs = format!("epochs={epochs}");
        let image = format!("image={}", self.folder.join("function.sh").display());
        let mut arguments = vec!["train", name, "--set", &epochs];
        if !self.has_service {
            for setting in [&image, "concurrency=4", "max_attempts=100", "cores=1"] {
                arguments.extend(["--service", setting]);
            }
        }
        self.server.call(&arguments)?.succeeded()?;
        self.has_service = true;
        Ok(())
    }
}

/// What one training listens with.
#[derive(Debug)]
pub struct Ear {
    words: PathBuf,
}

impl Ear {
    /// Waits until an attempt listens; what is written then is what it says. Closed, it succeeds.
    ///
    /// # Errors
    /// If the attempt cannot be told.
    pub fn open(&self) -> Result<File> {
        // Opening waits for a reader.
        File::options().write(true).open(&self.words).context("no attempt listens")
    }

    /// Has it say more than one attempt can at once: after each part but the last it goes round again.
    ///
    /// # Errors
    /// If an attempt cannot be told.
    pub fn say_in_attempts(&self, parts: impl IntoIterator<Item = String>) -> Result<()> {
        let again = self.words.with_extension("again");
        let mut parts = parts.into_iter().peekable();
        while let Some(part) = parts.next() {
            let mut words = self.open()?;
            if parts.peek().is_some() {
                fs::write(&again, "")?;
            } else {
                let _ = fs::remove_file(&again);
            }
            words.write_all(part.as_bytes())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_a_line() {
        let line = samples([Sample { figure: "loss", legend: "train", x: 1.5, y: 0.25 }]);
        assert_eq!(line, "{\"type\":\"sample\",\"figure\":\"loss\",\"legend\":\"train\",\"x\":1.5,\"y\":0.25}\n");
    }
}
