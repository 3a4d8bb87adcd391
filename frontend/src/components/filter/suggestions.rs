//! The list of what could be written at the cursor.
//!
//! Must not know where fields and values come from.

use super::completion::{JOINERS, OPERATORS, Place, Wanted, place_at};
use super::draft::Draft;
use super::{Choice, Complete};
use crate::components::choices::{show_later, stepped};
use crate::components::dynamic::dynamic;
use crate::state::latest::Latest;
use leptos::prelude::*;

/// Typing goes on for so long before anything is asked for.
const PAUSE_MS: u32 = 120;

/// What is offered.
#[derive(Clone, Copy)]
pub struct Suggestions {
    pub choices: RwSignal<Vec<Choice>>,
    /// The one that Enter would take; none until an arrow was pressed.
    pub selected: RwSignal<Option<usize>>,
    place: StoredValue<Option<Place>>,
    complete: StoredValue<Complete>,
    /// The id of the list.
    pub id: StoredValue<String>,
    asking: Latest,
}

impl Suggestions {
    pub fn new(complete: StoredValue<Complete>, id: String) -> Self {
        Self {
            choices: RwSignal::new(Vec::new()),
            selected: RwSignal::new(None),
            place: StoredValue::new(None),
            complete,
            id: StoredValue::new(id),
            asking: Latest::new(),
        }
    }

    pub fn is_open(self) -> bool {
        self.choices.with(|choices| !choices.is_empty())
    }

    pub fn close(self) {
        self.asking.cancel();
        self.choices.set(Vec::new());
        self.selected.set(None);
    }

    /// Looks for what fits at the cursor, in bytes.
    pub fn ask(self, draft: &Draft, cursor: usize) {
        let Some(place) = place_at(draft.form, &draft.text, cursor) else { return self.close() };
        // What was asked for another place must not be offered at this one.
        self.asking.cancel();
        let is_elsewhere =
            self.place.with_value(|known| known.as_ref().map(|known| &known.wanted) != Some(&place.wanted));
        if is_elsewhere {
            self.choices.set(Vec::new());
        }
        self.place.set_value(Some(place.clone()));
        self.selected.set(None);
        let words =
            |words: &[&str]| self.offer(words.iter().map(|word| Choice::word(word)).collect(), &place.prefix);
        let field = match &place.wanted {
            Wanted::Operator => return words(&OPERATORS),
            Wanted::Joiner => return words(&JOINERS),
            Wanted::Field => String::new(),
            Wanted::Value(field) => field.clone(),
        };
        let prefix = place.prefix;
        let answer = self.complete.with_value(|complete| complete(field, prefix.clone()));
        self.asking.run(PAUSE_MS, async move {
            // Without an answer there is nothing to offer, and writing goes on.
            let choices = answer.await.unwrap_or_default();
            self.offer(choices, &prefix);
        });
    }

    /// Offers those that begin with what is written, but for one that is written already.
    fn offer(self, choices: Vec<Choice>, prefix: &str) {
        let typed = prefix.to_lowercase();
        let fits = |choice: &Choice| {
            let text = choice.text.trim_matches('"').to_lowercase();
            text != typed && text.contains(&typed)
        };
        self.choices.try_set(choices.into_iter().filter(fits).collect());
    }

    /// The next one, or the one before.
    pub fn step(self, is_forward: bool) {
        let count = self.choices.with_untracked(Vec::len);
        self.selected.update(|selected| *selected = stepped(*selected, count, is_forward));
        if let Some(id) = untrack(|| self.active_id()) {
            show_later(id);
        }
    }

    /// A choice and the place that it fills.
    pub fn choice(self, index: usize) -> Option<(Place, String)> {
        let text =
            self.choices.with_untracked(|choices| choices.get(index).map(|choice| choice.text.clone()))?;
        Some((self.place.get_value()?, text))
    }

    fn option_id(self, index: usize) -> String {
        self.id.with_value(|id| format!("{id}-{index}"))
    }

    /// The id of the selected one, for assistive technology.
    pub fn active_id(self) -> Option<String> {
        self.selected.get().filter(|_| self.is_open()).map(|index| self.option_id(index))
    }
}

/// The list itself, below the text.
#[component]
pub fn SuggestionList(suggestions: Suggestions, on_choose: Callback<usize>) -> impl IntoView {
    let option = move |(index, choice): (usize, Choice)| {
        view! {
            <li
                class="choice"
                role="option"
                id=suggestions.option_id(index)
                aria-selected=move || (suggestions.selected.get() == Some(index)).to_string()
                // The text keeps the focus.
                on:mousedown=move |event| {
                    event.prevent_default();
                    on_choose.run(index);
                }
            >
                <span class="mono">{choice.text}</span>
                <span class="muted">{choice.detail}</span>
            </li>
        }
    };
    view! {
        <Show when=move || suggestions.is_open()>
            <ul class="choices" id=suggestions.id.get_value() role="listbox" aria-label="Suggestions">
                {dynamic(move || suggestions.choices.get().into_iter().enumerate().map(option).collect_view())}
            </ul>
        </Show>
    }
}
