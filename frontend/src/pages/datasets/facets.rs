//! Subsets, labels, annotated or not, and sizes: each with its count, and a click narrows the filter to it.
//!
//! Must not know how the filter is run.

use super::edits::{
    SizeRange, SubsetChoice, annotated_of, has_own_join, labels_of, size_of, subset_of, with_annotated,
    with_label_toggled, with_labels, with_size, with_subset,
};
use super::state::Browser;
use crate::api::{self, ApiError};
use crate::arrange::map_of;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::LoadFailed;
use crate::components::image_boxes::colour_of;
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::prelude::*;
use proto::v1::PreviewFilterResponse;
use shared::dataset::{Label, Subset};
use shared::dql::Query;
use std::collections::BTreeMap;

/// More labels than this are shown when asked for.
const MOST_LABELS: usize = 12;
/// Of more items, sizes are not counted: the server would first have to read the details of all.
const MOST_SIZED: u64 = 100_000;

/// What each facet would find, beside the conditions of the others.
#[derive(Debug, Clone, PartialEq, Default)]
struct Counts {
    /// In the order of [`SubsetChoice::ALL`].
    subsets: [u64; 4],
    annotated: u64,
    unannotated: u64,
    labels: BTreeMap<String, u64>,
}

/// Each facet is counted without its own condition, so that the other choices can be seen.
async fn counts(dataset: String, query: Query) -> Result<Counts, ApiError> {
    let whole = api::filters::preview(dataset.clone(), &query).await?;
    let without = async |has_condition: bool, wider: Query| -> Result<PreviewFilterResponse, ApiError> {
        if has_condition { api::filters::preview(dataset.clone(), &wider).await } else { Ok(whole.clone()) }
    };
    let by_subset = without(subset_of(&query).is_some(), with_subset(&query, None)).await?;
    let by_annotated = without(annotated_of(&query).is_some(), with_annotated(&query, None)).await?;
    let by_label = without(!labels_of(&query).is_empty(), with_labels(&query, &[])).await?;
    let tagged = [by_subset.train_count, by_subset.validation_count, by_subset.test_count];
    let [train, validation, test] = tagged;
    Ok(Counts {
        subsets: [train, validation, test, by_subset.total_count.saturating_sub(tagged.iter().sum())],
        annotated: by_annotated.total_count.saturating_sub(by_annotated.unannotated_count),
        unannotated: by_annotated.unannotated_count,
        labels: map_of(by_label.labels.into_iter().map(|count| (count.label, count.item_count))),
    })
}

/// How many items of each range of sizes the filter finds without its own condition on the size.
async fn size_counts(dataset: String, query: Query) -> Result<[u64; 4], ApiError> {
    let mut found = [0; 4];
    for (count, range) in found.iter_mut().zip(SizeRange::ALL) {
        let narrowed = with_size(&query, Some(range));
        *count = api::filters::preview(dataset.clone(), &narrowed).await?.total_count;
    }
    Ok(found)
}

#[component]
pub fn Facets() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let query = memo(move |_| Query { sort: Vec::new(), ..browser.query() });
    let counted = fetched(move || {
        browser.revision.track();
        counts(browser.id(), query.get())
    });
    let counts = memo(move |_| match counted.state.get() {
        Loaded::Ready(counts) => Some(counts),
        Loaded::Loading | Loaded::Failed(_) => None,
    });
    let failure = move || {
        counted.state.with(|state| if let Loaded::Failed(error) = state { Some(error.clone()) } else { None })
    };
    view! {
        {dynamic(move || failure().map(|error| view! { <LoadFailed what="The counts" error again=counted.again/> }))}
        <SubsetFacet counts query/>
        <LabelFacet counts query/>
        <AnnotatedFacet counts query/>
        <SizeFacet query/>
    }
}

/// One choice of a facet; pressed, it is part of the filter.
#[component]
fn FacetButton(
    #[prop(into)] label: String,
    #[prop(into)] count: Signal<Option<u64>>,
    #[prop(into)] pressed: Signal<bool>,
    /// Of a label.
    #[prop(optional)]
    colour: Option<String>,
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <li>
            <button class="facet" type="button" aria-pressed=move || pressed.get().to_string() on:click=move |_| on_press.run(())>
                {colour.map(|colour| view! { <span class="label-dot" style:background=colour></span> })}
                <span class="facet-name">{label}</span>
                " "
                <span class="count">{dynamic(move || count.get().map(text::count))}</span>
            </button>
        </li>
    }
}

#[component]
fn SubsetFacet(counts: Memo<Option<Counts>>, query: Memo<Query>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let button = move |(index, choice): (usize, SubsetChoice)| {
        let pressed = Signal::derive(move || query.with(subset_of) == Some(choice));
        let count = Signal::derive(move || {
            counts.with(|counts| counts.as_ref().and_then(|counts| counts.subsets.get(index).copied()))
        });
        let press = Callback::new(move |()| {
            let next = (!pressed.get_untracked()).then_some(choice);
            browser.apply(&with_subset(&browser.query_untracked(), next));
        });
        view! { <FacetButton label=choice.label() count pressed on_press=press/> }
    };
    view! {
        <section class="side" aria-labelledby="subsets-title">
            <h2 id="subsets-title">"Subset"</h2>
            <ul class="facets">{SubsetChoice::ALL.into_iter().enumerate().map(button).collect_view()}</ul>
        </section>
    }
}

