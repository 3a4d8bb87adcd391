//! Finds the predictions of a training and of what stands beside them.
//!
//! Must not know how they are shown.

use super::super::chosen::{Chosen, of_training};
use super::address::{Beside, PredictionsAddress};
use super::evaluated::{Evaluated, Other, Shown, Sliders};
use super::evaluation::{Evaluation, Unreadable};
use super::kept::{Kept, chosen, kept_of};
use super::pictures::Pictures;
use super::view::PredictionsView;
use crate::api::{self, ApiError};
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::routes::ModelTab;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::id::ModelId;
use std::sync::Arc;

/// Bytes of a file, and what it is called.
type Named = (String, Arc<Vec<u8>>);

#[component]
pub fn PredictionsTab(model: ModelId, is_trained: bool) -> impl IntoView {
    if !is_trained {
        return view! {
            <Empty title="Nothing predicted yet">
                <p>"After each validation of a training, what the model predicts on the validation pictures is kept and shown here"</p>
            </Empty>
        }
        .into_any();
    }
    let show = move |chosen: Chosen| view! { <OfTraining model chosen/> }.into_any();
    of_training(model, ModelTab::Predictions, show).into_any()
}

#[component]
fn OfTraining(model: ModelId, chosen: Chosen) -> impl IntoView {
    let live = expect_context::<Live>();
    let feed = live.feed;
    let parameters = use_query_map();
    let address = memo(move |_| parameters.with(|all| PredictionsAddress::from_parts(|key| all.get(key))));
    let execution = chosen.training.execution_id;
    let artifacts = fetched(move || {
        // After each validation of a training that runs.
        feed.artifacts.track();
        api::models::artifacts(model.to_string())
    });
    let kept = memo(move |_| match artifacts.state.get() {
        Loaded::Ready(artifacts) => kept_of(&artifacts, execution),
        Loaded::Loading | Loaded::Failed(_) => Vec::new(),
    });
    let (id, was_over) = (chosen.training.id, chosen.training.status.is_final());
    // The row goes on telling after the tab was opened.
    let is_over = memo(move |_| {
        let row = live.latest_of(model).filter(|row| row.with(|row| row.id == id));
        row.map_or(was_over, |row| row.with(|row| row.status.is_final()))
    });
    let state = memo(move |_| match artifacts.state.get() {
        Loaded::Loading => Loaded::Loading,
        Loaded::Failed(error) => Loaded::Failed(error),
        Loaded::Ready(_) => Loaded::Ready(kept.with(Vec::is_empty)),
    });
    let training = chosen.training.id.to_string();
    let labels = chosen.snapshot.labels;
    dynamic(move || {
        match state.get() {
        Loaded::Loading => view! { <Skeleton rows=6/> }.into_any(),
        Loaded::Failed(error) => {
            view! { <LoadFailed what="The list of predictions" error again=artifacts.again/> }.into_any()
        }
        Loaded::Ready(true) if is_over.get() => view! {
            <Empty title="No predictions were kept">
                <p>"The training ended before its first validation, or its Train function keeps no predictions"</p>
            </Empty>
        }
        .into_any(),
        Loaded::Ready(true) => view! {
            <Empty title="Waiting for the first validation">
                <p>"What the model predicts on the validation pictures appears here after each epoch"</p>
            </Empty>
        }
        .into_any(),
        Loaded::Ready(false) => {
            let (training, labels) = (training.clone(), labels.clone());
            view! { <OfKept model training labels kept address/> }.into_any()
        }
    }
    })
}

