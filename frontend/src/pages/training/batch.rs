//! What can be done with all rows that are selected.
//!
//! Must not decide what is possible: `shared::status` does.

use super::selection::Tally;
use crate::components::dynamic::memo;
use crate::pages::actions::{Actions, can_abort};
use crate::pages::compare::address::can_compare;
use crate::routes::Place;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::text;
use leptos::prelude::*;
use shared::id::TrainingId;
use shared::training::Training;
use std::collections::BTreeSet;

/// What can be done with how many of those that are selected, or why with none.
type Can = Result<usize, &'static str>;

#[derive(Debug, Clone, PartialEq)]
struct Possible {
    count: usize,
    abort: Can,
    remove: Can,
    retry: Can,
}

/// Goes through the selected rows; those that were removed meanwhile are selected no more.
fn each_selected(live: Live, selected: &BTreeSet<TrainingId>, look: &mut dyn FnMut(&Training)) {
    live.rows.with_untracked(|rows| {
        for row in selected.iter().filter_map(|id| rows.get(id)) {
            row.with_untracked(|row| {
                if row.removed_at_ms.is_none() {
                    look(row);
                }
            });
        }
    });
}

#[component]
pub fn BatchBar(
    selected: RwSignal<BTreeSet<TrainingId>>,
    select: Callback<BTreeSet<TrainingId>>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let actions = Actions::from_context();
    let possible = memo(move |_| {
        live.turn.track();
        let (mut aborts, mut removals, mut retries) = (Tally::new(), Tally::new(), Tally::new());
        let mut count = 0;
        selected.with(|selected| {
            each_selected(live, selected, &mut |row| {
                count += 1;
                aborts.add(can_abort(row));
                removals.add(row.status.can_remove());
                retries.add(row.status.can_retry());
            });
        });
        Possible { count, abort: aborts.can(), remove: removals.can(), retry: retries.can() }
    });
    let count = memo(move |_| possible.with(|possible| possible.count));
    let aborts = memo(move |_| possible.with(|possible| possible.abort));
    let removals = memo(move |_| possible.with(|possible| possible.remove));
    let retries = memo(move |_| possible.with(|possible| possible.retry));
    let those = move |can: fn(&Training) -> Result<(), &'static str>| {
        let mut those = Vec::new();
        selected.with_untracked(|selected| {
            each_selected(live, selected, &mut |row| {
                if can(row).is_ok() {
                    those.push(row.clone());
                }
            });
        });
        those
    };
    let abort = move |_| {
        if aborts.get_untracked().is_ok() {
            actions.ask_to_abort_all(those(can_abort));
        }
    };
    let remove = move |_| {
        if removals.get_untracked().is_ok() {
            actions.remove_all(those(|row| row.status.can_remove()));
        }
    };
    let retry = move |_| {
        if retries.get_untracked().is_ok() {
            actions.retry_all(those(|row| row.status.can_retry()));
        }
    };
    let copy = move |_| {
        let mut ids = Vec::new();
        selected.with_untracked(|selected| {
            each_selected(live, selected, &mut |row| ids.push(row.model_id.to_string()));
        });
        actions.copy("Model IDs", ids.join("\n"));
    };
    let navigation = expect_context::<Navigation>();
    let comparison = memo(move |_| can_compare(count.get()));
    let compare = move |_| {
        if comparison.get_untracked().is_ok() {
            let mut ids = Vec::new();
            selected.with_untracked(|selected| {
                each_selected(live, selected, &mut |row| ids.push(row.id.to_string()));
            });
            navigation.go(&Place::Compare { ids });
        }
    };
    let button = move |words: &'static str, can: Memo<Can>| {
        move || match can.get() {
            Ok(possible) if possible < count.get() => format!("{words} ({possible})"),
            Ok(_) | Err(_) => words.to_owned(),
        }
    };
    let disabled = |can: Memo<Can>| move || can.get().is_err().then_some("true");
    let reason = |can: Memo<Can>| move || can.get().err();
    view! {
        <Show when=move || { count.get() > 0 }>
            <div class="batch-bar" role="group" aria-label="Selected trainings">
                <strong role="status">{move || text::counted(count.get() as u64, "selected", "selected")}</strong>
                <button class="button" type="button" aria-disabled=disabled(aborts) title=reason(aborts) on:click=abort>
                    {button("Abort training…", aborts)}
                </button>
                <button class="button" type="button" aria-disabled=disabled(removals) title=reason(removals) on:click=remove>
                    {button("Remove from training", removals)}
                </button>
                <button
                    class="button"
                    type="button"
                    aria-disabled=move || comparison.get().is_err().then_some("true")
                    title=move || comparison.get().err()
                    on:click=compare
                >
                    "Compare"
                </button>
                <button class="button" type="button" aria-disabled=disabled(retries) title=reason(retries) on:click=retry>
                    {button("Retry", retries)}
                </button>
                <button class="button" type="button" on:click=copy>"Copy IDs"</button>
                <button class="button quiet" type="button" on:click=move |_| select.run(BTreeSet::new())>
                    "Clear selection"
                </button>
            </div>
        </Show>
    }
}
