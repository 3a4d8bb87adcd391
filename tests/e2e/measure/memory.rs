//! Whether a tab that is left open grows: while points come in, while rows change, and while somebody goes from page to
//! page.
//!
//! Must not know the product's code.

use super::figures::{Budget, print};
use super::house::{DATASET, devtools, measuring, model_of, number, server, train_many};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::Duration;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::told::{Ear, Sample, Told, samples};

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
        tokio::time::sleep(Duration::from_secs(u64::from(POINTS / 2_000))).await;
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

/// Trainings that run at the same time.
const RUNNING: usize = 4;
/// Changes of each of them in a round, as many as the page draws in ten seconds.
const CHANGES: u32 = 40;
const CHANGE_ROUNDS: u32 = 10;
/// As the stream is drawn at most.
const CHANGE_EVERY: Duration = Duration::from_millis(250);
const EPOCHS: u32 = 1_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn memory_is_flat_while_rows_change() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    train_many(&server, &mut told, 20)?;
    let mut ears = Vec::new();
    for number in 0..RUNNING {
        ears.push(told.start_listening(DATASET, &format!("running-{number}"))?);
    }
    let mut all_words = ears.iter().map(Ear::open).collect::<Result<Vec<_>>>()?;
    let browser = measuring(&server).await?;
    let (mut heaps, mut epoch) = (Vec::new(), 0);
    for _ in 0..CHANGE_ROUNDS {
        for _ in 0..CHANGES {
            epoch += 1;
            let line = format!(
                r#"{{"type":"progress","epoch":{epoch},"epochs":{EPOCHS},"step":1,"steps":1,"phase":"training"}}"#
            );
            for words in &mut all_words {
                words.write_all(line.as_bytes())?;
                words.write_all(b"\n")?;
            }
            tokio::time::sleep(CHANGE_EVERY).await;
        }
        let last = format!(
            "measured.when(() => [...document.querySelectorAll('tr[data-row]')]
                .filter((row) => row.textContent.includes('{epoch}/{EPOCHS}')).length === {RUNNING})"
        );
        number(&browser, &last).await?;
        heaps.push(heap(&browser).await?);
    }
    drop(all_words);
    browser.quit().await?;
    let later = heaps.get(FULL_AFTER..).context("too few rounds")?;
    let changes = RUNNING as f64 * f64::from(CHANGES);
    print(
        "memory of a tab for 1,000 more changes of rows",
        slope(later) * 1_024.0 * 1_000.0 / changes,
        "KiB",
        Budget::AtMost(100.0),
        &told_of(&heaps),
    );
    Ok(())
}

/// What a tab holds after a collection.
struct Heap {
    /// Objects of scripts and what belongs to them, MiB.
    objects: f64,
    /// The memory of WebAssembly, MiB.
    module: f64,
    nodes: f64,
    listeners: f64,
}

impl Heap {
    fn all(&self) -> f64 {
        self.objects + self.module
    }
}

async fn heap(browser: &Browser) -> Result<Heap> {
    for _ in 0..2 {
        devtools(browser, "HeapProfiler.collectGarbage", json!({})).await?;
    }
    let usage = devtools(browser, "Runtime.getHeapUsage", json!({})).await?;
    let counters = devtools(browser, "Memory.getDOMCounters", json!({})).await?;
    let part = |of: &Value, key: &str| of[key].as_f64().unwrap_or_default();
    let module = number(browser, "measured.memory()").await?;
    let objects = part(&usage, "usedSize");
    ensure!(objects > 0.0 && module > 0.0, "no sizes in {usage}, and {module} of the module");
    Ok(Heap {
        objects: (objects + part(&usage, "embedderHeapUsedSize")) / 1_048_576.0,
        module: module / 1_048_576.0,
        nodes: part(&counters, "nodes"),
        listeners: part(&counters, "jsEventListeners"),
    })
}

fn told_of(heaps: &[Heap]) -> String {
    let each = |part: &dyn Fn(&Heap) -> String| heaps.iter().map(part).collect::<Vec<_>>().join(", ");
    format!(
        "after each round MiB of objects {}; of the module {}; nodes {}; listeners {}",
        each(&|heap| format!("{:.2}", heap.objects)),
        each(&|heap| format!("{:.2}", heap.module)),
        each(&|heap| heap.nodes.to_string()),
        each(&|heap| heap.listeners.to_string()),
    )
}

/// Growth in MiB a round.
fn slope(heaps: &[Heap]) -> f64 {
    slope_of(&heaps.iter().map(Heap::all).collect::<Vec<_>>())
}

/// The slope of the line that fits best.
fn slope_of(values: &[f64]) -> f64 {
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
    assert_eq!(slope_of(&[5.0, 7.0, 9.0]), 2.0);
    assert_eq!(slope_of(&[3.0, 3.0, 3.0, 3.0]), 0.0);
}
