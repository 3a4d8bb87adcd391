//! `cargo xtask fuzz`: runs the fuzz targets of `tests/fuzz` with the pinned compiler.
//!
//! Must not know what the targets check. The compiler's coverage counters, which libFuzzer steers by, need only flags.

use crate::command::{output, run, run_and_keep};
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Each target and its dictionary.
const TARGETS: &[(&str, &str)] =
    &[("dql_parse", "dql.dict"), ("dql_evaluate", "dql.dict"), ("coco_json", "coco.dict")];

const DEFAULT_SECS: u64 = 60;
/// Longer inputs find little that shorter ones do not, and are slow.
const MOST_BYTES: usize = 4_096;
/// An input that takes longer is a bug.
const MOST_SECS_AN_INPUT: u64 = 10;
const MOST_MEMORY_MIB: u64 = 1_024;

/// What makes the compiler count which branches are taken and what is compared.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Clink-dead-code --cfg fuzzing";

/// What the person asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    targets: Vec<(&'static str, &'static str)>,
    secs: u64,
}

/// Builds the targets, and runs those that are named, or all.
pub fn run_targets(project: &Project, arguments: &[String]) -> Result<()> {
    let wish = parse(arguments)?;
    let programs = build(project)?;
    let mut crashed = Vec::new();
    for (target, dictionary) in &wish.targets {
        println!("\n==> {target} for {} s", wish.secs);
        let artifacts = folder(project, "artifacts", target)?;
        let mut command = project.command(&programs.join(target).to_string_lossy());
        // What was found before lies in the first folder, to which what is new is added.
        command.arg(folder(project, "corpus", target)?);
        command.arg(project.root.join("tests/fuzz/seeds").join(target));
        command.arg(format!("-dict={}", project.root.join("tests/fuzz").join(dictionary).display()));
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        command.args([
            format!("-max_total_time={}", wish.secs),
            format!("-max_len={MOST_BYTES}"),
            format!("-timeout={MOST_SECS_AN_INPUT}"),
            format!("-rss_limit_mb={MOST_MEMORY_MIB}"),
            "-print_final_stats=1".to_owned(),
        ]);
        let transcript = run_and_keep(&mut command)?;
        if !transcript.succeeded {
            println!("==> {target}: FAILED; the input that did it is in {}", artifacts.display());
            crashed.push(*target);
        }
    }
    if !crashed.is_empty() {
        bail!("crashed: {}; make each input a test beside the code", crashed.join(", "));
    }
    println!("no target crashed");
    Ok(())
}

/// Where a target keeps something, outside what is committed.
fn folder(project: &Project, kind: &str, target: &str) -> Result<PathBuf> {
    let folder = project.target.join("fuzz").join(kind).join(target);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Builds all targets; gives the folder of the programs.
fn build(project: &Project) -> Result<PathBuf> {
    let host = output(project.command("rustc").arg("-vV"))
        .and_then(|text| text.lines().find_map(|line| Some(line.strip_prefix("host: ")?.to_owned())))
        .context("rustc does not say what it compiles for")?;
    let target = project.target.join("fuzz/build");
    println!("Building the fuzz targets; the first time takes minutes. Flags: {FLAGS}");
    // With a target named, the flags do not reach build scripts and macros.
    let manifest = "tests/fuzz/Cargo.toml";
    let mut command = project.cargo(&["build", "--release", "--locked", "--manifest-path", manifest]);
    command.args(["--target", &host]).env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", FLAGS);
    run(&mut command)?;
    Ok(target.join(host).join("release"))
}

fn parse(arguments: &[String]) -> Result<Wish> {
    let mut wish = Wish { targets: Vec::new(), secs: DEFAULT_SECS };
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        if argument == "--secs" {
            let number = rest.next().context("--secs needs a number")?;
            wish.secs = number.parse().with_context(|| format!("--secs needs a number, not {number}"))?;
            continue;
        }
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        let target = TARGETS.iter().find(|(name, _)| *name == argument);
        wish.targets.push(*target.with_context(|| {
            format!("there is no target or option `{argument}`: there are {} and --secs N", names.join(", "))
        })?);
    }
    if wish.targets.is_empty() {
        wish.targets = TARGETS.to_vec();
    }
    Ok(wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(arguments: &[&str]) -> Result<(usize, u64)> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        parse(&arguments).map(|wish| (wish.targets.len(), wish.secs))
    }

    #[test]
    fn targets_and_seconds_are_chosen() {
        assert_eq!(wish(&[]).unwrap(), (TARGETS.len(), DEFAULT_SECS));
        assert_eq!(wish(&["coco_json", "--secs", "5"]).unwrap(), (1, 5));
        for (arguments, part) in
            [(&["dql"][..], "no target"), (&["--secs"], "needs a number"), (&["--secs", "x"], "not x")]
        {
            assert!(wish(arguments).unwrap_err().to_string().contains(part), "{arguments:?}");
        }
    }

    #[test]
    fn every_target_is_there_with_its_seeds() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        for (target, dictionary) in TARGETS {
            for path in [format!("targets/{target}.rs"), format!("seeds/{target}"), (*dictionary).to_owned()]
            {
                assert!(root.join(&path).exists(), "{path}");
            }
        }
    }
}
