//! A log of a hundred thousand lines, scrolled.
//!
//! Must not know the product's code.

use super::figures::{Budget, at, middle, numbers, print, spread};
use super::house::{DATASET, DEADLINE, ROUNDS, answer, measuring, model_of, number, server};
use anyhow::Result;
use std::fmt::Write as _;
use tests::browser::PAGE_DEADLINE;
use tests::told::Told;
use tests::training;
use tests::wait::until_async;

/// More lines than these are not taken at once from one attempt.
const BURST: u32 = 4_900;
const ATTEMPTS: u32 = 21;

/// Scrolls for three seconds, a third of the view a frame; gives the time of each frame and the most rows there were.
const SCROLL: &str = "new Promise((resolve) => {
    const view = document.querySelector('.log-view');
    view.scrollTop = 0;
    const times = [];
    let rows = 0, before = 0, began = 0;
    const step = (now) => {
        if (before) times.push(now - before); else began = now;
        before = now;
        rows = Math.max(rows, view.querySelectorAll('.log-row').length);
        if (now - began > 3000) return resolve({ times, rows, top: view.scrollTop });
        view.scrollTop += view.clientHeight / 3;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn a_log_of_a_hundred_thousand_lines_is_scrolled() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    let ear = told.start_listening(DATASET, "wordy")?;
    ear.say_in_attempts((0..ATTEMPTS).map(|attempt| {
        let mut lines = String::new();
        for line in 0..BURST {
            let _ = writeln!(
                lines,
                "attempt {attempt}, line {line}: loss {:.4}, images/s {}",
                1.0 / f64::from(line + 1),
                line % 97
            );
        }
        lines
    }))?;
    training::expect_status(&server, "wordy", "success", DEADLINE)?;
    let browser = measuring(&server).await?;
    browser.open(&format!("{}/models/{}/logs", server.url, model_of(&server, "wordy")?)).await?;
    browser.expect_text("line 4899", PAGE_DEADLINE).await?;
    until_async("the whole log is here", DEADLINE, async || {
        let more = browser.look_for("button", "Load earlier lines").await?;
        if let Some(button) = &more {
            // One that is at work takes no second click.
            let _ = button.click().await;
        }
        Ok(more.is_none().then_some(()))
    })
    .await?;
    let lines = number(&browser, "Math.round(document.querySelector('.log-view').scrollHeight / document.querySelector('.log-row').offsetHeight)").await?;
    let (mut rates, mut rows) = (Vec::new(), 0.0);
    for _ in 0..ROUNDS {
        let scrolled = answer(&browser, SCROLL).await?;
        rates.push(1_000.0 / at(&numbers(&scrolled["times"])?, 0.95)?);
        rows = scrolled["rows"].as_f64().unwrap_or_default().max(rows);
    }
    browser.screenshot("measured-log").await?;
    browser.quit().await?;
    let what = format!("a log of {lines} lines scrolled, 5th percentile");
    print(
        &what,
        middle(&rates)?,
        "frames/s",
        Budget::AtLeast(55.0),
        &format!("{}; at most {rows} rows", spread(&rates)?),
    );
    Ok(())
}
