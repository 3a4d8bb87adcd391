//! A Train function that says what a test tells it, line by line, so that figures and logs of any length are there
//! within seconds, by the way that those of a real training take.
//!
//! Must not know what is told.

use crate::server::Server;
use crate::training;
use crate::wait::until;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

const FUNCTION: &str = include_str!("told.sh");
/// More samples than these are not taken at once from one attempt.
pub const BURST: usize = 50_000;
/// An attempt listens by then, also one that follows another.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(60);
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
        let _ =
            writeln!(lines, r#"{{"type":"sample","figure":"{figure}","legend":"{legend}","x":{x},"y":{y}}}"#);
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
    pub fn start_listening(&mut self, dataset: &str, name: &str) -> Result<Ear<'a>> {
        self.count += 1;
        let words = self.folder.join(format!("words-{}", self.count));
        fs::write(&words, "")?;
        self.start(dataset, name, self.count)?;
        Ok(Ear { server: self.server, name: name.to_owned(), words })
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
pub struct Ear<'a> {
    server: &'a Server,
    /// Of the version.
    name: String,
    words: PathBuf,
}

impl Ear<'_> {
    /// Waits until its first attempt listens; what is written then is what it says. Closed, it succeeds.
    ///
    /// # Errors
    /// If the attempt cannot be told.
    pub fn open(&self) -> Result<File> {
        self.open_of(1)
    }

    fn open_of(&self, attempt: usize) -> Result<File> {
        let ear = self.beside(&attempt.to_string());
        let what = format!("attempt {attempt} listens");
        until(&what, ATTEMPT_DEADLINE, || Ok(ear.exists().then_some(())))?;
        File::options().write(true).open(&ear).with_context(|| what)
    }

    fn beside(&self, name: &str) -> PathBuf {
        let mut path = self.words.clone().into_os_string();
        path.push(format!("-{name}"));
        path.into()
    }

    /// Has it say more than one attempt can at once: after each part but the last it goes round again.
    ///
    /// # Errors
    /// If an attempt cannot be told.
    pub fn say_in_attempts(&self, parts: impl IntoIterator<Item = String>) -> Result<()> {
        let again = self.beside("again");
        let mut parts = parts.into_iter().enumerate().peekable();
        while let Some((place, part)) = parts.next() {
            let mut words = self.open_of(place + 1)?;
            words.write_all(part.as_bytes())?;
            if parts.peek().is_some() {
                fs::write(&again, "")?;
                drop(words);
                self.server.call(&["rerun", &self.name])?.succeeded()?;
            } else if again.exists() {
                fs::remove_file(&again)?;
            }
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
        assert_eq!(
            line,
            "{\"type\":\"sample\",\"figure\":\"loss\",\"legend\":\"train\",\"x\":1.5,\"y\":0.25}\n"
        );
    }
}
