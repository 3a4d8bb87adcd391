//! The table of trainings: a header, and of its rows only those that are in view.
//!
//! Must not know which trainings are shown, nor how one row is drawn.

use super::keys::on_press;
use super::list::List;
use super::query::{Column, Extra, Query};
use super::row::TrainingRow;
use super::table_view::{HEADER, TableView};
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::text;
use leptos::prelude::*;
use shared::id::TrainingId;
use std::collections::BTreeSet;
use wasm_bindgen::JsCast;

#[component]
pub fn TrainingTable(
    list: List,
    query: Memo<Query>,
    set_query: Callback<Query>,
    selected: RwSignal<BTreeSet<TrainingId>>,
    select: Callback<BTreeSet<TrainingId>>,
) -> impl IntoView {
    let view = TableView::new(list, query, selected, select);
    let scroll = view.scroll;
    let extras = memo(move |_| query.with(|query| query.extras.clone()));
    on_press(move |press| view.press(press));
    // The focus that goes elsewhere is left there; one that is lost without a new place was not given away.
    let gone = window_event_listener(leptos::ev::focusin, move |event| {
        view.take_focus(event.target().and_then(|target| target.dyn_into().ok()));
    });
    let pressed = window_event_listener(leptos::ev::mousedown, move |_| view.leave());
    on_cleanup(move || {
        gone.remove();
        pressed.remove();
    });
    view! {
        <div class="table-frame training-frame">
            <div node_ref=scroll.view class="training-view" on:scroll=move |_| scroll.on_scroll()>
                <div
                    class="row-space"
                    style:height=move || format!("{}px", list.order(|roll| roll.heights().space()) + HEADER)
                    style:min-width=move || format!("{}rem", WIDTH + EXTRA_WIDTH * extras.with(Vec::len))
                >
                    <table
                        class="table training-table virtual"
                        aria-rowcount=move || (list.order(|roll| roll.shown()) + 1).to_string()
                        style:top=move || format!("{}px", view.window.get().offset)
                    >
                        <caption class="visually-hidden">"Trainings"</caption>
                        <Head view extras query set_query/>
                        <tbody>
                            <For
                                each=move || view.placed.get().into_iter().map(|(_, id)| id)
                                key=|id| *id
                                let:id
                            >
                                {list.row(id).map(|training| view! { <TrainingRow training extras view/> })}
                            </For>
                        </tbody>
                    </table>
                </div>
            </div>
            <Footer view/>
        </div>
    }
}

/// Of the usual columns, and of each that is added, in rem.
const WIDTH: usize = 70;
const EXTRA_WIDTH: usize = 11;

#[component]
fn Head(
    view: TableView,
    extras: Memo<Vec<Extra>>,
    query: Memo<Query>,
    set_query: Callback<Query>,
) -> impl IntoView {
    let (list, selected) = (view.list, view.selected);
    let all_selected = memo(move |_| {
        selected.with(|selected| {
            list.order(|roll| {
                roll.shown() > 0
                    && selected.len() >= roll.shown()
                    && roll.ids().all(|id| selected.contains(&id))
            })
        })
    });
    let select_all = move |_| {
        let mut now = selected.get_untracked();
        let all = all_selected.get_untracked();
        list.peek(|roll| {
            for id in roll.ids() {
                if all {
                    now.remove(&id);
                } else {
                    now.insert(id);
                }
            }
        });
        view.select.run(now);
    };
    let header = move |column: Column| view! { <SortHeader column query set_query/> };
    view! {
        <thead>
            <tr aria-rowindex="1">
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
                    <th scope="col" class="extra-cell">{extra.label()}</th>
                }).collect_view())}
                <td class="menu-cell"></td>
            </tr>
        </thead>
    }
}

#[component]
fn SortHeader(column: Column, query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let sort = memo(move |_| {
        query.with(|query| match (query.column == column, query.descending) {
            (true, true) => "descending",
            (true, false) => "ascending",
            (false, _) => "none",
        })
    });
    view! {
        <th scope="col" class=column.cell_class() aria-sort=move || sort.get()>
            <button
                class="sort-button"
                type="button"
                on:click=move |_| set_query.run(query.get_untracked().sorted_by(column))
            >
                {column.label()}
                {dynamic(move || match sort.get() {
                    "ascending" => Some(view! { <IconView icon=Icon::ArrowUp/> }),
                    "descending" => Some(view! { <IconView icon=Icon::ArrowDown/> }),
                    _ => None,
                })}
            </button>
        </th>
    }
}

/// Which rows are seen, of how many. What a filter leaves is announced elsewhere, and what is scrolled past is not.
#[component]
fn Footer(view: TableView) -> impl IntoView {
    let list = view.list;
    let words = memo(move |_| {
        let (first, last) = view.visible();
        let shown = list.order(|roll| roll.shown()) as u64;
        let all = list.total() as u64;
        let range = format!(
            "{}–{} of {}",
            text::count(first as u64 + 1),
            text::count((last as u64 + 1).min(shown)),
            text::counted(shown, "training", "trainings")
        );
        if shown == all { range } else { format!("{range}, {} in all", text::count(all)) }
    });
    view! { <div class="table-footer">{dynamic(move || words.get())}</div> }
}
