//! The table of trainings with its toolbar and its empties.
//!
//! Must not know how one row is drawn.

use super::batch::BatchBar;
use super::keys::move_by_keys;
use super::query::{Column, Query};
use super::row::TrainingRow;
use super::selection;
use super::toolbar::Toolbar;
use crate::arrange::sort_by;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::pages::models::ModelsTabs;
use crate::routes::{NewModel, Place};
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::services::Services;
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::id::TrainingId;
use shared::training::Training;
use std::collections::BTreeSet;

#[component]
pub fn TrainingPage() -> impl IntoView {
    use_title(|| "Training".into());
    let live = expect_context::<Live>();
    Services::watched();
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let query = memo(move |_| parameters.with(|all| Query::from_parts(|key| all.get(key))));
    let selected = RwSignal::new(parameters.with_untracked(|all| selection::from_part(all.get("sel"))));
    let show = move |query: &Query, selected: &BTreeSet<TrainingId>| {
        let mut parts = query.to_parts();
        parts.extend(selection::to_part(selected));
        let question = if parts.is_empty() { "" } else { "?" };
        navigation.replace(format!("{}{question}{}", Place::Training.path(), parts.join("&")));
    };
    let set_query =
        Callback::new(move |query: Query| selected.with_untracked(|selected| show(&query, selected)));
    let select = Callback::new(move |now: BTreeSet<TrainingId>| {
        show(&query.get_untracked(), &now);
        selected.set(now);
    });
    let total = memo(move |_| with_rows(live, |rows| rows.len()));
    // The stream says again and again that it has caught up; the table is drawn anew only for another stage.
    let stage = memo(move |_| match (total.get(), live.is_loaded.get()) {
        (0, false) => Stage::Loading,
        (0, true) => Stage::Empty,
        _ => Stage::Shown,
    });
    let visible = memo(move |_| visible_rows(live, &query.get()));
    move_by_keys();
    view! {
        <div class="page-head">
            <h1>"Training"</h1>
            <a class="button primary" href=Place::NewModel(NewModel::default()).path()>"Create version…"</a>
        </div>
        <ModelsTabs/>
        {dynamic(move || match stage.get() {
            Stage::Loading => view! { <Skeleton rows=6/> }.into_any(),
            Stage::Empty => view! { <NoTrainings/> }.into_any(),
            Stage::Shown => view! {
                <Toolbar query set_query/>
                <BatchBar selected select/>
                <Show
                    when=move || visible.with(|visible| !visible.is_empty())
                    fallback=move || view! { <NothingMatches query set_query/> }
                >
                    <TrainingTable query set_query visible total selected select/>
                </Show>
            }
            .into_any(),
        })}
    }
}

/// What stands in the place of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Loading,
    Empty,
    Shown,
}

/// The rows that are not removed.
pub(super) fn with_rows<T>(live: Live, look: impl FnOnce(&[Training]) -> T) -> T {
    let rows: Vec<Training> = live.rows.with(|rows| {
        rows.values().map(|row| row.get()).filter(|training| training.removed_at_ms.is_none()).collect()
    });
    look(&rows)
}

fn visible_rows(live: Live, query: &Query) -> Vec<TrainingId> {
    with_rows(live, |rows| {
        let mut shown: Vec<&Training> = rows.iter().filter(|training| query.shows(training)).collect();
        sort_by(&mut shown, |left, right| query.order(left, right));
        shown.into_iter().map(|training| training.id).collect()
    })
}

#[component]
fn TrainingTable(
    query: Memo<Query>,
    set_query: Callback<Query>,
    visible: Memo<Vec<TrainingId>>,
    total: Memo<usize>,
    selected: RwSignal<BTreeSet<TrainingId>>,
    select: Callback<BTreeSet<TrainingId>>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let extras = memo(move |_| query.with(|query| query.extras.clone()));
    let all_selected = memo(move |_| {
        visible.with(|visible| selected.with(|selected| visible.iter().all(|id| selected.contains(id))))
    });
    let select_all = move |_| {
        let mut now = selected.get_untracked();
        let all = all_selected.get_untracked();
        visible.with_untracked(|visible| {
            for id in visible {
                if all {
                    now.remove(id);
                } else {
                    now.insert(*id);
                }
            }
        });
        select.run(now);
    };
    let header = move |column: Column| {
        let sort = move || {
            let query = query.get();
            match (query.column == column, query.descending) {
                (true, true) => "descending",
                (true, false) => "ascending",
                (false, _) => "none",
            }
        };
        view! {
            <th scope="col" aria-sort=sort>
                <button
                    class="sort-button"
                    type="button"
                    on:click=move |_| set_query.run(query.get_untracked().sorted_by(column))
                >
                    {column.label()}
                    {dynamic(move || match sort() {
                        "ascending" => Some(view! { <IconView icon=Icon::ArrowUp/> }),
                        "descending" => Some(view! { <IconView icon=Icon::ArrowDown/> }),
                        _ => None,
                    })}
                </button>
            </th>
        }
    };
    let footer = move || {
        let (shown, all) = (visible.with(Vec::len) as u64, total.get() as u64);
        if shown == all {
            text::counted(all, "training", "trainings")
        } else {
            format!("{} of {}", text::count(shown), text::counted(all, "training", "trainings"))
        }
    };
    view! {
        <div class="table-frame">
            <table class="table training-table">
                <caption class="visually-hidden">"Trainings"</caption>
                <thead>
                    <tr>
                        <td class="check-cell">
                            <input
                                type="checkbox"
                                aria-label="Select all"
                                prop:checked=move || all_selected.get()
                                on:change=select_all
                            />
                        </td>
                        {Column::ALL.map(header).collect_view()}
                        {dynamic(move || extras.get().into_iter().map(|extra| view! {
                            <th scope="col">{extra.label()}</th>
                        }).collect_view())}
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || visible.get() key=|id| *id let:id>
                        {live
                            .rows
                            .with_untracked(|rows| rows.get(&id).cloned())
                            .map(|training| view! { <TrainingRow training extras selected select/> })}
                    </For>
                </tbody>
            </table>
            <div class="table-footer" role="status">{dynamic(footer)}</div>
        </div>
    }
}

#[component]
fn NoTrainings() -> impl IntoView {
    view! {
        <Empty title="No trainings yet">
            <p>"A training teaches one model version to find what is labelled in a dataset. \
                Choose a model version and press Train"</p>
            <div class="form-actions">
                <a class="button primary" href=Place::NewModel(NewModel::default()).path()>"Create version…"</a>
                <a class="button" href=Place::Models.path()>"Choose a model"</a>
            </div>
        </Empty>
    }
}

#[component]
fn NothingMatches(query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let filter = move || {
        let query = query.get();
        let mut parts = Vec::new();
        if !query.search.trim().is_empty() {
            parts.push(format!("“{}”", query.search.trim()));
        }
        if !query.statuses.is_empty() {
            let words: Vec<&str> = query.statuses.iter().map(|status| status.label()).collect();
            parts.push(words.join(" or "));
        }
        if !query.service.is_empty() {
            parts.push(query.service);
        }
        parts.join(" and ")
    };
    let clear = move |_| set_query.run(query.get_untracked().without_filters());
    view! {
        <Empty title="Nothing matches">
            <p>"No training matches " {dynamic(filter)}</p>
            <button class="button" type="button" on:click=clear>"Clear filters"</button>
        </Empty>
    }
}
