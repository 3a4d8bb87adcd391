//! What a runner is started with, and why it ends with an error.
//!
//! Must not know what a runner does.

use super::connect::ConnectError;
use crate::executor::Image;
use std::path::PathBuf;
use std::time::Duration;

/// How long training goes on without a server.
const DEFAULT_OUTAGE: Duration = Duration::from_secs(24 * 3600);

/// What a runner is started with; it comes by environment variables, because command lines can be
/// read by everybody on the machine.
pub struct RunnerArgs {
    /// This program, which starts Train functions.
    pub program: PathBuf,
    /// Where the server is (`TRAINYARD_URL`).
    pub server_url: String,
    /// Where a server that moved says so (`TRAINYARD_SERVER_FILE`).
    pub server_file: Option<PathBuf>,
    /// The folder for everything that this instance writes (`TRAINYARD_INSTANCE_DIR`).
    pub instance_dir: PathBuf,
    /// The one-time token (`TRAINYARD_REGISTRATION_TOKEN`).
    pub registration_token: String,
    /// The server's stored files, where the disk is shared (`TRAINYARD_BLOBS`).
    pub blobs_dir: Option<PathBuf>,
    /// Another Train function in the place of the built-in one (`TRAINYARD_TRAIN_FUNCTION`, a JSON list).
    pub train_function: Option<Vec<String>>,
    /// What its service runs (`TRAINYARD_IMAGE`); empty for the built-in Train function.
    pub image: Image,
    /// Whether each execution is a process (`TRAINYARD_RUN_AS_PROCESS`).
    pub run_as_process: bool,
    /// Executions at once (`TRAINYARD_CONCURRENCY`); `None` for what the server says.
    pub concurrency: Option<usize>,
    /// How long training goes on without a server (`TRAINYARD_OUTAGE_SECS`).
    pub outage: Duration,
}

/// Why a runner ends with an error.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// It was not started by an executor.
    #[error("`{0}` is not set: a runner is started by the server, not by hand")]
    Environment(&'static str),
    /// A variable cannot be used.
    #[error("`{name}` cannot be used: {detail}")]
    Variable {
        /// Which one.
        name: &'static str,
        /// Why.
        detail: String,
    },
    /// There is no line to the server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server does not take it.
    #[error("the server at {url} did not take this runner: {detail}")]
    NotRegistered {
        /// Where it was tried.
        url: String,
        /// What was said.
        detail: String,
    },
    /// The server no longer knows it.
    #[error("the server no longer counts on this instance; what it held was stopped")]
    Dismissed,
    /// It was told a second time.
    #[error("it was told twice to end: what it held was killed")]
    Forced,
    /// The server was away for too long.
    #[error("the server did not answer for {0} s; what this instance held was stopped")]
    Outage(u64),
    /// Somebody deleted the data folder.
    #[error("the folder {} of this instance is gone, and its server, too; what it held was stopped", .0.display())]
    FolderGone(PathBuf),
    /// The operating system refused.
    #[error("{action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

impl RunnerArgs {
    /// Reads what the executor put into the environment.
    ///
    /// # Errors
    /// If something is missing or cannot be used.
    pub fn from_environment() -> Result<Self, RunnerError> {
        let wanted = |name| std::env::var(name).map_err(|_| RunnerError::Environment(name));
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let variable = |name, detail: String| RunnerError::Variable { name, detail };
        let train_function = match std::env::var("TRAINYARD_TRAIN_FUNCTION") {
            Ok(text) => Some(
                serde_json::from_str(&text)
                    .map_err(|error| variable("TRAINYARD_TRAIN_FUNCTION", error.to_string()))?,
            ),
            Err(_) => None,
        };
        let outage = match std::env::var("TRAINYARD_OUTAGE_SECS") {
            Ok(text) => Duration::from_secs(text.parse().map_err(|error: std::num::ParseIntError| {
                variable("TRAINYARD_OUTAGE_SECS", error.to_string())
            })?),
            Err(_) => DEFAULT_OUTAGE,
        };
        let image = Image::parse(&std::env::var("TRAINYARD_IMAGE").unwrap_or_default())
            .map_err(|error| variable("TRAINYARD_IMAGE", error.detail))?;
        let concurrency = match std::env::var("TRAINYARD_CONCURRENCY") {
            Ok(text) => Some(text.parse().map_err(|error: std::num::ParseIntError| {
                variable("TRAINYARD_CONCURRENCY", error.to_string())
            })?),
            Err(_) => None,
        };
        let program = std::env::current_exe()
            .map_err(|source| RunnerError::System { action: "finding this program", source })?;
        Ok(Self {
            program,
            image,
            run_as_process: std::env::var("TRAINYARD_RUN_AS_PROCESS").map_or(true, |text| text != "false"),
            concurrency,
            server_url: wanted("TRAINYARD_URL")?,
            server_file: path("TRAINYARD_SERVER_FILE"),
            instance_dir: path("TRAINYARD_INSTANCE_DIR")
                .ok_or(RunnerError::Environment("TRAINYARD_INSTANCE_DIR"))?,
            registration_token: wanted("TRAINYARD_REGISTRATION_TOKEN")?,
            blobs_dir: path("TRAINYARD_BLOBS"),
            train_function,
            outage,
        })
    }
}
