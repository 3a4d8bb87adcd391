//! `cargo xtask bench`: measures, and prints rows for `docs/benchmarks.md`.
//!
//! Must not know the figures that are hoped for: it prints what it saw.

use crate::command::{describe, output, run};
use crate::project::Project;
use crate::{demo, ui};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts of the server of which the middle one counts.
const STARTS: usize = 5;
/// After this the server is taken to be at rest.
const REST: Duration = Duration::from_secs(5);
/// A server that is not ready by then is broken.
const READY_DEADLINE: Duration = Duration::from_secs(30);

/// A measured figure.
struct Figure {
    what: &'static str,
    value: String,
}

/// Measures everything, and the training on real images if their folder is given.
pub fn run_all(project: &Project, arguments: &[String]) -> Result<()> {
    let bccd = match arguments {
        [] => None,
        [option, folder] if option == "--bccd" => Some(PathBuf::from(folder)),
        other => bail!("unknown options: {}. There is --bccd DIR", other.join(" ")),
    };
    demo::build(project, None)?;
    let mut figures = measure_server(project)?;
    figures.push(Figure {
        what: "UI, compressed",
        value: format!("{} bytes", ui::compressed_size(&project.dist())?),
    });
    run(&mut project.cargo(&["build", "--workspace", "--exclude", "tests", "--example", "step_time"]))?;
    run(&mut Command::new(project.programs().join("examples/step_time")))?;
    let measurements = ["test", "--package", "tests", "--test", "commands", "--", "--ignored", "--nocapture"];
    run(&mut project.cargo(&measurements))?;
    let queries = ["test", "--package", "backend", "--test", "queries", "--", "--ignored", "--nocapture"];
    run(&mut project.cargo(&queries))?;
    if let Some(folder) = bccd {
        figures.push(train_on_real_images(project, &folder)?);
    }
    println!("\nMachine: {}\n", machine(project));
    println!("| what | measured |\n|---|---|");
    for figure in figures {
        println!("| {} | {} |", figure.what, figure.value);
    }
    Ok(())
}

fn measure_server(project: &Project) -> Result<Vec<Figure>> {
    let folder = project.target.join("bench-server");
    let mut first = Vec::new();
    let mut again = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..STARTS {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        let (server, ready) = start_server(project, &folder)?;
        first.push(ready);
        stop(server)?;
        let (server, ready) = start_server(project, &folder)?;
        again.push(ready);
        std::thread::sleep(REST);
        resident.push(resident_kib(server.id())?);
        stop(server)?;
    }
    let milliseconds = |times: &mut Vec<Duration>| format!("{} ms", middle(times).as_millis());
    Ok(vec![
        Figure { what: "server ready, empty data folder", value: milliseconds(&mut first) },
        Figure { what: "server ready, existing data folder", value: milliseconds(&mut again) },
        Figure {
            what: "server at rest, resident memory",
            value: format!("{:.1} MiB", f64::from(middle(&mut resident)) / 1024.0),
        },
    ])
}

/// Starts a server and waits until it has written where it can be reached, which it does once it listens.
fn start_server(project: &Project, folder: &Path) -> Result<(Child, Duration)> {
    let announced = folder.join("server.json");
    if announced.exists() {
        bail!("{} is left over: the server before has not stopped well", announced.display());
    }
    let mut command = Command::new(project.trainyard());
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", describe(&command)))?;
    while !announced.exists() {
        if let Some(status) = child.try_wait()? {
            bail!("`{}` ended before it was ready: {status}", describe(&command));
        }
        if started.elapsed() > READY_DEADLINE {
            child.kill()?;
            bail!("`{}` was not ready after {READY_DEADLINE:?}", describe(&command));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok((child, started.elapsed()))
}

/// Asks a process to end, as an operator would.
fn stop(mut server: Child) -> Result<()> {
    run_quietly(Command::new("kill").args(["-TERM", &server.id().to_string()]))?;
    let status = server.wait()?;
    if !status.success() {
        println!("note: the server ended with {status} when it was asked to stop");
    }
    Ok(())
}

fn run_quietly(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", describe(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", describe(command));
    }
    Ok(())
}

fn resident_kib(process: u32) -> Result<u32> {
    let path = format!("/proc/{process}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_resident_kib(&text).with_context(|| format!("{path} has no VmRSS"))
}

fn parse_resident_kib(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
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
    Ok(Figure { what: "yolov8n, 30 epochs at 320 px", value: format!("{minutes:.1} min; figures above") })
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
    fn resident_memory_is_read_from_a_status_file() {
        assert_eq!(parse_resident_kib("Name:\tx\nVmRSS:\t   51200 kB\nThreads:\t3\n"), Some(51200));
        assert_eq!(parse_resident_kib("Name:\tx\n"), None);
    }

    #[test]
    fn the_middle_value_counts() {
        assert_eq!(middle(&mut [9, 1, 5]), 5);
    }
}
