//! What a training learnt from, frozen when it started.
//!
//! Must not know how it is frozen.

use super::chosen::{Chosen, of_training};
use super::items::{FrozenItems, subset_label};
use super::leaks::LeakCheck;
use crate::components::empty::Empty;
use crate::components::time::TimeAgo;
use crate::pages::train::mode_label;
use crate::routes::{ModelTab, Place};
use crate::text;
use leptos::prelude::*;
use proto::v1::{LabelCount, SubsetSnapshot, TrainingSnapshot};
use shared::dataset::Subset;
use shared::id::ModelId;
use shared::model::ChoiceMode;
use std::collections::BTreeMap;

#[component]
pub fn DataTab(model: ModelId, is_trained: bool) -> impl IntoView {
    if !is_trained {
        return view! {
            <Empty title="Nothing is frozen yet">
                <p>"When a training starts, the items and annotations that it learns from are frozen and shown here"</p>
            </Empty>
        }
        .into_any();
    }
    let show = move |chosen: Chosen| view! { <Shown model snapshot=chosen.snapshot/> }.into_any();
    of_training(model, ModelTab::Data, show).into_any()
}

#[component]
fn Shown(model: ModelId, snapshot: TrainingSnapshot) -> impl IntoView {
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
    let counts = snapshot.subsets.iter().map(|subset| (subset_of(subset), subset.item_count)).collect();
    let section = |subset: SubsetSnapshot| {
        let (dataset_id, labels) = (dataset_id.clone(), snapshot.labels.clone());
        view! { <SubsetSection subset labels dataset_id/> }
    };
    view! {
        <section class="card stack" aria-label="Snapshot">
            <dl class="definition-list">
                <div><dt>"Dataset"</dt><dd><a href=dataset.path()>{snapshot.dataset_name.clone()}</a></dd></div>
                <div><dt>"Frozen"</dt><dd><TimeAgo at_ms=snapshot.created_at_ms/></dd></div>
                {fact("Content", snapshot.content_hash.clone())}
                {fact("Seed", snapshot.seed.to_string())}
                {(!snapshot.device.is_empty()).then(|| fact("Device", snapshot.device.clone()))}
                {fact("Weights at the start", weights)}
                {versions_of(&snapshot.versions_json)
                    .into_iter()
                    .map(|(program, version)| fact(&format!("Version of {program}"), version))
                    .collect_view()}
            </dl>
            <h3>"Labels"</h3>
            <ol class="label-list numbered" start="0">{labels.collect_view()}</ol>
        </section>
        <LeakCheck count=snapshot.leaked_count first=snapshot.leaked.clone() dataset=dataset_id.clone()/>
        {snapshot.subsets.iter().cloned().map(section).collect_view()}
        <FrozenItems
            model=model.to_string()
            training=snapshot.training_id.clone()
            dataset=dataset_id.clone()
            subsets=counts
        />
    }
}

/// The versions of the programs that took part, by name.
pub fn versions_of(json: &str) -> Vec<(String, String)> {
    let versions: BTreeMap<String, String> = serde_json::from_str(json).unwrap_or_default();
    versions.into_iter().collect()
}

pub fn subset_of(snapshot: &SubsetSnapshot) -> Subset {
    match snapshot.subset() {
        proto::v1::Subset::Train => Subset::Train,
        proto::v1::Subset::Validation => Subset::Validation,
        proto::v1::Subset::Test | proto::v1::Subset::Unspecified => Subset::Test,
    }
}

#[component]
fn SubsetSection(subset: SubsetSnapshot, labels: Vec<String>, dataset_id: String) -> impl IntoView {
    let name = subset_label(subset_of(&subset));
    let mode = ChoiceMode::from_name(&subset.mode);
    let place = Place::DatasetItems { dataset: dataset_id, filter: subset.filter.clone() };
    let without = (subset.unannotated_count > 0)
        .then(|| format!(", {} without annotations", text::count(subset.unannotated_count)));
    view! {
        <section class="card stack" aria-label=format!("{name} subset")>
            <h2>{format!("{name} subset")}</h2>
            <p>
                {mode.map(|mode| format!("{}: ", mode_label(mode)))}
                <strong>{text::counted(subset.item_count, "item", "items")}</strong>
                {format!(", {}", text::counted(subset.annotation_count, "annotation", "annotations"))}
                {without}
                " "
                <a href=place.path()>"Show the items that the filter finds now"</a>
            </p>
            <Balance labels counts=subset.labels/>
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

/// How often each label occurs; one that does not occur is what is looked for here, so it is listed too.
#[component]
fn Balance(labels: Vec<String>, counts: Vec<LabelCount>) -> impl IntoView {
    let most = counts.iter().map(|label| label.annotation_count).max().unwrap_or(1).max(1);
    let row = move |label: String| {
        let found = counts.iter().find(|count| count.label == label);
        let (annotations, items) = found.map_or((0, 0), |count| (count.annotation_count, count.item_count));
        let width = format!("{:.1}%", annotations as f64 / most as f64 * 100.0);
        view! {
            <tr>
                <th scope="row" title=label.clone()>{label.clone()}</th>
                <td class="bar-cell"><span class="bar" aria-hidden="true"><span style:width=width></span></span></td>
                <td class="number">{text::count(annotations)}</td>
                <td class="number">{text::count(items)}</td>
            </tr>
        }
    };
    view! {
        <table class="bar-table">
            <caption class="visually-hidden">"Annotations by label"</caption>
            <thead>
                <tr>
                    <th scope="col">"Label"</th>
                    <td></td>
                    <th scope="col" class="number">"Annotations"</th>
                    <th scope="col" class="number">"Items"</th>
                </tr>
            </thead>
            <tbody>{labels.into_iter().map(row).collect_view()}</tbody>
        </table>
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
