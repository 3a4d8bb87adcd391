//! One condition of the form: field, operator, value, and the button that takes it away.
//!
//! Must not know how conditions are joined.

use super::bar::Bar;
use super::form::focus_later;
use super::rows::{Fault, Operator, Row};
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use leptos::prelude::*;

/// The id of the field of a row, where focus goes.
pub fn field_id(bar: Bar, row: u64) -> String {
    bar.id_of(&format!("row-{row}-field"))
}

/// The id of the button that adds to a group, or to the whole.
pub fn add_id(bar: Bar, group: Option<u64>) -> String {
    bar.id_of(&group.map_or_else(|| "add".into(), |group| format!("add-{group}")))
}

#[component]
pub fn RowView(bar: Bar, id: u64) -> impl IntoView {
    let row = memo(move |_| bar.with_rows(|rows| rows.row(id).cloned()).flatten());
    let row = move || row.get().unwrap_or_else(|| Row::empty(id));
    let number = memo(move |_| {
        let place = bar.with_rows(|rows| rows.rows().position(|row| row.id == id)).flatten();
        place.map_or(0, |place| place + 1)
    });
    let fault =
        memo(move |_| bar.with_rows(|rows| rows.row(id).and_then(|row| rows.read(row).err())).flatten());
    let operator = memo(move |_| row().operator);
    let change = move |change: &dyn Fn(&mut Row)| {
        bar.edit(|rows| rows.change(id, change));
    };
    let remove = move |_| {
        if let Some(before) = bar.edit(|rows| rows.remove(id)) {
            focus_later(before.map_or_else(|| add_id(bar, None), |row| field_id(bar, row)));
        }
    };
    let problem_id = bar.id_of(&format!("row-{id}-problem"));
    let described = {
        let id = problem_id.clone();
        move |is_field: bool| {
            let is_here =
                fault.with(|fault| fault.as_ref().is_some_and(|fault| fault.is_in_field == is_field));
            is_here.then(|| id.clone())
        }
    };
    let (of_field, of_value) = (described.clone(), described.clone());
    let (is_wrong_field, is_wrong_value) = (described.clone(), described);
    view! {
        <div class="filter-row" role="group" aria-label=move || format!("Condition {}", number.get())>
            <input
                class="input mono"
                type="text"
                id=field_id(bar, id)
                list=bar.id_of("fields")
                placeholder="Field"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-label=move || format!("Field of condition {}", number.get())
                aria-invalid=move || is_wrong_field(true).is_some().to_string()
                aria-describedby=move || of_field(true)
                prop:value=move || row().field
                on:input=move |event| {
                    let typed = event_target_value(&event);
                    change(&|row| row.field.clone_from(&typed));
                }
            />
            <select
                class="select"
                aria-label=move || format!("Operator of condition {}", number.get())
                on:change=move |event| {
                    if let Some(chosen) = Operator::of_words(&event_target_value(&event)) {
                        change(&|row| row.operator = chosen);
                    }
                }
            >
                {Operator::ALL.map(|this| view! {
                    <option value=this.words() prop:selected=move || operator.get() == this>{this.words()}</option>
                }).collect_view()}
            </select>
            <input
                class="input mono"
                type="text"
                placeholder=move || if operator.get().takes_list() { "Values, with commas between them" } else { "Value" }
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                // It keeps its place, so that the rows stay in columns.
                disabled=move || !operator.get().takes_value()
                aria-label=move || format!("Value of condition {}", number.get())
                aria-invalid=move || is_wrong_value(false).is_some().to_string()
                aria-describedby=move || of_value(false)
                prop:value=move || if operator.get().takes_value() { row().value } else { String::new() }
                on:input=move |event| {
                    let typed = event_target_value(&event);
                    change(&|row| row.value.clone_from(&typed));
                }
                on:keydown=move |event| {
                    // With a key held, the form applies it.
                    if event.key() == "Enter" && !event.ctrl_key() && !event.meta_key() {
                        event.prevent_default();
                        bar.apply();
                    }
                }
            />
            <button
                class="icon-button"
                type="button"
                aria-label=move || format!("Remove condition {}", number.get())
                on:click=remove
            >
                <IconView icon=Icon::Close/>
            </button>
            {dynamic(move || {
                let id = problem_id.clone();
                fault.get().map(|Fault { message, .. }| view! { <span class="filter-row-problem" id=id>{message}</span> })
            })}
        </div>
    }
}
