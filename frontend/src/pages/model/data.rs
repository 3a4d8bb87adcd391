//! What a training learnt from, frozen when it started.
//!
//! Must not know how it is frozen.

use crate::api;
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::time::TimeAgo;
use crate::pages::train::mode_label;
use crate::routes::Place;
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::prelude::*;
use proto::v1::{LabelCount, Subset, SubsetSnapshot, TrainingSnapshot};
use shared::model::ChoiceMode;
use shared::training::Training;
use std::collections::BTreeMap;

#[component]
pub fn DataTab(training: Option<RwSignal<Training>>) -> impl IntoView {
    let Some(training) = training else {
        return view! {
            <Empty title="Nothing is frozen yet">
                <p>"When a training starts, the items and annotations that it learns from are frozen and shown here"</p>
            </Empty>
        }
        .into_any();
    };
    let id = training.with_untracked(|training| training.id.to_string());
    let snapshot = fetched(move || api::trainings::snapshot(id.clone()));
    (move || match snapshot.state.get() {
        Loaded::Loading => view! { <Skeleton rows=5/> }.into_any(),
        Loaded::Failed(error) => {
            view! { <LoadFailed what="The snapshot" error again=snapshot.again/> }.into_any()
        }
        Loaded::Ready(snapshot) => view! { <Shown snapshot/> }.into_any(),
    })
    .into_any()
}

#[component]
fn Shown(snapshot: TrainingSnapshot) -> impl IntoView {
    let dataset = Place::Dataset { dataset: snapshot.dataset_id.clone() };
    let fact = |name: &str, value: String| {
        view! { <div><dt>{name.to_owned()}</dt><dd class="mono">{value}</dd></div> }
    };
    let weights = if snapshot.initial_weights_hash.is_empty() {
        "Chance".to_owned()
    } else {
        snapshot.initial_weights_hash.clone()
    };
    let labels =
        snapshot.labels.iter().map(|label| view! { <li><span class="label">{label.clone()}</span></li> });
    let dataset_id = snapshot.dataset_id.clone();
    view! {
        <section class="card" aria-label="Snapshot">
            <dl class="definition-list">
                <div><dt>"Dataset"</dt><dd><a href=dataset.path()>{snapshot.dataset_name.clone()}</a></dd></div>
                <div><dt>"Frozen"</dt><dd><TimeAgo at_ms=snapshot.created_at_ms/></dd></div>
                {fact("Content", snapshot.content_hash.clone())}
                {fact("Seed", snapshot.seed.to_string())}
                {fact("Weights at the start", weights)}
                {versions_of(&snapshot.versions_json)
                    .into_iter()
                    .map(|(program, version)| fact(&program, version))
                    .collect_view()}
            </dl>
            <h3>"Labels"</h3>
            <ol class="label-list numbered" start="0">{labels.collect_view()}</ol>
        </section>
        {snapshot.subsets.into_iter().map(|subset| {
            let dataset_id = dataset_id.clone();
            view! { <SubsetSection subset dataset_id/> }
        }).collect_view()}
    }
}

/// The versions of the programs that took part, by name.
fn versions_of(json: &str) -> Vec<(String, String)> {
    let versions: BTreeMap<String, String> = serde_json::from_str(json).unwrap_or_default();
    versions.into_iter().map(|(name, version)| (format!("Version of {name}"), version)).collect()
}

#[component]
fn SubsetSection(subset: SubsetSnapshot, dataset_id: String) -> impl IntoView {
    let name = match subset.subset() {
        Subset::Train => "Train",
        Subset::Validation => "Validation",
        Subset::Test | Subset::Unspecified => "Test",
    };
    let mode = ChoiceMode::from_name(&subset.mode);
    let place = Place::DatasetItems { dataset: dataset_id, filter: subset.filter.clone() };
    let most = subset.labels.iter().map(|label| label.annotation_count).max().unwrap_or(1).max(1);
    let without = (subset.unannotated_count > 0)
        .then(|| format!(", {} without annotations", text::count(subset.unannotated_count)));
    view! {
        <section class="card" aria-label=format!("{name} subset")>
            <h2>{format!("{name} subset")}</h2>
            <p>
                {mode.map(|mode| format!("{}: ", mode_label(mode)))}
                <strong>{text::counted(subset.item_count, "item", "items")}</strong>
                {format!(", {}", text::counted(subset.annotation_count, "annotation", "annotations"))}
                {without}
                " "
                <a href=place.path()>"Show the items that the filter finds now"</a>
            </p>
            <ul class="bars" aria-label="Annotations by label">
                {subset.labels.into_iter().map(|label| view! { <Bar label most/> }).collect_view()}
            </ul>
            <FilterText title="Filter of items" text=subset.filter canonical=subset.canonical_filter/>
            <FilterText
                title="Filter of annotations"
                text=subset.annotation_filter
                canonical=subset.canonical_annotation_filter
            />
            <p class="hint mono">{subset.content_hash}</p>
        </section>
    }
}

#[component]
fn Bar(label: LabelCount, most: u64) -> impl IntoView {
    let share = label.annotation_count as f64 / most as f64;
    view! {
        <li>
            <span class="bar-name">{label.label}</span>
            <span class="bar" aria-hidden="true"><span style:width=format!("{:.1}%", share * 100.0)></span></span>
            <span class="bar-count">{text::count(label.annotation_count)}</span>
        </li>
    }
}

#[component]
fn FilterText(title: &'static str, text: String, canonical: String) -> impl IntoView {
    view! {
        <details>
            <summary>{title}</summary>
            <pre class="query"><code>{text::spaced_json(&text)}</code></pre>
            <h3>"Canonical form"</h3>
            <pre class="query"><code>{text::spaced_json(&canonical)}</code></pre>
        </details>
    }
}
