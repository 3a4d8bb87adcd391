//! What is imported: files of this computer, or a folder of the server's machine.
//!
//! Must not know how files are sent.

use super::drop::DropTarget;
use super::picked::{Picked, from_input};
use super::state::{Importing, Source};
use crate::components::dynamic::dynamic;
use crate::components::field::TextField;
use crate::components::icon::{Icon, IconView};
use crate::text;
use leptos::html;
use leptos::prelude::*;

#[component]
pub fn SourceFields() -> impl IntoView {
    let importing = expect_context::<Importing>();
    let radio = move |source: Source, words: &'static str| {
        view! {
            <label class="radio">
                <input
                    type="radio"
                    name="import-source"
                    prop:checked=move || importing.source.get() == source
                    on:change=move |_| importing.source.set(source)
                />
                <span>{words}</span>
            </label>
        }
    };
    view! {
        <div class="radio-row" role="radiogroup" aria-label="Where the files are">
            {radio(Source::Computer, "Files of this computer")}
            {radio(Source::Server, "A folder on the server's machine")}
        </div>
        {dynamic(move || match importing.source.get() {
            Source::Computer => view! { <Chosen/> }.into_any(),
            Source::Server => view! {
                <TextField
                    id="import-path"
                    label="Folder"
                    hint="Its whole path on the server's machine"
                    value=importing.path
                    problem=importing.problem("path")
                />
            }
            .into_any(),
        })}
    }
}

#[component]
fn Chosen() -> impl IntoView {
    let importing = expect_context::<Importing>();
    let files = NodeRef::<html::Input>::new();
    let folder = NodeRef::<html::Input>::new();
    let on_files = Callback::new(move |files: Vec<Picked>| importing.take(files));
    let read = move |field: NodeRef<html::Input>| {
        if let Some(input) = field.get_untracked() {
            let picked = from_input(&input);
            // The same files can be chosen again.
            input.set_value("");
            if !picked.is_empty() {
                importing.take(picked);
            }
        }
    };
    let open = move |field: NodeRef<html::Input>| {
        if let Some(input) = field.get_untracked() {
            input.click();
        }
    };
    let chosen = move || {
        importing.picked.with(|picked| {
            let bytes = picked.iter().map(Picked::size_bytes).sum();
            let count = text::counted(picked.len() as u64, "file", "files");
            (!picked.is_empty()).then(|| format!("{count}, {}", text::bytes(bytes)))
        })
    };
    let problem = importing.problem("files");
    view! {
        <DropTarget on_files words="Drop them here">
            <div class="drop-zone" role="group" aria-label="Files to import">
                <p>"Drop images, folders or an archive (zip, tar, tar.gz, tar.zst) here"</p>
                <div class="button-row">
                    <button class="button" type="button" on:click=move |_| open(files)>"Choose files…"</button>
                    <button class="button" type="button" on:click=move |_| open(folder)>"Choose a folder…"</button>
                </div>
                <p class="muted" role="status">{dynamic(move || chosen().unwrap_or_default())}</p>
                {dynamic(move || problem.get().map(|problem| view! {
                    <p class="problem" role="alert"><IconView icon=Icon::CrossInOctagon/><span>{problem}</span></p>
                }))}
            </div>
            <input
                node_ref=files
                class="visually-hidden"
                type="file"
                multiple
                tabindex="-1"
                aria-hidden="true"
                data-choice="files"
                on:change=move |_| read(files)
            />
            <input
                node_ref=folder
                class="visually-hidden"
                type="file"
                multiple
                prop:webkitdirectory=true
                tabindex="-1"
                aria-hidden="true"
                data-choice="folder"
                on:change=move |_| read(folder)
            />
        </DropTarget>
    }
}
