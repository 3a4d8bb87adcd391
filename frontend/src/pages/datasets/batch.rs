//! The line above the items: how many there are, how they are shown, and what can be done with those that are selected.
//!
//! Must not know how a change is stored or taken back.

use super::address::ItemsView;
use super::changes::RecentChanges;
use super::dialogs::{MoveDialog, SplitDialog};
use super::edits::SubsetChoice;
use super::selection::Selection;
use super::state::{Browser, focus_items};
use crate::api;
use crate::components::dynamic::{dynamic, memo};
use crate::state::resource::Loaded;
use crate::text;
use leptos::prelude::*;

#[component]
pub fn Toolbar() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let count = memo(move |_| {
        let total = browser.total() as u64;
        browser.selection.with(|selection| selection.count(total))
    });
    let shown = move || match browser.items.total.get() {
        Loaded::Ready(total) => text::counted(total, "item", "items"),
        Loaded::Loading | Loaded::Failed(_) => String::new(),
    };
    view! {
        <div class="items-toolbar">
            <Show
                when=move || count.get() != 0
                fallback=move || view! { <span class="muted">{dynamic(shown)}</span> <SelectAll/> }
            >
                <BatchBar count/>
            </Show>
            <RecentChanges/>
            <ViewSwitch/>
        </div>
    }
}

/// The same as Ctrl A, for whoever has no keys.
#[component]
fn SelectAll() -> impl IntoView {
    let browser = expect_context::<Browser>();
    view! {
        <Show when=move || browser.total() != 0>
            <button
                class="button quiet"
                type="button"
                title="Everything that the filter finds (Ctrl A)"
                on:click=move |_| {
                    browser.select(Selection::all());
                    focus_items();
                }
            >
                "Select all"
            </button>
        </Show>
    }
}

#[component]
fn ViewSwitch() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let button = move |view: ItemsView| {
        view! {
            <button
                class="segment"
                type="button"
                aria-pressed=move || (browser.view() == view).to_string()
                on:click=move |_| browser.set_view(view)
            >
                {view.label()}
            </button>
        }
    };
    view! {
        <div class="segments end" role="group" aria-label="View">{ItemsView::ALL.map(button).collect_view()}</div>
    }
}

#[component]
fn BatchBar(count: Memo<u64>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let moves = RwSignal::new(false);
    let splits = RwSignal::new(false);
    let words = move || {
        let is_all = browser.selection.with(|selection| *selection == Selection::all());
        format!("{}{} selected", if is_all { "All " } else { "" }, text::count(count.get()))
    };
    let delete = move |_| browser.delete_selected();
    view! {
        <div class="batch-bar" role="group" aria-label="Selected items">
            <strong role="status">{dynamic(words)}</strong>
            <div class="batch-group" role="group" aria-label="Tag as">
                <span class="muted" aria-hidden="true">"Tag as"</span>
                {SubsetChoice::ALL.map(|choice| view! { <TagButton choice/> }).collect_view()}
            </div>
            <div class="batch-group">
                <button class="button" type="button" on:click=move |_| splits.set(true)>"Split…"</button>
                <button class="button" type="button" on:click=move |_| moves.set(true)>"Move…"</button>
                <button class="button" type="button" on:click=delete>"Delete"</button>
                <button
                    class="button quiet"
                    type="button"
                    title="Esc"
                    on:click=move |_| {
                        browser.select(Selection::default());
                        focus_items();
                    }
                >
                    "Clear selection"
                </button>
            </div>
        </div>
        <MoveDialog open=moves/>
        <SplitDialog open=splits count/>
    }
}

#[component]
fn TagButton(choice: SubsetChoice) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let tag = move |_| {
        let subset = if let SubsetChoice::In(subset) = choice { Some(subset) } else { None };
        let done = move |items: String| match subset {
            Some(subset) => format!("{items} tagged {}", subset.name()),
            None => format!("{items} taken out of all subsets"),
        };
        browser.change(api::datasets::tag(browser.chosen(), subset), done, "The items could not be tagged");
    };
    view! { <button class="button" type="button" on:click=tag>{choice.label()}</button> }
}
