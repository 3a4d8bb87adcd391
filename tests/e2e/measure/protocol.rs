//! What it costs a Train function to say a sample after each step of a millisecond.
//!
//! Must not know the product's code.

use super::figures::{Budget, print};
use anyhow::{Context, Result};
use std::time::Duration;
use tests::dataset::Size;
use tests::server::Server;
use tests::training;

const FUNCTION: &str = include_str!("../functions/steps.js");
const MANIFEST: &str =
    r#"{"id": "steps", "name": "Steps", "task": "detection", "command": ["node", "{folder}/steps.js"]}"#;
/// Two dozen rounds of some two seconds, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(240);

#[test]
#[ignore = "a measurement: cargo xtask bench ui protocol"]
fn what_a_thousand_samples_a_second_cost() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 2, validation: 2 })?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("steps.js"), FUNCTION)?;
    let manifest = folder.path().join("steps.json");
    std::fs::write(&manifest, MANIFEST)?;
    server.call(&["architecture", "add", manifest.to_str().context("a path of text")?])?.succeeded()?;
    server
        .call(&["model", "create", "--architecture", "steps", "--dataset", "shapes", "--name", "m"])?
        .succeeded()?;
    server.call(&["train", "m"])?.succeeded()?;
    training::expect_status(&server, "m", "success", DEADLINE)?;
    let kept = folder.path().join("kept");
    server
        .call(&["artifacts", "pull", "m", "--to", kept.to_str().context("a path of text")?])?
        .succeeded()?;
    let summary = std::fs::read_to_string(kept.join("protocol.cost.summary.json"))?;
    let summary: serde_json::Value = serde_json::from_str(&summary)?;
    let value = |key: &str| summary["values"][key].as_f64().context("the summary is not whole");
    let more = format!(
        "{:.2} to {:.2} of 12 pairs; a step takes {:.2} ms",
        value("least")?,
        value("most")?,
        value("step_ms")?
    );
    print(
        "the time of a step that a sample after each costs, about a thousand a second",
        value("percent")?,
        "%",
        Budget::AtMost(1.0),
        &more,
    );
    Ok(())
}
