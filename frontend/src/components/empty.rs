//! What stands where there is nothing to show: nothing yet, nothing found, not permitted, failed, loading.
//!
//! Must not know what is missing.

use crate::api::ApiError;
use leptos::prelude::*;

/// A friendly nothing: what it is, and what to do.
#[component]
pub fn Empty(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            {children()}
        </div>
    }
}

/// What a session may not see, and who can help.
#[component]
pub fn NotPermitted(lack: &'static str) -> impl IntoView {
    view! { <Empty title="No permission"><p>{lack}</p></Empty> }
}

/// A failed fetch: the reason, the number to quote, and another try.
#[component]
pub fn LoadFailed(what: &'static str, error: ApiError, again: Callback<()>) -> impl IntoView {
    view! {
        <div class="notice" data-look="error" role="alert">
            <div class="grow">
                <strong>{format!("{what} could not be loaded")}</strong>
                <p>{error.sentence()}</p>
            </div>
            <button class="button" type="button" on:click=move |_| again.run(())>"Retry"</button>
        </div>
    }
}

/// The shape of what is on its way; seen only when it takes a while.
#[component]
pub fn Skeleton(rows: usize) -> impl IntoView {
    view! {
        <div class="skeleton" role="status" aria-label="Loading">
            {(0..rows).map(|_| view! { <span></span> }).collect_view()}
        </div>
    }
}
