//! The trainings that a query shows, kept up to date with the stream.
//!
//! Must not know how they are drawn.

use super::query::Query;
use super::roll::Roll;
use crate::components::dynamic::memo;
use crate::state::live::Live;
use leptos::prelude::*;
use shared::id::TrainingId;
use shared::status::Status;
use shared::training::Training;
use std::collections::BTreeSet;

/// Small enough to be copied; what it holds is looked at in place.
#[derive(Clone, Copy)]
pub struct List {
    live: Live,
    roll: StoredValue<Roll>,
    turn: Memo<u64>,
    order_turn: Memo<u64>,
}

impl List {
    pub fn new(live: Live, query: Memo<Query>) -> Self {
        let roll = StoredValue::new(Roll::new(&query.get_untracked()));
        // What was seen of the changes; nothing at first.
        let seen = StoredValue::new(None::<u64>);
        let turn = memo(move |_| {
            live.turn.track();
            query.with(|query| bring_up_to_date(live, roll, seen, query));
            roll.with_value(Roll::turn)
        });
        let order_turn = memo(move |_| {
            // To be told of it, it must have been asked: what nobody asks is not worked out.
            turn.get();
            roll.with_value(Roll::order_turn)
        });
        Self { live, roll, turn, order_turn }
    }

    /// Looks at the list; whoever does is told when another row is shown, or in another place.
    pub fn order<T>(self, look: impl FnOnce(&Roll) -> T) -> T {
        self.order_turn.get();
        self.roll.with_value(look)
    }

    /// Looks at the list as it is drawn now.
    pub fn peek<T>(self, look: impl FnOnce(&Roll) -> T) -> T {
        self.roll.with_value(look)
    }

    /// Looks at the list; whoever does is told of every other count, too.
    fn counted<T>(self, look: impl FnOnce(&Roll) -> T) -> T {
        self.turn.get();
        self.roll.with_value(look)
    }

    /// Trainings that are not removed.
    pub fn total(self) -> usize {
        self.counted(Roll::total)
    }

    /// Of what the search finds, by status.
    pub fn counts(self) -> [usize; Status::ALL.len()] {
        self.counted(Roll::counts)
    }

    pub fn services(self) -> BTreeSet<String> {
        self.counted(Roll::services)
    }

    pub fn order_turn(self) -> u64 {
        self.order_turn.get()
    }

    /// The row of a training.
    pub fn row(self, id: TrainingId) -> Option<ArcRwSignal<Training>> {
        self.live.rows.with_untracked(|rows| rows.get(&id).cloned())
    }
}

fn bring_up_to_date(live: Live, roll: StoredValue<Roll>, seen: StoredValue<Option<u64>>, query: &Query) {
    let is_asked_anew = !roll.with_value(|roll| roll.answers(query));
    let (changes, now) = match seen.get_value() {
        Some(seen) => live.changed_since(seen),
        None => (None, live.changed_since(0).1),
    };
    seen.set_value(Some(now));
    live.rows.with_untracked(|rows| {
        roll.update_value(|roll| match changes {
            Some(changes) => {
                if !changes.is_empty() {
                    roll.take(&mut |look| {
                        for row in changes.iter().filter_map(|id| rows.get(id)) {
                            row.with_untracked(|row| look(row));
                        }
                    });
                }
                if is_asked_anew {
                    roll.ask(query);
                }
            }
            None => roll.rebuild(query, &mut |look| {
                for row in rows.values() {
                    row.with_untracked(|row| look(row));
                }
            }),
        });
    });
}
