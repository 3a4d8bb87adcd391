//! What a private architecture has beside the rest: revision, command and folder, and the buttons that change it.
//!
//! Must not know what makes a manifest usable.

use super::add_architecture::Asked;
use crate::api;
use crate::state::act::Act;
use crate::state::layers::{Layers, Question};
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::architecture::{Architecture, Private};

#[component]
pub fn PrivateFacts(
    family: &'static Architecture,
    private: &'static Private,
    asked: RwSignal<Option<Asked>>,
    again: Callback<()>,
) -> impl IntoView {
    let layers = expect_context::<Layers>();
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let command = private.manifest.command_in(&private.folder).join(" ");
    let folder = if private.folder.is_empty() { "None" } else { &private.folder };
    let revise = move |_| {
        asked.set(Some(Asked {
            id: family.id.to_owned(),
            manifest: serde_json::to_string_pretty(&private.manifest).unwrap_or_default(),
            folder: private.folder.clone(),
        }));
    };
    let remove = move |_| {
        layers.ask(Question {
            title: format!("Remove the architecture {}?", family.id),
            body: "No version of it can be made any more; trainings that ran keep their figures and files"
                .into(),
            yes: "Remove architecture",
            on_yes: Act::new(move || {
                spawn_local(async move {
                    match api::architectures::delete(family.id.to_owned()).await {
                        Ok(()) => {
                            toasts.done(format!("{} is removed", family.id));
                            again.try_run(());
                        }
                        Err(error) => {
                            session.check(&error);
                            toasts.problem(format!("{} was not removed: {}", family.id, error.sentence()));
                        }
                    }
                });
            }),
            is_dangerous: true,
        });
    };
    view! {
        <dl class="definition-list">
            <div><dt>"Revision"</dt><dd>{private.revision}</dd></div>
            <div><dt>"Command"</dt><dd class="mono">{command}</dd></div>
            <div><dt>"Folder"</dt><dd class="mono">{folder}</dd></div>
        </dl>
        <div class="toolbar">
            <button
                class="button"
                type="button"
                aria-haspopup="dialog"
                aria-label=format!("New revision… of {}", family.id)
                on:click=revise
            >
                "New revision…"
            </button>
            <button
                class="button danger"
                type="button"
                aria-haspopup="dialog"
                aria-label=format!("Remove {}…", family.id)
                on:click=remove
            >
                "Remove…"
            </button>
        </div>
    }
}
