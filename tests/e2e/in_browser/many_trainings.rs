//! The Training tab with thousands of rows: few of them exist, all are reached by keys, the focus and what is read stay
//! where they are, and what is shown can be saved. How smoothly a hundred thousand pass is measured and printed.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, sign_in};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::program::checkout;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

const SOME: u32 = 3_000;
const MANY: u32 = 100_000;
/// What is promised.
const MOST_NODES: u64 = 120;
/// The server reads a hundred thousand rows at its start, and the tab gets them.
const MANY_DEADLINE: Duration = Duration::from_secs(120);

const FACTS: &str = "
    const view = document.querySelector('.training-view'), table = view.querySelector('table');
    const head = table.querySelector('thead').getBoundingClientRect().bottom;
    const rows = [...table.querySelectorAll('tbody tr')].filter((row) => !row.hasAttribute('data-kept'));
    const first = rows.find((row) => row.getBoundingClientRect().bottom > head + 1);
    const bottom = view.getBoundingClientRect().bottom;
    const drawn = rows.at(-1).getBoundingClientRect().bottom;
    const active = document.activeElement.closest('tr');
    return {
        nodes: table.querySelectorAll('tr').length, count: table.ariaRowCount || table.getAttribute('aria-rowcount'),
        first: first.querySelector('a').textContent, index: first.getAttribute('aria-rowindex'),
        top: Math.round(first.getBoundingClientRect().top - head), filled: drawn >= bottom - 1 || rows.length < 5,
        active: active && active.querySelector('a').textContent,
        activeIndex: active && active.getAttribute('aria-rowindex'),
        selected: [...document.querySelectorAll('tr[aria-selected=true] a.name-link')].map((link) => link.textContent),
        scroll: view.scrollTop, footer: document.querySelector('.table-footer').textContent,
    };";

async fn facts(browser: &Browser) -> Result<Value> {
    browser.script(FACTS).await
}

async fn expect(browser: &Browser, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
    let look = async || {
        let facts = facts(browser).await?;
        Ok(is_so(&facts).then_some(facts))
    };
    let found = until_async(what, PAGE_DEADLINE, look).await;
    if found.is_err() {
        browser.screenshot("failure").await?;
    }
    match found {
        Ok(found) => Ok(found),
        Err(error) => Err(error.context(format!("{}", facts(browser).await?))),
    }
}

async fn expect_focus(browser: &Browser, name: &str) -> Result<Value> {
    expect(browser, &format!("{name} has the focus"), |facts| facts["active"] == name).await
}

/// So many trainings that are over, and one that was aborted.
fn serve(count: u32) -> Result<Server> {
    let mut server = Server::start()?;
    training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
    training::create_model(&server, "shapes", "newest")?;
    training::start(&server, "newest", 500)?;
    server.call(&["abort", "newest"])?.succeeded()?;
    training::expect_status(&server, "newest", "terminated", TRAINING_DEADLINE)?;
    server.stop()?;
    let script = checkout().join("tests/src/many_trainings.py");
    let made = Command::new("python3")
        .arg(script)
        .arg(server.data().join("trainyard.db"))
        .arg(count.to_string())
        .output()
        .context("python3 does not start")?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    server.start_again()?;
    Ok(server)
}

