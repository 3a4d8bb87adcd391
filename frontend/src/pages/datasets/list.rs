//! The datasets, each a way into its browser, and the way to import one.
//!
//! Must not know how they are imported.

use super::import::{DropTarget, ImportDialog, Importing};
use crate::api;
use crate::components::dynamic::{dynamic, effect};
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::time::TimeAgo;
use crate::routes::Place;
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched};
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::dataset::{Dataset, Task};

#[component]
pub fn DatasetsPage() -> impl IntoView {
    use_title(|| "Datasets".into());
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let is_importing = Signal::derive(move || parameters.with(|all| all.get("import").is_some()));
    let datasets = fetched(api::datasets::list);
    let close = Callback::new(move |()| {
        if is_importing.get_untracked() {
            navigation.replace(Place::Datasets.path());
        }
    });
    let importing = expect_context::<Importing>();
    effect(move |seen: Option<u32>| {
        let done = importing.done_count.get();
        if seen.is_some_and(|seen| seen != done) {
            datasets.again.run(());
        }
        done
    });
    let on_files = Callback::new(move |files| {
        importing.take(files);
        navigation.go(&Place::ImportDataset);
    });
    view! {
        <DropTarget on_files words="Drop images, folders or an archive to import them">
            <div class="page-head">
                <h1>"Datasets"</h1>
                <a class="button primary" href=Place::ImportDataset.path()>"Import…"</a>
            </div>
            {dynamic(move || match datasets.state.get() {
                Loaded::Loading => view! { <Skeleton rows=4/> }.into_any(),
                Loaded::Failed(error) => {
                    view! { <LoadFailed what="The datasets" error again=datasets.again/> }.into_any()
                }
                Loaded::Ready(list) if list.is_empty() => view! { <NoDatasets/> }.into_any(),
                Loaded::Ready(list) => view! { <DatasetTable list/> }.into_any(),
            })}
        </DropTarget>
        <ImportDialog open=is_importing on_close=close/>
    }
}

#[component]
pub fn NoDatasets() -> impl IntoView {
    view! {
        <Empty title="No datasets yet">
            <p>"A dataset is a set of images with labels, parted into what a model learns from and what it \
                is measured on. Drop images, a folder or an archive here, or import by the command line:"</p>
            <pre><code>"trainyard dataset import PATH --name NAME"</code></pre>
            <a class="button primary" href=Place::ImportDataset.path()>"Import a dataset…"</a>
        </Empty>
    }
}

pub const fn task_label(task: Task) -> &'static str {
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
        let open = Place::Dataset { dataset: dataset.id.to_string() }.path();
        let labels = dataset
            .labels
            .into_iter()
            .take(MOST_LABELS)
            .map(|label| view! { <span class="label">{label.name}</span> })
            .collect_view();
        view! {
            <tr>
                <td><a class="name-link" href=open>{dataset.name}</a></td>
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
