//! The model versions, each with what can be done with it.
//!
//! Must not decide what is possible: `shared::status` does.

use crate::api;
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::status_chip::ModelChip;
use crate::components::time::TimeAgo;
use crate::routes::Place;
use crate::state::live::Live;
use crate::state::resource::{Loaded, fetched};
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use shared::id::DatasetId;
use shared::model::Model;
use shared::status::ModelStatus;
use std::collections::HashMap;

#[component]
pub fn ModelsPage() -> impl IntoView {
    use_title(|| "Models".into());
    let models = fetched(|| async {
        let models = api::models::list().await?;
        let names: HashMap<DatasetId, String> =
            api::datasets::list().await?.into_iter().map(|dataset| (dataset.id, dataset.name)).collect();
        Ok((models, names))
    });
    view! {
        <div class="page-head">
            <h1>"Models"</h1>
            <a class="button primary" href=Place::Train { model: None }.path()>"Train…"</a>
        </div>
        {move || match models.state.get() {
            Loaded::Loading => view! { <Skeleton rows=4/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The models" error again=models.again/> }.into_any()
            }
            Loaded::Ready((list, _)) if list.is_empty() => view! { <NoModels/> }.into_any(),
            Loaded::Ready((list, datasets)) => view! { <ModelTable list datasets/> }.into_any(),
        }}
    }
}

#[component]
fn NoModels() -> impl IntoView {
    view! {
        <Empty title="No models yet">
            <p>"A model version is one network to be trained: an architecture, the labels of a dataset and a \
                configuration"</p>
            <a class="button primary" href=Place::Train { model: None }.path()>"Train…"</a>
        </Empty>
    }
}

/// The status that the live rows know, or the one that was fetched.
fn status_now(live: Live, model: &Model) -> ModelStatus {
    live.latest_of(model.id)
        .map_or(model.status, |training| training.with(|training| ModelStatus::beside(training.status)))
}

#[component]
fn ModelTable(list: Vec<Model>, datasets: HashMap<DatasetId, String>) -> impl IntoView {
    let live = expect_context::<Live>();
    let footer = text::counted(list.len() as u64, "model", "models");
    let row = move |model: Model| {
        let open = Place::model(model.id).path();
        let dataset =
            datasets.get(&model.dataset_id).cloned().unwrap_or_else(|| model.dataset_id.to_string());
        let architecture = format!("{}{}", model.architecture_id, model.variant);
        let (name, id, created_at_ms) = (model.name.clone(), model.id.to_string(), model.created_at_ms);
        let status = Memo::new(move |_| status_now(live, &model));
        view! {
            <tr>
                <td><a class="name-link" href=open>{name.clone()}</a></td>
                <td class="mono">{architecture}</td>
                <td>{dataset}</td>
                <td>{move || view! { <ModelChip status=status.get()/> }}</td>
                <td class="created-cell"><TimeAgo at_ms=created_at_ms/></td>
                <td class="number">
                    {move || view! { <TrainLink model_id=id.clone() name=name.clone() status=status.get()/> }}
                </td>
            </tr>
        }
    };
    view! {
        <div class="table-frame">
            <table class="table training-table">
                <caption class="visually-hidden">"Models"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Architecture"</th>
                        <th scope="col">"Dataset"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Created At"</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>{list.into_iter().map(row).collect_view()}</tbody>
            </table>
            <div class="table-footer">{footer}</div>
        </div>
    }
}

/// Leads to the form of Train, or says why it cannot.
#[component]
pub fn TrainLink(model_id: String, name: String, status: ModelStatus) -> impl IntoView {
    match status.can_train() {
        Ok(()) => {
            let path = Place::Train { model: Some(model_id) }.path();
            view! { <a class="button" href=path aria-label=format!("Train {name}…")>"Train…"</a> }.into_any()
        }
        Err(reason) => {
            let reason_id = format!("why-{model_id}");
            view! {
                <button
                    class="button"
                    type="button"
                    aria-disabled="true"
                    title=reason
                    aria-label=format!("Train {name}…")
                    aria-describedby=reason_id.clone()
                >
                    "Train…"
                </button>
                <span class="visually-hidden" id=reason_id>{reason}</span>
            }
            .into_any()
        }
    }
}
