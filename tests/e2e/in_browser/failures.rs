//! Pages whose data cannot be loaded because the server is gone: each says so, can be tried again, and holds to the rules.
//!
//! Must not know the product's code.

use super::house::{House, SERVICE};
use super::look::{expect_none, violations};
use super::pages::sign_in;
use anyhow::Result;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::wait::until_async;

/// Whether the parts of all pages are here, which the browser fetches while nobody waits.
const PARTS_ARE_HERE: &str = "
    const names = performance.getEntriesByType('resource').map((entry) => entry.name);
    return names.filter((name) => name.includes('split_')).length >= 5;";

/// What is clicked, and the words for what could not be loaded.
const WAYS: [(&str, &str); 6] = [
    ("Models", "The versions could not be loaded"),
    ("Datasets", "The datasets could not be loaded"),
    // They were seen beside the trainings, and stay.
    ("Services", "May be out of date"),
    ("Machine types", "The machine types could not be loaded"),
    ("Settings", "The secrets could not be loaded"),
    ("Training", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_loaded_says_so_and_is_right_once_the_server_is_back() -> Result<()> {
    let mut house = House::build()?;
    let browser = Browser::start().await?;
    sign_in(&browser, &house.server).await?;
    browser.find("link", SERVICE).await?;
    until_async("the parts of all pages are fetched", PAGE_DEADLINE, async || {
        Ok((browser.script(PARTS_ARE_HERE).await? == true).then_some(()))
    })
    .await?;
    house.server.kill()?;
    let mut complaints = Vec::new();
    browser.expect_text("Live updates lost", PAGE_DEADLINE).await?;
    for (link, words) in WAYS {
        browser.click("link", link).await?;
        if !words.is_empty() {
            browser.expect_text(words, PAGE_DEADLINE).await?;
            browser.find("button", "Retry").await?;
        }
        let picture = format!("error-{}", link.to_lowercase().replace(' ', "-"));
        complaints.extend(violations(&browser, &format!("{link} (error)"), &picture).await?);
    }
    // From a row to pages of their own.
    browser.click("link", "tiny").await?;
    browser.expect_text("The model could not be loaded", PAGE_DEADLINE).await?;
    complaints.extend(violations(&browser, "a model (error)", "error-model").await?);
    house.server.start_again()?;
    browser.click("button", "Retry").await?;
    browser.find("heading", "tiny").await?;
    expect_none(&complaints)?;
    browser.quit().await
}
