//! The table of trainings with its toolbar and its empties.
//!
//! Must not know how one row is drawn.

use super::query::{Column, Query};
use super::row::TrainingRow;
use super::toolbar::Toolbar;
use crate::components::empty::{Empty, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::pages::models::ModelsTabs;
use crate::routes::{NewModel, Place};
use crate::state::layers::is_covered;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::preferences::Preferences;
use crate::state::services::Services;
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::id::TrainingId;
use shared::training::Training;
use wasm_bindgen::JsCast;

#[component]
pub fn TrainingPage() -> impl IntoView {
    use_title(|| "Training".into());
    let live = expect_context::<Live>();
    Services::watched();
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let query = Memo::new(move |_| {
        parameters.with(|all| {
            Query::from_parts(all.get("q"), all.get("status").as_deref(), all.get("sort").as_deref())
        })
    });
    let set_query = Callback::new(move |query: Query| {
        navigation.replace(format!("{}{}", Place::Training.path(), query.to_url()));
    });
    let total = Memo::new(move |_| with_rows(live, |rows| rows.len()));
    // The stream says again and again that it has caught up; the table is drawn anew only for another stage.
    let stage = Memo::new(move |_| match (total.get(), live.is_loaded.get()) {
        (0, false) => Stage::Loading,
        (0, true) => Stage::Empty,
        _ => Stage::Shown,
    });
    let visible = Memo::new(move |_| visible_rows(live, &query.get()));
    move_by_keys();
    view! {
        <div class="page-head">
            <h1>"Training"</h1>
            <a class="button primary" href=Place::NewModel(NewModel::default()).path()>"Create version…"</a>
        </div>
        <ModelsTabs/>
        {move || match stage.get() {
            Stage::Loading => view! { <Skeleton rows=6/> }.into_any(),
            Stage::Empty => view! { <NoTrainings/> }.into_any(),
            Stage::Shown => view! {
                <Toolbar query set_query/>
                <Show
                    when=move || visible.with(|visible| !visible.is_empty())
                    fallback=move || view! { <NothingMatches query set_query/> }
                >
                    <TrainingTable query set_query visible total/>
                </Show>
            }
            .into_any(),
        }}
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
        shown.sort_by(|left, right| query.order(left, right));
        shown.into_iter().map(|training| training.id).collect()
    })
}

#[component]
fn TrainingTable(
    query: Memo<Query>,
    set_query: Callback<Query>,
    visible: Memo<Vec<TrainingId>>,
    total: Memo<usize>,
) -> impl IntoView {
    let live = expect_context::<Live>();
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
                    {move || match sort() {
                        "ascending" => Some(view! { <IconView icon=Icon::ArrowUp/> }),
                        "descending" => Some(view! { <IconView icon=Icon::ArrowDown/> }),
                        _ => None,
                    }}
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
                        {Column::ALL.map(header).collect_view()}
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || visible.get() key=|id| *id let:id>
                        {live
                            .rows
                            .with_untracked(|rows| rows.get(&id).cloned())
                            .map(|training| view! { <TrainingRow training/> })}
                    </For>
                </tbody>
            </table>
            <div class="table-footer" role="status">{footer}</div>
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
        parts.join(" and ")
    };
    let clear = move |_| {
        let query = query.get_untracked();
        set_query.run(Query { column: query.column, descending: query.descending, ..Query::default() });
    };
    view! {
        <Empty title="Nothing matches">
            <p>"No training matches " {filter}</p>
            <button class="button" type="button" on:click=clear>"Clear filters"</button>
        </Empty>
    }
}

/// `j` and `k` go through the rows, `.` opens the menu of the row that has the focus.
pub fn move_by_keys() {
    let preferences = expect_context::<Preferences>();
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        if has_modifier || !preferences.single_keys.get_untracked() || is_covered() || is_in_field(&event) {
            return;
        }
        match event.key().as_str() {
            "j" => step_row(1),
            "k" => step_row(-1),
            "." => open_row_menu(),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || listener.remove());
}

/// Whether a person is typing, so that letters are letters.
pub fn is_in_field(event: &web_sys::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

fn table_rows() -> Vec<web_sys::Element> {
    let Ok(list) = document().query_selector_all("tr[data-row]") else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.get(index)?.dyn_into().ok()).collect()
}

fn focused_row(rows: &[web_sys::Element]) -> Option<usize> {
    let active = document().active_element()?;
    rows.iter().position(|row| row.contains(Some(&active)))
}

fn focus_in(row: &web_sys::Element, selector: &str) -> Option<web_sys::HtmlElement> {
    let element = row.query_selector(selector).ok()??.dyn_into::<web_sys::HtmlElement>().ok()?;
    let _ = element.focus();
    Some(element)
}

fn step_row(step: isize) {
    let rows = table_rows();
    let last = rows.len().saturating_sub(1);
    let next = focused_row(&rows).map_or(0, |here| here.saturating_add_signed(step).min(last));
    if let Some(row) = rows.get(next) {
        focus_in(row, "a");
    }
}

fn open_row_menu() {
    let rows = table_rows();
    if let Some(row) = focused_row(&rows).and_then(|here| rows.get(here))
        && let Some(button) = focus_in(row, "button[aria-haspopup=menu]")
    {
        button.click();
    }
}
