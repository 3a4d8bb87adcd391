//! Several tabs of one browser, of which one is seen.
//!
//! Must not know what they show.

use crate::browser::Browser;
use anyhow::{Context, Result};

impl Browser {
    /// Opens an address in another tab, which is seen from then on.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub async fn open_tab(&self, url: &str) -> Result<()> {
        let tab = self.driver.new_tab().await.context("there is no other tab")?;
        self.driver.switch_to_window(tab).await?;
        self.open(url).await
    }

    /// Goes to a tab by its place, from 0.
    ///
    /// # Errors
    /// If there is none.
    pub async fn go_to_tab(&self, place: usize) -> Result<()> {
        let tabs = self.driver.windows().await?;
        let tab = tabs.get(place).with_context(|| format!("there is no tab {place}"))?;
        Ok(self.driver.switch_to_window(tab.clone()).await?)
    }
}
