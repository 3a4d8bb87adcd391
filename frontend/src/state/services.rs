//! The training services, as long as a page looks at them: fetched again when rows of trainings change in what concerns
//! their services, and every few seconds besides.
//!
//! Must not know any page.

use super::live::Live;
use super::session::Session;
use crate::api::services::ServiceNow;
use crate::api::{self, ApiError};
use crate::components::dynamic::{effect, memo};
use crate::state::resource::Loaded;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::id::ServiceId;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Trouble of an instance shows in no row, so it is looked for by time too.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// A burst of changes is one reason to look.
const CHANGED_AFTER: Duration = Duration::from_millis(400);

/// The services of this tab.
#[derive(Clone, Copy)]
pub struct Services {
    pub list: RwSignal<Loaded<Vec<ServiceNow>>>,
    /// Changes with every answer, also with one that says the same.
    pub turn: RwSignal<u32>,
    /// Why the last look failed, while what was seen before is still shown.
    pub stale: RwSignal<Option<ApiError>>,
    is_asking: StoredValue<bool>,
    session: Session,
}

impl Services {
    pub fn new(session: Session) -> Self {
        Self {
            list: RwSignal::new(Loaded::Loading),
            turn: RwSignal::new(0),
            stale: RwSignal::new(None),
            is_asking: StoredValue::new(false),
            session,
        }
    }

    /// Keeps the list true for as long as the page stands.
    pub fn watched() -> Self {
        let services = expect_context::<Self>();
        let live = expect_context::<Live>();
        effect(move |before: Option<u64>| {
            let now = changes_of(live);
            match before {
                None => services.look(),
                Some(before) if before != now => set_timeout(move || services.look(), CHANGED_AFTER),
                Some(_) => {}
            }
            now
        });
        let look_if_seen = move || {
            if !document().hidden() {
                services.look();
            }
        };
        if let Ok(interval) = set_interval_with_handle(look_if_seen, LOOK_AGAIN) {
            on_cleanup(move || interval.clear());
        }
        services
    }

    /// Asks the server, unless an answer is on its way.
    pub fn look(self) {
        if self.is_asking.get_value() {
            return;
        }
        self.is_asking.set_value(true);
        spawn_local(async move {
            let answer = api::services::list().await;
            self.is_asking.set_value(false);
            match answer {
                Ok(list) => {
                    self.stale.set(None);
                    let list = Loaded::Ready(list);
                    if self.list.with_untracked(|old| *old != list) {
                        self.list.set(list);
                    }
                }
                Err(error) => {
                    self.session.check(&error);
                    if self.list.with_untracked(|old| matches!(old, Loaded::Ready(_))) {
                        self.stale.set(Some(error));
                    } else {
                        self.list.set(Loaded::Failed(error));
                    }
                }
            }
            self.turn.update(|turn| *turn += 1);
        });
    }

    /// Forgets what is known: the next one to sign in may not see it.
    pub fn forget(self) {
        self.list.set(Loaded::Loading);
        self.stale.set(None);
    }

    /// Takes in what a call answered.
    pub fn take(self, now: ServiceNow) {
        self.list.update(|list| {
            let Loaded::Ready(list) = list else { return };
            match list.iter_mut().find(|(service, _)| service.id == now.0.id) {
                Some(known) => *known = now,
                None => list.push(now),
            }
        });
        self.turn.update(|turn| *turn += 1);
    }

    /// The service with this id; what was known of it stays while the list is fetched anew.
    pub fn follow(self, id: ServiceId) -> Memo<Option<ServiceNow>> {
        memo(move |before: Option<&Option<ServiceNow>>| self.now(id).or_else(|| before.cloned().flatten()))
    }

    /// The service with this id, once it is known; whoever reads it is told of changes.
    pub fn now(self, id: ServiceId) -> Option<ServiceNow> {
        self.list.with(|list| match list {
            Loaded::Ready(list) => list.iter().find(|(service, _)| service.id == id).cloned(),
            Loaded::Loading | Loaded::Failed(_) => None,
        })
    }
}

/// Changes with what of the rows concerns their services: who waits or runs where.
fn changes_of(live: Live) -> u64 {
    let mut hasher = DefaultHasher::new();
    live.turn.track();
    live.rows.with_untracked(|rows| {
        for row in rows.values() {
            row.with_untracked(|row| {
                if !row.status.is_final() {
                    (row.id, row.status, row.instance_id).hash(&mut hasher);
                }
            });
        }
    });
    hasher.finish()
}
