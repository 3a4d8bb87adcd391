//! A run of a million points, opened.
//!
//! Must not know the product's code.

use super::charts::report;
use super::figures::{Budget, print_rounds};
use super::house::{ROUNDS, measuring, number, server};
use anyhow::Result;
use tests::browser::PAGE_DEADLINE;
use tests::told::Told;

const FIGURES: [&str; 10] = [
    "box_loss",
    "cls_loss",
    "dfl_loss",
    "mAP50(B)",
    "mAP50-95(B)",
    "precision(B)",
    "recall(B)",
    "images_per_second",
    "learning_rate",
    "memory",
];
/// Of each of twenty lines: a million in all, a hundred an epoch.
const POINTS: u32 = 50_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn a_run_of_a_million_points_is_opened() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    let lines: Vec<(&str, &str)> =
        FIGURES.iter().flat_map(|figure| ["train", "val"].map(|legend| (*figure, legend))).collect();
    let model = report(&server, &mut told, "million", &lines, (POINTS, 0.01))?;
    let browser = measuring(&server).await?;
    let drawn = format!("() => measured.drawn() >= {}", FIGURES.len());
    let (mut followed, mut loaded) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        browser.open(&format!("{}/models/training", server.url)).await?;
        browser.expect_text("million", PAGE_DEADLINE).await?;
        followed.push(number(&browser, &format!("measured.go('/models/{model}/explore', {drawn})")).await?);
        browser.open("about:blank").await?;
        browser.open(&format!("{}/models/{model}/explore", server.url)).await?;
        loaded.push(number(&browser, &format!("measured.when({drawn})")).await?);
    }
    browser.screenshot("measured-million").await?;
    let what = format!("a run of 1,000,000 points in {} charts", FIGURES.len());
    print_rounds(&format!("{what}: from its link to all drawn"), &followed, "ms", Budget::AtMost(1_000.0))?;
    print_rounds(&format!("{what}: loaded by its address, warm"), &loaded, "ms", Budget::AtMost(1_500.0))?;
    browser.quit().await
}
