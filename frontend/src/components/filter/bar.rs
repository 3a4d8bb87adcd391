//! The bar: the text with what is wrong in it, the count of what it would find, and the rows of its form.
//!
//! Must not know what is filtered.

use super::completion::{byte_of, filled, utf16_of};
use super::draft::{Draft, Form, Reading, Underline, dql_of, query_of, segments};
use super::form::FormView;
use super::rows::{Rows, Sheet};
use super::suggestions::{LIST_ID, SuggestionList, Suggestions};
use super::switch::{FormSwitch, Problems, form_name};
use crate::api::ApiError;
use crate::components::icon::{Icon, IconView};
use crate::state::latest::Latest;
use crate::text;
use futures::future::LocalBoxFuture;
use leptos::html;
use leptos::prelude::*;
use shared::dql::Query;
use std::sync::Arc;

/// Typing goes on for so long before anything is counted.
const COUNT_PAUSE_MS: u32 = 250;

/// Something that could be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// A field, a word, or a value as JSON.
    pub text: String,
    pub detail: String,
}

impl Choice {
    pub fn word(word: &str) -> Self {
        Self { text: word.to_owned(), detail: String::new() }
    }
}

/// An answer that takes a while.
pub type Answer<T> = LocalBoxFuture<'static, Result<T, ApiError>>;
type Ask<Q, T> = Arc<dyn Fn(Q) -> Answer<T> + Send + Sync>;

/// Where counts and completions come from.
#[derive(Clone)]
pub struct FilterSource {
    pub count: Ask<Query, u64>,
    /// Values of a field, or fields if it is empty, that begin with what is written.
    pub complete: Arc<dyn Fn(String, String) -> Answer<Vec<Choice>> + Send + Sync>,
}

/// How many items the text would find.
#[derive(Debug, Clone, PartialEq)]
enum Count {
    /// The text says what is in force already, or nothing.
    NotAsked,
    Counting,
    Found(u64),
    Failed(String),
}

/// What the parts of the bar share.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    applied: Signal<String>,
    pub draft: RwSignal<Draft>,
    pub kept: Memo<Query>,
    pub reading: Memo<Reading>,
    /// The rows of the form; they follow the draft while the form is open.
    pub sheet: RwSignal<Sheet>,
    on_apply: Callback<Query>,
}

impl Bar {
    fn new(applied: Signal<String>, on_apply: Callback<Query>) -> Self {
        let draft = RwSignal::new(untrack(|| applied.with(|dql| Draft::of_dql(dql))));
        let kept = Memo::new(move |_| applied.with(|dql| query_of(dql).query.unwrap_or_default()));
        let reading = Memo::new(move |_| draft.with(|draft| kept.with(|kept| draft.read(kept))));
        // Another part of the page may change the filter; what says the same stays as it was written.
        Effect::new(move |_| {
            let applied = applied.get();
            let said = reading.with_untracked(|reading| reading.query.as_ref().map(dql_of));
            if said.as_ref() != Some(&applied) {
                let form = draft.with_untracked(|draft| draft.form);
                draft.set(Draft::of_dql_in(form, &applied));
            }
        });
        let sheet = RwSignal::new(Sheet::of_query(&Query::default()));
        // What the rows say already, they keep with all that is not complete yet.
        Effect::new(move |_| {
            let is_other = draft.with(|draft| {
                draft.form == Form::Rows && !sheet.with_untracked(|sheet| sheet.says(&draft.text))
            });
            if let Some(query) = reading.with(|reading| reading.query.clone()).filter(|_| is_other) {
                sheet.set(Sheet::of_query(&query));
            }
        });
        Self { applied, draft, kept, reading, sheet, on_apply }
    }

    /// Something about the rows, if there are any.
    pub fn with_rows<T>(self, look: impl FnOnce(&Rows) -> T) -> Option<T> {
        self.sheet.with(|sheet| sheet.rows.as_ref().ok().map(look))
    }

    /// Changes the rows and what stands in the bar.
    pub fn edit<T>(self, change: impl FnOnce(&mut Rows) -> T) -> Option<T> {
        let (draft, changed) = self.sheet.try_update(|sheet| sheet.edit(change)).flatten()?;
        self.draft.set(draft);
        Some(changed)
    }

    /// Another draft, with rows that hold nothing else.
    fn restart(self, draft: Draft) {
        let query = self.kept.with_untracked(|kept| draft.read(kept)).query.unwrap_or_default();
        self.sheet.set(Sheet::of_query(&query));
        self.draft.set(draft);
    }

    /// The query of the text, if it can be read and differs from the one in force.
    fn changed(self) -> Option<Query> {
        let query = self.reading.with(|reading| reading.query.clone())?;
        self.applied.with(|applied| *applied != dql_of(&query)).then_some(query)
    }

    pub fn apply(self) {
        if let Some(query) = untrack(|| self.changed()) {
            self.on_apply.run(query);
        }
    }

