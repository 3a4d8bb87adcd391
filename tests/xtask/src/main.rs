//! The developers' commands, called as `cargo xtask <command>`.
//!
//! Must not know how anything in the product works: it calls cargo, the other tools and the built program.
//! It has few dependencies, so that it is there within seconds of a clone.

mod api_calls;
mod bench;
mod chaos;
mod command;
mod demo;
mod dev;
mod fuzz;
mod gpu;
mod guide;
mod project;
mod python;
mod same_bits;
mod setup;
mod steps;
mod test;
mod tidy;
mod typescript;
mod ui;

use anyhow::{Result, bail};
use project::Project;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <command> [options]

  demo [ARGS]          set up what is missing, build server and UI, start the server on a generated data set
                       (ARGS go to `trainyard serve`, for example --listen 127.0.0.1:9000)
  test [--no-browser]  set up what is missing, then formatting, lints, and every test
  check                formatting, lints and tidiness alone
  tidy                 the rules of the house alone that no compiler checks
  e2e [FILTER]         the journeys through the real program and a real browser
  ui                   build the program, and the UI into dist/
  guide [--open]       build the guide into target/guide, and check its links
  dev [ARGS]           server, and the UI rebuilt at every change
  chaos [NAME] [--seed N]
                       kills, stops and random operations as often as before a release: server, runner, keys, drain, plan,
                       store
  fuzz [TARGET] [--secs N]
                       hostile input for the readers of filters and COCO files, 60 s a target unless told otherwise
  bench ui [NAME]      the speed of the UI in a headless browser beside its budgets; fails if one is broken
  bench [OPTIONS]      measure, and print figures for docs/benchmarks.md (metrics: storing and reading points alone, and what reporting
                       costs a training; --core: the shared core alone; --peers:
                       install other tools beside which it is measured; --bccd DIR: a training on real images)
  setup                install what the above need (each of them does so by itself)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        bail!("no command given\n\n{USAGE}");
    };
    if matches!(command.as_str(), "help" | "--help" | "-h") {
        println!("{USAGE}");
        return Ok(());
    }
    let project = Project::find()?;
    match command.as_str() {
        "demo" => demo::run(&project, rest),
        "test" => test::run_everything(&project, rest),
        "check" => test::check(&project),
        "tidy" => tidy::check(&project),
        "e2e" => test::journeys(&project, rest),
        "ui" => setup::prepare(&project, setup::UI).and_then(|()| ui::build_with_tool(&project)),
        "guide" => guide::run_command(&project, rest),
        "dev" => dev::run(&project, rest),
        "chaos" => chaos::run(&project, rest),
        "fuzz" => fuzz::run_targets(&project, rest),
        "bench" => bench::run_all(&project, rest),
        "setup" => setup::prepare(&project, setup::EVERYTHING),
        other => bail!("there is no command `{other}`\n\n{USAGE}"),
    }
}
