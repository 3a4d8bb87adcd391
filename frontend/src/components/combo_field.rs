//! A field in which one of many is searched for and chosen: a combobox with a list below it.
//!
//! Must not know what is chosen.

use super::choices::{show_later, stepped};
use super::field::{FieldFrame, described_by};
use crate::components::dynamic::{dynamic, memo};
use crate::text::has_words;
use leptos::html;
use leptos::prelude::*;

/// One of the many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComboOption {
    pub value: String,
    pub label: String,
    /// What else there is to say of it, also searched.
    pub detail: String,
}

#[component]
pub fn ComboField(
    id: &'static str,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into)] options: Signal<Vec<ComboOption>>,
    value: RwSignal<String>,
    #[prop(into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    let has_hint = !hint.is_empty();
    let list_label = label.clone();
    let is_open = RwSignal::new(false);
    // What is looked for; nothing until something is typed, so that the list opens with all.
    let search = RwSignal::new(None::<String>);
    let active = RwSignal::new(None::<usize>);
    let input = NodeRef::<html::Input>::new();
    let found = memo(move |_| {
        let typed = search.get().unwrap_or_default();
        let fits = |option: &ComboOption| has_words(&format!("{} {}", option.label, option.detail), &typed);
        options.with(|options| options.iter().filter(|option| fits(option)).cloned().collect::<Vec<_>>())
    });
    let shown = move || {
        search.get().unwrap_or_else(|| {
            let is_chosen = |option: &&ComboOption| value.with(|value| *value == option.value);
            options.with(|options| {
                options.iter().find(is_chosen).map(|option| option.label.clone()).unwrap_or_default()
            })
        })
    };
    let open = move || {
        if !is_open.get_untracked() {
            let chosen = value.get_untracked();
            let place = found.with_untracked(|found| found.iter().position(|option| option.value == chosen));
            active.set(place);
            is_open.set(true);
        }
    };
    // What is typed takes the place of what is chosen.
    let select = move || {
        if let Some(input) = input.get_untracked() {
            input.select();
        }
    };
    let close = move || {
        is_open.set(false);
        search.set(None);
        active.set(None);
    };
    let choose = move |index: usize| {
        if let Some(option) = found.with_untracked(|found| found.get(index).cloned()) {
            value.set(option.value);
            close();
        }
    };
    let option_id = move |index: usize| format!("{id}-option-{index}");
    let show_active = move || {
        if let Some(index) = active.get_untracked() {
            show_later(option_id(index));
        }
    };
    let step = move |is_forward: bool| {
        let count = found.with_untracked(Vec::len);
        active.update(|active| *active = stepped(*active, count, is_forward));
        show_active();
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let was_open = is_open.get_untracked();
        match (event.key().as_str(), active.get_untracked()) {
            ("ArrowDown" | "ArrowUp", _) if !was_open => {
                open();
                show_active();
            }
            ("ArrowDown", _) => step(true),
            ("ArrowUp", _) => step(false),
            ("Enter", Some(index)) if was_open => choose(index),
            ("Escape", _) if was_open => close(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let on_input = move |event| {
        search.set(Some(event_target_value(&event)));
        active.set(found.with_untracked(|found| (!found.is_empty()).then_some(0)));
        is_open.set(true);
    };
    let list_id = format!("{id}-list");
    let controlled = list_id.clone();
    let has_list = memo(move |_| is_open.get() && found.with(|found| !found.is_empty()));
    let option = move |(index, option): (usize, ComboOption)| {
        view! {
            <li
                class="choice"
                role="option"
                id=option_id(index)
                aria-selected=move || (active.get() == Some(index)).to_string()
                // The field keeps the focus.
                on:mousedown=move |event| {
                    event.prevent_default();
                    choose(index);
                }
            >
                <span>{option.label}</span>
                <span class="muted">{option.detail}</span>
            </li>
        }
    };
    view! {
        <FieldFrame id=id.to_owned() label hint problem>
            <div class="combo">
                <input
                    node_ref=input
                    class="input"
                    type="text"
                    id=id
                    role="combobox"
                    autocomplete="off"
                    spellcheck="false"
                    aria-autocomplete="list"
                    aria-expanded=move || has_list.get().to_string()
                    aria-controls=move || has_list.get().then(|| controlled.clone())
                    aria-activedescendant=move || active.get().filter(|_| has_list.get()).map(option_id)
                    aria-invalid=move || problem.get().is_some().to_string()
                    aria-describedby=move || described_by(id, has_hint, problem.get().is_some())
                    prop:value=shown
                    on:focus=move |_| select()
                    on:click=move |_| {
                        if !is_open.get_untracked() {
                            select();
                        }
                        open();
                    }
                    on:input=on_input
                    on:keydown=on_key
                    on:blur=move |_| close()
                />
                <Show when=move || has_list.get()>
                    <ul class="choices" id=list_id.clone() role="listbox" aria-label=list_label.clone()>
                        {dynamic(move || found.get().into_iter().enumerate().map(option).collect_view())}
                    </ul>
                </Show>
                <Show when=move || is_open.get() && !has_list.get()>
                    <p class="choices muted" role="status">"Nothing matches"</p>
                </Show>
            </div>
        </FieldFrame>
    }
}
