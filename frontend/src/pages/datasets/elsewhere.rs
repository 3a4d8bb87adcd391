//! Changes of the dataset that were made elsewhere: in another tab, or on the command line.
//!
//! Must not know what is shown. It is told that there are any, and nothing moves under the eyes of who reads.

use super::state::{Browser, focus_items};
use crate::api;
use crate::components::dynamic::memo;
use crate::state::latest::Latest;
use crate::state::resource::Loaded;
use leptos::prelude::*;
use std::time::Duration;

/// How often a tab that is seen asks.
const ASKS_AFTER: Duration = Duration::from_secs(10);

#[component]
pub fn ChangedElsewhere() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let newest = RwSignal::new(0);
    let asking = Latest::new();
    let ask = move || {
        if document().hidden() || browser.is_changing() {
            return;
        }
        asking.run(0, async move {
            match api::datasets::get(browser.id()).await {
                // What this page changes itself, it shows with the answer to that.
                Ok(_) if browser.is_changing() => {}
                Ok(dataset) => newest.set(dataset.revision),
                // The parts of the page say what they cannot show.
                Err(error) => browser.session.check(&error),
            }
        });
    };
    let timer = set_interval_with_handle(ask, ASKS_AFTER).ok();
    let listener = window_event_listener(leptos::ev::focus, move |_| ask());
    on_cleanup(move || {
        listener.remove();
        if let Some(timer) = timer {
            timer.clear();
        }
    });
    let is_behind = memo(move |_| {
        let newest = newest.get();
        browser
            .dataset
            .state
            .with(|state| matches!(state, Loaded::Ready(dataset) if dataset.revision < newest))
    });
    let reload = move |_| {
        browser.reload();
        focus_items();
    };
    view! {
        <Show when=move || is_behind.get()>
            <div class="notice" data-look="waiting" role="status">
                <span class="grow">"The dataset has changed"</span>
                <button class="button" type="button" on:click=reload>"Reload"</button>
            </div>
        </Show>
    }
}
