//! The instances of a service: how each is, what it holds, and its last lines on demand.
//!
//! Must not know how an instance is made.

use crate::api;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::time::TimeAgo;
use crate::routes::Place;
use crate::state::live::Live;
use crate::state::resource::{Loaded, fetched, kept};
use crate::state::services::Services;
use crate::text;
use leptos::prelude::*;
use proto::convert::instance_state_from_wire;
use proto::v1::Instance;
use shared::id::ServiceId;
use shared::service::InstanceState;

/// Ended instances that are listed, the latest ones.
const MOST_ENDED: usize = 20;

#[component]
pub fn InstancesTab(id: ServiceId, services: Services) -> impl IntoView {
    let answer = fetched(move || {
        services.turn.track();
        api::services::instances(id.to_string())
    });
    let known = kept(answer);
    let instances = memo(move |_| match known.get() {
        Loaded::Ready(list) => Loaded::Ready(shown(list)),
        other => other,
    });
    let ids = memo(move |_| {
        instances.with(|instances| match instances {
            Loaded::Ready(list) => {
                Loaded::Ready(list.iter().map(|instance| instance.id.clone()).collect::<Vec<_>>())
            }
            Loaded::Loading => Loaded::Loading,
            Loaded::Failed(error) => Loaded::Failed(error.clone()),
        })
    });
    // The rows stay while what is in them changes, and so does a log that is looked at.
    let stage = memo(move |_| match ids.get() {
        Loaded::Ready(ids) => Loaded::Ready(ids.is_empty()),
        Loaded::Loading => Loaded::Loading,
        Loaded::Failed(error) => Loaded::Failed(error),
    });
    let each = move || match ids.get() {
        Loaded::Ready(ids) => ids,
        Loaded::Loading | Loaded::Failed(_) => Vec::new(),
    };
    let of = move |id: String| {
        memo(move |before: Option<&Option<Instance>>| {
            let found = instances.with(|instances| match instances {
                Loaded::Ready(list) => list.iter().find(|instance| instance.id == id).cloned(),
                Loaded::Loading | Loaded::Failed(_) => None,
            });
            found.or_else(|| before.cloned().flatten())
        })
    };
    dynamic(move || match stage.get() {
        Loaded::Loading => view! { <Skeleton rows=3/> }.into_any(),
        Loaded::Failed(error) => {
            view! { <LoadFailed what="The instances" error again=answer.again/> }.into_any()
        }
        Loaded::Ready(true) => view! {
            <Empty title="No instances yet">
                <p>"An instance is started when a training waits, and stopped after a while without work"</p>
            </Empty>
        }
        .into_any(),
        Loaded::Ready(false) => view! {
            <ul class="card-list" aria-label="Instances">
                <For each key=Clone::clone let:id><InstanceCard id=id.clone() instance=of(id)/></For>
            </ul>
        }
        .into_any(),
    })
}

/// Those that are alive, then the last that ended.
fn shown(list: Vec<Instance>) -> Vec<Instance> {
    let (alive, ended): (Vec<Instance>, Vec<Instance>) = list
        .into_iter()
        .partition(|instance| instance_state_from_wire(&instance.state).is_ok_and(InstanceState::is_alive));
    alive.into_iter().chain(ended.into_iter().take(MOST_ENDED)).collect()
}

fn look(state: &str) -> &'static str {
    match state {
        "running" => "progress",
        "failed" => "error",
        "stopped" => "stopped",
        _ => "neutral",
    }
}

#[component]
fn InstanceCard(id: String, instance: Memo<Option<Instance>>) -> impl IntoView {
    // A heartbeat draws nothing anew but itself, so that links keep the focus.
    let facts = memo(move |_| {
        instance.get().map(|instance| Instance { heard_at_ms: None, execution_ids: Vec::new(), ..instance })
    });
    let heard_at_ms = memo(move |_| instance.with(|instance| instance.as_ref()?.heard_at_ms));
    let works_on = memo(move |_| {
        instance.with(|instance| {
            instance.as_ref().map(|instance| instance.execution_ids.clone()).unwrap_or_default()
        })
    });
    let log_is_open = RwSignal::new(false);
    let log_id = StoredValue::new(id.clone());
    let title = format!("Instance {id}");
    view! {
        <li class="card" aria-label=title>
            {dynamic(move || facts.get().map(|instance| view! { <InstanceFacts instance/> }))}
            {dynamic(move || heard_at_ms.get().map(|at| view! {
                <p class="muted">"Heard of " <TimeAgo at_ms=Signal::stored(at)/></p>
            }))}
            {dynamic(move || view! { <ExecutionLinks ids=works_on.get() words="Works on "/> })}
            <button
                class="button"
                type="button"
                aria-expanded=move || log_is_open.get().to_string()
                on:click=move |_| log_is_open.update(|open| *open = !*open)
            >
                {dynamic(move || if log_is_open.get() { "Hide log" } else { "Show log" })}
            </button>
            <Show when=move || log_is_open.get()><InstanceLog id=log_id.get_value()/></Show>
        </li>
    }
}

