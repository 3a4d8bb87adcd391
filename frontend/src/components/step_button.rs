//! A button that goes to the neighbour of what is shown, or says why there is none.
//!
//! Must not know what is shown.

use crate::components::icon::{Icon, IconView};
use leptos::prelude::*;

#[component]
pub fn StepButton(
    label: &'static str,
    icon: Icon,
    /// Why there is nowhere to go.
    #[prop(into)]
    reason: Signal<Option<&'static str>>,
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            class="icon-button"
            type="button"
            aria-label=label
            aria-disabled=move || reason.get().map(|_| "true")
            title=move || reason.get().unwrap_or(label)
            on:click=move |_| on_press.run(())
        >
            <IconView icon/>
        </button>
    }
}
