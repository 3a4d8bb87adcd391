//! Keeps a draft on the server: once it rests, at once when the page is left, and again where that failed.
//!
//! Must not know what is in a draft, nor how it stands in the page. It outlives the page's signals.

use super::draft::Draft;
use super::wizard::Wizard;
use crate::api::models::{draft, save_draft, save_draft_leaving};
use crate::api::{ApiError, ErrorKind};
use crate::components::dynamic::{effect, memo};
use crate::state::settled::settled;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the inputs are still before they are kept.
const SAVE_AFTER: Duration = Duration::from_millis(700);
/// The pause after the first failure; each one more doubles it.
const FIRST_PAUSE_MS: u32 = 1_000;
const LONGEST_PAUSE_MS: u32 = 30_000;
/// How often it is tried again once the page is left.
const TRIES_AFTER_LEAVING: u32 = 4;

/// Where the draft stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    Kept,
    /// The server did not answer.
    Retrying,
    /// Why the server does not take it as it is.
    Refused(String),
    /// Another tab has kept another one.
    Changed,
}

/// What outlives the page.
struct Held {
    model: String,
    /// What was changed since the last save began.
    unsaved: Option<Draft>,
    /// What is on its way.
    in_flight: Option<Draft>,
    /// What may have arrived although no answer came.
    unanswered: Option<Draft>,
    /// When the draft was kept that the next one takes the place of; `None` for any.
    known_at_ms: Option<i64>,
    failures: u32,
    /// Nothing is kept any more, or not until a person has decided.
    is_stopped: bool,
}

/// Small enough to be copied.
#[derive(Clone, Copy)]
pub struct Keeper {
    held: StoredValue<Shared>,
    pub state: RwSignal<Keeping>,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Held>>);

impl Keeper {
    pub fn new(model: String, known_at_ms: i64) -> Self {
        let held = Held {
            model,
            unsaved: None,
            in_flight: None,
            unanswered: None,
            known_at_ms: Some(known_at_ms),
            failures: 0,
            is_stopped: false,
        };
        Self {
            held: StoredValue::new(Shared(Arc::new(Mutex::new(held)))),
            state: RwSignal::new(Keeping::Kept),
        }
    }

    /// Keeps what is filled in from now on.
    pub fn follow(self, wizard: Wizard) {
        let shared = self.held.get_value();
        let draft = memo(move |_| wizard.draft());
        let still = settled(move || draft.get(), SAVE_AFTER);
        let changing = shared.clone();
        effect(move |before: Option<Draft>| {
            let draft = draft.get();
            if before.is_some_and(|before| before != draft) {
                changing.with(|held| held.unsaved = Some(draft.clone()));
            }
            draft
        });
        let state = self.state;
        let resting = shared.clone();
        effect(move |_| {
            still.track();
            resting.save(state);
        });
        let ending = shared.clone();
        effect(move |_| {
            if wizard.is_over.get() {
                ending.with(|held| (held.unsaved, held.is_stopped) = (None, true));
            }
        });
        let hiding = shared.clone();
        let hidden = window_event_listener(leptos::ev::visibilitychange, move |_| {
            if document().hidden() {
                hiding.save(state);
            }
        });
        let going = shared.clone();
        let gone = window_event_listener(leptos::ev::pagehide, move |_| going.send_leaving());
        on_cleanup(move || {
            hidden.remove();
            gone.remove();
            shared.save(state);
        });
    }

    /// Puts this draft in the place of whatever another tab has kept.
    pub fn keep_mine(self, draft: &Draft) {
        let shared = self.held.get_value();
        shared.with(|held| {
            held.unsaved = Some(draft.clone());
            held.known_at_ms = None;
            held.is_stopped = false;
        });
        self.state.set(Keeping::Kept);
        shared.save(self.state);
    }
}

impl Shared {
    /// Nothing panics while it is held, so it is never poisoned.
    fn with<T>(&self, act: impl FnOnce(&mut Held) -> T) -> Option<T> {
        self.0.lock().ok().map(|mut held| act(&mut held))
    }

