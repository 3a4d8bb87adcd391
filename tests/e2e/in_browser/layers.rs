//! What lies over pages: every dialog, menu, popover, the palette and the sheet of shortcuts hold to the rules, fit on a
//! phone, and are closed by Esc, which gives the focus back.
//!
//! Must not know the product's code.

use super::house::House;
use super::look::{expect_none, overflows, violations};
use super::pages::sign_in;
use anyhow::Result;
use tests::browser::{Browser, PAGE_DEADLINE};
use tests::wait::until_async;

/// A page, what is pressed there one after the other, and what is open then.
struct Way {
    path: &'static str,
    presses: &'static [(&'static str, &'static str)],
    open: (&'static str, &'static str),
}

const fn way(
    path: &'static str,
    presses: &'static [(&'static str, &'static str)],
    open: (&'static str, &'static str),
) -> Way {
    Way { path, presses, open }
}

const WAYS: [Way; 14] = [
    way("/models/training", &[("button", "Open command palette, Ctrl K")], ("dialog", "~")),
    way("/models/training", &[("button", "Show keyboard shortcuts")], ("dialog", "Keyboard shortcuts")),
    way("/models/training", &[("button", "Actions for tiny")], ("menuitem", "Copy Model ID")),
    way("/models/training", &[("button", "Columns")], ("checkbox", "Dataset")),
    way("/models", &[("button", "Actions for fresh")], ("menuitem", "Delete")),
    way("/models", &[("button", "Actions for fresh"), ("menuitem", "Edit…")], ("dialog", "~")),
    way("/models", &[("button", "Actions for fresh"), ("menuitem", "Clone…")], ("dialog", "~")),
    way("/datasets", &[("link", "Import…")], ("dialog", "~Import")),
    way("/settings/secrets", &[("button", "New secret…")], ("dialog", "New secret")),
    way("/settings/secrets", &[("button", "Delete HUB_TOKEN…")], ("dialog", "~Delete the secret")),
    way("/services/machines", &[("button", "New machine type…")], ("dialog", "New machine type")),
    way("/services/mgmt-train-yolov8", &[("button", "Restart…")], ("dialog", "~Restart")),
    way("/models/fresh/train/service", &[("button", "Add new secret…")], ("dialog", "New secret")),
    way("/models/fresh/train/service", &[("button", "Train Model")], ("dialog", "~Train ")),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_over_a_page_is_accessible_and_fits_on_a_phone() -> Result<()> {
    let house = House::build()?;
    let mut browser = Browser::start().await?;
    sign_in(&browser, &house.server).await?;
    let mut complaints = Vec::new();
    for (place, Way { path, presses, open }) in WAYS.iter().enumerate() {
        browser.open(&format!("{}{path}", house.server.url)).await?;
        for (role, name) in *presses {
            if let Err(error) = browser.click(role, name).await {
                complaints.push(format!("{path}: {error:#}"));
            }
        }
        let (role, name) = *open;
        if let Err(error) = browser.find(role, name).await {
            complaints.push(format!("{path}: {error:#}"));
            continue;
        }
        let what = format!("{path} with {name} open");
        let picture = format!("layer-{place:02}");
        complaints.extend(violations(&browser, &what, &picture).await?);
        if role == "dialog" {
            complaints.extend(overflows(&browser, &what, &picture).await?);
            browser.press("Escape").await?;
            let closed = until_async("Esc closes it", PAGE_DEADLINE, async || {
                Ok(browser.look_for("dialog", name).await?.is_none().then_some(()))
            });
            if closed.await.is_err() {
                complaints.push(format!("{what}: Esc does not close it"));
            }
        }
    }
    if let Err(error) = browser.expect_quiet_console(&[]).await {
        complaints.push(format!("{error:#}"));
    }
    expect_none(&complaints)?;
    browser.quit().await
}
