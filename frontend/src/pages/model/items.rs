//! The items that a training froze, page by page.
//!
//! Must not know how they were chosen.

use super::address::Address;
use super::chosen::use_address;
use crate::api;
use crate::components::box_path::in_words;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::image_boxes::ImageBoxes;
use crate::routes::{ModelTab, thumbnail};
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::prelude::*;
use shared::dataset::{Item, Label, Subset, full_name};

/// Items of a page.
const PAGE: u32 = 50;

pub const fn subset_label(subset: Subset) -> &'static str {
    match subset {
        Subset::Train => "Train",
        Subset::Validation => "Validation",
        Subset::Test => "Test",
    }
}

/// The items of one subset at a time; which, and which page of them, stands in the URL.
#[component]
pub fn FrozenItems(
    model: String,
    training: String,
    dataset: String,
    /// Each with its number of items.
    subsets: Vec<(Subset, u64)>,
) -> impl IntoView {
    let address = use_address();
    let navigation = expect_context::<Navigation>();
    let wanted = memo(move |_| address.with(|address| (address.subset, address.page)));
    let page = fetched(move || {
        let (subset, page) = wanted.get();
        api::trainings::snapshot_items(training.clone(), subset, (page - 1) * u64::from(PAGE), PAGE)
    });
    // Boxes have the colours of their labels; until those are known, they are left out.
    let dataset = fetched(move || api::datasets::get(dataset.clone()));
    let labels = Signal::derive(move || match dataset.state.get() {
        Loaded::Ready(dataset) => dataset.labels,
        Loaded::Loading | Loaded::Failed(_) => Vec::new(),
    });
    let go = Callback::new(move |(subset, page): (Subset, u64)| {
        let to = Address { subset, page, ..address.get_untracked() };
        navigation.go_to(to.to_url(&model, ModelTab::Data));
    });
    let counts = subsets.clone();
    // From the first and the last item of the page to all there are.
    let range = memo(move |_| {
        let (subset, page) = wanted.get();
        let total = counts.iter().find(|(each, _)| *each == subset).map_or(0, |(_, count)| *count);
        let first = ((page - 1) * u64::from(PAGE)).min(total);
        (first, (first + u64::from(PAGE)).min(total), total)
    });
    let choice = move |(subset, count): (Subset, u64)| {
        view! {
            <button
                class="filter-chip"
                type="button"
                aria-pressed=move || (wanted.get().0 == subset).to_string()
                on:click=move |_| go.run((subset, 1))
            >
                {subset_label(subset)} " " <span class="count">{text::count(count)}</span>
            </button>
        }
    };
    view! {
        <section class="card stack" aria-labelledby="frozen-items">
            <div class="card-head">
                <h2 id="frozen-items">"Items"</h2>
                <div class="filter-chips" role="group" aria-label="Subset of the items">
                    {subsets.into_iter().map(choice).collect_view()}
                </div>
            </div>
            {dynamic(move || match page.state.get() {
                Loaded::Loading => view! { <Skeleton rows=5/> }.into_any(),
                Loaded::Failed(error) => {
                    view! { <LoadFailed what="The items" error again=page.again/> }.into_any()
                }
                Loaded::Ready(items) => view! { <ItemTable items labels/> }.into_any(),
            })}
            <Pages wanted range go/>
        </section>
    }
}

/// Leads from page to page; at an end it says why it leads no further.
#[component]
fn Pages(
    wanted: Memo<(Subset, u64)>,
    range: Memo<(u64, u64, u64)>,
    go: Callback<(Subset, u64)>,
) -> impl IntoView {
    let previous = memo(move |_| (wanted.get().1 <= 1).then_some("This is the first page"));
    let next = memo(move |_| {
        let (_, last, total) = range.get();
        (last >= total).then_some("This is the last page")
    });
    let turn = move |words: &'static str, reason: Memo<Option<&'static str>>, to: fn(u64, u64) -> u64| {
        let press = move |_| {
            if reason.get_untracked().is_none() {
                let ((subset, page), (.., total)) = (wanted.get_untracked(), range.get_untracked());
                go.run((subset, to(page, total.div_ceil(PAGE.into()))));
            }
        };
        view! {
            <button
                class="button small"
                type="button"
                aria-disabled=move || reason.get().map(|_| "true")
                title=move || reason.get()
                on:click=press
            >
                {words}
            </button>
        }
    };
    let words = move || {
        let (first, last, total) = range.get();
        if first == last {
            return "Nothing on this page".to_owned();
        }
        format!("{}–{} of {}", text::count(first + 1), text::count(last), text::count(total))
    };
    view! {
        <nav class="button-row" aria-label="Pages of items">
            // From beyond the end it leads to the last page that there is.
            {turn("Previous", previous, |page, pages| (page - 1).min(pages).max(1))}
            {turn("Next", next, |page, _| page + 1)}
            <span class="muted" role="status">{dynamic(words)}</span>
        </nav>
    }
}

#[component]
fn ItemTable(items: Vec<Item>, labels: Signal<Vec<Label>>) -> impl IntoView {
    let row = move |item: Item| {
        let words = in_words(&item.annotations);
        view! {
            <tr>
                <td class="image-cell">
                    <ImageBoxes
                        address=thumbnail(&item.content_hash)
                        alternative=String::new()
                        size=(item.width, item.height)
                        annotations=item.annotations.clone()
                        labels
                    />
                </td>
                <th scope="row">{full_name(&item.dir, &item.name)}</th>
                <td class="number">{format!("{} × {}", item.width, item.height)}</td>
                <td class="clipped" title=words.clone()>{words.clone()}</td>
            </tr>
        }
    };
    let has_any = !items.is_empty();
    has_any.then(|| {
        view! {
            <div class="table-frame item-list" role="region" aria-label="Frozen items" tabindex="0">
                <table class="table">
                    <caption class="visually-hidden">"Frozen items"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Image"</th>
                            <th scope="col">"Name"</th>
                            <th scope="col" class="number">"Size"</th>
                            <th scope="col">"Annotations"</th>
                        </tr>
                    </thead>
                    <tbody>{items.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        }
    })
}
