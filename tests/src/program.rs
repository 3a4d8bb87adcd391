//! The product's program, and calls of its command line.
//!
//! Must not know what the commands mean.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the program that is tested, if it is not the one beside the tests.
pub const PROGRAM_VARIABLE: &str = "TRAINYARD_PROGRAM";

/// The built program.
///
/// # Errors
/// If there is none: building is not the tests' business.
pub fn path() -> Result<PathBuf> {
    let path = match std::env::var_os(PROGRAM_VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => build_folder()?.join("trainyard"),
    };
    ensure!(
        path.is_file(),
        "there is no program at {}: `cargo xtask test` builds it, as does `cargo build --package backend`",
        path.display()
    );
    Ok(path)
}

/// Where cargo put what it built in this profile.
fn build_folder() -> Result<PathBuf> {
    let test = std::env::current_exe().context("cannot find the test's own path")?;
    // The tests are in `deps`, one below the programs.
    let folder = test.ancestors().nth(2).context("the test is not in a target folder")?;
    Ok(folder.to_path_buf())
}

/// Where pictures and the like are left for a person to look at.
///
/// # Errors
/// If the folder cannot be made.
pub fn output_folder(name: &str) -> Result<PathBuf> {
    let target = build_folder()?;
    let folder = target.parent().context("the target folder has no parent")?.join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// The root of the checkout.
#[must_use]
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new(".")).to_path_buf()
}

/// The program with nothing of the person's own settings.
///
/// # Errors
/// As [`path`].
pub fn command() -> Result<Command> {
    let mut command = Command::new(path()?);
    for variable in ["TRAINYARD_URL", "TRAINYARD_TOKEN", "TRAINYARD_DATA", "RUST_LOG", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    Ok(command)
}

/// What a call of the command line did.
#[derive(Debug)]
pub struct Call {
    /// As a person would type it.
    pub text: String,
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub output: String,
    /// What it printed on standard error.
    pub errors: String,
}

impl Call {
    /// Runs a command to its end.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(command: &mut Command) -> Result<Self> {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        let text = format!("trainyard {}", arguments.join(" "));
        let output = command.output().with_context(|| format!("cannot start `{text}`"))?;
        Ok(Self {
            text,
            code: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// The call, if it succeeded.
    ///
    /// # Errors
    /// If it did not, with what it printed.
    pub fn succeeded(self) -> Result<Self> {
        if self.code != Some(0) {
            bail!("`{}` ended with {:?}: {}{}", self.text, self.code, self.output, self.errors);
        }
        Ok(self)
    }

    /// Its output as one JSON document.
    ///
    /// # Errors
    /// If it failed or printed anything else.
    pub fn json(self) -> Result<Value> {
        let call = self.succeeded()?;
        serde_json::from_str(&call.output).with_context(|| {
            format!("`{}` printed what is not one JSON document: {}", call.text, call.output)
        })
    }
}
