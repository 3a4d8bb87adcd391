//! A filter as a field of a form: whatever is written is what counts, and nothing is applied.
//!
//! Must not know what is filtered.

use super::bar::{Bar, Complete, Named};
use super::draft::{dql_of, says};
use super::editor::Editor;
use super::switch::{FormSwitch, Problems};
use crate::components::dynamic::{effect, memo};
use leptos::prelude::*;

#[component]
pub fn FilterInput(
    named: Named,
    /// The filter, or what was typed where that cannot be read.
    value: RwSignal<String>,
    complete: Complete,
    /// What others say of a filter that can be read.
    #[prop(into)]
    refusal: Signal<Option<String>>,
    /// More that can be done with the filter.
    children: Children,
) -> impl IntoView {
    // What Escape goes back to, and what the order is taken from: the last that could be read.
    let readable = RwSignal::new(value.get_untracked());
    let bar = Bar::new(named, readable.into(), refusal, Callback::new(|_| {}));
    let written = memo(move |_| match bar.reading.with(|reading| reading.query.clone()) {
        Some(query) => Ok(query),
        None => Err(bar.draft.with(|draft| draft.text.clone())),
    });
    effect(move |before: Option<()>| {
        let written = written.get();
        if before.is_none() {
            return;
        }
        match written {
            // The same in other words stays as it is kept.
            Ok(query) if says(&value.get_untracked(), &query) => {}
            Ok(query) => {
                let dql = dql_of(&query);
                readable.set(dql.clone());
                value.set(if dql.is_empty() { "{}".into() } else { dql });
            }
            Err(typed) => value.set(typed),
        }
    });
    // A filter that others put here is shown.
    effect(move |before: Option<()>| {
        let given = value.get();
        let is_other = before.is_some()
            && written.with_untracked(|written| match written {
                Ok(query) => !says(&given, query),
                Err(typed) => *typed != given,
            });
        if is_other {
            readable.set(given);
        }
    });
    view! {
        <div class="filter-bar">
            <Editor bar complete=StoredValue::new(complete) is_searched=false/>
            <Problems bar/>
            <div class="filter-tools">
                <FormSwitch bar/>
                <span class="filter-more">{children()}</span>
            </div>
        </div>
    }
}
