//! The values of a chart as a table.
//!
//! Must not know how the chart is drawn.

use super::lines::{Line, positions};
use crate::text;
use leptos::prelude::*;

/// One row a position, one column a line.
#[component]
pub fn ChartTable(title: String, #[prop(into)] lines: Signal<Vec<Line>>) -> impl IntoView {
    let head = move || {
        lines.with(|lines| {
            lines
                .iter()
                .map(|line| view! { <th scope="col" class="number">{line.legend.clone()}</th> })
                .collect_view()
        })
    };
    let body = move || {
        lines.with(|lines| {
            positions(lines)
                .into_iter()
                .rev()
                .map(|x| {
                    let cells = lines
                        .iter()
                        .map(|line| {
                            let value = line.nearest(x).filter(|point| point.x == x);
                            let words = value.map_or_else(|| "–".to_owned(), |point| text::metric(point.y));
                            let full = value.map(|point| point.y.to_string());
                            view! { <td class="number" title=full>{words}</td> }
                        })
                        .collect_view();
                    view! { <tr><th scope="row">{text::position(x)}</th>{cells}</tr> }
                })
                .collect_view()
        })
    };
    let label = format!("Values of {title}");
    view! {
        <div class="chart-table" tabindex="0" role="region" aria-label=label.clone()>
            <table class="table">
                <caption class="visually-hidden">{label.clone()}</caption>
                <thead><tr><th scope="col">"Epoch"</th>{head}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}
