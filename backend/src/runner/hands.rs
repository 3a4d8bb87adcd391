//! The attempts that a runner holds, and what each is told.
//!
//! Must not know where orders come from.

use super::attempt::Command;
use super::outcome::StopReason;
use proto::v1;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

struct Held {
    attempt: v1::HeldAttempt,
    commands: watch::Sender<Command>,
    confirmed: watch::Sender<bool>,
}

/// What an attempt hears of.
pub(super) struct Ears {
    /// What it is told.
    pub(super) commands: watch::Receiver<Command>,
    /// Whether its lease was renewed once: before, it does no work.
    pub(super) confirmed: watch::Receiver<bool>,
}

/// The attempts that a runner holds.
#[derive(Clone)]
pub(super) struct Hands {
    held: Arc<Mutex<BTreeMap<String, Held>>>,
    /// Counts attempts that were taken.
    taken: watch::Sender<u64>,
}

impl Default for Hands {
    fn default() -> Self {
        Self { held: Arc::default(), taken: watch::Sender::new(0) }
    }
}

impl Hands {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, assignment: &v1::Assignment) -> Ears {
        let (commands, told) = watch::channel(Command::GoOn);
        let (confirmed, confirmation) = watch::channel(false);
        let attempt = v1::HeldAttempt {
            execution_id: assignment.execution_id.clone(),
            attempt: assignment.attempt,
            fencing_token: assignment.fencing_token,
        };
        self.lock().insert(assignment.execution_id.clone(), Held { attempt, commands, confirmed });
        self.taken.send_modify(|count| *count += 1);
        Ears { commands: told, confirmed: confirmation }
    }

    pub(super) fn let_go(&self, execution_id: &str, fencing_token: i64) {
        let mut held = self.lock();
        if held.get(execution_id).is_some_and(|one| one.attempt.fencing_token == fencing_token) {
            held.remove(execution_id);
        }
    }

    /// Ticks when an attempt was taken, which wants to be confirmed at once.
    pub(super) fn taken(&self) -> watch::Receiver<u64> {
        self.taken.subscribe()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(super) fn has_unconfirmed(&self) -> bool {
        self.lock().values().any(|held| !*held.confirmed.borrow())
    }

    /// Carries out what the server answered to a renewal of these attempts. One that it does not answer for
    /// is not this runner's.
    pub(super) fn hear(&self, asked_for: &[v1::HeldAttempt], orders: &[v1::AttemptOrder]) {
        for asked in asked_for {
            let answered = orders.iter().find(|order| {
                order.execution_id == asked.execution_id && order.fencing_token == asked.fencing_token
            });
            let order = answered.map_or(v1::Order::Abandon, v1::AttemptOrder::order);
            if let Some(held) = self.lock().get(&asked.execution_id)
                && held.attempt.fencing_token == asked.fencing_token
            {
                let command = match order {
                    v1::Order::Unspecified => None,
                    v1::Order::Stop => Some(Command::Stop(StopReason::Abort)),
                    v1::Order::Drain => Some(Command::Stop(StopReason::Drain)),
                    v1::Order::Abandon => Some(Command::Abandon),
                };
                if let Some(command) = command {
                    command_to(&held.commands, command);
                }
                if order != v1::Order::Abandon {
                    held.confirmed.send_if_modified(|confirmed| !std::mem::replace(confirmed, true));
                }
            }
        }
    }

    pub(super) fn attempts(&self) -> Vec<v1::HeldAttempt> {
        self.lock().values().map(|held| held.attempt.clone()).collect()
    }

    pub(super) fn is_stopping_any(&self) -> bool {
        self.lock().values().any(|held| *held.commands.borrow() != Command::GoOn)
    }

    pub(super) fn command(&self, execution_id: &str, command: Command) {
        if let Some(held) = self.lock().get(execution_id) {
            command_to(&held.commands, command);
        }
    }

    pub(super) fn command_all(&self, command: Command) {
        for held in self.lock().values() {
            command_to(&held.commands, command);
        }
    }
}

/// Orders only get harder: what is abandoned is not stopped again, and nothing is said twice.
fn command_to(commands: &watch::Sender<Command>, command: Command) {
    commands.send_if_modified(|present| {
        let modified = *present != command && *present != Command::Abandon;
        if modified {
            *present = command;
        }
        modified
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_for_is_confirmed_and_the_rest_abandoned() {
        let hands = Hands::default();
        let assignment = |id: &str| v1::Assignment {
            execution_id: id.into(),
            attempt: 1,
            fencing_token: 7,
            ..v1::Assignment::default()
        };
        let [a, b, c, later] = ["a", "b", "c", "later"].map(|id| hands.take(&assignment(id)));
        let asked: Vec<_> =
            hands.attempts().into_iter().filter(|held| held.execution_id != "later").collect();
        let order = |id: &str, token, order: v1::Order| v1::AttemptOrder {
            execution_id: id.into(),
            fencing_token: token,
            order: order.into(),
        };
        hands.hear(
            &asked,
            &[
                order("a", 7, v1::Order::Unspecified),
                order("b", 7, v1::Order::Stop),
                order("c", 6, v1::Order::Unspecified),
            ],
        );
        let state = |ears: &Ears| (*ears.confirmed.borrow(), *ears.commands.borrow());
        assert_eq!(state(&a), (true, Command::GoOn));
        assert_eq!(state(&b), (true, Command::Stop(StopReason::Abort)));
        assert_eq!(state(&c), (false, Command::Abandon));
        assert_eq!(state(&later), (false, Command::GoOn), "nobody asked for it");
        assert!(hands.has_unconfirmed() && hands.is_stopping_any());
        hands.command_all(Command::Stop(StopReason::Drain));
        assert_eq!(state(&c).1, Command::Abandon, "orders only get harder");
        hands.let_go("a", 6);
        assert_eq!(hands.attempts().len(), 4);
        hands.let_go("a", 7);
        assert_eq!(hands.attempts().len(), 3);
    }
}
