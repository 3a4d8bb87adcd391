//! The filter as rows of conditions that are chosen and typed; each change is in the bar at once.
//!
//! Must not know what rows mean, nor where the query goes.

use super::bar::Bar;
use super::form_row::{RowView, add_id, field_id};
use super::rows::{Entry, Joiner, Rows};
use crate::components::dynamic::{dynamic, memo};
use crate::text;
use leptos::prelude::*;
use shared::dql::{Resource, known_fields};
use wasm_bindgen::JsCast;

/// Focus goes there once the page shows it.
pub fn focus_later(id: String) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id) {
            let _ = element.unchecked_ref::<web_sys::HtmlElement>().focus();
        }
    });
}

#[component]
pub fn FormView(bar: Bar) -> impl IntoView {
    let reason = memo(move |_| bar.sheet.with(|sheet| sheet.rows.as_ref().err().cloned()));
    let on_key = move |event: web_sys::KeyboardEvent| {
        let is_enter = event.key() == "Enter" && (event.ctrl_key() || event.meta_key());
        if is_enter {
            event.prevent_default();
            bar.apply();
        }
    };
    view! {
        <div
            class="filter-form"
            role="group"
            id=bar.named.id
            tabindex="-1"
            aria-label=bar.named.label
            aria-describedby=bar.id_of("problems")
            on:keydown=on_key
        >
            {dynamic(move || match reason.get() {
                Some(reason) => view! { <p class="muted" role="status">{reason}</p> }.into_any(),
                None => view! { <RowsView bar/> }.into_any(),
            })}
        </div>
    }
}

#[component]
fn RowsView(bar: Bar) -> impl IntoView {
    let entries = memo(move |_| {
        let keys = |rows: &Rows| {
            let key = |entry: &Entry| (entry.id(), matches!(entry, Entry::Group { .. }));
            rows.entries.iter().map(key).collect::<Vec<_>>()
        };
        bar.with_rows(keys).unwrap_or_default()
    });
    let left_out = memo(move |_| bar.with_rows(Rows::left_out).unwrap_or_default());
    let has_labels = memo(move |_| bar.with_rows(|rows| rows.has_labels).unwrap_or_default());
    let fields = move || {
        let resource = bar.kept.with(|kept| kept.resource());
        let label = (has_labels.get() && resource == Resource::Items).then(|| "label".to_owned());
        let fields = label.into_iter().chain(known_fields(resource));
        fields.map(|field| view! { <option value=field></option> }).collect_view()
    };
    let add = move |_| {
        if let Some(id) = bar.edit(|rows| rows.add(None)) {
            focus_later(field_id(bar, id));
        }
    };
    let add_group = move |_| {
        if let Some(id) = bar.edit(Rows::add_group) {
            focus_later(field_id(bar, id));
        }
    };
    view! {
        <datalist id=bar.id_of("fields")>{dynamic(fields)}</datalist>
        <Show
            when=move || !entries.with(Vec::is_empty)
            fallback=|| view! { <p class="muted">"No conditions: this finds everything"</p> }
        >
            <JoinerChoice bar/>
        </Show>
        <For each=move || entries.get() key=|key| *key let:key>
            {if key.1 {
                view! { <GroupView bar id=key.0/> }.into_any()
            } else {
                view! { <RowView bar id=key.0/> }.into_any()
            }}
        </For>
        <div class="filter-form-tools">
            <button class="button" type="button" id=add_id(bar, None) on:click=add>"Add condition"</button>
            <button class="button quiet" type="button" on:click=add_group>"Add group"</button>
            <span class="muted" role="status">
                {dynamic(move || match left_out.get() {
                    0 => String::new(),
                    1 => "1 condition is not complete and is left out".into(),
                    many => format!("{} are not complete and are left out", text::counted(many as u64, "condition", "conditions")),
                })}
            </span>
        </div>
    }
}

#[component]
fn JoinerChoice(bar: Bar) -> impl IntoView {
    let joiner = memo(move |_| bar.with_rows(|rows| rows.joiner).unwrap_or(Joiner::All));
    let on_change = move |event| {
        let words = event_target_value(&event);
        let chosen = if words == Joiner::Any.words() { Joiner::Any } else { Joiner::All };
        bar.edit(|rows| rows.joiner = chosen);
    };
    let option = move |this: Joiner| {
        view! { <option value=this.words() prop:selected=move || joiner.get() == this>{this.words()}</option> }
    };
    view! {
        <label class="filter-joiner">
            <span>"Fits"</span>
            <select class="select" aria-label="How conditions are joined" on:change=on_change>
                {option(Joiner::All)}
                {option(Joiner::Any)}
            </select>
            <span>"these conditions"</span>
        </label>
    }
}

#[component]
fn GroupView(bar: Bar, id: u64) -> impl IntoView {
    let rows = memo(move |_| {
        let ids = |rows: &Rows| {
            let group = rows.entries.iter().find(|entry| entry.id() == id)?;
            Some(group.rows().iter().map(|row| row.id).collect::<Vec<_>>())
        };
        bar.with_rows(ids).flatten().unwrap_or_default()
    });
    let words = memo(move |_| {
        let joiner = bar.with_rows(|rows| rows.joiner.other()).unwrap_or(Joiner::Any);
        format!("{} these", text::capitalised(joiner.words()))
    });
    let add = move |_| {
        if let Some(row) = bar.edit(|rows| rows.add(Some(id))) {
            focus_later(field_id(bar, row));
        }
    };
    view! {
        <div class="filter-group" role="group" aria-label=move || words.get()>
            <span class="muted">{words}</span>
            <For each=move || rows.get() key=|row| *row let:row>
                <RowView bar id=row/>
            </For>
            <div class="filter-form-tools">
                <button class="button quiet" type="button" id=add_id(bar, Some(id)) on:click=add>"Add condition to this group"</button>
            </div>
        </div>
    }
}
