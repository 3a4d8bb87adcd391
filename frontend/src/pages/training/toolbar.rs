//! Search and status filter of the Training tab.
//!
//! Must not know the table.

use super::csv;
use super::list::List;
use super::query::{Extra, Query};
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::IconView;
use crate::components::search_field::SearchField;
use crate::components::status_chip::look;
use crate::state::clock::Clock;
use crate::state::saving::offer;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use shared::status::Status;
use std::collections::BTreeSet;

#[component]
pub fn Toolbar(list: List, query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let search = Callback::new(move |search| {
        set_query.run(Query { search, ..query.get_untracked() });
    });
    view! {
        <div class="toolbar" role="search" aria-label="Trainings">
            <SearchField
                words="Search name or ID"
                value=Signal::derive(move || query.get().search)
                on_input=search
            />
            <ServiceFilter list query set_query/>
            <ColumnChoice query set_query/>
            <SaveButton list query/>
            <StatusFilter list query set_query/>
        </div>
    }
}

/// Chips for all eight statuses with counts of what the search finds; several may be pressed.
#[component]
fn StatusFilter(list: List, query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let counts = memo(move |_| list.counts());
    let chip = move |(index, status): (usize, Status)| {
        let count = move || text::count(counts.with(|counts| counts.get(index).copied().unwrap_or(0)) as u64);
        view! {
            <button
                class="filter-chip"
                type="button"
                aria-pressed=move || query.with(|query| query.statuses.contains(&status)).to_string()
                on:click=move |_| set_query.run(query.get_untracked().toggled(status))
            >
                <IconView icon=look(status).0/>
                {status.label()}
                " "
                <span class="count">{dynamic(count)}</span>
            </button>
        }
    };
    view! {
        <div class="filter-chips" role="group" aria-label="Status">
            {Status::ALL.into_iter().enumerate().map(chip).collect_view()}
        </div>
    }
}

/// The services that have trainings; with one alone there is nothing to choose.
#[component]
fn ServiceFilter(list: List, query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let chosen = memo(move |_| query.with(|query| query.service.clone()));
    let names = memo(move |_| {
        let mut names = list.services();
        names.extend(Some(chosen.get()).filter(|chosen| !chosen.is_empty()));
        names
    });
    let option = move |name: String| {
        let this = name.clone();
        view! { <option value=name.clone() prop:selected=move || chosen.get() == this>{name.clone()}</option> }
    };
    let choose = move |event| {
        set_query.run(Query { service: event_target_value(&event), ..query.get_untracked() });
    };
    view! {
        <Show when=move || { names.with(BTreeSet::len) > 1 || !chosen.with(String::is_empty) }>
            <select class="select narrow" aria-label="Service" on:change=choose>
                <option value="" prop:selected=move || chosen.with(String::is_empty)>"All services"</option>
                {dynamic(move || names.get().into_iter().map(option).collect_view())}
            </select>
        </Show>
    }
}

/// The columns that can be added.
#[component]
fn ColumnChoice(query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let details = NodeRef::<leptos::html::Details>::new();
    let close = move |event: web_sys::KeyboardEvent| {
        let open = details.get_untracked().filter(|details| event.key() == "Escape" && details.open());
        if let Some(details) = open {
            event.prevent_default();
            details.set_open(false);
        }
    };
    let choice = move |extra: Extra| {
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || query.with(|query| query.extras.contains(&extra))
                    on:change=move |_| set_query.run(query.get_untracked().with_column(extra))
                />
                {extra.label()}
            </label>
        }
    };
    view! {
        <details node_ref=details class="column-choice" on:keydown=close>
            <summary class="button">"Columns"</summary>
            <div class="menu" role="group" aria-label="Columns">{Extra::ALL.map(choice).collect_view()}</div>
        </details>
    }
}

/// Saves what is shown, all of it and in its order, as a table for spreadsheets.
#[component]
fn SaveButton(list: List, query: Memo<Query>) -> impl IntoView {
    let (clock, toasts) = (expect_context::<Clock>(), expect_context::<Toasts>());
    let save = move |_| {
        let now_ms = clock.now_ms_untracked();
        let saved = query.with_untracked(|query| {
            let mut table = csv::head(&query.extras);
            list.peek(|roll| {
                for row in roll.ids().filter_map(|id| list.row(id)) {
                    table += &row.with_untracked(|row| csv::line(row, &query.extras, now_ms));
                }
            });
            offer("trainings.csv", &table, "text/csv")
        });
        if saved.is_err() {
            toasts.problem("This browser could not save the table");
        }
    };
    view! {
        <button class="button" type="button" title="Save the trainings that are shown as CSV" on:click=save>
            "Save CSV"
        </button>
    }
}
