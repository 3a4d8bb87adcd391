//! The troubles of a service by their reason, each with what was said and what to do.
//!
//! Must not know what a reason means: `shared::service::Reason` does.

use super::instances::ExecutionLinks;
use crate::api;
use crate::components::dynamic::dynamic;
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::time::TimeAgo;
use crate::state::resource::{Loaded, fetched, kept};
use crate::state::services::Services;
use crate::text;
use leptos::prelude::*;
use proto::v1::ServiceError;
use shared::id::ServiceId;

#[component]
pub fn ErrorsTab(id: ServiceId, services: Services) -> impl IntoView {
    let answer = fetched(move || {
        services.turn.track();
        api::services::errors(id.to_string())
    });
    // Drawn anew only when something else is known.
    let errors = kept(answer);
    dynamic(move || match errors.get() {
        Loaded::Loading => view! { <Skeleton rows=3/> }.into_any(),
        Loaded::Failed(error) => {
            view! { <LoadFailed what="The errors" error again=answer.again/> }.into_any()
        }
        Loaded::Ready(list) if list.is_empty() => view! {
            <Empty title="No errors">
                <p>"What goes wrong with the instances of this service is listed here, by its reason"</p>
            </Empty>
        }
        .into_any(),
        Loaded::Ready(list) => view! {
            <ul class="card-list" aria-label="Errors">
                {list.into_iter().map(|error| view! { <ErrorCard error/> }).collect_view()}
            </ul>
        }
        .into_any(),
    })
}

#[component]
fn ErrorCard(error: ServiceError) -> impl IntoView {
    let output = error.output.join("\n");
    let summary = format!("Last lines before {}", error.reason);
    view! {
        <li class="card">
            <div class="card-head">
                <h2>{error.reason.clone()}</h2>
                <span class="chip" data-look="error"><span>{text::counted(error.count, "time", "times")}</span></span>
            </div>
            <div class="model-facts">
                <span>"First " <strong><TimeAgo at_ms=Signal::stored(error.first_at_ms)/></strong></span>
                <span>"Last " <strong><TimeAgo at_ms=Signal::stored(error.last_at_ms)/></strong></span>
            </div>
            {(!error.detail.is_empty()).then(|| view! { <p>{text::capitalised(&error.detail)}</p> })}
            {(!error.next_step.is_empty())
                .then(|| view! { <p><strong>"Next step: "</strong>{error.next_step.clone()}</p> })}
            {(!output.is_empty()).then(|| view! {
                <details>
                    <summary>{summary.clone()}</summary>
                    <pre class="query" tabindex="0" role="region" aria-label=summary.clone()>{output.clone()}</pre>
                </details>
            })}
            <ExecutionLinks ids=error.execution_ids words="Affected: "/>
        </li>
    }
}
