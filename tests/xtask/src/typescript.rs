//! The TypeScript client: generated from the API, type-checked, linted, tested on the built program, and packed.
//!
//! Must not know what the client does: npm's scripts do the work.

use crate::command::{output, run, run_and_keep};
use crate::project::Project;
use crate::steps::Steps;
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;

const STEP: &str = "TypeScript client";

/// The oldest Node that the client works with, as its `package.json` says: major and minor version.
const OLDEST_NODE: (u32, u32) = (20, 15);

/// Checks and packs the client, or says that this machine's Node is too old for it.
pub fn run_step(project: &Project, steps: &mut Steps) {
    let version = output(project.command("node").arg("--version")).unwrap_or_default();
    if is_new_enough(&version) {
        steps.run(STEP, |summaries| check(project, summaries));
    } else {
        let (major, minor) = OLDEST_NODE;
        steps.skip(STEP, &format!("it needs Node {major}.{minor} or newer, and this one is {version}"));
    }
}

fn check(project: &Project, summaries: &mut Vec<String>) -> Result<()> {
    install(project)?;
    for script in ["prepare", "lint"] {
        run(npm(project).args(["run", script]))?;
    }
    let tests = run_and_keep(npm(project).arg("test").env("TRAINYARD_BIN", project.trainyard()))?;
    let counts = tests.lines.iter().filter(|line| line.contains("ℹ pass") || line.contains("ℹ fail"));
    summaries.extend(counts.map(|line| format!("{STEP}: {}", line.trim_start_matches("ℹ "))));
    if !tests.succeeded {
        bail!("tests failed, see above");
    }
    // What is packed was built above.
    let packages = project.target.join("npm");
    fs::create_dir_all(&packages).with_context(|| format!("cannot make {}", packages.display()))?;
    run(npm(project).args(["pack", "--ignore-scripts", "--pack-destination"]).arg(packages))
}

/// Installs the packages that the lock file names, unless they are there. None of them may run a script of its own.
fn install(project: &Project) -> Result<()> {
    let folder = project.root.join("proto/typescript");
    let lock = fs::read_to_string(folder.join("package-lock.json")).context("the client has no lock file")?;
    let stamp = folder.join("node_modules/.installed-lock.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(npm(project).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}

fn npm(project: &Project) -> Command {
    let mut command = project.command("npm");
    command.current_dir(project.root.join("proto/typescript"));
    command
}

/// Of a version as `node --version` says it, for example `v20.19.2`.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse().ok());
    numbers.next().zip(numbers.next()).is_some_and(|found| found >= OLDEST_NODE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_of_node_are_told() {
        let cases = [
            ("v20.15.0", true),
            ("v20.20.2", true),
            ("v22.1.0", true),
            ("v20.14.1", false),
            ("v18.19.0", false),
            ("", false),
            ("nonsense", false),
        ];
        for (version, expected) in cases {
            assert_eq!(is_new_enough(version), expected, "{version}");
        }
    }
}