/// Fetches the files that the URL names.
#[component]
fn OfKept(
    model: ModelId,
    training: String,
    labels: Vec<String>,
    kept: Memo<Vec<Kept>>,
    address: Memo<PredictionsAddress>,
) -> impl IntoView {
    let epoch = memo(move |_| address.with(|address| address.epoch));
    let beside = memo(move |_| address.with(|address| address.beside.clone()));
    let wanted = memo(move |_| kept.with(|kept| chosen(kept, epoch.get()).cloned()));
    let main = fetched(move || {
        let wanted = wanted.get();
        async move { bytes_of(wanted).await }
    });
    let other = fetched(move || {
        let (beside, kept) = (beside.get(), kept.get());
        async move {
            match beside {
                None => Ok(None),
                Some(Beside::Epoch(epoch)) => {
                    bytes_of(kept.into_iter().find(|kept| kept.epoch == Some(epoch))).await.map(Some)
                }
                Some(Beside::Version(id)) => of_version(id).await.map(Some),
            }
        }
    });
    let sliders = Sliders::at(&address.get_untracked());
    effect(move |_| address.with(|address| sliders.follow(address)));
    let navigation = expect_context::<Navigation>();
    let go = Callback::new(move |to: PredictionsAddress| navigation.replace(to.to_url(&model.to_string())));
    let pictures = Pictures::of(training);
    dynamic(move || {
        let (main_state, other_state) = (main.state.get(), other.state.get());
        match (main_state, other_state) {
            (Loaded::Failed(error), _) => {
                view! { <LoadFailed what="The predictions" error again=main.again/> }.into_any()
            }
            (Loaded::Ready(main), other_state) => {
                let (other, problem) = match other_state {
                    Loaded::Ready(other) => (other, None),
                    Loaded::Failed(error) => (None, Some(error.sentence())),
                    Loaded::Loading => (None, None),
                };
                match shown(main, other, problem, labels.clone(), sliders) {
                    Ok((shown, problem)) => {
                        view! { <PredictionsView shown problem kept address go pictures model/> }.into_any()
                    }
                    Err(why) => view! {
                        <Empty title="These predictions cannot be shown"><p>{why.to_string()}</p></Empty>
                    }
                    .into_any(),
                }
            }
            (Loaded::Loading, _) => view! { <Skeleton rows=6/> }.into_any(),
        }
    })
}

/// Both evaluations, and why there is nothing beside if something should be.
fn shown(
    (name, bytes): Named,
    other: Option<Named>,
    problem: Option<String>,
    labels: Vec<String>,
    sliders: Sliders,
) -> Result<(Shown, Option<String>), Unreadable> {
    let main = Evaluation::of_bytes(&bytes)?;
    let beside = other.map(|(name, bytes)| match Evaluation::of_bytes(&bytes) {
        Ok(other) if main.is_comparable_with(&other) => Ok((name, other)),
        Ok(_) => Err(format!("{name} was validated on other pictures, and so is not comparable")),
        Err(error) => Err(format!("{name}: {error}")),
    });
    let (other, problem) = match beside {
        None => (None, problem),
        Some(Err(why)) => (None, Some(why)),
        Some(Ok((name, other))) => {
            (Some(Other { name, evaluated: Evaluated::new(other, sliders.iou) }), None)
        }
    };
    Ok((Shown::new(Evaluated::new(main, sliders.iou), name, other, labels, sliders), problem))
}

async fn bytes_of(kept: Option<Kept>) -> Result<Named, ApiError> {
    let kept = kept.ok_or_else(|| missing("The predictions of this epoch are not kept"))?;
    let bytes = api::files::artifact(&kept.artifact_id).await?;
    Ok((kept.label(), Arc::new(bytes)))
}

/// The best ones of the latest training of another version.
async fn of_version(id: String) -> Result<Named, ApiError> {
    let training = api::trainings::get(id).await?;
    let artifacts = api::models::artifacts(training.model_id.to_string()).await?;
    let kept = kept_of(&artifacts, training.execution_id);
    let Some(best) = chosen(&kept, None).cloned() else {
        return Err(missing(&format!("{} keeps no predictions", training.model_name)));
    };
    let (label, bytes) = bytes_of(Some(best)).await?;
    Ok((format!("{}, {}", training.model_name, label.to_lowercase()), bytes))
}

fn missing(message: &str) -> ApiError {
    ApiError {
        kind: api::ErrorKind::NotFound,
        message: message.to_owned(),
        fields: Vec::new(),
        request_id: None,
    }
}
