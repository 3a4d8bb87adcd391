//! What came of an import: what was added, and every file that was left out with the reason.
//!
//! Must not know how it was imported.

use crate::components::dynamic::effect;
use crate::routes::Place;
use crate::state::focus;
use crate::text;
use leptos::html;
use leptos::prelude::*;
use shared::dataset::{ImportReport, Rejection};

/// More rejections than this are counted instead of named.
const MOST_REJECTIONS: usize = 200;

#[component]
pub fn Report(report: ImportReport, on_close: Callback<()>, again: Callback<()>) -> impl IntoView {
    let place = Place::Dataset { dataset: report.dataset.id.to_string() }.path();
    let facts = [
        ("Items added", report.items_added),
        ("Items that were there already", report.items_unchanged),
        ("Annotations added", report.annotations_added),
        ("Files left out", report.rejections.len() as u64),
    ];
    let heading = NodeRef::<html::H2>::new();
    // The form that had the focus is gone.
    effect(move |_| {
        if let Some(heading) = heading.get() {
            focus::catch_with(heading.into());
        }
    });
    view! {
        <h2 id="import-title" node_ref=heading tabindex="-1">{format!("{} is imported", report.dataset.name)}</h2>
        <div role="status">
            <dl class="definition-list single">
                {facts
                    .into_iter()
                    .map(|(name, count)| view! { <div><dt>{name}</dt><dd>{text::count(count)}</dd></div> })
                    .collect_view()}
            </dl>
        </div>
        {(!report.rejections.is_empty()).then(|| view! { <Rejections list=report.rejections/> })}
        <div class="dialog-actions">
            <button class="button" type="button" on:click=move |_| again.run(())>"Import another…"</button>
            <button class="button" type="button" on:click=move |_| on_close.run(())>"Close"</button>
            <a class="button primary" href=place>"Open dataset"</a>
        </div>
    }
}

#[component]
fn Rejections(list: Vec<Rejection>) -> impl IntoView {
    let surplus = list.len().saturating_sub(MOST_REJECTIONS);
    let rows = list
        .iter()
        .take(MOST_REJECTIONS)
        .map(|rejection| {
            view! {
                <tr><td class="mono">{rejection.file.clone()}</td><td>{rejection.reason.clone()}</td></tr>
            }
        })
        .collect_view();
    let csv = csv_of(&list);
    view! {
        <div class="rejections" tabindex="0" role="region" aria-label="Files left out">
            <table class="table">
                <caption class="visually-hidden">"Files left out"</caption>
                <thead><tr><th scope="col">"File"</th><th scope="col">"Reason"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <p class="muted">
            {(surplus > 0).then(|| format!("and {} more. ", text::count(surplus as u64)))}
            <a href=data_address(&csv) download="left-out.csv">"Download all as CSV"</a>
        </p>
    }
}

/// The list for a spreadsheet (RFC 4180); a cell that a spreadsheet would take for a formula is made a text.
fn csv_of(list: &[Rejection]) -> String {
    let cell = |text: &str| {
        let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    let rows =
        list.iter().map(|rejection| format!("{},{}\r\n", cell(&rejection.file), cell(&rejection.reason)));
    std::iter::once("file,reason\r\n".to_owned()).chain(rows).collect()
}

fn data_address(csv: &str) -> String {
    format!("data:text/csv;charset=utf-8,{}", crate::routes::encoded(csv))
}
