//! The values of a chart as a table.
//!
//! Must not know how the chart is drawn.

use super::lines::{Line, positions, under};
use super::scope::Scope;
use crate::components::dynamic::dynamic;
use crate::text;
use leptos::prelude::*;

/// More rows than these are for the CSV file.
const MOST_ROWS: usize = 1_000;

/// One row a position, newest first, and one column a line.
#[component]
pub fn ChartTable(name: String, lines: Signal<Vec<Line>>, scope: Scope) -> impl IntoView {
    let head = move || {
        let column = |line: &Line| view! { <th scope="col" class="number">{line.legend.clone()}</th> };
        lines.with(|lines| lines.iter().map(column).collect_view().into_any())
    };
    let body = move || {
        let (low, high) = scope.shown.get();
        let cell = |line: &Line, x: f64| {
            let value = under(std::slice::from_ref(line), x).pop();
            let words = value.as_ref().map_or_else(|| "–".to_owned(), |under| text::metric(under.point.y));
            let full = value.map(|under| under.point.y.to_string());
            view! { <td class="number" title=full>{words}</td> }
        };
        lines.with(|lines| {
            let shown =
                positions(lines).into_iter().rev().filter(|x| (low..=high).contains(x)).take(MOST_ROWS);
            let row = |x: f64| {
                let cells = lines.iter().map(|line| cell(line, x)).collect_view();
                view! { <tr><th scope="row">{scope.words(x)}</th>{cells}</tr> }
            };
            shown.map(row).collect_view().into_any()
        })
    };
    let label = format!("Values of {name}");
    view! {
        <div class="chart-table" tabindex="0" role="region" aria-label=label.clone()>
            <table class="table">
                <caption class="visually-hidden">{label.clone()}</caption>
                <thead><tr><th scope="col">{move || scope.axis().label()}</th>{dynamic(head)}</tr></thead>
                <tbody>{dynamic(body)}</tbody>
            </table>
        </div>
    }
}
