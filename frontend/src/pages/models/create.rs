//! The form that makes a version: *Create* keeps it for later, *Create & Train* leads into the wizard.
//!
//! Must not check values by itself: `shared`, `proto` and the server do.

use super::query::tags_from;
use super::weights_file::{WeightsField, WeightsFile};
use crate::api::{self, ApiError, idempotency_key};
use crate::components::dynamic::{dynamic, effect};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::field::{SelectField, TextField};
use crate::components::icon::{Icon, IconView};
use crate::pages::datasets::NoDatasets;
use crate::pages::train::dataset_options;
use crate::pages::train::steps::Step;
use crate::routes::Place;
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched, fetched_for_form};
use crate::state::session::Session;
use crate::state::title::use_title;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use proto::v1::{CreateModelRequest, Recipe, SubsetChoice};
use shared::architecture::{ARCHITECTURES, Architecture, architecture, resolve_architecture};
use shared::dataset::Dataset;
use shared::model::{ChoiceMode, Model};

#[component]
pub fn CreatePage() -> impl IntoView {
    use_title(|| "Create version".into());
    let needed = fetched_for_form(|| async {
        let datasets = api::datasets::list().await?;
        let models = api::models::list().await?;
        Ok((datasets, models))
    });
    view! {
        <div class="page-head"><h1>"Create version"</h1></div>
        {dynamic(move || match needed.state.get() {
            Loaded::Loading => view! { <Skeleton rows=5/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="What the form needs" error again=needed.again/> }.into_any()
            }
            Loaded::Ready((datasets, _)) if datasets.is_empty() => view! { <NoDatasets/> }.into_any(),
            Loaded::Ready((datasets, models)) => view! { <Form datasets models/> }.into_any(),
        })}
    }
}

/// Name and words of every variant, with its size for the classes of the dataset.
fn architecture_options(classes: usize) -> Vec<(String, String)> {
    let classes = classes.max(1) as u64;
    let of_family = |family: &'static Architecture| {
        family.variants.iter().map(move |variant| {
            let size = family.parameters(variant.name, classes);
            let size =
                size.map_or_else(String::new, |count| format!(", {:.1} M parameters", count as f64 / 1e6));
            let name = family.full_name(variant);
            (name.clone(), format!("{name} ({}{size})", variant.title))
        })
    };
    ARCHITECTURES.iter().flat_map(of_family).collect()
}

/// Versions whose weights fit: of the same architecture and size, trained or made with weights.
fn sources(models: &[Model], architecture_name: &str) -> Vec<(String, String)> {
    let mut options = vec![(String::new(), "Chance".to_owned())];
    let Ok((family, variant)) = resolve_architecture(architecture_name) else { return options };
    let fits = |model: &&Model| {
        let has_weights =
            model.status == shared::status::ModelStatus::Trained || model.initial_weights_hash.is_some();
        has_weights && model.architecture_id == family.0 && model.variant == variant.name
    };
    let option = |model: &Model| (model.id.to_string(), format!("The weights of {}", model.name));
    options.extend(models.iter().filter(fits).map(option));
    options.push((FROM_FILE.to_owned(), "A weights file of this computer…".to_owned()));
    options
}

/// The choice of a file among the sources of weights; no version has such an id.
const FROM_FILE: &str = "file";
/// The choice of the architecture's own labels among the recipes; no recipe has such an id.
const PREDEFINED: &str = "predefined";

#[derive(Clone, Copy)]
struct Inputs {
    name: RwSignal<String>,
    description: RwSignal<String>,
    tags: RwSignal<String>,
    architecture: RwSignal<String>,
    dataset: RwSignal<String>,
    recipe: RwSignal<String>,
    source: RwSignal<String>,
    /// Filters that the page was opened with.
    train: StoredValue<String>,
    validation: StoredValue<String>,
}

impl Inputs {
    fn new(datasets: &[Dataset]) -> Self {
        let known = use_query_map().get_untracked();
        let known = move |key: &str| known.get(key).unwrap_or_default();
        let first_dataset = datasets.first().map(|dataset| dataset.id.to_string()).unwrap_or_default();
        let first_architecture = architecture_options(1).into_iter().next().unwrap_or_default().0;
        let or = |given: String, otherwise: String| if given.is_empty() { otherwise } else { given };
        Self {
            name: RwSignal::new(String::new()),
            description: RwSignal::new(String::new()),
            tags: RwSignal::new(String::new()),
            architecture: RwSignal::new(or(known("architecture"), first_architecture)),
            dataset: RwSignal::new(or(known("dataset"), first_dataset)),
            recipe: RwSignal::new(String::new()),
            source: RwSignal::new(String::new()),
            train: StoredValue::new(known("train")),
            validation: StoredValue::new(known("validation")),
        }
    }