    fn revert(self) {
        let form = self.draft.with_untracked(|draft| draft.form);
        self.restart(untrack(|| self.applied.with(|dql| Draft::of_dql_in(form, dql))));
    }

    /// Everything again, in the order that was chosen.
    fn clear(self) {
        let sort = self.kept.with_untracked(|kept| kept.sort.clone());
        let query = Query { sort, ..Query::default() };
        let form = self.draft.with_untracked(|draft| draft.form);
        self.restart(Draft::of_query_in(form, &query));
        self.on_apply.run(query);
    }
}

#[component]
pub fn FilterBar(
    /// The filter in force, as an address holds it.
    #[prop(into)]
    applied: Signal<String>,
    /// How many it finds, once that is known.
    #[prop(into)]
    found: Signal<Option<u64>>,
    source: FilterSource,
    on_apply: Callback<Query>,
    /// More that can be done with the filter.
    children: Children,
) -> impl IntoView {
    let bar = Bar::new(applied, on_apply);
    let source = StoredValue::new(source);
    let count = counted(bar, source);
    let says = move || match count.get() {
        Count::Counting => "Counting…".to_owned(),
        Count::Found(found) => format!("Would find {}", text::counted(found, "item", "items")),
        Count::Failed(why) => why,
        Count::NotAsked => match (bar.reading.with(|reading| reading.query.is_some()), found.get()) {
            (false, _) => "Cannot be read yet".to_owned(),
            (true, Some(found)) => format!("Finds {}", text::counted(found, "item", "items")),
            (true, None) => String::new(),
        },
    };
    let is_form = Memo::new(move |_| bar.draft.with(|draft| draft.form == Form::Rows));
    let can_clear = Memo::new(move |_| {
        bar.applied.with(|dql| !dql.is_empty())
            || bar.draft.with(|draft| !draft.text.is_empty())
            || (is_form.get() && bar.sheet.with(|sheet| !sheet.is_empty()))
    });
    let can_apply = Memo::new(move |_| bar.changed().is_some());
    view! {
        <div class="filter-bar" role="search" aria-label="Items">
            <div class="filter-line">
                {move || if is_form.get() {
                    view! { <FormView bar/> }.into_any()
                } else {
                    view! { <Editor bar source/> }.into_any()
                }}
                <button
                    class="button primary"
                    type="button"
                    aria-disabled=move || (!can_apply.get()).then_some("true")
                    title=move || (!can_apply.get()).then_some("The filter says what is shown already, or cannot be read")
                    on:click=move |_| bar.apply()
                >
                    "Apply"
                </button>
            </div>
            <Problems bar/>
            <div class="filter-tools">
                <FormSwitch bar/>
                <span class="filter-count" role="status">{says}</span>
                <span class="filter-more">
                    <Show when=move || can_clear.get()>
                        <button class="button quiet" type="button" on:click=move |_| bar.clear()>"Clear"</button>
                    </Show>
                    {children()}
                </span>
            </div>
        </div>
    }
}

/// Counts what the text would find while one writes; each letter cancels the count before.
fn counted(bar: Bar, source: StoredValue<FilterSource>) -> RwSignal<Count> {
    let count = RwSignal::new(Count::NotAsked);
    let latest = Latest::new();
    Effect::new(move |_| {
        let Some(query) = bar.changed() else {
            latest.cancel();
            return count.set(Count::NotAsked);
        };
        count.set(Count::Counting);
        latest.run(COUNT_PAUSE_MS, async move {
            let Some(answer) = source.try_with_value(|source| (source.count)(query)) else { return };
            count.try_set(match answer.await {
                Ok(found) => Count::Found(found),
                Err(error) => Count::Failed(error.sentence()),
            });
        });
    });
    count
}

#[component]
fn Editor(bar: Bar, source: StoredValue<FilterSource>) -> impl IntoView {
    let suggestions = Suggestions::new(source);
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
            ("ArrowDown", _) if is_open => suggestions.step(1),
            ("ArrowUp", _) if is_open => suggestions.step(-1),
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
    let is_wrong = move || bar.reading.with(|reading| reading.query.is_none());
    view! {
        <div class="filter-field" data-form=move || bar.draft.with(|draft| form_name(draft.form))>
            <IconView icon=Icon::Search/>
            <div node_ref=mirror class="filter-mirror" aria-hidden="true">
                {move || parts().into_iter().map(|part| view! {
                    <span data-mark=part.mark.map(|mark| match mark {
                        Underline::Error => "error",
                        Underline::Warning => "warning",
                    })>{part.text}</span>
                }).collect_view()}
                // A line break at the end counts only if something follows.
                "\u{200b}"
            </div>
            <textarea
                node_ref=field
                class="filter-text"
                data-search
                rows="1"
                aria-label="Filter"
                placeholder="Filter, for example label = cat AND dir = /a"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-autocomplete="list"
                aria-controls=move || suggestions.is_open().then_some(LIST_ID)
                aria-activedescendant=move || suggestions.active_id()
                aria-invalid=move || is_wrong().to_string()
                aria-describedby="filter-problems"
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
