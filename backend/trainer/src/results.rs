//! The reports that stay with a trained model: `results.json` and `confusion_matrix.json`.
//!
//! Knows no tensors.

use std::path::{Path, PathBuf};

use serde::Serialize;
use shared::config::DetectionConfig;
use shared::metrics::{ConfusionMatrix, DetectionSummary};

use crate::error::TrainError;
use crate::files::replace_file;
use crate::run_state::{EpochRecord, RunState};

#[derive(Serialize)]
struct Results<'a> {
    variant: &'a str,
    labels: &'a [String],
    config: &'a DetectionConfig,
    epochs_done: u32,
    best_epoch: Option<u32>,
    best: Option<&'a DetectionSummary>,
    last: Option<&'a DetectionSummary>,
    epochs: &'a [EpochRecord],
}

#[derive(Serialize)]
struct Confusion<'a> {
    labels: &'a [String],
    /// Rows are what is there, columns what was found; the last of both is the background.
    matrix: Vec<Vec<u64>>,
}

/// Writes the run's figures, epoch by epoch.
///
/// # Errors
/// If the disk refuses.
pub(crate) fn write_results(
    folder: &Path,
    state: &RunState,
    config: &DetectionConfig,
) -> Result<PathBuf, TrainError> {
    let results = Results {
        variant: state.variant.name(),
        labels: &state.labels,
        config,
        epochs_done: state.epochs_done,
        best_epoch: state.best_epoch,
        best: state.best.as_ref(),
        last: state.last.as_ref(),
        epochs: &state.history,
    };
    write_json(folder.join("results.json"), &results)
}

/// Writes the last validation's confusion matrix.
///
/// # Errors
/// If the disk refuses.
pub(crate) fn write_confusion(
    folder: &Path,
    labels: &[String],
    confusion: &ConfusionMatrix,
) -> Result<PathBuf, TrainError> {
    let side = 0..=confusion.background();
    let row = |actual: usize| side.clone().map(|predicted| confusion.count(actual, predicted)).collect();
    let matrix = side.clone().map(row).collect();
    write_json(folder.join("confusion_matrix.json"), &Confusion { labels, matrix })
}

fn write_json(path: PathBuf, value: &impl Serialize) -> Result<PathBuf, TrainError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| TrainError::io("write", &path, std::io::Error::other(error)))?;
    replace_file(&path, &text)?;
    Ok(path)
}
