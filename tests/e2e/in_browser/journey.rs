//! The way of a newcomer: sign in by the link, train from the form, watch it live to its end, look at the model.
//!
//! Must not know the product's code.

use super::pages::{
    TRAINING_DEADLINE, downloaded_bytes, expect_drawn_charts, record_statuses, recorded_statuses, sign_in,
    train_in_wizard,
};
use anyhow::{Context, Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

/// Enough for a person to see it move.
const EPOCHS: u32 = 12;

/// Whether the line of the address is marked, and in view.
const POINTED_AT: &str = "
    const line = document.querySelector('.log-row.chosen');
    const [row, view] = [line?.getBoundingClientRect(), document.querySelector('.log-view')?.getBoundingClientRect()];
    return !!row && row.top >= view.top && row.bottom <= view.bottom && location.hash === line.querySelector('a').hash;";

#[tokio::test(flavor = "multi_thread")]
async fn a_training_is_started_in_the_browser_and_watched_to_its_end() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 16, validation: 6 })?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;

    train_in_wizard(&browser, &server, "tiny", EPOCHS).await?;
    watch_row(&browser, &server).await?;
    training::expect_every_figure_once(&server, "tiny", EPOCHS)?;

    browser.click("link", "tiny").await?;
    look_at_charts(&browser).await?;
    browser.click("link", "Logs").await?;
    read_log(&browser).await?;
    browser.click("link", "Artifacts").await?;
    fetch_weights(&browser).await?;

    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

/// The row appears, moves and ends without a reload.
async fn watch_row(browser: &Browser, server: &Server) -> Result<()> {
    browser.find("heading", "tiny").await?;
    record_statuses(browser).await?;
    browser.click("link", "Training").await?;
    browser.find("link", "tiny").await?;
    until_async("the row shows Success", TRAINING_DEADLINE, async || {
        let seen = recorded_statuses(browser).await?;
        Ok(seen.last().is_some_and(|last| last == "Success").then_some(()))
    })
    .await
    .with_context(|| format!("log of the server:\n{}", server.log()))?;
    let seen = recorded_statuses(browser).await?;
    let known = ["Created", "Pending", "In Progress", "Success"];
    let places: Vec<_> = seen.iter().map(|word| known.iter().position(|known| known == word)).collect();
    ensure!(places.iter().all(Option::is_some) && places.is_sorted(), "the statuses went {seen:?}");
    ensure!(seen.iter().any(|word| word == "In Progress"), "it was never In Progress: {seen:?}");
    browser.screenshot("training-light").await?;
    Ok(())
}

async fn look_at_charts(browser: &Browser) -> Result<()> {
    for figure in ["box_loss", "cls_loss", "dfl_loss", "mAP50(B)", "mAP50-95(B)", "precision(B)", "recall(B)"]
    {
        browser.expect_text(figure, PAGE_DEADLINE).await?;
    }
    expect_drawn_charts(browser, 7).await?;
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        browser.open(&browser.address().await?).await?;
        expect_drawn_charts(browser, 7).await?;
        browser.screenshot(&format!("model-{}", theme.name())).await?;
    }
    browser.prefer(Theme::Light).await
}

/// The log is searched, pointed at by line and folded, and the address alone leads to the same line.
async fn read_log(browser: &Browser) -> Result<()> {
    browser.find("button", "Epoch 1, attempt 1").await?;
    browser.fill("textbox", "Search the log", "epoch").await?;
    browser.click("button", "Next match (n)").await?;
    browser.expect_text("1 of ", PAGE_DEADLINE).await?;
    browser
        .script("document.querySelector('.log-row mark').closest('.log-row').querySelector('a').click()")
        .await?;
    until_async("the line is in the address", PAGE_DEADLINE, async || {
        Ok(browser.address().await?.contains("#L").then_some(()))
    })
    .await?;
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        browser.open(&browser.address().await?).await?;
        until_async("the line is pointed at", PAGE_DEADLINE, async || {
            Ok((browser.script(POINTED_AT).await? == true).then_some(()))
        })
        .await?;
        expect_no_violation(browser, &format!("a searched log ({})", theme.name())).await?;
        browser.screenshot(&format!("log-{}", theme.name())).await?;
    }
    browser.prefer(Theme::Light).await?;
    browser.click("button", "Epoch 1, attempt 1").await?;
    browser.click("button", "Epoch 1, attempt 1").await
}

async fn fetch_weights(browser: &Browser) -> Result<()> {
    let link = browser.find("link", "Download best.safetensors").await?;
    let address = link.attr("href").await?.context("the link leads nowhere")?;
    let size = downloaded_bytes(browser, &address).await?;
    ensure!(size > 1_000_000, "the weights of the smallest detector have {size} bytes");
    Ok(())
}
