//! Times: how long ago in words, and exactly on hover; durations that tick.
//!
//! Must not know what happened then.

use crate::components::dynamic::memo;
use crate::state::clock::{Clock, absolute};
use crate::text;
use leptos::prelude::*;

/// How long ago something was.
#[component]
pub fn TimeAgo(#[prop(into)] at_ms: Signal<i64>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    // Once a second the text is compared, and drawn only when it reads differently.
    let words = memo(move |_| text::ago(at_ms.get(), clock.now_ms()));
    let exactly = memo(move |_| absolute(at_ms.get()));
    view! {
        <time title=exactly>{words}</time>
    }
}

/// From start to end, ticking while there is no end.
#[component]
pub fn Elapsed(#[prop(into)] from_to: Signal<(Option<i64>, Option<i64>)>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let words = memo(move |_| match from_to.get() {
        (Some(start), Some(end)) => text::duration(end - start),
        (Some(start), None) => text::duration(clock.now_ms() - start),
        (None, _) => "–".to_owned(),
    });
    view! { <span>{words}</span> }
}
