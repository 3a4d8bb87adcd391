//! The dialog of an import: what to read, how far it is, and what came of it.
//!
//! Must not know how files are sent or read.

use super::super::split_fields::SplitFields;
use super::report::Report;
use super::source::SourceFields;
use super::state::{Importing, Source, Stage};
use super::under_way::UnderWay;
use crate::components::dialog::Dialog;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::field::{SelectField, TextField};
use leptos::prelude::*;
use proto::v1::DatasetFormat;

/// Value and words of each format.
const FORMATS: [(DatasetFormat, &str); 5] = [
    (DatasetFormat::Unspecified, "Find out"),
    (DatasetFormat::Yolo, "YOLO (data.yaml, images, labels)"),
    (DatasetFormat::Coco, "COCO (JSON with boxes)"),
    (DatasetFormat::Voc, "Pascal VOC (XML beside images)"),
    (DatasetFormat::Folder, "Folders (one a class)"),
];

#[component]
pub fn ImportDialog(#[prop(into)] open: Signal<bool>, on_close: Callback<()>) -> impl IntoView {
    let importing = expect_context::<Importing>();
    effect(move |_| importing.is_seen.set(open.get()));
    on_cleanup(move || {
        importing.is_seen.try_set(false);
    });
    // Apart from the stage, so that progress does not draw the form anew.
    let report = memo(move |_| match importing.stage.get() {
        Stage::Done(report) => Some(report),
        Stage::Asking | Stage::Sending | Stage::Importing(..) | Stage::Failed(_) => None,
    });
    let close = Callback::new(move |()| {
        if matches!(importing.stage.get_untracked(), Stage::Done(_)) {
            importing.start_again();
        }
        on_close.run(());
    });
    let again = Callback::new(move |()| importing.start_again());
    view! {
        <Dialog open on_close=close labelled_by="import-title" class="dialog wide">
            {dynamic(move || match report.get() {
                Some(report) => view! { <Report report=*report on_close=close again/> }.into_any(),
                None => view! { <ImportForm on_close/> }.into_any(),
            })}
        </Dialog>
    }
}

#[component]
fn ImportForm(on_close: Callback<()>) -> impl IntoView {
    let importing = expect_context::<Importing>();
    let formats: Vec<(String, String)> =
        FORMATS.map(|(format, words)| ((format as i32).to_string(), words.to_owned())).to_vec();
    effect(move |_| {
        let path = importing.path.get();
        let last = path.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let is_asked = importing.source.get_untracked() == Source::Server;
        if is_asked && importing.name_follows.get_untracked() {
            importing.name.set(last);
        }
    });
    let is_under_way = memo(move |_| importing.stage.with(Stage::is_under_way));
    view! {
        <form
            class="dialog-form"
            novalidate
            on:submit=move |event: web_sys::SubmitEvent| {
                event.prevent_default();
                importing.start();
            }
        >
            <h2 id="import-title">"Import a dataset"</h2>
            <fieldset class="bare" disabled=move || is_under_way.get()>
                <SourceFields/>
                <SelectField
                    id="import-format"
                    label="Format"
                    options=Signal::stored(formats)
                    value=importing.format
                    problem=importing.problem("format")
                />
                <div on:input=move |_| importing.name_follows.set(false)>
                    <TextField
                        id="import-name"
                        label="Name"
                        hint="A name that exists already gets the new items"
                        value=importing.name
                        problem=importing.problem("name")
                    />
                </div>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || importing.splits.get()
                        on:change=move |event| importing.splits.set(event_target_checked(&event))
                    />
                    <span>"Part the items into subsets by chance, where the folder brings none"</span>
                </label>
                <Show when=move || importing.splits.get()>
                    <SplitFields form=importing.split id="import-split"/>
                    {dynamic(move || importing.problem("split").get().map(|words| view! {
                        <p class="problem-line" role="alert">{words}</p>
                    }))}
                </Show>
            </fieldset>
            {dynamic(move || importing.lonely_problem().map(|words| view! {
                <div class="notice" data-look="error" role="alert"><p class="grow">{words}</p></div>
            }))}
            <Show when=move || is_under_way.get()><UnderWay/></Show>
            <div class="dialog-actions">
                <button class="button" type="button" on:click=move |_| on_close.run(())>
                    {dynamic(move || if is_under_way.get() { "Hide" } else { "Cancel" })}
                </button>
                <button class="button primary" type="submit" aria-disabled=move || is_under_way.get().then_some("true")>
                    "Import"
                </button>
            </div>
        </form>
    }
}
