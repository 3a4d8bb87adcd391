//! The keys of the browser: those of the items, and those that work wherever the focus is.
//!
//! Must not know how items are laid out.

use super::selection::Selection;
use super::state::{Browser, focus_items};
use crate::pages::training::is_in_field;
use crate::state::layers::is_covered;
use crate::state::preferences::Preferences;
use leptos::prelude::*;

/// A key on the items, which lie in rows of `columns` of which `page` are seen.
pub fn on_item_key(browser: Browser, event: &web_sys::KeyboardEvent, columns: usize, page: usize) {
    let with_control = event.ctrl_key() || event.meta_key();
    let key = event.key();
    match key.as_str() {
        "a" if with_control => browser.select(Selection::all()),
        "Delete" if !with_control => browser.delete_selected(),
        _ if with_control || event.alt_key() => return,
        " " => browser.toggle_active(),
        "Enter" => browser.open_active(),
        // These two are listened for everywhere.
        "j" | "k" => return,
        key if browser.step(key, columns, page, event.shift_key()) => {}
        _ => return,
    }
    event.prevent_default();
}

/// `j`, `k` and Esc, wherever the focus is but in a field or a dialog.
pub fn listen_to_keys(browser: Browser) {
    let preferences = expect_context::<Preferences>();
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        let is_undo = (event.ctrl_key() || event.meta_key()) && !event.shift_key() && event.key() == "z";
        if is_undo && !event.default_prevented() && !is_covered() && !is_in_field(&event) {
            event.prevent_default();
            return browser.undo_latest();
        }
        if has_modifier || event.default_prevented() || is_covered() || is_in_field(&event) {
            return;
        }
        match event.key().as_str() {
            "Escape" => close_topmost(browser),
            key @ ("j" | "k") if preferences.has_single_keys() => {
                browser.step(key, 1, 1, false);
                focus_items();
            }
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || listener.remove());
}

fn close_topmost(browser: Browser) {
    if untrack(|| browser.open_item().is_some()) {
        browser.close();
    } else if browser.selection.with_untracked(|selection| !selection.is_empty()) {
        browser.select(Selection::default());
    }
}
