//! From a Train function that reports a point to its frame on the screen.
//!
//! Must not know the product's code.

use super::figures::{Budget, at, print};
use super::house::{DATASET, answer, measuring, model_of, number, server};
use anyhow::Result;
use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tests::told::{Sample, Told, samples};

const POINTS: u32 = 40;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn a_point_is_on_the_screen_soon_after_it_was_reported() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    let ear = told.start_listening(DATASET, "live")?;
    let mut words = ear.open()?;
    let sample = |x: u32| {
        samples([Sample { figure: "box_loss", legend: "train", x: x.into(), y: 1.0 / f64::from(x) }])
    };
    words.write_all(format!("{}{}", sample(1), sample(2)).as_bytes())?;
    let browser = measuring(&server).await?;
    browser.open(&format!("{}/models/{}/explore", server.url, model_of(&server, "live")?)).await?;
    number(&browser, "measured.when(() => measured.drawn() >= 1)").await?;
    let mut times = Vec::new();
    for x in 3..3 + POINTS {
        // So that points come at any moment between two looks of whoever passes them on.
        tokio::time::sleep(Duration::from_millis(200 + u64::from(x * 37 % 300))).await;
        let watch = format!(
            "window.seen = measured.when(() => Number(document.querySelector('[role=slider]')
                ?.getAttribute('aria-valuemax')) >= {x}).then(() => Date.now());"
        );
        browser.script(&watch).await?;
        let reported = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1_000.0;
        words.write_all(sample(x).as_bytes())?;
        let seen = answer(&browser, "window.seen").await?.as_f64().unwrap_or_default();
        times.push(seen - reported);
    }
    drop(words);
    browser.quit().await?;
    let what = format!("{POINTS} points, from the Train function to the screen");
    print(
        &format!("{what}, p95"),
        at(&times, 0.95)?,
        "ms",
        Budget::AtMost(1_000.0),
        &format!("p50 {:.0} ms, worst {:.0} ms", at(&times, 0.5)?, at(&times, 1.0)?),
    );
    Ok(())
}
