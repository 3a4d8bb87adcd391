//! Trainings side by side: from a selection or a version's page to the table, narrowed to what differs, copied, and the same
//! from the address alone; and all that can be wrong with the address.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, expect_drawn_charts, expect_no_overflow, sign_in};
use anyhow::{Result, ensure};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

/// The rows of the table: what each is, and what stands in it.
const ROWS: &str = "
    return [...document.querySelectorAll('.compare-table tbody tr:not(.compare-group)')]
        .map((row) => [...row.children].map((cell) => cell.innerText.replace(/\\s+/g, ' ').trim()));";

/// The names above the columns.
const HEADS: &str =
    "return [...document.querySelectorAll('.compare-table thead th a')].map((link) => link.innerText)";

/// Keeps what the page would copy.
const CATCH_COPIED: &str = "
    navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };";

async fn rows(browser: &Browser) -> Result<Vec<Vec<String>>> {
    Ok(serde_json::from_value(browser.script(ROWS).await?)?)
}

async fn expect_rows(browser: &Browser, what: &str, is_so: impl Fn(&[Vec<String>]) -> bool) -> Result<()> {
    let seen = until_async(what, PAGE_DEADLINE, async || Ok(is_so(&rows(browser).await?).then_some(())));
    match seen.await {
        Ok(()) => Ok(()),
        Err(error) => Err(error.context(format!("{:#?}\n{}", rows(browser).await?, browser.text().await?))),
    }
}

async fn expect_heads(browser: &Browser, expected: &[&str]) -> Result<()> {
    until_async(&format!("the columns are {expected:?}"), PAGE_DEADLINE, async || {
        let heads: Vec<String> = serde_json::from_value(browser.script(HEADS).await?)?;
        Ok((heads == expected).then_some(()))
    })
    .await
}

async fn expect_address(browser: &Browser, part: &str, is_in: bool) -> Result<()> {
    until_async(&format!("`{part}` is in the address: {is_in}"), PAGE_DEADLINE, async || {
        Ok((browser.address().await?.contains(part) == is_in).then_some(()))
    })
    .await
}

fn has(rows: &[Vec<String>], name: &str) -> bool {
    rows.iter().any(|row| row.first().is_some_and(|first| first.starts_with(name)))
}

#[tokio::test(flavor = "multi_thread")]
async fn trainings_are_compared() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
    for (name, epochs) in [("first", 2), ("second", 3)] {
        training::create_model(&server, "shapes", name)?;
        training::start(&server, name, epochs)?;
    }
    let mut ids = Vec::new();
    for name in ["first", "second"] {
        let trained = training::expect_status(&server, name, "success", TRAINING_DEADLINE)?;
        ids.push((training::text(&trained, &["id"]), training::text(&trained, &["model_id", "modelId"])));
    }
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    from_a_selection(&browser).await?;
    narrowed(&browser).await?;
    copied(&browser).await?;
    looks(&mut browser).await?;
    from_a_page(&browser, &server, &ids[0].1).await?;
    wrong_addresses(&browser, &server, &ids[0].0).await?;
    browser.expect_quiet_console(&["404"]).await?;
    browser.quit().await
}

async fn from_a_selection(browser: &Browser) -> Result<()> {
    browser.click("checkbox", "Select first").await?;
    let button = browser.find("button", "Compare").await?;
    ensure!(button.attr("aria-disabled").await?.as_deref() == Some("true"), "one alone can be compared");
    let reason = button.attr("title").await?.unwrap_or_default();
    ensure!(reason == "Select two trainings at least to compare them", "{reason}");
    browser.click("checkbox", "Select second").await?;
    until_async("two can be compared", PAGE_DEADLINE, async || {
        let button = browser.find("button", "Compare").await?;
        Ok(button.attr("aria-disabled").await?.is_none().then_some(()))
    })
    .await?;
    browser.click("button", "Compare").await?;
    browser.find("heading", "Compare trainings").await?;
    expect_heads(browser, &["first", "second"]).await?;
    expect_address(browser, "/models/compare?ids=", true).await
}

/// Only what differs is shown, and all of it when it is asked for; the baseline can be another one.
async fn narrowed(browser: &Browser) -> Result<()> {
    expect_rows(browser, "what differs is shown", |rows| {
        has(rows, "Epochs epochs") && has(rows, "Epochs done") && has(rows, "mAP50-95(B), best")
            || has(rows, "Epochs epochs") && has(rows, "box_loss val, best")
    })
    .await?;
    ensure!(!has(&rows(browser).await?, "Image size"), "what is equal is shown");
    let of_loss = |rows: &[Vec<String>]| {
        rows.iter().find(|row| row[0].starts_with("box_loss train, best")).cloned().unwrap_or_default()
    };
    let loss = of_loss(&rows(browser).await?);
    ensure!(loss.iter().filter(|cell| cell.contains(" best ")).count() == 1, "{loss:?}");
    ensure!(loss[2].contains('−') || loss[2].contains('+'), "no difference is told: {loss:?}");
    browser.click("checkbox", "~Show what is equal as well (").await?;
    expect_rows(browser, "all is shown", |rows| has(rows, "Image size") && has(rows, "Snapshot")).await?;
    expect_address(browser, "equal=1", true).await?;
    let choose = "const field = document.getElementById('baseline');
        field.selectedIndex = 1; field.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.script(choose).await?;
    expect_heads(browser, &["second", "first"]).await?;
    expect_address(browser, "base=", true).await?;
    browser.open(&browser.address().await?).await?;
    expect_heads(browser, &["second", "first"]).await?;
    expect_rows(browser, "loaded again, it is the same", |rows| has(rows, "Image size")).await?;
    browser.click("checkbox", "~Show what is equal as well (").await?;
    expect_rows(browser, "only what differs is shown again", |rows| !has(rows, "Image size")).await
}

