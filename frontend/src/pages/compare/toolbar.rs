//! How the table is narrowed and copied, and the dialog in which its columns are chosen.
//!
//! Must not know which rows there are.

use super::address::{Address, MOST_TRAININGS};
use super::comparison::Comparison;
use super::copied::{csv, markdown};
use super::rows::{Group, equal_count};
use super::table::switch_words;
use crate::arrange::sort_by_key;
use crate::components::dynamic::{dynamic, memo};
use crate::components::menu::{MenuButton, MenuEntry};
use crate::pages::actions::Actions;
use crate::pages::model::explore::picker::Picker;
use crate::state::clock::absolute;
use crate::state::live::Live;
use leptos::prelude::*;
use shared::training::Training;

/// The baseline, what is shown, and the ways to copy it.
#[component]
pub fn TableToolbar(page: Comparison) -> impl IntoView {
    let actions = Actions::from_context();
    let equal = memo(move |_| page.groups.with(|groups| equal_count(groups)));
    let shows_equal = memo(move |_| page.address.with(|address| address.shows_equal));
    let several = memo(move |_| page.heads.with(|heads| heads.len() > 1));
    let options = memo(move |_| {
        let mut options: Vec<(String, String)> =
            page.heads.get().into_iter().map(|head| (head.id, head.title)).collect();
        // They stay in their places when another one becomes the first column.
        page.address.with(|address| {
            sort_by_key(&mut options, |(id, _)| address.ids.iter().position(|known| known == id));
        });
        options
    });
    let base =
        memo(move |_| page.heads.with(|heads| heads.first().map(|head| head.id.clone())).unwrap_or_default());
    let choose_base = move |event| {
        page.change.run(page.address.get_untracked().with_base(&event_target_value(&event)));
    };
    let option = move |(id, title): (String, String)| {
        let this = id.clone();
        view! { <option value=id prop:selected=move || base.get() == this>{title}</option> }
    };
    let toggle = move |_| {
        let address = page.address.get_untracked();
        page.change.run(Address { shows_equal: !address.shows_equal, ..address });
    };
    let copy = move |what: &'static str, write: fn(&[String], &[Group]) -> String| {
        let titles: Vec<String> = page.heads.get_untracked().into_iter().map(|head| head.title).collect();
        actions.copy(what, page.shown.with_untracked(|shown| write(&titles, shown)));
    };
    let entries = Callback::new(move |()| {
        vec![
            MenuEntry::new("Copy as Markdown", move || copy("Table", markdown)),
            MenuEntry::new("Copy as CSV", move || copy("Table", csv)),
        ]
    });
    view! {
        <div class="toolbar">
            <Show when=move || several.get()>
                <label for="baseline">"Baseline"</label>
                <select class="select narrow" id="baseline" on:change=choose_base>
                    {dynamic(move || options.get().into_iter().map(option).collect_view())}
                </select>
                <label class="check">
                    <input type="checkbox" role="switch" prop:checked=move || shows_equal.get() on:change=toggle/>
                    {dynamic(move || switch_words(equal.get()))}
                </label>
            </Show>
            <MenuButton label=Signal::stored("Copy the table".to_owned()) text="Copy" entries/>
        </div>
    }
}

/// The dialog in which trainings are chosen, newest first.
#[component]
pub fn TrainingPicker(page: Comparison, is_open: RwSignal<bool>) -> impl IntoView {
    let live = expect_context::<Live>();
    // Those that were found by the id of their version count as chosen, too.
    let found = memo(move |_| {
        page.facts.with(|facts| {
            facts.iter().map(|facts| (facts.id.clone(), facts.training.id.to_string())).collect::<Vec<_>>()
        })
    });
    let options = memo(move |_| {
        if !is_open.get() {
            return Vec::new();
        }
        live.rows.with(|rows| {
            let rows = rows.values().rev().map(|row| row.get());
            let option = |row: Training| {
                (row.id.to_string(), format!("{}, {}", row.model_name, absolute(row.created_at_ms)))
            };
            rows.filter(|row| row.removed_at_ms.is_none()).map(option).collect::<Vec<_>>()
        })
    });
    let chosen = memo(move |_| {
        let mut ids = page.address.with(|address| address.ids.clone());
        ids.extend(found.get().into_iter().map(|(_, id)| id));
        ids
    });
    let is_full = memo(move |_| page.address.with(|address| address.ids.len()) >= MOST_TRAININGS);
    let toggle = Callback::new(move |id: String| {
        let address = page.address.get_untracked();
        let known = found.with_untracked(|found| {
            found.iter().find(|(_, training)| *training == id).map(|(known, _)| known.clone())
        });
        let known = known.unwrap_or_else(|| id.clone());
        let is_in = address.ids.contains(&known);
        page.change.run(if is_in { address.without_id(&known) } else { address.with_id(&id) });
    });
    view! { <Picker is_open things="trainings" options chosen is_full toggle/> }
}
