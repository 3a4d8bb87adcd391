//! What a filter is written in: its text with what is wrong underlined and completed, or the rows of its form.
//!
//! Must not know what is filtered.

use super::bar::{Bar, Complete};
use super::completion::{byte_of, filled, utf16_of};
use super::draft::{Draft, Form, Underline, segments};
use super::form::FormView;
use super::suggestions::{SuggestionList, Suggestions};
use super::switch::form_name;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use leptos::html;
use leptos::prelude::*;

#[component]
pub fn Editor(
    bar: Bar,
    complete: StoredValue<Complete>,
    /// Whether it is what the page is searched by.
    is_searched: bool,
) -> impl IntoView {
    let is_form = memo(move |_| bar.draft.with(|draft| draft.form == Form::Rows));
    dynamic(move || {
        if is_form.get() {
            view! { <FormView bar/> }.into_any()
        } else {
            view! { <TextEditor bar complete is_searched/> }.into_any()
        }
    })
}

#[component]
fn TextEditor(bar: Bar, complete: StoredValue<Complete>, is_searched: bool) -> impl IntoView {
    let suggestions = Suggestions::new(complete, bar.id_of("choices"));
    let field = NodeRef::<html::Textarea>::new();
    let mirror = NodeRef::<html::Div>::new();
    // The lines below each other stay below each other.
    let on_scroll = move |_| {
        if let (Some(field), Some(mirror)) = (field.get_untracked(), mirror.get_untracked()) {
            mirror.set_scroll_top(field.scroll_top());
        }
    };
    let cursor = move || {
        let at = field.get_untracked()?.selection_start().ok().flatten()?;
        Some(bar.draft.with_untracked(|draft| byte_of(&draft.text, at as usize)))
    };
    let suggest = move || {
        if let Some(cursor) = cursor() {
            bar.draft.with_untracked(|draft| suggestions.ask(draft, cursor));
        }
    };
    let choose = move |index: usize| {
        let Some((place, choice)) = suggestions.choice(index) else { return };
        let draft = bar.draft.get_untracked();
        let (text, cursor) = filled(draft.form, &draft.text, &place, &choice);
        let at = u32::try_from(utf16_of(&text, cursor)).unwrap_or(u32::MAX);
        bar.draft.set(Draft { form: draft.form, text });
        suggestions.close();
        // The new text has to be in the field before the cursor can go there.
        request_animation_frame(move || {
            if let Some(field) = field.try_get_untracked().flatten() {
                let _ = field.set_selection_range(at, at);
                suggest();
            }
        });
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let with_control = event.ctrl_key() || event.meta_key();
        let is_open = untrack(|| suggestions.is_open());
        let selected = suggestions.selected.get_untracked();
        let is_text = bar.draft.with_untracked(|draft| draft.form == Form::Text);
        match (event.key().as_str(), selected) {
            ("ArrowDown", _) if is_open => suggestions.step(true),
            ("ArrowUp", _) if is_open => suggestions.step(false),
            ("ArrowDown", _) if is_text => suggest(),
            (" ", _) if with_control => suggest(),
            ("Enter" | "Tab", Some(index)) if is_open => choose(index),
            ("Enter", _) if is_text || with_control => {
                suggestions.close();
                bar.apply();
            }
            ("Escape", _) if is_open => suggestions.close(),
            ("Escape", _)
                if untrack(|| {
                    bar.changed().is_some() || bar.reading.with(|reading| reading.query.is_none())
                }) =>
            {
                bar.revert();
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let on_input = move |event| {
        bar.draft.update(|draft| draft.text = event_target_value(&event));
        suggest();
    };
    let parts = move || {
        let marks = bar.reading.with(|reading| reading.marks.clone());
        bar.draft.with(|draft| segments(&draft.text, &marks))
    };
    let is_wrong = move || bar.reading.with(|reading| reading.query.is_none()) || bar.refused().is_some();
    view! {
        <div class="filter-field" data-form=move || bar.draft.with(|draft| form_name(draft.form))>
            <IconView icon=Icon::Search/>
            <div node_ref=mirror class="filter-mirror" aria-hidden="true">
                {dynamic(move || parts().into_iter().map(|part| view! {
                    <span data-mark=part.mark.map(|mark| match mark {
                        Underline::Error => "error",
                        Underline::Warning => "warning",
                    })>{part.text}</span>
                }).collect_view())}
                // A line break at the end counts only if something follows.
                "\u{200b}"
            </div>
            <textarea
                node_ref=field
                class="filter-text"
                id=bar.named.id
                data-search=is_searched.then_some("")
                rows="1"
                aria-label=bar.named.label
                placeholder="Filter, for example label = cat AND dir = /a"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-autocomplete="list"
                aria-controls=move || suggestions.is_open().then(|| suggestions.id.get_value())
                aria-activedescendant=move || suggestions.active_id()
                aria-invalid=move || is_wrong().to_string()
                aria-describedby=bar.id_of("problems")
                prop:value=move || bar.draft.with(|draft| draft.text.clone())
                on:input=on_input
                on:keydown=on_key
                on:scroll=on_scroll
                on:blur=move |_| suggestions.close()
            ></textarea>
            <SuggestionList suggestions on_choose=Callback::new(choose)/>
        </div>
    }
}
