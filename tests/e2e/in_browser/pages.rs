//! The words and addresses of the pages, in one place, and the ways through them that several journeys take.
//!
//! Must not know what is checked.

use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Duration;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::server::Server;
use tests::wait::until_async;

/// What a journey's training may take on a machine that does other things too.
pub const TRAINING_DEADLINE: Duration = Duration::from_secs(180);

/// Keeps what the page would save.
const CATCH_SAVED: &str = "
    window.saved = {};
    const real = URL.createObjectURL;
    let last = null;
    URL.createObjectURL = (blob) => { last = blob; return real(blob); };
    HTMLAnchorElement.prototype.click = function () {
        const [name, blob] = [this.download, last];
        blob.arrayBuffer().then((bytes) => { window.saved[name] = [...new Uint8Array(bytes)]; });
    };";

/// Keeps every status that a chip shows, in order, so that none is missed between two looks.
const RECORD_CHIPS: &str = "
    window.seenStatuses = [];
    const look = () => {
        for (const chip of document.querySelectorAll('tbody td > .chip')) {
            const word = chip.textContent.trim();
            if (word && window.seenStatuses.at(-1) !== word) window.seenStatuses.push(word);
        }
    };
    new MutationObserver(look).observe(document.body, { childList: true, characterData: true, subtree: true });
    look();";

/// How many canvases of the page have been drawn on.
const DRAWN_CHARTS: &str = "
    return [...document.querySelectorAll('canvas')].filter((canvas) => {
        if (!canvas.width || !canvas.height) return false;
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        for (let at = 3; at < pixels.length; at += 4) if (pixels[at] !== 0) return true;
        return false;
    }).length;";

/// Images that boxes lie over: each must be drawn within its image.
const BOXES: &str = "
    return [...document.querySelectorAll('[role=gridcell]')].filter((cell) => {
        const image = cell.querySelector('img'), path = cell.querySelector('svg path');
        if (!image || !path || !image.complete || !image.naturalWidth) return false;
        const [outer, inner] = [image.getBoundingClientRect(), path.getBoundingClientRect()];
        return inner.width > 2 && inner.left >= outer.left - 3 && inner.right <= outer.right + 3;
    }).length;";

/// Elements that are drawn beyond the right edge of the window.
const STICKING_OUT: &str = "
    return [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
        .filter((element) => !element.closest('.table-frame') || element.matches('.visually-hidden'))
        .map((element) => `${element.tagName} ${element.getAttribute('class')}`).slice(0, 12);";

/// Signs in by a fresh link, and waits for the Training tab.
pub async fn sign_in(browser: &Browser, server: &Server) -> Result<()> {
    browser.open(&server.sign_in_link()?).await?;
    let what = "the link leads into the product";
    until_async(what, PAGE_DEADLINE, async || {
        Ok((!browser.address().await?.contains("sign-in")).then_some(()))
    })
    .await
    .with_context(|| format!("{what}: still at the sign-in page"))?;
    browser.open(&format!("{}/models/training", server.url)).await?;
    browser.find("heading", "Training").await?;
    Ok(())
}

/// Makes a version and starts its smallest training in the wizard; leads to the model's page.
pub async fn train_in_wizard(browser: &Browser, server: &Server, name: &str, epochs: u32) -> Result<()> {
    browser.open(&format!("{}/models/new", server.url)).await?;
    fill_in_training(browser, name, epochs).await?;
    browser.click("button", "Start training").await
}

/// From the page that makes a version through the wizard's three steps, to the question whether to start.
pub async fn fill_in_training(browser: &Browser, name: &str, epochs: u32) -> Result<()> {
    browser.fill("textbox", "Name", name).await?;
    browser.click("button", "Create & Train").await?;
    browser.find("heading", "Train subset").await?;
    browser.click("link", "Next: Model Configuration").await?;
    browser.fill("textbox", "~Epochs", &epochs.to_string()).await?;
    browser.fill("textbox", "~Image size", "64").await?;
    browser.fill("textbox", "~Batch size", "4").await?;
    browser.click("link", "Next: Service Settings").await?;
    browser.find("heading", "Execution configuration").await?;
    browser.click("button", "Train Model").await
}

/// Waits until boxes lie on more than so many images of the grid.
pub async fn expect_boxes_on_images(browser: &Browser, count: u64) -> Result<()> {
    until_async("boxes lie on the images", PAGE_DEADLINE, async || {
        Ok(browser.script(BOXES).await?.as_u64().filter(|seen| *seen > count).map(drop))
    })
    .await
}

/// Starts to record what the status chips of a table show.
pub async fn record_statuses(browser: &Browser) -> Result<()> {
    browser.script(RECORD_CHIPS).await.map(drop)
}

/// What they have shown since.
pub async fn recorded_statuses(browser: &Browser) -> Result<Vec<String>> {
    Ok(serde_json::from_value(browser.script("return window.seenStatuses || []").await?)?)
}

/// Waits until at least so many charts have been drawn.
pub async fn expect_drawn_charts(browser: &Browser, count: u64) -> Result<()> {
    until_async(&format!("{count} charts are drawn"), PAGE_DEADLINE, async || {
        Ok(browser.script(DRAWN_CHARTS).await?.as_u64().filter(|drawn| *drawn >= count).map(drop))
    })
    .await
}

/// Waits until the page is no wider than its window; if it stays so, says which elements stick out.
pub async fn expect_no_overflow(browser: &Browser) -> Result<()> {
    let is_within = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    let seen = until_async("the page is no wider than its window", PAGE_DEADLINE, async || {
        Ok((browser.script(is_within).await? == true).then_some(()))
    });
    match seen.await {
        Ok(()) => Ok(()),
        Err(error) => {
            browser.screenshot("failure").await?;
            Err(error.context(browser.script(STICKING_OUT).await?.to_string()))
        }
    }
}

/// Fetches an address as the page would, and gives its size in bytes.
pub async fn downloaded_bytes(browser: &Browser, address: &str) -> Result<u64> {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         fetch('{address}').then((answer) => answer.ok ? answer.arrayBuffer() : Promise.reject(answer.status))
             .then((content) => done(content.byteLength)).catch((error) => done(String(error)));"
    );
    match browser.script_async(&script).await? {
        Value::Number(size) => size.as_u64().context("a size is never negative"),
        other => anyhow::bail!("{address} cannot be fetched: {other}"),
    }
}

/// From now on, what the page saves as a file is kept for [`saved`] in place of being downloaded.
pub async fn catch_saved(browser: &Browser) -> Result<()> {
    browser.script(CATCH_SAVED).await?;
    Ok(())
}

/// The content of a file that the page saved.
pub async fn saved(browser: &Browser, file: &str) -> Result<Vec<u8>> {
    let bytes = until_async(&format!("{file} is saved"), PAGE_DEADLINE, async || {
        Ok(browser.script(&format!("return window.saved['{file}']")).await?.as_array().cloned())
    })
    .await?;
    Ok(bytes.iter().filter_map(Value::as_u64).filter_map(|byte| byte.try_into().ok()).collect())
}
