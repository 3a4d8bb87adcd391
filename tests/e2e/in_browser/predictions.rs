//! What a model predicts, behind two sliders: figures that are the server's, a matrix that leads to pictures, and epochs side
//! by side.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, catch_saved, expect_drawn_charts, saved, sign_in};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

/// A Train function that predicts without learning.
const FUNCTION: &str = include_str!("../functions/predict.js");

/// Puts a slider somewhere and lets it go; begins with which and where.
const SLIDE: &str = "
    const slider = document.getElementById(name);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(slider, value);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    slider.dispatchEvent(new Event('change', { bubbles: true }));";

/// Words under the pictures, and how many paths of each kind are drawn.
const TILES: &str = "
    return [...document.querySelectorAll('.prediction-tile')].map((tile) => tile.innerText.replace(/\\s+/g, ' ').trim());";

async fn slide(browser: &Browser, slider: &str, value: f64) -> Result<()> {
    browser.script(&format!("const [name, value] = ['{slider}', '{value}'];{SLIDE}")).await?;
    Ok(())
}

async fn tiles(browser: &Browser) -> Result<Vec<String>> {
    let found = browser.script(TILES).await?;
    Ok(found.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect())
}

pub async fn expect_tiles(
    browser: &Browser,
    what: &str,
    is_so: impl Fn(&[String]) -> bool,
) -> Result<Vec<String>> {
    let found = until_async(what, PAGE_DEADLINE, async || {
        let tiles = tiles(browser).await?;
        Ok(is_so(&tiles).then_some(tiles))
    });
    match found.await {
        Ok(tiles) => Ok(tiles),
        Err(error) => {
            browser.screenshot("failure").await?;
            Err(error.context(format!("they are {:?}", tiles(browser).await?)))
        }
    }
}

/// Chooses an entry of a list by its words.
async fn choose(browser: &Browser, list: &str, words: &str) -> Result<()> {
    let list = browser.find("combobox", list).await?;
    list.send_keys(words).await.with_context(|| format!("cannot choose `{words}`"))
}

