//! What a person prefers, kept in this browser and the same in all of its tabs.
//!
//! Must not hold anything secret.

use super::clock;
use super::setting::Setting;
use super::time_zone::Zone;
use crate::components::dynamic::effect;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

const ZONE: &str = "trainyard.time-zone";

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
    /// The chosen value of each setting.
    chosen: [RwSignal<&'static str>; Setting::ALL.len()],
    /// What the system asks for, as it changes.
    system: RwSignal<Theme>,
}

impl Preferences {
    /// Reads what was chosen before, and puts it in force.
    pub fn load() -> Self {
        let chosen = Setting::ALL.map(|setting| RwSignal::new(setting.default()));
        let preferences = Self { chosen, system: followed_system_theme() };
        preferences.read();
        for setting in Setting::ALL {
            if let Some(attribute) = setting.attribute() {
                effect(move |_| mark(attribute, preferences.of(setting)));
            }
        }
        // Another tab chose something; this one lives as long as what listens.
        window_event_listener_untyped("storage", move |_| preferences.read());
        preferences.be_light_on_paper();
        preferences
    }

    /// What is drawn, and not styled, asks for its colours before the style sheet knows that it is for paper.
    fn be_light_on_paper(self) {
        // Both live as long as the tab.
        let _ =
            window_event_listener_untyped("beforeprint", move |_| mark("data-theme", Theme::Light.name()));
        let _ = window_event_listener_untyped("afterprint", move |_| {
            mark("data-theme", self.signal(Setting::Theme).get_untracked());
        });
    }

    /// Takes over what the browser keeps.
    fn read(self) {
        for (setting, signal) in Setting::ALL.into_iter().zip(self.chosen) {
            let value = setting.value(&stored(setting.key()).unwrap_or_default());
            if signal.get_untracked() != value {
                signal.set(value);
            }
        }
        clock::read_in(Zone::from_name(&stored(ZONE).unwrap_or_default()));
    }

    fn signal(self, setting: Setting) -> RwSignal<&'static str> {
        let [theme, density, motion, contrast, single_keys] = self.chosen;
        match setting {
            Setting::Theme => theme,
            Setting::Density => density,
            Setting::Motion => motion,
            Setting::Contrast => contrast,
            Setting::SingleKeys => single_keys,
        }
    }

    /// The value that was chosen, or the one that holds by itself.
    pub fn of(self, setting: Setting) -> &'static str {
        self.signal(setting).get()
    }

    pub fn choose(self, setting: Setting, value: &'static str) {
        store(setting.key(), value);
        self.signal(setting).set(value);
    }

    /// From now on times are read in this zone.
    pub fn choose_zone(self, zone: Zone) {
        store(ZONE, zone.name());
        clock::read_in(zone);
    }

    /// The theme that is seen: the chosen one, or the system's.
    pub fn theme(self) -> Theme {
        match self.of(Setting::Theme) {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => self.system.get(),
        }
    }

    pub fn toggle_theme(self) {
        self.choose(Setting::Theme, untrack(|| self.theme()).other().name());
    }

    /// Whether they act now.
    pub fn has_single_keys(self) -> bool {
        self.signal(Setting::SingleKeys).get_untracked() == "on"
    }

    /// Answers whether they are on now.
    pub fn toggle_single_keys(self) -> bool {
        let on = !self.has_single_keys();
        self.choose(Setting::SingleKeys, if on { "on" } else { "off" });
        on
    }
}

/// Tells the styles.
fn mark(attribute: &str, value: &str) {
    if let Some(root) = document().document_element() {
        // A page that cannot carry an attribute stays as the system has it.
        let _ = root.set_attribute(attribute, value);
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
