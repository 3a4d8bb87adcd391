//! What must survive when things break: the real server is killed in the middle of a real training.
//!
//! Must not know the product's code.

use anyhow::{Context, Result, ensure};
use std::time::Duration;
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until;

const EPOCHS: u32 = 8;
/// A whole tiny training on a machine that does other things too.
const TRAINING_DEADLINE: Duration = Duration::from_secs(180);
/// A runner without work waits a while for its server; the rest is for a busy machine.
const PROCESS_DEADLINE: Duration = Duration::from_secs(60);

/// A server with a training that has begun to learn.
fn server_in_training() -> Result<Server> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 16, validation: 6 })?;
    training::create_model(&server, "shapes", "tiny")?;
    training::start(&server, "tiny", EPOCHS)?;
    training::expect_epochs(&server, "tiny", 1, TRAINING_DEADLINE)?;
    Ok(server)
}

/// The processes of the training, which must be there.
fn running(server: &Server) -> Result<Vec<i32>> {
    let processes = server.other_processes()?;
    ensure!(!processes.is_empty(), "no runner is at work");
    Ok(processes.into_iter().map(|process| process.id).collect())
}

#[test]
fn a_killed_server_loses_nothing_and_the_training_goes_on() -> Result<()> {
    let mut server = server_in_training()?;
    let before = training::of_model(&server, "tiny")?;
    let workers = running(&server)?;

    server.kill()?;
    let after_kill = running(&server).context("the training ended with the server")?;
    ensure!(workers.iter().all(|id| after_kill.contains(id)), "{workers:?} were at work, now {after_kill:?}");

    server.start_again()?;
    let after = training::expect_status(&server, "tiny", "success", TRAINING_DEADLINE)?;
    assert_eq!(after["id"], before["id"], "there is another training now");
    assert_eq!(after["attempt"], 1, "the training was begun anew: {after}");
    training::expect_every_figure_once(&server, "tiny", EPOCHS)?;
    expect_no_orphans_after_stop(&mut server)
}

#[test]
fn a_training_that_ends_while_the_server_is_away_is_complete_afterwards() -> Result<()> {
    let mut server = server_in_training()?;
    let runner_and_training = running(&server)?;
    server.kill()?;
    // Nobody tells the test that the training has ended; that its process is gone does.
    until("the Train function ends by itself", TRAINING_DEADLINE, || {
        let left = server
            .other_processes()?
            .into_iter()
            .filter(|process| process.command.contains("train-function"));
        Ok((left.count() == 0).then_some(()))
    })?;
    ensure!(runner_and_training.len() > 1, "runner and Train function are two processes");
    server.start_again()?;
    training::expect_status(&server, "tiny", "success", TRAINING_DEADLINE)?;
    training::expect_every_figure_once(&server, "tiny", EPOCHS)
}

#[test]
fn a_killed_runner_is_noticed_and_the_training_tried_again() -> Result<()> {
    let server = server_in_training()?;
    let before = training::of_model(&server, "tiny")?;
    for process in server.other_processes()? {
        if process.command.contains("runner") {
            tests::processes::send(process.id, rustix::process::Signal::KILL);
        }
    }
    until("its Train function does not outlive it", PROCESS_DEADLINE, || {
        let old = training::of_model(&server, "tiny")?["attempt"] == before["attempt"];
        let left = server.other_processes()?;
        Ok((!old || left.is_empty()).then_some(()))
    })?;
    let after = training::expect_status(&server, "tiny", "success", TRAINING_DEADLINE)?;
    assert_eq!(after["attempt"], 2, "{after}");
    // Where both attempts measured the same epoch, the later one counts.
    training::expect_every_figure_once(&server, "tiny", EPOCHS)
}

/// After a stop in good order and the end of the instances, nothing of this server may be left.
fn expect_no_orphans_after_stop(server: &mut Server) -> Result<()> {
    let code = server.stop()?;
    ensure!(code == Some(0), "the server ended with {code:?} when it was asked to stop");
    until("nothing outlives server and training", PROCESS_DEADLINE, || {
        Ok(server.other_processes()?.is_empty().then_some(()))
    })
    .with_context(|| format!("left: {:?}", server.other_processes()))
}
