//! The confusion matrix at the sliders; a cell leads to its pictures.
//!
//! Must not know boxes.

use super::address::{Cell, PredictionsAddress};
use super::evaluated::Shown;
use super::rates::{cell_words, confusions, label_of};
use crate::components::dynamic::{dynamic, memo};
use crate::text;
use leptos::prelude::*;

/// With more classes the whole matrix could not be read: what is confused most is listed instead.
const MOST_CLASSES: usize = 24;
const MOST_CONFUSIONS: usize = 30;

#[component]
pub fn Matrix(
    shown: Shown,
    address: Memo<PredictionsAddress>,
    go: Callback<PredictionsAddress>,
) -> impl IntoView {
    let cell = memo(move |_| address.with(|address| address.cell));
    let choose = Callback::new(move |chosen: Cell| {
        let to = Some(chosen).filter(|chosen| cell.get_untracked() != Some(*chosen));
        go.run(address.get_untracked().with_cell(to));
    });
    let background = shown.snapshot.with_untracked(|snapshot| snapshot.matrix.background());
    view! {
        <section class="card" aria-labelledby="confusion">
            <h2 id="confusion">"Confusion matrix"</h2>
            <p class="muted">"Rows are what is there, columns what was predicted. A cell shows its pictures below"</p>
            {if background <= MOST_CLASSES {
                view! { <Whole shown background cell choose/> }.into_any()
            } else {
                view! { <MostConfused shown cell choose/> }.into_any()
            }}
        </section>
    }
}

#[component]
fn Whole(shown: Shown, background: usize, cell: Memo<Option<Cell>>, choose: Callback<Cell>) -> impl IntoView {
    let label = move |class: usize| shown.labels.with_value(|labels| label_of(labels, class));
    // The most in a row, off the background's own cell: the shade of a cell is its share of its row.
    let body = move |actual: usize| {
        let total = memo(move |_| {
            shown.snapshot.with(|snapshot| {
                (0..=background).map(|predicted| snapshot.matrix.count(actual, predicted)).sum::<u64>()
            })
        });
        let one = move |predicted: usize| {
            let this = Cell { actual, predicted };
            let count =
                memo(move |_| shown.snapshot.with(|snapshot| snapshot.matrix.count(actual, predicted)));
            if actual == background && predicted == background {
                return view! { <td class="none"><span class="visually-hidden">"Not counted"</span></td> }
                    .into_any();
            }
            let share = move || {
                let total = total.get();
                if total == 0 { 0.0 } else { count.get() as f64 / total as f64 }
            };
            let words = move || {
                let words = shown.labels.with_value(|labels| cell_words(labels, this));
                format!("{words}: {}", count.get())
            };
            view! {
                <td class:right=actual == predicted style:--share=move || format!("{:.3}", share())>
                    <button
                        type="button"
                        aria-label=words
                        title=words
                        aria-pressed=move || (cell.get() == Some(this)).to_string()
                        on:click=move |_| choose.run(this)
                    >
                        {dynamic(move || text::count(count.get()))}
                    </button>
                </td>
            }
            .into_any()
        };
        view! {
            <tr>
                <th scope="row" title=label(actual)>{label(actual)}</th>
                {(0..=background).map(one).collect_view()}
            </tr>
        }
    };
    view! {
        <div class="table-frame matrix-frame" role="region" aria-label="Confusion matrix" tabindex="0">
            <table class="matrix">
                <caption class="visually-hidden">"Confusion matrix: rows are what is there, columns what was predicted"</caption>
                <thead>
                    <tr>
                        <td></td>
                        {(0..=background)
                            .map(|class| view! { <th scope="col" title=label(class)><span>{label(class)}</span></th> })
                            .collect_view()}
                    </tr>
                </thead>
                <tbody>{(0..=background).map(body).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn MostConfused(shown: Shown, cell: Memo<Option<Cell>>, choose: Callback<Cell>) -> impl IntoView {
    let found = memo(move |_| shown.snapshot.with(|snapshot| confusions(&snapshot.matrix, MOST_CONFUSIONS)));
    let entry = move |(this, count): (Cell, u64)| {
        let words = shown.labels.with_value(|labels| cell_words(labels, this));
        view! {
            <li>
                <button
                    class="filter-chip"
                    type="button"
                    aria-pressed=move || (cell.get() == Some(this)).to_string()
                    on:click=move |_| choose.run(this)
                >
                    {words} " " <span class="count">{text::count(count)}</span>
                </button>
            </li>
        }
    };
    view! { <ol class="confusions">{dynamic(move || found.get().into_iter().map(entry).collect_view())}</ol> }
}
