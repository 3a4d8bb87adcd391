//! Uploaded weights that a version is to start from: refused when no training could.
//!
//! Must not know how a network is built.

use super::error::Problem;
use crate::store::Store;
use shared::architecture::Architecture;
use tonic::Code;
use trainer::{Network, UnknownNetwork, check_start_weights};

/// The largest file that is looked at; the largest published weights have a tenth of it.
const MOST_BYTES: u64 = 4 << 30;

/// Refuses what is not stored, is no weights file, or does not fit the architecture's variant; `name` is the name of both,
/// such as `yolov8n`.
///
/// # Errors
/// What is wrong with it, as a violation of `weights_hash`.
pub(super) async fn check_uploaded(
    store: &Store,
    family: &Architecture,
    variant: &str,
    classes: usize,
    hash: &str,
) -> Result<(), Problem> {
    let Some(path) = store.blobs().local_path(hash) else {
        return Err(Problem::field(
            "weights_hash",
            "names no stored file; upload the weights first, and give the SHA-256 of their content",
        ));
    };
    // What a private Train function can start from, it alone knows.
    if family.private().is_some() {
        return Ok(());
    }
    let network: Network = format!("{}{variant}", family.id)
        .parse()
        .map_err(|error: UnknownNetwork| Problem::field("architecture", error.to_string()))?;
    let checked = tokio::task::spawn_blocking(move || {
        let size_bytes = std::fs::metadata(&path).map_err(|error| error.to_string())?.len();
        if size_bytes > MOST_BYTES {
            return Err(format!("the file is larger than {} GiB", MOST_BYTES >> 30));
        }
        let content = std::fs::read(&path).map_err(|error| error.to_string())?;
        check_start_weights(network, classes, &content).map_err(|error| error.to_string())
    });
    match checked.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(why)) => Err(Problem::field("weights_hash", format!("cannot be started from: {why}"))),
        Err(error) => Err(Problem::new(
            Code::Internal,
            "CHECK_FAILED",
            format!("the weights could not be looked at: {error}"),
        )),
    }
}