    /// The request; none while the chosen recipe is not known.
    fn request(self, recipes: &[Recipe], idempotency_key: String) -> Option<CreateModelRequest> {
        let choice = |filter: String| SubsetChoice {
            mode: ChoiceMode::DqlFilter.name().to_owned(),
            filter,
            ..SubsetChoice::default()
        };
        let recipe = self.recipe.get_untracked();
        let labels = if recipe.is_empty() {
            Vec::new()
        } else if recipe == PREDEFINED {
            untrack(|| self.family())?.labels.iter().map(|&label| label.to_owned()).collect()
        } else {
            let recipe = recipes.iter().find(|each| each.id == recipe)?;
            recipe.labels.iter().map(|label| label.name.clone()).collect()
        };
        Some(CreateModelRequest {
            name: self.name.get_untracked().trim().to_owned(),
            architecture: self.architecture.get_untracked(),
            dataset: self.dataset.get_untracked(),
            description: self.description.get_untracked(),
            tags: tags_from(&self.tags.get_untracked()),
            labels,
            train: Some(self.train.get_value()).filter(|filter| !filter.is_empty()).map(choice),
            validation: Some(self.validation.get_value()).filter(|filter| !filter.is_empty()).map(choice),
            weights_of_model: Some(self.source.get_untracked())
                .filter(|source| source != FROM_FILE)
                .unwrap_or_default(),
            idempotency_key,
            ..Default::default()
        })
    }

    /// The family of what is chosen.
    fn family(self) -> Option<&'static Architecture> {
        let (id, _) = resolve_architecture(&self.architecture.get()).ok()?;
        architecture(&id.0)
    }

    fn track(self) {
        for signal in [
            self.name,
            self.description,
            self.tags,
            self.architecture,
            self.dataset,
            self.recipe,
            self.source,
        ] {
            signal.track();
        }
    }
}

