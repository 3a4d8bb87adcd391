//! Appearance: what is chosen is seen at once, kept by the browser, the same in its other tabs, and followed by times.
//!
//! Must not know the product's code.

use super::pages::sign_in;
use anyhow::{Result, ensure};
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

/// Each choice: what is pressed, and what the styles look at then.
const CHOICES: [(&str, &str, &str); 5] = [
    ("Dark", "data-theme", "dark"),
    ("Compact", "data-density", "compact"),
    ("Reduced", "data-motion", "reduce"),
    ("High", "data-contrast", "more"),
    ("Light", "data-theme", "light"),
];

async fn expect_attribute(browser: &Browser, name: &str, value: &str) -> Result<()> {
    let query = format!("return document.documentElement.getAttribute('{name}')");
    until_async(&format!("{name} is {value}"), PAGE_DEADLINE, async || {
        Ok((browser.script(&query).await? == value).then_some(()))
    })
    .await
}

async fn choose_zone(browser: &Browser, name: &str) -> Result<()> {
    let script = format!(
        "const field = document.getElementById('time-zone'); field.value = '{name}';
         field.dispatchEvent(new Event('change', {{ bubbles: true }})); return field.value;"
    );
    ensure!(browser.script(&script).await? == name, "{name} is not offered");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_seen_at_once_and_kept() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    training::create_model(&server, "shapes", "tiny")?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.click("link", "Settings").await?;
    browser.find("heading", "Secrets").await?;
    browser.click("link", "Appearance").await?;
    browser.find("heading", "Appearance").await?;
    for (label, attribute, value) in CHOICES {
        browser.click("radio", label).await?;
        expect_attribute(&browser, attribute, value).await?;
    }
    browser.screenshot("settings-appearance-compact").await?;
    for (zone, offset) in [("Asia/Tokyo", "UTC+09:00"), ("UTC", "UTC+00:00"), ("Asia/Dubai", "UTC+04:00")] {
        choose_zone(&browser, zone).await?;
        browser.expect_text(offset, PAGE_DEADLINE).await?;
    }
    browser.click("radio", "Off").await?;
    browser.press("Escape").await?;
    browser.press("g t").await?;
    ensure!(browser.address().await?.ends_with("/settings/appearance"), "a single key acted");

    browser.open(&format!("{}/models", server.url)).await?;
    browser.find("link", "tiny").await?;
    expect_attribute(&browser, "data-density", "compact").await?;
    let hover = browser.script("return document.querySelector('tbody time').title").await?.to_string();
    ensure!(hover.contains("UTC+04:00"), "the time is written as {hover}");
    browser.press("Ctrl+k").await?;
    browser.type_text("appearance").await?;
    browser.press("Enter").await?;
    browser.find("heading", "Appearance").await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
