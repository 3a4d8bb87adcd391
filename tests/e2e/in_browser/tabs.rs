//! More tabs than a browser has connections for one server: each is live when it is looked at.
//!
//! Must not know the product's code.

use super::pages::sign_in;
use anyhow::Result;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::dataset::Size;
use tests::server::Server;
use tests::told::Told;
use tests::training;

/// A browser opens six connections.
const TABS: usize = 9;

#[tokio::test(flavor = "multi_thread")]
async fn many_tabs_are_live_when_they_are_looked_at() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    let mut told = Told::new(&server)?;
    told.start_silent("shapes", "before")?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    for _ in 1..TABS {
        browser.open_tab(&format!("{}/models/training", server.url)).await?;
        browser.find("link", "before").await?;
    }
    // All but the last one have been unseen meanwhile.
    told.start_silent("shapes", "after")?;
    for tab in [0, TABS / 2, TABS - 1] {
        browser.go_to_tab(tab).await?;
        browser.find("link", "after").await?;
        browser.expect_text("Live", PAGE_DEADLINE).await?;
    }
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
