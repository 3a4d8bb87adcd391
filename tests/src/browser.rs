//! A headless Chromium, driven as a person would: by roles, names and visible text.
//!
//! Must not know which pages there are.

use crate::processes;
use crate::program::output_folder;
use crate::wait::{until, until_async};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use thirtyfour::{
    ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver, WebElement,
};

/// Chromedriver is ready within a second on an idle machine.
const DRIVER_DEADLINE: Duration = Duration::from_secs(30);
/// What a person would wait for a page to show something; generous, as the machine may be training.
pub const PAGE_DEADLINE: Duration = Duration::from_secs(20);
/// How often a field is filled in whose value is not what was typed; some fields change it.
const FILL_TRIES: usize = 3;

/// Roles and accessible names, for the scripts that follow it.
pub(crate) const NAMES: &str = include_str!("names.js");
/// Finds elements by role and accessible name, as assistive technology does.
const FIND: &str = concat!(include_str!("names.js"), include_str!("find.js"));

/// The two looks of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// As the media feature `prefers-color-scheme` calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A browser with one window. Dropped, its processes are ended.
#[derive(Debug)]
pub struct Browser {
    pub(crate) driver: WebDriver,
    chromedriver: Child,
    profile: tempfile::TempDir,
    /// What the console said that was grave, so far.
    complaints: Vec<String>,
}

impl Browser {
    /// Starts Chromium with an empty profile.
    ///
    /// # Errors
    /// If chromedriver or Chromium is missing or does not start.
    pub async fn start() -> Result<Self> {
        let profile = tempfile::Builder::new().prefix("trainyard-browser-").tempdir()?;
        let (chromedriver, port) = start_chromedriver(profile.path())?;
        let capabilities = capabilities(profile.path())?;
        let connected = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await;
        match connected {
            Ok(driver) => Ok(Self { driver, chromedriver, profile, complaints: Vec::new() }),
            Err(error) => {
                let log = fs::read_to_string(driver_log(profile.path())).unwrap_or_default();
                end_driver(chromedriver, profile.path());
                Err(anyhow::Error::new(error).context(log).context("Chromium did not start"))
            }
        }
    }

