//! A person who has never seen the product takes a real data set from its folder to a running training, in the browser
//! alone: once with the mouse, once without it.
//!
//! Must not know the product's code.

use super::pages::{
    TRAINING_DEADLINE, expect_boxes_on_images, fill_in_training, record_statuses, recorded_statuses, sign_in,
};
use anyhow::{Context, Result, ensure};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::program::checkout;
use tests::server::Server;
use tests::wait::until_async;

/// Real blood cells: 364 images with 4,886 boxes as Pascal VOC.
const CELLS: &str = "bccd/BCCD";
/// The same as it was downloaded: with its licence and other texts beside it.
const DOWNLOADED: &str = "bccd";
const FIRST_IMAGE: &str = "BloodImage_00000.jpg";
const FACTS: &str = "Detection · 364 items · 4,886 annotations";
/// Thousands of boxes are read and stored.
const IMPORT_DEADLINE: Duration = Duration::from_secs(60);
/// The focus is moved within a few frames, if it is moved.
const FOCUS_DEADLINE: Duration = Duration::from_secs(2);
/// What is promised.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// Keeps the names of all progress bars that are shown, however short.
const RECORD_BARS: &str = "
    window.seenBars = [];
    const look = () => {
        for (const bar of document.querySelectorAll('progress[aria-label], [role=progressbar]')) {
            const name = bar.getAttribute('aria-label');
            if (!window.seenBars.includes(name)) window.seenBars.push(name);
        }
    };
    new MutationObserver(look).observe(document.body, { childList: true, attributes: true, subtree: true });";

