//! An architecture of one's own from nothing to a Success, in the browser alone: the manifest with its refusals, a version,
//! the wizard with the manifest's settings, and what its Train function says while it runs.
//!
//! Must not know the product's code.

use super::pages::sign_in;
use anyhow::{Context, Result};
use std::path::Path;
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, PAGE_DEADLINE, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;

const MANIFEST: &str = r#"{
  "id": "own-dots", "name": "Own dots", "description": "Says a few figures", "task": "detection",
  "command": ["/bin/sh", "{folder}/train.sh"],
  "variants": [{"name": "-small", "title": "Small", "parameters": 1200}],
  "settings": [
    {"key": "epochs", "label": "Epochs", "type": "integer", "min": 1, "max": 9, "default": 3},
    {"key": "mixed", "label": "Mixed precision", "type": "boolean", "default": false},
    {"key": "note", "label": "Note", "type": "text", "default": "none"}
  ]
}"#;

const SCRIPT: &str = r#"
echo '{"type":"hello","protocol":1}'
note=$(sed -n 's/.*"note": *"\([^"]*\)".*/\1/p' "$TRAINYARD_JOB")
echo "the note is $note"
for epoch in 1 2 3; do
  echo '{"type":"progress","epoch":'$epoch',"epochs":3,"step":1,"steps":1,"phase":"training"}'
  echo '{"type":"sample","figure":"own_loss","legend":"train","x":'$epoch',"y":0.'$((9 - epoch))'}'
done
echo '{"type":"matrix","figure":"confusion","legend":"val","epoch":3,"rows":["dot","none"],"values":[[7,1],[0,4]]}'
echo '{"type":"summary","figure":"test","legend":"best","values":{"top1":0.9167,"images":12}}'
echo '{"type":"end","outcome":"succeeded"}'
"#;

async fn looked_at(browser: &Browser, state: &str) -> Result<()> {
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        expect_no_violation(browser, &format!("{state}, {}", theme.name())).await?;
        browser.screenshot(&format!("{state}-{}", theme.name())).await?;
    }
    Ok(())
}

async fn add(browser: &Browser, folder: &Path) -> Result<()> {
    browser.click("button", "Add architecture…").await?;
    browser.click("button", "Start with an example").await?;
    let wrong = MANIFEST.replace("own-dots", "Own Dots").replace("\"min\": 1", "\"min\": 10");
    browser.fill("textbox", "~Manifest", &wrong).await?;
    browser.click("button", "Add architecture").await?;
    // All that is wrong, at once, each at its field.
    for problem in ["is no id", "is more than `max`", "asks for {folder}"] {
        browser.expect_text(problem, PAGE_DEADLINE).await?;
    }
    looked_at(browser, "architecture-refused").await?;
    browser.fill("textbox", "~Manifest", MANIFEST).await?;
    browser.fill("textbox", "~Folder", folder.to_str().context("a path of text")?).await?;
    browser.click("button", "Add architecture").await?;
    browser.expect_text("own-dots can be trained now", PAGE_DEADLINE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_architecture_of_ones_own_goes_all_the_way() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("train.sh"), SCRIPT)?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    browser.open(&format!("{}/models/architectures", server.url)).await?;
    add(&browser, folder.path()).await?;
    browser.find("heading", "Own dots").await?;
    browser.expect_text("mgmt-train-own-dots", PAGE_DEADLINE).await?;
    looked_at(&browser, "architecture-own").await?;

    browser.click("link", "Create version… of own-dots-small").await?;
    browser.fill("textbox", "~Name", "mine").await?;
    browser.click("button", "Create & Train").await?;
    browser.click("link", "Next: Model Configuration").await?;
    browser.fill("textbox", "~Note", "hello there").await?;
    browser.find("checkbox", "Mixed precision").await?;
    looked_at(&browser, "architecture-settings").await?;
    browser.click("link", "Next: Service Settings").await?;
    browser.click("button", "Train Model").await?;
    browser.click("button", "Start training").await?;
    browser.expect_text("Training started", PAGE_DEADLINE).await?;

    browser.open(&format!("{}/models/mine/explore", server.url)).await?;
    browser.expect_text("Success", PAGE_DEADLINE).await?;
    browser.find("heading", "~own_loss").await?;
    browser.find("heading", "confusion (val, epoch 3)").await?;
    browser.expect_text("0.9167", PAGE_DEADLINE).await?;
    looked_at(&browser, "architecture-explore").await?;
    browser.open(&format!("{}/models/mine/config", server.url)).await?;
    browser.expect_text("hello there", PAGE_DEADLINE).await?;
    browser.open(&format!("{}/models/mine/logs", server.url)).await?;
    browser.expect_text("the note is hello there", PAGE_DEADLINE).await?;

    // A version of it keeps it there.
    browser.open(&format!("{}/models/architectures", server.url)).await?;
    browser.click("button", "Remove own-dots…").await?;
    browser.click("button", "Remove architecture").await?;
    browser.expect_text("has 1 model version", PAGE_DEADLINE).await?;
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}
