//! The sheet that lists every shortcut, made from the list of commands, and leads to what there is to read.
//!
//! Must not know what commands do.

use super::dialog::Dialog;
use super::icon::{Icon, IconView};
use crate::commands::{Command, PLACE_SHORTCUTS};
use crate::routes::Place;
use crate::state::layers::Layers;
use leptos::prelude::*;

/// Opened by `?`.
#[component]
pub fn ShortcutSheet() -> impl IntoView {
    let layers = expect_context::<Layers>();
    let close = Callback::new(move |()| layers.shortcuts.set(false));
    let commands = || {
        Command::ALL
            .into_iter()
            .filter(|command| !command.keys().printed().is_empty())
            .map(|command| (command.label(), command.keys().printed()))
    };
    view! {
        <Dialog open=layers.shortcuts on_close=close labelled_by="shortcuts-title">
            <div class="dialog-head">
                <h2 id="shortcuts-title">"Keyboard shortcuts"</h2>
                <button class="icon-button" type="button" aria-label="Close" on:click=move |_| close.run(())>
                    <IconView icon=Icon::Close/>
                </button>
            </div>
            <p>
                "To look up: "
                <a href=Place::FilterLanguage.path() on:click=move |_| close.run(())>"Filter language"</a>
            </p>
            <div class="shortcut-list">
                <h3>"Everywhere"</h3>
                {commands().map(|(label, keys)| view! { <ShortcutRow label keys/> }).collect_view()}
                {PLACE_SHORTCUTS
                    .iter()
                    .map(|(place, shortcuts)| view! {
                        <h3>{*place}</h3>
                        {shortcuts
                            .iter()
                            .map(|(key, label)| view! { <ShortcutRow label=*label keys=vec![*key]/> })
                            .collect_view()}
                    })
                    .collect_view()}
            </div>
        </Dialog>
    }
}

#[component]
fn ShortcutRow(label: &'static str, keys: Vec<&'static str>) -> impl IntoView {
    view! {
        <span>{label}</span>
        <span>{keys.into_iter().map(|key| view! { <kbd>{key}</kbd>" " }).collect_view()}</span>
    }
}
