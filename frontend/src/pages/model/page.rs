//! Finds the model and its latest training, and puts the tabs below their head.
//!
//! Must not know what a tab shows.

use super::artifacts::ArtifactsTab;
use super::chosen::use_address;
use super::config::ConfigTab;
use super::data::DataTab;
use super::explore::ExploreTab;
use super::head::ModelHead;
use super::logs::LogsTab;
use super::predictions::PredictionsTab;
use super::timeline::Timeline;
use crate::api::{self, ApiError, ErrorKind};
use crate::components::dynamic::{dynamic, effect, memo, memo_by};
use crate::components::empty::Skeleton;
use crate::pages::models::{ChangeDialogs, Changes};
use crate::pages::not_found::{NoSuch, NotFoundPage, NotLoaded, Thing};
use crate::routes::{ModelTab, Place};
use crate::state::live::Live;
use crate::state::resource::{Loaded, fetched};
use crate::state::services::Services;
use crate::state::title::use_title;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use shared::id::TrainingId;
use shared::model::Model;
use shared::training::Training;

#[component]
pub fn ModelPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let parameters = use_params_map();
    let wanted = memo(move |_| parameters.with(|all| all.get("id").unwrap_or_default()));
    let tab = memo(move |_| {
        let word = parameters.with(|all| all.get("tab"));
        word.map_or(Some(ModelTab::Explore), |word| ModelTab::from_name(&word))
    });
    let model = fetched(move || {
        let wanted = wanted.get();
        async move {
            let model = api::models::get(wanted).await?;
            // One that was never trained has no training, and that is no error.
            match api::trainings::get(model.id.to_string()).await {
                Ok(training) => live.take_training(training),
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            Ok::<Model, ApiError>(model)
        }
    });
    view! {
        {dynamic(move || match (model.state.get(), tab.get()) {
            (_, None) => view! { <NotFoundPage/> }.into_any(),
            (Loaded::Loading, _) => view! { <Skeleton rows=5/> }.into_any(),
            (Loaded::Failed(error), _) if error.kind == ErrorKind::NotFound => {
                view! { <NoSuch thing=Thing::Model/> }.into_any()
            }
            (Loaded::Failed(error), _) => {
                view! { <NotLoaded thing=Thing::Model error again=model.again/> }.into_any()
            }
            (Loaded::Ready(found), Some(_)) => {
                let tab = Signal::derive(move || tab.get().unwrap_or(ModelTab::Explore));
                view! { <Found model=found tab again=model.again/> }.into_any()
            }
        })}
    }
}

#[component]
fn Found(model: Model, tab: Signal<ModelTab>, again: Callback<()>) -> impl IntoView {
    let live = expect_context::<Live>();
    let address = use_address();
    Services::watched();
    let id = model.id;
    let name = model.name.clone();
    use_title(move || format!("{} · {}", name, tab.get().label()));
    // The row itself is a signal; this changes only when a newer training takes its place.
    let latest = memo_by(move |_| live.latest_of(id), |old, new| training_id(old) != training_id(new));
    let watch = move |training: Option<ArcRwSignal<Training>>| {
        if let Some(training) = training {
            live.watch(training.with_untracked(|training| training.execution_id));
        }
    };
    // Before anything is drawn of what another execution told.
    watch(latest.get_untracked());
    effect(move |_| watch(latest.get()));
    on_cleanup(move || live.unwatch());
    let model = StoredValue::new(model);
    let changes = Changes::new(again);
    view! {
        {dynamic(move || {
            let training = latest.get().map(RwSignal::from);
            let timeline = training.map(|training| view! { <Timeline model=id training feed=live.feed/> });
            view! {
                <ModelHead model=model.get_value() training changes/>
                {timeline}
            }
        })}
        <ChangeDialogs changes/>
        <nav class="tabs" aria-label="Model">
            {ModelTab::ALL
                .map(|item| {
                    // What a training was is told on two tabs: the choice of one stays when the tab is changed.
                    let path = move || match item {
                        ModelTab::Data | ModelTab::Config | ModelTab::Predictions => {
                            address.with(|address| address.of_training().to_url(&id.to_string(), item))
                        }
                        ModelTab::Explore | ModelTab::Logs | ModelTab::Artifacts => {
                            Place::Model { model: id.to_string(), tab: item }.path()
                        }
                    };
                    view! {
                        <a href=path aria-current=move || (tab.get() == item).then_some("page")>{item.label()}</a>
                    }
                })
                .collect_view()}
        </nav>
        {dynamic(move || {
            let training = latest.get().map(RwSignal::from);
            match tab.get() {
                ModelTab::Explore => view! { <ExploreTab model=model.get_value() training/> }.into_any(),
                ModelTab::Predictions => {
                    view! { <PredictionsTab model=id is_trained=training.is_some()/> }.into_any()
                }
                ModelTab::Logs => view! { <LogsTab model=id training/> }.into_any(),
                ModelTab::Data => view! { <DataTab model=id is_trained=training.is_some()/> }.into_any(),
                ModelTab::Artifacts => view! { <ArtifactsTab/> }.into_any(),
                ModelTab::Config => view! { <ConfigTab model=model.get_value() is_trained=training.is_some()/> }.into_any(),
            }
        })}
    }
}

fn training_id(latest: Option<&Option<ArcRwSignal<Training>>>) -> Option<TrainingId> {
    latest?.as_ref().map(|row| row.with_untracked(|row| row.id))
}
