//! What a hand at the mouse does besides plain clicks: dropping files, and pressing twice.
//!
//! Must not know which pages there are.

use crate::browser::Browser;
use anyhow::{Context, Result};
use serde_json::json;
use std::path::Path;

impl Browser {
    /// Drags a file or a folder from outside the browser over an element, and lets it go there.
    ///
    /// # Errors
    /// If there is no such element.
    pub async fn drop_on(&self, role: &str, name: &str, path: &Path) -> Result<()> {
        let rect = self.find(role, name).await?.rect().await?;
        let (x, y) = (rect.x + rect.width / 2.0, rect.y + rect.height / 2.0);
        let path = path.to_str().context("the path is not UTF-8")?;
        // 1: what is dragged may be copied.
        let data = json!({ "items": [], "files": [path], "dragOperationsMask": 1 });
        for step in ["dragEnter", "dragOver", "drop"] {
            let event = json!({ "type": step, "x": x, "y": y, "data": data });
            let sent = self.driver.cdp().send_raw("Input.dispatchDragEvent", event).await;
            sent.with_context(|| format!("cannot drag {path} over {role} `{name}` ({step})"))?;
        }
        Ok(())
    }

    /// Clicks twice, the second time before the page could answer the first.
    ///
    /// # Errors
    /// If there is no such element.
    pub async fn click_twice(&self, role: &str, name: &str) -> Result<()> {
        let element = self.find(role, name).await?;
        let twice = "arguments[0].click(); arguments[0].click();";
        self.driver.execute(twice, vec![element.to_json()?]).await?;
        Ok(())
    }
}
