//! The page that shows the reference.
//!
//! Must not know what the text says.

use super::REFERENCE_HTML;
use crate::components::dynamic::effect;
use crate::state::title::use_title;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

#[component]
pub fn FilterLanguagePage() -> impl IntoView {
    use_title(|| "Filter language".into());
    let article = NodeRef::<html::Article>::new();
    let let_keys_scroll = move || {
        if let Some(article) = article.get_untracked() {
            let_keys_scroll_within(&article);
        }
    };
    effect(move |_| {
        if article.get().is_some() {
            // Once the text is laid out, so that its sizes are known.
            request_animation_frame(move || {
                let_keys_scroll();
                go_to_linked_section();
            });
        }
    });
    let listener = window_event_listener(leptos::ev::resize, move |_| let_keys_scroll());
    on_cleanup(move || listener.remove());
    // The HTML is the project's own text, converted when the program was built: nothing that a user or a server
    // says is in it.
    view! { <article class="prose" node_ref=article inner_html=REFERENCE_HTML></article> }
}

/// Tables and examples that are wider than their place take the focus, so that arrow keys move them. The others
/// do not, so that Tab passes them by.
fn let_keys_scroll_within(article: &web_sys::Element) {
    let Ok(found) = article.query_selector_all("[data-scrolls]") else { return };
    for element in (0..found.length()).filter_map(|index| found.get(index)) {
        let element = element.unchecked_into::<web_sys::Element>();
        // Both fail only for an attribute's name that is none.
        let _ = if element.scroll_width() > element.client_width() {
            element.set_attribute("tabindex", "0")
        } else {
            element.remove_attribute("tabindex")
        };
    }
}

/// The browser looked for the section of the address before the text was there.
fn go_to_linked_section() {
    let Ok(hash) = location().hash() else { return };
    let section = hash.strip_prefix('#').and_then(|id| document().get_element_by_id(id));
    if let Some(section) = section {
        section.scroll_into_view();
    }
}
