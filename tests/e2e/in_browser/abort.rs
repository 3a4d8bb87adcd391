//! A person ends a running training: it stops within seconds, as Terminated, and leaves no process behind.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, record_statuses, recorded_statuses, sign_in};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};
use tests::browser::Browser;
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::{until, until_async};

/// What is promised.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn abort_ends_a_running_training_within_seconds() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 16, validation: 6 })?;
    training::create_model(&server, "shapes", "endless")?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    record_statuses(&browser).await?;
    training::start(&server, "endless", 10_000)?;
    training::expect_epochs(&server, "endless", 1, TRAINING_DEADLINE)?;

    browser.click("button", "~endless").await?;
    browser.click("menuitem", "~Abort Training").await?;
    browser
        .expect_text("Terminated", STOP_DEADLINE)
        .await
        .context("the dialog says what the status will be")?;
    let pressed = Instant::now();
    browser.click("button", "Abort training").await?;
    until_async("the row shows Terminated", STOP_DEADLINE, async || {
        let seen = recorded_statuses(&browser).await?;
        Ok(seen.last().is_some_and(|last| last == "Terminated").then_some(()))
    })
    .await
    .with_context(|| format!("log of the server:\n{}", server.log()))?;
    println!("stopped after {:?}", pressed.elapsed());

    until("its Train function is gone", STOP_DEADLINE, || {
        let processes = server.other_processes()?;
        Ok((!processes.iter().any(|process| process.command.contains("train-function"))).then_some(()))
    })?;
    let training = training::of_model(&server, "endless")?;
    assert_eq!(training::status(&training), "terminated");
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
