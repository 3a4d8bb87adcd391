//! Where the keyboard's focus is, when what had it goes.
//!
//! Must not know what takes it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Whether nothing has the focus.
pub fn is_lost() -> bool {
    document().active_element().is_none_or(|active| active.tag_name() == "BODY")
}

/// Whether what has the focus lies above or below what the window shows.
pub fn is_out_of_sight() -> bool {
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(f64::MAX);
    document().active_element().is_some_and(|active| {
        let rect = active.get_bounding_client_rect();
        rect.bottom() <= 0.0 || rect.top() >= height
    })
}

/// Gives the focus to an element without scrolling to it.
pub fn give_to(element: &web_sys::Element) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    // An element that cannot take it leaves it where it is.
    let _ = element.unchecked_ref::<web_sys::HtmlElement>().focus_with_options(&options);
}

/// Gives the focus, with the next frame, to an element that has come, if nothing has it by then.
pub fn catch_with(element: web_sys::Element) {
    request_animation_frame(move || {
        if is_lost() {
            give_to(&element);
        }
    });
}
