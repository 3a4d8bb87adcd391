//! What a person prefers, kept in this browser: theme and single-key shortcuts.
//!
//! Must not hold anything secret.

use crate::components::dynamic::effect;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

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
    /// What the system asks for, as it changes.
    system: RwSignal<Theme>,
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
        let preferences = Self {
            chosen: RwSignal::new(chosen),
            system: followed_system_theme(),
            single_keys: RwSignal::new(single_keys),
        };
        effect(move |_| {
            let root = document().document_element();
            if let (Some(root), Some(theme)) = (root, preferences.chosen.get()) {
                // A page that cannot carry an attribute stays in the system's theme.
                let _ = root.set_attribute("data-theme", theme.name());
            }
        });
        preferences.be_light_on_paper();
        preferences
    }

    /// What is drawn, and not styled, asks for its colours before the style sheet knows that it is for paper.
    fn be_light_on_paper(self) {
        let put = move |theme: Option<Theme>| {
            let Some(root) = document().document_element() else { return };
            let _ = match theme {
                Some(theme) => root.set_attribute("data-theme", theme.name()),
                None => root.remove_attribute("data-theme"),
            };
        };
        // Both live as long as the tab.
        let _ = window_event_listener_untyped("beforeprint", move |_| put(Some(Theme::Light)));
        let _ = window_event_listener_untyped("afterprint", move |_| put(self.chosen.get_untracked()));
    }

    /// The theme that is seen: the chosen one, or the system's.
    pub fn theme(self) -> Theme {
        self.chosen.get().unwrap_or_else(|| self.system.get())
    }

    pub fn toggle_theme(self) {
        let theme = untrack(|| self.theme()).other();
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

/// The theme that the system asks for, which may change at sunset.
fn followed_system_theme() -> RwSignal<Theme> {
    let Ok(Some(query)) = window().match_media("(prefers-color-scheme: dark)") else {
        return RwSignal::new(Theme::Light);
    };
    let theme_of = |query: &web_sys::MediaQueryList| if query.matches() { Theme::Dark } else { Theme::Light };
    let theme = RwSignal::new(theme_of(&query));
    let asked = query.clone();
    let on_change = Closure::<dyn FnMut()>::new(move || {
        theme.try_set(theme_of(&asked));
    });
    // A browser that cannot tell of changes keeps the theme that it began with.
    let _ = query.add_event_listener_with_callback("change", on_change.as_ref().unchecked_ref());
    // The preferences live as long as the tab, and so does what listens for them; it also holds the
    // query, which browsers may otherwise collect together with its listeners.
    on_change.forget();
    theme
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// What this browser keeps under a name.
pub fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a text. A browser that keeps nothing forgets it with the tab, and that is all.
pub fn store(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, value);
    }
}

/// Keeps it no more.
pub fn forget(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}
