//! Log lines on standard error.
//!
//! Must not write to standard output, which belongs to what a command answers.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// How much a process says when `TRAINYARD_LOG` does not decide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// What a server does.
    Server,
    /// Only what a person at a command must know.
    Command,
}

/// Starts logging; a second call changes nothing.
pub fn start(verbosity: Verbosity) {
    let default = match verbosity {
        Verbosity::Server => "info,sqlx=warn,hyper=warn,h2=warn,tonic=warn,tower=warn",
        Verbosity::Command => "error",
    };
    let filter = EnvFilter::try_from_env("TRAINYARD_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // It would tell that on standard error, too, and panic where that lies on a full disk.
    let builder = builder.log_internal_errors(false);
    let wants_json = std::env::var("TRAINYARD_LOG_FORMAT").is_ok_and(|format| format == "json");
    let started = if wants_json {
        builder.json().try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    // Another part of the same process started it before: its settings stay.
    let _ = started;
}
