//! Other tools beside which the shared core is measured: found, or installed after saying so.
//!
//! Must not know what is measured. Without them, the measurement says what is missing and goes on.

use super::Wish;
use crate::command::{output, run};
use crate::project::Project;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

const MINGO: &str = "mingo@7.2.7";
const COCO_TOOLS: &[&str] = &["hotcoco==1.3.0", "pycocotools==2.0.11"];

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Peers {
    /// The folder with `mingo` in it, and the program that runs it.
    pub node_modules: Option<PathBuf>,
    /// A Python, and those of the COCO tools that it has.
    pub python: Option<PathBuf>,
    pub coco_tools: Vec<&'static str>,
}

impl Peers {
    /// Where the person said, or in `target/peers`.
    pub(super) fn find(project: &Project, wish: &Wish) -> Result<Self> {
        let folder = project.target.join("peers");
        if wish.installs_peers {
            install(project, &folder)?;
        }
        let node_modules = wish.node_modules.clone().unwrap_or_else(|| folder.join("node_modules"));
        let python = wish.python.clone().unwrap_or_else(|| folder.join("python/bin/python"));
        let has =
            |tool: &&str| output(Command::new(&python).args(["-c", &format!("import {tool}")])).is_some();
        let coco_tools: Vec<&'static str> = ["hotcoco", "pycocotools"].into_iter().filter(has).collect();
        let has_mingo =
            node_modules.join("mingo/package.json").is_file() && project.find_program("node").is_some();
        if !has_mingo {
            println!("skipped: mingo is not in {} (--peers installs it)", node_modules.display());
        }
        if coco_tools.is_empty() {
            println!("skipped: {} has no other COCO tool (--peers installs them)", python.display());
        }
        Ok(Self { node_modules: has_mingo.then_some(node_modules), python: Some(python), coco_tools })
    }
}

fn install(project: &Project, folder: &Path) -> Result<()> {
    println!("Installing into {}, where other tools are missing:", folder.display());
    std::fs::create_dir_all(folder)?;
    if project.find_program("npm").is_none() {
        println!("skipped: {MINGO}, as there is no npm here");
    } else if !folder.join("node_modules/mingo").is_dir() {
        println!("  - {MINGO} (from npm)");
        run(project.command("npm").args(["install", "--no-audit", "--no-fund", MINGO]).current_dir(folder))?;
    }
    if project.find_program("python3").is_none() {
        println!("skipped: {}, as there is no python3 here", COCO_TOOLS.join(" and "));
    } else if !folder.join("python").is_dir() {
        println!("  - {} (from PyPI)", COCO_TOOLS.join(" and "));
        run(project.command("python3").args(["-m", "venv"]).arg(folder.join("python")))?;
        run(Command::new(folder.join("python/bin/pip")).args(["install", "--quiet"]).args(COCO_TOOLS))?;
    }
    Ok(())
}
