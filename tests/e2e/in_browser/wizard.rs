//! The wizard's first and third step in all their ways, under the rules of accessibility; and that nothing which was
//! filled in gets lost, though the page goes at once or another tab fills in something else.
//!
//! Must not know the product's code.

use super::pages::sign_in;
use anyhow::{Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

/// What stands in the field; it may be drawn anew at any time.
const EPOCHS: &str = "return document.getElementById('epochs')?.value || ''";

async fn house() -> Result<(Server, Browser)> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    training::create_model(&server, "shapes", "fresh")?;
    let browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    Ok((server, browser))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_choose_is_accessible_in_both_looks() -> Result<()> {
    let (server, mut browser) = house().await?;
    browser.open(&format!("{}/models/fresh/train/data", server.url)).await?;
    browser.find("combobox", "Dataset").await?;
    browser.click("radio", "DQL filter").await?;
    browser.find("textbox", "Filter (DQL)").await?;
    browser.expect_text("4 items", PAGE_DEADLINE).await?;
    expect_accessible(&browser, "wizard-filter").await?;
    browser.click("button", "Form").await?;
    browser.find("group", "Filter (DQL)").await?;
    expect_accessible(&browser, "wizard-form").await?;
    browser.click("radio", "Folder").await?;
    browser.click("treeitem", "~Root folder").await?;
    browser.expect_text("6 items", PAGE_DEADLINE).await?;
    expect_accessible(&browser, "wizard-folder").await?;
    browser.click("link", "Next: Model Configuration").await?;
    browser.click("link", "Next: Service Settings").await?;
    browser.find("checkbox", "Run executions as process").await?;
    expect_accessible(&browser, "wizard-service").await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

async fn expect_epochs(browser: &Browser, what: &str) -> Result<()> {
    let look = async || Ok((browser.script(EPOCHS).await? == "17").then_some(()));
    until_async(what, PAGE_DEADLINE, look).await
}

async fn expect_accessible(browser: &Browser, state: &str) -> Result<()> {
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        expect_no_violation(browser, &format!("{state}, {}", theme.name())).await?;
        browser.screenshot(&format!("{state}-{}", theme.name())).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_filled_in_outlives_a_page_that_goes_at_once() -> Result<()> {
    let (server, mut browser) = house().await?;
    let address = format!("{}/models/fresh/train/config", server.url);
    browser.open(&address).await?;
    browser.fill("textbox", "~Epochs", "17").await?;
    browser.open(&address).await?;
    expect_epochs(&browser, "the draft is back").await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_do_not_overwrite_each_others_draft() -> Result<()> {
    let (server, first) = house().await?;
    let second = Browser::start().await?;
    sign_in(&second, &server).await?;
    let address = format!("{}/models/fresh/train/config", server.url);
    for browser in [&first, &second] {
        browser.open(&address).await?;
        browser.find("textbox", "~Epochs").await?;
    }
    first.fill("textbox", "~Epochs", "17").await?;
    // Whoever opens the page now finds it, so it is kept.
    let third = Browser::start().await?;
    sign_in(&third, &server).await?;
    until_async("the first draft is kept", PAGE_DEADLINE, async || {
        third.open(&address).await?;
        third.find("textbox", "~Epochs").await?;
        Ok((third.script(EPOCHS).await? == "17").then_some(()))
    })
    .await?;
    third.quit().await?;
    second.fill("textbox", "~Epochs", "23").await?;
    second.expect_text("This draft was changed in another tab", PAGE_DEADLINE).await?;
    second.click("button", "Load it").await?;
    expect_epochs(&second, "the other tab's draft is loaded").await?;
    ensure!(!second.text().await?.contains("changed in another tab"), "the question still stands");
    first.quit().await?;
    second.quit().await
}
