//! The trouble of a service as a badge that tells its cause, its last words and the next step.
//!
//! Must not decide when trouble is shown: `trouble` does.

use super::trouble::{Trouble, trouble_of};
use crate::api;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::Icon;
use crate::components::popover::PopoverBadge;
use crate::routes::{Place, ServiceTab};
use crate::state::clock::Clock;
use crate::state::resource::{Loaded, fetched};
use crate::state::services::Services;
use crate::text;
use leptos::prelude::*;
use shared::service::Reason;
use shared::status::Status;
use shared::training::Training;

/// Lines of output that are shown, the last ones.
const LAST_LINES: usize = 6;

/// Beside the name of the service that a training belongs to.
#[component]
pub fn TroubleBadge(training: RwSignal<Training>) -> impl IntoView {
    let services = expect_context::<Services>();
    let trouble = memo(move |_| {
        training.with(|training| {
            let blocker = training.waiting.as_ref().map(|waiting| &waiting.blocker);
            // What waits has its own reason, and need not follow its service.
            let runs = training.status == Status::InProgress;
            let service = runs.then(|| services.now(training.service_id)).flatten();
            trouble_of(training.status, blocker, service.as_ref().map(|(service, _)| service))
        })
    });
    let (id, service) = training
        .with_untracked(|training| (format!("trouble-{}", training.id), training.service_name.clone()));
    // What it tells may change while it is looked at; it is drawn anew only for other trouble.
    let badge = memo(move |_| {
        trouble.with(|trouble| {
            let trouble = trouble.as_ref()?;
            Some((matches!(trouble, Trouble::Error { .. }), trouble.word()))
        })
    });
    dynamic(move || {
        badge.get().map(|(is_error, word)| {
            let (icon, look, kind) = if is_error {
                (Icon::CrossInOctagon, "error", "Error")
            } else {
                (Icon::Warning, "warning", "Warning")
            };
            let label = format!("{kind} of {service}: {word}");
            let service = service.clone();
            view! {
                " "
                <PopoverBadge id=id.clone() icon look word label>
                    <TroubleTold trouble service=service.clone()/>
                </PopoverBadge>
            }
        })
    })
}

#[component]
fn TroubleTold(trouble: Memo<Option<Trouble>>, service: String) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let next_try = move || {
        trouble.with(|trouble| match trouble {
            Some(Trouble::Error { retry_at_ms, .. }) => {
                let left_ms = (*retry_at_ms)? - clock.now_ms();
                (left_ms > 0).then(|| format!("Tried again in {}", text::duration(left_ms)))
            }
            Some(Trouble::Inactive { .. }) | None => None,
        })
    };
    let reason = memo(move |_| match trouble.get() {
        Some(Trouble::Error { reason, .. }) => Some(reason),
        Some(Trouble::Inactive { .. }) | None => None,
    });
    let told = move || {
        trouble.get().map(|trouble| {
            let detail = text::capitalised(trouble.detail());
            view! {
                <strong>{trouble.cause()}</strong>
                {(!detail.is_empty()).then(|| view! { <p>{detail}</p> })}
                <p><strong>"Next step: "</strong>{trouble.next_step()}</p>
            }
        })
    };
    let place = Place::service(&service, ServiceTab::Executions).path();
    let words = format!("Executions of {service}");
    view! {
        {told}
        {dynamic(move || next_try().map(|words| view! { <p>{words}</p> }))}
        {dynamic(move || reason.get().map(|reason| view! { <LastLines service=service.clone() reason/> }))}
        <p><a href=place>{words}</a></p>
    }
}

/// What was written before it happened the last time, where that is known.
#[component]
fn LastLines(service: String, reason: Reason) -> impl IntoView {
    let errors = fetched(move || api::services::errors(service.clone()));
    dynamic(move || match errors.state.get() {
        Loaded::Ready(errors) => {
            let error = errors.into_iter().find(|error| error.reason == reason.name())?;
            let first = error.output.len().saturating_sub(LAST_LINES);
            let lines = error.output.into_iter().skip(first).collect::<Vec<_>>().join("\n");
            (!lines.is_empty()).then(|| view! { <pre class="query">{lines}</pre> })
        }
        // The cause stands there without them.
        Loaded::Loading | Loaded::Failed(_) => None,
    })
}