async fn copied(browser: &Browser) -> Result<()> {
    browser.script(CATCH_COPIED).await?;
    for (entry, begins, holds) in [
        ("Copy as Markdown", "|  | second | first |\n| --- |", "| Epochs (epochs) | 3 epochs | 2 epochs |"),
        ("Copy as CSV", "Group,Row,second,first\r\n", "Configuration,Epochs (epochs),3,2\r\n"),
    ] {
        browser.click("button", "Copy the table").await?;
        browser.click("menuitem", entry).await?;
        let what = format!("{entry} copies the table");
        let seen = until_async(&what, PAGE_DEADLINE, async || {
            let text = browser.script("return window.copied || ''").await?;
            let text = text.as_str().unwrap_or_default();
            Ok((text.starts_with(begins) && text.contains(holds)).then_some(()))
        });
        if let Err(error) = seen.await {
            return Err(error.context(browser.script("return window.copied || ''").await?.to_string()));
        }
    }
    Ok(())
}

/// In both looks and on a narrow page; charts are drawn when they are scrolled to.
async fn looks(browser: &mut Browser) -> Result<()> {
    let address = browser.address().await?;
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        browser.resize(Some((1280, 900))).await?;
        browser.open(&address).await?;
        expect_heads(browser, &["second", "first"]).await?;
        browser.screenshot(&format!("compare-{}", theme.name())).await?;
        browser.script("document.getElementById('compare-charts').scrollIntoView()").await?;
        expect_drawn_charts(browser, 2).await?;
        expect_no_violation(browser, &format!("trainings side by side ({})", theme.name())).await?;
        browser.screenshot(&format!("compare-charts-{}", theme.name())).await?;
        browser.resize(Some((320, 900))).await?;
        browser.script("scrollTo(0, 0)").await?;
        expect_no_overflow(browser).await?;
        browser.script("document.querySelector('.compare-frame').scrollLeft = 120").await?;
        browser.screenshot(&format!("compare-narrow-{}", theme.name())).await?;
    }
    let stays = "const frame = document.querySelector('.compare-frame').getBoundingClientRect();
        const cell = document.querySelector('.compare-table th[scope=row]').getBoundingClientRect();
        return Math.abs(cell.left - frame.left) < 4";
    ensure!(browser.script(stays).await? == true, "the first column is scrolled away");
    browser.resize(Some((1280, 900))).await?;
    browser.prefer(Theme::Light).await?;
    charts_are_chosen(browser).await
}

async fn charts_are_chosen(browser: &Browser) -> Result<()> {
    browser.click("button", "~Charts (").await?;
    browser.click("checkbox", "box_loss").await?;
    expect_address(browser, "charts=", true).await?;
    ensure!(!browser.address().await?.contains("box_loss"), "the chart is still chosen");
    browser.click("checkbox", "images_per_second").await?;
    expect_address(browser, "images_per_second", true).await?;
    browser.script("document.querySelector('.chart-grid').lastElementChild.scrollIntoView()").await?;
    browser.find("slider", "Cursor of images_per_second").await.map(drop)
}

/// From the menu of a version's page by way of one training alone, and by keys.
async fn from_a_page(browser: &Browser, server: &Server, model: &str) -> Result<()> {
    browser.open(&format!("{}/models/{model}/explore", server.url)).await?;
    browser.click("button", "Actions for first").await?;
    browser.click("menuitem", "Compare with…").await?;
    browser.expect_text("One training alone: all of it is shown", PAGE_DEADLINE).await?;
    expect_heads(browser, &["first"]).await?;
    browser.click("button", "Add trainings…").await?;
    browser.click("checkbox", "~second, ").await?;
    browser.click("button", "Done").await?;
    expect_heads(browser, &["first", "second"]).await?;
    browser.click("button", "Take first out").await?;
    expect_heads(browser, &["second"]).await?;
    browser.expect_focus("button", "Add trainings…").await?;
    browser.open(&format!("{}/models/{model}/explore", server.url)).await?;
    browser.find("heading", "first").await?;
    browser.press("g").await?;
    browser.press("c").await?;
    expect_heads(browser, &["first"]).await?;
    expect_address(browser, &format!("ids={model}"), true).await
}

async fn wrong_addresses(browser: &Browser, server: &Server, known: &str) -> Result<()> {
    let unknown = "01890000-0000-7000-8000-000000000001";
    browser.open(&format!("{}/models/compare", server.url)).await?;
    browser.find("heading", "Nothing to compare yet").await?;
    browser.open(&format!("{}/models/compare?ids={known},{unknown}", server.url)).await?;
    browser.expect_text(&format!("No training has the id {unknown}"), PAGE_DEADLINE).await?;
    expect_heads(browser, &["first"]).await?;
    browser.click("button", "Take it out").await?;
    expect_address(browser, unknown, false).await?;
    let many: Vec<String> =
        (0..9).map(|number| format!("01890000-0000-7000-8000-00000000000{number}")).collect();
    browser.open(&format!("{}/models/compare?ids={known},{}", server.url, many.join(","))).await?;
    browser
        .expect_text("No more than 8 trainings are compared at once: 2 are left out", PAGE_DEADLINE)
        .await?;
    expect_no_violation(browser, "many unknown trainings").await
}
