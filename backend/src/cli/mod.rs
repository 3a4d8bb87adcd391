//! The command line: a gRPC client like any other, and the way to start the server.
//!
//! Must not know SQL.

mod architecture;
mod args;
mod artifacts;
mod check;
pub(crate) mod connect;
mod contexts;
mod dataset;
mod demo;
mod dql;
mod draw;
mod evaluate;
mod failure;
mod filter;
mod input;
mod item_args;
mod items;
mod machine;
mod model;
mod model_args;
mod predict;
mod print;
mod query;
mod recipe;
mod repeat;
mod secret;
mod secret_args;
mod server;
mod service;
mod service_args;
mod signed_in;
mod snapshot;
mod train;
mod train_args;
mod trainer_fit;
mod trainings;
mod upload;
mod verify;

pub use failure::Failure;

use crate::telemetry::{self, Verbosity};
use args::{Arguments, Command, Link, Place};
use clap::{CommandFactory, Parser};
use connect::{Connection, WithoutServer};
use proto::v1;
use std::process::ExitCode;

/// Runs the program as it was called.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Runner => return server::run_runner(),
        Command::TrainFunction(function) => return server::run_train_function(&function),
        command => with_runtime(arguments.place, command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

fn with_runtime(place: Place, command: Command) -> Result<(), Failure> {
    let verbosity = if matches!(command, Command::Serve(_)) { Verbosity::Server } else { Verbosity::Command };
    telemetry::start(verbosity);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::failed(format!("the system gives no threads: {error}; end other programs and try again"))
    })?;
    let result = runtime.block_on(Box::pin(dispatch(place, command)));
    // What still computes, for example a picture of an import, does not hold up the end.
    runtime.shutdown_background();
    result
}

async fn dispatch(place: Place, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(serve) => server::run_serve(&place, serve).await,
        Command::Dataset(command) => dataset::run(&place, command).await,
        Command::Filter(command) => filter::run(&place, command).await,
        Command::Model(command) => model::run(&place, command).await,
        Command::Recipe(command) => recipe::run(&place, command).await,
        Command::Train(train) => train::run(&place, train).await,
        Command::Trainings(arguments) => trainings::run(&place, arguments).await,
        Command::Abort(one) => trainings::act(&place, one, trainings::Action::Abort).await,
        Command::Remove(one) => trainings::act(&place, one, trainings::Action::Remove).await,
        Command::Restore(one) => trainings::act(&place, one, trainings::Action::Restore).await,
        Command::Rerun(one) => trainings::act(&place, one, trainings::Action::Rerun).await,
        Command::Priority(arguments) => trainings::set_priority(&place, arguments).await,
        Command::Why(one) => trainings::why(&place, one).await,
        Command::Service(command) => service::run(&place, command).await,
        Command::Machine(command) => machine::run(&place, command).await,
        Command::Logs(arguments) => trainings::logs(&place, arguments).await,
        Command::Metrics(arguments) => trainings::metrics(&place, arguments).await,
        Command::Artifacts(command) => artifacts::run(&place, command).await,
        Command::Architecture(command) => architecture::run(&place, command).await,
        Command::Secret(command) => secret::run(&place, command).await,
        Command::Predict(arguments) => predict::run(&place, arguments).await,
        Command::Trainer(command) => Box::pin(trainer_fit::run(command)).await,
        Command::Evaluate(command) => evaluate::run(&command),
        Command::Dql(command) => dql::run(&command),
        Command::Context(command) => contexts::run(command),
        Command::Completions(asked) => completions(asked.shell),
        Command::Verify(arguments) => verify::run(&place, arguments).await,
        Command::Link(arguments) => link(&place, arguments).await,
        // Dispatched before there is a runtime, since they bring their own.
        Command::Runner | Command::TrainFunction(_) => Ok(()),
    }
}

/// Printed as a whole, so that a shell that hangs up early is no panic.
fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "trainyard", &mut script);
    print::line(String::from_utf8_lossy(&script).trim_end())
}

async fn link(place: &Place, arguments: Link) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::Refuse).await?;
    let request = v1::CreateSignInLinkRequest { withheld_permissions: arguments.without };
    let answer = connection.access().create_sign_in_link(request).await;
    connection.close().await;
    let v1::CreateSignInLinkResponse { url, expires_at_ms } = answer?.into_inner();
    if arguments.output.json {
        return print::json(&serde_json::json!({"url": url, "expires_at_ms": expires_at_ms}));
    }
    print::line(&url)
}
