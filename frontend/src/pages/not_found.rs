//! A path that leads nowhere.
//!
//! Must not know which one.

use crate::components::empty::Empty;
use crate::routes::Place;
use crate::state::title::use_title;
use leptos::prelude::*;

#[component]
pub fn NotFoundPage() -> impl IntoView {
    use_title(|| "Page not found".into());
    view! {
        <h1>"Page not found"</h1>
        <Empty title="There is no page at this address">
            <p>"The link may be old, or a character of it was lost on the way"</p>
            <a class="button primary" href=Place::Training.path()>"Go to Training"</a>
        </Empty>
    }
}
