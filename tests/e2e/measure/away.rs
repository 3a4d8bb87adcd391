//! A server that is gone for a while: from its return to a page that is right again.
//!
//! Must not know the product's code.

use super::figures::{Budget, at, middle, print};
use super::house::{DATASET, answer, measuring, server};
use anyhow::Result;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tests::browser::PAGE_DEADLINE;
use tests::told::Told;

/// How long it is away: so that the page tries again sooner and later after the last try.
const AWAY_SECS: [u64; 6] = [1, 4, 9, 16, 21, 27];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn a_page_is_right_again_soon_after_the_server_is_back() -> Result<()> {
    let mut server = server()?;
    Told::new(&server)?.start_silent(DATASET, "before")?;
    let browser = measuring(&server).await?;
    let mut times = Vec::new();
    for away in AWAY_SECS {
        browser.expect_text("before", PAGE_DEADLINE).await?;
        server.kill()?;
        browser.expect_text("Live updates lost", PAGE_DEADLINE).await?;
        tokio::time::sleep(Duration::from_secs(away)).await;
        let name = format!("after-{away}");
        let watch = format!(
            "window.seen = measured.when(() => !document.querySelector('.lost-bar')
                && measured.shows('tr[data-row]', '{name}')).then(() => Date.now());"
        );
        browser.script(&watch).await?;
        server.start_again()?;
        let back = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1_000.0;
        // What came to be after its return is on the page: that is more than a stream that is open again.
        tests::training::create_model(&server, DATASET, &name)?;
        tests::training::start(&server, &name, 1)?;
        times.push(answer(&browser, "window.seen").await?.as_f64().unwrap_or_default() - back);
    }
    browser.quit().await?;
    let each: Vec<String> =
        AWAY_SECS.iter().zip(&times).map(|(away, time)| format!("{away} s: {time:.0} ms")).collect();
    let more = format!("middle {:.0} ms; away {}", middle(&times)?, each.join(", "));
    print(
        "server back: from its return to a page with what has come since, the worst",
        at(&times, 1.0)?,
        "ms",
        Budget::AtMost(5_000.0),
        &more,
    );
    Ok(())
}
