//! Where things are in the checkout, and the commands that work on it.
//!
//! Must not know what the commands are for.

use anyhow::{Context, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout that this program was built from.
#[derive(Debug)]
pub struct Project {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Where cargo builds into.
    pub target: PathBuf,
}

impl Project {
    /// Finds the checkout by the place of this crate, and the target folder by the place of this program.
    pub fn find() -> Result<Self> {
        let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = crate_dir
            .ancestors()
            .nth(2)
            .context("the xtask crate has been moved: it is expected in tests/xtask")?
            .to_path_buf();
        let program = std::env::current_exe().context("cannot find this program's own path")?;
        let target = program
            .ancestors()
            .nth(2)
            .context("this program is not in a target folder: call it as `cargo xtask`")?
            .to_path_buf();
        Ok(Self { root, target })
    }

    /// Where programs of the dev profile are.
    pub fn programs(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// The product.
    pub fn trainyard(&self) -> PathBuf {
        self.programs().join("trainyard")
    }

    /// The built UI.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// Where tools that no package manager has are installed, so that nothing outside the checkout changes.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// A command in the root of the checkout that finds the project's own tools first.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.find_program(program).unwrap_or_else(|| program.into()));
        command.current_dir(&self.root).env("PATH", self.search_path());
        command
    }

    /// A cargo command that builds into the same target folder as this program.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("cargo");
        command.args(arguments).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// The project's own tools, then what the person has.
    fn search_path(&self) -> OsString {
        let own = [self.tools().join("bin"), self.programs()];
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let all = own.into_iter().chain(std::env::split_paths(&inherited));
        std::env::join_paths(all).unwrap_or(inherited)
    }

    /// The full path of a program, if there is one.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.search_path()).map(|folder| folder.join(name)).find(|path| path.is_file())
    }
}
