//! Elements that are watched: how large they are.
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
