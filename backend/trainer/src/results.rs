//! The reports that stay with a trained model: `results.json` and `confusion_matrix.json`.
//!
//! Knows no tensors.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::TrainError;
use crate::family::Family;
use crate::files::replace_file;
use crate::model::Network;
use crate::run_state::{EpochRecord, RunState};

#[derive(Serialize)]
#[serde(bound = "")]
struct Results<'a, F: Family> {
    variant: &'a str,
    labels: &'a [String],
    config: &'a F::Config,
    epochs_done: u32,
    best_epoch: Option<u32>,
    best: Option<&'a F::Summary>,
    last: Option<&'a F::Summary>,
    epochs: &'a [EpochRecord],
}

#[derive(Serialize)]
struct Confusion<'a> {
    labels: &'a [String],
    /// Rows are what is there, columns what was found; of a detector the last of both is the background.
    matrix: &'a [Vec<u64>],
}

/// Writes the run's figures, epoch by epoch.
///
/// # Errors
/// If the disk refuses.
pub(crate) fn write_results<F: Family>(
    folder: &Path,
    state: &RunState<F>,
    config: &F::Config,
) -> Result<PathBuf, TrainError> {
    let network: Network = state.variant.into();
    let results = Results::<F> {
        variant: network.name(),
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
    matrix: &[Vec<u64>],
) -> Result<PathBuf, TrainError> {
    write_json(folder.join("confusion_matrix.json"), &Confusion { labels, matrix })
}

fn write_json(path: PathBuf, value: &impl Serialize) -> Result<PathBuf, TrainError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| TrainError::io("write", &path, std::io::Error::other(error)))?;
    replace_file(&path, &text)?;
    Ok(path)
}
