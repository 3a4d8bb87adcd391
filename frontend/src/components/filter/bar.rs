//! The bar: the text with what is wrong in it, the count of what it would find, and the way between its two forms.
//!
//! Must not know what is filtered.

use super::completion::{byte_of, filled, utf16_of};
use super::draft::{Draft, Form, Mark, Reading, Underline, dql_of, query_of, segments};
use super::suggestions::{LIST_ID, SuggestionList, Suggestions};
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
struct Bar {
    applied: Signal<String>,
    draft: RwSignal<Draft>,
    kept: Memo<Query>,
    reading: Memo<Reading>,
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
                draft.set(Draft::of_dql(&applied));
            }
        });
        Self { applied, draft, kept, reading, on_apply }
    }

    /// The query of the text, if it can be read and differs from the one in force.
    fn changed(self) -> Option<Query> {
        let query = self.reading.with(|reading| reading.query.clone())?;
        self.applied.with(|applied| *applied != dql_of(&query)).then_some(query)
    }

    fn apply(self) {
        if let Some(query) = untrack(|| self.changed()) {
            self.on_apply.run(query);
        }
    }

    fn revert(self) {
        self.draft.set(untrack(|| self.applied.with(|dql| Draft::of_dql(dql))));
    }

    /// Everything again, in the order that was chosen.
    fn clear(self) {
        self.draft.set(Draft { form: Form::Text, text: String::new() });
        let sort = self.kept.with_untracked(|kept| kept.sort.clone());
        self.on_apply.run(Query { sort, ..Query::default() });
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
    let can_clear = Memo::new(move |_| {
        bar.applied.with(|dql| !dql.is_empty()) || bar.draft.with(|draft| !draft.text.is_empty())
    });
    let can_apply = Memo::new(move |_| bar.changed().is_some());
    view! {
        <div class="filter-bar" role="search" aria-label="Items">
            <div class="filter-line">
                <Editor bar source/>
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

const fn form_name(form: Form) -> &'static str {
    match form {
        Form::Text => "text",
        Form::Json => "json",
    }
}

/// What is wrong, each with a way to mend it where one is known.
#[component]
fn Problems(bar: Bar) -> impl IntoView {
    let marks = Memo::new(move |_| bar.reading.with(|reading| reading.marks.clone()));
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
        <ul class="filter-problems" id="filter-problems" role="list">
            {move || marks.get().into_iter().take(5).map(row).collect_view()}
        </ul>
    }
}

/// Text or JSON. The one that cannot say it says why.
#[component]
fn FormSwitch(bar: Bar) -> impl IntoView {
    let button = move |form: Form, label: &'static str| {
        let reason =
            Memo::new(move |_| bar.draft.with(|draft| bar.kept.with(|kept| draft.turned(form, kept).err())));
        let turn = move |_| {
            let draft = bar.draft.get_untracked();
            if let Ok(turned) = bar.kept.with_untracked(|kept| draft.turned(form, kept)) {
                bar.draft.set(turned);
            }
        };
        let reason_id = format!("why-not-{}", form_name(form));
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
            <span class="visually-hidden" id=reason_id>{move || reason.get()}</span>
        }
    };
    let cannot = Memo::new(move |_| {
        bar.draft.with(|draft| {
            let is_json = draft.form == Form::Json && bar.reading.with(|reading| reading.query.is_some());
            is_json.then(|| bar.kept.with(|kept| draft.turned(Form::Text, kept).err())).flatten()
        })
    });
    view! {
        <div class="segments" role="group" aria-label="Form of the filter">
            {button(Form::Text, "Text")}
            {button(Form::Json, "JSON")}
        </div>
        {move || cannot.get().map(|reason| view! { <span class="muted">{reason}</span> })}
    }
}