#[component]
fn Form(datasets: Vec<Dataset>, models: Vec<Model>) -> impl IntoView {
    let navigation = expect_context::<Navigation>();
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let inputs = Inputs::new(&datasets);
    let recipes = fetched(move || api::recipes::list(inputs.dataset.get()));
    let recipe_list = move || match recipes.state.get() {
        Loaded::Ready(list) => list,
        Loaded::Loading | Loaded::Failed(_) => Vec::new(),
    };
    let weights = WeightsFile::new();
    let datasets = StoredValue::new(datasets);
    let models = StoredValue::new(models);
    // What belongs to another architecture or dataset is void.
    effect(move |before: Option<(String, String)>| {
        let now = (inputs.architecture.get(), inputs.dataset.get());
        if let Some(before) = before {
            if before.0 != now.0 {
                inputs.source.set(String::new());
            }
            if before.1 != now.1 {
                inputs.recipe.set(String::new());
            }
        }
        now
    });
    let is_busy = RwSignal::new(false);
    let refusal = RwSignal::new(None::<ApiError>);
    // With another wish comes another key, and old refusals are void.
    let key = StoredValue::new(idempotency_key());
    effect(move |before: Option<()>| {
        inputs.track();
        if before.is_some() {
            key.set_value(idempotency_key());
            refusal.set(None);
        }
    });
    let problem = move |field: &'static str| {
        Signal::derive(move || {
            refusal.with(|refusal| {
                let mut fields = refusal.iter().flat_map(|error| &error.fields);
                fields
                    .find(|(known, _)| known == field || known.starts_with(&format!("{field}.")))
                    .map(|(_, reason)| reason.clone())
            })
        })
    };
    let was_pressed = RwSignal::new(false);
    let weights_problem = Signal::derive(move || {
        let is_missing = inputs.source.get() == FROM_FILE && weights.file.with(Option::is_none);
        let local = (is_missing && was_pressed.get()).then(|| "Choose a file (.safetensors)".to_owned());
        local.or_else(|| problem("weights_hash").get())
    });
    let name_problem = Signal::derive(move || {
        let local = inputs.name.with(|name| name_problem_of(name));
        // An empty name is no mistake before one has tried to go on.
        let local = local.filter(|_| was_pressed.get() || !inputs.name.with(String::is_empty));
        local.or_else(|| problem("name").get())
    });
    let submit = move |and_train: bool| {
        was_pressed.set(true);
        let has_problem = untrack(|| name_problem.get().is_some() || weights_problem.get().is_some());
        if is_busy.get_untracked() || has_problem {
            return;
        }
        let Some(request) = inputs.request(&untrack(recipe_list), key.get_value()) else { return };
        is_busy.set(true);
        let file = weights.file.get_untracked().filter(|_| inputs.source.get_untracked() == FROM_FILE);
        spawn_local(async move {
            let answer = match file {
                Some(file) => match weights.send(file).await {
                    Ok(weights_hash) => {
                        api::models::create(CreateModelRequest { weights_hash, ..request }).await
                    }
                    Err(error) => Err(error),
                },
                None => api::models::create(request).await,
            };
            is_busy.try_set(false);
            match answer {
                Ok(model) => {
                    toasts.done(format!("{} is made", model.name));
                    let id = model.id.to_string();
                    navigation.go(&if and_train {
                        Place::Train { model: id, step: Step::Data }
                    } else {
                        Place::Models
                    });
                }
                Err(error) => {
                    session.check(&error);
                    refusal.try_set(Some(error));
                }
            }
        });
    };
    let recipe_options = Signal::derive(move || {
        let mut options = vec![(String::new(), "All labels of the dataset".to_owned())];
        options.extend(recipe_list().into_iter().map(|recipe| {
            let count = crate::text::counted(recipe.labels.len() as u64, "label", "labels");
            (recipe.id, format!("Recipe {} ({count})", recipe.title))
        }));
        options.extend(inputs.family().filter(|family| !family.labels.is_empty()).map(|family| {
            let count = crate::text::counted(family.labels.len() as u64, "label", "labels");
            (PREDEFINED.to_owned(), format!("Predefined labels of {} ({count})", family.name))
        }));
        options
    });
    let classes = move || {
        let id = inputs.dataset.get();
        datasets.with_value(|list| {
            list.iter().find(|dataset| dataset.id.to_string() == id).map_or(1, |dataset| dataset.labels.len())
        })
    };
    let source_options =
        Signal::derive(move || models.with_value(|models| sources(models, &inputs.architecture.get())));
    view! {
        <form class="form" novalidate on:submit=move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            submit(true);
        }>
            {dynamic(move || refusal.get().map(|error| view! {
                <div class="notice" data-look="error" role="alert">
                    <IconView icon=Icon::CrossInOctagon/>
                    <div class="grow"><strong>"The version was not made"</strong><p>{error.sentence()}</p></div>
                </div>
            }))}
            <section class="card" aria-labelledby="form-model">
                <h2 id="form-model">"Version"</h2>
                <div class="form-grid wide">
                    <TextField id="name" label="Name" hint="Unique among the versions" value=inputs.name problem=name_problem/>
                    <SelectField
                        id="architecture"
                        label="Architecture"
                        hint="Smaller ones learn faster, larger ones better"
                        options=Signal::derive(move || architecture_options(classes()))
                        value=inputs.architecture
                        problem=problem("architecture")
                    />
                    <SelectField
                        id="weights"
                        label="Start from"
                        hint="Weights of another version learn faster than chance"
                        options=source_options
                        value=inputs.source
                        problem=problem("weights_of_model")
                    />
                    <Show when=move || inputs.source.get() == FROM_FILE>
                        <WeightsField weights problem=weights_problem/>
                    </Show>
                    <TextField id="description" label="Description" value=inputs.description problem=problem("description")/>
                    <TextField id="tags" label="Tags" hint="Parted by commas" value=inputs.tags problem=problem("tags")/>
                </div>
            </section>
            <section class="card" aria-labelledby="form-data">
                <h2 id="form-data">"Data"</h2>
                <div class="form-grid wide">
                    <SelectField
                        id="dataset"
                        label="Dataset"
                        hint="What it learns from; it can still be changed before training"
                        options=Signal::stored(datasets.with_value(|list| dataset_options(list)))
                        value=inputs.dataset
                        problem=problem("dataset")
                    />
                    <SelectField
                        id="labels"
                        label="Labels"
                        hint="Their order decides the numbers of the classes"
                        options=recipe_options
                        value=inputs.recipe
                        problem=problem("labels")
                    />
                </div>
                <Brought inputs/>
            </section>
            <div class="form-actions">
                <button
                    class="button primary"
                    type="submit"
                    aria-busy=move || is_busy.get().to_string()
                    aria-disabled=move || is_busy.get().then_some("true")
                >
                    "Create & Train"
                </button>
                <button
                    class="button"
                    type="button"
                    aria-disabled=move || is_busy.get().then_some("true")
                    on:click=move |_| submit(false)
                >
                    "Create"
                </button>
                <a class="button" href=Place::Models.path()>"Cancel"</a>
            </div>
        </form>
    }
}

/// The filters that the page was opened with, to look at.
#[component]
fn Brought(inputs: Inputs) -> impl IntoView {
    let shown = |title: &'static str, filter: String| {
        (!filter.is_empty()).then(|| {
            view! {
                <details open=true>
                    <summary>{title}</summary>
                    <pre class="query"><code>{crate::text::spaced_json(&filter)}</code></pre>
                </details>
            }
        })
    };
    view! {
        {shown("Filter of the train subset", inputs.train.get_value())}
        {shown("Filter of the validation subset", inputs.validation.get_value())}
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
