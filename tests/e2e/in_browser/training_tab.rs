//! Many trainings at once: selected by keys, aborted and removed together, brought back, with columns of one's choice, and
//! the same after a reload.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, sign_in};
use anyhow::{Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

/// Long enough to be aborted.
const EPOCHS: u32 = 500;

/// The names of the rows, those that are selected with a star.
const ROWS: &str = "
    return [...document.querySelectorAll('tr[data-row]')].map((row) =>
        row.querySelector('a').textContent + (row.getAttribute('aria-selected') === 'true' ? '*' : ''));";

async fn expect_rows(browser: &Browser, wanted: &[&str]) -> Result<()> {
    let what = format!("the rows are {wanted:?}");
    until_async(&what, PAGE_DEADLINE, async || {
        Ok((browser.script(ROWS).await? == serde_json::json!(wanted)).then_some(()))
    })
    .await
}

/// Whether there is a column of datasets.
const HAS_COLUMN: &str =
    "return [...document.querySelectorAll('th')].some((head) => head.textContent === 'Dataset');";

async fn expect_column(browser: &Browser) -> Result<()> {
    until_async("there is a column of datasets", PAGE_DEADLINE, async || {
        Ok((browser.script(HAS_COLUMN).await? == true).then_some(()))
    })
    .await
}

async fn expect_address(browser: &Browser, part: &str) -> Result<()> {
    until_async(&format!("the address has {part}"), PAGE_DEADLINE, async || {
        Ok(browser.address().await?.contains(part).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn trainings_are_selected_aborted_removed_and_brought_back_together() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
    for name in ["one", "two", "three"] {
        training::create_model(&server, "shapes", name)?;
        training::start(&server, name, EPOCHS)?;
    }
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&format!("{}/models/training", server.url)).await?;
    expect_rows(&browser, &["three", "two", "one"]).await?;

    browser.press("j").await?;
    browser.expect_focus("link", "three").await?;
    browser.press("Space").await?;
    expect_rows(&browser, &["three*", "two", "one"]).await?;
    browser.press("Shift+Down").await?;
    expect_rows(&browser, &["three*", "two*", "one"]).await?;
    browser.expect_text("2 selected", PAGE_DEADLINE).await?;
    expect_address(&browser, "sel=").await?;
    columns(&browser).await?;

    browser.click("button", "Remove from training").await?;
    ensure!(
        browser.script(ROWS).await?.as_array().is_some_and(|rows| rows.len() == 3),
        "what waits was removed"
    );
    browser.click("button", "Abort training…").await?;
    browser.expect_text("Abort 2 trainings?", PAGE_DEADLINE).await?;
    browser.expect_text("Their status will be Terminated", PAGE_DEADLINE).await?;
    browser.click("button", "Abort trainings").await?;
    for name in ["two", "three"] {
        training::expect_status(&server, name, "terminated", TRAINING_DEADLINE)?;
    }
    browser.click("button", "Remove from training").await?;
    expect_rows(&browser, &["one"]).await?;
    browser.click("button", "Undo").await?;
    expect_rows(&browser, &["three*", "two*", "one"]).await?;
    browser.click("button", "Clear selection").await?;
    expect_rows(&browser, &["three", "two", "one"]).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

/// Another column is shown, and all of it is there again when the page is loaded anew.
async fn columns(browser: &Browser) -> Result<()> {
    browser.script("document.querySelector('.column-choice summary').click()").await?;
    browser.click("checkbox", "Dataset").await?;
    expect_column(browser).await?;
    expect_address(browser, "cols=dataset").await?;
    let address = browser.address().await?;
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        browser.open(&address).await?;
        expect_column(browser).await?;
        expect_rows(browser, &["three*", "two*", "one"]).await?;
        expect_no_violation(browser, &format!("selected trainings ({})", theme.name())).await?;
        browser.screenshot(&format!("selected-trainings-{}", theme.name())).await?;
    }
    browser.prefer(Theme::Light).await
}
