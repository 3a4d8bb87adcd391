//! How a page is looked at: under the rules of accessibility in both looks, at the widths of phones and of walls, and read
//! as text that is the same whoever reads it.
//!
//! Must not know which pages there are.

use anyhow::{Result, bail};
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, Theme};

/// The narrowest window that a page must fit in without being scrolled sideways (WCAG 1.4.10), a tablet, a desk and a wall.
const WIDTHS: [u32; 4] = [320, 768, 1280, 2560];
const HEIGHT: u32 = 900;

/// What is wider than the window or beside it: what scrolls within a frame of its own is fine, and so is what is hidden.
const OUTSIDE: &str = "
    const root = document.scrollingElement;
    const wrong = [];
    if (root.scrollWidth > innerWidth) wrong.push(`the page is ${root.scrollWidth} wide`);
    const scrolls = (element) => {
        for (let above = element.parentElement; above; above = above.parentElement) {
            if (['auto', 'scroll'].includes(getComputedStyle(above).overflowX)) return true;
        }
        return false;
    };
    const all = 'a[href], button, input, select, textarea, summary, h1, h2, h3, [role=button]';
    for (const element of document.querySelectorAll(all)) {
        const box = element.getBoundingClientRect();
        if (!box.width || !element.checkVisibility({ visibilityProperty: true })) continue;
        if (element.closest('.visually-hidden, .skip-link') || box.right <= 0) continue;
        if ((box.right > innerWidth + 1 || box.left < -1) && !scrolls(element)) {
            wrong.push(`${element.localName} \"${(element.innerText || element.ariaLabel || element.id).slice(0, 40)}\" \
from ${Math.round(box.left)} to ${Math.round(box.right)}`);
        }
    }
    // What is wide by itself, for whoever mends it.
    if (root.scrollWidth > innerWidth && wrong.length < 2) {
        for (const element of document.querySelectorAll('main *')) {
            const right = element.getBoundingClientRect().right;
            if (right > innerWidth + 1 && !scrolls(element)) wrong.push(`${element.localName}.${element.className} to ${Math.round(right)}`);
        }
    }
    return wrong.slice(0, 5).join('; ');";

/// The page without what changes by itself: how long ago things were, what is free now, whether it is live.
const STILL_TEXT: &str = "
    const copy = document.querySelector('main').cloneNode(true);
    for (const moving of copy.querySelectorAll('time, [role=status], svg, canvas, script, #time-zone-hint')) moving.remove();
    return document.title + '\\n' + copy.textContent.replace(/[\\d.]+ [KMGT]iB (free now|of)/g, '$1').replace(/\\s+/g, ' ').trim();";

/// What breaks a rule in either look. A picture of each is left.
pub async fn violations(browser: &Browser, state: &str, picture: &str) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for theme in Theme::ALL {
        browser.prefer(theme).await?;
        if let Err(error) = expect_no_violation(browser, &format!("{state} ({})", theme.name())).await {
            complaints.push(format!("{error:#}"));
        }
        browser.screenshot(&format!("{picture}-{}", theme.name())).await?;
    }
    Ok(complaints)
}

/// What is cut off or outside at some width.
pub async fn overflows(browser: &Browser, state: &str, picture: &str) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for width in WIDTHS {
        browser.resize(Some((width, HEIGHT))).await?;
        let wrong = browser.script(OUTSIDE).await?;
        if let Some(wrong) = wrong.as_str().filter(|wrong| !wrong.is_empty()) {
            complaints.push(format!("{state} at {width} px: {wrong}"));
            browser.screenshot(&format!("{picture}-{width}")).await?;
        }
    }
    browser.resize(None).await?;
    Ok(complaints)
}

/// What a page says, without what changes by itself.
pub async fn still_text(browser: &Browser) -> Result<String> {
    Ok(browser.script(STILL_TEXT).await?.as_str().unwrap_or_default().to_owned())
}

/// Fails with all complaints, if there are any.
pub fn expect_none(complaints: &[String]) -> Result<()> {
    if complaints.is_empty() { Ok(()) } else { bail!("{}", complaints.join("\n")) }
}

/// The name of a picture: the path without ids and queries, so that a later run replaces it.
pub fn picture_name(path: &str, state: &str) -> String {
    let is_id = |part: &&str| part.len() == 36 && part.contains('-');
    let path = path.replace("?view=", "/").replace('?', "/");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && !is_id(part)).collect();
    format!("{}-{state}", parts.join("-"))
}
