//! Secrets in the browser: one is made and picked on the way to a training, and a session that was not given the
//! permissions is told so and whom to ask.
//!
//! Must not know the product's code.

use super::pages::sign_in;
use anyhow::{Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;

const VALUE: &str = "canary-5ecret-value";

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_made_on_the_way_to_a_training_and_shown_only_to_whom_it_may_be() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    training::create_model(&server, "shapes", "fresh")?;
    let service_step = format!("{}/models/fresh/train/service", server.url);
    let browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&service_step).await?;
    browser.find("combobox", "Machine type").await?;
    browser.expect_text("empty for the architecture's own", PAGE_DEADLINE).await?;
    browser.click("button", "Add new secret…").await?;
    browser.fill("textbox", "Name", "HUB_TOKEN").await?;
    browser.fill("textbox", "Value", VALUE).await?;
    browser.click("button", "Save secret").await?;
    let picked = browser.find("checkbox", "~HUB_TOKEN").await?;
    ensure!(picked.is_selected().await?, "the secret that was just made is not picked");
    ensure!(!browser.text().await?.contains(VALUE), "the page shows the value");
    browser.quit().await?;

    let link =
        server.call(&["link", "--without", "view-secrets", "--without", "add-secrets"])?.succeeded()?;
    let mut browser = Browser::start().await?;
    browser.open(link.output.trim()).await?;
    browser.find("link", "Datasets").await?;
    browser.open(&format!("{}/settings/secrets", server.url)).await?;
    browser.find("heading", "No permission").await?;
    browser.expect_text("ask who made its sign-in link", PAGE_DEADLINE).await?;
    ensure!(!browser.text().await?.contains("HUB_TOKEN"), "the name is shown");
    let button = browser.find("button", "New secret…").await?;
    ensure!(button.attr("aria-disabled").await?.as_deref() == Some("true"), "secrets can be added");
    button.click().await?;
    ensure!(browser.look_for("dialog", "New secret").await?.is_none(), "the dialog opens");
    expect_no_violation(&browser, "the secrets of a session that may not see them").await?;
    browser.open(&service_step).await?;
    browser.expect_text("This session may not see secrets", PAGE_DEADLINE).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
