//! The figures of each class at the sliders.
//!
//! Must not know how they are counted.

use super::evaluated::Shown;
use super::rates::{Row, csv, rows};
use super::view::rate;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::state::saving::offer;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;

#[component]
pub fn Classes(shown: Shown) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let all = memo(move |_| {
        shown.snapshot.with(|snapshot| {
            shown.main.report.with(|report| shown.labels.with_value(|labels| rows(labels, snapshot, report)))
        })
    });
    let save = move |_| {
        let confidence = shown.confidence.get_untracked();
        let text = shown
            .main
            .report
            .with_untracked(|report| all.with_untracked(|rows| csv(rows, confidence, report)));
        if offer("classes.csv", &text, "text/csv").is_err() {
            toasts.problem("This browser could not save the table");
        }
    };
    let count = shown.snapshot.with_untracked(|snapshot| snapshot.per_class.len());
    // One row an element: a moving slider changes texts alone.
    let row = move |place: usize| {
        let cell = move |value: fn(&Row) -> String| {
            view! { <td class="number">{dynamic(move || all.with(|rows| rows.get(place).map(value)))}</td> }
        };
        let label = all.with_untracked(|rows| rows.get(place).map(|row| row.label.clone()));
        view! {
            <tr>
                <th scope="row">{label}</th>
                {cell(|row| text::count(row.counts.true_positives + row.counts.false_negatives))}
                {cell(|row| text::count(row.counts.true_positives))}
                {cell(|row| text::count(row.counts.false_positives))}
                {cell(|row| text::count(row.counts.false_negatives))}
                {cell(|row| rate(row.counts.precision()))}
                {cell(|row| rate(row.counts.recall()))}
                {cell(|row| rate(row.counts.f1()))}
                {cell(|row| rate(row.average_precision))}
            </tr>
        }
    };
    view! {
        <section class="card" aria-labelledby="per-class">
            <div class="card-head">
                <h2 id="per-class">"Classes"</h2>
                <button class="button small" type="button" on:click=save>
                    <IconView icon=Icon::Download/>
                    "Save as CSV"
                </button>
            </div>
            <div class="table-frame" role="region" aria-label="Figures of each class" tabindex="0">
                <table class="table">
                    <caption class="visually-hidden">"Figures of each class at the sliders"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Class"</th>
                            <th scope="col" class="number">"Objects"</th>
                            <th scope="col" class="number">"Right"</th>
                            <th scope="col" class="number">"Wrong"</th>
                            <th scope="col" class="number">"Missed"</th>
                            <th scope="col" class="number">"Precision"</th>
                            <th scope="col" class="number">"Recall"</th>
                            <th scope="col" class="number">"F1"</th>
                            <th scope="col" class="number">"AP"</th>
                        </tr>
                    </thead>
                    <tbody>{(0..count).map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}