/// A training of the Train function above: its version's id.
pub fn predicted(server: &Server, size: Size, epochs: u32, boxes: u32) -> Result<String> {
    let program = server.folder().join("predict");
    fs::write(&program, FUNCTION)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    training::import(server, "shapes", size)?;
    training::create_model(server, "shapes", "detector")?;
    let image = format!("image={}", program.display());
    let (epochs, boxes) = (format!("epochs={epochs}"), format!("max_det={boxes}"));
    server
        .call(&["train", "detector", "--service", &image, "--set", &epochs, "--set", &boxes])?
        .succeeded()?;
    let trained = training::expect_status(server, "detector", "success", TRAINING_DEADLINE)?;
    Ok(training::text(&trained, &["model_id", "modelId"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_a_training_are_counted_again_in_the_browser_to_the_last_bit() -> Result<()> {
    const EPOCHS: u32 = 3;
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 16, validation: 6 })?;
    training::create_model(&server, "shapes", "learner")?;
    training::start(&server, "learner", EPOCHS)?;
    let trained = training::expect_status(&server, "learner", "success", TRAINING_DEADLINE)?;
    let model = training::text(&trained, &["model_id", "modelId"]);
    let reported = *training::precisions(&server, "learner")?.last().context("no mAP was reported")?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&format!("{}/models/{model}/predictions?epoch={EPOCHS}", server.url)).await?;
    browser.find("heading", "Confusion matrix").await?;
    catch_saved(&browser).await?;
    browser.click("button", "Save as CSV").await?;
    let saved = String::from_utf8(saved(&browser, "classes.csv").await?)?;
    let last = saved.lines().last().and_then(|line| line.rsplit(',').next()).context("there is no sum")?;
    let counted: f64 = last.parse().with_context(|| format!("`{last}` is no number"))?;
    ensure!(
        counted.to_bits() == reported.to_bits(),
        "the browser counts {counted:?} where the server was told {reported:?}"
    );
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn predictions_are_judged_behind_sliders_and_side_by_side() -> Result<()> {
    let server = Server::start()?;
    let model = predicted(&server, Size { train: 8, validation: 30 }, 4, 12)?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&format!("{}/models/{model}/explore", server.url)).await?;
    browser.click("link", "Predictions").await?;
    browser.find("heading", "Confusion matrix").await?;
    expect_drawn_charts(&browser, 4).await?;
    let first = expect_tiles(&browser, "a page of pictures", |tiles| tiles.len() == 24).await?;
    sliders(&browser, &first).await?;
    matrix(&browser).await?;
    side_by_side(&mut browser).await?;
    one_picture(&browser).await?;
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        // What stays in view would hide half of a cell somewhere else.
        browser.script("scrollTo(0, 0)").await?;
        browser.screenshot(&format!("predictions-{}", theme.name())).await?;
        expect_no_violation(&browser, "predictions").await?;
    }
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

async fn sliders(browser: &Browser, first: &[String]) -> Result<()> {
    slide(browser, "confidence", 0.95).await?;
    expect_tiles(browser, "next to nothing is shown", |tiles| {
        tiles.iter().filter(|tile| tile.contains("0 right, 0 wrong")).count() > 15
    })
    .await?;
    let high = browser.address().await?;
    ensure!(high.contains("confidence=0.95"), "the address is {high}");
    slide(browser, "iou", 0.9).await?;
    browser.expect_text("IoU threshold 0.9", PAGE_DEADLINE).await?;
    let there = browser.text().await?;
    browser.open(&browser.address().await?).await?;
    expect_tiles(browser, "the pictures after a reload", |tiles| tiles.len() == 24).await?;
    until_async("the page says the same after a reload", PAGE_DEADLINE, async || {
        Ok((browser.text().await? == there).then_some(()))
    })
    .await?;
    slide(browser, "iou", 0.5).await?;
    browser.click("button", "~Best F1").await?;
    expect_tiles(browser, "as at first", |tiles| tiles == first).await?;
    Ok(())
}

async fn matrix(browser: &Browser) -> Result<()> {
    let before = tiles(browser).await?;
    browser.click("button", "~red missed").await?;
    browser.expect_text("Show all", PAGE_DEADLINE).await?;
    let missed = expect_tiles(browser, "only pictures with a miss", |tiles| {
        !tiles.is_empty() && *tiles != before && tiles.iter().all(|tile| !tile.contains(" 0 missed"))
    })
    .await?;
    ensure!(missed.len() < 24, "{missed:?}");
    browser.click("button", "Show all").await?;
    expect_tiles(browser, "all pictures", |tiles| tiles == before).await?;
    browser.click("button", "Next").await?;
    expect_tiles(browser, "the second page", |tiles| tiles.len() == 6).await?;
    browser.click("button", "Previous").await?;
    expect_tiles(browser, "the first page", |tiles| tiles == before).await?;
    choose(browser, "Order of the pictures", "Highest loss first").await?;
    expect_tiles(browser, "another order", |tiles| tiles != before && tiles.len() == 24).await?;
    Ok(())
}

async fn side_by_side(browser: &mut Browser) -> Result<()> {
    choose(browser, "Predictions of", "Epoch 4").await?;
    choose(browser, "Beside", "Epoch 1").await?;
    until_async("every picture stands there twice", PAGE_DEADLINE, async || {
        let twice = "return document.querySelectorAll('.tile-side').length";
        Ok((browser.script(twice).await? == 48).then_some(()))
    })
    .await?;
    browser.expect_text("beside ", PAGE_DEADLINE).await?;
    browser.screenshot("predictions-beside").await?;
    Ok(())
}

async fn one_picture(browser: &Browser) -> Result<()> {
    browser.click("button", "~.png").await?;
    browser.find("region", "Boxes of the picture").await?;
    let there = browser.address().await?;
    ensure!(there.contains("picture="), "the address is {there}");
    browser.press("Right").await?;
    until_async("the next picture", PAGE_DEADLINE, async || {
        Ok((browser.address().await? != there).then_some(()))
    })
    .await?;
    browser.screenshot("prediction-picture").await?;
    expect_no_violation(browser, "a picture with its predictions").await?;
    browser.press("Escape").await?;
    until_async("the dialog is closed", PAGE_DEADLINE, async || {
        Ok((!browser.address().await?.contains("picture=")).then_some(()))
    })
    .await
}
