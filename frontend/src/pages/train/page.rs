//! The page around the form: what it needs is fetched first.
//!
//! Must not check values by itself: `shared::config` does.

use super::fields::{AdvancedSettings, BasicSettings, Settings};
use super::submit::{Outcome, Wanted, submit};
use crate::api::{self, ApiError, idempotency_key};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::field::{SelectField, TextField};
use crate::components::icon::{Icon, IconView};
use crate::pages::datasets::NoDatasets;
use crate::routes::Place;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched};
use crate::state::session::Session;
use crate::state::title::use_title;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use serde_json::Map;
use shared::architecture::{ARCHITECTURES, architecture, resolve_architecture};
use shared::dataset::Dataset;
use shared::model::Model;
use std::collections::BTreeMap;

#[component]
pub fn TrainPage() -> impl IntoView {
    use_title(|| "Train".into());
    let parameters = use_query_map();
    let needed = fetched(move || {
        let wanted = parameters.with(|all| all.get("model"));
        async move {
            let datasets = api::datasets::list().await?;
            let model = match wanted {
                Some(model) => Some(api::models::get(model).await?),
                None => None,
            };
            Ok((datasets, model))
        }
    });
    view! {
        {move || match needed.state.get() {
            Loaded::Loading => view! { <h1>"Train"</h1> <Skeleton rows=5/> }.into_any(),
            Loaded::Failed(error) => {
                view! {
                    <h1>"Train"</h1>
                    <LoadFailed what="What the form needs" error again=needed.again/>
                }
                .into_any()
            }
            Loaded::Ready((datasets, None)) if datasets.is_empty() => {
                view! { <h1>"Train"</h1> <NoDatasets/> }.into_any()
            }
            Loaded::Ready((datasets, model)) => view! { <Form datasets model/> }.into_any(),
        }}
    }
}

/// Name and words of every variant, with its size for the classes of the dataset.
fn architecture_options(dataset: Option<&Dataset>) -> Vec<(String, String)> {
    let classes = dataset.map_or(80, |dataset| dataset.labels.len().max(1) as u64);
    ARCHITECTURES
        .iter()
        .flat_map(|family| {
            family.variants.iter().map(move |variant| {
                let size = family
                    .parameters(variant.name, classes)
                    .map(|count| format!(", {:.1} M parameters", count as f64 / 1e6))
                    .unwrap_or_default();
                (
                    family.full_name(variant),
                    format!("{} ({}{size})", family.full_name(variant), variant.title),
                )
            })
        })
        .collect()
}

fn dataset_options(datasets: &[Dataset]) -> Vec<(String, String)> {
    datasets
        .iter()
        .map(|dataset| {
            let [train, validation, _] = dataset.subset_counts;
            let words = format!(
                "{} ({} train, {} validation)",
                dataset.name,
                text::count(train),
                text::count(validation)
            );
            (dataset.id.to_string(), words)
        })
        .collect()
}

/// Why the dataset cannot be learned from.
fn dataset_problem(dataset: Option<&Dataset>, architecture_name: &str) -> Option<String> {
    let Some(dataset) = dataset else { return Some("Choose a dataset".into()) };
    let family = resolve_architecture(architecture_name).ok().and_then(|(id, _)| architecture(&id.0));
    if family.is_some_and(|family| family.task != dataset.task) {
        return Some("This dataset has no boxes, which the architecture learns from".into());
    }
    let [train, validation, _] = dataset.subset_counts;
    match (train, validation) {
        (0, _) => Some("No item is tagged train. Import it with --split 80/20/0".into()),
        (_, 0) => Some("No item is tagged validation. Import it with --split 80/20/0".into()),
        _ => None,
    }
}

/// Why a name cannot be given, in the words of whoever reads names on the server.
fn name_problem_of(name: &str) -> Option<String> {
    if name.trim().is_empty() {
        return Some("Give it a name".into());
    }
    let error = proto::convert::name_from_wire("name", name).err()?.to_string();
    Some(error.replacen("`name`", "The name", 1))
}

