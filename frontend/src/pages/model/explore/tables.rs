//! Matrices and summaries that a Train function said, below its charts: each as last said, live.
//!
//! Must not know what they are about.

use crate::api::{self, ApiError};
use crate::arrange::sort_by_key;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::state::feed::Feed;
use crate::state::resource::{Loaded, fetched};
use leptos::prelude::*;
use serde_json::Value;
use shared::format::metric;
use shared::id::ExecutionId;
use shared::model::{Artifact, ArtifactKind};
use shared::table::{Number, Table};

/// Rows and columns of a matrix that are drawn; the file has all of it.
const MOST_DRAWN: usize = 60;

/// Those of an execution, by name.
fn tables_of(artifacts: &[Artifact], execution: ExecutionId) -> Vec<Artifact> {
    let is_one =
        |artifact: &&Artifact| artifact.kind == ArtifactKind::Table && artifact.execution_id == execution;
    let mut found: Vec<Artifact> = artifacts.iter().filter(is_one).cloned().collect();
    sort_by_key(&mut found, |artifact| artifact.name.clone());
    found
}

#[component]
pub fn Tables(feed: Feed, execution: ExecutionId) -> impl IntoView {
    let kept = memo(move |_| feed.artifacts.with(|artifacts| tables_of(artifacts, execution)));
    view! {
        <Show when=move || kept.with(|kept| !kept.is_empty())>
            <h2>"Tables"</h2>
            <div class="chart-grid">
                <For each=move || kept.get() key=|table| (table.name.clone(), table.content_hash.clone()) let:table>
                    <OneTable artifact=table/>
                </For>
            </div>
        </Show>
    }
}

async fn read(artifact_id: String) -> Result<Table, ApiError> {
    let content = api::files::artifact(&artifact_id).await?;
    let unreadable = |error: String| ApiError::malformed(&error);
    let table: Table = serde_json::from_slice(&content).map_err(|error| unreadable(error.to_string()))?;
    table.check().map_err(unreadable)?;
    Ok(table)
}

#[component]
fn OneTable(artifact: Artifact) -> impl IntoView {
    let id = artifact.id.to_string();
    let table = fetched(move || read(id.clone()));
    let name = StoredValue::new(artifact.name);
    dynamic(move || match table.state.get() {
        Loaded::Loading => view! { <section class="card"><Skeleton rows=4/></section> }.into_any(),
        Loaded::Failed(error) => {
            let what = "A table of the training";
            view! { <section class="card"><LoadFailed what error again=table.again/></section> }.into_any()
        }
        Loaded::Ready(table) => {
            let heading = format!("table-{}", name.get_value());
            let labelled_by = heading.clone();
            let of_epoch = table.epoch().map(|epoch| format!(", epoch {epoch}")).unwrap_or_default();
            let title = format!("{} ({}{of_epoch})", table.figure(), table.legend());
            view! {
                <section class="card" aria-labelledby=labelled_by>
                    <h3 id=heading>{title.clone()}</h3>
                    {match table {
                        Table::Matrix { rows, columns, values, .. } => {
                            view! { <Matrix title rows columns values/> }.into_any()
                        }
                        Table::Summary { values, .. } => view! {
                            <dl class="definition-list">
                                {values.into_iter().map(|(key, value)| view! {
                                    <div><dt>{key}</dt><dd>{words_of(&value)}</dd></div>
                                }).collect_view()}
                            </dl>
                        }
                        .into_any(),
                    }}
                </section>
            }
            .into_any()
        }
    })
}

fn words_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => metric(number.as_f64().unwrap_or(f64::NAN)),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

#[component]
fn Matrix(title: String, rows: Vec<String>, columns: Vec<String>, values: Vec<Vec<Number>>) -> impl IntoView {
    let (height, width) = (values.len(), values.first().map_or(0, Vec::len));
    let is_cut = height > MOST_DRAWN || width > MOST_DRAWN;
    let name =
        |names: &[String], place: usize| names.get(place).cloned().unwrap_or_else(|| (place + 1).to_string());
    let body: Vec<_> = values
        .iter()
        .enumerate()
        .take(MOST_DRAWN)
        .map(|(place, row)| {
            let heading = name(&rows, place);
            // The shade of a cell is its share of its row.
            let total: f64 = row.iter().map(|Number(value)| value.max(0.0)).filter(|value| value.is_finite()).sum();
            let cells = row.iter().take(MOST_DRAWN).map(|Number(value)| {
                let share = if total > 0.0 && value.is_finite() { value.max(0.0) / total } else { 0.0 };
                view! { <td style:--share=format!("{share:.3}")>{metric(*value)}</td> }
            });
            view! { <tr><th scope="row" title=heading.clone()>{heading.clone()}</th>{cells.collect_view()}</tr> }
        })
        .collect();
    let headings = (0..width.min(MOST_DRAWN)).map(|place| {
        let heading = name(&columns, place);
        view! { <th scope="col" title=heading.clone()><span>{heading.clone()}</span></th> }
    });
    let caption = title.clone();
    view! {
        <div class="table-frame matrix-frame" role="region" aria-label=title tabindex="0">
            <table class="matrix numbers">
                <caption class="visually-hidden">{caption}</caption>
                <thead><tr><td></td>{headings.collect_view()}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
        {is_cut.then(|| view! {
            <p class="muted">
                {format!("{height} rows and {width} columns, of which the first {MOST_DRAWN} are shown; the file under Artifacts has all")}
            </p>
        })}
    }
}
