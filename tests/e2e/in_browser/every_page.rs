//! Every page in both looks, empty and filled with hostile names: WCAG's rules hold, nothing is cut off at any width, the
//! console is quiet, and the address alone gives the same page in another browser.
//!
//! Must not know the product's code.

use super::house::{House, Page, common_pages, missing_pages};
use super::look::{expect_none, overflows, picture_name, still_text, violations};
use super::pages::sign_in;
use anyhow::{Result, ensure};
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::server::Server;
use tests::wait::until_async;

async fn go(browser: &Browser, server: &Server, page: &Page) -> Result<()> {
    browser.open(&format!("{}{}", server.url, page.path)).await?;
    browser.find(page.role, &page.name).await?;
    until_async("nothing is being loaded", PAGE_DEADLINE, async || {
        Ok((browser.script("return !document.querySelector('main .skeleton')").await? == true).then_some(()))
    })
    .await
}

/// Looks at each page; answers what is wrong.
async fn look_at(browser: &mut Browser, server: &Server, state: &str, pages: &[Page]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for page in pages {
        if let Err(error) = go(browser, server, page).await {
            complaints.push(format!("{error:#}"));
            continue;
        }
        let (what, picture) = (format!("{} ({state})", page.path), picture_name(&page.path, state));
        complaints.extend(violations(browser, &what, &picture).await?);
        complaints.extend(overflows(browser, &what, &picture).await?);
    }
    if let Err(error) = browser.expect_quiet_console(&[]).await {
        complaints.push(format!("{state}: {error:#}"));
    }
    Ok(complaints)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_with_nothing_in_them_are_accessible_in_both_looks() -> Result<()> {
    let server = Server::start()?;
    let mut browser = Browser::start().await?;
    let outside = Page { path: "/sign-in".into(), role: "heading", name: "Sign in to Trainyard".into() };
    let mut complaints = look_at(&mut browser, &server, "outside", &[outside]).await?;
    sign_in(&browser, &server).await?;
    complaints.extend(look_at(&mut browser, &server, "empty", &common_pages()).await?);
    complaints.extend(look_at(&mut browser, &server, "missing", &missing_pages()).await?);
    expect_none(&complaints)?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_with_hostile_names_are_accessible_and_whole_at_every_width() -> Result<()> {
    let house = House::build()?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &house.server).await?;
    expect_none(&look_at(&mut browser, &house.server, "loaded", &house.pages()).await?)?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_gives_the_same_page_in_another_browser() -> Result<()> {
    let house = House::build()?;
    let [one, other] = [Browser::start().await?, Browser::start().await?];
    for browser in [&one, &other] {
        sign_in(browser, &house.server).await?;
    }
    let mut titles = std::collections::BTreeSet::new();
    for page in house.pages() {
        go(&one, &house.server, &page).await?;
        go(&other, &house.server, &page).await?;
        let mut texts = [String::new(), String::new()];
        // One may be a breath ahead of the other.
        let same = until_async("both browsers show the same", PAGE_DEADLINE, async || {
            texts = [still_text(&one).await?, still_text(&other).await?];
            Ok((texts[0] == texts[1]).then_some(()))
        });
        ensure!(
            same.await.is_ok(),
            "{} reads\n{}\nin one browser and\n{}\nin another",
            page.path,
            texts[0],
            texts[1]
        );
        let title = one.script("return document.title").await?.to_string();
        ensure!(title.contains("Trainyard") && title.len() > 12, "{} has the title {title}", page.path);
        titles.insert(title);
    }
    // A view of the same dataset, and steps of the same wizard, may share one.
    ensure!(titles.len() + 2 >= house.pages().len(), "too few titles: {titles:?}");
    one.quit().await?;
    other.quit().await
}
