//! `cargo xtask chaos`: the tests of what must survive, as often as before a release.
//!
//! Must not know what they break.

use crate::command::run_and_keep;
use crate::project::Project;
use crate::steps::{Steps, test_summaries};
use anyhow::{Result, bail};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

/// One kind of trouble.
struct Tier {
    name: &'static str,
    what: &'static str,
    /// Which test program, or the unit tests, and part of the tests' names.
    target: &'static [&'static str],
    filter: &'static str,
    /// How often, and the variable that says it.
    variable: &'static str,
    count: u32,
}

const TIERS: &[Tier] = &[
    Tier {
        name: "server",
        what: "the server is killed under load",
        target: &["--test", "crash"],
        filter: "kill_server",
        variable: "TRAINYARD_ROUNDS",
        count: 1_000,
    },
    Tier {
        name: "runner",
        what: "runners and Train functions are killed",
        target: &["--test", "crash"],
        filter: "kill_runner",
        variable: "TRAINYARD_ROUNDS",
        count: 200,
    },
    Tier {
        name: "keys",
        what: "calls are sent again across kills",
        target: &["--test", "crash"],
        filter: "keys",
        variable: "TRAINYARD_ROUNDS",
        count: 1_000,
    },
    Tier {
        name: "drain",
        what: "the server is told to stop under load",
        target: &["--test", "crash"],
        filter: "told_to_stop_under_load",
        variable: "TRAINYARD_ROUNDS",
        count: 100,
    },
    Tier {
        name: "simulation",
        what: "a cluster in simulated time that everything befalls",
        target: &["--test", "simulation"],
        filter: "whatever_befalls",
        variable: "TRAINYARD_ROUNDS",
        count: 2_000,
    },
    Tier {
        name: "cuts",
        what: "runners in simulated time that are cut off for longer than their lease, and clocks that jump",
        target: &["--test", "simulation"],
        filter: "scenarios::a_",
        variable: "TRAINYARD_ROUNDS",
        count: 500,
    },
    Tier {
        name: "points",
        what: "the server dies at each named point",
        target: &["--test", "crash"],
        filter: "crash_points",
        variable: "TRAINYARD_ROUNDS",
        count: 20,
    },
    Tier {
        name: "faults",
        what: "calls of the system fail",
        target: &["--test", "crash"],
        filter: "io_faults",
        variable: "TRAINYARD_ROUNDS",
        count: 500,
    },
    Tier {
        name: "disk",
        what: "the disk is filled and freed again",
        target: &["--test", "crash"],
        filter: "disk_full",
        variable: "TRAINYARD_ROUNDS",
        count: 100,
    },
    Tier {
        name: "plan",
        what: "properties of the plan and of the status machine",
        target: &["--lib"],
        filter: "properties",
        variable: "PROPTEST_CASES",
        count: 1_000_000,
    },
    Tier {
        name: "store",
        what: "random operations on the store with restarts, against a model",
        target: &["--lib"],
        filter: "random_operations",
        variable: "PROPTEST_CASES",
        count: 2_000,
    },
];

/// Runs the tiers that are named, or all, and prints the seed.
pub fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let (seed, names) = parse(arguments)?;
    println!("seed {seed}: `cargo xtask chaos --seed {seed}` does the same again");
    let mut steps = Steps::default();
    for tier in TIERS.iter().filter(|tier| names.is_empty() || names.iter().any(|name| name == tier.name)) {
        steps.run(tier.name, |summaries| {
            println!("{}, {} times", tier.what, tier.count);
            let mut command = project.cargo(&["test", "--workspace", "--exclude", "tests"]);
            command.args(tier.target).args(["--", "--nocapture", tier.filter]);
            command.env(tier.variable, tier.count.to_string()).env("TRAINYARD_SEED", seed.to_string());
            let transcript = run_and_keep(&mut command)?;
            summaries.extend(test_summaries(&transcript));
            if !transcript.succeeded {
                bail!("it failed with the seed {seed}, see above");
            }
            Ok(())
        });
    }
    steps.finish()
}

fn parse(arguments: &[String]) -> Result<(u64, Vec<String>)> {
    // The standard library's hasher is the one source of chance that needs no dependency.
    let mut seed = RandomState::new().hash_one(std::process::id());
    let mut names = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--seed" {
            seed = match rest.next().map(|text| text.parse()) {
                Some(Ok(seed)) => seed,
                _ => bail!("--seed needs a whole number"),
            };
        } else if TIERS.iter().any(|tier| tier.name == argument) {
            names.push(argument.clone());
        } else {
            let known: Vec<&str> = TIERS.iter().map(|tier| tier.name).collect();
            bail!("there is no `{argument}`: there are {} and --seed N", known.join(", "));
        }
    }
    Ok((seed, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn tiers_and_seeds_are_read() {
        assert_eq!(parse(&words("server --seed 7 plan")).unwrap(), (7, words("server plan")));
        assert!(parse(&words("nothing")).is_err() && parse(&words("--seed x")).is_err());
    }
}
