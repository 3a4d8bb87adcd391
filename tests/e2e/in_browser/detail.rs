//! A run with more points than a browser fetches: where it is zoomed, the rest is asked for once.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, expect_drawn_charts, sign_in};
use anyhow::{Result, ensure};
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::dataset::Size;
use tests::server::Server;
use tests::told::{Sample, Told, samples};
use tests::training;
use tests::wait::until_async;

/// Of each line: more than are fetched of one at once.
const POINTS: u32 = 9_000;
/// Epochs between two of them.
const STEP: f64 = 0.01;
const CHART: &str = "Cursor of box_loss";

/// How often figures were asked for, and are here.
const ASKED: &str = "
    return performance.getEntriesByType('resource')
        .filter((one) => one.name.endsWith('/ListMetrics') && one.responseEnd > 0).length;";

/// Half a second of a page that nobody touches: longer than it waits before it asks.
const REST: &str = "
    const done = arguments[arguments.length - 1];
    const next = (left) => left ? requestAnimationFrame(() => next(left - 1)) : done(null);
    next(30);";

/// Puts the cursor into the middle of the chart.
const POINT: &str = "
    const chart = document.querySelector('[aria-label=\"Cursor of box_loss\"]');
    const { x, y, width, height } = chart.getBoundingClientRect();
    chart.focus();
    chart.dispatchEvent(new PointerEvent('pointermove', {
        bubbles: true, pointerId: 1, pointerType: 'mouse', clientX: x + width / 2, clientY: y + height / 2,
    }));";

const PLACE: &str = "
    return Number(document.querySelector('[aria-label=\"Cursor of box_loss\"]').getAttribute('aria-valuenow'));";

#[tokio::test(flavor = "multi_thread")]
async fn where_a_long_run_is_zoomed_the_detail_is_asked_for_once() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    let mut told = Told::new(&server)?;
    let points = (1..=POINTS).flat_map(|place| {
        let x = f64::from(place) * STEP;
        ["train", "val"].map(|legend| Sample { figure: "box_loss", legend, x, y: (x / 3.0).sin() + 2.0 })
    });
    told.start_listening("shapes", "long")?.say_in_attempts([samples(points)])?;
    let trained = training::expect_status(&server, "long", "success", TRAINING_DEADLINE)?;
    let model = training::text(&trained, &["model_id", "modelId"]);

    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&format!("{}/models/{model}/explore", server.url)).await?;
    expect_drawn_charts(&browser, 1).await?;
    ensure!(asked(&browser).await? == 1, "it is asked for once when it is opened");
    browser.focus_by_tab("slider", CHART).await?;
    for (turn, keys) in (2..).zip(["= = =", "Shift+Right", "="]) {
        browser.press(keys).await?;
        let what = format!("after {keys}, detail is asked for");
        until_async(&what, PAGE_DEADLINE, async || Ok((asked(&browser).await? == turn).then_some(())))
            .await?;
        browser.script_async(REST).await?;
        let count = asked(&browser).await?;
        ensure!(count == turn, "after {keys}, figures were asked for {count} times, not {turn}");
    }
    expect_neighbours(&browser).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

async fn asked(browser: &Browser) -> Result<u64> {
    Ok(browser.script(ASKED).await?.as_u64().unwrap_or_default())
}

/// From point to point it is a step now: none is left out.
async fn expect_neighbours(browser: &Browser) -> Result<()> {
    let place = async || Ok::<_, anyhow::Error>(browser.script(PLACE).await?.as_f64().unwrap_or(f64::NAN));
    browser.script(POINT).await?;
    let before = place().await?;
    browser.press("Left").await?;
    let step = before - place().await?;
    ensure!((step - STEP).abs() < STEP / 10.0, "from {before} it is {step} to the point before");
    Ok(())
}
