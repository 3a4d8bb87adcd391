//! The reference of the filter language: reached from every page, and by a link to one of its sections.
//!
//! Must not know the product's code.

use super::pages::sign_in;
use anyhow::Result;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::server::Server;
use tests::wait::until_async;

/// Whether the section of the address is where the eye is.
const SECTION_IS_SEEN: &str = "
    const section = document.getElementById(location.hash.slice(1));
    const top = section ? section.getBoundingClientRect().top : -1;
    return top >= 0 && top < innerHeight / 2;";

async fn expect_section(browser: &Browser, section: &str) -> Result<()> {
    let end = format!("/help/filters#{section}");
    until_async(&format!("`{section}` is in view"), PAGE_DEADLINE, async || {
        let is_there = browser.address().await?.ends_with(&end);
        Ok((is_there && browser.script(SECTION_IS_SEEN).await? == true).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_language_can_be_looked_up_from_anywhere() -> Result<()> {
    let server = Server::start()?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.click("button", "Show keyboard shortcuts").await?;
    browser.click("link", "Filter language").await?;
    browser.find("heading", "Filter language").await?;
    browser.find("row", "~$exists").await?;
    assert!(browser.look_for("dialog", "Keyboard shortcuts").await?.is_none(), "the sheet is closed");
    assert_eq!(browser.script("return document.title").await?, "Filter language · Trainyard");

    browser.click("link", "Dates").await?;
    expect_section(&browser, "dates").await?;
    browser.open(&format!("{}/datasets", server.url)).await?;
    browser.find("heading", "Datasets").await?;
    browser.open(&format!("{}/help/filters#operators", server.url)).await?;
    expect_section(&browser, "operators").await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
