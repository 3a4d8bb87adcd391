//! What can be done with a version: clone, edit, delete and put back, with their dialogs.
//!
//! Must not decide what is possible: `shared::status` does.

use super::query::{name_of_copy, tags_from};
use crate::api::{self, ApiError, idempotency_key};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::dynamic::{dynamic, effect};
use crate::components::field::{SelectField, TextField};
use crate::components::menu::MenuEntry;
use crate::pages::actions::Actions;
use crate::pages::train::steps::Step;
use crate::routes::Place;
use crate::state::act::Act;
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched};
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use leptos::task::spawn_local;
use proto::v1::{CloneModelRequest, UpdateModelRequest};
use shared::model::Model;
use shared::status::ModelStatus;

/// Which dialog is open, and the means that the actions need.
#[derive(Clone, Copy)]
pub struct Changes {
    cloned: RwSignal<Option<Model>>,
    edited: RwSignal<Option<Model>>,
    /// Shows what is there now.
    again: Callback<()>,
    actions: Actions,
    navigation: Navigation,
    session: Session,
    toasts: Toasts,
}

impl Changes {
    pub fn new(again: Callback<()>) -> Self {
        Self {
            cloned: RwSignal::new(None),
            edited: RwSignal::new(None),
            again,
            actions: Actions::from_context(),
            navigation: expect_context(),
            session: expect_context(),
            toasts: expect_context(),
        }
    }

    /// The menu of a version that stands at `status`.
    pub fn menu(self, model: &Model, status: ModelStatus) -> Vec<MenuEntry> {
        let place = Place::model(model.id);
        let id = model.id.to_string();
        let (for_clone, for_edit, for_delete) = (model.clone(), model.clone(), model.clone());
        vec![
            MenuEntry::new("Open", move || self.navigation.go(&place)),
            MenuEntry::new("Clone…", move || self.cloned.set(Some(for_clone.clone()))),
            MenuEntry::new("Edit…", move || self.edited.set(Some(for_edit.clone()))),
            MenuEntry::new("Copy Model ID", move || self.actions.copy("Model ID", id.clone())),
            MenuEntry::new("Delete", move || self.delete(for_delete.clone()))
                .when(status.can_delete())
                .dangerous(),
        ]
    }

    /// What the page of a version offers beside its training's actions.
    pub fn more(self, model: &Model) -> Vec<MenuEntry> {
        let (for_clone, for_edit) = (model.clone(), model.clone());
        vec![
            MenuEntry::new("Clone…", move || self.cloned.set(Some(for_clone.clone()))),
            MenuEntry::new("Edit…", move || self.edited.set(Some(for_edit.clone()))),
        ]
    }

    /// Done at once, because it can be undone.
    fn delete(self, model: Model) {
        spawn_local(async move {
            let id = model.id.to_string();
            match api::models::delete(id.clone()).await {
                Ok(_) => {
                    self.again.try_run(());
                    let undo = Act::new(move || self.restore(id.clone()));
                    self.toasts.done_with(format!("{} deleted", model.name), "Undo", undo);
                }
                Err(error) => self.failed("The version could not be deleted", &error),
            }
        });
    }

    fn restore(self, id: String) {
        spawn_local(async move {
            match api::models::restore(id).await {
                Ok(model) => {
                    self.toasts.done(format!("{} is back", model.name));
                    self.again.try_run(());
                }
                Err(error) => self.failed("The version could not be put back", &error),
            }
        });
    }

    fn failed(self, what: &str, error: &ApiError) {
        self.session.check(error);
        self.toasts.problem(format!("{what}: {}", error.sentence()));
    }
}

/// The dialogs of the actions that ask for more.
#[component]
pub fn ChangeDialogs(changes: Changes) -> impl IntoView {
    let close_clone = Callback::new(move |()| changes.cloned.set(None));
    let close_edit = Callback::new(move |()| changes.edited.set(None));
    let clones = Signal::derive(move || changes.cloned.with(Option::is_some));
    let edits = Signal::derive(move || changes.edited.with(Option::is_some));
    view! {
        <Dialog open=clones on_close=close_clone labelled_by="clone-title">
            {dynamic(move || changes.cloned.get().map(|model| view! { <CloneForm model changes close=close_clone/> }))}
        </Dialog>
        <Dialog open=edits on_close=close_edit labelled_by="edit-title">
            {dynamic(move || changes.edited.get().map(|model| view! { <EditForm model changes close=close_edit/> }))}
        </Dialog>
    }
}

/// The reason that a refusal gives for a field.
fn reason(refusal: RwSignal<Option<ApiError>>, field: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || {
        refusal.with(|refusal| {
            let mut fields = refusal.iter().flat_map(|error| &error.fields);
            fields.find(|(known, _)| known == field).map(|(_, reason)| reason.clone())
        })
    })
}

/// What a refusal says beside its fields.
#[component]
fn Refusal(refusal: RwSignal<Option<ApiError>>) -> impl IntoView {
    dynamic(move || {
        refusal
            .get()
            .filter(|error| error.fields.is_empty())
            .map(|error| view! { <p class="problem" role="alert">{error.sentence()}</p> })
    })
}

