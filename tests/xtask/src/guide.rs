//! `cargo xtask guide`: the guide as a book in `target/guide`, with its links checked.
//!
//! Must not know what the book says. Its builder (`tests/guide`) is outside the workspace and has a folder of its own,
//! because it must neither delay these commands nor change how the product is built.

use crate::command::run;
use crate::project::Project;
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Builds the book, and opens it in a browser if asked to.
pub fn run_command(project: &Project, arguments: &[String]) -> Result<()> {
    let opens = match arguments {
        [] => false,
        [only] if only == "--open" => true,
        other => bail!("unknown options: {}. There is --open", other.join(" ")),
    };
    build(project)?;
    let first_page = book(project).join("index.html");
    println!("the guide is in {}", first_page.display());
    if opens {
        let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        run(project.command(opener).arg(first_page))?;
    }
    Ok(())
}

/// Checks the builder, then builds the book and checks its links.
pub fn check(project: &Project) -> Result<()> {
    run(builder(project, "fmt").arg("--check"))?;
    run(builder(project, "test").args(["--locked", "--quiet"]))?;
    build(project)
}

fn build(project: &Project) -> Result<()> {
    run(builder(project, "run").args(["--locked", "--quiet", "--"]).arg(&project.root).arg(book(project)))
}

fn book(project: &Project) -> PathBuf {
    project.target.join("guide")
}

fn builder(project: &Project, action: &str) -> Command {
    let mut command = project.cargo(&[action, "--manifest-path"]);
    command.arg(project.root.join("tests/guide/Cargo.toml"));
    command.env("CARGO_TARGET_DIR", project.target.join("guide-build"));
    command
}
