//! The shared core: COCO figures, filters and series, natively and in WebAssembly, beside other tools.
//!
//! Must not know the figures that are hoped for. Programs print a JSON line a figure, of which a few keys are read.

use super::{Figure, Peers};
use crate::command::{Transcript, run, run_and_keep};
use crate::project::Project;
use crate::same_bits;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Measures all of it.
pub(super) fn measure(project: &Project, peers: &Peers) -> Result<Vec<Figure>> {
    let folder = project.target.join("bench-core");
    std::fs::create_dir_all(&folder)?;
    // The core alone, so that it can be measured without building the product.
    run(&mut project.cargo(&["build", "--package", "shared", "--examples"]))?;
    let mut figures = coco(project, peers, &folder)?;
    figures.extend(filters(project, peers, &folder)?);
    figures.push(hostile_filters(project)?);
    figures.extend(in_web_assembly(project)?);
    Ok(figures)
}

fn example(project: &Project, name: &str) -> Command {
    Command::new(project.programs().join("examples").join(name))
}

fn lines_of(command: &mut Command) -> Result<Vec<String>> {
    let Transcript { lines, succeeded } = run_and_keep(command)?;
    if !succeeded {
        bail!("a measurement failed, see above");
    }
    Ok(lines)
}

/// From two files to figures, each tool by itself with one thread.
fn coco(project: &Project, peers: &Peers, folder: &Path) -> Result<Vec<Figure>> {
    run(example(project, "coco_scene").arg(folder))?;
    let files = [folder.join("gt.json"), folder.join("dt.json")];
    let ours = lines_of(example(project, "coco_time").args(&files))?;
    let ours = ours.last().context("the COCO measurement printed nothing")?;
    let (total, peak) = (json_number(ours, "total_secs")?, json_number(ours, "peak_mib")?);
    let mut figures = vec![Figure::new(
        "COCO, 5,000 images, files to figures",
        format!("{total:.2} s, {peak:.0} MiB at most"),
    )];
    for tool in &peers.coco_tools {
        let Some(python) = &peers.python else { continue };
        let mut command = Command::new(python);
        command.arg(project.root.join("tests/peers/coco_peer.py")).arg(tool).args(&files);
        let lines = lines_of(command.env("RAYON_NUM_THREADS", "1"))?;
        let line = lines.last().context("the peer printed nothing")?;
        let (peer_total, peer_peak) = (json_number(line, "total_secs")?, json_number(line, "peak_mib")?);
        let ratio = peer_total / total;
        figures.push(Figure::new(
            format!("the same with {tool}"),
            format!("{peer_total:.2} s, {peer_peak:.0} MiB at most: {ratio:.1} times ours"),
        ));
    }
    Ok(figures)
}

/// Over the same items in the same order; wall time and, as other programs may run, processor time.
fn filters(project: &Project, peers: &Peers, folder: &Path) -> Result<Vec<Figure>> {
    let items = folder.join("items.jsonl");
    let ours = lines_of(example(project, "dql_time").arg("--items").arg(&items))?;
    let theirs = match &peers.node_modules {
        Some(modules) => lines_of(
            project
                .command("node")
                .arg(project.root.join("tests/peers/dql_peer.mjs"))
                .arg(&items)
                .arg(modules),
        )?,
        None => Vec::new(),
    };
    let mut figures = Vec::new();
    for line in ours.iter().filter(|line| line.contains("\"filter\":")) {
        let name = json_text(line, "filter")?;
        let (wall, found) = (json_number(line, "ns_per_item")?, json_number(line, "found")?);
        let busy = json_number(line, "cpu_ns_per_item").unwrap_or(wall);
        let mut value = format!("{wall:.0} ns an item ({busy:.0} of processor time)");
        if let Some(peer) =
            theirs.iter().find(|line| json_text(line, "filter").is_ok_and(|other| other == name))
        {
            if json_number(peer, "found")? != found {
                bail!("{name}: we find {found} items, and mingo {}", json_number(peer, "found")?);
            }
            let theirs = json_number(peer, "cpu_ns_per_item")?;
            let ratio = theirs / busy;
            value = format!("{value}; mingo {theirs:.0} of processor time: {ratio:.1} times ours");
        }
        figures.push(Figure::new(format!("DQL \"{name}\", 200,000 items"), value));
    }
    Ok(figures)
}