#[component]
fn InstanceFacts(instance: Instance) -> impl IntoView {
    let reserved = reserved_words(&instance);
    let error = (!instance.error_reason.is_empty()).then(|| {
        view! { <p><strong>{instance.error_reason.clone()}</strong>": "{instance.error_detail.clone()}</p> }
    });
    let drain = (!instance.drain.is_empty())
        .then(|| view! { <p>{format!("Stops its work: {}", instance.drain)}</p> });
    view! {
        <div class="card-head">
            <span class="chip" data-look=look(&instance.state)><span>{text::capitalised(&instance.state)}</span></span>
            <strong class="mono">{instance.id.clone()}</strong>
        </div>
        <div class="model-facts">
            <span>"Machine type " <strong>{instance.machine_type.clone()}</strong></span>
            <span>"Holds " <strong>{reserved}</strong></span>
            <span>"Started " <strong><TimeAgo at_ms=Signal::stored(instance.created_at_ms)/></strong></span>
            {(!instance.handle.is_empty()).then(|| view! { <span>"Handle " <strong class="mono">{instance.handle.clone()}</strong></span> })}
        </div>
        {error}
        {drain}
    }
}

/// For example "GPU 0, 1 core, 4.0 GiB".
fn reserved_words(instance: &Instance) -> String {
    let gpus = instance.gpus.iter().map(|index| format!("GPU {index}"));
    let cores = (instance.cores > 0).then(|| text::counted(u64::from(instance.cores), "core", "cores"));
    let memory = (instance.memory_bytes > 0).then(|| text::bytes(instance.memory_bytes));
    let parts: Vec<String> = gpus.chain(cores).chain(memory).collect();
    if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
}

/// Executions as links to their models, as far as these are in the table.
#[component]
pub fn ExecutionLinks(ids: Vec<String>, words: &'static str) -> impl IntoView {
    let live = expect_context::<Live>();
    let link = move |id: String| {
        let found = live.rows.with_untracked(|rows| {
            rows.values().find_map(|row| {
                row.with_untracked(|row| {
                    (row.execution_id.to_string() == id)
                        .then(|| (row.model_name.clone(), Place::model(row.model_id).path()))
                })
            })
        });
        let link = match found {
            Some((name, path)) => view! { <a href=path title=id.clone()>{name}</a> }.into_any(),
            None => view! { <span class="mono">{id.clone()}</span> }.into_any(),
        };
        view! { <li>{link}</li> }
    };
    (!ids.is_empty()).then(|| {
        view! {
            <div class="execution-links">
                <span>{words}</span>
                <ul>{ids.into_iter().map(link).collect_view()}</ul>
            </div>
        }
    })
}

#[component]
fn InstanceLog(id: String) -> impl IntoView {
    let lines = fetched(move || api::services::instance_log(id.clone()));
    dynamic(move || {
        match lines.state.get() {
        Loaded::Loading => view! { <Skeleton rows=2/> }.into_any(),
        Loaded::Failed(error) => {
            view! { <LoadFailed what="The log" error again=lines.again/> }.into_any()
        }
        Loaded::Ready(lines) if lines.is_empty() => {
            view! { <p class="muted">"It wrote nothing, or its output is not kept any more"</p> }.into_any()
        }
        Loaded::Ready(text) => view! {
            <pre class="query" tabindex="0" role="region" aria-label="Last lines">{text.join("\n")}</pre>
            <button class="button quiet" type="button" on:click=move |_| lines.again.run(())>"Read again"</button>
        }
        .into_any(),
    }
    })
}
