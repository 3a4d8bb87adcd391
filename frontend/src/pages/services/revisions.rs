//! What the settings of a service were, and what each change was about.
//!
//! Must not know the form.

use crate::api;
use crate::api::services::ServiceNow;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::time::TimeAgo;
use crate::pages::train::service_form::{all_fields, words_of};
use crate::state::resource::{Loaded, fetched};
use leptos::prelude::*;
use proto::v1::ServiceRevision;
use shared::service::ServiceSettings;

#[component]
pub fn Revisions(now: Memo<Option<ServiceNow>>) -> impl IntoView {
    let latest = memo(move |_| {
        now.with(|now| now.as_ref().map(|(service, _)| (service.id, service.settings_revision)))
    });
    let revisions = fetched(move || {
        let service = latest.get().map(|(id, _)| id.to_string()).unwrap_or_default();
        api::services::revisions(service)
    });
    view! {
        <section class="card form" aria-labelledby="revisions-title">
            <h2 id="revisions-title">"Revisions"</h2>
            {dynamic(move || match revisions.state.get() {
                Loaded::Loading => view! { <Skeleton rows=2/> }.into_any(),
                Loaded::Failed(error) => {
                    view! { <LoadFailed what="The revisions" error again=revisions.again/> }.into_any()
                }
                Loaded::Ready(list) => view! { <RevisionList list/> }.into_any(),
            })}
        </section>
    }
}

#[component]
fn RevisionList(list: Vec<ServiceRevision>) -> impl IntoView {
    let settings: Vec<Option<ServiceSettings>> = list
        .iter()
        .map(|revision| revision.settings.clone().and_then(|settings| settings.try_into().ok()))
        .collect();
    let earlier = settings.iter().skip(1).cloned().chain([None]);
    let rows =
        list.iter().zip(settings.iter().cloned()).zip(earlier).map(|((revision, settings), earlier)| {
            let words = changes_between(earlier.as_ref(), settings.as_ref());
            view! {
                <li>
                    <strong>{format!("Revision {}", revision.settings_revision)}</strong>
                    <TimeAgo at_ms=Signal::stored(revision.created_at_ms)/>
                    <span>{words}</span>
                </li>
            }
        });
    view! { <ol class="timeline">{rows.collect_view()}</ol> }
}

/// For example "Max attempts 3 → 5".
fn changes_between(earlier: Option<&ServiceSettings>, later: Option<&ServiceSettings>) -> String {
    let (Some(earlier), Some(later)) = (earlier, later) else {
        return "As the service was made".into();
    };
    let keys = earlier.differences(later);
    let changed = all_fields().filter(|field| keys.contains(&field.key));
    let words = changed.map(|field| {
        let [from, to] = [earlier, later].map(|settings| words_of(settings, field.key));
        format!("{} {from} → {to}", field.label)
    });
    words.collect::<Vec<_>>().join(", ")
}
