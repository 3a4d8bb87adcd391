//! Whether a tab that is left open grows: while points come in, and while somebody goes from page to page.
//!
//! Must not know the product's code.

use super::figures::{Budget, print};
use super::house::{DATASET, devtools, measuring, model_of, number, server, train_many};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::io::Write as _;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::told::{Sample, Told, samples};

const LINES: [(&str, &str); 4] =
    [("box_loss", "train"), ("box_loss", "val"), ("memory", "train"), ("memory", "val")];
/// Of all lines together in one round: what a Train function may report in ten seconds.
const POINTS: u32 = 20_000;
const POINT_ROUNDS: u32 = 10;
/// From here on a line holds as many points as it ever will, and is thinned again and again.
const FULL_AFTER: usize = 4;

const VISITS: usize = 12;
const VISIT_ROUNDS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn memory_is_flat_while_points_come_in() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    let ear = told.start_listening(DATASET, "long")?;
    let mut words = ear.open()?;
    words.write_all(round(0, 40).as_bytes())?;
    let browser = measuring(&server).await?;
    browser.open(&format!("{}/models/{}/explore", server.url, model_of(&server, "long")?)).await?;
    number(&browser, "measured.when(() => measured.drawn() >= 2)").await?;
    let mut heaps = Vec::new();
    let mut last = 10;
    for _ in 0..POINT_ROUNDS {
        words.write_all(round(last, POINTS).as_bytes())?;
        last += POINTS / LINES.len() as u32;
        // No faster than reports are taken without loss.
        let all = format!(
            "measured.when(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuemax')) >= {last})"
        );
        number(&browser, &all).await?;
        tokio::time::sleep(std::time::Duration::from_secs(u64::from(POINTS / 2_000))).await;
        heaps.push(heap(&browser).await?);
    }
    drop(words);
    browser.quit().await?;
    let (full, updates) = (heaps.get(FULL_AFTER..).context("too few rounds")?, f64::from(POINTS));
    print(
        "memory of a tab for 100,000 more points, once its lines are as long as they get",
        slope(full) * 100_000.0 / updates,
        "MiB",
        Budget::AtMost(1.0),
        &told_of(&heaps),
    );
    Ok(())
}

/// The points after place `from` of all lines, so many together.
fn round(from: u32, count: u32) -> String {
    let places = from + 1..=from + count / LINES.len() as u32;
    samples(places.flat_map(|place| {
        LINES.map(|(figure, legend)| {
            let x = f64::from(place);
            Sample { figure, legend, x, y: (x / 9.0).sin() }
        })
    }))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn memory_is_flat_while_pages_are_visited() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    train_many(&server, &mut told, 20)?;
    super::charts::report(&server, &mut told, "charted", &LINES, (500, 1.0))?;
    let model = model_of(&server, "charted")?;
    let browser = measuring(&server).await?;
    browser.expect_text("charted", PAGE_DEADLINE).await?;
    let visits = [
        (format!("/models/{model}/explore"), "figure h3", "memory"),
        (format!("/models/{model}/logs"), "main", "attempt 1"),
        ("/datasets/shapes".into(), "main", ".png"),
        ("/services".into(), "main td a", "mgmt-train"),
        ("/models/training".into(), "tr[data-row]", "charted"),
    ];
    let mut heaps = Vec::new();
    for _ in 0..VISIT_ROUNDS {
        for _ in 0..VISITS {
            for (path, selector, words) in &visits {
                number(
                    &browser,
                    &format!("measured.go('{path}', () => measured.shows('{selector}', '{words}'))"),
                )
                .await?;
            }
        }
        browser.script("measured.strokes.length = 0; measured.events.length = 0").await?;
        heaps.push(heap(&browser).await?);
    }
    browser.quit().await?;
    // What the first round fetched and keeps is not growth.
    let later = heaps.get(1..).context("too few rounds")?;
    let per_visit = slope(later) * 1_024.0 / (VISITS * visits.len()) as f64;
    print(
        "memory of a tab for one more visit of a page",
        per_visit,
        "KiB",
        Budget::AtMost(10.0),
        &told_of(&heaps),
    );
    Ok(())
}

/// MiB that the tab holds after a collection: objects, nodes, and the memory of WebAssembly.
async fn heap(browser: &Browser) -> Result<f64> {
    for _ in 0..2 {
        devtools(browser, "HeapProfiler.collectGarbage", json!({})).await?;
    }
    let usage = devtools(browser, "Runtime.getHeapUsage", json!({})).await?;
    let part = |key: &str| usage[key].as_f64().unwrap_or_default();
    let module = number(browser, "measured.memory()").await?;
    ensure!(part("usedSize") > 0.0 && module > 0.0, "no sizes in {usage}, and {module} of the module");
    Ok((part("usedSize") + part("embedderHeapUsedSize") + module) / 1_048_576.0)
}

fn told_of(heaps: &[f64]) -> String {
    let rounds: Vec<String> = heaps.iter().map(|heap| format!("{heap:.1}")).collect();
    format!("{} MiB after each round", rounds.join(", "))
}

/// Growth a round: the slope of the line that fits best.
fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (middle, mean) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let (mut across, mut both) = (0.0, 0.0);
    for (place, value) in (0_u32..).zip(values) {
        let x = f64::from(place) - middle;
        across += x * x;
        both += x * (value - mean);
    }
    both / across
}

#[test]
fn a_slope_is_a_growth() {
    assert_eq!(slope(&[5.0, 7.0, 9.0]), 2.0);
    assert_eq!(slope(&[3.0, 3.0, 3.0, 3.0]), 0.0);
}
