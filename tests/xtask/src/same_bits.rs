//! The proof that the shared core gives the same bits natively and in WebAssembly.
//!
//! Must not know what is computed: both sides print a line a question, and the lines are compared.

use crate::command::{output, run};
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Mismatches that are told.
const MOST_TOLD: usize = 20;

/// Builds the module, and compares what it computes in Node with what this machine computes.
pub fn check(project: &Project) -> Result<()> {
    let module = build(project)?;
    // The choice of packages is that of the other steps, so that this is built already.
    run(&mut project.cargo(&["build", "--workspace", "--exclude", "tests", "--example", "digests"]))?;
    let native = output(&mut Command::new(project.programs().join("examples/digests")))
        .context("the native digests could not be computed")?;
    let mut node = project.command("node");
    node.arg(project.root.join("tests/wasm/digests.cjs")).arg(&module);
    let wasm = output(&mut node).with_context(|| {
        format!("node could not run {}: see `node tests/wasm/digests.cjs {0}`", module.display())
    })?;
    let differences = differences(&native, &wasm);
    if !differences.is_empty() {
        bail!("native and WebAssembly differ:\n{}", differences.join("\n"));
    }
    println!("{} vectors have the same bits natively and in WebAssembly", native.lines().count());
    Ok(())
}

/// Builds the module and makes it loadable in Node; gives the path of the loader. The `wasm-bindgen` of the workspace
/// must have been built.
pub fn build(project: &Project) -> Result<PathBuf> {
    const WASM: &str = "wasm32-unknown-unknown";
    run(&mut project.cargo(&[
        "build",
        "--package",
        "same-bits",
        "--lib",
        "--target",
        WASM,
        "--profile",
        "wasm-release",
    ]))?;
    let folder = project.target.join("same-bits");
    let mut tool = project.command("wasm-bindgen");
    tool.args(["--target", "nodejs", "--no-typescript", "--out-dir"]).arg(&folder);
    tool.arg(project.target.join(WASM).join("wasm-release/same_bits.wasm"));
    run(&mut tool)?;
    Ok(folder.join("same_bits.js"))
}

/// The lines in which the two sides differ, each with its vector's name; empty if all are there and equal.
fn differences(native: &str, wasm: &str) -> Vec<String> {
    if native.is_empty() || native.lines().count() != wasm.lines().count() {
        let (native, wasm) = (native.lines().count(), wasm.lines().count());
        return vec![format!("{native} vectors natively, {wasm} in WebAssembly")];
    }
    let differing = native.lines().zip(wasm.lines()).filter(|(native, wasm)| native != wasm);
    differing
        .take(MOST_TOLD)
        .map(|(native, wasm)| format!("{native} natively, {wasm} in WebAssembly"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named() {
        assert!(differences("iou #0: 1\niou #1: 2", "iou #0: 1\niou #1: 2").is_empty());
        let told = differences("iou #0: 1\niou #1: 2", "iou #0: 1\niou #1: 3");
        assert_eq!(told, ["iou #1: 2 natively, iou #1: 3 in WebAssembly"]);
        assert_eq!(differences("iou #0: 1", "").len(), 1);
        assert_eq!(differences("", "").len(), 1);
    }
}
