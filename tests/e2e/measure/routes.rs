//! From a link to the page behind it, for every page: the first time in a tab, and again.
//!
//! Must not know the product's code.

use super::figures::{Budget, middle, print, spread};
use super::house::{DATASET, DEADLINE, ROUNDS, measuring, model_of, number, server};
use anyhow::Result;
use std::io::Write as _;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::server::Server;
use tests::told::{Sample, Told, samples};
use tests::training;

const SERVICE: &str = "mgmt-train-yolov8";

/// A path, and what shows that its page is there: a selector, and words in what it finds.
type Page = (String, &'static str, &'static str);

fn pages(model: &str) -> Vec<Page> {
    let page = |path: &str, selector, words| (path.to_owned(), selector, words);
    let of = |tab: &str, selector, words| (format!("/models/{model}/{tab}"), selector, words);
    let of_service = |tab: &str, selector, words| (format!("/services/{SERVICE}/{tab}"), selector, words);
    vec![
        page("/models/training", "tr[data-row]", "first"),
        page("/models", "main td a", "first"),
        page("/models/architectures", "main", "yolov8n"),
        page("/models/new", "h1", "Create version"),
        page("/models/first/train/data", "h2", "Validation subset"),
        page("/models/first/train/config", "main label", "Epochs"),
        page("/models/first/train/service", "h2", "Execution configuration"),
        of("explore", "main figure h3", "box_loss"),
        of("logs", "main", "a line of the log"),
        of("data", "h2", "Validation"),
        of("artifacts", "main", "weights.bin"),
        of("config", "main", "epochs"),
        page("/datasets", "main td a", DATASET),
        page("/datasets/shapes", "main", ".png"),
        page("/datasets/shapes/recipes", "h1, h2", "ecipes"),
        page("/services", "main td a", SERVICE),
        page("/services/machines", "h1, h2", "Machine"),
        of_service("executions", "h1", SERVICE),
        of_service("instances", "main", "Machine type"),
        of_service("errors", "main", "No errors"),
        of_service("configuration", "main", "Max attempts"),
        page("/settings/secrets", "h1", "Secrets"),
        page("/help/filters", "main", "$exists"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn every_page_is_there_soon_after_its_link_was_followed() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    let ear = told.start_listening(DATASET, "first")?;
    let mut words = ear.open()?;
    let points = (1..=50).map(|x| Sample { figure: "box_loss", legend: "train", x: x.into(), y: 1.0 });
    words.write_all(samples(points).as_bytes())?;
    words.write_all(b"a line of the log\n")?;
    words.write_all(br#"{"type":"artifact","path":"weights.bin","name":"weights.bin","kind":"weights"}"#)?;
    words.write_all(b"\n")?;
    drop(words);
    training::expect_status(&server, "first", "success", DEADLINE)?;
    let pages = pages(&model_of(&server, "first")?);

    let browser = measuring(&server).await?;
    let (mut worst_first, mut worst_again) = ((0.0, String::new()), (0.0, String::new()));
    for page in &pages {
        let (mut first, mut again) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let [one, other] = follow_twice(&browser, &server, page).await?;
            first.push(one);
            again.push(other);
        }
        let named = page.0.replace(pages[7].0.trim_end_matches("/explore"), "/models/ID");
        println!(
            "| {named} | {:.0} ms ({}) | {:.0} ms ({}) |",
            middle(&first)?,
            spread(&first)?,
            middle(&again)?,
            spread(&again)?
        );
        for (times, worst) in [(&first, &mut worst_first), (&again, &mut worst_again)] {
            if middle(times)? > worst.0 {
                *worst = (middle(times)?, format!("{named}, {}", spread(times)?));
            }
        }
    }
    let count = pages.len();
    print(
        &format!("route change, first time in a tab, slowest of {count} pages"),
        worst_first.0,
        "ms",
        Budget::AtMost(300.0),
        &worst_first.1,
    );
    print(
        &format!("route change, again, slowest of {count} pages"),
        worst_again.0,
        "ms",
        Budget::AtMost(50.0),
        &worst_again.1,
    );
    Ok(())
}

/// In a tab that has just been loaded: the first time, and after a way back.
async fn follow_twice(
    browser: &Browser,
    server: &Server,
    (path, selector, words): &Page,
) -> Result<[f64; 2]> {
    let start = if path == "/models/training" { "/models" } else { "/models/training" };
    browser.open(&format!("{}{start}", server.url)).await?;
    browser.expect_text("first", PAGE_DEADLINE).await?;
    let go = format!("measured.go('{path}', () => measured.shows('{selector}', '{words}'))");
    let back = format!("measured.go('{start}', () => measured.shows('main td a', 'first'))");
    let first = number(browser, &go).await?;
    number(browser, &back).await?;
    Ok([first, number(browser, &go).await?])
}