#[component]
fn Form(datasets: Vec<Dataset>, model: Option<Model>) -> impl IntoView {
    let live = expect_context::<Live>();
    let navigation = expect_context::<Navigation>();
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let first = datasets.first().map(|dataset| dataset.id.to_string()).unwrap_or_default();
    let first_architecture = ARCHITECTURES
        .first()
        .and_then(|family| Some(family.full_name(family.variants.first()?)))
        .unwrap_or_default();
    let name = RwSignal::new(String::new());
    let dataset_id = RwSignal::new(first);
    let architecture_name = RwSignal::new(first_architecture);
    let family_id = model.as_ref().map(|model| model.architecture_id.clone());
    // All built-in architectures share one table of settings so far.
    let family = family_id.as_deref().and_then(architecture).or_else(|| ARCHITECTURES.first());
    let Some(family) = family else { return ().into_any() };
    let given = model.as_ref().map_or_else(Map::new, |model| model.configuration.clone());
    let settings = Settings::new(family.schema(), &given);
    let can_train = model.as_ref().map_or(Ok(()), |model| model.status.can_train());

    let datasets = StoredValue::new(datasets);
    let chosen = Memo::new(move |_| {
        datasets.with_value(|datasets| {
            datasets.iter().find(|dataset| dataset.id.to_string() == dataset_id.get()).cloned()
        })
    });
    let was_pressed = RwSignal::new(false);
    let is_busy = RwSignal::new(false);
    let refusal = RwSignal::new(None::<ApiError>);
    let from_server = Signal::derive(move || {
        refusal.with(|error| {
            error.as_ref().map_or_else(BTreeMap::new, |error| {
                let last = |field: &str| field.rsplit('.').next().unwrap_or(field).to_owned();
                error.fields.iter().map(|(field, reason)| (last(field), reason.clone())).collect()
            })
        })
    });
    // The key stands for what is asked: with another wish comes another key, and old refusals are void.
    let key = StoredValue::new(idempotency_key());
    Effect::new(move |before: Option<()>| {
        name.track();
        dataset_id.track();
        architecture_name.track();
        settings.track();
        if before.is_some() {
            key.set_value(idempotency_key());
            refusal.set(None);
        }
    });
    let is_new = model.is_none();
    let name_problem = Signal::derive(move || {
        let local = name.with(|name| name_problem_of(name));
        // An empty name is no mistake before one has tried to go on.
        let local = local.filter(|_| was_pressed.get() || !name.with(String::is_empty));
        local.or_else(|| from_server.with(|problems| problems.get("name").cloned()))
    });
    let data_problem = Signal::derive(move || {
        let local = chosen.with(|dataset| dataset_problem(dataset.as_ref(), &architecture_name.get()));
        local.or_else(|| from_server.with(|problems| problems.get("dataset").cloned()))
    });
    let architecture_problem =
        Signal::derive(move || from_server.with(|problems| problems.get("architecture").cloned()));
    let is_ready = move || {
        let name_is_good = !is_new || proto::convert::name_from_wire("name", &name.get_untracked()).is_ok();
        let data_is_good = !is_new
            || chosen.with_untracked(|dataset| {
                dataset_problem(dataset.as_ref(), &architecture_name.get_untracked()).is_none()
            });
        name_is_good && data_is_good && settings.problems.with_untracked(BTreeMap::is_empty)
    };

    let model_id = model.as_ref().map(|model| model.id.to_string());
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        was_pressed.set(true);
        if is_busy.get_untracked() || can_train.is_err() {
            return;
        }
        let Some(configuration) = settings.overrides_json().filter(|_| is_ready()) else {
            return focus_first_problem();
        };
        is_busy.set(true);
        refusal.set(None);
        let wanted = match &model_id {
            Some(model) => Wanted::Existing { model: model.clone() },
            None => Wanted::New {
                name: name.get_untracked().trim().to_owned(),
                architecture: architecture_name.get_untracked(),
                dataset: dataset_id.get_untracked(),
            },
        };
        let key = key.get_value();
        spawn_local(async move {
            let outcome = submit(wanted, configuration, key).await;
            is_busy.try_set(false);
            match outcome {
                Outcome::Started(training) => {
                    let place = Place::model(training.model_id);
                    live.take_training(*training);
                    toasts.done("Training started");
                    navigation.go(&place);
                }
                Outcome::OnlyMade { model, error } => {
                    session.check(&error);
                    toasts.problem(format!("The model is there, but not in training: {}", error.sentence()));
                    navigation.go(&Place::Train { model: Some(model.id.to_string()) });
                }
                Outcome::Nothing(error) => {
                    session.check(&error);
                    refusal.try_set(Some(error));
                    focus_first_problem();
                }
            }
        });
    };
    let title = model
        .as_ref()
        .map_or_else(|| "Train a new model".to_owned(), |model| format!("Train {}", model.name));
    view! {
        <h1>{title}</h1>
        <form class="form" novalidate on:submit=on_submit>
            {move || refusal.get().map(|error| view! { <Refusal error/> })}
            {can_train.err().map(|reason| view! {
                <p class="notice" data-look="waiting" role="status">
                    <IconView icon=Icon::Info/>
                    <span class="grow">{reason}</span>
                </p>
            })}
            {is_new.then(|| view! {
                <section class="card" aria-labelledby="form-data">
                    <h2 id="form-data">"Data"</h2>
                    <SelectField
                        id="dataset"
                        label="Dataset"
                        hint="The model learns from its train items and is measured on its validation items"
                        options=Signal::stored(datasets.with_value(|datasets| dataset_options(datasets)))
                        value=dataset_id
                        problem=data_problem
                    />
                </section>
                <section class="card" aria-labelledby="form-model">
                    <h2 id="form-model">"Model"</h2>
                    <div class="form-grid wide">
                        <SelectField
                            id="architecture"
                            label="Architecture"
                            hint="Smaller ones learn faster, larger ones better"
                            options=Signal::derive(move || chosen.with(|dataset| architecture_options(dataset.as_ref())))
                            value=architecture_name
                            problem=architecture_problem
                        />
                        <TextField id="name" label="Name" hint="Unique among the models" value=name problem=name_problem/>
                    </div>
                </section>
            })}
            <section class="card" aria-labelledby="form-settings">
                <h2 id="form-settings">"Configuration"</h2>
                <BasicSettings settings server=from_server/>
                <AdvancedSettings settings server=from_server/>
            </section>
            <div class="form-actions">
                <button
                    class="button primary"
                    type="submit"
                    aria-busy=move || is_busy.get().to_string()
                    aria-disabled=move || (is_busy.get() || can_train.is_err()).then_some("true")
                >
                    "Train Model"
                </button>
                <a class="button" href=Place::Training.path()>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

/// What the server said that belongs to no field alone.
#[component]
fn Refusal(error: ApiError) -> impl IntoView {
    let fields = error
        .fields
        .iter()
        .map(|(field, reason)| view! { <li><code>{field.clone()}</code> ": " {reason.clone()}</li> })
        .collect_view();
    view! {
        <div class="notice" data-look="error" role="alert">
            <IconView icon=Icon::CrossInOctagon/>
            <div class="grow">
                <strong>"The training was not started"</strong>
                <p>{error.sentence()}</p>
                <ul>{fields}</ul>
            </div>
        </div>
    }
}

fn focus_first_problem() {
    request_animation_frame(|| {
        if let Ok(Some(field)) = document().query_selector("[aria-invalid=true]") {
            if let Ok(Some(details)) = field.closest("details") {
                // A field that is folded away cannot take the focus.
                let _ = details.set_attribute("open", "");
            }
            let _ = wasm_bindgen::JsCast::unchecked_ref::<web_sys::HtmlElement>(&field).focus();
        }
    });
}
