//! The Python package: stubs from the API, lints, types, its tests on the built program, and the package itself.
//!
//! Must not know what the package does: its own tools do the work, in an environment below the target folder.

use crate::command::{run, run_and_keep};
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Imports what is in the wheel, from the wheel: the client, generated stubs, and the mark of types.
const IMPORTS: &str = "import pathlib, sys, trainyard; from trainyard.v1 import watch_pb2_grpc; trainyard.Client; \
                       home = pathlib.Path(trainyard.__file__).parent; assert sys.argv[1] in str(home), home; \
                       assert (home / 'py.typed').is_file() and (home / 'v1/watch_pb2.pyi').is_file()";

/// Everything that must pass; what was tested and skipped is added to the summaries.
pub fn check(project: &Project, summaries: &mut Vec<String>) -> Result<()> {
    install(project)?;
    run(tool(project, "ruff").args(["check", "."]))?;
    run(tool(project, "ruff").args(["format", "--check", "."]))?;
    run(&mut tool(project, "mypy"))?;
    let tests = run_and_keep(tool(project, "pytest").env("TRAINYARD_BIN", project.trainyard()))?;
    summaries.extend(told(&tests.lines));
    if !tests.succeeded {
        bail!("tests failed, see above");
    }
    pack(project)
}

/// The environment with the package and what its tests need, made anew where something that it is made of changed.
fn install(project: &Project) -> Result<()> {
    let environment = environment(project);
    let wanted = sources(project)?;
    let stamp = environment.join("installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if !environment.join("bin/python").is_file() {
        run(project.command("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    run(tool(project, "python").args(["-m", "pip", "install", "--quiet", "--editable", ".[test]"]))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// What decides the environment: the place and requirements of the package, how stubs are made, and the API.
fn sources(project: &Project) -> Result<String> {
    let read =
        |path: &Path| fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    let package = package(project);
    let api = project.root.join("proto/trainyard/v1");
    let listed = fs::read_dir(&api).with_context(|| format!("{} cannot be read", api.display()))?;
    let mut paths = listed.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    paths.extend(["pyproject.toml", "build_stubs.py"].map(|name| package.join(name)));
    let mut all = package.display().to_string();
    for path in paths {
        all.push_str(&read(&path)?);
    }
    Ok(all)
}

/// Builds source distribution and wheel, and imports what is in the wheel.
fn pack(project: &Project) -> Result<()> {
    let packages = project.target.join("python-packages");
    let unpacked = project.target.join("python-unpacked");
    for folder in [&packages, &unpacked] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    run(tool(project, "python").args(["-m", "build", "--outdir"]).arg(&packages))?;
    let built = fs::read_dir(&packages).with_context(|| format!("{} cannot be read", packages.display()))?;
    let wheel = built
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|end| end == "whl"))
        .with_context(|| format!("no wheel was built in {}", packages.display()))?;
    let mut unpack = tool(project, "python");
    unpack.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(&unpacked).arg(wheel);
    run(&mut unpack)?;
    let mut import = tool(project, "python");
    run(import.args(["-c", IMPORTS]).arg(&unpacked).env("PYTHONPATH", &unpacked))
}

/// The lines that say how many tests passed, and which were skipped and why.
fn told(lines: &[String]) -> Vec<String> {
    let counts = |line: &&String| {
        line.starts_with("SKIPPED ")
            || line.starts_with("FAILED ")
            || [" passed", " failed"].iter().any(|word| line.contains(word)) && line.contains(" in ")
    };
    lines.iter().filter(counts).map(|line| format!("Python: {}", line.trim_matches(['=', ' ']))).collect()
}

fn environment(project: &Project) -> PathBuf {
    project.target.join("python")
}

fn package(project: &Project) -> PathBuf {
    project.root.join("proto/python")
}

/// A program of the environment, run in the folder of the package.
fn tool(project: &Project, name: &str) -> Command {
    let mut command = Command::new(environment(project).join("bin").join(name));
    command.current_dir(package(project));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tested_and_skipped_is_told() {
        let lines = [
            "..s [100%]",
            "SKIPPED [1] tests/test_examples.py:72: torch is not installed here",
            "============ 47 passed, 1 skipped in 55.17s ============",
        ];
        let expected = [
            "Python: SKIPPED [1] tests/test_examples.py:72: torch is not installed here",
            "Python: 47 passed, 1 skipped in 55.17s",
        ];
        assert_eq!(told(&lines.map(str::to_owned)), expected);
    }
}
