//! Charts of a version beside those of another: read, zoomed, compared and saved, by keys and by pointer, and the same
//! from the address alone.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, catch_saved, expect_drawn_charts, saved, sign_in};
use anyhow::{Context, Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

const EPOCHS: u32 = 5;
const LOSS: &str = "Cursor of box_loss";

/// What the cursor of a chart says, and the range of its axis.
const CURSOR: &str = "
    const chart = [...document.querySelectorAll('[role=slider]')]
        .find((chart) => chart.getAttribute('aria-label') === 'Cursor of box_loss');
    return ['aria-valuetext', 'aria-valuemin', 'aria-valuemax'].map((name) => chart?.getAttribute(name));";

/// Gives the focus to a chart that Tab would lead to after many others.
const FOCUS: &str = "document.querySelector('[aria-label=\"Cursor of box_loss\"]').focus();";

/// Drags over the first chart, from a fifth of it to three fifths.
const DRAG: &str = "
    const chart = document.querySelector('[role=slider]');
    const rect = chart.getBoundingClientRect();
    const send = (type, share) => chart.dispatchEvent(new PointerEvent(type, {
        bubbles: true, pointerId: 1, pointerType: 'mouse', button: 0,
        clientX: rect.x + rect.width * share, clientY: rect.y + rect.height / 2,
    }));
    send('pointerdown', 0.2); send('pointermove', 0.4); send('pointermove', 0.6); send('pointerup', 0.6);";

async fn cursor(browser: &Browser) -> Result<(String, f64, f64)> {
    let read = browser.script(CURSOR).await?;
    let part = |index: usize| read[index].as_str().unwrap_or_default().to_owned();
    Ok((part(0), part(1).parse().unwrap_or(f64::NAN), part(2).parse().unwrap_or(f64::NAN)))
}

async fn expect_cursor(browser: &Browser, what: &str, is_so: impl Fn(&str, f64, f64) -> bool) -> Result<()> {
    let seen = until_async(what, PAGE_DEADLINE, async || {
        let (words, low, high) = cursor(browser).await?;
        Ok(is_so(&words, low, high).then_some(()))
    });
    match seen.await {
        Ok(()) => Ok(()),
        Err(error) => {
            Err(error.context(format!("it is {:?} at {}", cursor(browser).await?, browser.address().await?)))
        }
    }
}

/// A server with two versions that were trained.
async fn two_versions() -> Result<(Server, Browser, String, String)> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 16, validation: 6 })?;
    let mut ids = Vec::new();
    for name in ["first", "second"] {
        training::create_model(&server, "shapes", name)?;
        training::start(&server, name, EPOCHS)?;
    }
    for name in ["first", "second"] {
        let trained = training::expect_status(&server, name, "success", TRAINING_DEADLINE)?;
        ids.push(training::text(&trained, &["model_id", "modelId"]));
    }
    let browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    let [first, second] = <[String; 2]>::try_from(ids).ok().context("there are two versions")?;
    Ok((server, browser, first, second))
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_are_read_zoomed_compared_and_saved() -> Result<()> {
    let (server, mut browser, first, second) = two_versions().await?;
    browser.open(&format!("{}/models/{first}/explore", server.url)).await?;
    expect_drawn_charts(&browser, 7).await?;
    by_keys(&browser).await?;
    by_pointer(&browser).await?;
    axes(&browser).await?;
    compare(&mut browser, &second).await?;
    save(&browser).await?;
    print(&browser).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

async fn by_keys(browser: &Browser) -> Result<()> {
    browser.focus_by_tab("slider", LOSS).await?;
    browser.press("Right").await?;
    expect_cursor(browser, "the cursor stands at the last epoch", |words, _, _| {
        words.starts_with("Epoch 5: ")
    })
    .await?;
    browser.press("Left").await?;
    expect_cursor(browser, "it goes back by one", |words, _, _| {
        words.starts_with("Epoch 4: train ") && words.contains(", val ")
    })
    .await?;
    browser.press("=").await?;
    expect_cursor(browser, "less is shown", |_, low, high| high - low < 4.0 && low > 1.0).await?;
    ensure!(browser.address().await?.contains("from="), "the range is not in the address");
    browser.press("0").await?;
    expect_cursor(browser, "all is shown", |_, low, high| (low, high) == (1.0, 5.0)).await?;
    // Pinned, the values stay when the cursor is gone, and can be copied.
    browser.press("Enter").await?;
    browser.find("button", "Unpin the values").await?;
    let pinned = browser.address().await?;
    ensure!(pinned.contains("pin=4%40box_loss"), "what is pinned is not in the address: {pinned}");
    browser.open(&pinned).await?;
    expect_drawn_charts(browser, 7).await?;
    browser.find("button", "Unpin the values").await?;
    expect_cursor(browser, "loaded again, the values are still pinned", |words, _, _| {
        words.starts_with("Epoch 4: ")
    })
    .await?;
    browser.script(FOCUS).await?;
    browser.press("Escape").await?;
    until_async("the values are let go", PAGE_DEADLINE, async || {
        Ok(browser.look_for("button", "Unpin the values").await?.is_none().then_some(()))
    })
    .await?;
    browser.press("s").await?;
    until_async("the lines are calmer", PAGE_DEADLINE, async || {
        Ok(browser.address().await?.contains("smooth=0.6").then_some(()))
    })
    .await
}

async fn by_pointer(browser: &Browser) -> Result<()> {
    browser.script(DRAG).await?;
    expect_cursor(browser, "the part that was chosen is shown", |_, low, high| low > 1.0 && high < 4.5)
        .await?;
    let (_, low, high) = cursor(browser).await?;
    browser.open(&browser.address().await?).await?;
    expect_drawn_charts(browser, 7).await?;
    expect_cursor(browser, "loaded again, it is the same part", |_, from, to| (from, to) == (low, high))
        .await?;
    browser.click("button", "Show all").await?;
    expect_cursor(browser, "all is shown", |_, low, high| (low, high) == (1.0, 5.0)).await
}

async fn axes(browser: &Browser) -> Result<()> {
    for (axis, word) in [("step", "Step 20"), ("elapsed", "After "), ("clock", ":"), ("epoch", "Epoch 5")] {
        let choose = format!(
            "const field = document.getElementById('chart-axis');
             field.value = '{axis}'; field.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        );
        browser.script(&choose).await?;
        browser.script(FOCUS).await?;
        browser.press("Right").await?;
        expect_cursor(browser, axis, |words, _, _| {
            words.starts_with(word) || (axis == "clock" && words.contains(word))
        })
        .await?;
        browser.press("Escape").await?;
    }
    browser.click("button", "More of box_loss").await?;
    browser.click("menuitem", "Logarithmic scale").await?;
    until_async("the scale is in the address", PAGE_DEADLINE, async || {
        Ok(browser.address().await?.contains("log=box_loss").then_some(()))
    })
    .await?;
    browser.click("button", "View box_loss as table").await?;
    browser.expect_text("Epoch 3", PAGE_DEADLINE).await?;
    browser.click("button", "View box_loss as table").await
}

async fn compare(browser: &mut Browser, second: &str) -> Result<()> {
    browser.click("button", "Compare with…").await?;
    browser.click("checkbox", "second").await?;
    browser.click("button", "Done").await?;
    browser.find("link", "second").await?;
    let table = browser.find("link", "Compare in a table").await?.attr("href").await?.unwrap_or_default();
    ensure!(table.starts_with("/models/compare?ids=") && table.ends_with(second), "{table}");
    expect_both(browser).await?;
    let address = browser.address().await?;
    ensure!(address.contains(&format!("with={second}")), "{address}");
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        browser.open(&address).await?;
        expect_drawn_charts(browser, 7).await?;
        expect_both(browser).await?;
        expect_no_violation(browser, &format!("compared ({})", theme.name())).await?;
        browser.screenshot(&format!("compared-{}", theme.name())).await?;
    }
    browser.prefer(Theme::Light).await?;
    browser.click("button", "Compare with second no more").await?;
    until_async("it is alone again", PAGE_DEADLINE, async || {
        Ok((!browser.address().await?.contains("with=")).then_some(()))
    })
    .await
}

