//! `cargo xtask bench`: measures, and prints rows for `docs/benchmarks.md`.
//!
//! Must not know the figures that are hoped for: it prints what it saw.

mod browser;
mod core;
mod peers;
mod server;

use crate::command::{output, run};
use crate::project::Project;
use crate::{demo, ui};
use anyhow::{Context, Result, bail};
use peers::Peers;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A measured figure.
struct Figure {
    what: String,
    value: String,
}

impl Figure {
    fn new(what: impl Into<String>, value: impl Into<String>) -> Self {
        Self { what: what.into(), value: value.into() }
    }
}

/// What the person asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    /// A data set of real images to train on.
    bccd: Option<PathBuf>,
    /// The shared core alone.
    core_only: bool,
    /// Install the tools beside which it is measured.
    installs_peers: bool,
    /// Where `mingo` is.
    node_modules: Option<PathBuf>,
    /// A Python that has the other COCO tools.
    python: Option<PathBuf>,
}

/// Measures everything, and the training on real images if their folder is given.
pub fn run_all(project: &Project, arguments: &[String]) -> Result<()> {
    if let Some(("ui", filter)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        println!("\nMachine: {}\n", machine(project));
        return browser::measure(project, filter);
    }
    if let Some(alone) = arguments.first().and_then(|first| measurement_alone(first)) {
        println!("\nMachine: {}\n", machine(project));
        return alone(project);
    }
    let wish = parse(arguments)?;
    let peers = Peers::find(project, &wish)?;
    let mut figures = core::measure(project, &peers)?;
    if !wish.core_only {
        figures.extend(measure_product(project, wish.bccd.as_deref())?);
    }
    println!("\nMachine: {}\n", machine(project));
    println!("| what | measured |\n|---|---|");
    for figure in figures {
        println!("| {} | {} |", figure.what, figure.value);
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Wish> {
    let mut wish = Wish::default();
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        let mut path = || rest.next().map(PathBuf::from).with_context(|| format!("{argument} needs a path"));
        match argument {
            "--core" => wish.core_only = true,
            "--peers" => wish.installs_peers = true,
            "--bccd" => wish.bccd = Some(path()?),
            "--node-modules" => wish.node_modules = Some(path()?),
            "--python" => wish.python = Some(path()?),
            other => bail!(
                "there is no option `{other}`: there are ui [NAME], metrics and queue (first, and alone), --core, --peers, --bccd DIR, --node-modules DIR and \
                 --python PROGRAM"
            ),
        }
    }
    Ok(wish)
}

fn measure_product(project: &Project, bccd: Option<&Path>) -> Result<Vec<Figure>> {
    demo::build(project, None)?;
    let mut figures = server::measure(project)?;
    let size = ui::compressed_size(&project.dist())?;
    figures.push(Figure::new("UI before its first page works, compressed", format!("{} bytes", size.first)));
    run(&mut project.cargo(&["build", "--workspace", "--exclude", "tests", "--example", "step_time"]))?;
    run(&mut Command::new(project.programs().join("examples/step_time")))?;
    let measurements = ["test", "--package", "tests", "--test", "commands", "--", "--ignored", "--nocapture"];
    run(&mut project.cargo(&measurements))?;
    let queries = ["test", "--workspace", "--exclude", "tests", "--test", "queries"];
    run(project.cargo(&queries).args(["--", "--ignored", "--nocapture"]))?;
    measure_metrics(project)?;
    if let Some(folder) = bccd {
        figures.push(train_on_real_images(project, folder)?);
    }
    Ok(figures)
}

/// Points stored and read back, and what reporting costs a training; both print rows.
/// What can be measured without the rest.
fn measurement_alone(name: &str) -> Option<fn(&Project) -> Result<()>> {
    match name {
        "metrics" => Some(measure_metrics),
        "queue" => Some(measure_queue),
        _ => None,
    }
}

/// A queue as long as the largest that is promised.
fn measure_queue(project: &Project) -> Result<()> {
    let queue = ["test", "--workspace", "--exclude", "tests", "--test", "queue"];
    let mut command = project.cargo(&queue);
    run(command.args(["--", "--ignored", "--nocapture"]).env("TRAINYARD_QUEUED", "10000"))
}

fn measure_metrics(project: &Project) -> Result<()> {
    let metrics = ["test", "--workspace", "--exclude", "tests", "--test", "metrics", "--test", "reporting"];
    run(project.cargo(&metrics).args(["--", "--ignored", "--nocapture"]))
}

fn middle<T: Ord + Copy>(values: &mut [T]) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

/// yolov8n from random weights on a data set in Pascal VOC form; the trainer prints its figures.
fn train_on_real_images(project: &Project, folder: &Path) -> Result<Figure> {
    let out = project.target.join("bench-training");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    let mut command = Command::new(project.trainyard());
    command.args(["trainer", "fit", "--format", "voc", "--architecture", "yolov8n", "--data"]).arg(folder);
    command.arg("--out").arg(&out);
    for setting in ["imgsz=320", "batch_size=16", "epochs=30"] {
        command.args(["--set", setting]);
    }
    let started = Instant::now();
    run(&mut command)?;
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    Ok(Figure::new("yolov8n, 30 epochs at 320 px", format!("{minutes:.1} min; figures above")))
}

fn machine(project: &Project) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".into());
    let commit = output(project.command("git").args(["rev-parse", "--short", "HEAD"])).unwrap_or_default();
    format!("{processor}, {cores} cores; commit {commit}; dev profile (its dependencies are optimised)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_apart() {
        let parse = |arguments: &[&str]| {
            parse(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
        };
        let wish = parse(&["--core", "--python", "p", "--bccd", "b"]).unwrap();
        assert_eq!((wish.core_only, wish.installs_peers), (true, false));
        assert_eq!((wish.python, wish.bccd), (Some("p".into()), Some("b".into())));
        for (arguments, part) in [(&["--bccd"][..], "needs a path"), (&["--all"], "no option")] {
            assert!(parse(arguments).unwrap_err().to_string().contains(part), "{arguments:?}");
        }
    }

    #[test]
    fn the_middle_value_counts() {
        assert_eq!(middle(&mut [9, 1, 5]), 5);
    }
}
