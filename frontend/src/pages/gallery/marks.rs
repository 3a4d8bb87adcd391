//! What says how something is: chips, bars, times, nothings, and names in a table.
//!
//! Must not know the pages that use them.

use super::hostile::texts;
use super::page::Section;
use crate::api::{ApiError, ErrorKind};
use crate::components::empty::{Empty, LoadFailed, NotPermitted, Skeleton};
use crate::components::menu::{MenuButton, MenuEntry};
use crate::components::progress::ProgressBar;
use crate::components::status_chip::{ModelChip, ServiceChip, StatusChip};
use crate::components::time::{Elapsed, TimeAgo};
use crate::state::clock::Clock;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use shared::service::ServiceState;
use shared::status::{ModelStatus, Status};

const SERVICE_STATES: [ServiceState; 4] =
    [ServiceState::Running, ServiceState::Idle, ServiceState::Paused, ServiceState::Error];
const LOOKS: [&str; 4] = ["progress", "success", "error", "stopped"];

#[component]
pub fn MarkSection() -> impl IntoView {
    let now = expect_context::<Clock>().now_ms_untracked();
    let ages = [0, 42, 130, 4_000, 90_000, 9_000_000].map(|seconds| now - seconds * 1_000);
    let bar = |fraction: f64, look: &'static str| {
        let text = format!("{:.0}/50", fraction * 50.0);
        view! { <ProgressBar fraction text label=format!("Progress of {look}") look/> }
    };
    view! {
        <Section title="Statuses">
            <div class="toolbar">
                {Status::ALL.map(|status| view! { <StatusChip status attempts=(1, 3)/> }).collect_view()}
            </div>
            <div class="toolbar">
                {ModelStatus::ALL.map(|status| view! { <ModelChip status/> }).collect_view()}
            </div>
            <div class="toolbar">
                {SERVICE_STATES.map(|state| view! { <ServiceChip state/> }).collect_view()}
            </div>
        </Section>
        <Section title="Progress">
            {LOOKS.map(|look| [0.0, 0.02, 0.5, 1.0].map(|fraction| bar(fraction, look)).collect_view()).collect_view()}
        </Section>
        <Section title="Times">
            <div class="toolbar">
                {ages.map(|at| view! { <TimeAgo at_ms=Signal::stored(at)/> }).collect_view()}
                {ages.map(|at| view! { <Elapsed from_to=Signal::stored((Some(at), None))/> }).collect_view()}
                <Elapsed from_to=Signal::stored((None, None))/>
            </div>
        </Section>
    }
}

/// What a page says in place of what it shows.
#[component]
pub fn EmptySection() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let again = Callback::new(move |()| toasts.done("Tried again"));
    let failure = |message: String, request_id: Option<&str>| ApiError {
        kind: ErrorKind::Refused,
        message,
        fields: Vec::new(),
        request_id: request_id.map(str::to_owned),
    };
    let hostile = texts().into_iter().next().map(|(_, text)| text).unwrap_or_default();
    view! {
        <Section title="Nothing to show">
            <Empty title="Nothing yet">
                <p>"What it is, and what to do"</p>
                <button class="button primary" type="button">"The next step…"</button>
            </Empty>
            <Empty title="Nothing matches">
                <p>"No training has these words in its name"</p>
                <button class="button" type="button">"Clear"</button>
            </Empty>
            <NotPermitted lack="This session may not see it: ask who made its sign-in link"/>
            <LoadFailed what="The things" error=failure("the server does not answer; is it running?".into(), None) again/>
            <LoadFailed what="The things" error=failure(hostile, Some("01a2203c-6457-7000-9efc-a8d8b43a010a")) again/>
            <Skeleton rows=3/>
        </Section>
    }
}

/// Names that are not made for a table.
#[component]
pub fn TableSection() -> impl IntoView {
    let row = |(what, name): (&'static str, String)| {
        let entries = Callback::new(|()| vec![MenuEntry::new("Open", || {})]);
        view! {
            <tr>
                <td>{what}</td>
                <td><a class="name-link" href="#">{if name.trim().is_empty() { "(no name)".into() } else { name.clone() }}</a></td>
                <td><span class="waiting-for" title=name.clone()>{name.clone()}</span></td>
                <td><StatusChip status=Status::Rerun attempts=(2, 3)/></td>
                <td class="number">"12,431"</td>
                <td class="menu-cell"><MenuButton label=format!("Actions for {what}") entries/></td>
            </tr>
        }
    };
    view! {
        <Section title="Hostile names">
            <div class="table-frame">
                <table class="table">
                    <caption class="visually-hidden">"Hostile names"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"What"</th>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Remark"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col" class="number">"Count"</th>
                            <td></td>
                        </tr>
                    </thead>
                    <tbody>{texts().into_iter().map(row).collect_view()}</tbody>
                </table>
                <div class="table-footer">"10 of 12,431 names"</div>
            </div>
        </Section>
    }
}