#[component]
fn LabelFacet(counts: Memo<Option<Counts>>, query: Memo<Query>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let shows_all = RwSignal::new(false);
    let labels = memo(move |_| {
        browser.dataset.state.with(|state| match state {
            Loaded::Ready(dataset) => dataset.labels.clone(),
            Loaded::Loading | Loaded::Failed(_) => Vec::new(),
        })
    });
    let shown = move || {
        let most = if shows_all.get() { usize::MAX } else { MOST_LABELS };
        let is_pressed = |label: &Label| query.with(|query| labels_of(query).contains(&label.name));
        labels
            .get()
            .into_iter()
            .enumerate()
            .filter(|(index, label)| *index < most || is_pressed(label))
            .map(|(_, label)| label)
            .collect::<Vec<_>>()
    };
    let button = move |label: Label| {
        let colour = colour_of(std::slice::from_ref(&label), &label.name);
        let name = StoredValue::new(label.name.clone());
        let pressed = Signal::derive(move || {
            query.with(|query| name.with_value(|name| labels_of(query).contains(name)))
        });
        let count = Signal::derive(move || {
            let of = |counts: &Counts| name.with_value(|name| counts.labels.get(name).copied().unwrap_or(0));
            counts.with(|counts| counts.as_ref().map(of))
        });
        let press = Callback::new(move |()| {
            let query = browser.query_untracked();
            if has_own_join(&query) {
                let why =
                    "The filter joins annotations in a way of its own. Edit it as text to ask for labels";
                return browser.toasts.problem(why);
            }
            browser.apply(&name.with_value(|name| with_label_toggled(&query, name)));
        });
        view! { <FacetButton label=label.name count pressed colour=colour.unwrap_or_default() on_press=press/> }
    };
    let surplus = move || labels.with(Vec::len).saturating_sub(MOST_LABELS);
    view! {
        <section class="side" aria-labelledby="labels-title">
            <h2 id="labels-title">"Labels"</h2>
            <ul class="facets">
                <For each=shown key=|label| label.name.clone() children=button/>
            </ul>
            <Show when=move || labels.with(Vec::is_empty)><p class="muted">"No labels yet"</p></Show>
            <Show when=move || surplus() != 0>
                <button class="link-button" type="button" on:click=move |_| shows_all.update(|all| *all = !*all)>
                    {dynamic(move || if shows_all.get() { "Show fewer".to_owned() } else { format!("Show {} more", surplus()) })}
                </button>
            </Show>
        </section>
    }
}

#[component]
fn AnnotatedFacet(counts: Memo<Option<Counts>>, query: Memo<Query>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let button = move |(annotated, label): (bool, &'static str)| {
        let pressed = Signal::derive(move || query.with(annotated_of) == Some(annotated));
        let count = Signal::derive(move || {
            let of = |counts: &Counts| if annotated { counts.annotated } else { counts.unannotated };
            counts.with(|counts| counts.as_ref().map(of))
        });
        let press = Callback::new(move |()| {
            let next = (!pressed.get_untracked()).then_some(annotated);
            browser.apply(&with_annotated(&browser.query_untracked(), next));
        });
        view! { <FacetButton label count pressed on_press=press/> }
    };
    view! {
        <section class="side" aria-labelledby="annotated-title">
            <h2 id="annotated-title">"Annotations"</h2>
            <ul class="facets">
                {[(true, "Annotated"), (false, "Not annotated")].map(button).collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn SizeFacet(query: Memo<Query>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let is_counted = memo(move |_| {
        browser.dataset.state.with(
            |state| matches!(state, Loaded::Ready(dataset) if (1..=MOST_SIZED).contains(&dataset.item_count)),
        )
    });
    let counted = fetched(move || {
        browser.revision.track();
        let (id, query, is_counted) = (browser.id(), query.get(), is_counted.get());
        async move { if is_counted { size_counts(id, query).await.map(Some) } else { Ok(None) } }
    });
    let button = move |(index, range): (usize, SizeRange)| {
        let pressed = Signal::derive(move || query.with(size_of) == Some(range));
        // What could not be counted is not told twice: the other facets say why.
        let count = Signal::derive(move || {
            counted.state.with(|state| match state {
                Loaded::Ready(counts) => counts.and_then(|counts| counts.get(index).copied()),
                Loaded::Loading | Loaded::Failed(_) => None,
            })
        });
        let press = Callback::new(move |()| {
            let next = (!pressed.get_untracked()).then_some(range);
            browser.apply(&with_size(&browser.query_untracked(), next));
        });
        view! { <FacetButton label=range.label() count pressed on_press=press/> }
    };
    view! {
        <section class="side" aria-labelledby="sizes-title">
            <h2 id="sizes-title">"File size"</h2>
            <ul class="facets">{SizeRange::ALL.into_iter().enumerate().map(button).collect_view()}</ul>
        </section>
    }
}

/// The words for a subset, wherever an item's is shown.
pub fn subset_words(subset: Option<Subset>) -> &'static str {
    subset.map_or(SubsetChoice::None, SubsetChoice::In).label()
}
