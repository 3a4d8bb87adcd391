//! Step 1: the dataset, the labels and the two subsets.
//!
//! Must not know how the training is started.

use super::choice::SubsetCard;
use super::wizard::Wizard;
use crate::api;
use crate::components::combo_field::{ComboField, ComboOption};
use crate::components::dynamic::{dynamic, memo};
use crate::components::field::SelectField;
use crate::routes::Place;
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::prelude::*;
use shared::dataset::Dataset;
use std::collections::{BTreeMap, BTreeSet};

#[component]
pub fn DataStep(wizard: Wizard) -> impl IntoView {
    let saved = fetched(api::filters::list);
    let option = |dataset: &Dataset| ComboOption {
        value: dataset.id.to_string(),
        label: dataset.name.clone(),
        detail: dataset_counts(dataset),
    };
    let options = wizard.datasets.with_value(|datasets| datasets.iter().map(option).collect::<Vec<_>>());
    let dataset_problem = Signal::derive(move || wizard.problem_of("dataset"));
    view! {
        <section class="card" aria-labelledby="step-dataset">
            <h2 id="step-dataset">"Dataset"</h2>
            <ComboField
                id="dataset"
                label="Dataset"
                hint="The model learns from its train subset and is measured on its validation subset"
                options=Signal::stored(options)
                value=wizard.dataset_id
                problem=dataset_problem
            />
            {dynamic(move || wizard.dataset().map(|dataset| {
                let path = Place::Dataset { dataset: dataset.id.to_string() }.path();
                view! {
                    <p class="hint">
                        {format!("{}. ", dataset_counts(&dataset))}
                        <a href=path>{format!("Look at the items of {}", dataset.name)}</a>
                    </p>
                }
            }))}
        </section>
        <LabelsCard wizard/>
        <SubsetCard wizard choice=wizard.train saved/>
        <SubsetCard wizard choice=wizard.validation saved/>
    }
}

/// Every dataset with what its tags hold.
pub fn dataset_options(datasets: &[Dataset]) -> Vec<(String, String)> {
    let words = |dataset: &Dataset| format!("{} ({})", dataset.name, dataset_counts(dataset));
    datasets.iter().map(|dataset| (dataset.id.to_string(), words(dataset))).collect()
}

fn dataset_counts(dataset: &Dataset) -> String {
    let [train, validation, _] = dataset.subset_counts;
    let items = text::counted(dataset.item_count, "item", "items");
    format!("{items}, {} train, {} validation", text::count(train), text::count(validation))
}

/// Which labels are learnt, and how they fit those of the data.
#[component]
fn LabelsCard(wizard: Wizard) -> impl IntoView {
    let problem = Signal::derive(move || wizard.problem_of("labels"));
    let options = Signal::derive(move || {
        let own = wizard.model.with_value(|model| model.labels.len()) as u64;
        let mut options =
            vec![(String::new(), format!("Predefined ({})", text::counted(own, "label", "labels")))];
        if let Loaded::Ready(recipes) = wizard.recipes.state.get() {
            options.extend(recipes.into_iter().map(|recipe| {
                let count = text::counted(recipe.labels.len() as u64, "label", "labels");
                (recipe.id, format!("Recipe {} ({count})", recipe.title))
            }));
        }
        options
    });
    view! {
        <section class="card" aria-labelledby="step-labels">
            <h2 id="step-labels">"Labels"</h2>
            <SelectField
                id="labels"
                label="Labels"
                hint="Predefined are those that the version was made with; a recipe brings those of the dataset"
                options
                value=wizard.recipe_id
                problem
            />
            <details>
                <summary>"View labels"</summary>
                <ol class="label-list numbered" start="0">
                    {dynamic(move || wizard.labels().into_iter().map(|label| {
                        view! { <li><span class="label">{label}</span></li> }
                    }).collect_view())}
                </ol>
            </details>
            <Mismatch wizard/>
        </section>
    }
}

/// Labels that only the data or only the model has.
#[component]
fn Mismatch(wizard: Wizard) -> impl IntoView {
    let differences = memo(move |_| {
        let labels = wizard.labels();
        wizard.check.with(|check| {
            let subsets = check.iter().flat_map(|check| [&check.train, &check.validation]).flatten();
            let (mut known, mut extra) = (BTreeSet::new(), BTreeMap::<String, u64>::new());
            for subset in subsets {
                known.extend(subset.labels.iter().map(|count| count.label.clone()));
                for count in &subset.unknown_labels {
                    *extra.entry(count.label.clone()).or_default() += count.annotation_count;
                }
            }
            if known.is_empty() && extra.is_empty() {
                return (Vec::new(), Vec::new());
            }
            let extra = extra.into_iter().map(|(label, count)| format!("{label} ({})", text::count(count)));
            let missing = labels.into_iter().filter(|label| !known.contains(label)).collect::<Vec<_>>();
            (extra.collect::<Vec<_>>(), missing)
        })
    });
    dynamic(move || {
        let (extra, missing) = differences.get();
        let row = |title: &'static str, list: Vec<String>, meaning: &'static str| {
            (!list.is_empty()).then(|| {
                view! { <tr><th scope="row">{title}</th><td>{list.join(", ")}</td><td>{meaning}</td></tr> }
            })
        };
        (!extra.is_empty() || !missing.is_empty()).then(|| view! {
            <table class="table compact">
                <caption>"Labels that do not fit"</caption>
                <thead><tr><th scope="col">"Where"</th><th scope="col">"Labels"</th><th scope="col">"Effect"</th></tr></thead>
                <tbody>
                    {row("Only in the data", extra, "Their annotations are left out")}
                    {row("Only in the model", missing, "Nothing is learnt of them")}
                </tbody>
            </table>
        })
    })
}
