//! The pages of the settings, side by side.
//!
//! Must not know what they show.

use crate::routes::Place;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[component]
pub fn SettingsTabs() -> impl IntoView {
    let here = use_location().pathname;
    let link = move |place: Place, label: &'static str| {
        let path = place.path();
        let target = path.clone();
        view! { <a href=path aria-current=move || here.with(|here| *here == target).then_some("page")>{label}</a> }
    };
    view! {
        <nav class="tabs" aria-label="Settings">
            {link(Place::Secrets, "Secrets")}
            {link(Place::Appearance, "Appearance")}
        </nav>
    }
}
