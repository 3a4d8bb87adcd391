//! What the training comes to, beside every step: counts, memory, time, and what may not be meant.
//!
//! Must not know where a value is filled in.

use super::facts::{machine_words, time_words};
use super::steps::Step;
use super::wizard::Wizard;
use crate::components::dynamic::dynamic;
use crate::components::icon::{Icon, IconView};
use crate::routes::Place;
use crate::text;
use leptos::prelude::*;
use proto::v1::{SubsetCheck, TrainingCheck};

#[component]
pub fn Summary(wizard: Wizard) -> impl IntoView {
    view! {
        <aside class="card summary" aria-labelledby="summary-title">
            <h2 id="summary-title">"Summary"</h2>
            {dynamic(move || wizard.check_error.get().map(|error| view! {
                <p class="notice" data-look="error" role="alert">
                    <IconView icon=Icon::CrossInOctagon/>
                    <span class="grow">{error.sentence()}</span>
                </p>
            }))}
            {dynamic(move || match wizard.check.get() {
                None => view! { <p class="muted" role="status">"Looking at the data"</p> }.into_any(),
                Some(check) => view! { <Facts wizard check/> }.into_any(),
            })}
            {dynamic(move || (wizard.check.with(Option::is_some) && !wizard.is_checked()).then(|| view! {
                <p class="muted">"Checking what has changed"</p>
            }))}
            <Problems wizard/>
        </aside>
    }
}

#[component]
fn Facts(wizard: Wizard, check: TrainingCheck) -> impl IntoView {
    let fact = |name: &'static str, value: String| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    let time = time_words(check.duration_secs).unwrap_or_else(|| "Not known yet".to_owned());
    let memory = if check.memory_bytes == 0 {
        "Not known yet".to_owned()
    } else {
        format!("{} of {}", text::bytes(check.memory_bytes), text::bytes(check.machine_memory_bytes))
    };
    let labels = text::counted(check.labels.len() as u64, "label", "labels");
    view! {
        <div role="status">
            <dl class="definition-list">
                {fact("Train", subset_words(check.train.as_ref()))}
                {fact("Validation", subset_words(check.validation.as_ref()))}
                {fact("Labels", labels)}
                {fact("Machine", machine_words(check.processor_cores, &check.configuration_json))}
                {fact("Memory", memory)}
                {fact("Time", time)}
            </dl>
        </div>
        <Warnings wizard check/>
    }
}

/// Everything that keeps the training from being started, each with the way to its step.
#[component]
fn Problems(wizard: Wizard) -> impl IntoView {
    let model = wizard.model.with_value(|model| model.id.to_string());
    let problem = move |(field, words): (String, String)| {
        let step = Step::of_field(&field);
        let path = Place::Train { model: model.clone(), step }.path();
        view! {
            <li>
                <IconView icon=Icon::CrossInOctagon/>
                <span>{text::capitalised(&words)}" "<a href=path>{format!("Step {}", step.number())}</a></span>
            </li>
        }
    };
    dynamic(move || {
        let problems = wizard.problems();
        (!problems.is_empty()).then(|| {
            view! {
                <ul class="warning-list problem-list" aria-label="Problems">
                    {problems.into_iter().map(problem.clone()).collect_view()}
                </ul>
            }
        })
    })
}

fn subset_words(subset: Option<&SubsetCheck>) -> String {
    subset.map_or_else(
        || "–".to_owned(),
        |subset| {
            format!(
                "{}, {}",
                text::counted(subset.item_count, "item", "items"),
                text::counted(subset.annotation_count, "annotation", "annotations")
            )
        },
    )
}

#[component]
fn Warnings(wizard: Wizard, check: TrainingCheck) -> impl IntoView {
    let dataset = wizard.dataset_id.get_untracked();
    let warning = move |warning: proto::v1::TrainingWarning| {
        let place = Place::DatasetItems { dataset: dataset.clone(), filter: warning.filter.clone() };
        let link = (!warning.filter.is_empty()).then(|| view! { " "<a href=place.path()>"Show"</a> });
        view! {
            <li>
                <IconView icon=Icon::Warning/>
                <span>{text::capitalised(&warning.message)}{link}</span>
            </li>
        }
    };
    let has_any = !check.warnings.is_empty();
    has_any.then(|| {
        view! {
            <ul class="warning-list" aria-label="Warnings">
                {check.warnings.into_iter().map(warning).collect_view()}
            </ul>
        }
    })
}
