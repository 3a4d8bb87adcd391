//! The field that searches a list; the key `/` leads to it.
//!
//! Must not know what is searched.

use super::icon::{Icon, IconView};
use leptos::prelude::*;

#[component]
pub fn SearchField(
    /// What can be searched for, for example "Search name or ID".
    words: &'static str,
    #[prop(into)] value: Signal<String>,
    on_input: Callback<String>,
) -> impl IntoView {
    view! {
        <div class="search-field">
            <IconView icon=Icon::Search/>
            <input
                class="input"
                type="search"
                data-search
                aria-label=words
                placeholder=words
                autocomplete="off"
                spellcheck="false"
                prop:value=move || value.get()
                on:input=move |event| on_input.run(event_target_value(&event))
            />
        </div>
    }
}
