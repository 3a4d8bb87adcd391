//! An impatient person presses twice: what they asked for happens once.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, fill_in_training, sign_in};
use anyhow::{Result, ensure};
use tests::browser::Browser;
use tests::dataset::Size;
use tests::server::Server;
use tests::training;

#[tokio::test(flavor = "multi_thread")]
async fn train_pressed_twice_starts_one_training() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&format!("{}/models/new", server.url)).await?;
    fill_in_training(&browser, "tiny", 1).await?;
    browser.click_twice("button", "Start training").await?;
    browser.find("heading", "tiny").await?;
    // A second one would have come by the time that the first has ended.
    training::expect_status(&server, "tiny", "success", TRAINING_DEADLINE)?;
    let trainings = server.json(&["trainings"])?;
    ensure!(training::rows(&trainings, "trainings")?.len() == 1, "{trainings}");
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
