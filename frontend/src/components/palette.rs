//! The command palette: type, choose with the arrows, Enter.
//!
//! Must not know what the choices do.

use super::dialog::Dialog;
use crate::commands::Command;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::state::act::Act;
use crate::state::layers::Layers;
use crate::text::has_words;
use leptos::html;
use leptos::prelude::*;

/// One line of the palette.
#[derive(Clone)]
pub struct Choice {
    pub label: String,
    pub keys: Vec<&'static str>,
    pub run: Act,
}

impl Choice {
    pub fn command(command: Command, run: Callback<Command>) -> Self {
        Self {
            label: command.label().to_owned(),
            keys: command.keys().printed(),
            run: Act::new(move || run.run(command)),
        }
    }
}

/// More than this many are not listed; typing narrows them.
const MOST: usize = 30;

/// Opened by Ctrl+K. `choices` is asked anew each time that it opens.
#[component]
pub fn Palette(choices: Callback<(), Vec<Choice>>) -> impl IntoView {
    let layers = expect_context::<Layers>();
    let close = Callback::new(move |()| layers.palette.set(false));
    view! {
        <Dialog open=layers.palette on_close=close labelled_by="palette-title" class="dialog palette">
            <h2 id="palette-title" class="visually-hidden">"Command palette"</h2>
            <PaletteBody choices close/>
        </Dialog>
    }
}

#[component]
fn PaletteBody(choices: Callback<(), Vec<Choice>>, close: Callback<()>) -> impl IntoView {
    let all = StoredValue::new(choices.run(()));
    let typed = RwSignal::new(String::new());
    let selected = RwSignal::new(0usize);
    let input = NodeRef::<html::Input>::new();
    effect(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let found = memo(move |_| {
        let typed = typed.get();
        all.with_value(|all| {
            all.iter()
                .enumerate()
                .filter(|(_, choice)| has_words(&choice.label, &typed))
                .map(|(index, _)| index)
                .take(MOST)
                .collect::<Vec<usize>>()
        })
    });
    let run = move |index: usize| {
        close.run(());
        // Run after the dialog has given the focus back, so that a command may move it.
        if let Some(choice) = all.with_value(|all| all.get(index).cloned()) {
            request_animation_frame(move || choice.run.run());
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        let here = selected.get_untracked();
        match event.key().as_str() {
            "ArrowDown" => selected.set(if here + 1 < count { here + 1 } else { 0 }),
            "ArrowUp" => selected.set(here.checked_sub(1).unwrap_or_else(|| count.saturating_sub(1))),
            "Enter" => {
                if let Some(index) = found.with_untracked(|found| found.get(here).copied()) {
                    run(index);
                }
            }
            _ => return,
        }
        event.prevent_default();
        scroll_to_selected();
    };
    let option_view = move |(place, index): (usize, usize)| {
        let choice = all.with_value(|all| all.get(index).cloned());
        choice.map(|choice| view! {
            <li
                class="palette-option"
                role="option"
                id=format!("palette-{place}")
                aria-selected=move || (selected.get() == place).to_string()
                on:mousemove=move |_| selected.set(place)
                on:click=move |_| run(index)
            >
                <span>{choice.label}</span>
                <span>{choice.keys.into_iter().map(|key| view! { <kbd>{key}</kbd>" " }).collect_view()}</span>
            </li>
        })
    };
    view! {
        <input
            node_ref=input
            class="input"
            type="text"
            role="combobox"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-autocomplete="list"
            aria-activedescendant=move || format!("palette-{}", selected.get())
            aria-label="Command or model"
            placeholder="Type a command or the name of a model"
            autocomplete="off"
            spellcheck="false"
            on:input=move |event| {
                typed.set(event_target_value(&event));
                selected.set(0);
            }
            on:keydown=on_key
        />
        <ul class="palette-list" id="palette-list" role="listbox" aria-label="Commands">
            {dynamic(move || found.get().into_iter().enumerate().map(option_view).collect_view())}
        </ul>
        <Show when=move || found.with(Vec::is_empty)>
            <p class="palette-option muted" role="status">"Nothing matches"</p>
        </Show>
    }
}

fn scroll_to_selected() {
    request_animation_frame(|| {
        if let Ok(Some(option)) = document().query_selector("[role=option][aria-selected=true]") {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            option.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}
