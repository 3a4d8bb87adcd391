//! Fields of a form: label, hint, unit and the reason why a value cannot be used.
//!
//! Must not know what is asked.

use super::icon::{Icon, IconView};
use crate::components::dynamic::dynamic;
use leptos::prelude::*;

/// The ids of what stands below a field.
pub fn described_by(id: &str, has_hint: bool, has_problem: bool) -> Option<String> {
    let mut ids = Vec::new();
    if has_hint {
        ids.push(format!("{id}-hint"));
    }
    if has_problem {
        ids.push(format!("{id}-problem"));
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// What stands around every field.
#[component]
pub fn FieldFrame(
    id: String,
    label: String,
    hint: String,
    problem: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let problem_id = format!("{id}-problem");
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {children()}
            {(!hint.is_empty()).then(|| view! { <span class="hint" id=hint_id>{hint}</span> })}
            {dynamic(move || {
                let id = problem_id.clone();
                problem.get().map(|problem| view! {
                    <span class="problem" id=id>
                        <IconView icon=Icon::CrossInOctagon/>
                        <span>{problem}</span>
                    </span>
                })
            })}
        </div>
    }
}

/// A line of text or a number.
#[component]
pub fn TextField(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    value: RwSignal<String>,
    #[prop(into)] problem: Signal<Option<String>>,
    /// Which keyboard a phone shows.
    #[prop(default = "text")]
    input_mode: &'static str,
    #[prop(optional)] read_only: bool,
    /// Id of a list of values that are offered.
    #[prop(optional)]
    list: &'static str,
) -> impl IntoView {
    let has_hint = !hint.is_empty();
    let input_id = id.clone();
    let describing = id.clone();
    view! {
        <FieldFrame id label hint problem>
            <input
                class="input"
                type="text"
                id=input_id.clone()
                name=input_id
                autocomplete="off"
                spellcheck="false"
                inputmode=input_mode
                readonly=read_only
                list=(!list.is_empty()).then_some(list)
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
                aria-invalid=move || problem.get().is_some().to_string()
                aria-describedby=move || described_by(&describing, has_hint, problem.get().is_some())
            />
        </FieldFrame>
    }
}

/// A text of several lines, in letters of one width. What is `hidden` is drawn as dots: a field for passwords would take
/// the line breaks away, and offer to keep it.
#[component]
pub fn TextArea(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    value: RwSignal<String>,
    #[prop(into)] problem: Signal<Option<String>>,
    rows: u32,
    #[prop(optional)] hidden: bool,
) -> impl IntoView {
    let has_hint = !hint.is_empty();
    let input_id = id.clone();
    let describing = id.clone();
    view! {
        <FieldFrame id label hint problem>
            <textarea
                class=if hidden { "input hidden-text" } else { "input mono" }
                id=input_id.clone()
                name=input_id
                autocomplete="off"
                spellcheck="false"
                rows=rows
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
                aria-invalid=move || problem.get().is_some().to_string()
                aria-describedby=move || described_by(&describing, has_hint, problem.get().is_some())
            ></textarea>
        </FieldFrame>
    }
}

/// Yes or no, as the texts `true` and `false`. Where there is no choice, it can be looked at and not changed.
#[component]
pub fn SwitchField(
    id: &'static str,
    label: &'static str,
    hint: Signal<String>,
    value: RwSignal<String>,
    problem: Signal<Option<String>>,
    is_disabled: Signal<bool>,
) -> impl IntoView {
    let press = move |event: web_sys::MouseEvent| {
        if is_disabled.get_untracked() {
            event.prevent_default();
        }
    };
    view! {
        <div class="field">
            <label class="check">
                <input
                    type="checkbox"
                    id=id
                    name=id
                    prop:checked=move || value.with(|value| value == "true")
                    on:click=press
                    on:change=move |event| value.set(event_target_checked(&event).to_string())
                    aria-disabled=move || is_disabled.get().then_some("true")
                    aria-invalid=move || problem.get().is_some().to_string()
                    aria-describedby=move || described_by(id, true, problem.get().is_some())
                />
                <span>{label}</span>
            </label>
            <span class="hint" id=format!("{id}-hint")>{hint}</span>
            {dynamic(move || problem.get().map(|problem| view! {
                <span class="problem" id=format!("{id}-problem")>
                    <IconView icon=Icon::CrossInOctagon/>
                    <span>{problem}</span>
                </span>
            }))}
        </div>
    }
}

/// One of several.
#[component]
pub fn SelectField(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    /// Value and words.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    value: RwSignal<String>,
    #[prop(into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    let has_hint = !hint.is_empty();
    let select_id = id.clone();
    let describing = id.clone();
    view! {
        <FieldFrame id label hint problem>
            <select
                class="select"
                id=select_id.clone()
                name=select_id
                on:change=move |event| value.set(event_target_value(&event))
                aria-invalid=move || problem.get().is_some().to_string()
                aria-describedby=move || described_by(&describing, has_hint, problem.get().is_some())
            >
                {dynamic(move || {
                    options
                        .get()
                        .into_iter()
                        .map(|(option, words)| {
                            let this = option.clone();
                            view! {
                                <option value=option prop:selected=move || value.get() == this>{words}</option>
                            }
                        })
                        .collect_view()
                })}
            </select>
        </FieldFrame>
    }
}
