//! Trainings as the command line shows them.
//!
//! Must not know how they are run.

use crate::dataset::{self, Size};
use crate::server::Server;
use crate::wait::until;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Statuses that are never left.
const FINAL: [&str; 4] = ["success", "failed", "aborted", "terminated"];
/// What every detector reports after each epoch: figure and legend.
pub const EPOCH_FIGURES: [(&str, &str); 10] = [
    ("box_loss", "train"),
    ("box_loss", "val"),
    ("cls_loss", "train"),
    ("cls_loss", "val"),
    ("dfl_loss", "train"),
    ("dfl_loss", "val"),
    ("mAP50(B)", "metrics"),
    ("mAP50-95(B)", "metrics"),
    ("precision(B)", "metrics"),
    ("recall(B)", "metrics"),
];

/// Imports a generated data set under `name`.
///
/// # Errors
/// If it cannot be written or imported.
pub fn import(server: &Server, name: &str, size: Size) -> Result<()> {
    let folder = server.folder().join(format!("{name}-source"));
    dataset::write_yolo(&folder, size)?;
    let path = folder.to_str().context("the temporary folder's name is not UTF-8")?;
    server.call(&["dataset", "import", path, "--format", "yolo", "--name", name])?.succeeded()?;
    Ok(())
}

/// Creates a model version of the smallest detector.
///
/// # Errors
/// If it cannot be created.
pub fn create_model(server: &Server, dataset: &str, name: &str) -> Result<()> {
    let arguments = ["model", "create", "--architecture", "yolov8n", "--dataset", dataset, "--name", name];
    server.call(&arguments)?.succeeded()?;
    Ok(())
}

/// Starts a training at the smallest cost: tiny pictures, no mosaic.
///
/// # Errors
/// If it cannot be started.
pub fn start(server: &Server, model: &str, epochs: u32) -> Result<()> {
    let epochs = format!("epochs={epochs}");
    let mut arguments = vec!["train", model];
    for setting in ["imgsz=32", "batch_size=4", "workers=1", "mosaic=0", &epochs] {
        arguments.extend(["--set", setting]);
    }
    server.call(&arguments)?.succeeded()?;
    Ok(())
}

/// The latest training of a model version, by its name.
///
/// # Errors
/// If there is none.
pub fn of_model(server: &Server, model: &str) -> Result<Value> {
    let list = server.json(&["trainings", "--search", model])?;
    let rows = rows(&list, "trainings")?;
    let found = rows.iter().find(|row| text(row, &["model_name", "modelName"]) == model);
    found.cloned().with_context(|| format!("there is no training of `{model}` in {list}"))
}

/// Its status, for example `in-progress`.
#[must_use]
pub fn status(training: &Value) -> String {
    training["status"].as_str().unwrap_or_default().to_owned()
}

/// Waits until the latest training of a model version has this status.
///
/// # Errors
/// If it does not in time, or ends with another.
pub fn expect_status(server: &Server, model: &str, wanted: &str, deadline: Duration) -> Result<Value> {
    let what = format!("the training of `{model}` becomes {wanted}");
    let reached = until(&what, deadline, || {
        let training = of_model(server, model)?;
        let now = status(&training);
        if now == wanted {
            return Ok(Some(training));
        }
        if FINAL.contains(&now.as_str()) {
            bail!("the training of `{model}` ended as {now} and not as {wanted}: {training}");
        }
        Ok(None)
    });
    reached.with_context(|| last_words(server, model))
}

/// What a person would look at first when a training went wrong.
fn last_words(server: &Server, model: &str) -> String {
    let log = server.call(&["logs", model]).map(|call| call.output).unwrap_or_default();
    format!("log of the training:\n{log}\nlog of the server:\n{}", server.log())
}

/// Waits until the training has finished this many epochs.
///
/// # Errors
/// If it does not in time.
pub fn expect_epochs(server: &Server, model: &str, epochs: usize, deadline: Duration) -> Result<()> {
    let what = format!("the training of `{model}` has finished {epochs} epochs");
    let enough = || Ok((measured_epochs(server, model)?.len() >= epochs).then_some(()));
    until(&what, deadline, enough).with_context(|| last_words(server, model))
}

/// The epochs for which there is a figure of the validation.
fn measured_epochs(server: &Server, model: &str) -> Result<Vec<f64>> {
    let list = server.json(&["metrics", model, "--figure", "mAP50(B)"])?;
    Ok(rows(&list, "samples")?.iter().filter_map(|row| row["x"].as_f64()).collect())
}

/// mAP50 of each epoch as it was reported.
///
/// # Errors
/// If the figures cannot be read.
pub fn precisions(server: &Server, model: &str) -> Result<Vec<f64>> {
    let list = server.json(&["metrics", model, "--figure", "mAP50(B)"])?;
    Ok(rows(&list, "samples")?.iter().filter_map(|row| row["y"].as_f64()).collect())
}

/// Fails unless each figure of each epoch is there exactly once, and nothing is missing.
///
/// # Errors
/// With what is missing or there twice.
pub fn expect_every_figure_once(server: &Server, model: &str, epochs: u32) -> Result<()> {
    let list = server.json(&["metrics", model])?;
    let mut seen: BTreeMap<(String, String, String), u32> = BTreeMap::new();
    for row in rows(&list, "samples")? {
        let key = (text(row, &["figure"]), text(row, &["legend"]), row["x"].to_string());
        *seen.entry(key).or_default() += 1;
    }
    let repeated: Vec<_> = seen.iter().filter(|(_, count)| **count != 1).collect();
    ensure!(repeated.is_empty(), "figures that are there more than once: {repeated:?}");
    for (figure, legend) in EPOCH_FIGURES {
        let mut of_figure: Vec<f64> = seen
            .keys()
            .filter(|(name, line, _)| name == figure && line == legend)
            .filter_map(|(_, _, x)| x.parse().ok())
            .collect();
        of_figure.sort_by(f64::total_cmp);
        let wanted: Vec<f64> = (1..=epochs).map(f64::from).collect();
        ensure!(
            of_figure == wanted,
            "{figure} ({legend}) is there for the epochs {of_figure:?}, not {wanted:?}"
        );
    }
    Ok(())
}

/// The rows of a list, be it a bare one or under a name.
///
/// # Errors
/// If there is no list.
pub fn rows<'a>(list: &'a Value, name: &str) -> Result<&'a Vec<Value>> {
    list.as_array().or_else(|| list[name].as_array()).with_context(|| format!("no list of {name} in {list}"))
}

/// The text under the first of these keys that is there.
#[must_use]
pub fn text(row: &Value, keys: &[&str]) -> String {
    keys.iter().find_map(|key| row[*key].as_str()).unwrap_or_default().to_owned()
}
