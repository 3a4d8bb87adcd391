//! The datasets, to read.
//!
//! Must not know how they are imported.

use crate::api;
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::time::TimeAgo;
use crate::state::resource::{Loaded, fetched};
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use shared::dataset::{Dataset, Task};

#[component]
pub fn DatasetsPage() -> impl IntoView {
    use_title(|| "Datasets".into());
    let datasets = fetched(api::datasets::list);
    view! {
        <div class="page-head"><h1>"Datasets"</h1></div>
        {move || match datasets.state.get() {
            Loaded::Loading => view! { <Skeleton rows=4/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The datasets" error again=datasets.again/> }.into_any()
            }
            Loaded::Ready(list) if list.is_empty() => view! { <NoDatasets/> }.into_any(),
            Loaded::Ready(list) => view! { <DatasetTable list/> }.into_any(),
        }}
    }
}

#[component]
pub fn NoDatasets() -> impl IntoView {
    view! {
        <Empty title="No datasets yet">
            <p>"A dataset is a set of images with labels, parted into what a model learns from and what it \
                is measured on. Import a folder on the server's machine:"</p>
            <pre><code>"trainyard dataset import PATH --format coco|yolo|voc|folder --name NAME"</code></pre>
        </Empty>
    }
}

const fn task_label(task: Task) -> &'static str {
    match task {
        Task::Detection => "Detection",
        Task::Classification => "Classification",
    }
}

/// More labels than this are counted instead of named.
const MOST_LABELS: usize = 12;

#[component]
fn DatasetTable(list: Vec<Dataset>) -> impl IntoView {
    let row = |dataset: Dataset| {
        let [train, validation, test] = dataset.subset_counts.map(text::count);
        let surplus = dataset.labels.len().saturating_sub(MOST_LABELS);
        let labels = dataset
            .labels
            .into_iter()
            .take(MOST_LABELS)
            .map(|label| view! { <span class="label">{label.name}</span> })
            .collect_view();
        view! {
            <tr>
                <td><strong>{dataset.name}</strong></td>
                <td>{task_label(dataset.task)}</td>
                <td class="number">{text::count(dataset.item_count)}</td>
                <td class="number">{text::count(dataset.annotation_count)}</td>
                <td class="number">{train}</td>
                <td class="number">{validation}</td>
                <td class="number">{test}</td>
                <td>
                    <div class="label-list">
                        {labels}
                        {(surplus > 0).then(|| view! { <span class="muted">{format!("and {surplus} more")}</span> })}
                    </div>
                </td>
                <td class="created-cell"><TimeAgo at_ms=dataset.created_at_ms/></td>
            </tr>
        }
    };
    let footer = text::counted(list.len() as u64, "dataset", "datasets");
    view! {
        <div class="table-frame">
            <table class="table training-table">
                <caption class="visually-hidden">"Datasets"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Task"</th>
                        <th scope="col" class="number">"Items"</th>
                        <th scope="col" class="number">"Annotations"</th>
                        <th scope="col" class="number">"Train"</th>
                        <th scope="col" class="number">"Validation"</th>
                        <th scope="col" class="number">"Test"</th>
                        <th scope="col">"Labels"</th>
                        <th scope="col">"Created At"</th>
                    </tr>
                </thead>
                <tbody>{list.into_iter().map(row).collect_view()}</tbody>
            </table>
            <div class="table-footer">{footer}</div>
        </div>
    }
}
