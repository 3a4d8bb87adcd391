//! From a click or a key to what it shows, as the browser itself times it: input, handlers, layout and paint.
//!
//! Must not know the product's code.

use super::charts::report;
use super::figures::{Budget, at, print};
use super::house::{ROUNDS, answer, measuring, server, train_many};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::told::Told;

const TRAININGS: usize = 100;
/// The browser tells nothing of what was quicker.
const LEAST_MS: f64 = 16.0;

/// What the page has answered since it was asked last: how many clicks and keys, and how long those took of which the
/// browser tells.
const TAKE: &str = "
    const events = measured.events.splice(0);
    const count = performance.interactionCount - (measured.told || 0);
    measured.told = performance.interactionCount;
    return { count, events };";

/// Times of all answers so far.
#[derive(Default)]
struct Answers {
    times: Vec<f64>,
    slowest: (f64, String),
}

impl Answers {
    /// Takes in what the page has answered. Asked before the page is left: what comes next knows nothing of it.
    async fn take(&mut self, browser: &Browser, place: &str) -> Result<()> {
        // Entries are handed out a moment after the frame that they end with.
        answer(browser, "measured.painted().then(() => new Promise((resolve) => setTimeout(resolve, 50)))")
            .await?;
        let told = browser.script(TAKE).await?;
        let mut longest: BTreeMap<u64, (f64, String)> = BTreeMap::new();
        for event in told["events"].as_array().context("no events")? {
            let (id, time) = (event["interactionId"].as_u64(), event["duration"].as_f64());
            let (id, time) = id.zip(time).context("an event without a time")?;
            let name = format!("{} in {place}", event["name"].as_str().unwrap_or_default());
            let known = longest.entry(id).or_default();
            if time > known.0 {
                *known = (time, name);
            }
        }
        let count = told["count"].as_u64().context("the browser does not count interactions")?;
        let quick = (count as usize).saturating_sub(longest.len());
        self.times.extend(std::iter::repeat_n(LEAST_MS, quick));
        for (time, name) in longest.into_values() {
            self.times.push(time);
            if time > self.slowest.0 {
                self.slowest = (time, name);
            }
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn clicks_and_keys_are_answered_soon() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    train_many(&server, &mut told, TRAININGS)?;
    let lines = [("box_loss", "train"), ("box_loss", "val"), ("memory", "train")];
    report(&server, &mut told, "charted", &lines, (2_000, 1.0))?;
    let browser = measuring(&server).await?;
    let mut answers = Answers::default();
    for _ in 0..ROUNDS {
        browser.open(&format!("{}/models/training", server.url)).await?;
        browser.expect_text("101 trainings", PAGE_DEADLINE).await?;
        table(&browser).await?;
        answers.take(&browser, "the table of trainings").await?;
        anywhere(&browser).await?;
        answers.take(&browser, "palette and shortcuts").await?;
        model(&browser).await?;
        answers.take(&browser, "a model's page").await?;
        services(&browser).await?;
        answers.take(&browser, "services and datasets").await?;
    }
    browser.quit().await?;
    let (count, slowest) = (answers.times.len(), &answers.slowest);
    let what = format!("{count} clicks and keys, to the frame that answers");
    print(
        &format!("{what}, p95"),
        at(&answers.times, 0.95)?,
        "ms",
        Budget::AtMost(100.0),
        &format!("p50 {:.0} ms or less", at(&answers.times, 0.5)?),
    );
    print(&format!("{what}, the slowest"), slowest.0, "ms", Budget::AtMost(200.0), &slowest.1);
    Ok(())
}

async fn table(browser: &Browser) -> Result<()> {
    browser.click("button", "Name").await?;
    browser.click("button", "Created At").await?;
    browser.click("button", "~Failed").await?;
    browser.expect_text("Nothing matches", PAGE_DEADLINE).await?;
    browser.click("button", "~Failed").await?;
    browser.expect_text("101 trainings", PAGE_DEADLINE).await?;
    browser.press("/").await?;
    browser.type_text("model-05").await?;
    browser.expect_text("10 of 101 trainings", PAGE_DEADLINE).await?;
    browser.click("button", "Actions for model-055").await?;
    browser.find("menuitem", "Copy Model ID").await?;
    browser.press("Down Down Escape").await?;
    browser.press("j Space Shift+Down").await?;
    browser.expect_text("2 selected", PAGE_DEADLINE).await?;
    browser.click("button", "Clear selection").await?;
    browser.click("checkbox", "Select all").await?;
    browser.expect_text("10 selected", PAGE_DEADLINE).await?;
    browser.click("checkbox", "Select all").await
}

async fn anywhere(browser: &Browser) -> Result<()> {
    browser.press("Escape").await?;
    browser.press("Ctrl+k").await?;
    browser.type_text("light").await?;
    browser.expect_text("Switch between light and dark", PAGE_DEADLINE).await?;
    browser.press("Enter").await?;
    browser.press("Ctrl+k").await?;
    browser.press("Down Down Up Escape").await?;
    browser.click("button", "Show keyboard shortcuts").await?;
    browser.find("heading", "Keyboard shortcuts").await?;
    browser.press("Escape").await
}

async fn model(browser: &Browser) -> Result<()> {
    browser.press("g t").await?;
    browser.click("link", "charted").await?;
    browser.click("button", "More of box_loss").await?;
    browser.find("menuitem", "Logarithmic scale").await?;
    browser.press("Escape").await?;
    browser.click("button", "View memory as table").await?;
    browser.click("button", "View memory as table").await?;
    browser.click("button", "About box_loss").await?;
    browser.click("slider", "Cursor of box_loss").await?;
    browser.press("Left Left = = Shift+Left 0 s s s").await?;
    for tab in ["Logs", "Data", "Artifacts", "Config", "Explore"] {
        browser.click("link", tab).await?;
    }
    browser.find("slider", "Cursor of box_loss").await.map(drop)
}

async fn services(browser: &Browser) -> Result<()> {
    browser.press("g s").await?;
    browser.click("link", "mgmt-train-yolov8").await?;
    for tab in ["Instances", "Errors", "Configuration", "Executions"] {
        browser.click("link", &format!("~{tab}")).await?;
    }
    browser.press("g d").await?;
    browser.click("link", "shapes").await?;
    browser.click("button", "Table").await?;
    browser.click("button", "Grid").await?;
    browser.find("grid", "Items").await?;
    browser.press("g t").await?;
    browser.expect_text("101 trainings", PAGE_DEADLINE).await
}
