//! The harness itself: that it sees what is there, and complains about what is wrong.
//!
//! Must not know the product.

use anyhow::Result;
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, Theme};

/// A page without the server: sound, unless told otherwise.
fn page(body: &str) -> String {
    let page = format!(
        "<!doctype html><html lang='en'><head><title>Page</title><meta name='viewport' \
         content='width=device-width'></head><body><main><h1>Page</h1>{body}</main></body></html>"
    );
    format!("data:text/html,{}", page.replace('%', "%25").replace('#', "%23"))
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_are_found_by_role_and_name_and_used() -> Result<()> {
    let mut browser = Browser::start().await?;
    let body = "<label>Epochs <input type='number' value='100'></label><button hidden>Go</button>\
                <button onclick=\"document.querySelector('h1').textContent = document.querySelector('input').value\">\
                Go</button>";
    browser.open(&page(body)).await?;
    assert!(browser.look_for("button", "Stop").await?.is_none());
    browser.fill("spinbutton", "Epochs", "3").await?;
    browser.click("button", "Go").await?;
    browser.find("heading", "3").await?;
    expect_no_violation(&browser, "a sound page").await?;
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        let query = format!("return matchMedia('(prefers-color-scheme: {})').matches", theme.name());
        assert_eq!(browser.script(&query).await?, true, "{}", theme.name());
    }
    browser.expect_quiet_console(&[]).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_page_is_complained_about() -> Result<()> {
    let mut browser = Browser::start().await?;
    browser.open(&page("<img src='data:,'><script>throw new Error('on purpose')</script>")).await?;
    let violations = expect_no_violation(&browser, "the page").await.unwrap_err().to_string();
    assert!(violations.contains("image-alt"), "{violations}");
    let complaint = browser.expect_quiet_console(&[]).await.unwrap_err().to_string();
    assert!(complaint.contains("on purpose"), "{complaint}");
    browser.quit().await
}