/// The chart of a loss names the lines of both versions.
async fn expect_both(browser: &Browser) -> Result<()> {
    browser.find("slider", LOSS).await?;
    browser.script(FOCUS).await?;
    browser.press("Right").await?;
    expect_cursor(browser, "both are under the cursor", |words, _, _| {
        ["first train", "first val", "second train", "second val"].iter().all(|line| words.contains(line))
    })
    .await
}

async fn save(browser: &Browser) -> Result<()> {
    catch_saved(browser).await?;
    for (entry, file, begins) in [
        ("Save as CSV", "mAP50-B-.csv", "epoch,metrics\r\n1,"),
        ("Save as SVG", "mAP50-B-.svg", "<svg "),
        ("Save as PNG", "mAP50-B-.png", "\u{fffd}PNG"),
    ] {
        browser.click("button", "More of mAP50(B)").await?;
        browser.click("menuitem", entry).await?;
        let bytes = saved(browser, file).await?;
        let text = String::from_utf8_lossy(&bytes);
        ensure!(
            text.starts_with(begins),
            "{file} begins with {:?}",
            text.chars().take(20).collect::<String>()
        );
    }
    Ok(())
}

/// On paper the charts are light, whatever the screen is, and nothing is there to press.
async fn print(browser: &Browser) -> Result<()> {
    browser.prefer(Theme::Dark).await?;
    let line = "getComputedStyle(document.querySelector('canvas')).color";
    let on_screen = browser.script(&format!("return {line}")).await?;
    browser.show_printed(Theme::Dark).await?;
    let printed = "
        window.dispatchEvent(new Event('beforeprint'));
        const canvas = document.querySelector('canvas');
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        const seen = new Set();
        for (let at = 0; at < pixels.length; at += 4) {
            if (pixels[at + 3] === 255) seen.add(`rgb(${pixels[at]}, ${pixels[at + 1]}, ${pixels[at + 2]})`);
        }
        return [...seen];";
    let drawn = browser.script(printed).await?;
    let drawn: Vec<String> = serde_json::from_value(drawn)?;
    ensure!(drawn.iter().all(|colour| *colour != on_screen), "{on_screen} is drawn on paper: {drawn:?}");
    browser.screenshot("charts-printed").await?;
    let pressed = "return [...document.querySelectorAll('.header, .toolbar, .chart .icon-button')]
        .filter((element) => element.checkVisibility()).length";
    ensure!(browser.script(pressed).await? == 0, "there is something to press on paper");
    browser.script("window.dispatchEvent(new Event('afterprint'))").await?;
    browser.prefer(Theme::Dark).await?;
    let after = browser.script(&format!("return {line}")).await?;
    ensure!(after == on_screen, "after the print the line is {after}, and was {on_screen}");
    browser.prefer(Theme::Light).await
}
