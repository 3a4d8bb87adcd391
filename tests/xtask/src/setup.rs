//! What a machine needs before it can build and test: found, or installed after saying so.
//!
//! Must not know what is built with it. Nothing that is already there is touched.

use crate::command::{describe, output, run};
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Trunk 0.22 needs a newer Rust than this project's.
const TRUNK_VERSION: &str = "0.21.14";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Something a machine needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    WasmTarget,
    Trunk,
    Chromium,
    Chromedriver,
    Npm,
    AccessibilityRules,
    Node,
    Strace,
    Python,
}

/// What building the UI needs.
pub const UI: &[Need] = &[Need::WasmTarget, Need::Trunk];

/// What all tests but those in a browser need.
pub const WITHOUT_BROWSER: &[Need] =
    &[Need::WasmTarget, Need::Trunk, Need::Npm, Need::Node, Need::Strace, Need::Python];

/// What building and testing everything needs.
pub const EVERYTHING: &[Need] = &[
    Need::WasmTarget,
    Need::Trunk,
    Need::Chromium,
    Need::Chromedriver,
    Need::Npm,
    Need::AccessibilityRules,
    Need::Node,
    Need::Strace,
    Need::Python,
];

/// Installs those of `needs` that are missing, after saying which.
pub fn prepare(project: &Project, needs: &[Need]) -> Result<()> {
    let missing: Vec<Need> = needs.iter().copied().filter(|need| !need.is_met(project)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("This machine lacks the following, which will be installed now:");
    for need in &missing {
        println!("  - {}", need.plan());
    }
    let packages: Vec<&str> = missing.iter().filter_map(|need| need.debian_package()).collect();
    if !packages.is_empty() {
        install_packages(project, &packages)?;
    }
    for need in &missing {
        need.install(project).with_context(|| format!("could not install: {}", need.plan()))?;
    }
    let still_missing: Vec<String> =
        missing.iter().filter(|need| !need.is_met(project)).map(|need| need.plan()).collect();
    if !still_missing.is_empty() {
        bail!("still missing after the installation: {}", still_missing.join("; "));
    }
    Ok(())
}

impl Need {
    fn is_met(self, project: &Project) -> bool {
        match self {
            Self::WasmTarget => has_wasm_target(project),
            Self::Trunk => {
                let version = output(project.command("trunk").arg("--version"));
                version.is_some_and(|text| text.split_whitespace().last() == Some(TRUNK_VERSION))
            }
            Self::Chromium => CHROMIUM_NAMES.iter().any(|name| project.find_program(name).is_some()),
            Self::Chromedriver => project.find_program("chromedriver").is_some(),
            Self::Npm => project.find_program("npm").is_some(),
            Self::AccessibilityRules => has_accessibility_rules(&project.root),
            Self::Node => project.find_program("node").is_some(),
            // There is none but on Linux, and what needs it says so and is skipped.
            Self::Strace => !cfg!(target_os = "linux") || project.find_program("strace").is_some(),
            Self::Python => output(project.command("python3").args(["-c", PYTHON_CHECK])).is_some(),
        }
    }

    fn plan(self) -> String {
        match self {
            Self::WasmTarget => format!("the Rust target {WASM_TARGET} (by rustup)"),
            Self::Trunk => format!(
                "trunk {TRUNK_VERSION}, which builds the UI (from crates.io into target/tools; takes minutes)"
            ),
            Self::Chromium => "Chromium, which the journeys run in (Debian package chromium)".into(),
            Self::Chromedriver => "chromedriver, which drives it (Debian package chromium-driver)".into(),
            Self::Npm => "npm, which builds the TypeScript client and fetches the accessibility rules (Debian package npm)".into(),
            Self::Node => "node, which runs the shared core as WebAssembly (Debian package nodejs)".into(),
            Self::Strace => "strace, which makes calls of the system fail (Debian package strace)".into(),
            Self::Python => {
                "Python 3.10 or newer with venv, which the package for it is tested with (Debian package python3-venv)".into()
            }
            Self::AccessibilityRules => "axe-core, accessibility rules (from npm into tests/ui)".into(),
        }
    }

    fn debian_package(self) -> Option<&'static str> {
        match self {
            Self::Chromium => Some("chromium"),
            Self::Chromedriver => Some("chromium-driver"),
            Self::Npm => Some("npm"),
            Self::Node => Some("nodejs"),
            Self::Strace => Some("strace"),
            Self::Python => Some("python3-venv"),
            Self::WasmTarget | Self::Trunk | Self::AccessibilityRules => None,
        }
    }

    fn install(self, project: &Project) -> Result<()> {
        match self {
            Self::WasmTarget => run(project.command("rustup").args(["target", "add", WASM_TARGET]))
                .context("without rustup, install Rust's standard library for the target by hand"),
            Self::Trunk => install_trunk(project),
            Self::AccessibilityRules => {
                let folder = project.root.join("tests/ui");
                run(project.command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
            }
            // Came with the packages.
            Self::Chromium | Self::Chromedriver | Self::Npm | Self::Node | Self::Strace | Self::Python => {
                Ok(())
            }
        }
    }
}

/// Fails where the package for Python cannot be tested.
const PYTHON_CHECK: &str = "import ensurepip, sys, venv; assert sys.version_info >= (3, 10)";

/// Names under which a Chromium that chromedriver accepts is found.
const CHROMIUM_NAMES: &[&str] = &["chromium", "google-chrome", "chromium-browser"];

fn has_wasm_target(project: &Project) -> bool {
    output(project.command("rustc").args(["--print", "sysroot"]))
        .is_some_and(|sysroot| Path::new(&sysroot).join("lib/rustlib").join(WASM_TARGET).is_dir())
}

/// Without optimisation and what debuggers read it is there in less than half the time, and builds the UI as fast.
fn install_trunk(project: &Project) -> Result<()> {
    let tools = project.tools();
    let mut command = project.command("cargo");
    command.args(["install", "trunk", "--version", TRUNK_VERSION, "--locked", "--debug"]);
    command.args(["--no-default-features", "--features", "rustls", "--root"]).arg(&tools);
    // A place of its own: its dependencies are compiled with other features than ours.
    let build = project.target.join("tools-build");
    command.env("CARGO_TARGET_DIR", &build).env("CARGO_PROFILE_DEV_DEBUG", "false");
    run(&mut command)?;
    std::fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))
}

