//! The keys of tables whose rows are trainings or services.
//!
//! Must not know what a row shows.

use crate::state::layers::is_covered;
use crate::state::preferences::Preferences;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// `j` and `k` go through the rows, with Shift selecting them; Space selects the row that has the focus, and `.` opens
/// its menu.
pub fn move_by_keys() {
    let preferences = expect_context::<Preferences>();
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        if has_modifier || !preferences.has_single_keys() || is_covered() || is_in_field(&event) {
            return;
        }
        match event.key().as_str() {
            "j" => step_row(1),
            "k" => step_row(-1),
            "J" => extend(1),
            "K" => extend(-1),
            "ArrowDown" if event.shift_key() && is_in_row(&event) => extend(1),
            "ArrowUp" if event.shift_key() && is_in_row(&event) => extend(-1),
            " " if is_link(&event) && is_in_row(&event) => select_row(true),
            "." => open_row_menu(),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || listener.remove());
}

/// Whether a person is typing, so that letters are letters.
pub fn is_in_field(event: &web_sys::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

fn table_rows() -> Vec<web_sys::Element> {
    let Ok(list) = document().query_selector_all("tr[data-row]") else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.get(index)?.dyn_into().ok()).collect()
}

fn focused_row(rows: &[web_sys::Element]) -> Option<usize> {
    let active = document().active_element()?;
    rows.iter().position(|row| row.contains(Some(&active)))
}

fn focus_in(row: &web_sys::Element, selector: &str) -> Option<web_sys::HtmlElement> {
    let element = row.query_selector(selector).ok()??.dyn_into::<web_sys::HtmlElement>().ok()?;
    let _ = element.focus();
    Some(element)
}

fn step_row(step: isize) {
    let rows = table_rows();
    let last = rows.len().saturating_sub(1);
    let next = focused_row(&rows).map_or(0, |here| here.saturating_add_signed(step).min(last));
    if let Some(row) = rows.get(next) {
        focus_in(row, "a");
    }
}

fn target_of(event: &web_sys::KeyboardEvent) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}

/// A button takes Space for itself; a link does not.
fn is_link(event: &web_sys::KeyboardEvent) -> bool {
    target_of(event).is_some_and(|target| target.tag_name() == "A")
}

fn is_in_row(event: &web_sys::KeyboardEvent) -> bool {
    target_of(event).is_some_and(|target| target.closest("tr[data-row]").ok().flatten().is_some())
}

/// Selects the row with the focus, or with `toggles` takes it out again. A table without selection has none.
fn select_row(toggles: bool) {
    let rows = table_rows();
    let Some(row) = focused_row(&rows).and_then(|here| rows.get(here)) else { return };
    let Some(check) = row.query_selector("input[type=checkbox]").ok().flatten() else { return };
    if let Ok(check) = check.dyn_into::<web_sys::HtmlInputElement>()
        && (toggles || !check.checked())
    {
        check.click();
    }
}

/// Selects the row with the focus and the one that it goes to.
fn extend(step: isize) {
    select_row(false);
    step_row(step);
    select_row(false);
}

fn open_row_menu() {
    let rows = table_rows();
    if let Some(row) = focused_row(&rows).and_then(|here| rows.get(here))
        && let Some(button) = focus_in(row, "button[aria-haspopup=menu]")
    {
        button.click();
    }
}