#[component]
fn CloneForm(model: Model, changes: Changes, close: Callback<()>) -> impl IntoView {
    let name = RwSignal::new(name_of_copy(&model.name));
    let has_weights = model.status == ModelStatus::Trained || model.initial_weights_hash.is_some();
    let with_weights = RwSignal::new(has_weights);
    let refusal = RwSignal::new(None::<ApiError>);
    let is_busy = RwSignal::new(false);
    // Empty for those of the version.
    let [dataset, recipe] = [(); 2].map(|()| RwSignal::new(String::new()));
    let own_dataset = model.dataset_id.to_string();
    let datasets = fetched(api::datasets::list);
    let asked = own_dataset.clone();
    let recipes = fetched(move || {
        let dataset = Some(dataset.get()).filter(|id| !id.is_empty()).unwrap_or_else(|| asked.clone());
        api::recipes::list(dataset)
    });
    let dataset_options = Signal::derive(move || {
        let mut options = vec![(String::new(), "The same dataset".to_owned())];
        if let Loaded::Ready(list) = datasets.state.get() {
            let others = list.into_iter().filter(|each| each.id.to_string() != own_dataset);
            options.extend(others.map(|each| (each.id.to_string(), each.name)));
        }
        options
    });
    let own_labels = crate::text::counted(model.labels.len() as u64, "label", "labels");
    let label_options = Signal::derive(move || {
        let mut options = vec![(String::new(), format!("The same labels ({own_labels})"))];
        if let Loaded::Ready(list) = recipes.state.get() {
            options.extend(list.into_iter().map(|each| {
                let count = crate::text::counted(each.labels.len() as u64, "label", "labels");
                (each.id, format!("Recipe {} ({count})", each.title))
            }));
        }
        options
    });
    let key = StoredValue::new(idempotency_key());
    // Another wish has another key; the same one tried again has one effect.
    effect(move |before: Option<()>| {
        [name, dataset, recipe].iter().for_each(|text| text.track());
        with_weights.track();
        if before.is_some() {
            key.set_value(idempotency_key());
            refusal.set(None);
        }
    });
    effect(move |before: Option<()>| {
        dataset.track();
        if before.is_some() {
            recipe.set(String::new());
        }
    });
    let (title, id) = (format!("Clone {}", model.name), model.id.to_string());
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let labels = recipe.get_untracked();
        let labels = match recipes.state.get_untracked() {
            _ if labels.is_empty() => Vec::new(),
            Loaded::Ready(list) => {
                let found = list.into_iter().find(|each| each.id == labels);
                found
                    .map(|each| each.labels.into_iter().map(|label| label.name).collect())
                    .unwrap_or_default()
            }
            // They are being loaded again; another press finds them.
            Loaded::Loading | Loaded::Failed(_) => return,
        };
        is_busy.set(true);
        let request = CloneModelRequest {
            model: id.clone(),
            name: name.get_untracked().trim().to_owned(),
            dataset: dataset.get_untracked(),
            labels,
            with_weights: with_weights.get_untracked(),
            idempotency_key: key.get_value(),
            same_start: false,
        };
        spawn_local(async move {
            let answer = api::models::copy(request).await;
            is_busy.try_set(false);
            match answer {
                Ok(copy) => {
                    close.try_run(());
                    changes.toasts.done(format!("{} is ready to be trained", copy.name));
                    changes.navigation.go(&Place::Train { model: copy.id.to_string(), step: Step::Data });
                }
                Err(error) => {
                    changes.session.check(&error);
                    refusal.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <h2 id="clone-title">{title}</h2>
        <form class="form" novalidate on:submit=on_submit>
            <TextField id="clone-name" label="Name" hint="Unique among the versions" value=name problem=reason(refusal, "name")/>
            <SelectField
                id="clone-dataset"
                label="Dataset"
                options=dataset_options
                value=dataset
                problem=reason(refusal, "dataset")
            />
            <SelectField
                id="clone-labels"
                label="Labels"
                hint="Other labels get numbers of their own, from 0, and the part of the network that tells them apart is made anew"
                options=label_options
                value=recipe
                problem=reason(refusal, "labels")
            />
            <label class="check">
                <input
                    type="checkbox"
                    disabled=!has_weights
                    prop:checked=move || with_weights.get()
                    on:change=move |event| with_weights.set(event_target_checked(&event))
                />
                <span>"Start from its weights"</span>
                {(!has_weights).then(|| view! { <span class="muted">"It has none yet"</span> })}
            </label>
            <Refusal refusal/>
            <DialogButtons close is_busy yes="Clone"/>
        </form>
    }
}

#[component]
fn EditForm(model: Model, changes: Changes, close: Callback<()>) -> impl IntoView {
    let name = RwSignal::new(model.name.clone());
    let description = RwSignal::new(model.description.clone());
    let tags = RwSignal::new(model.tags.join(", "));
    let refusal = RwSignal::new(None::<ApiError>);
    let is_busy = RwSignal::new(false);
    let (title, id) = (format!("Edit {}", model.name), model.id.to_string());
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        let request = UpdateModelRequest {
            model: id.clone(),
            name: Some(name.get_untracked().trim().to_owned()),
            description: Some(description.get_untracked()),
            tags: tags_from(&tags.get_untracked()),
            set_tags: true,
        };
        spawn_local(async move {
            let answer = api::models::update(request).await;
            is_busy.try_set(false);
            match answer {
                Ok(model) => {
                    close.try_run(());
                    changes.toasts.done(format!("{} is changed", model.name));
                    changes.again.try_run(());
                }
                Err(error) => {
                    changes.session.check(&error);
                    refusal.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <h2 id="edit-title">{title}</h2>
        <form class="form" novalidate on:submit=on_submit>
            <TextField id="edit-name" label="Name" hint="Unique among the versions" value=name problem=reason(refusal, "name")/>
            <TextField id="edit-description" label="Description" value=description problem=reason(refusal, "description")/>
            <TextField id="edit-tags" label="Tags" hint="Parted by commas" value=tags problem=reason(refusal, "tags")/>
            <Refusal refusal/>
            <DialogButtons close is_busy yes="Save"/>
        </form>
    }
}
