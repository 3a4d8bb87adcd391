//! Long lists of items: what is scrolled to is there, few of the items exist in the page meanwhile, and how smoothly a
//! hundred thousand of them pass. Times are measured and printed, and not asserted: how long something takes depends on
//! what else the machine does.
//!
//! Must not know the product's code.

use super::pages::sign_in;
use anyhow::{Context, Result, ensure};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::server::Server;
use tests::wait::until_async;

const SOME: u32 = 2_000;
const MANY: u32 = 100_000;
const SIZE: (u32, u32) = (32, 24);
/// Of rows and of cells, each; what is promised.
const MOST_NODES: u64 = 120;

/// Finds what is scrolled.
const VIEW: &str = "
    const grid = document.querySelector('[role=grid]');
    const view = [grid, grid.parentElement, grid.parentElement.parentElement]
        .find((element) => ['auto', 'scroll'].includes(getComputedStyle(element).overflowY));";

/// Scrolls for five seconds, a third of the view a frame; keeps the time of each frame and the most nodes there were.
const SCROLL: &str = "
    const done = arguments[arguments.length - 1];
    const height = Math.min(view.clientHeight, innerHeight);
    const rows = () => grid.querySelectorAll('[role=row], tr').length;
    const cells = () => grid.querySelectorAll('[role=gridcell]').length;
    const times = [];
    let most = { rows: 0, cells: 0 };
    const began = performance.now();
    let before = began;
    const step = (now) => {
        times.push(now - before);
        before = now;
        most = { rows: Math.max(most.rows, rows()), cells: Math.max(most.cells, cells()) };
        if (now - began > 5000) {
            return done({ times, most, top: view.scrollTop, view: view.clientHeight, window: innerHeight });
        }
        view.scrollTop += height / 3;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);";

const TO_THE_END: &str = "view.scrollTop = view.scrollHeight;";

