//! The hands of a person who uses keys alone: pressing them, and knowing what has the focus.
//!
//! Must not know which pages there are, and never points at anything.

use crate::browser::{Browser, NAMES, PAGE_DEADLINE};
use crate::wait::until_async;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fmt;
use thirtyfour::Key;

/// Tells what has the focus.
const FOCUS: &str = include_str!("focus.js");
/// More presses of Tab than this are too many for a person who looks for something.
const MOST_PRESSES: usize = 60;

/// What has the focus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Focus {
    /// Its role.
    pub role: String,
    /// Its accessible name.
    pub name: String,
    /// What stands in it, if it is a field.
    pub value: Option<String>,
    /// The name of its active descendant: what keys act on in a list that has the focus as a whole.
    pub part: Option<String>,
    /// Whether it is in view.
    pub is_seen: bool,
}

impl Focus {
    fn from_json(found: &Value) -> Option<Self> {
        let text = |key: &str| found[key].as_str().map(str::to_owned);
        let is_seen = found["isSeen"] == true;
        Some(Self {
            role: text("role")?,
            name: text("name")?,
            value: text("value"),
            part: text("part"),
            is_seen,
        })
    }

    /// Whether it has this role and name; as everywhere, a name that starts with `~` need only be contained.
    #[must_use]
    pub fn is(&self, role: &str, name: &str) -> bool {
        let has_name = name.strip_prefix('~').map_or(self.name == name, |part| self.name.contains(part));
        self.role == role && has_name
    }
}

impl fmt::Display for Focus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} `{}`", self.role, self.name)?;
        if let Some(part) = &self.part {
            write!(out, " at `{part}`")?;
        }
        if self.is_seen { Ok(()) } else { write!(out, " (out of sight)") }
    }
}

/// What has the focus, in words.
fn in_words(focus: Option<&Focus>) -> String {
    focus.map_or_else(|| "nothing".to_owned(), Focus::to_string)
}

impl Browser {
    /// Presses keys one after the other, for example `g d`, `Ctrl+k` or `Shift+Tab`.
    ///
    /// # Errors
    /// If there is no such key.
    pub async fn press(&self, keys: &str) -> Result<()> {
        for chord in keys.split(' ') {
            let held = held_keys(chord).with_context(|| format!("there is no key `{chord}`"))?;
            let down = held.iter().fold(self.driver.action_chain(), |chain, key| chain.key_down(*key));
            let up = held.iter().rev().fold(down, |chain, key| chain.key_up(*key));
            up.perform().await.with_context(|| format!("cannot press {chord}"))?;
        }
        Ok(())
    }

    /// Types a text, wherever the focus is.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        let chain = self.driver.action_chain().send_keys(text);
        chain.perform().await.with_context(|| format!("cannot type `{text}`"))
    }

    /// What has the focus now; `None` if nothing has.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn focused(&self) -> Result<Option<Focus>> {
        Ok(Focus::from_json(&self.script(&format!("{NAMES}{FOCUS}")).await?))
    }

    /// Waits until this has the focus and can be seen.
    ///
    /// # Errors
    /// If it does not in time; then with what has it instead.
    pub async fn expect_focus(&self, role: &str, name: &str) -> Result<Focus> {
        let what = format!("{role} `{name}` has the focus");
        let look = async || Ok(self.focused().await?.filter(|focus| focus.is_seen && focus.is(role, name)));
        match until_async(&what, PAGE_DEADLINE, look).await {
            Ok(focus) => Ok(focus),
            Err(error) => {
                self.screenshot("failure").await?;
                let instead = in_words(self.focused().await?.as_ref());
                Err(error.context(format!("at {}, {instead} has it", self.address().await?)))
            }
        }
    }

    /// Presses Tab until this has the focus and can be seen.
    ///
    /// # Errors
    /// If it never has; then with the list of what had.
    pub async fn focus_by_tab(&self, role: &str, name: &str) -> Result<Focus> {
        self.focus_by("Tab", role, name).await
    }

    /// Presses a key until this has the focus and can be seen: Tab, `Shift+Tab` or an arrow.
    ///
    /// # Errors
    /// If it never has; then with the list of what had.
    pub async fn focus_by(&self, key: &str, role: &str, name: &str) -> Result<Focus> {
        let mut passed = vec![in_words(self.focused().await?.as_ref())];
        for _ in 0..MOST_PRESSES {
            self.press(key).await?;
            let focus = self.focused().await?;
            passed.push(in_words(focus.as_ref()));
            if let Some(focus) = focus.filter(|focus| focus.is(role, name)) {
                ensure!(focus.is_seen, "{focus} has the focus, but cannot be seen");
                return Ok(focus);
            }
        }
        self.screenshot("failure").await?;
        let address = self.address().await?;
        bail!(
            "{key} does not lead to {role} `{name}` at {address}; what had the focus:\n{}",
            passed.join("\n")
        )
    }

    /// Goes to a field by Tab and types over what stands in it.
    ///
    /// # Errors
    /// If Tab does not lead there, or the field does not take the text.
    pub async fn type_over(&self, role: &str, name: &str, text: &str) -> Result<()> {
        self.focus_by_tab(role, name).await?;
        self.press("Ctrl+a").await?;
        self.type_text(text).await?;
        let focus = self.expect_focus(role, name).await?;
        ensure!(focus.value.as_deref() == Some(text), "{focus} holds {:?}, not `{text}`", focus.value);
        Ok(())
    }
}

/// The keys that are held down together.
fn held_keys(chord: &str) -> Option<Vec<char>> {
    chord.split('+').map(key_named).collect()
}

fn key_named(name: &str) -> Option<char> {
    let key = match name {
        "Ctrl" => Key::Control,
        "Shift" => Key::Shift,
        "Tab" => Key::Tab,
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "Space" => return Some(' '),
        "Up" => Key::Up,
        "Down" => Key::Down,
        "Left" => Key::Left,
        "Right" => Key::Right,
        "Home" => Key::Home,
        "End" => Key::End,
        "PageUp" => Key::PageUp,
        "PageDown" => Key::PageDown,
        letter => {
            let mut letters = letter.chars();
            return letters.next().filter(|_| letters.next().is_none());
        }
    };
    Some(key.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_names() {
        assert_eq!(held_keys("Ctrl+a"), Some(vec![Key::Control.value(), 'a']));
        assert_eq!(held_keys("Shift+Tab"), Some(vec![Key::Shift.value(), Key::Tab.value()]));
        assert_eq!(held_keys("/"), Some(vec!['/']));
        for wrong in ["Tap", "", "Ctrl+"] {
            assert_eq!(held_keys(wrong), None, "{wrong}");
        }
    }
}