    /// Opens an address.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.driver.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    /// The address of the page that is shown.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn address(&self) -> Result<String> {
        Ok(self.driver.current_url().await?.to_string())
    }

    /// The first visible element of this role and name, once it is there.
    ///
    /// # Errors
    /// If it does not appear in time; then with what the page shows instead.
    pub async fn find(&self, role: &str, name: &str) -> Result<WebElement> {
        let what = format!("{role} `{name}`");
        let found = until_async(&what, PAGE_DEADLINE, async || self.look_for(role, name).await).await;
        match found {
            Ok(element) => Ok(element),
            Err(error) => {
                self.screenshot("failure").await?;
                Err(error.context(format!("{} shows:\n{}", self.address().await?, self.text().await?)))
            }
        }
    }

    /// The first visible element of this role and name, if it is there now.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn look_for(&self, role: &str, name: &str) -> Result<Option<WebElement>> {
        let found = self.driver.execute(FIND, vec![json!(role), json!(name)]).await?;
        if found.json().is_null() { Ok(None) } else { Ok(Some(found.element()?)) }
    }

    /// Clicks the element of this role and name.
    ///
    /// # Errors
    /// If it does not appear, or something covers it.
    pub async fn click(&self, role: &str, name: &str) -> Result<()> {
        let what = format!("{role} `{name}` can be clicked");
        let mut refusal = None;
        // A live page may redraw an element between finding and clicking it: then it is found again.
        let clicked = until_async(&what, PAGE_DEADLINE, async || {
            let element = self.find(role, name).await?;
            refusal = element.click().await.err();
            Ok(refusal.is_none().then_some(()))
        });
        match (clicked.await, refusal) {
            (Err(error), Some(refusal)) => {
                self.screenshot("failure").await?;
                Err(error.context(refusal))
            }
            (result, _) => result,
        }
    }

    /// Replaces what stands in a field.
    ///
    /// # Errors
    /// If there is no such field.
    pub async fn fill(&self, role: &str, name: &str, value: &str) -> Result<()> {
        let selects_all = "arguments[0].focus(); arguments[0].select();";
        // A page that has just come may take the focus between the two, and what was typed then stands behind the rest.
        for _ in 0..FILL_TRIES {
            let field = self.find(role, name).await?;
            self.driver.execute(selects_all, vec![field.to_json()?]).await?;
            field.send_keys(value).await.with_context(|| format!("cannot type into {role} `{name}`"))?;
            if field.prop("value").await?.as_deref() == Some(value) {
                break;
            }
        }
        Ok(())
    }

    /// The visible text of the page.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn text(&self) -> Result<String> {
        Ok(self.script("return document.body.innerText").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page shows a text.
    ///
    /// # Errors
    /// If it does not in time; then with what it shows instead.
    pub async fn expect_text(&self, text: &str, deadline: Duration) -> Result<()> {
        let what = format!("the page shows `{text}`");
        let seen = async || Ok(self.text().await?.contains(text).then_some(()));
        match until_async(&what, deadline, seen).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.screenshot("failure").await?;
                Err(error.context(format!("{} shows:\n{}", self.address().await?, self.text().await?)))
            }
        }
    }

    /// The result of a script.
    ///
    /// # Errors
    /// If it throws.
    pub async fn script(&self, script: &str) -> Result<Value> {
        Ok(self.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// The result of a script that calls its last argument when it is done.
    ///
    /// # Errors
    /// If it throws or never does.
    pub async fn script_async(&self, script: &str) -> Result<Value> {
        Ok(self.driver.execute_async(script, Vec::new()).await?.json().clone())
    }

    /// Makes the browser prefer light or dark pages, as the settings of the person's system do.
    ///
    /// # Errors
    /// If the browser does not know how.
    pub async fn prefer(&self, theme: Theme) -> Result<()> {
        // Without motion, so that no colour is measured half-way to another.
        let features = json!({ "media": "", "features": [
            { "name": "prefers-color-scheme", "value": theme.name() },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await?;
        Ok(())
    }

    /// Calls a method of the browser's DevTools.
    ///
    /// # Errors
    /// If there is none of that name, or it refuses.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Result<Value> {
        let answer = self.driver.cdp().send_raw(method, parameters).await;
        answer.with_context(|| format!("{method} failed"))
    }

    /// Shows the page as it is printed, to somebody who prefers a look.
    ///
    /// # Errors
    /// If the browser does not know how.
    pub async fn show_printed(&self, theme: Theme) -> Result<()> {
        let features = json!({ "media": "print", "features": [
            { "name": "prefers-color-scheme", "value": theme.name() },
        ] });
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await?;
        Ok(())
    }

    /// Shows pages as in a window of this size in CSS pixels; without one, as in the window that there is.
    ///
    /// # Errors
    /// If the browser does not know how.
    pub async fn resize(&self, size: Option<(u32, u32)>) -> Result<()> {
        let cdp = self.driver.cdp();
        match size {
            Some((width, height)) => {
                let metrics =
                    json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
                cdp.send_raw("Emulation.setDeviceMetricsOverride", metrics).await?;
            }
            None => {
                cdp.send_raw("Emulation.clearDeviceMetricsOverride", json!({})).await?;
            }
        }
        Ok(())
    }

    /// Leaves a picture of the window in `target/screenshots`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let path = output_folder("screenshots")?.join(format!("{name}.png"));
        self.driver.screenshot(&path).await.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Fails if the console has said anything grave since the start: an exception, a request that failed, a
    /// breach of the content security policy. Messages that contain one of `expected` are left out.
    ///
    /// # Errors
    /// With what it said.
    pub async fn expect_quiet_console(&mut self, expected: &[&str]) -> Result<()> {
        for entry in self.driver.get_log("browser").await? {
            let breaks_policy = entry.message.contains("Content Security Policy");
            let is_expected = expected.iter().any(|part| entry.message.contains(part));
            if (entry.level == "SEVERE" || breaks_policy) && !is_expected {
                self.complaints.push(format!("{} {}", entry.level, entry.message));
            }
        }
        ensure!(self.complaints.is_empty(), "the console said:\n{}", self.complaints.join("\n"));
        Ok(())
    }

    /// Closes the browser in good order.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn quit(self) -> Result<()> {
        self.driver.clone().quit().await.context("the browser did not close")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session is over either way; without this the driver would wait for an answer.
        let _ = self.driver.clone().leak();
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
        processes::end_all_that_use(self.profile.path());
    }
}

fn driver_log(profile: &Path) -> PathBuf {
    profile.join("chromedriver.log")
}

/// Starts chromedriver on any free port and reads from its output which one that is.
fn start_chromedriver(profile: &Path) -> Result<(Child, u16)> {
    let log = File::create(driver_log(profile))?;
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let mut child = command
        .process_group(0)
        .spawn()
        .context("cannot start chromedriver: `cargo xtask setup` installs it")?;
    let port = until("chromedriver is ready", DRIVER_DEADLINE, || {
        if let Some(status) = child.try_wait()? {
            bail!("chromedriver ended: {status}");
        }
        Ok(port_in(&fs::read_to_string(driver_log(profile))?))
    });
    match port {
        Ok(port) => Ok((child, port)),
        Err(error) => {
            end_driver(child, profile);
            Err(error)
        }
    }
}

fn end_driver(mut chromedriver: Child, profile: &Path) {
    let _ = chromedriver.kill();
    let _ = chromedriver.wait();
    processes::end_all_that_use(profile);
}

fn port_in(log: &str) -> Option<u16> {
    let line = log.lines().find(|line| line.contains("started successfully on port"))?;
    line.trim_end_matches('.').rsplit(' ').next()?.parse().ok()
}

fn capabilities(profile: &Path) -> Result<thirtyfour::ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    let folder = format!("--user-data-dir={}", profile.join("profile").display());
    let arguments = [
        "--headless=new",
        // Tests run as root in containers, where Chromium cannot make its sandbox.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
        "--window-size=1280,900",
        &folder,
    ];
    for argument in arguments {
        capabilities.add_arg(argument)?;
    }
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_what_chromedriver_prints() {
        let log = "Starting ChromeDriver 1 on port 0\nChromeDriver was started successfully on port 40123.\n";
        assert_eq!(port_in(log), Some(40123));
        assert_eq!(port_in("Starting ChromeDriver 1 on port 0\n"), None);
    }
}
