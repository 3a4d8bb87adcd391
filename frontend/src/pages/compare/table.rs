//! The table: a column a training, rows by group.
//!
//! Must not know which rows there are or which of them are shown.

use super::rows::{Cell, Group, Row};
use crate::components::chart::look::Look;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::components::status_chip::StatusChip;
use crate::routes::Place;
use crate::text;
use leptos::prelude::*;
use shared::id::ModelId;
use shared::status::Status;

/// What stands above a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// As it stands in the URL.
    pub id: String,
    pub title: String,
    pub hue: usize,
    pub model: ModelId,
    pub status: Status,
    /// The last attempt, and how many are allowed.
    pub attempts: (u32, u32),
}

#[component]
pub fn CompareTable(
    heads: Memo<Vec<Head>>,
    groups: Memo<Vec<Group>>,
    /// Takes the training with this id out.
    remove: Callback<String>,
) -> impl IntoView {
    let head = move |(place, head): (usize, Head)| {
        let id = head.id.clone();
        view! {
            <th scope="col">
                <div class="compare-head">
                    <span class=Look::of_run(head.hue, 0).swatch()></span>
                    <a href=Place::model(head.model).path()>{head.title.clone()}</a>
                    <button
                        class="icon-button"
                        type="button"
                        aria-label=format!("Take {} out", head.title)
                        title="Take out"
                        on:click=move |_| remove.run(id.clone())
                    >
                        <IconView icon=Icon::Close/>
                    </button>
                </div>
                <div class="compare-head">
                    <StatusChip status=Signal::stored(head.status) attempts=Signal::stored(head.attempts)/>
                    {(place == 0).then(|| view! { <span class="label">"Baseline"</span> })}
                </div>
            </th>
        }
    };
    let titles =
        memo(move |_| groups.with(|groups| groups.iter().map(|group| group.title).collect::<Vec<_>>()));
    view! {
        <div class="table-frame compare-frame" role="region" aria-label="Comparison" tabindex="0">
            <table class="table compare-table">
                <caption class="visually-hidden">"Trainings side by side"</caption>
                <thead>
                    <tr>
                        <td></td>
                        {dynamic(move || heads.get().into_iter().enumerate().map(head).collect_view())}
                    </tr>
                </thead>
                <For each=move || titles.get() key=|title| *title let:title>
                    <GroupRows title heads groups/>
                </For>
            </table>
        </div>
    }
}

/// One group; a row is drawn anew only when something of it changed.
#[component]
fn GroupRows(title: &'static str, heads: Memo<Vec<Head>>, groups: Memo<Vec<Group>>) -> impl IntoView {
    let rows = memo(move |_| {
        groups.with(|groups| {
            let group = groups.iter().find(|group| group.title == title);
            group.map(|group| group.rows.clone()).unwrap_or_default()
        })
    });
    view! {
        <tbody>
            <tr class="compare-group">
                <th scope="rowgroup">{title}</th>
                <td colspan=move || heads.with(Vec::len).to_string()></td>
            </tr>
            <For each=move || rows.get() key=Row::clone let:row>{row_view(row)}</For>
        </tbody>
    }
}

fn row_view(row: Row) -> impl IntoView {
    let differs = row.differs();
    view! {
        <tr data-differs=differs.to_string()>
            <th scope="row">
                {row.label}
                {(!row.key.is_empty()).then(|| view! { <br/><code>{row.key}</code> })}
            </th>
            {row.cells.into_iter().map(cell_view).collect_view()}
        </tr>
    }
}

fn cell_view(cell: Cell) -> impl IntoView {
    let title = (cell.full != cell.words).then_some(cell.full);
    let is_best = cell.is_best;
    view! {
        <td title=title data-best=is_best.then_some("true")>
            <span class="compare-value">{cell.words}</span>
            {is_best.then(|| view! { " " <span class="label">"best"</span> })}
            {cell.difference.map(|difference| view! { " " <span class="compare-difference">{difference}</span> })}
            {(!cell.note.is_empty()).then(|| view! { " " <small class="muted">{cell.note}</small> })}
        </td>
    }
}

/// The words on the switch that shows the rest.
pub fn switch_words(equal: usize) -> String {
    format!("Show what is equal as well ({})", text::count(equal as u64))
}
