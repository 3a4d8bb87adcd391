//! What can be done with a training, wherever it is shown.
//!
//! Must not decide what is possible: `shared::status` does.

use crate::api::{self, ApiError};
use crate::components::menu::MenuEntry;
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
use shared::status::{ModelStatus, Status};
use shared::training::Training;

/// The means that actions need; small enough to be copied.
#[derive(Clone, Copy)]
pub struct Actions {
    live: Live,
    layers: Layers,
    toasts: Toasts,
    session: Session,
    navigation: Navigation,
}

impl Actions {
    pub fn from_context() -> Self {
        Self {
            live: expect_context(),
            layers: expect_context(),
            toasts: expect_context(),
            session: expect_context(),
            navigation: expect_context(),
        }
    }

    /// The menu of a row.
    pub fn menu(self, training: &Training) -> Vec<MenuEntry> {
        let (model, execution) = (training.model_id.to_string(), training.execution_id.to_string());
        let (for_abort, for_removal, for_retry) = (training.clone(), training.clone(), training.clone());
        let place = Place::model(training.model_id);
        vec![
            MenuEntry::new("Open", move || self.navigation.go(&place)),
            MenuEntry::new("Copy Model ID", move || self.copy("Model ID", model.clone())),
            MenuEntry::new("Copy Execution ID", move || self.copy("Execution ID", execution.clone())),
            MenuEntry::new("Abort Training…", move || self.ask_to_abort(&for_abort))
                .when(can_abort(training))
                .dangerous(),
            MenuEntry::new("Remove Training", move || self.remove(for_removal.clone()))
                .when(training.status.can_remove()),
            MenuEntry::new("Retry", move || self.retry(&for_retry)).when(self.can_retry(training)),
        ]
    }

