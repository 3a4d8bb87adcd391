//! A person brings a dataset in, looks at it, narrows it, tags and splits it, and takes it back.
//!
//! Must not know the product's code.

use super::pages::{expect_boxes_on_images, sign_in};
use anyhow::{Context, Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::{self, Size};
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

const SIZE: Size = Size { train: 14, validation: 6 };

/// Where the filter is underlined as wrong.
const UNDERLINED: &str = "
    return [...document.querySelectorAll('[data-mark=error]')].map((part) => part.textContent).join('|');";

async fn expect_address(browser: &Browser, part: &str) -> Result<()> {
    let what = format!("the address holds `{part}`");
    until_async(&what, PAGE_DEADLINE, async || Ok(browser.address().await?.contains(part).then_some(())))
        .await
}

async fn open_dataset(browser: &Browser, server: &Server) -> Result<()> {
    browser.open(&format!("{}/datasets", server.url)).await?;
    browser.click("link", "shapes").await?;
    browser.find("heading", "shapes").await?;
    browser.find("gridcell", "~train0000.png").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_is_imported_in_the_browser_and_looked_at() -> Result<()> {
    let server = Server::start()?;
    let folder = server.folder().join("shapes");
    dataset::write_yolo(&folder, SIZE)?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;

    browser.open(&format!("{}/datasets", server.url)).await?;
    browser.click("link", "Import a dataset…").await?;
    browser.click("radio", "A folder on the server's machine").await?;
    browser.fill("textbox", "Folder", "/no/such/folder").await?;
    browser.click("button", "Import").await?;
    browser.expect_text("/no/such/folder", PAGE_DEADLINE).await?;
    expect_no_violation(&browser, "the dialog of an import that failed").await?;
    browser.fill("textbox", "Folder", folder.to_str().context("the folder's name is not UTF-8")?).await?;
    browser.click("button", "Import").await?;
    browser.find("heading", "shapes is imported").await?;
    expect_no_violation(&browser, "the report of an import").await?;
    browser.click("link", "Open dataset").await?;

    browser.find("gridcell", "~train0000.png").await?;
    expect_boxes_on_images(&browser, 5).await?;
    browser.click("link", "train0001.png").await?;
    browser.find("heading", "train0001.png").await?;
    browser.find("heading", "2 annotations").await?;
    expect_address(&browser, "item=").await?;
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        expect_no_violation(&browser, &format!("an open item ({})", theme.name())).await?;
        browser.screenshot(&format!("dataset-item-{}", theme.name())).await?;
    }
    browser.click("button", "Next item").await?;
    browser.find("heading", "train0002.png").await?;
    browser.click("button", "Table").await?;
    browser.find("row", "~train0003.png").await?;
    expect_no_violation(&browser, "items as a table").await?;
    // The same again from its address alone.
    browser.open(&browser.address().await?).await?;
    browser.find("heading", "train0002.png").await?;
    browser.find("row", "~train0003.png").await?;
    browser.expect_quiet_console(&["400"]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_mended_and_what_it_finds_is_tagged_split_and_put_back() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", SIZE)?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    open_dataset(&browser, &server).await?;

    browser.fill("textbox", "Filter", "metadata.system.tags.validation = ").await?;
    browser.expect_text("Expected a value", PAGE_DEADLINE).await?;
    ensure!(browser.script(UNDERLINED).await? == "\u{a0}", "the place after the sign is underlined");
    expect_no_violation(&browser, "a filter with an error").await?;
    browser.fill("textbox", "Filter", "metadata.system.tags.validaton = true").await?;
    browser.fill("textbox", "Filter", "metadata.system.tags.validation = true").await?;
    browser.expect_text("Would find 6 items", PAGE_DEADLINE).await?;
    browser.click("button", "Apply").await?;
    browser.expect_text("Finds 6 items", PAGE_DEADLINE).await?;
    expect_address(&browser, "dql=").await?;
    browser.click("button", "JSON").await?;
    browser.find("button", "Text").await?;
    browser.click("button", "Form").await?;
    browser.find("textbox", "Field of condition 1").await?;
    expect_no_violation(&browser, "a filter as a form").await?;
    browser.screenshot("dataset-filter-form").await?;
    browser.click("button", "Text").await?;

    browser.click("button", "Select all").await?;
    browser.expect_text("All 6 selected", PAGE_DEADLINE).await?;
    browser.click("button", "Test").await?;
    browser.expect_text("6 items tagged test", PAGE_DEADLINE).await?;
    browser.find("heading", "Nothing matches").await?;
    browser.click("button", "Undo").await?;
    browser.expect_text("Finds 6 items", PAGE_DEADLINE).await?;

    browser.click("button", "Clear").await?;
    browser.expect_text("Finds 20 items", PAGE_DEADLINE).await?;
    browser.click("button", "Select all").await?;
    browser.click("button", "Split…").await?;
    browser.fill("textbox", "Train (%)", "50").await?;
    browser.expect_text("The three add up to 70, not to 100", PAGE_DEADLINE).await?;
    browser.fill("textbox", "Validation (%)", "50").await?;
    browser.fill("textbox", "Test (%)", "0").await?;
    expect_no_violation(&browser, "the dialog of a split").await?;
    browser.click("button", "Split").await?;
    browser.expect_text("10 train, 10 validation, 0 test", PAGE_DEADLINE).await?;
    browser.click("button", "Undo").await?;
    browser.expect_text("14 train, 6 validation, 0 test", PAGE_DEADLINE).await?;

    browser.click("button", "~Under 100 KiB").await?;
    browser.expect_text("Finds 20 items", PAGE_DEADLINE).await?;
    browser.click("button", "~Under 100 KiB").await?;
    browser.fill("textbox", "Filter", "metadata.system.tags.validation = true").await?;
    browser.find("list", "First items it would find").await?;
    expect_no_violation(&browser, "what a filter would find").await?;
    browser.screenshot("dataset-sample").await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_looked_up_and_undone_later_and_those_made_elsewhere_are_told() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", SIZE)?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    open_dataset(&browser, &server).await?;
    browser.click("button", "Select all").await?;
    browser.click("button", "Test").await?;
    browser.expect_text("0 train, 0 validation, 20 test", PAGE_DEADLINE).await?;
    // Without what the page knows of its own changes.
    browser.open(&browser.address().await?).await?;
    browser.click("button", "Recent changes…").await?;
    browser.find("button", "Undo: Tagged into test, 20 items").await?;
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        expect_no_violation(&browser, &format!("recent changes ({})", theme.name())).await?;
        browser.screenshot(&format!("dataset-changes-{}", theme.name())).await?;
    }
    browser.click("button", "Undo: Tagged into test, 20 items").await?;
    browser.expect_text("14 train, 6 validation, 0 test", PAGE_DEADLINE).await?;
    browser.click("button", "Close").await?;

    let all = server.folder().join("all.json");
    std::fs::write(&all, "{}")?;
    let all = all.to_str().context("the folder's name is not UTF-8")?;
    server
        .call(&["dataset", "tag", "--dataset", "shapes", "--filter", all, "--subset", "train"])?
        .succeeded()?;
    browser.expect_text("The dataset has changed", PAGE_DEADLINE).await?;
    browser.click("button", "Reload").await?;
    browser.expect_text("20 train, 0 validation, 0 test", PAGE_DEADLINE).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
