//! The filter of a dataset: the bar with its sources, saved filters, and the way into training.
//!
//! Must not know how a filter is written.

use super::saved::SavedFilters;
use super::state::Browser;
use crate::api::{self, ApiError};
use crate::arrange::sort_by_key;
use crate::components::filter::draft::query_of;
use crate::components::filter::{Answer, Choice, Complete, FilterBar, FilterSource, Found};
use crate::components::menu::{MenuButton, MenuEntry};
use crate::routes::{Place, thumbnail};
use crate::state::resource::Loaded;
use futures::FutureExt;
use leptos::prelude::*;
use proto::v1::SavedFilter;
use shared::dataset::{Dataset, Subset};
use std::sync::Arc;

/// The field that speaks of annotations: its values are the labels, which are here already.
const LABEL: &str = "label";
/// Of what a filter would find, so much is shown while it is written.
const MOST_PICTURES: u32 = 12;
const MOST_LABELS: usize = 4;

#[component]
pub fn DatasetFilter() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let applied = Signal::derive(move || browser.address.with(|address| address.dql.clone()));
    let found = Signal::derive(move || browser.items.found());
    let on_apply = Callback::new(move |query| browser.apply(&query));
    let on_use = Callback::new(move |filter: SavedFilter| {
        if let Some(query) = query_of(&filter.query).query {
            browser.apply(&query);
        }
    });
    let entries = Callback::new(move |()| {
        let entry = move |subset: Subset, label: &'static str| {
            MenuEntry::new(label, move || {
                let dql = untrack(|| browser.address.with(|address| address.dql.clone()));
                let dataset = untrack(|| dataset_id(browser));
                browser.navigation.go(&Place::TrainOn { dataset, subset, dql });
            })
        };
        vec![
            entry(Subset::Train, "Use as train subset"),
            entry(Subset::Validation, "Use as validation subset"),
        ]
    });
    view! {
        <FilterBar applied found source=source(browser) on_apply>
            <SavedFilters in_force=applied on_use on_change=Callback::new(|_| {})/>
            <MenuButton label="Train with this filter" text="Train with this filter" entries/>
        </FilterBar>
    }
}

fn dataset_id(browser: Browser) -> String {
    browser.dataset.state.with(|state| match state {
        Loaded::Ready(dataset) => dataset.id.to_string(),
        Loaded::Loading | Loaded::Failed(_) => browser.id(),
    })
}

fn source(browser: Browser) -> FilterSource {
    let id = browser.id();
    let count = Arc::new(move |query: shared::dql::Query| -> Answer<Found> {
        found_by(id.clone(), query).boxed_local()
    });
    let complete = completion(move || match browser.dataset.state.get_untracked() {
        Loaded::Ready(dataset) => Some(dataset),
        Loaded::Loading | Loaded::Failed(_) => None,
    });
    FilterSource { count, complete }
}

/// Completes from what the items of a dataset hold.
pub fn completion(dataset: impl Fn() -> Option<Dataset> + Send + Sync + 'static) -> Complete {
    Arc::new(move |field: String, prefix: String| -> Answer<Vec<Choice>> {
        match dataset() {
            None => std::future::ready(Ok(Vec::new())).boxed_local(),
            Some(dataset) if field == LABEL => std::future::ready(Ok(labels(&dataset))).boxed_local(),
            Some(dataset) => completions(dataset.id.to_string(), field, prefix).boxed_local(),
        }
    })
}

async fn found_by(dataset: String, query: shared::dql::Query) -> Result<Found, ApiError> {
    let answer = api::filters::preview_with_items(dataset, query.to_string(), MOST_PICTURES).await?;
    let pictures = answer.items.into_iter().map(|item| (item.name, thumbnail(&item.content_hash))).collect();
    let mut labels: Vec<(String, u64)> =
        answer.labels.into_iter().map(|count| (count.label, count.item_count)).collect();
    sort_by_key(&mut labels, |(_, count)| std::cmp::Reverse(*count));
    labels.truncate(MOST_LABELS);
    Ok(Found { count: answer.total_count, pictures, labels })
}

fn labels(dataset: &Dataset) -> Vec<Choice> {
    let choice = |label: &shared::dataset::Label| Choice {
        text: serde_json::Value::String(label.name.clone()).to_string(),
        detail: "label".into(),
    };
    dataset.labels.iter().map(choice).collect()
}

async fn completions(dataset: String, field: String, prefix: String) -> Result<Vec<Choice>, ApiError> {
    let asks_for_fields = field.is_empty();
    let found = api::filters::complete(dataset, field, prefix).await?;
    let mut choices: Vec<Choice> =
        found.into_iter().map(|found| Choice { text: found.text, detail: found.detail }).collect();
    if asks_for_fields && choices.iter().all(|choice| choice.text != LABEL) {
        choices.insert(0, Choice { text: LABEL.into(), detail: "of an annotation".into() });
    }
    Ok(choices)
}
