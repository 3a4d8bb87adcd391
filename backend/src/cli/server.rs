//! `trainyard serve`, and what the server itself starts.
//!
//! Must not know how the server is wired.

use super::args::{Place, Serve};
use super::demo;
use super::failure::Failure;
use super::print;
use crate::config::{DataFolder, ServeConfig};
use crate::runner::{self, RunnerArgs};
use crate::serve::{ServeError, Server};
use crate::telemetry::{self, Verbosity};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long open requests may take after a second signal.
const FORCED_STOP: Duration = Duration::from_secs(1);

pub(super) async fn run_serve(place: &Place, arguments: Serve) -> Result<(), Failure> {
    let data = DataFolder::find(place.data.as_deref(), arguments.demo).map_err(usage)?;
    let config = ServeConfig {
        data,
        listen: arguments.listen,
        allow_remote: arguments.allow_remote,
        secrets_key_file: place.secrets_key_file.clone(),
    };
    config.check().map_err(usage)?;
    if !config.listen.ip().is_loopback() {
        tracing::warn!(
            "other machines can reach this server, and it does not encrypt: put a TLS proxy in front"
        );
    }
    let mut stops = StopSignals::listen()?;
    let data = config.data.clone();
    let server = Server::start(config, true).await.map_err(|error| failure_from(&error))?;
    print_link(&server).await?;
    let demo = arguments.demo.then(|| {
        tokio::spawn(demo::run(server.url().to_owned(), server.owner_token().expose().to_owned(), data))
    });
    stops.next().await;
    if let Some(demo) = demo {
        demo.abort();
    }
    if arguments.leave_trainings {
        tracing::info!("stopping; trainings that run go on, and report when the server is back");
    } else {
        tracing::info!(
            "stopping; trainings that run write a checkpoint, and go on from it when the server is back"
        );
        tokio::select! {
            () = server.drain() => {}
            () = stops.next() => {
                server.kill_instances().await;
                let _ = tokio::time::timeout(FORCED_STOP, server.stop()).await;
                return Err(Failure::failed(
                    "stopped at once by a second signal; trainings go on from their last checkpoint",
                ));
            }
        }
    }
    tokio::select! {
        () = server.stop() => Ok(()),
        () = stops.next() => Err(Failure::failed("stopped at once by a second signal; open requests were cut off")),
    }
}

async fn print_link(server: &Server) -> Result<(), Failure> {
    let link = server.sign_in_link().await.map_err(|error| failure_from(&error))?;
    print::line("")?;
    print::line("Trainyard is ready. Open this link to sign in; it works once, within 24 hours:")?;
    print::line(&format!("  {link}"))?;
    print::line("Another one: trainyard link. Stop: Ctrl-C.")?;
    print::line("")
}

fn usage(error: impl std::fmt::Display) -> Failure {
    Failure::usage(error.to_string())
}

fn failure_from(error: &ServeError) -> Failure {
    match error {
        ServeError::Config(_) => Failure::usage(error.to_string()),
        _ => Failure::failed(error.to_string()),
    }
}

/// The two signals that end a server.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> Result<Self, Failure> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// `trainyard runner`: everything it needs stands in its environment.
pub(super) fn run_runner() -> ExitCode {
    telemetry::start(Verbosity::Server);
    match RunnerArgs::from_environment().and_then(runner::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `trainyard train-function`: a built-in one, or somebody else's under watch.
pub(super) fn run_train_function(asked: &super::args::TrainFunction) -> ExitCode {
    use runner::function::BuiltIn;
    if asked.supervise {
        runner::supervise::run(&asked.program)
    } else {
        runner::function::run(if asked.instant { BuiltIn::Instant } else { BuiltIn::Train })
    }
}
