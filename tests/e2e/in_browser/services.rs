//! A service in the browser: found from a training's row, paused, resumed and changed; its pages under the rules of
//! accessibility.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, sign_in};
use anyhow::{Context, Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

const SERVICE: &str = "mgmt-train-yolov8";

async fn expect_accessible(browser: &Browser, state: &str) -> Result<()> {
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        expect_no_violation(browser, &format!("{state}, {}", theme.name())).await?;
        browser.screenshot(&format!("{state}-{}", theme.name())).await?;
    }
    Ok(())
}

/// A server with a service that has trained one version and has nothing to do.
async fn house() -> Result<(Server, Browser)> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
    training::create_model(&server, "shapes", "first")?;
    training::start(&server, "first", 1)?;
    training::expect_status(&server, "first", "success", TRAINING_DEADLINE)?;
    let browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    Ok((server, browser))
}

/// Whether a button cannot be pressed now, and says why.
async fn is_disabled(browser: &Browser, name: &str) -> Result<bool> {
    let button = browser.find("button", name).await?;
    let is_disabled = button.attr("aria-disabled").await?.as_deref() == Some("true");
    let reason = button.attr("title").await?.unwrap_or_default();
    ensure!(!is_disabled || !reason.is_empty(), "{name} does not say why it is disabled");
    Ok(is_disabled)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_service_keeps_a_training_created_and_says_so_on_its_row() -> Result<()> {
    let (server, mut browser) = house().await?;
    browser.click("link", SERVICE).await?;
    browser.find("heading", SERVICE).await?;
    ensure!(is_disabled(&browser, "Resume").await?, "what is not paused can be resumed");
    browser.click("button", "Pause").await?;
    browser.expect_text("Paused", PAGE_DEADLINE).await?;

    training::create_model(&server, "shapes", "second")?;
    training::start(&server, "second", 1)?;
    browser.open(&format!("{}/models/training", server.url)).await?;
    let badge = format!("Warning of {SERVICE}: Paused");
    browser.click("button", &badge).await?;
    browser.expect_text("it starts no execution", PAGE_DEADLINE).await?;
    browser.expect_text("Resume the service", PAGE_DEADLINE).await?;
    expect_accessible(&browser, "service-popover").await?;
    ensure!(training::status(&training::of_model(&server, "second")?) == "created", "it did not stay");
    browser.click("link", &format!("Executions of {SERVICE}")).await?;
    browser.find("link", "second").await?;
    expect_accessible(&browser, "service-executions").await?;

    browser.click("button", "Resume").await?;
    training::expect_status(&server, "second", "success", TRAINING_DEADLINE)?;
    browser.open(&format!("{}/models/training", server.url)).await?;
    until_async("the row is well again", PAGE_DEADLINE, async || {
        Ok(browser.look_for("button", &badge).await?.is_none().then_some(()))
    })
    .await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_settings_says_what_it_does_and_is_a_revision() -> Result<()> {
    let (server, mut browser) = house().await?;
    browser.open(&format!("{}/services/{SERVICE}/configuration", server.url)).await?;
    browser.expect_text("Revision 1", PAGE_DEADLINE).await?;
    ensure!(is_disabled(&browser, "Save settings").await?, "nothing can be saved");
    browser.fill("textbox", "Max attempts", "101").await?;
    browser.expect_text("choose 1 to 100", PAGE_DEADLINE).await?;
    browser.fill("textbox", "Max attempts", "5").await?;
    browser.expect_text("Holds for attempts that start from now on", PAGE_DEADLINE).await?;
    expect_accessible(&browser, "service-configuration").await?;

    // Another tab is quicker: nothing of what is typed is lost, and a person decides.
    let other = Browser::start().await?;
    sign_in(&other, &server).await?;
    other.open(&format!("{}/services/{SERVICE}/configuration", server.url)).await?;
    other.fill("textbox", "Max instances", "2").await?;
    other.click("button", "Save settings").await?;
    other.expect_text("Max instances 1 → 2", PAGE_DEADLINE).await?;
    other.quit().await?;
    browser.click("button", "Put mine over theirs").await.context("the conflict is told")?;
    browser.click("button", "Save settings").await?;
    browser.expect_text("Revision 3", PAGE_DEADLINE).await?;
    browser.expect_text("Max attempts 3 → 5", PAGE_DEADLINE).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_service_and_its_machines_are_accessible_in_both_looks() -> Result<()> {
    let (server, mut browser) = house().await?;
    for (path, role, name) in [
        ("services", "link", SERVICE),
        ("services/mgmt-train-yolov8/instances", "button", "Show log"),
        ("services/mgmt-train-yolov8/errors", "heading", "No errors"),
        ("services/machines", "button", "Edit local…"),
    ] {
        browser.open(&format!("{}/{path}", server.url)).await?;
        browser.find(role, name).await?;
        expect_accessible(&browser, &path.replace('/', "-")).await?;
    }
    browser.click("button", "New machine type…").await?;
    browser.fill("textbox", "Name", "Big one").await?;
    browser.fill("textbox", "GPUs", "H100").await?;
    browser.expect_text("is no GPU", PAGE_DEADLINE).await?;
    expect_accessible(&browser, "services-machine-dialog").await?;
    browser.fill("textbox", "GPUs", "0: H100, 81559 MiB").await?;
    browser.fill("textbox", "Name", "big").await?;
    browser.click("button", "Save machine type").await?;
    browser.click("button", "Delete big…").await?;
    browser.click("button", "Delete machine type").await?;
    browser.expect_text("The machine type big is deleted", PAGE_DEADLINE).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
