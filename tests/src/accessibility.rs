//! The rules of WCAG 2.2 AA that a machine can check, on the page that a browser shows.
//!
//! Must not know which pages there are.

use crate::browser::Browser;
use crate::program::checkout;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fmt::Write;

/// Runs the rules and hands over the violations alone.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const rules = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
    axe.run(document, { runOnly: rules, resultTypes: ['violations'] })
       .then((result) => done({ violations: result.violations, checked: result.passes.length }))
       .catch((error) => done({ failure: String(error) }));";

/// Fails if the page breaks a rule, and says which elements do.
///
/// # Errors
/// With the rules and elements, or if the rules cannot be loaded.
pub async fn expect_no_violation(browser: &Browser, page: &str) -> Result<()> {
    let path = checkout().join("tests/ui/node_modules/axe-core/axe.min.js");
    let rules = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}: `cargo xtask setup` fetches it", path.display()))?;
    let is_loaded = browser.script("return typeof window.axe === 'object'").await?;
    if is_loaded != Value::Bool(true) {
        browser.script(&rules).await.context("the rules cannot be loaded into the page")?;
    }
    let result = browser.script_async(RUN).await?;
    if let Some(failure) = result["failure"].as_str() {
        bail!("{page}: the rules cannot be run: {failure}");
    }
    if result["checked"].as_u64().unwrap_or(0) == 0 {
        bail!("{page}: no rule had anything to check: is the page empty?");
    }
    let report = describe(&result["violations"]);
    if !report.is_empty() {
        bail!("{page} breaks accessibility rules:\n{report}");
    }
    Ok(())
}

/// One line a rule, and below it one line an element.
fn describe(violations: &Value) -> String {
    let mut report = String::new();
    for violation in violations.as_array().into_iter().flatten() {
        let text = |key: &str| violation[key].as_str().unwrap_or_default().to_owned();
        let _ = writeln!(report, "{}: {} ({})", text("id"), text("help"), text("impact"));
        for node in violation["nodes"].as_array().into_iter().flatten() {
            let summary = node["failureSummary"].as_str().unwrap_or_default().replace('\n', " ");
            let _ = writeln!(report, "  {}: {summary}", node["html"].as_str().unwrap_or_default());
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_violation_is_told_with_its_elements() {
        let node = json!({ "html": "<a>", "failureSummary": "Fix this:\n it is grey" });
        let violations =
            json!([{ "id": "color-contrast", "help": "Contrast", "impact": "serious", "nodes": [node] }]);
        let report = describe(&violations);
        assert_eq!(report, "color-contrast: Contrast (serious)\n  <a>: Fix this:  it is grey\n");
        assert_eq!(describe(&json!([])), "");
    }
}
