//! What can be done with all rows that are selected.
//!
//! Must not decide what is possible: `shared::status` does.

use super::selection::can_some;
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

#[component]
pub fn BatchBar(
    selected: RwSignal<BTreeSet<TrainingId>>,
    select: Callback<BTreeSet<TrainingId>>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let actions = Actions::from_context();
    // Rows that were removed meanwhile are selected no more.
    let rows = memo(move |_| {
        selected.with(|selected| {
            live.rows.with(|rows| {
                let row = |id| rows.get(id).map(|row| row.get()).filter(|row| row.removed_at_ms.is_none());
                selected.iter().filter_map(row).collect::<Vec<Training>>()
            })
        })
    });
    let count = memo(move |_| rows.with(Vec::len));
    let aborts = memo(move |_| rows.with(|rows| can_some(rows.iter().map(can_abort))));
    let removals = memo(move |_| rows.with(|rows| can_some(rows.iter().map(|row| row.status.can_remove()))));
    let abort = move |_| {
        if aborts.get_untracked().is_ok() {
            let those = rows.get_untracked().into_iter().filter(|row| can_abort(row).is_ok());
            actions.ask_to_abort_all(those.collect());
        }
    };
    let remove = move |_| {
        if removals.get_untracked().is_ok() {
            let those = rows.get_untracked().into_iter().filter(|row| row.status.can_remove().is_ok());
            actions.remove_all(those.collect());
        }
    };
    let copy = move |_| {
        let ids: Vec<String> =
            rows.with_untracked(|rows| rows.iter().map(|row| row.model_id.to_string()).collect());
        actions.copy("Model IDs", ids.join("\n"));
    };
    let navigation = expect_context::<Navigation>();
    let comparison = memo(move |_| can_compare(count.get()));
    let compare = move |_| {
        if comparison.get_untracked().is_ok() {
            let ids = rows.with_untracked(|rows| rows.iter().map(|row| row.id.to_string()).collect());
            navigation.go(&Place::Compare { ids });
        }
    };
    let button = move |words: &'static str, can: Memo<Result<usize, &'static str>>| {
        move || match can.get() {
            Ok(possible) if possible < count.get() => format!("{words} ({possible})"),
            Ok(_) | Err(_) => words.to_owned(),
        }
    };
    let disabled = |can: Memo<Result<usize, &'static str>>| move || can.get().is_err().then_some("true");
    let reason = |can: Memo<Result<usize, &'static str>>| move || can.get().err();
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
                <button class="button" type="button" on:click=copy>"Copy IDs"</button>
                <button class="button quiet" type="button" on:click=move |_| select.run(BTreeSet::new())>
                    "Clear selection"
                </button>
            </div>
        </Show>
    }
}