/// The public data sets lie beside the project on machines that have them.
fn public(name: &str) -> Option<PathBuf> {
    let path = checkout().join("../shared/data").join(name);
    let found = path.canonicalize().ok().filter(|path| path.is_dir());
    if found.is_none() {
        // Not `eprintln!`: the test harness would swallow what a passing test prints.
        let _ = writeln!(std::io::stderr(), "skipped: there is no {}", path.display());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_blood_cells_are_trained_on_by_mouse_alone() -> Result<()> {
    let Some(folder) = public(CELLS) else { return Ok(()) };
    let server = Server::start()?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;

    browser.click("link", "Datasets").await?;
    browser.find("heading", "No datasets yet").await?;
    browser.drop_on("heading", "Datasets", &folder).await?;
    browser.find("dialog", "Import a dataset").await?;
    browser.expect_text("732 files", PAGE_DEADLINE).await?;
    let name = browser.find("textbox", "Name").await?.prop("value").await?;
    ensure!(name.as_deref() == Some("BCCD"), "the name is filled in: {name:?}");
    browser.script(RECORD_BARS).await?;
    browser.click("button", "Import").await?;
    expect_report(&browser, "BCCD is imported").await?;
    let bars = browser.script("return window.seenBars").await?;
    ensure!(bars.to_string().contains("Progress of the upload"), "the upload showed no progress: {bars}");
    browser.click("link", "Open dataset").await?;

    browser.find("heading", "BCCD").await?;
    browser.expect_text(FACTS, PAGE_DEADLINE).await?;
    expect_boxes_on_images(&browser, 5).await?;
    browser.click("link", FIRST_IMAGE).await?;
    browser.find("heading", FIRST_IMAGE).await?;
    browser.find("heading", "20 annotations").await?;
    browser.click("button", "Close item").await?;
    browser.click("button", "Select all").await?;
    browser.expect_text("All 364 selected", PAGE_DEADLINE).await?;
    browser.click("button", "Split…").await?;
    browser.fill("textbox", "Validation (%)", "20").await?;
    browser.fill("textbox", "Test (%)", "0").await?;
    browser.click("button", "Split").await?;
    browser.expect_text("291 train, 73 validation, 0 test", PAGE_DEADLINE).await?;

    browser.click("link", "Models").await?;
    browser.click("link", "Create version…").await?;
    fill_in_training(&browser, "cells", 1).await?;
    browser.click("button", "Start training").await?;
    browser.find("heading", "cells").await?;
    record_statuses(&browser).await?;
    browser.click("link", "Training").await?;
    expect_in_progress(&browser, &server).await?;
    browser.click("button", "~cells").await?;
    browser.click("menuitem", "~Abort Training").await?;
    browser.click("button", "Abort training").await?;
    expect_terminated(&browser).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_blood_cells_are_trained_on_by_keyboard_alone() -> Result<()> {
    let Some(folder) = public(CELLS) else { return Ok(()) };
    let server = Server::start()?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;

    // Told at the end, as none of them ends the journey.
    let mut lost = Vec::new();
    let folder = folder.to_str().context("the folder's name is not UTF-8")?;
    import_by_keys(&browser, folder, &mut lost).await?;
    look_and_split_by_keys(&browser).await?;
    train_by_keys(&browser, &mut lost).await?;
    abort_by_keys(&browser, &server).await?;
    ensure!(lost.is_empty(), "nothing that can be seen has the focus on:\n{}", lost.join("\n"));
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

/// From the first page to the dataset's own.
async fn import_by_keys(browser: &Browser, folder: &str, lost: &mut Vec<String>) -> Result<()> {
    browser.press("g d").await?;
    browser.find("heading", "No datasets yet").await?;
    expect_any_focus(browser, "the datasets, opened by a shortcut", lost).await?;
    browser.press("Ctrl+k").await?;
    browser.expect_focus("combobox", "Command or model").await?;
    browser.type_text("import").await?;
    let focus = browser.expect_focus("combobox", "Command or model").await?;
    ensure!(focus.part.as_deref() == Some("Import a dataset…"), "Enter would choose {focus}");
    browser.press("Enter").await?;
    browser.expect_focus("radio", "Files of this computer").await?;
    browser.focus_by("Down", "radio", "A folder on the server's machine").await?;
    browser.type_over("textbox", "Folder", folder).await?;
    browser.press("Enter").await?;
    expect_report(browser, "BCCD is imported").await?;
    expect_any_focus(browser, "the report of an import", lost).await?;
    browser.focus_by_tab("link", "Open dataset").await?;
    browser.press("Enter").await?;
    browser.find("heading", "BCCD").await?;
    browser.expect_text(FACTS, PAGE_DEADLINE).await?;
    expect_any_focus(browser, "a dataset, opened by a link", lost).await?;
    Ok(())
}

/// Through the items to a panel and back, and to a split of all of them.
async fn look_and_split_by_keys(browser: &Browser) -> Result<()> {
    expect_boxes_on_images(browser, 5).await?;
    browser.focus_by_tab("grid", "Items").await?;
    expect_part(browser, FIRST_IMAGE).await?;
    browser.press("Right").await?;
    expect_part(browser, "BloodImage_00001.jpg").await?;
    browser.press("Left Enter").await?;
    browser.find("heading", "20 annotations").await?;
    browser.expect_focus("grid", "Items").await?;
    browser.focus_by_tab("button", "Close item").await?;
    browser.press("Escape").await?;
    expect_part(browser, FIRST_IMAGE).await?;
    browser.press("Space").await?;
    browser.expect_text("1 selected", PAGE_DEADLINE).await?;
    expect_part(browser, FIRST_IMAGE).await?;
    browser.press("Ctrl+a").await?;
    browser.expect_text("All 364 selected", PAGE_DEADLINE).await?;
    expect_part(browser, FIRST_IMAGE).await?;

    browser.focus_by("Shift+Tab", "button", "Split…").await?;
    browser.press("Enter").await?;
    browser.expect_focus("textbox", "Train (%)").await?;
    browser.type_over("textbox", "Validation (%)", "20").await?;
    browser.type_over("textbox", "Test (%)", "0").await?;
    browser.press("Enter").await?;
    browser.expect_text("291 train, 73 validation, 0 test", PAGE_DEADLINE).await?;
    browser.expect_focus("button", "Split…").await?;
    Ok(())
}

/// From anywhere to the page of the version that is being trained.
async fn train_by_keys(browser: &Browser, lost: &mut Vec<String>) -> Result<()> {
    browser.press("c").await?;
    browser.find("heading", "Create version").await?;
    expect_any_focus(browser, "the page that makes a version, opened by a shortcut", lost).await?;
    browser.type_over("textbox", "Name", "cells").await?;
    browser.focus_by_tab("button", "Create & Train").await?;
    browser.press("Enter").await?;
    browser.find("heading", "Train subset").await?;
    expect_any_focus(browser, "the first step of the wizard", lost).await?;
    browser.focus_by_tab("link", "Next: Model Configuration").await?;
    browser.press("Enter").await?;
    browser.find("heading", "Configuration").await?;
    expect_any_focus(browser, "its second step", lost).await?;
    browser.type_over("textbox", "~Epochs", "1").await?;
    browser.type_over("textbox", "~Image size", "64").await?;
    browser.type_over("textbox", "~Batch size", "4").await?;
    browser.focus_by_tab("link", "Next: Service Settings").await?;
    browser.press("Enter").await?;
    browser.find("heading", "Execution configuration").await?;
    expect_any_focus(browser, "its third step", lost).await?;
    browser.focus_by_tab("button", "Train Model").await?;
    browser.press("Enter").await?;
    browser.expect_focus("button", "Cancel").await?;
    browser.focus_by_tab("button", "Start training").await?;
    browser.press("Enter").await?;
    browser.find("heading", "cells").await?;
    expect_any_focus(browser, "the page of a version whose training was started", lost).await?;
    Ok(())
}

async fn abort_by_keys(browser: &Browser, server: &Server) -> Result<()> {
    record_statuses(browser).await?;
    browser.press("g t").await?;
    expect_in_progress(browser, server).await?;
    browser.press("j").await?;
    browser.expect_focus("link", "cells").await?;
    browser.press(".").await?;
    browser.expect_focus("menuitem", "Open").await?;
    browser.focus_by("Down", "menuitem", "~Abort Training").await?;
    browser.press("Enter").await?;
    browser.expect_focus("button", "Cancel").await?;
    browser.focus_by_tab("button", "Abort training").await?;
    browser.press("Enter").await?;
    expect_terminated(browser).await?;
    browser.expect_focus("button", "Actions for cells").await?;
    Ok(())
}

/// Notes whether anything has the focus, a moment after the page has changed by itself.
async fn expect_any_focus(browser: &Browser, when: &str, lost: &mut Vec<String>) -> Result<()> {
    let look = async || Ok(browser.focused().await?.filter(|focus| focus.is_seen));
    if until_async("something has the focus", FOCUS_DEADLINE, look).await.is_err() {
        let focus = browser.focused().await?;
        lost.push(focus.map_or_else(|| when.to_owned(), |focus| format!("{when}: {focus}")));
    }
    Ok(())
}

/// Waits until keys act on the item of this name.
async fn expect_part(browser: &Browser, name: &str) -> Result<()> {
    until_async(&format!("keys act on {name}"), PAGE_DEADLINE, async || {
        let focus = browser.expect_focus("grid", "Items").await?;
        Ok(focus.part.is_some_and(|part| part.starts_with(name)).then_some(()))
    })
    .await
}

/// Everything was read, and the two descriptions without an image are told.
async fn expect_report(browser: &Browser, heading: &str) -> Result<()> {
    until_async(&format!("`{heading}`"), IMPORT_DEADLINE, async || {
        browser.look_for("heading", heading).await
    })
    .await
    .with_context(|| format!("the dialog `{heading}` did not come"))?;
    let text = browser.text().await?;
    for part in ["364", "4,886", "BloodImage_00338.xml", "BloodImage_00343.xml"] {
        ensure!(text.contains(part), "the report does not say {part}: {text}");
    }
    Ok(())
}

async fn expect_in_progress(browser: &Browser, server: &Server) -> Result<()> {
    browser.find("link", "cells").await?;
    until_async("the row shows In Progress", TRAINING_DEADLINE, async || {
        let seen = recorded_statuses(browser).await?;
        Ok(seen.iter().any(|word| word == "In Progress").then_some(()))
    })
    .await
    .with_context(|| format!("log of the server:\n{}", server.log()))
}

async fn expect_terminated(browser: &Browser) -> Result<()> {
    until_async("the row shows Terminated", STOP_DEADLINE, async || {
        let seen = recorded_statuses(browser).await?;
        Ok(seen.last().is_some_and(|last| last == "Terminated").then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_as_it_was_downloaded_is_known_for_what_it_is() -> Result<()> {
    let Some(folder) = public(DOWNLOADED) else { return Ok(()) };
    let server = Server::start()?;
    let browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.click("link", "Datasets").await?;
    browser.drop_on("heading", "Datasets", &folder).await?;
    browser.click("button", "Import").await?;
    expect_report(&browser, "bccd is imported").await?;
    browser.click("link", "Open dataset").await?;
    browser.expect_text(FACTS, PAGE_DEADLINE).await?;
    browser.quit().await
}
