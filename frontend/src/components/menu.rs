//! A button that opens a menu. Actions that are not possible stay in it and say why.
//!
//! Must not know what the actions do.

use super::icon::{Icon, IconView};
use crate::components::dynamic::{dynamic, effect};
use crate::state::act::Act;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;

/// One entry.
#[derive(Clone)]
pub struct MenuEntry {
    pub label: &'static str,
    /// Why it is not possible now.
    pub reason: Option<&'static str>,
    pub is_dangerous: bool,
    pub run: Act,
}

impl MenuEntry {
    /// A possible action.
    pub fn new(label: &'static str, run: impl Fn() + Send + Sync + 'static) -> Self {
        Self { label, reason: None, is_dangerous: false, run: Act::new(run) }
    }

    /// Possible only if the capability says so.
    pub fn when(mut self, capability: Result<(), &'static str>) -> Self {
        self.reason = capability.err();
        self
    }

    pub fn dangerous(mut self) -> Self {
        self.is_dangerous = true;
        self
    }
}

const WIDTH: f64 = 232.0;

/// A button, with three dots or words on it, and the menu that it opens.
#[component]
pub fn MenuButton(
    /// What the button is called, for example "Actions for bees".
    #[prop(into)]
    label: Signal<String>,
    /// What stands on the button; without it, three dots.
    #[prop(optional)]
    text: Option<&'static str>,
    /// Made anew each time that the menu opens.
    entries: Callback<(), Vec<MenuEntry>>,
) -> impl IntoView {
    let place = RwSignal::new(None::<(f64, f64)>);
    let button = NodeRef::<html::Button>::new();
    let menu = NodeRef::<html::Div>::new();
    let close = move |return_focus: bool| {
        place.set(None);
        if let Some(button) = button.get_untracked().filter(|_| return_focus) {
            let _ = button.focus();
        }
    };
    let toggle = move |_| {
        if place.get_untracked().is_some() {
            return close(true);
        }
        let Some(button) = button.get_untracked() else { return };
        let rect = button.get_bounding_client_rect();
        place.set(Some(((rect.right() - WIDTH).max(8.0), rect.bottom() + 4.0)));
    };
    effect(move |_| {
        let Some(menu) = menu.get() else { return };
        keep_on_screen(&menu);
        focus_entry(&menu, 0);
        close_from_outside(place, button, &menu);
    });
    let on_key = move |event: web_sys::KeyboardEvent| {
        let Some(menu) = menu.get_untracked() else { return };
        match event.key().as_str() {
            "ArrowDown" => step_focus(&menu, 1),
            "ArrowUp" => step_focus(&menu, -1),
            "Home" => focus_entry(&menu, 0),
            "End" => step_to_end(&menu),
            "Escape" => close(true),
            "Tab" => return close(false),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let entry_view = move |entry: MenuEntry| {
        let MenuEntry { label, reason, is_dangerous, run } = entry;
        let on_click = move |_| {
            if reason.is_none() {
                close(true);
                run.run();
            }
        };
        view! {
            <button
                class="menu-item"
                class:danger=is_dangerous && reason.is_none()
                type="button"
                role="menuitem"
                tabindex="-1"
                aria-disabled=reason.map(|_| "true")
                on:click=on_click
            >
                {label}
                {reason.map(|reason| view! { <span class="reason">{reason}</span> })}
            </button>
        }
    };
    view! {
        <button
            node_ref=button
            class=if text.is_some() { "button" } else { "icon-button" }
            type="button"
            aria-haspopup="menu"
            aria-expanded=move || place.get().is_some().to_string()
            aria-label=move || label.get()
            on:click=toggle
        >
            {text}
            <IconView icon=if text.is_some() { Icon::ChevronDown } else { Icon::Dots }/>
        </button>
        {dynamic(move || place.get().map(|(left, top)| view! {
            <div
                node_ref=menu
                class="menu"
                role="menu"
                aria-label=move || label.get()
                style:left=format!("{left}px")
                style:top=format!("{top}px")
                on:keydown=on_key
            >
                {entries.run(()).into_iter().map(entry_view).collect_view()}
            </div>
        }))}
    }
}

/// A press anywhere else, or a page that moves, closes the menu. Listened for only by those that were opened: a page may
/// have very many.
fn close_from_outside(
    place: RwSignal<Option<(f64, f64)>>,
    button: NodeRef<html::Button>,
    menu: &web_sys::HtmlElement,
) {
    let close = move || {
        if place.try_get_untracked().flatten().is_some() {
            place.set(None);
        }
    };
    let menu = SendWrapper::new(menu.clone());
    let pressed = window_event_listener(ev::mousedown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let button = button.try_get_untracked().flatten();
        let is_inside =
            menu.contains(target.as_ref()) || button.is_some_and(|button| button.contains(target.as_ref()));
        if !is_inside {
            close();
        }
    });
    let scrolled = window_event_listener(ev::scroll, move |_| close());
    // What scrolls within the page does not tell the window; whoever turns the wheel wants it to.
    let wheeled = window_event_listener(ev::wheel, move |_| close());
    on_cleanup(move || {
        pressed.remove();
        scrolled.remove();
        wheeled.remove();
    });
}

/// What opens near the lower edge opens upwards.
pub fn keep_on_screen(menu: &web_sys::HtmlElement) {
    let rect = menu.get_bounding_client_rect();
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(f64::MAX);
    if rect.bottom() > height - 8.0 {
        let top = (height - 8.0 - rect.height()).max(8.0);
        let _ = menu.style().set_property("top", &format!("{top}px"));
    }
}

fn entries_of(menu: &web_sys::HtmlElement) -> Vec<web_sys::HtmlElement> {
    let Ok(list) = menu.query_selector_all("[role=menuitem]") else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.get(index)?.dyn_into().ok()).collect()
}

fn focus_entry(menu: &web_sys::HtmlElement, index: usize) {
    if let Some(entry) = entries_of(menu).get(index) {
        let _ = entry.focus();
    }
}

fn step_to_end(menu: &web_sys::HtmlElement) {
    focus_entry(menu, entries_of(menu).len().saturating_sub(1));
}

fn step_focus(menu: &web_sys::HtmlElement, step: isize) {
    let entries = entries_of(menu);
    let active = document().active_element();
    let here = entries.iter().position(|entry| active.as_ref() == Some(entry.as_ref())).unwrap_or(0);
    let count = entries.len().max(1);
    let next = (here + count).saturating_add_signed(step) % count;
    if let Some(entry) = entries.get(next) {
        let _ = entry.focus();
    }
}
