//! What a person prefers, kept in this browser: theme and single-key shortcuts.
//!
//! Must not hold anything secret.

use leptos::prelude::*;

const THEME: &str = "trainyard.theme";
const SINGLE_KEYS: &str = "trainyard.single-keys";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub const fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }
}

/// The preferences in force.
#[derive(Debug, Clone, Copy)]
pub struct Preferences {
    chosen: RwSignal<Option<Theme>>,
    pub single_keys: RwSignal<bool>,
}

impl Preferences {
    /// Reads what was chosen before, and puts it in force.
    pub fn load() -> Self {
        let chosen = match stored(THEME).as_deref() {
            Some("light") => Some(Theme::Light),
            Some("dark") => Some(Theme::Dark),
            _ => None,
        };
        let single_keys = stored(SINGLE_KEYS).as_deref() != Some("off");
        let preferences = Self { chosen: RwSignal::new(chosen), single_keys: RwSignal::new(single_keys) };
        Effect::new(move |_| {
            let root = document().document_element();
            if let (Some(root), Some(theme)) = (root, preferences.chosen.get()) {
                // A page that cannot carry an attribute stays in the system's theme.
                let _ = root.set_attribute("data-theme", theme.name());
            }
        });
        preferences
    }

    /// The theme that is seen: the chosen one, or the system's.
    pub fn theme(self) -> Theme {
        self.chosen.get().unwrap_or_else(system_theme)
    }

    pub fn toggle_theme(self) {
        let theme = self.chosen.get_untracked().unwrap_or_else(system_theme).other();
        store(THEME, theme.name());
        self.chosen.set(Some(theme));
    }

    /// Answers whether they are on now.
    pub fn toggle_single_keys(self) -> bool {
        let on = !self.single_keys.get_untracked();
        store(SINGLE_KEYS, if on { "on" } else { "off" });
        self.single_keys.set(on);
        on
    }
}

fn system_theme() -> Theme {
    let prefers_dark = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    if prefers_dark.is_some_and(|query| query.matches()) { Theme::Dark } else { Theme::Light }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// A browser that keeps nothing forgets the preference with the tab, and that is all.
fn store(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, value);
    }
}
