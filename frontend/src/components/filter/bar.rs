//! The bar: the text with what is wrong in it, the count of what it would find, and the rows of its form.
//!
//! Must not know what is filtered.

use super::draft::{Draft, Form, Reading, dql_of, query_of};
use super::editor::Editor;
use super::rows::{Rows, Sheet};
use super::sample::{Found, Sample};
use super::switch::{FormSwitch, Problems};
use crate::api::ApiError;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::state::latest::Latest;
use crate::text;
use futures::future::LocalBoxFuture;
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
/// Values of a field, or fields if it is empty, that begin with what is written.
pub type Complete = Arc<dyn Fn(String, String) -> Answer<Vec<Choice>> + Send + Sync>;

/// Where counts and completions come from.
#[derive(Clone)]
pub struct FilterSource {
    pub count: Ask<Query, Found>,
    pub complete: Complete,
}

/// How a filter is found on its page.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// The id of what is edited; those of its parts begin with it.
    pub id: &'static str,
    pub label: &'static str,
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
    pub named: Named,
    applied: Signal<String>,
    /// What others say of a filter that can be read.
    pub refusal: Signal<Option<String>>,
    pub draft: RwSignal<Draft>,
    pub kept: Memo<Query>,
    pub reading: Memo<Reading>,
    /// The rows of the form; they follow the draft while the form is open.
    pub sheet: RwSignal<Sheet>,
    on_apply: Callback<Query>,
}

impl Bar {
    pub fn new(
        named: Named,
        applied: Signal<String>,
        refusal: Signal<Option<String>>,
        on_apply: Callback<Query>,
    ) -> Self {
        let draft = RwSignal::new(untrack(|| applied.with(|dql| Draft::of_dql(dql))));
        let kept = memo(move |_| applied.with(|dql| query_of(dql).query.unwrap_or_default()));
        let reading = memo(move |_| draft.with(|draft| kept.with(|kept| draft.read(kept))));
        // Another part of the page may change the filter; what says the same stays as it was written.
        effect(move |_| {
            let applied = applied.get();
            let said = reading.with_untracked(|reading| reading.query.as_ref().map(dql_of));
            if said.as_ref() != Some(&applied) {
                let form = draft.with_untracked(|draft| draft.form);
                draft.set(Draft::of_dql_in(form, &applied));
            }
        });
        let sheet = RwSignal::new(Sheet::of_query(&Query::default()));
        // What the rows say already, they keep with all that is not complete yet.
        effect(move |_| {
            let is_other = draft.with(|draft| {
                draft.form == Form::Rows && !sheet.with_untracked(|sheet| sheet.says(&draft.text))
            });
            if let Some(query) = reading.with(|reading| reading.query.clone()).filter(|_| is_other) {
                sheet.set(Sheet::of_query(&query));
            }
        });
        Self { named, applied, refusal, draft, kept, reading, sheet, on_apply }
    }

    /// Why it is refused although it can be read.
    pub fn refused(self) -> Option<String> {
        self.refusal.get().filter(|_| self.reading.with(|reading| reading.query.is_some()))
    }

    /// The id of a part.
    pub fn id_of(self, part: &str) -> String {
        format!("{}-{part}", self.named.id)
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
    pub fn changed(self) -> Option<Query> {
        let query = self.reading.with(|reading| reading.query.clone())?;
        self.applied.with(|applied| *applied != dql_of(&query)).then_some(query)
    }

    pub fn apply(self) {
        if let Some(query) = untrack(|| self.changed()) {
            self.on_apply.run(query);
        }
    }

    pub fn revert(self) {
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
    let bar = Bar::new(Named { id: "filter", label: "Filter" }, applied, Signal::stored(None), on_apply);
    let (count, sample) = counted(bar, StoredValue::new(source.count));
    let complete = StoredValue::new(source.complete);
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
    let is_form = memo(move |_| bar.draft.with(|draft| draft.form == Form::Rows));
    let can_clear = memo(move |_| {
        bar.applied.with(|dql| !dql.is_empty())
            || bar.draft.with(|draft| !draft.text.is_empty())
            || (is_form.get() && bar.sheet.with(|sheet| !sheet.is_empty()))
    });
    let can_apply = memo(move |_| bar.changed().is_some());
    view! {
        <div class="filter-bar" role="search" aria-label="Items">
            <div class="filter-line">
                <Editor bar complete is_searched=true/>
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
                <span class="filter-count" role="status">{dynamic(says)}</span>
                <span class="filter-more">
                    <Show when=move || can_clear.get()>
                        <button class="button quiet" type="button" on:click=move |_| bar.clear()>"Clear"</button>
                    </Show>
                    {children()}
                </span>
            </div>
            {dynamic(move || sample.get().map(|found| view! { <Sample found/> }))}
        </div>
    }
}

/// Counts what the text would find while one writes; each letter cancels the count before. What was found before is shown
/// until the next is.
fn counted(bar: Bar, ask: StoredValue<Ask<Query, Found>>) -> (RwSignal<Count>, RwSignal<Option<Found>>) {
    let count = RwSignal::new(Count::NotAsked);
    let sample = RwSignal::new(None::<Found>);
    let latest = Latest::new();
    effect(move |_| {
        let Some(query) = bar.changed() else {
            latest.cancel();
            sample.set(None);
            return count.set(Count::NotAsked);
        };
        count.set(Count::Counting);
        latest.run(COUNT_PAUSE_MS, async move {
            let Some(answer) = ask.try_with_value(|ask| ask(query)) else { return };
            let answer = answer.await;
            sample.try_set(answer.as_ref().ok().filter(|found| found.count != 0).cloned());
            count.try_set(match answer {
                Ok(found) => Count::Found(found.count),
                Err(error) => Count::Failed(error.sentence()),
            });
        });
    });
    (count, sample)
}
