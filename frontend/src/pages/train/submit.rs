//! The button that starts the training. Pressed twice, or tried again after a lost connection, it starts one.
//!
//! Must not know how the steps look.

use super::facts::{machine_words, time_words};
use super::steps::{Step, elements_of_field};
use super::wizard::Wizard;
use crate::api;
use crate::components::dynamic::{effect, memo};
use crate::routes::Place;
use crate::state::act::Act;
use crate::state::layers::{Layers, Question};
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use proto::v1::StartTrainingRequest;
use wasm_bindgen::JsCast;

#[component]
pub fn Submit(wizard: Wizard) -> impl IntoView {
    let layers = expect_context::<Layers>();
    let starter = Starter::from_context(wizard);
    let can_train = wizard.model.with_value(|model| model.status.can_train());
    let is_held = move || starter.is_busy.get() || can_train.is_err();
    // A press while the server still looks at what is filled in waits for its answer.
    let waits = RwSignal::new(false);
    let go_on = move || {
        let problems = untrack(|| wizard.blocking_problems());
        if let Some((field, _)) = problems.first() {
            return starter.lead_to(field);
        }
        let Some(request) = untrack(|| wizard.request()) else { return };
        layers.ask(Question {
            title: format!("Train {}?", wizard.model.with_value(|model| model.name.clone())),
            body: untrack(|| summary(wizard)),
            yes: "Start training",
            on_yes: Act::new(move || starter.start(request.clone())),
            is_dangerous: false,
        });
    };
    let is_checked = memo(move |_| wizard.is_checked());
    effect(move |_| {
        if is_checked.get() && waits.get() {
            waits.set(false);
            go_on();
        }
    });
    let press = move |_| {
        if !untrack(is_held) {
            waits.set(true);
        }
    };
    view! {
        <button
            class="button primary"
            type="button"
            aria-busy=move || (starter.is_busy.get() || waits.get()).to_string()
            aria-disabled=move || is_held().then_some("true")
            title=can_train.err()
            on:click=press
        >
            "Train Model"
        </button>
    }
}

/// What is about to happen, in a few lines.
fn summary(wizard: Wizard) -> String {
    wizard.check.with(|check| {
        let Some(check) = check else { return "It starts as it is filled in".to_owned() };
        let items =
            |subset: &Option<proto::v1::SubsetCheck>| subset.as_ref().map_or(0, |subset| subset.item_count);
        let mut lines = vec![format!(
            "{} train and {} validation items, {}",
            text::count(items(&check.train)),
            text::count(items(&check.validation)),
            text::counted(check.labels.len() as u64, "label", "labels")
        )];
        lines.extend(
            [
                Some(machine_words(check.processor_cores, &check.configuration_json)),
                time_words(check.duration_secs),
            ]
            .into_iter()
            .flatten(),
        );
        lines.extend(check.warnings.iter().map(|warning| text::capitalised(&warning.message)));
        lines.join("\n")
    })
}

#[derive(Clone, Copy)]
struct Starter {
    wizard: Wizard,
    is_busy: RwSignal<bool>,
    live: Live,
    navigation: Navigation,
    session: Session,
    toasts: Toasts,
}

impl Starter {
    fn from_context(wizard: Wizard) -> Self {
        Self {
            wizard,
            is_busy: RwSignal::new(false),
            live: expect_context(),
            navigation: expect_context(),
            session: expect_context(),
            toasts: expect_context(),
        }
    }

    fn start(self, mut request: StartTrainingRequest) {
        if self.is_busy.get_untracked() {
            return;
        }
        request.idempotency_key = self.wizard.key_for(&request);
        self.is_busy.set(true);
        self.wizard.refusal.set(None);
        spawn_local(async move {
            let answer = api::trainings::start(request).await;
            self.is_busy.try_set(false);
            match answer {
                Ok(training) => {
                    self.wizard.is_over.try_set(true);
                    let place = Place::model(training.model_id);
                    self.live.take_training(training);
                    self.toasts.done("Training started");
                    self.navigation.go(&place);
                }
                Err(error) => {
                    self.session.check(&error);
                    let field = error.fields.first().map(|(field, _)| field.clone());
                    self.wizard.refusal.try_set(Some(error));
                    if let Some(field) = field {
                        self.lead_to(&field);
                    }
                }
            }
        });
    }

    /// Goes to the step of a field, and to the field.
    fn lead_to(self, field: &str) {
        let model = self.wizard.model.with_value(|model| model.id.to_string());
        self.navigation.go(&Place::Train { model, step: Step::of_field(field) });
        let ids = elements_of_field(field);
        // The step is drawn with the next frame.
        request_animation_frame(move || request_animation_frame(move || focus_first(&ids)));
    }
}

/// Focuses the first of these elements that is there, or else the first field with a problem.
fn focus_first(ids: &[String]) {
    let named = ids.iter().find_map(|id| document().get_element_by_id(id));
    let Some(field) = named.or_else(|| document().query_selector("[aria-invalid=true]").ok().flatten())
    else {
        return;
    };
    if let Ok(Some(details)) = field.closest("details") {
        // A field that is folded away cannot take the focus.
        let _ = details.set_attribute("open", "");
    }
    let _ = field.unchecked_ref::<web_sys::HtmlElement>().focus();
}
