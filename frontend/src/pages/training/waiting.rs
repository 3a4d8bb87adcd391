//! Why a training waits, and what would start it now, in words that keep up with the time.
//!
//! Must not find out either: `shared::training` does.

use super::remedy::{named_service, tab_of};
use crate::components::dynamic::{dynamic, memo};
use crate::routes::Place;
use crate::state::clock::Clock;
use leptos::prelude::*;
use shared::training::Training;

/// What it waits for, at this moment; nothing for what does not wait.
pub fn reason(training: RwSignal<Training>) -> Memo<Option<String>> {
    let clock = expect_context::<Clock>();
    memo(move |_| {
        training.with(|training| {
            let waiting = training.waiting.as_ref().filter(|_| training.status.is_waiting())?;
            Some(waiting.describe_at(clock.now_ms()))
        })
    })
}

/// What would start it now, with a link where it is done on the page of its service.
#[component]
pub fn Remedy(training: RwSignal<Training>) -> impl IntoView {
    let remedy = memo(move |_| {
        training.with(|training| {
            let waiting = training.waiting.as_ref().filter(|_| training.status.is_waiting())?;
            let remedy = waiting.remedy();
            let place = Place::service(&training.service_name, tab_of(&waiting.blocker)).path();
            (!remedy.is_empty()).then_some((remedy, place))
        })
    });
    dynamic(move || {
        remedy.get().map(|(remedy, place)| match named_service(&remedy) {
            Some((before, word, after)) => {
                let (before, word, after) = (before.to_owned(), word.to_owned(), after.to_owned());
                view! { <span class="waiting-for">{before}<a href=place>{word}</a>{after}</span> }.into_any()
            }
            None => view! { <span class="waiting-for">{remedy}</span> }.into_any(),
        })
    })
}
