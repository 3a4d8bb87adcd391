//! The timeline of a training: live while it runs, read by keys, as a strip or as a list, with the way to an attempt's log.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, expect_no_overflow, sign_in};
use anyhow::{Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

/// Events whose places lie over each other.
const OVERLAPS: &str = "
    const places = [...document.querySelectorAll('.strip-event')]
        .map((event) => event.getBoundingClientRect()).sort((one, other) => one.left - other.left);
    return places.filter((place, at) => at > 0 && place.left < places[at - 1].right - 0.5).length";

#[tokio::test(flavor = "multi_thread")]
async fn a_training_has_a_timeline() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
    training::create_model(&server, "shapes", "tiny")?;
    training::start(&server, "tiny", 60)?;
    training::expect_epochs(&server, "tiny", 1, TRAINING_DEADLINE)?;
    let running = training::of_model(&server, "tiny")?;
    let (id, model) = (training::text(&running, &["id"]), training::text(&running, &["model_id", "modelId"]));
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&format!("{}/models/{model}/explore", server.url)).await?;
    browser.find("button", "~Attempt 1 started").await?;
    // Put back and started again while the page is open.
    server.call(&["rerun", &id])?.succeeded()?;
    let what = "the second attempt is on the strip";
    until_async(what, TRAINING_DEADLINE, async || {
        Ok(browser.look_for("button", "~Attempt 2 started").await?.map(drop))
    })
    .await?;
    browser.find("button", "~Attempt 1 put back: asked for").await?;
    server.call(&["abort", &id])?.succeeded()?;
    training::expect_status(&server, "tiny", "terminated", TRAINING_DEADLINE)?;
    browser.find("button", "~Ended by a person").await?;
    ensure!(browser.script(OVERLAPS).await? == 0, "events lie over each other");
    by_keys(&browser).await?;
    looks(&mut browser, &format!("{}/models/{model}/data", server.url)).await?;
    browser.open(&format!("{}/models/{model}/data", server.url)).await?;
    browser.click("button", "~Attempt 2 started").await?;
    browser.click("link", "Log of attempt 2").await?;
    until_async("the log of the attempt is shown", PAGE_DEADLINE, async || {
        Ok(browser.address().await?.contains("/logs?attempt=2").then_some(()))
    })
    .await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

async fn by_keys(browser: &Browser) -> Result<()> {
    browser.focus_by_tab("button", "~Created").await?;
    browser.press("Enter").await?;
    browser.expect_text("ago)", PAGE_DEADLINE).await?;
    browser.press("Escape").await?;
    until_async("the details are put away", PAGE_DEADLINE, async || {
        Ok((browser.script("return document.getElementById('timeline-detail').innerText").await? == "")
            .then_some(()))
    })
    .await?;
    browser.expect_focus("button", "~Created").await.map(drop)
}

async fn looks(browser: &mut Browser, address: &str) -> Result<()> {
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        browser.resize(Some((1280, 900))).await?;
        browser.open(address).await?;
        browser.click("button", "~Ended by a person").await?;
        expect_no_violation(browser, &format!("timeline ({})", theme.name())).await?;
        browser.screenshot(&format!("timeline-{}", theme.name())).await?;
        browser.resize(Some((320, 900))).await?;
        browser.click("button", "~Timeline: ").await?;
        browser.expect_text("Attempt 1 put back: asked for", PAGE_DEADLINE).await?;
        expect_no_overflow(browser).await?;
        expect_no_violation(browser, &format!("narrow timeline ({})", theme.name())).await?;
        browser.screenshot(&format!("timeline-narrow-{}", theme.name())).await?;
    }
    browser.resize(Some((1280, 900))).await?;
    browser.prefer(Theme::Light).await
}
