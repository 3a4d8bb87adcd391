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
        if let Some(element) = element.get().filter(|_| !is_seen.get_untracked()) {
            tell_whether_near(&element, move |is_near| {
                if is_near {
                    is_seen.try_set(true);
                }
            });
        }
    });
    is_seen
}

/// Whether an element is near the part of the page that is seen.
pub fn near(element: NodeRef<html::Li>) -> RwSignal<bool> {
    let is_near = RwSignal::new(false);
    effect(move |_| {
        if let Some(element) = element.get() {
            tell_whether_near(&element, move |now| {
                if is_near.try_get_untracked().is_some_and(|before| before != now) {
                    is_near.set(now);
                }
            });
        }
    });
    is_near
}

/// Tells it at first and whenever it changes, until the effect or the page that asks goes.
fn tell_whether_near(element: &web_sys::Element, tell: impl Fn(bool) + Copy + 'static) {
    let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        // Of several the last one is how it is now.
        let last = entries.pop().unchecked_into::<web_sys::IntersectionObserverEntry>();
        tell(last.is_intersecting());
    });
    let settings = web_sys::IntersectionObserverInit::new();
    settings.set_root_margin(NEAR);
    let callback_function = callback.as_ref().unchecked_ref();
    let observer = web_sys::IntersectionObserver::new_with_options(callback_function, &settings);
    // A browser that cannot tell shows everything.
    let Ok(observer) = observer else { return tell(true) };
    observer.observe(element);
    let kept = SendWrapper::new((observer, callback));
    on_cleanup(move || kept.0.disconnect());
}
