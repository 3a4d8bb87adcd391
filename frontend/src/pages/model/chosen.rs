//! Which training of a model a tab shows, and what that one froze.
//!
//! Must not know what a tab makes of it.

use super::address::Address;
use crate::api;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::routes::ModelTab;
use crate::state::clock::absolute;
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use proto::v1::TrainingSnapshot;
use shared::id::ModelId;
use shared::training::Training;

/// A training and what it froze.
#[derive(Clone, PartialEq)]
pub struct Chosen {
    pub training: Training,
    pub snapshot: TrainingSnapshot,
    /// All trainings of the model, newest first.
    all: Vec<Training>,
}

/// What the URL says, read anew whenever it changes.
pub fn use_address() -> Memo<Address> {
    let parameters = use_query_map();
    memo(move |_| parameters.with(|all| Address::from_parts(|key| all.get(key))))
}

/// Fetches the training that the URL names, or else the latest, and lets another one be chosen.
pub fn of_training(
    model: ModelId,
    tab: ModelTab,
    show: impl Fn(Chosen) -> AnyView + Send + Sync + 'static,
) -> impl IntoView {
    let address = use_address();
    let wanted = memo(move |_| address.with(|address| address.training.clone()));
    let chosen = fetched(move || {
        let wanted = wanted.get();
        async move {
            let all = api::trainings::of_model(model).await?;
            let named = all.iter().find(|row| wanted.as_ref().is_some_and(|id| row.id.to_string() == *id));
            let training = match named.or_else(|| all.first()) {
                Some(training) => training.clone(),
                // Started after the list was read.
                None => api::trainings::get(model.to_string()).await?,
            };
            let snapshot = api::trainings::snapshot(training.id.to_string()).await?;
            Ok(Chosen { training, snapshot, all })
        }
    });
    let options = memo(move |_| {
        chosen.state.with(|state| match state {
            Loaded::Ready(chosen) => chosen.all.iter().map(option).collect::<Vec<_>>(),
            Loaded::Loading | Loaded::Failed(_) => Vec::new(),
        })
    });
    view! {
        // Apart from what follows from it, so that the focus stays on it.
        {dynamic(move || {
            let options = options.get();
            (options.len() > 1).then(|| view! { <Choice model tab options/> })
        })}
        {dynamic(move || match chosen.state.get() {
            Loaded::Loading => view! { <Skeleton rows=5/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The snapshot" error again=chosen.again/> }.into_any()
            }
            Loaded::Ready(chosen) => show(chosen),
        })}
    }
}

/// The id of a training, and what tells it from the others.
fn option(training: &Training) -> (String, String) {
    let mut words = format!("{}, {}", absolute(training.created_at_ms), training.status);
    if training.removed_at_ms.is_some() {
        words.push_str(", removed");
    }
    (training.id.to_string(), words)
}

#[component]
fn Choice(model: ModelId, tab: ModelTab, options: Vec<(String, String)>) -> impl IntoView {
    let address = use_address();
    let navigation = expect_context::<Navigation>();
    let latest = options.first().map(|(id, _)| id.clone()).unwrap_or_default();
    let default = latest.clone();
    let choose = move |event| {
        let training = Some(event_target_value(&event)).filter(|id| *id != latest);
        let to = Address { training, page: 1, ..address.get_untracked() };
        navigation.go_to(to.to_url(&model.to_string(), tab));
    };
    let shown =
        memo(move |_| address.with(|address| address.training.clone()).unwrap_or_else(|| default.clone()));
    let option = move |(place, (id, words)): (usize, (String, String))| {
        let words = if place == 0 { format!("{words}, latest") } else { words };
        let this = id.clone();
        view! { <option value=id prop:selected=move || shown.get() == this>{words}</option> }
    };
    view! {
        <div class="toolbar">
            <label for="training-choice">"Training"</label>
            <select class="select" id="training-choice" on:change=choose>
                {options.into_iter().enumerate().map(option).collect_view()}
            </select>
        </div>
    }
}
