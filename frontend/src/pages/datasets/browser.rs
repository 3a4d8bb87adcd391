//! The browser of one dataset: folders and facets, filter, items, and the panel of one item.
//!
//! Must not know how any of these works.

use super::address::ItemsView;
use super::batch::Toolbar;
use super::elsewhere::ChangedElsewhere;
use super::facets::Facets;
use super::filter::DatasetFilter;
use super::folders::Folders;
use super::grid::ItemGrid;
use super::import::{DropTarget, ImportDialog, Importing};
use super::keys::listen_to_keys;
use super::list::task_label;
use super::panel::ItemPanel;
use super::state::Browser;
use super::table::ItemTable;
use crate::api::{self, ApiError, ErrorKind};
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::pages::not_found::{NoSuch, NotLoaded, Thing};
use crate::routes::Place;
use crate::state::resource::{Fetched, Loaded, fetched};
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use shared::dataset::Dataset;
use shared::dql::Query;

#[component]
pub fn DatasetPage() -> impl IntoView {
    let parameters = use_params_map();
    let id = memo(move |_| parameters.with(|all| all.get("id").unwrap_or_default()));
    dynamic(move || {
        let id = id.get();
        view! { <DatasetBrowser id/> }
    })
}

/// What stands on the page; a change of the dataset's counts draws nothing anew.
#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Loading,
    Failed(ApiError),
    Ready,
}

#[component]
fn DatasetBrowser(id: String) -> impl IntoView {
    let asked = id.clone();
    let dataset: Fetched<Dataset> = fetched(move || api::datasets::get(asked.clone()));
    let stage = memo(move |_| {
        dataset.state.with(|state| match state {
            Loaded::Loading => Stage::Loading,
            Loaded::Failed(error) => Stage::Failed(error.clone()),
            Loaded::Ready(_) => Stage::Ready,
        })
    });
    let name = memo(move |_| {
        dataset.state.with(|state| {
            if let Loaded::Ready(dataset) = state { dataset.name.clone() } else { "Dataset".into() }
        })
    });
    use_title(move || name.get());
    let id = StoredValue::new(id);
    dynamic(move || match stage.get() {
        Stage::Loading => view! { <Skeleton rows=8/> }.into_any(),
        Stage::Failed(error) if error.kind == ErrorKind::NotFound => {
            view! { <NoSuch thing=Thing::Dataset/> }.into_any()
        }
        Stage::Failed(error) => {
            view! { <NotLoaded thing=Thing::Dataset error again=dataset.again/> }.into_any()
        }
        Stage::Ready => {
            provide_context(Browser::new(id.get_value(), dataset));
            view! { <Parts name/> }.into_any()
        }
    })
}

#[component]
fn Parts(name: Memo<String>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    listen_to_keys(browser);
    let shows_sides = RwSignal::new(false);
    let importing = expect_context::<Importing>();
    let adds = RwSignal::new(false);
    provide_context(AddItems(Callback::new(move |()| {
        importing.into_dataset(name.get_untracked());
        adds.set(true);
    })));
    let add = expect_context::<AddItems>().0;
    let on_files = Callback::new(move |files| {
        add.run(());
        importing.take(files);
    });
    effect(move |seen: Option<u32>| {
        let done = importing.done_count.get();
        if seen.is_some_and(|seen| seen != done) {
            browser.reload();
        }
        done
    });
    let facts = move || {
        browser.dataset.state.with(|state| match state {
            Loaded::Ready(dataset) => {
                let [train, validation, test] = dataset.subset_counts.map(text::count);
                format!(
                    "{} · {} · {} · {train} train, {validation} validation, {test} test",
                    task_label(dataset.task),
                    text::counted(dataset.item_count, "item", "items"),
                    text::counted(dataset.annotation_count, "annotation", "annotations"),
                )
            }
            Loaded::Loading | Loaded::Failed(_) => String::new(),
        })
    };
    view! {
        <DropTarget on_files words=Signal::derive(move || format!("Drop images to add them to {}", name.get()))>
        <div class="dataset-browser">
            <div class="dataset-head">
                <nav aria-label="Breadcrumb"><a href=Place::Datasets.path()>"Datasets"</a> " / "</nav>
                <h1>{name}</h1>
                <span class="muted">{dynamic(facts)}</span>
                <a href=move || Place::Recipes { dataset: name.get() }.path()>"Recipes"</a>
                <button class="button small" type="button" on:click=move |_| add.run(())>"Add items…"</button>
            </div>
            <ChangedElsewhere/>
            <DatasetFilter/>
            <div class="dataset-body" data-panel=move || browser.open_item().map(|_| "open")>
                <button
                    class="button sides-button"
                    type="button"
                    aria-expanded=move || shows_sides.get().to_string()
                    aria-controls="dataset-sides"
                    on:click=move |_| shows_sides.update(|shows| *shows = !*shows)
                >
                    "Folders and facets"
                </button>
                <div class="dataset-sides" id="dataset-sides" data-open=move || shows_sides.get().then_some("")>
                    <Folders/>
                    <Facets/>
                </div>
                <section
                    class="dataset-items"
                    aria-label="Items"
                    aria-busy=move || browser.items.is_turning.get().then_some("true")
                >
                    <Toolbar/>
                    <Items/>
                </section>
                <Show when=move || browser.open_item().is_some()><ItemPanel/></Show>
            </div>
        </div>
        </DropTarget>
        <ImportDialog open=adds on_close=Callback::new(move |()| adds.set(false))/>
    }
}