    /// As the status says, and that of its version: the newest training decides it.
    pub fn can_retry(self, training: &Training) -> Result<(), &'static str> {
        training.status.can_retry()?;
        let latest = untrack(|| self.live.latest_of(training.model_id));
        let status = latest.map_or(training.status, |latest| latest.with_untracked(|latest| latest.status));
        ModelStatus::beside(status).can_train()
    }

    /// Starts another training of the same version, which learns from the same data in the same way.
    pub fn retry(self, training: &Training) {
        self.retry_all(vec![training.clone()]);
    }

    /// Starts another training for each of these.
    pub fn retry_all(self, trainings: Vec<Training>) {
        spawn_local(async move {
            let mut started = Vec::new();
            for training in trainings {
                match retried(&training).await {
                    Ok(new) => {
                        started.push((new.model_name.clone(), new.model_id));
                        self.live.take_training(new);
                    }
                    Err(error) => {
                        self.failed(&format!("{} could not be trained again", training.model_name), &error);
                    }
                }
            }
            match &started[..] {
                [] => {}
                [(name, model)] => {
                    let (navigation, place) = (self.navigation, Place::model(*model));
                    let open = Act::new(move || navigation.go(&place));
                    self.toasts.done_with(format!("Training of {name} started again"), "Open", open);
                }
                several => {
                    let words = text::counted(several.len() as u64, "training", "trainings");
                    self.toasts.done(format!("{words} started again"));
                }
            }
        });
    }

    /// What else can be done where the training has a page: how soon it starts, and that it goes round again.
    pub fn queue_menu(self, training: &Training, urgent: RwSignal<Option<Training>>) -> [MenuEntry; 2] {
        let (for_priority, for_rerun) = (training.clone(), training.clone());
        [
            MenuEntry::new("Priority…", move || urgent.set(Some(for_priority.clone())))
                .when(can_prioritise(training)),
            MenuEntry::new("Run again…", move || self.ask_to_rerun(&for_rerun)).when(can_rerun(training)),
        ]
    }

    fn ask_to_rerun(self, training: &Training) {
        let (id, name) = (training.id.to_string(), training.model_name.clone());
        self.layers.ask(Question {
            title: format!("Run the training of {name} again?"),
            body: "It writes a checkpoint and goes on from it in a new attempt".into(),
            yes: "Run again",
            on_yes: Act::new(move || {
                let (id, name) = (id.clone(), name.clone());
                spawn_local(async move {
                    match api::trainings::rerun(id).await {
                        Ok(training) => {
                            self.live.take_training(training);
                            self.toasts
                                .done(format!("Training of {name} writes a checkpoint and runs again"));
                        }
                        Err(error) => self.failed("The training does not run again", &error),
                    }
                });
            }),
            is_dangerous: false,
        });
    }

    /// Asks first: what an abort ends, no undo brings back.
    pub fn ask_to_abort(self, training: &Training) {
        let id = training.id.to_string();
        let effect = if training.status == Status::InProgress {
            "It stops within seconds; checkpoints and figures that it has reported so far are kept"
        } else {
            "It has not started to learn; nothing is lost"
        };
        self.layers.ask(Question {
            title: format!("Abort the training of {}?", training.model_name),
            body: format!("{effect}\nThe status will be Terminated"),
            yes: "Abort training",
            on_yes: Act::new(move || self.abort(id.clone())),
            is_dangerous: true,
        });
    }

    /// Asks once for all of them.
    pub fn ask_to_abort_all(self, trainings: Vec<Training>) {
        let words = text::counted(trainings.len() as u64, "training", "trainings");
        let running = trainings.iter().filter(|training| training.status == Status::InProgress).count();
        self.layers.ask(Question {
            title: format!("Abort {words}?"),
            body: format!(
                "{}\nTheir status will be Terminated",
                match running {
                    0 => "None of them has started to learn; nothing is lost".to_owned(),
                    1 =>
                        "One of them runs, and stops within seconds; what it has reported is kept".to_owned(),
                    many => format!(
                        "{many} of them run, and stop within seconds; what they have reported is kept"
                    ),
                }
            ),
            yes: "Abort trainings",
            on_yes: Act::new(move || {
                for training in &trainings {
                    self.abort(training.id.to_string());
                }
            }),
            is_dangerous: true,
        });
    }

    /// Done at once, with one way back for all.
    pub fn remove_all(self, trainings: Vec<Training>) {
        spawn_local(async move {
            let mut removed = Vec::new();
            for training in trainings {
                match api::trainings::remove(training.id.to_string()).await {
                    Ok(training) => {
                        removed.push(training.id.to_string());
                        self.live.take_training(training);
                    }
                    Err(error) => self.failed("A training could not be removed", &error),
                }
            }
            if removed.is_empty() {
                return;
            }
            let words = text::counted(removed.len() as u64, "training", "trainings");
            let undo = Act::new(move || {
                for id in &removed {
                    self.restore(id.clone());
                }
            });
            self.toasts.done_with(format!("{words} removed from training"), "Undo", undo);
        });
    }

    fn abort(self, id: String) {
        spawn_local(async move {
            match api::trainings::abort(id).await {
                Ok(training) => {
                    let name = training.model_name.clone();
                    let is_over = training.status.is_final();
                    self.live.take_training(training);
                    self.toasts.done(if is_over {
                        format!("Training of {name} is terminated")
                    } else {
                        format!("Training of {name} is stopping")
                    });
                }
                Err(error) => self.failed("The training could not be aborted", &error),
            }
        });
    }

    /// Done at once, because it can be undone.
    fn remove(self, training: Training) {
        spawn_local(async move {
            let id = training.id.to_string();
            match api::trainings::remove(id.clone()).await {
                Ok(removed) => {
                    self.live.take_training(removed);
                    let undo = Act::new(move || self.restore(id.clone()));
                    self.toasts.done_with(
                        format!("{} removed from training", training.model_name),
                        "Undo",
                        undo,
                    );
                }
                Err(error) => self.failed("The training could not be removed", &error),
            }
        });
    }

    fn restore(self, id: String) {
        spawn_local(async move {
            match api::trainings::restore(id).await {
                Ok(training) => {
                    self.toasts.done(format!("{} is back", training.model_name));
                    self.live.take_training(training);
                }
                Err(error) => self.failed("The training could not be put back", &error),
            }
        });
    }

    /// Puts an id on the clipboard; where a browser forbids that, shows it.
    pub fn copy(self, what: &'static str, text: String) {
        let toasts = self.toasts;
        if !window().is_secure_context() {
            return toasts.done(format!("{what}: {text}"));
        }
        let written = window().navigator().clipboard().write_text(&text);
        spawn_local(async move {
            match wasm_bindgen_futures::JsFuture::from(written).await {
                Ok(_) => toasts.done(format!("{what} copied")),
                Err(_) => toasts.done(format!("{what}: {text}")),
            }
        });
    }

    fn failed(self, what: &str, error: &ApiError) {
        self.session.check(error);
        self.toasts.problem(format!("{what}: {}", error.sentence()));
    }
}

/// Starts a training of the same version with the whole configuration, the secrets and the urgency of this one. What it
/// learns from is not chosen anew: the server takes what was frozen.
async fn retried(training: &Training) -> Result<Training, ApiError> {
    let id = training.id.to_string();
    let snapshot = api::trainings::snapshot(id.clone()).await?;
    let request = StartTrainingRequest {
        model: training.model_id.to_string(),
        configuration_json: snapshot.configuration_json,
        secrets: snapshot.secrets,
        snapshot_of: id,
        priority: training.priority,
        ..Default::default()
    };
    api::trainings::start(request).await
}

/// Only what waits can be made more or less urgent.
fn can_prioritise(training: &Training) -> Result<(), &'static str> {
    if training.status.is_waiting() {
        Ok(())
    } else {
        Err("Only a waiting training has a place in the queue")
    }
}

/// Only what runs can write a checkpoint to go on from.
fn can_rerun(training: &Training) -> Result<(), &'static str> {
    match training.status {
        Status::InProgress if training.abort_requested => Err("It is stopping"),
        Status::InProgress => Ok(()),
        status if status.is_waiting() => Err("It starts by itself"),
        _ => Err("What is final stays so; train the version again, or a clone of it"),
    }
}

/// As the status says; and once is enough.
pub fn can_abort(training: &Training) -> Result<(), &'static str> {
    training.status.can_abort()?;
    if training.abort_requested { Err("It is stopping already") } else { Ok(()) }
}