/// By apt where there is one and it may be used; otherwise the person is told what to run.
fn install_packages(project: &Project, packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if project.find_program("apt-get").is_none() {
        bail!(
            "there is no apt-get here; install what Debian calls `{}` and run this again",
            packages.join(" ")
        );
    }
    let is_root = output(Command::new("id").arg("-u")).as_deref() == Some("0");
    if !is_root && project.find_program("sudo").is_none() {
        bail!("packages can be installed by root only; as root, run: {by_hand}");
    }
    let apt = |arguments: &[&str]| {
        let mut command = project.command(if is_root { "env" } else { "sudo" });
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]).args(arguments);
        let text = describe(&command);
        run(&mut command).with_context(|| format!("as root, run: {text}"))
    };
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}

/// Installed, and in the version that is asked for.
fn has_accessibility_rules(root: &Path) -> bool {
    let wanted = json_text(&root.join("tests/ui/package.json"), "axe-core");
    let found = json_text(&root.join("tests/ui/node_modules/axe-core/package.json"), "version");
    wanted.is_some() && wanted == found && root.join("tests/ui/node_modules/axe-core/axe.min.js").is_file()
}

/// The text of the first `"key": "text"` of a file. Enough for the two files above.
fn json_text(path: &Path, key: &str) -> Option<String> {
    let content = std::fs::read_to_string(path).ok()?;
    let rest = content.split_once(&format!("\"{key}\":"))?.1;
    rest.split('"').nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_says_what_it_is() {
        for need in EVERYTHING {
            assert!(need.plan().len() > 10, "{need:?}");
        }
    }

    #[test]
    fn rules_count_only_in_the_wanted_version() {
        let root = tempfile::tempdir().unwrap();
        let package = root.path().join("tests/ui");
        let installed = package.join("node_modules/axe-core");
        std::fs::create_dir_all(&installed).unwrap();
        std::fs::write(package.join("package.json"), r#"{"dependencies": {"axe-core": "4.1.0"}}"#).unwrap();
        std::fs::write(installed.join("axe.min.js"), "").unwrap();
        for (version, expected) in [("4.0.9", false), ("4.1.0", true)] {
            let text = format!(r#"{{"name": "axe-core", "version": "{version}"}}"#);
            std::fs::write(installed.join("package.json"), text).unwrap();
            assert_eq!(has_accessibility_rules(root.path()), expected, "{version}");
        }
    }
}