/// Whether the middle of the view shows an item that has come.
const IS_FILLED: &str = "
    const place = document.querySelector('section[aria-label=Items]')?.getBoundingClientRect();
    if (!place) return false;
    const middle = document.elementFromPoint(place.x + place.width / 2, innerHeight / 2);
    return /\\.png/.test(middle?.closest('[role=row], tr')?.textContent || '');";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_scrolled_is_filled_when_it_is_shown_the_other_way() -> Result<()> {
    let server = Server::start()?;
    import(&server, SOME)?;
    let mut browser = Browser::start().await?;
    open_items(&browser, &server).await?;
    for (from, to) in [("Grid", "Table"), ("Table", "Grid")] {
        expect_filled(&browser, from).await?;
        go_to_the_end(&browser, SOME).await?;
        browser.click("button", to).await?;
        expect_filled(&browser, &format!("{to} after {from}")).await?;
    }
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo test -p tests --test e2e -- --ignored --nocapture a_hundred_thousand"]
async fn a_hundred_thousand_items_are_scrolled() -> Result<()> {
    let server = Server::start()?;
    let took = import(&server, MANY)?;
    println!("| import of {MANY} images of 32 × 24 | {:.0} s |", took.as_secs_f64());
    let mut browser = Browser::start().await?;
    open_items(&browser, &server).await?;
    for view in ["Grid", "Table"] {
        browser.click("button", view).await?;
        // From the address alone: what a change of the view does is another test's business.
        browser.open(&browser.address().await?).await?;
        expect_filled(&browser, view).await?;
        let figures = browser.script_async(&format!("{VIEW}{SCROLL}")).await?;
        println!("{}", line(view, &figures)?);
        expect_few(view, &figures)?;
        expect_filled(&browser, view).await?;
        go_to_the_end(&browser, MANY).await?;
        browser.screenshot(&format!("scrolled-{}", view.to_lowercase())).await?;
    }
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

/// Brings so many items in as the dataset `many`, and tells how long that took.
fn import(server: &Server, count: u32) -> Result<Duration> {
    let folder = server.folder().join("many");
    write_coco(&folder, count)?;
    let path = folder.to_str().context("the temporary folder's name is not UTF-8")?;
    let started = Instant::now();
    server.call(&["dataset", "import", path, "--format", "coco", "--name", "many"])?.succeeded()?;
    Ok(started.elapsed())
}

/// A COCO data set of small pictures, each of another colour, with one box on each.
fn write_coco(folder: &Path, count: u32) -> Result<()> {
    let (width, height) = SIZE;
    fs::create_dir_all(folder.join("images"))?;
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    for number in 0..count {
        let [_, red, green, blue] = number.to_be_bytes();
        let mut content = Cursor::new(Vec::new());
        RgbImage::from_pixel(width, height, Rgb([red, green, blue]))
            .write_to(&mut content, ImageFormat::Png)?;
        let name = name_of(number);
        fs::write(folder.join("images").join(&name), content.into_inner())?;
        images.push(json!({ "id": number, "file_name": name, "width": width, "height": height }));
        annotations.push(
            json!({ "id": number, "image_id": number, "category_id": 1, "bbox": [4, 4, 12, 10], "iscrowd": 0 }),
        );
    }
    let categories = [json!({ "id": 1, "name": "spot" })];
    let all = json!({ "images": images, "annotations": annotations, "categories": categories });
    fs::write(folder.join("annotations.json"), all.to_string())?;
    Ok(())
}

fn name_of(number: u32) -> String {
    format!("{number:06}.png")
}

async fn open_items(browser: &Browser, server: &Server) -> Result<()> {
    sign_in(browser, server).await?;
    browser.open(&format!("{}/datasets", server.url)).await?;
    browser.click("link", "many").await?;
    browser.find("heading", "many").await?;
    Ok(())
}

async fn go_to_the_end(browser: &Browser, count: u32) -> Result<()> {
    browser.script(&format!("{VIEW}{TO_THE_END}")).await?;
    browser.expect_text(&name_of(count - 1), PAGE_DEADLINE).await
}

async fn expect_filled(browser: &Browser, view: &str) -> Result<()> {
    let look = async || Ok((browser.script(IS_FILLED).await? == true).then_some(()));
    let what = format!("{view}: items are in the middle of the view");
    let filled = until_async(&what, PAGE_DEADLINE, look).await;
    if filled.is_err() {
        browser.screenshot("failure").await?;
    }
    filled
}

/// Frames a second in the middle and in all but the slowest twentieth, and the most nodes.
fn line(view: &str, figures: &Value) -> Result<String> {
    let times = figures["times"].as_array().context("no times")?;
    let mut times: Vec<f64> = times.iter().filter_map(Value::as_f64).filter(|time| *time > 0.0).collect();
    times.sort_by(f64::total_cmp);
    ensure!(times.len() > 10, "{view}: only {} frames", times.len());
    // Casts within the length of the list.
    let rate = |share: f64| 1_000.0 / times[((times.len() - 1) as f64 * share) as usize];
    Ok(format!(
        "| {view}: scrolling {MANY} items for 5 s | p50 {:.0} frames/s, p5 {:.0} frames/s, slowest frame {:.0} ms; \
         at most {} rows and {} cells |",
        rate(0.5),
        rate(0.95),
        times.last().copied().unwrap_or_default(),
        figures["most"]["rows"],
        figures["most"]["cells"],
    ))
}

fn expect_few(view: &str, figures: &Value) -> Result<()> {
    for kind in ["rows", "cells"] {
        let most = figures["most"][kind].as_u64().context("no count")?;
        ensure!(most <= MOST_NODES, "{view}: {most} {kind} in the page");
    }
    let (height, window) = (figures["view"].as_f64(), figures["window"].as_f64());
    ensure!(height < window, "{view}: the view is {height:?} pixels high in a window of {window:?}");
    ensure!(figures["top"].as_f64() > Some(10_000.0), "{view}: scrolled to {} only", figures["top"]);
    Ok(())
}