/// The slowest refusal of the tests with hostile filters.
fn hostile_filters(project: &Project) -> Result<Figure> {
    let mut tests = project.cargo(&["test", "--package", "shared", "--test", "hostile"]);
    let lines = lines_of(tests.args(["--", "--nocapture", "--test-threads", "1"]))?;
    let refusals: Vec<(f64, &str)> =
        lines.iter().filter(|line| line.contains("| refused")).filter_map(|line| refusal(line)).collect();
    let slowest =
        refusals.iter().max_by(|a, b| a.0.total_cmp(&b.0)).context("no hostile filter was refused")?;
    let (milliseconds, name) = slowest;
    Ok(Figure::new(
        format!("slowest of {} refusals of hostile filters", refusals.len()),
        format!("{milliseconds:.1} ms ({name})"),
    ))
}

/// Milliseconds and name of a line that a test with a hostile filter prints.
fn refusal(line: &str) -> Option<(f64, &str)> {
    let mut parts = line.split(" | ").skip(1);
    let (name, time) = (parts.next()?, parts.nth(1)?);
    Some((time.strip_suffix(" ms")?.parse().ok()?, name))
}

fn in_web_assembly(project: &Project) -> Result<Vec<Figure>> {
    if project.find_program("node").is_none() {
        println!("skipped: times in WebAssembly, as there is no node here (`cargo xtask setup` installs it)");
        return Ok(Vec::new());
    }
    run(&mut project.cargo(&["build", "--package", "wasm-bindgen-tool"]))?;
    let module = same_bits::build(project)?;
    let lines =
        lines_of(project.command("node").arg(project.root.join("tests/wasm/timings.cjs")).arg(&module))?;
    let parts = lines.iter().filter_map(|line| line.split_once(" | "));
    Ok(parts.map(|(what, value)| Figure::new(what, value)).collect())
}

/// The number after `"key":` in a line of JSON; keys of our own programs are unique in a line.
fn json_number(line: &str, key: &str) -> Result<f64> {
    let rest = after(line, key)?;
    let number = rest.split([',', '}']).next().unwrap_or_default().trim();
    number.parse().with_context(|| format!("`{key}` of {line} is no number"))
}

/// The text after `"key":`, without escapes.
fn json_text<'a>(line: &'a str, key: &str) -> Result<&'a str> {
    after(line, key)?.split('"').nth(1).with_context(|| format!("`{key}` of {line} is no text"))
}

fn after<'a>(line: &'a str, key: &str) -> Result<&'a str> {
    let (_, rest) =
        line.split_once(&format!("\"{key}\":")).with_context(|| format!("there is no `{key}` in {line}"))?;
    Ok(rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_lines_of_json() {
        let line = r#"{"tool": "x","filter":"tagged train","found":3,"ns_per_item":12.5}"#;
        assert_eq!(json_number(line, "ns_per_item").unwrap(), 12.5);
        assert_eq!(json_number(line, "found").unwrap(), 3.0);
        assert_eq!(
            (json_text(line, "filter").unwrap(), json_text(line, "tool").unwrap()),
            ("tagged train", "x")
        );
        assert!(json_number(line, "tool").is_err() && json_number(line, "other").is_err());
    }

    #[test]
    fn a_refusal_has_a_time_and_a_name() {
        let line = "hostile filter | spaces | 100 bytes | 2.175 ms | refused: line 1";
        assert_eq!(refusal(line), Some((2.175, "spaces")));
        assert_eq!(refusal("test hostile ... ok"), None);
    }
}