fn name_of(number: u32) -> String {
    format!("bees-{number:06}")
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_trainings_are_gone_through_by_keys() -> Result<()> {
    let server = serve(SOME)?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.expect_text("of 3,001 trainings", PAGE_DEADLINE).await?;
    let start = expect(&browser, "the table is filled", |facts| facts["filled"] == true).await?;
    ensure!(start["nodes"].as_u64() <= Some(MOST_NODES) && start["count"] == "3002", "{start}");
    ensure!(start["first"] == "newest" && start["index"] == "2", "{start}");

    browser.press("j").await?;
    expect_focus(&browser, "newest").await?;
    browser.press("End").await?;
    expect_focus(&browser, &name_of(0)).await?;
    expect(&browser, "the end is in view", |facts| facts["activeIndex"] == "3002" && facts["filled"] == true)
        .await?;
    browser.press("k PageUp PageUp Down").await?;
    let paged = expect(&browser, "two pages up", |facts| {
        facts["activeIndex"].as_str().and_then(|index| index.parse::<u32>().ok()).is_some_and(|i| i < 2_995)
    })
    .await?;
    ensure!(paged["nodes"].as_u64() <= Some(MOST_NODES), "{paged}");
    browser.press("Home").await?;
    expect_focus(&browser, "newest").await?;
    single_keys_off(&browser).await?;
    focus_stays(&browser).await?;
    nothing_moves(&browser, &server).await?;
    narrowed_and_saved(&browser).await?;
    retried(&browser, &server).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

/// Without letters as shortcuts, the other keys still go through the rows and select them.
async fn single_keys_off(browser: &Browser) -> Result<()> {
    switch_single_keys(browser).await?;
    browser.press("j").await?;
    browser.press("Down Space Shift+Down Shift+Down").await?;
    let wanted = serde_json::json!([name_of(SOME - 1), name_of(SOME - 2), name_of(SOME - 3)]);
    expect(browser, "three are selected", |facts| facts["selected"] == wanted).await?;
    expect_focus(browser, &name_of(SOME - 3)).await?;
    browser.click("button", "Clear selection").await?;
    switch_single_keys(browser).await
}

async fn switch_single_keys(browser: &Browser) -> Result<()> {
    browser.press("Ctrl+k").await?;
    browser.find("dialog", "Command palette").await?;
    browser.type_text("single-key").await?;
    browser.press("Enter").await?;
    until_async("the palette is closed", PAGE_DEADLINE, async || {
        Ok(browser.look_for("dialog", "Command palette").await?.is_none().then_some(()))
    })
    .await
}

const SCROLL_TO: &str = "document.querySelector('.training-view').scrollTop = ";

/// A row keeps the focus while it is scrolled out of sight, and goes on from there.
async fn focus_stays(browser: &Browser) -> Result<()> {
    browser.script(&format!("{SCROLL_TO}0")).await?;
    browser.script("document.querySelector('tr[aria-rowindex=\"4\"] a').focus()").await?;
    let before = expect_focus(browser, &name_of(SOME - 2)).await?;
    browser.script(&format!("{SCROLL_TO}60000")).await?;
    let away = expect(browser, "another row is first", |facts| facts["first"] != before["first"]).await?;
    ensure!(away["active"] == name_of(SOME - 2) && away["activeIndex"] == "4", "{away}");
    ensure!(away["nodes"].as_u64() <= Some(MOST_NODES) && away["filled"] == true, "{away}");
    browser.script(&format!("{SCROLL_TO}0")).await?;
    expect(browser, "the first row is back", |facts| facts["index"] == "2").await?;
    browser.expect_focus("link", &name_of(SOME - 2)).await?;
    browser.script(&format!("{SCROLL_TO}60000")).await?;
    expect(browser, "another row is first", |facts| facts["index"] != "2").await?;
    browser.press("Down").await?;
    browser.expect_focus("link", &name_of(SOME - 3)).await?;
    Ok(())
}

/// A training that starts is a new first row; who reads further down is not disturbed.
async fn nothing_moves(browser: &Browser, server: &Server) -> Result<()> {
    browser.script("document.activeElement.blur()").await?;
    browser.script(&format!("{SCROLL_TO}60010")).await?;
    let before =
        expect(browser, "scrolled", |facts| facts["scroll"] == 60_010 && facts["filled"] == true).await?;
    training::create_model(server, "shapes", "later")?;
    training::start(server, "later", 500)?;
    let after = expect(browser, "there is one more", |facts| facts["count"] == "3003").await?;
    ensure!(after["first"] == before["first"] && after["top"] == before["top"], "{before}\n{after}");
    ensure!(after["index"] != before["index"], "{before}\n{after}");
    server.call(&["abort", "later"])?.succeeded()?;
    training::expect_status(server, "later", "terminated", TRAINING_DEADLINE)?;
    let ended = expect(browser, "it is still there", |facts| facts["count"] == "3003").await?;
    ensure!(ended["first"] == before["first"] && ended["top"] == before["top"], "{before}\n{ended}");
    Ok(())
}

/// Keeps what is offered to be saved.
const CATCH: &str = "
    window.saved = null;
    const made = URL.createObjectURL;
    URL.createObjectURL = (blob) => { blob.text().then((text) => { window.saved = text; }); return made(blob); };";

/// The filter says how many it leaves, begins at the top, and is what is saved.
async fn narrowed_and_saved(browser: &Browser) -> Result<()> {
    browser.fill("textbox", "Search name or ID", "BEES-0012").await?;
    let narrowed = expect(browser, "a hundred are left", |facts| facts["count"] == "101").await?;
    ensure!(narrowed["scroll"] == 0 && narrowed["first"] == name_of(1_299), "{narrowed}");
    ensure!(
        narrowed["footer"].as_str().is_some_and(|words| words.contains("of 100 trainings")),
        "{narrowed}"
    );
    until_async("it is announced", PAGE_DEADLINE, async || {
        let said = browser
            .script("return [...document.querySelectorAll('[role=status]')].map((one) => one.textContent)")
            .await?;
        Ok(said
            .as_array()
            .is_some_and(|said| said.iter().any(|one| one == "100 of 3,002 trainings"))
            .then_some(()))
    })
    .await?;
    browser.script(CATCH).await?;
    browser.click("button", "Save CSV").await?;
    let saved = until_async("it is saved", PAGE_DEADLINE, async || {
        Ok(browser.script("return window.saved").await?.as_str().map(str::to_owned))
    })
    .await?;
    let lines: Vec<&str> = saved.lines().collect();
    ensure!(lines.len() == 101 && lines[0].starts_with("Name,Created At,Status"), "{saved}");
    ensure!(lines[1].starts_with("bees-001299,") && lines[1].contains(",Aborted,"), "{}", lines[1]);
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        expect_no_violation(browser, &format!("many trainings ({})", theme.name())).await?;
        browser.screenshot(&format!("many-trainings-{}", theme.name())).await?;
    }
    browser.prefer(Theme::Light).await
}

/// One that failed is trained again on the same data, from its menu; one that a person ended is not.
async fn retried(browser: &Browser, server: &Server) -> Result<()> {
    browser.script("document.querySelector('tr[data-row] a').focus()").await?;
    browser.press("j .").await?;
    browser.find("menu", "Actions for bees-001298").await?;
    let entries = "return [...document.querySelectorAll('[role=menuitem]')].map((entry) => entry.firstChild.textContent)";
    let wanted =
        ["Open", "Copy Model ID", "Copy Execution ID", "Abort Training…", "Remove Training", "Retry"];
    ensure!(browser.script(entries).await? == serde_json::json!(wanted), "the menu has other entries");
    browser.expect_text("Only failed or aborted trainings can be retried", PAGE_DEADLINE).await?;
    browser.press("Escape").await?;
    browser.press("j .").await?;
    browser.find("menu", "Actions for bees-001297").await?;
    browser.click("menuitem", "Retry").await?;
    browser.expect_text("Training of bees-001297 started again", PAGE_DEADLINE).await?;
    expect(browser, "there is one more", |facts| facts["count"] == "102").await?;
    let training = training::of_model(server, "bees-001297")?;
    ensure!(!["failed", "terminated"].contains(&training::status(&training).as_str()), "{training}");
    server.call(&["abort", "bees-001297"])?.succeeded()?;
    Ok(())
}

/// Scrolls for five seconds, a third of the view a frame; keeps the time of each frame and the most rows there were.
const SCROLL: &str = "
    const done = arguments[arguments.length - 1];
    const view = document.querySelector('.training-view');
    const times = [];
    let most = 0, empty = 0;
    const began = performance.now();
    let before = began;
    const step = (now) => {
        times.push(now - before);
        before = now;
        most = Math.max(most, view.querySelectorAll('tr').length);
        if (now - began > 5000) return done({ times, most, empty, top: view.scrollTop });
        const box = view.getBoundingClientRect();
        const row = document.elementFromPoint(box.x + 100, box.y + box.height / 2)?.closest('tr[data-row]');
        if (!row) empty += 1;
        view.scrollTop += STEP;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);";

/// MiB of objects, and of the module's memory.
const MEMORY: &str = "
    const done = arguments[arguments.length - 1];
    const link = document.querySelector('link[rel=modulepreload]');
    import(link.href).then((module) => module.default()).then((exports) => done({
        objects: performance.memory.usedJSHeapSize / 1048576, module: exports.memory.buffer.byteLength / 1048576,
    }), (error) => done(String(error)));";

/// Milliseconds from a key in the search field to the next frame with the answer.
const SEARCH: &str = "
    const done = arguments[arguments.length - 1];
    const field = document.querySelector('.toolbar input');
    const table = () => document.querySelector('.training-view table')?.getAttribute('aria-rowcount');
    const [text, before] = [TEXT, table()];
    const began = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    const look = () => table() === before ? requestAnimationFrame(look) : done(performance.now() - began);
    requestAnimationFrame(look);";

/// Milliseconds from a press of a header to a table that is ordered by it.
const SORT: &str = "
    const done = arguments[arguments.length - 1];
    const head = [...document.querySelectorAll('.sort-button')].find((one) => one.textContent === WORDS);
    const first = () => document.querySelector('tr[data-row]').getAttribute('data-row');
    const before = first();
    const began = performance.now();
    head.click();
    const look = () => first() === before ? requestAnimationFrame(look) : done(performance.now() - began);
    requestAnimationFrame(look);";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo test -p tests --test e2e -- --ignored --nocapture a_hundred_thousand_trainings"]
