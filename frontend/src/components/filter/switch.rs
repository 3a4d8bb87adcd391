//! What stands below the bar: what is wrong in it, and the way between its forms.
//!
//! Must not know how a form is edited.

use super::bar::Bar;
use super::draft::{Form, Mark};
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use leptos::prelude::*;

pub const fn form_name(form: Form) -> &'static str {
    match form {
        Form::Text => "text",
        Form::Json => "json",
        Form::Rows => "rows",
    }
}

/// What is wrong, each with a way to mend it where one is known.
#[component]
pub fn Problems(bar: Bar) -> impl IntoView {
    let marks = memo(move |_| bar.reading.with(|reading| reading.marks.clone()));
    let row = move |mark: Mark| {
        let look = if mark.is_warning { "warning" } else { "error" };
        let icon = if mark.is_warning { Icon::Warning } else { Icon::CrossInOctagon };
        let message = mark.message.clone();
        let mend = mark.suggestion.clone().map(|suggestion| {
            let mend = move |_| {
                if let Some(mended) = bar.draft.with_untracked(|draft| draft.mended(&mark)) {
                    bar.draft.set(mended);
                }
            };
            view! { <button class="link-button" type="button" on:click=mend>{format!("Write {suggestion}")}</button> }
        });
        view! {
            <li data-look=look>
                <IconView icon/>
                <span>{message}</span>
                {mend}
            </li>
        }
    };
    view! {
        <ul class="filter-problems" id=bar.id_of("problems") role="list">
            {dynamic(move || marks.get().into_iter().take(5).map(row).collect_view())}
            {dynamic(move || bar.refused().map(|message| view! {
                <li data-look="error"><IconView icon=Icon::CrossInOctagon/><span>{message}</span></li>
            }))}
        </ul>
    }
}

/// Text, JSON or rows. The one that cannot say it says why.
#[component]
pub fn FormSwitch(bar: Bar) -> impl IntoView {
    let button = move |form: Form, label: &'static str| {
        let reason =
            memo(move |_| bar.draft.with(|draft| bar.kept.with(|kept| draft.turned(form, kept).err())));
        let turn = move |_| {
            let draft = bar.draft.get_untracked();
            if let Ok(turned) = bar.kept.with_untracked(|kept| draft.turned(form, kept)) {
                bar.draft.set(turned);
            }
        };
        let reason_id = bar.id_of(&format!("not-{}", form_name(form)));
        view! {
            <button
                class="segment"
                type="button"
                aria-pressed=move || bar.draft.with(|draft| draft.form == form).to_string()
                aria-disabled=move || reason.with(Option::is_some).then_some("true")
                aria-describedby=reason_id.clone()
                title=move || reason.get()
                on:click=turn
            >
                {label}
            </button>
            <span class="visually-hidden" id=reason_id>{dynamic(move || reason.get())}</span>
        }
    };
    let cannot = memo(move |_| {
        bar.draft.with(|draft| {
            let is_json = draft.form == Form::Json && bar.reading.with(|reading| reading.query.is_some());
            is_json.then(|| bar.kept.with(|kept| draft.turned(Form::Text, kept).err())).flatten()
        })
    });
    view! {
        <div class="segments" role="group" aria-label="Form of the filter">
            {button(Form::Text, "Text")}
            {button(Form::Json, "JSON")}
            {button(Form::Rows, "Form")}
        </div>
        {dynamic(move || cannot.get().map(|reason| view! { <span class="muted">{reason}</span> }))}
    }
}
