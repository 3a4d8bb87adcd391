//! `cargo xtask test`: formatting, lints and every test, in the order in which they fail cheapest.
//!
//! Must not know what is tested.

use crate::command::{run, run_and_keep};
use crate::project::Project;
use crate::steps::{Steps, test_summaries};
use crate::{guide, python, same_bits, setup, tidy, typescript, ui};
use anyhow::{Result, bail};
use std::process::Command;

/// The product's packages and these commands. Always the same choice, so that cargo resolves the same features each
/// time and nothing is compiled twice.
const PRODUCT: &[&str] = &["--workspace", "--exclude", "tests"];

/// The journeys are apart: what their tools need must not change how the product is built.
const JOURNEYS: &[&str] = &["--package", "tests"];

/// Parts of the names of the tests that need a browser.
const BROWSER_TESTS: &[&str] = &["in_browser"];

/// Everything.
pub fn run_everything(project: &Project, arguments: &[String]) -> Result<()> {
    let with_browser = match arguments {
        [] => true,
        [only] if only == "--no-browser" => false,
        other => bail!("unknown options: {}. There is --no-browser", other.join(" ")),
    };
    setup::prepare(project, if with_browser { setup::EVERYTHING } else { setup::WITHOUT_BROWSER })?;
    let mut steps = Steps::default();
    run_cheap_checks(project, &mut steps);
    let built = steps.run("build", |_| build(project));
    if built {
        run_tests(project, &mut steps, with_browser);
    } else {
        steps.skip("tests", "the build failed");
    }
    steps.finish()
}

/// What needs no test to run.
pub fn check(project: &Project) -> Result<()> {
    setup::prepare(project, &[setup::Need::WasmTarget])?;
    let mut steps = Steps::default();
    run_cheap_checks(project, &mut steps);
    run_wasm_lints(project, &mut steps);
    steps.finish()
}

/// The journeys alone, or those whose name contains the filter.
pub fn journeys(project: &Project, arguments: &[String]) -> Result<()> {
    setup::prepare(project, setup::EVERYTHING)?;
    build(project)?;
    ui::build(project)?;
    let mut steps = Steps::default();
    let mut command = cargo(project, "test", JOURNEYS, &["--no-fail-fast", "--", "--nocapture"]);
    command.args(arguments);
    steps.run("journeys", |summaries| run_tests_of(&mut command, summaries));
    steps.finish()
}

fn cargo(project: &Project, action: &str, packages: &[&str], arguments: &[&str]) -> Command {
    let mut command = project.cargo(&[action]);
    command.args(packages).args(arguments);
    command
}

/// Programs, tests and examples.
fn build(project: &Project) -> Result<()> {
    for packages in [PRODUCT, JOURNEYS] {
        run(&mut cargo(project, "build", packages, &["--all-targets"]))?;
    }
    Ok(())
}

fn run_cheap_checks(project: &Project, steps: &mut Steps) {
    steps.run("formatting", |_| run(&mut project.cargo(&["fmt", "--all", "--check"])));
    steps.run("tidiness", |_| tidy::check(project));
    steps.run("lints", |_| {
        for packages in [PRODUCT, JOURNEYS] {
            run(&mut cargo(project, "clippy", packages, &["--all-targets", "--", "-D", "warnings"]))?;
        }
        Ok(())
    });
    if project.find_program("cargo-deny").is_some() {
        steps.run("licences and sources", |_| {
            run(&mut project.cargo(&["deny", "check", "bans", "licenses", "sources"]))
        });
    } else {
        steps.skip("licences and sources", "cargo-deny is not installed (cargo install cargo-deny --locked)");
    }
}

fn run_wasm_lints(project: &Project, steps: &mut Steps) {
    steps.run("lints of the UI", |_| {
        // The profile of the UI's build, so that build scripts and macros are compiled once for both.
        run(&mut project.cargo(&[
            "clippy",
            "--package",
            "frontend",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            "wasm-release",
            // What is built for people has less in it than what is looked at here.
            "--features",
            ui::FOR_DEVELOPERS,
            "--",
            "-D",
            "warnings",
        ]))
    });
}

fn run_tests(project: &Project, steps: &mut Steps, with_browser: bool) {
    let ui_built = steps.run("UI build", |_| ui::build(project).and_then(|()| ui::check_size(project)));
    run_wasm_lints(project, steps);
    steps.run("tests of the crates", |summaries| {
        run_tests_of(&mut cargo(project, "test", PRODUCT, &["--no-fail-fast"]), summaries)
    });
    steps.run("same bits in WebAssembly", |_| same_bits::check(project));
    typescript::run_step(project, steps);
    steps.run("guide", |_| guide::check(project));
    steps.run("Python package", |summaries| python::check(project, summaries));
    if !ui_built {
        steps.skip("journeys", "the UI's build failed");
        return;
    }
    let mut journeys = cargo(project, "test", JOURNEYS, &["--no-fail-fast"]);
    if !with_browser {
        journeys.arg("--").args(BROWSER_TESTS.iter().flat_map(|name| ["--skip", name]));
        steps.skip("journeys in the browser", "--no-browser was given");
    }
    steps.run("journeys", |summaries| run_tests_of(&mut journeys, summaries));
}

fn run_tests_of(command: &mut Command, summaries: &mut Vec<String>) -> Result<()> {
    let transcript = run_and_keep(command)?;
    summaries.extend(test_summaries(&transcript));
    if !transcript.succeeded {
        bail!("tests failed, see above");
    }
    Ok(())
}
