//! Where messages appear. F6 leads there; looking at one keeps it.
//!
//! Must not know what they are about.

use super::icon::{Icon, IconView};
use crate::state::toasts::{STAYS, Toast, ToastKind, Toasts};
use leptos::html;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

/// The corner with the messages.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let region = NodeRef::<html::Section>::new();
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "F6"
            && let Some(region) = region.get_untracked()
            && let Ok(Some(button)) = region.query_selector("button")
        {
            event.prevent_default();
            let _ = wasm_bindgen::JsCast::unchecked_ref::<web_sys::HtmlElement>(&button).focus();
        }
    });
    on_cleanup(move || listener.remove());
    view! {
        <section node_ref=region class="toasts" aria-label="Messages" aria-live="polite">
            <For each=move || toasts.list.get() key=|toast| toast.id let:toast>
                <ToastView toast/>
            </For>
        </section>
    }
}

#[component]
fn ToastView(toast: Toast) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let id = toast.id;
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let keep = move || {
        if let Some(Some(handle)) = timer.try_update_value(Option::take) {
            handle.clear();
        }
    };
    // What is looked at, or holds the focus, stays.
    let is_hovered = StoredValue::new(false);
    let is_focused = StoredValue::new(false);
    let wait = move || {
        keep();
        if !is_hovered.get_value() && !is_focused.get_value() {
            let handle = set_timeout_with_handle(move || toasts.dismiss(id), STAYS);
            timer.set_value(handle.ok());
        }
    };
    let look = move |at: StoredValue<bool>, looks: bool| {
        at.set_value(looks);
        wait();
    };
    wait();
    on_cleanup(keep);
    let kind = match toast.kind {
        ToastKind::Done => "done",
        ToastKind::Problem => "problem",
    };
    let action = toast.action.map(|action| {
        let run = move |_| {
            toasts.dismiss(id);
            action.run.run();
        };
        view! { <button class="button" type="button" on:click=run>{action.label}</button> }
    });
    view! {
        <div
            class="toast"
            data-kind=kind
            on:mouseenter=move |_| look(is_hovered, true)
            on:mouseleave=move |_| look(is_hovered, false)
            on:focusin=move |_| look(is_focused, true)
            on:focusout=move |_| look(is_focused, false)
        >
            <span class="toast-text">{toast.text}</span>
            {action}
            <button
                class="icon-button"
                type="button"
                aria-label="Dismiss"
                on:click=move |_| toasts.dismiss(id)
            >
                <IconView icon=Icon::Close/>
            </button>
        </div>
    }
}
