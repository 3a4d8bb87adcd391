//! The page: what is compared stands in the URL; the table, and the charts below it.
//!
//! Must not know which rows there are.

use super::address::{Address, MOST_TRAININGS};
use super::charts::{ChartChoice, CompareCharts, Named};
use super::columns::Column;
use super::comparison::{Comparison, Fetching};
use super::figures::figure_names;
use super::table::{CompareTable, Head};
use super::toolbar::{TableToolbar, TrainingPicker};
use crate::api::ErrorKind;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, Skeleton};
use crate::state::navigation::Navigation;
use crate::state::title::use_title;
use crate::text;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn ComparePage() -> impl IntoView {
    use_title(|| "Compare trainings".into());
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let address = memo(move |_| parameters.with(|all| Address::from_parts(|key| all.get(key))));
    let change = Callback::new(move |to: Address| navigation.replace(to.to_url()));
    let page = Comparison::new(address, change);
    // Of private architectures the names of settings arrive with this.
    let _ = crate::state::architectures::all();
    let range = RwSignal::new(None);
    let is_open = RwSignal::new(false);
    let add = NodeRef::<html::Button>::new();
    let ids = memo(move |_| address.with(|address| address.ids.clone()));
    let is_empty = memo(move |_| ids.with(Vec::is_empty));
    // Shown once all are there, and from then on whatever is added.
    let is_settled = memo(move |was: Option<&bool>| {
        let has_all = page.columns.with(|columns| {
            ids.with(|ids| {
                ids.iter().all(|id| columns.iter().any(|(known, column)| known == id && column.is_settled()))
            })
        });
        has_all || (was == Some(&true) && page.facts.with(|facts| !facts.is_empty()))
    });
    let remove = Callback::new(move |id: String| {
        change.run(address.get_untracked().without_id(&id));
        // What had the focus is gone.
        if let Some(add) = add.get_untracked() {
            let _ = add.focus();
        }
    });
    view! {
        <div class="page-head">
            <h1>"Compare trainings"</h1>
            <button node_ref=add class="button" type="button" aria-haspopup="dialog" on:click=move |_| is_open.set(true)>
                "Add trainings…"
            </button>
        </div>
        <For each=move || ids.get() key=|id| id.clone() let:id>
            <Fetching page id range/>
        </For>
        <Problems page remove/>
        // What is shown stays as columns come and go.
        {dynamic(move || match (is_empty.get(), is_settled.get()) {
            (true, _) => view! { <NoTrainings is_open/> }.into_any(),
            (false, true) => view! { <Found page remove range/> }.into_any(),
            (false, false) => view! { <Skeleton rows=8/> }.into_any(),
        })}
        <TrainingPicker page is_open/>
    }
}

#[component]
fn NoTrainings(is_open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Empty title="Nothing to compare yet">
            <p>
                "Two to eight trainings stand side by side here: what came out, and in which settings, data and programs \
                they differ"
            </p>
            <button class="button primary" type="button" on:click=move |_| is_open.set(true)>"Choose trainings…"</button>
        </Empty>
    }
}

/// What of the URL cannot be shown.
#[component]
fn Problems(page: Comparison, remove: Callback<String>) -> impl IntoView {
    let problems = memo(move |_| {
        page.columns.with(|columns| {
            let problem = |(id, column): &(String, Column)| {
                let error = column.problem()?;
                let is_unknown = error.kind == ErrorKind::NotFound;
                let words = if is_unknown {
                    format!("No training has the id {}", text::shortened(id, 48))
                } else {
                    format!("A training could not be loaded: {}", error.sentence())
                };
                Some((id.clone(), is_unknown, words))
            };
            columns.iter().filter_map(problem).collect::<Vec<_>>()
        })
    });
    let left_out = memo(move |_| page.address.with(|address| address.left_out as u64));
    let notice = move |(id, is_unknown, words): (String, bool, String)| {
        let again = id.clone();
        let retry = move |_| {
            page.columns.with_untracked(|columns| {
                if let Some((_, column)) = columns.iter().find(|(known, _)| *known == again) {
                    column.again.run(());
                }
            });
        };
        view! {
            <div class="notice" data-look="error" role="alert">
                <div class="grow"><strong>{words}</strong></div>
                {(!is_unknown).then(|| view! { <button class="button" type="button" on:click=retry>"Retry"</button> })}
                <button class="button" type="button" on:click=move |_| remove.run(id.clone())>"Take it out"</button>
            </div>
        }
    };
    view! {
        {dynamic(move || problems.get().into_iter().map(notice).collect_view())}
        {dynamic(move || (left_out.get() > 0).then(|| view! {
            <p class="notice" data-look="waiting" role="status">
                {format!(
                    "No more than {MOST_TRAININGS} trainings are compared at once: {} left out",
                    text::counted(left_out.get(), "is", "are")
                )}
            </p>
        }))}
    }
}

#[component]
fn Found(page: Comparison, remove: Callback<String>, range: RwSignal<Option<(f64, f64)>>) -> impl IntoView {
    let count = memo(move |_| page.heads.with(Vec::len));
    let differs = memo(move |_| page.shown.with(|shown| !shown.is_empty()));
    let names = memo(move |_| page.facts.with(|all| figure_names(all)));
    let runs = memo(move |_| {
        page.columns.with(|columns| {
            let named = |head: Head| {
                let (_, column) = columns.iter().find(|(id, _)| *id == head.id)?;
                Some(Named { run: column.run, title: head.title, hue: head.hue })
            };
            page.heads.get().into_iter().filter_map(named).collect::<Vec<_>>()
        })
    });
    let choice = ChartChoice {
        names,
        wanted: memo(move |_| page.address.with(|address| address.charts.clone())),
        choose: Callback::new(move |charts| {
            page.change.run(Address { charts: Some(charts), ..page.address.get_untracked() });
        }),
        settings: Signal::derive(move || page.address.with(|address| address.settings.clone())),
        change: Callback::new(move |settings| {
            page.change.run(Address { settings, ..page.address.get_untracked() });
        }),
    };
    view! {
        <Show when=move || count.get() == 1>
            <p class="notice" data-look="waiting" role="status">
                "One training alone: all of it is shown. Add another one to see in what they differ"
            </p>
        </Show>
        <Show when=move || { count.get() > 0 }>
            <TableToolbar page/>
            <Show when=move || differs.get() fallback=|| view! { <p role="status">"They differ in nothing"</p> }>
                <CompareTable heads=page.heads groups=page.shown remove/>
            </Show>
            <Show when=move || names.with(|names| !names.is_empty())>
                <CompareCharts runs choice range/>
            </Show>
        </Show>
    }
}