    /// Sends what is not kept yet, unless something is on its way: what then is left follows it.
    fn save(&self, state: RwSignal<Keeping>) {
        let begun = self.with(|held| {
            if held.is_stopped || held.in_flight.is_some() {
                return None;
            }
            let draft = held.unsaved.take()?;
            held.in_flight = Some(draft.clone());
            Some((held.model.clone(), draft, held.known_at_ms))
        });
        let Some((model, draft, known_at_ms)) = begun.flatten() else { return };
        let shared = self.clone();
        spawn_local(async move {
            let answer = save_draft(model, draft.to_json(), known_at_ms).await;
            shared.settle(draft, answer, state).await;
        });
    }

    async fn settle(&self, draft: Draft, answer: Result<i64, ApiError>, state: RwSignal<Keeping>) {
        self.with(|held| held.in_flight = None);
        match answer {
            Ok(at_ms) => {
                self.kept(at_ms);
                state.try_set(Keeping::Kept);
                self.save(state);
            }
            Err(error) if error.kind == ErrorKind::Changed => self.look_again(draft, state).await,
            Err(error) if matches!(error.kind, ErrorKind::Unreachable | ErrorKind::SignedOut) => {
                self.try_later(draft, state).await;
            }
            // It would be refused again as it is; what is changed next is tried.
            Err(error) => drop(state.try_set(Keeping::Refused(error.sentence()))),
        }
    }

    fn kept(&self, at_ms: i64) {
        self.with(|held| {
            held.known_at_ms = Some(held.known_at_ms.unwrap_or(0).max(at_ms));
            held.failures = 0;
        });
    }

    /// Finds out who has changed the draft: it may be this page, if an answer was lost.
    async fn look_again(&self, draft: Draft, state: RwSignal<Keeping>) {
        let Some(model) = self.with(|held| held.model.clone()) else { return };
        let Ok(kept) = self::draft(model).await else { return self.try_later(draft, state).await };
        let stored = Draft::from_json(&kept.json);
        let is_own = stored == draft
            || self.with(|held| held.unanswered.as_ref() == Some(&stored)).unwrap_or_default();
        self.put_back(draft);
        if is_own {
            self.kept(kept.at_ms);
            return self.save(state);
        }
        self.with(|held| held.is_stopped = true);
        state.try_set(Keeping::Changed);
    }

    async fn try_later(&self, draft: Draft, state: RwSignal<Keeping>) {
        let failures = self.with(|held| {
            held.unanswered = Some(draft.clone());
            held.failures += 1;
            held.failures
        });
        self.put_back(draft);
        let is_left = state.try_set(Keeping::Retrying).is_some();
        let failures = failures.unwrap_or(1);
        if is_left && failures > TRIES_AFTER_LEAVING {
            return;
        }
        let doublings = failures.saturating_sub(1).min(5);
        TimeoutFuture::new((FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS)).await;
        // A later failure has a pause of its own.
        if self.with(|held| held.failures == failures).unwrap_or_default() {
            self.save(state);
        }
    }

    /// What was not kept is to be kept, unless there is something newer.
    fn put_back(&self, draft: Draft) {
        self.with(|held| {
            held.unsaved.get_or_insert(draft);
        });
    }

    /// Sends what is not kept for sure, without waiting for an answer. The page may come back, and then finds its own
    /// draft.
    fn send_leaving(&self) {
        self.with(|held| {
            let Some(draft) = held.unsaved.clone().or_else(|| held.in_flight.clone()) else { return };
            if held.is_stopped {
                return;
            }
            // What is on its way has asked already, and changes what is known.
            let known_at_ms = held.known_at_ms.filter(|_| held.in_flight.is_none());
            save_draft_leaving(held.model.clone(), draft.to_json(), known_at_ms);
            held.unanswered = Some(draft);
        });
    }
}
