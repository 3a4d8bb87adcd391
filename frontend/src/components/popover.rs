//! A badge that tells more when it is pointed at, focused or pressed. What it tells can be pointed at too, and Esc puts
//! it away (WCAG 1.4.13).
//!
//! Must not know what it tells.

use super::icon::{Icon, IconView};
use super::menu::keep_on_screen;
use crate::components::dynamic::{dynamic, effect};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use std::time::Duration;

const WIDTH: f64 = 352.0;
/// A pointer on its way to somewhere else opens nothing.
const POINTED_FOR: Duration = Duration::from_millis(150);

#[component]
pub fn PopoverBadge(
    /// Its own on the page.
    id: String,
    icon: Icon,
    /// Name of the colours.
    look: &'static str,
    /// What stands on it.
    word: &'static str,
    /// What it is called, for example "Error of mgmt-train-yolov8: OOMKilled".
    label: String,
    children: ChildrenFn,
) -> impl IntoView {
    let place = RwSignal::new(None::<(f64, f64)>);
    let is_pointed = StoredValue::new(false);
    // Given the focus back, it does not open again.
    let is_quiet = StoredValue::new(false);
    let button = NodeRef::<html::Button>::new();
    let frame = NodeRef::<html::Span>::new();
    let panel = NodeRef::<html::Div>::new();
    let open = move || {
        let Some(Some(button)) = button.try_get_untracked() else { return };
        let rect = button.get_bounding_client_rect();
        let width = window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(f64::MAX);
        let left = rect.left().min(width - WIDTH - 8.0).max(8.0);
        place.try_set(Some((left, rect.bottom())));
    };
    let is_open = move || place.try_get_untracked().flatten().is_some();
    let has_focus = move || {
        let active = document().active_element();
        let frame = frame.try_get_untracked().flatten();
        frame.is_some_and(|frame| frame.contains(active.as_deref()))
    };
    let on_focus = move |_| {
        if !is_quiet.get_value() {
            open();
        }
        is_quiet.set_value(false);
    };
    let on_enter = move |_| {
        is_pointed.set_value(true);
        let open_if_still = move || {
            if is_pointed.try_get_value() == Some(true) && !is_open() {
                open();
            }
        };
        set_timeout(open_if_still, POINTED_FOR);
    };
    let on_leave = move |_| {
        is_pointed.set_value(false);
        if !has_focus() {
            place.set(None);
        }
    };
    // The focus has gone elsewhere once the next frame is drawn.
    let on_blur = move |_| {
        request_animation_frame(move || {
            if !has_focus() && is_pointed.try_get_value() == Some(false) {
                place.try_set(None);
            }
        });
    };
    let escaped = window_event_listener(ev::keydown, move |event| {
        if event.key() != "Escape" || !is_open() {
            return;
        }
        event.prevent_default();
        let is_inside = has_focus();
        place.set(None);
        if let Some(button) = button.get_untracked().filter(|_| is_inside) {
            let is_on_button = button.contains(document().active_element().as_deref());
            is_quiet.set_value(!is_on_button);
            let _ = button.focus();
        }
    });
    let scrolled = window_event_listener(ev::scroll, move |_| {
        if is_open() {
            place.set(None);
        }
    });
    on_cleanup(move || {
        escaped.remove();
        scrolled.remove();
    });
    effect(move |_| {
        if let Some(panel) = panel.get() {
            keep_on_screen(&panel);
        }
    });
    let panel_id = StoredValue::new(id);
    let name = StoredValue::new(label.clone());
    let children = StoredValue::new(children);
    view! {
        <span
            node_ref=frame
            class="popover-frame"
            on:mouseenter=on_enter
            on:mouseleave=on_leave
            on:focusout=on_blur
        >
            <button
                node_ref=button
                class="chip popover-button"
                data-look=look
                type="button"
                aria-label=label
                aria-expanded=move || place.get().is_some().to_string()
                aria-describedby=move || place.get().map(|_| panel_id.get_value())
                on:focus=on_focus
                on:click=move |_| open()
            >
                <IconView icon/>
                <span>{word}</span>
            </button>
            {dynamic(move || place.get().map(|(left, top)| view! {
                <div
                    node_ref=panel
                    class="popover"
                    id=panel_id.get_value()
                    role="group"
                    aria-label=name.get_value()
                    style:left=format!("{left}px")
                    style:top=format!("{top}px")
                >
                    {children.with_value(|children| children())}
                </div>
            }))}
        </span>
    }
}
