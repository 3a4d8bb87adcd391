//! What the wizard offers first for each subset, and why: tagged items where the version's filter is none or means the
//! same, and the filter itself where it does not.
//!
//! Must not know the product's code.

use super::pages::sign_in;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until_async;

/// The chosen way of each subset with the reason in words, by the name of its radio group.
const OFFERS: &str = "
    const offers = [...document.querySelectorAll('[role=radiogroup]')].map((group) => {
        const subset = document.getElementById(group.getAttribute('aria-labelledby')).textContent;
        const chosen = group.querySelector('input:checked').closest('label').textContent.trim();
        const lines = group.closest('section').innerText.split('\\n');
        return [subset, [chosen, lines.find((line) => line.startsWith('Offered because')) || '']];
    });
    return Object.fromEntries(offers);";

/// Way and reason.
type Offer = (&'static str, &'static str);

const NONE: Offer = ("Tagged items", "the model has no filter of its own");
const SAME_TEXT: Offer = ("Tagged items", "is the tagged-items filter, apart from spaces and line breaks");
const SAME_MEANING: Offer = ("Tagged items", "means the same as the tagged-items filter");
const DIFFERENT: Offer = ("DQL filter", "chooses other items than the tagged-items filter");

/// The filter of the tagged items, as it is exchanged.
fn tagged(subset: &str) -> String {
    format!(
        r#"{{"filter":{{"$and":[{{"hidden":false}},{{"type":"file"}},{{"metadata.system.tags.{subset}":true}}]}},"page":0,"pageSize":1000,"resource":"items"}}"#
    )
}

/// With spaces and line breaks between all parts.
fn spread(text: &str) -> String {
    text.replace(':', " :\t").replace(',', " ,\r\n    ").replace('{', "{\n  ")
}

/// A version with a filter for each subset, and what must be offered for each.
struct Case {
    name: &'static str,
    train: Option<String>,
    validation: Option<String>,
    offers: [Offer; 2],
}

fn cases() -> Vec<Case> {
    let both = |filter: fn(&str) -> String| (Some(filter("train")), Some(filter("validation")));
    let case = |name, (train, validation), offers| Case { name, train, validation, offers };
    vec![
        case("none", (None, None), [NONE, NONE]),
        case("equal", both(tagged), [SAME_TEXT, SAME_TEXT]),
        case("spread", both(|subset| spread(&tagged(subset))), [SAME_TEXT, SAME_TEXT]),
        case(
            "nested",
            both(|subset| format!(r#"{{"metadata": {{"system": {{"tags": {{"{subset}": true}}}}}}}}"#)),
            [SAME_MEANING, SAME_MEANING],
        ),
        case(
            "one-of-one",
            both(|subset| format!(r#"{{"$or": [{{"metadata.system.tags.{subset}": true}}]}}"#)),
            [SAME_MEANING, SAME_MEANING],
        ),
        case("other-tag", both(|_| tagged("test")), [DIFFERENT, DIFFERENT]),
        case("same-for-both", both(|_| tagged("train")), [SAME_TEXT, DIFFERENT]),
        case("swapped", (Some(tagged("validation")), Some(tagged("train"))), [DIFFERENT, DIFFERENT]),
        case(
            "narrower",
            (Some(r#"{"metadata.system.tags.train": true, "name": "*.png"}"#.to_owned()), None),
            [DIFFERENT, NONE],
        ),
    ]
}

fn create(server: &Server, case: &Case) -> Result<()> {
    let mut command =
        server.command(&["model", "create", "--architecture", "yolov8n", "--dataset", "shapes"])?;
    command.args(["--name", case.name]);
    for (option, filter) in [("--train-filter", &case.train), ("--validation-filter", &case.validation)] {
        if let Some(filter) = filter {
            let path = server.folder().join(format!("{}{option}.json", case.name));
            fs::write(&path, filter)?;
            command.arg(option).arg(path);
        }
    }
    tests::program::Call::run(&mut command)?.succeeded()?;
    Ok(())
}

fn complaint(case: &Case, subset: &str, offers: &Value, (way, reason): Offer) -> Option<String> {
    let word = |index: usize| offers[subset][index].as_str().unwrap_or_default();
    let (chosen, why) = (word(0), word(1));
    let is_right = chosen == way && why.ends_with(reason);
    (!is_right).then(|| format!("{}, {subset}: {chosen} is chosen, not {way}; {why:?}", case.name))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_that_fits_the_filter_of_the_version_is_offered_with_its_reason() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    let mut complaints = Vec::new();
    for case in cases() {
        create(&server, &case)?;
        browser.open(&format!("{}/models/{}/train/data", server.url, case.name)).await?;
        browser.find("radiogroup", "Validation subset").await?;
        let offers = browser.script(OFFERS).await?;
        let subsets = ["Train subset", "Validation subset"];
        ensure!(subsets.iter().all(|subset| offers[subset].is_array()), "{}: {offers}", case.name);
        complaints.extend(
            subsets
                .iter()
                .zip(case.offers)
                .filter_map(|(subset, offer)| complaint(&case, subset, &offers, offer)),
        );
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_with_a_filter_that_cannot_be_read_is_refused_and_the_reason_is_shown() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 2, validation: 1 })?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    // As a link leads there, with a filter that nobody has checked.
    let broken = "%7B%22metadata.system.tags.train%22%3A%7B%22%24exist%22%3Atrue%7D%7D";
    browser.open(&format!("{}/models/new?train={broken}", server.url)).await?;
    browser.fill("textbox", "Name", "broken").await?;
    browser.click("button", "Create").await?;
    until_async("the refusal is shown", PAGE_DEADLINE, async || {
        browser.look_for("alert", "~The version was not made").await
    })
    .await
    .with_context(|| format!("log of the server:\n{}", server.log()))?;
    browser.expect_text("did you mean `$exists`", PAGE_DEADLINE).await?;
    let models = server.json(&["model", "list"])?;
    ensure!(training::rows(&models, "models")?.is_empty(), "{models}");
    browser.expect_quiet_console(&["400"]).await?;
    browser.quit().await
}
