//! A server with trainings to look at, and a browser that measures.
//!
//! Must not know what is measured.

use crate::in_browser::pages::sign_in;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::Duration;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::dataset::Size;
use tests::server::Server;
use tests::told::Told;
use tests::training;
use tests::wait::{until, until_async};

/// For each page before its own scripts.
const PAGE: &str = include_str!("page.js");
/// What many trainings may take together.
pub const DEADLINE: Duration = Duration::from_secs(300);
pub const DATASET: &str = "shapes";
/// Rounds of which the middle one counts.
pub const ROUNDS: usize = 5;

/// A server with a small dataset.
pub fn server() -> Result<Server> {
    let server = Server::start()?;
    training::import(&server, DATASET, Size { train: 8, validation: 4 })?;
    Ok(server)
}

/// Starts so many trainings that end at once, and waits for their ends.
pub fn train_many(server: &Server, told: &mut Told<'_>, count: usize) -> Result<()> {
    for number in 0..count {
        told.start_silent(DATASET, &format!("model-{number:03}"))?;
    }
    until("all trainings have ended", DEADLINE, || {
        let list = server.json(&["trainings"])?;
        let rows = training::rows(&list, "trainings")?;
        Ok(rows.iter().all(|row| training::status(row) == "success").then_some(()))
    })
}

/// A browser that is signed in, has everything fetched, and measures.
pub async fn measuring(server: &Server) -> Result<Browser> {
    let browser = Browser::start().await?;
    measure_in(&browser).await?;
    sign_in(&browser, server).await?;
    until_async("every part of the UI is here", PAGE_DEADLINE, async || {
        let parts =
            "return performance.getEntriesByType('resource').filter((one) => /split_/.test(one.name)).length";
        Ok(browser.script(parts).await?.as_u64().filter(|count| *count >= PARTS).map(drop))
    })
    .await?;
    Ok(browser)
}

/// Parts of the UI that are fetched after the first page, at least.
const PARTS: u64 = 4;

/// Has each page from now on measure.
pub async fn measure_in(browser: &Browser) -> Result<()> {
    devtools(browser, "Page.addScriptToEvaluateOnNewDocument", json!({ "source": PAGE })).await.map(drop)
}

pub async fn devtools(browser: &Browser, method: &str, parameters: Value) -> Result<Value> {
    browser.devtools(method, parameters).await
}

/// What an expression comes to that may have to be awaited.
pub async fn answer(browser: &Browser, expression: &str) -> Result<Value> {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         (async () => {expression})().then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
    );
    let answer = browser.script_async(&script).await?;
    if let Some(error) = answer["error"].as_str() {
        browser.screenshot("failure").await?;
        bail!("{error}; {} shows:\n{}", browser.address().await?, browser.text().await?);
    }
    Ok(answer["value"].clone())
}

pub async fn number(browser: &Browser, expression: &str) -> Result<f64> {
    let value = answer(browser, expression).await?;
    value.as_f64().with_context(|| format!("{expression} is no number: {value}"))
}

/// The version of a training that there is.
pub fn model_of(server: &Server, name: &str) -> Result<String> {
    Ok(training::text(&training::of_model(server, name)?, &["model_id", "modelId"]))
}
