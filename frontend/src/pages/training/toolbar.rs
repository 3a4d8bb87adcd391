//! Search and status filter of the Training tab.
//!
//! Must not know the table.

use super::page::with_rows;
use super::query::{Extra, Query};
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::IconView;
use crate::components::search_field::SearchField;
use crate::components::status_chip::look;
use crate::state::live::Live;
use leptos::prelude::*;
use shared::status::Status;
use shared::training::Training;
use std::collections::BTreeSet;

#[component]
pub fn Toolbar(query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
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
            <StatusFilter query set_query/>
            <ServiceFilter query set_query/>
            <ColumnChoice query set_query/>
        </div>
    }
}

/// Chips for all eight statuses with counts of what the search finds; several may be pressed.
#[component]
fn StatusFilter(query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let live = expect_context::<Live>();
    let counts = memo(move |_| {
        let query = query.get();
        with_rows(live, |rows| {
            let found: Vec<&Training> = rows.iter().filter(|training| query.finds(training)).collect();
            Status::ALL.map(|status| found.iter().filter(|training| training.status == status).count())
        })
    });
    let chip = move |(index, status): (usize, Status)| {
        let count = move || counts.with(|counts| counts.get(index).copied().unwrap_or(0));
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
fn ServiceFilter(query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let live = expect_context::<Live>();
    let chosen = memo(move |_| query.with(|query| query.service.clone()));
    let names = memo(move |_| {
        let mut names = BTreeSet::new();
        with_rows(live, |rows| names.extend(rows.iter().map(|training| training.service_name.clone())));
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
