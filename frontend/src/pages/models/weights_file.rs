//! A file of weights on this computer: chosen, named by its content and sent to the server.
//!
//! Must not know what is started from it.

use crate::api::{ApiError, ErrorKind, uploads};
use crate::components::dynamic::dynamic;
use crate::components::icon::{Icon, IconView};
use crate::text;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// The chosen file.
#[derive(Clone, Copy)]
pub struct WeightsFile {
    pub file: RwSignal<Option<File>, LocalStorage>,
}

impl WeightsFile {
    pub fn new() -> Self {
        Self { file: RwSignal::new_local(None) }
    }

    /// Sends the file, and gives the SHA-256 of its content.
    ///
    /// # Errors
    /// If it cannot be read any more, or the server does not take it.
    pub async fn send(self, file: File) -> Result<String, ApiError> {
        let hash = hash_of(&file).await.ok_or_else(|| ApiError {
            kind: ErrorKind::Invalid,
            message: format!("`{}` cannot be read; choose the file again", file.name()),
            fields: vec![("weights_hash".into(), "Choose the file again".into())],
            request_id: None,
        })?;
        uploads::store(&hash, file.into()).await?;
        Ok(hash)
    }
}

async fn hash_of(file: &File) -> Option<String> {
    let content = JsFuture::from(file.array_buffer()).await.ok()?;
    let digest = window().crypto().ok()?.subtle();
    let digest = digest.digest_with_str_and_buffer_source("SHA-256", content.unchecked_ref()).ok()?;
    let bytes = js_sys::Uint8Array::new(&JsFuture::from(digest).await.ok()?).to_vec();
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[component]
pub fn WeightsField(weights: WeightsFile, #[prop(into)] problem: Signal<Option<String>>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let read = move |_| {
        let file = input.get_untracked().and_then(|input| input.files()?.get(0));
        if file.is_some() {
            weights.file.set(file);
        }
    };
    let chosen = move || {
        weights.file.with(|file| {
            file.as_ref().map(|file| format!("{}, {}", file.name(), text::bytes(file.size() as u64)))
        })
    };
    view! {
        <div class="field">
            <label for="weights-file">"Weights file"</label>
            <input
                node_ref=input
                class="input"
                type="file"
                id="weights-file"
                accept=".safetensors"
                on:change=read
                aria-invalid=move || problem.get().is_some().to_string()
                aria-describedby="weights-file-hint weights-file-problem"
            />
            <span class="hint" id="weights-file-hint">
                {dynamic(move || chosen().unwrap_or_else(|| {
                    "Safetensors with the published names; layers that do not fit the labels are made anew".to_owned()
                }))}
            </span>
            <span id="weights-file-problem">
                {dynamic(move || problem.get().map(|problem| view! {
                    <span class="problem"><IconView icon=Icon::CrossInOctagon/><span>{problem}</span></span>
                }))}
            </span>
        </div>
    }
}
