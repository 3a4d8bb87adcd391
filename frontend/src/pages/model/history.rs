//! What happened to an execution, in order.
//!
//! Must not know what may follow what.

use crate::components::dynamic::{dynamic, memo};
use crate::components::status_chip::StatusChip;
use crate::state::clock::absolute;
use crate::state::feed::Feed;
use crate::text;
use leptos::prelude::*;
use shared::status::Event;
use shared::training::HistoryEntry;

const fn event_words(event: Option<Event>) -> &'static str {
    match event {
        None => "Created",
        Some(Event::Queued) => "Queued",
        Some(Event::ServiceUnavailable) => "Its service was paused or could not start",
        Some(Event::AttemptStarted) => "Attempt started",
        Some(Event::AttemptSucceeded) => "Attempt ended well",
        Some(Event::AttemptFailed) => "Attempt failed",
        Some(Event::AttemptReset) => "Attempt put back, to be made again",
        Some(Event::AttemptLost) => "Attempt lost",
        Some(Event::Terminated) => "Ended by a person",
    }
}

#[component]
pub fn HistoryList(feed: Feed) -> impl IntoView {
    let is_empty = memo(move |_| feed.history.with(Vec::is_empty));
    let entry_view = |entry: HistoryEntry| {
        let attempt = (entry.attempt > 0).then(|| format!(" (attempt {})", entry.attempt));
        view! {
            <li>
                <time class="muted">{absolute(entry.at_ms)}</time>
                <StatusChip status=Signal::stored(entry.status) attempts=Signal::stored((0, 0))/>
                <span>
                    {event_words(entry.event)} {attempt}
                    {entry.cause.map(|cause| view! { <span class="muted">": " {text::without_next_step(&cause.message, &cause.next_step)}</span> })}
                </span>
            </li>
        }
    };
    view! {
        <Show when=move || !is_empty.get()>
            <section class="chart-group" aria-labelledby="history-title">
                <h2 id="history-title">"History"</h2>
                <ol class="timeline card">
                    {dynamic(move || feed.history.get().into_iter().map(entry_view).collect_view())}
                </ol>
            </section>
        </Show>
    }
}
