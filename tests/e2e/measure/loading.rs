//! From an address to a table that can be used: with a browser that was never here, and with one that was.
//!
//! Must not know the product's code.

use super::figures::{Budget, at, print, print_rounds};
use super::house::{ROUNDS, answer, devtools, measure_in, measuring, number, server, train_many};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::told::Told;

const TRAININGS: usize = 100;
/// After this nothing of the page moves any more by itself.
const SETTLED_MS: u32 = 1_500;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn a_table_of_a_hundred_trainings_is_loaded() -> Result<()> {
    let server = server()?;
    train_many(&server, &mut Told::new(&server)?, TRAININGS)?;
    let known = measuring(&server).await?;
    let cookies = devtools(&known, "Network.getCookies", json!({ "urls": [server.url] })).await?;
    known.quit().await?;

    let address = format!("{}/models/training", server.url);
    let (mut cold, mut warm, mut shifts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let browser = Browser::start().await?;
        measure_in(&browser).await?;
        // Signed in, but for the rest a browser that was never here.
        for cookie in cookies["cookies"].as_array().context("there are no cookies")? {
            devtools(&browser, "Network.setCookie", json!({
                "url": server.url, "name": cookie["name"], "value": cookie["value"], "httpOnly": true, "sameSite": "Strict",
            })).await?;
        }
        cold.push(load(&browser, &address, &mut shifts).await?);
        load(&browser, &address, &mut shifts).await?;
        warm.push(load(&browser, &address, &mut shifts).await?);
        browser.quit().await?;
    }
    let told = |what: &str| format!("{what} to a table of {TRAININGS} trainings that can be searched");
    print_rounds(&told("cold load"), &cold, "ms", Budget::AtMost(1_500.0))?;
    print_rounds(&told("warm load"), &warm, "ms", Budget::AtMost(500.0))?;
    print("layout shift of these loads, the worst", at(&shifts, 1.0)?, "", Budget::AtMost(0.02), "");
    Ok(())
}

/// How long it takes from the request for the page, and how far the page has moved by itself since.
async fn load(browser: &Browser, address: &str, shifts: &mut Vec<f64>) -> Result<f64> {
    browser.open("about:blank").await?;
    browser.open(address).await?;
    let usable = number(browser, &format!("measured.when(() => measured.isUsable({TRAININGS}))")).await?;
    let settled =
        format!("new Promise((resolve) => setTimeout(() => resolve(measured.shift), {SETTLED_MS}))");
    let shift: Value = answer(browser, &settled).await?;
    shifts.push(shift.as_f64().unwrap_or_default());
    Ok(usable)
}
