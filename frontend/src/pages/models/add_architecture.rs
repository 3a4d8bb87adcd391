//! The dialog that adds a private architecture by its manifest, or another revision of one.
//!
//! Must not know what makes a manifest usable: the server says it, field by field.

use crate::api::{self, ApiError};
use crate::components::dialog::Dialog;
use crate::components::dynamic::dynamic;
use crate::components::field::{TextArea, TextField};
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// What the dialog opens with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// The id of the architecture that gets another revision; empty for a new one.
    pub id: String,
    pub manifest: String,
    pub folder: String,
}

/// What a manifest looks like, for whoever writes their first one.
const EXAMPLE: &str = r#"id = "my-detector"
name = "My detector"
description = "Finds objects as boxes"
task = "detection"
command = ["python3", "{folder}/train.py"]

[[settings]]
key = "epochs"
type = "integer"
min = 1
max = 1000
default = 10
"#;

/// Open while something is asked.
#[component]
pub fn AddArchitecture(asked: RwSignal<Option<Asked>>, again: Callback<()>) -> impl IntoView {
    let close = Callback::new(move |()| asked.set(None));
    let is_open = Signal::derive(move || asked.with(Option::is_some));
    view! {
        <Dialog open=is_open on_close=close labelled_by="architecture-title" class="dialog wide">
            {dynamic(move || asked.get().map(|asked| view! { <ManifestForm asked close again/> }))}
        </Dialog>
    }
}

#[component]
fn ManifestForm(asked: Asked, close: Callback<()>, again: Callback<()>) -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let is_new = asked.id.is_empty();
    let title = if is_new { "Add architecture".to_owned() } else { format!("New revision of {}", asked.id) };
    let manifest = RwSignal::new(asked.manifest);
    let folder = RwSignal::new(asked.folder);
    let is_busy = RwSignal::new(false);
    let refusal = RwSignal::new(None::<ApiError>);
    let at = move |wanted: &'static str| {
        Signal::derive(move || {
            refusal.with(|refusal| {
                let mut fields = refusal.iter().flat_map(|error| &error.fields);
                fields.find(|(field, _)| field == wanted).map(|(_, reason)| reason.clone())
            })
        })
    };
    // What is wrong in the manifest, field by field.
    let within = move || {
        refusal.with(|refusal| {
            let fields = refusal.iter().flat_map(|error| &error.fields);
            let of_manifest = fields.filter_map(|(field, reason)| {
                Some((field.strip_prefix("manifest.")?.to_owned(), reason.clone()))
            });
            of_manifest.collect::<Vec<(String, String)>>()
        })
    };
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        refusal.set(None);
        spawn_local(async move {
            let answer = api::architectures::save(manifest.get_untracked(), folder.get_untracked()).await;
            is_busy.try_set(false);
            match answer {
                Ok(id) => {
                    toasts.done(format!("{id} can be trained now"));
                    again.try_run(());
                    close.try_run(());
                }
                Err(error) => {
                    session.check(&error);
                    refusal.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <h2 id="architecture-title">{title}</h2>
        <form class="form" novalidate on:submit=on_submit>
            <p class="muted">
                "A manifest says what an architecture of your own is called, which settings it has, and which program \
                 trains it. The program speaks the protocol of Train functions"
            </p>
            <TextArea
                rows=14
                id="architecture-manifest"
                label="Manifest"
                hint="TOML or JSON"
                value=manifest
                problem=at("manifest")
            />
            {dynamic(move || {
                let problems = within();
                (!problems.is_empty()).then(|| view! {
                    <div class="problem" role="alert"><ul>
                        {problems
                            .into_iter()
                            .map(|(field, reason)| view! { <li><code>{field}</code> " " {reason}</li> })
                            .collect_view()}
                    </ul></div>
                })
            })}
            <Show when=move || manifest.with(String::is_empty)>
                <button class="button" type="button" on:click=move |_| manifest.set(EXAMPLE.to_owned())>
                    "Start with an example"
                </button>
            </Show>
            <div class="field">
                <label for="architecture-file">"From a file of this computer"</label>
                <input
                    type="file"
                    class="input"
                    id="architecture-file"
                    accept=".toml,.json"
                    on:change=move |event| read_file(&event, manifest)
                />
            </div>
            <TextField
                id="architecture-folder"
                label="Folder"
                hint="Where its files are on the server's machine; {folder} stands for it in the command"
                value=folder
                problem=at("folder")
            />
            {dynamic(move || refusal.get().filter(|error| error.fields.is_empty()).map(|error| view! {
                <p class="problem" role="alert">{error.sentence()}</p>
            }))}
            <div class="dialog-actions">
                <button class="button" type="button" on:click=move |_| close.run(())>"Cancel"</button>
                <button
                    class="button primary"
                    type="submit"
                    aria-busy=move || is_busy.get().to_string()
                    aria-disabled=move || is_busy.get().then_some("true")
                >
                    {if is_new { "Add architecture" } else { "Save revision" }}
                </button>
            </div>
        </form>
    }
}

/// Puts the text of the chosen file into the field.
fn read_file(event: &web_sys::Event, manifest: RwSignal<String>) {
    let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
    spawn_local(async move {
        if let Some(text) = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
            manifest.try_set(text);
        }
    });
}