async fn a_hundred_thousand_trainings_are_scrolled() -> Result<()> {
    let server = serve(MANY)?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    let began = Instant::now();
    browser.open(&format!("{}/models/training", server.url)).await?;
    until_async("there are rows", PAGE_DEADLINE, async || {
        Ok((browser.script("return document.querySelectorAll('tr[data-row]').length > 9").await? == true)
            .then_some(()))
    })
    .await?;
    println!("| time to a usable table, with {MANY} trainings | {} ms |", began.elapsed().as_millis());
    browser.expect_text("of 100,001 trainings", MANY_DEADLINE).await?;
    println!("| until all of them are there | {:.1} s |", began.elapsed().as_secs_f64());
    println!("| memory | {} |", memory(&browser).await?);
    for (what, step) in [
        ("a third of the view a frame", "view.clientHeight / 3"),
        ("a row a frame", "44"),
        ("ten views a frame", "view.clientHeight * 10"),
    ] {
        browser.script(&format!("{SCROLL_TO}0")).await?;
        let figures = browser.script_async(&SCROLL.replace("STEP", step)).await?;
        println!("{}", line(what, &figures)?);
        ensure!(figures["most"].as_u64() <= Some(MOST_NODES), "{} rows in the page", figures["most"]);
    }
    for text in ["'bees-00'", "'b'", "''", "'nothing-like-it-0'", "'bees-09999'", "''"] {
        let took = browser.script_async(&SEARCH.replace("TEXT", text)).await?;
        println!("| search for {text} | {took} ms |");
    }
    for words in ["Name", "Duration", "Progress", "Created At"] {
        let took = browser.script_async(&SORT.replace("WORDS", &format!("'{words}'"))).await?;
        println!("| ordered by {words} | {took} ms |");
    }
    println!("| memory afterwards | {} |", memory(&browser).await?);
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

async fn memory(browser: &Browser) -> Result<String> {
    let found = browser.script_async(MEMORY).await?;
    let part = |key: &str| found[key].as_f64().with_context(|| format!("no {key} in {found}"));
    Ok(format!("{:.0} MiB of objects, {:.0} MiB of the module", part("objects")?, part("module")?))
}

/// Frames a second in the middle and in all but the slowest twentieth, and the most rows.
fn line(what: &str, figures: &Value) -> Result<String> {
    let times = figures["times"].as_array().context("no times")?;
    let mut times: Vec<f64> = times.iter().filter_map(Value::as_f64).filter(|time| *time > 0.0).collect();
    times.sort_by(f64::total_cmp);
    ensure!(times.len() > 10, "only {} frames", times.len());
    // Casts within the length of the list.
    let rate = |share: f64| 1_000.0 / times[((times.len() - 1) as f64 * share) as usize];
    Ok(format!(
        "| {what} for 5 s, to {} | p50 {:.0} frames/s, p5 {:.0} frames/s, slowest frame {:.0} ms; at most {} rows, {} of {} frames empty |",
        figures["top"],
        rate(0.5),
        rate(0.95),
        times.last().copied().unwrap_or_default(),
        figures["most"],
        figures["empty"],
        times.len(),
    ))
}
