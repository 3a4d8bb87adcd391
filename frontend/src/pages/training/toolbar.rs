//! Search and status filter of the Training tab.
//!
//! Must not know the table.

use super::page::with_rows;
use super::query::Query;
use crate::components::icon::IconView;
use crate::components::search_field::SearchField;
use crate::components::status_chip::look;
use crate::state::live::Live;
use leptos::prelude::*;
use shared::status::Status;
use shared::training::Training;

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
        </div>
    }
}

/// Chips for all eight statuses with counts of what the search finds; several may be pressed.
#[component]
fn StatusFilter(query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let live = expect_context::<Live>();
    let counts = Memo::new(move |_| {
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
                <span class="count">{count}</span>
            </button>
        }
    };
    view! {
        <div class="filter-chips" role="group" aria-label="Status">
            {Status::ALL.into_iter().enumerate().map(chip).collect_view()}
        </div>
    }
}
