//! The keys of tables whose rows are trainings or services.
//!
//! Must not know what a row shows, nor what a key means: `presses` does.

use super::presses::{Place, Press, read};
use crate::state::layers::is_covered;
use crate::state::preferences::Preferences;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Rows that a page has in a table that is not scrolled by itself.
const PAGE: isize = 10;

/// Goes through the rows of a table of which all exist.
pub fn move_by_keys() {
    on_press(|press| match press {
        Press::Step(step) => step_row(step),
        Press::Page { is_down } => step_row(if is_down { PAGE } else { -PAGE }),
        Press::First => step_row(isize::MIN),
        Press::Last => step_row(isize::MAX),
        Press::Extend(step) => {
            select_row(false);
            step_row(step);
            select_row(false);
        }
        Press::Toggle => select_row(true),
        Press::OpenMenu => open_row_menu(),
    });
}

/// Listens to the keys of tables, as long as the page is there.
pub fn on_press(act: impl Fn(Press) + 'static) {
    let preferences = expect_context::<Preferences>();
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        if has_modifier || event.default_prevented() || is_covered() || is_in_field(&event) {
            return;
        }
        let place = Place {
            is_in_row: is_in_row(&event),
            is_on_link: is_link(&event),
            single_keys: preferences.has_single_keys(),
        };
        if let Some(press) = read(&event.key(), event.shift_key(), place) {
            event.prevent_default();
            act(press);
        }
    });
    on_cleanup(move || listener.remove());
}

/// Whether a person is typing, so that letters are letters.
pub fn is_in_field(event: &web_sys::KeyboardEvent) -> bool {
    target_of(event).is_some_and(|target| {
        let is_field = matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT");
        is_field && target.get_attribute("type").as_deref() != Some("checkbox")
    })
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
    let from_none = if step == isize::MAX { last } else { 0 };
    let next = focused_row(&rows).map_or(from_none, |here| here.saturating_add_signed(step).min(last));
    if let Some(row) = rows.get(next) {
        focus_in(row, "a");
    }
}

fn target_of(event: &web_sys::KeyboardEvent) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}

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

fn open_row_menu() {
    let rows = table_rows();
    if let Some(row) = focused_row(&rows).and_then(|here| rows.get(here))
        && let Some(button) = focus_in(row, "button[aria-haspopup=menu]")
    {
        button.click();
    }
}