/// Opens the dialog that adds items to this dataset.
#[derive(Clone, Copy)]
struct AddItems(Callback<()>);

/// What is there in place of the items.
#[derive(Debug, Clone, PartialEq)]
enum ItemsStage {
    Loading,
    Failed(ApiError),
    Unreadable(String),
    NoItems,
    NothingMatches,
    Shown(ItemsView),
}

#[component]
fn Items() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let add = expect_context::<AddItems>().0;
    let stage = memo(move |_| {
        if let Some(problem) = browser.reading.with(|reading| match &reading.query {
            Some(_) => None,
            None => Some(reading.marks.first().map(|mark| mark.message.clone()).unwrap_or_default()),
        }) {
            return ItemsStage::Unreadable(problem);
        }
        let total = browser.items.total.get();
        let is_everything = browser.address.with(|address| address.dql.is_empty());
        match total {
            Loaded::Loading => ItemsStage::Loading,
            Loaded::Failed(error) => ItemsStage::Failed(error),
            // That nothing matched was said of the filter before.
            Loaded::Ready(0) if browser.items.is_turning.get() => ItemsStage::Loading,
            Loaded::Ready(0) if is_everything => ItemsStage::NoItems,
            Loaded::Ready(0) => ItemsStage::NothingMatches,
            Loaded::Ready(_) => ItemsStage::Shown(browser.view()),
        }
    });
    let again = Callback::new(move |()| browser.items.refresh());
    let clear = move |_| browser.apply(&Query::default());
    view! {
        {dynamic(move || browser.items.failure.get().map(|error| view! { <LoadFailed what="Some items" error again/> }))}
        {dynamic(move || match stage.get() {
            ItemsStage::Loading => view! { <Skeleton rows=6/> }.into_any(),
            ItemsStage::Failed(error) => view! { <LoadFailed what="The items" error again/> }.into_any(),
            ItemsStage::Unreadable(problem) => view! {
                <Empty title="The filter cannot be read">
                    <p>{problem}</p>
                    <button class="button" type="button" on:click=clear>"Clear filter"</button>
                </Empty>
            }
            .into_any(),
            ItemsStage::NoItems => view! {
                <Empty title="No items yet">
                    <p>"Drop images, a folder or an archive here"</p>
                    <button class="button primary" type="button" on:click=move |_| add.run(())>"Add items…"</button>
                </Empty>
            }
            .into_any(),
            ItemsStage::NothingMatches => view! {
                <Empty title="Nothing matches">
                    <p>"No item matches " <code>{browser.address.with(|address| address.dql.clone())}</code></p>
                    <button class="button" type="button" on:click=clear>"Clear filter"</button>
                </Empty>
            }
            .into_any(),
            ItemsStage::Shown(ItemsView::Grid) => view! { <ItemGrid/> }.into_any(),
            ItemsStage::Shown(ItemsView::Table) => view! { <ItemTable/> }.into_any(),
        })}
    }
}
