//! Elements that are watched: how large they are, and whether they were seen.
//!
//! Must not know what they hold.

use crate::components::dynamic::effect;
use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// The size of an element in CSS pixels, as it changes.
pub fn observed_size(element: NodeRef<html::Div>) -> RwSignal<(f64, f64)> {
    let size = RwSignal::new((0.0, 0.0));
    effect(move |_| {
        let Some(element) = element.get() else { return };
        let observed = element.clone();
        let callback = Closure::<dyn FnMut()>::new(move || {
            let rect = observed.get_bounding_client_rect();
            size.try_set((rect.width(), rect.height()));
        });
        let Ok(observer) = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()) else { return };
        observer.observe(&element);
        let kept = SendWrapper::new((observer, callback));
        on_cleanup(move || kept.0.disconnect());
    });
    size
}

/// So near to the window an element counts as seen: what it shows is there when it is scrolled to.
const NEAR: &str = "300px";

/// Whether an element was ever near the part of the page that is seen, or the page was printed.
pub fn seen(element: NodeRef<html::Div>) -> RwSignal<bool> {
    let is_seen = RwSignal::new(false);
    let printed = window_event_listener_untyped("beforeprint", move |_| {
        is_seen.try_set(true);
    });
    on_cleanup(move || printed.remove());
    effect(move |_| {
        let Some(element) = element.get().filter(|_| !is_seen.get_untracked()) else { return };
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let is_near = |entry: wasm_bindgen::JsValue| {
                entry.unchecked_into::<web_sys::IntersectionObserverEntry>().is_intersecting()
            };
            if entries.iter().any(is_near) {
                is_seen.try_set(true);
            }
        });
        let settings = web_sys::IntersectionObserverInit::new();
        settings.set_root_margin(NEAR);
        let callback_function = callback.as_ref().unchecked_ref();
        let observer = web_sys::IntersectionObserver::new_with_options(callback_function, &settings);
        // A browser that cannot tell shows everything.
        let Ok(observer) = observer else { return is_seen.set(true) };
        observer.observe(&element);
        let kept = SendWrapper::new((observer, callback));
        on_cleanup(move || kept.0.disconnect());
    });
    is_seen
}
