//! A part of a page that takes files dropped on it.
//!
//! Must not know what is done with them.

use super::picked::{Picked, entries_of, files_of, holds_files};
use crate::components::dynamic::dynamic;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Takes files; `on_files` gets them all, with those of folders.
#[component]
pub fn DropTarget(
    on_files: Callback<Vec<Picked>>,
    /// What a drop would do, shown while files are held over it.
    #[prop(into)]
    words: Signal<String>,
    children: Children,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let is_over = RwSignal::new(false);
    let over = move |event: web_sys::DragEvent| {
        if event.data_transfer().is_some_and(|data| holds_files(&data)) {
            event.prevent_default();
            is_over.set(true);
        }
    };
    // Leaving for an element inside is no leaving.
    let leave = move |event: web_sys::DragEvent| {
        if event.related_target().is_none() {
            is_over.set(false);
        }
    };
    let drop_files = move |event: web_sys::DragEvent| {
        is_over.set(false);
        let Some(data) = event.data_transfer().filter(holds_files) else { return };
        event.prevent_default();
        event.stop_propagation();
        let entries = entries_of(&data);
        spawn_local(async move {
            match files_of(entries).await {
                Ok(files) if files.is_empty() => toasts.problem("There are no files in it".to_owned()),
                Ok(files) => on_files.run(files),
                Err(name) => toasts.problem(format!("{name} cannot be read; check that you may open it")),
            }
        });
    };
    view! {
        <div
            class="drop-target"
            data-over=move || is_over.get().then_some("")
            on:dragenter=over
            on:dragover=over
            on:dragleave=leave
            on:drop=drop_files
        >
            {children()}
            <Show when=move || is_over.get()><div class="drop-words" aria-hidden="true">{dynamic(move || words.get())}</div></Show>
        </div>
    }
}
