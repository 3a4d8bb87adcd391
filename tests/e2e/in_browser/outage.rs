//! The server dies while a page is looked at: what is seen stays, its age is said, and soon after the server is back the
//! page is right again, with every line and every point once.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, sign_in};
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

const EPOCHS: u32 = 16;
/// How soon after the server is back the page must be right again.
const RIGHT_AGAIN: Duration = Duration::from_secs(5);

const IS_LIVE: &str = "return document.querySelector('.live-indicator')?.dataset.state === 'live'";

/// Numbers of all lines of the log, in their order, by scrolling through it.
const LINE_NUMBERS: &str = "
    const done = arguments[arguments.length - 1];
    const view = document.querySelector('.log-view');
    const seen = new Map();
    let top = 0;
    const step = () => {
        for (const link of view.querySelectorAll('.log-number')) {
            const row = link.closest('.log-row').getBoundingClientRect().top + view.scrollTop;
            const places = seen.get(link.textContent) ?? new Set();
            places.add(Math.round(row / 4));
            seen.set(link.textContent, places);
        }
        if (top + view.clientHeight >= view.scrollHeight) {
            const twice = [...seen].filter(([, places]) => places.size > 1).map(([number]) => Number(number));
            return done({ numbers: [...seen.keys()].map(Number).sort((a, b) => a - b), twice });
        }
        top += view.clientHeight * 0.8;
        view.scrollTop = top;
        requestAnimationFrame(() => requestAnimationFrame(step));
    };
    view.scrollTop = 0;
    requestAnimationFrame(() => requestAnimationFrame(step));";

/// The epochs in the table of a chart, from the last to the first.
const EPOCHS_IN_TABLE: &str =
    "return [...document.querySelectorAll('.chart-table tbody th')].map((head) => head.textContent);";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_outlives_the_server_and_misses_nothing() -> Result<()> {
    let mut server = Server::start()?;
    training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
    training::create_model(&server, "shapes", "tiny")?;
    training::start(&server, "tiny", EPOCHS)?;
    let browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&format!("{}/models/tiny/explore", server.url)).await?;
    browser.click("button", "View box_loss as table").await?;
    training::expect_epochs(&server, "tiny", 3, TRAINING_DEADLINE)?;
    browser.expect_text("Epoch 2", PAGE_DEADLINE).await?;

    server.kill()?;
    browser.expect_text("Live updates lost, retrying in", PAGE_DEADLINE).await?;
    browser.expect_text("Data is ", PAGE_DEADLINE).await?;
    browser.expect_text("Epoch 2", PAGE_DEADLINE).await?;
    browser.find("heading", "tiny").await?;
    browser.screenshot("outage-light").await?;

    server.start_again()?;
    let back = Instant::now();
    until_async("the page is live again", PAGE_DEADLINE, async || {
        Ok((browser.script(IS_LIVE).await? == true).then_some(()))
    })
    .await?;
    let took = back.elapsed();
    ensure!(took <= RIGHT_AGAIN, "the page was right again after {took:?}");
    ensure!(!browser.text().await?.contains("Live updates lost"), "the bar stays");

    training::expect_status(&server, "tiny", "success", TRAINING_DEADLINE)?;
    training::expect_every_figure_once(&server, "tiny", EPOCHS)?;
    browser.expect_text("Success", PAGE_DEADLINE).await?;
    let wanted: Vec<String> = (1..=EPOCHS).rev().map(|epoch| format!("Epoch {epoch}")).collect();
    let mut seen = serde_json::Value::Null;
    let complete = until_async("the chart has every epoch once", PAGE_DEADLINE, async || {
        seen = browser.script(EPOCHS_IN_TABLE).await?;
        Ok((seen == serde_json::json!(wanted)).then_some(()))
    });
    complete.await.with_context(|| format!("it has {seen}"))?;
    every_line_once(&browser, &server).await?;
    browser.quit().await
}

async fn every_line_once(browser: &Browser, server: &Server) -> Result<()> {
    let log = server.call(&["logs", "tiny", "--json"])?.succeeded()?;
    let lines = log.output.lines().filter(|line| line.starts_with('{')).count();
    browser.click("link", "Logs").await?;
    browser.find("button", "~attempt 1").await?;
    let read = browser.script_async(LINE_NUMBERS).await?;
    ensure!(read["twice"] == serde_json::json!([]), "lines that stand twice: {}", read["twice"]);
    let wanted: Vec<usize> = (1..=lines).collect();
    ensure!(read["numbers"] == serde_json::json!(wanted), "of {lines} lines there are {}", read["numbers"]);
    Ok(())
}
