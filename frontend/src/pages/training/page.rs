//! The table of trainings with its toolbar and its empties.
//!
//! Must not know how one row is drawn.

use super::batch::BatchBar;
use super::list::List;
use super::query::Query;
use super::selection;
use super::sieve::Sieve;
use super::table::TrainingTable;
use super::toolbar::Toolbar;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::empty::{Empty, Skeleton};
use crate::components::section_tabs::{Section, SectionTabs};
use crate::routes::{NewModel, Place};
use crate::state::latest::Latest;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::services::Services;
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::id::TrainingId;
use std::collections::BTreeSet;

/// Who types on is told nothing yet.
const PAUSE_MS: u32 = 700;

#[component]
pub fn TrainingPage() -> impl IntoView {
    use_title(|| "Training".into());
    let live = expect_context::<Live>();
    Services::watched();
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let query = memo(move |_| parameters.with(|all| Query::from_parts(|key| all.get(key))));
    let selected = RwSignal::new(parameters.with_untracked(|all| selection::from_part(all.get("sel"))));
    let show = move |query: &Query, selected: &BTreeSet<TrainingId>| {
        let mut parts = query.to_parts();
        parts.extend(selection::to_part(selected));
        let question = if parts.is_empty() { "" } else { "?" };
        navigation.replace(format!("{}{question}{}", Place::Training.path(), parts.join("&")));
    };
    let set_query =
        Callback::new(move |query: Query| selected.with_untracked(|selected| show(&query, selected)));
    let select = Callback::new(move |now: BTreeSet<TrainingId>| {
        show(&query.get_untracked(), &now);
        selected.set(now);
    });
    let list = List::new(live, query);
    // The stream says again and again that it has caught up; the table is drawn anew only for another stage.
    let stage = memo(move |_| match (list.total(), live.is_loaded.get()) {
        (0, false) => Stage::Loading,
        (0, true) => Stage::Empty,
        _ => Stage::Shown,
    });
    let is_any = memo(move |_| list.order(|roll| roll.shown() > 0));
    view! {
        <div class="page-head">
            <h1>"Training"</h1>
            <a class="button primary" href=Place::NewModel(NewModel::default()).path()>"Create version…"</a>
        </div>
        <SectionTabs section=Section::Models/>
        {dynamic(move || match stage.get() {
            Stage::Loading => view! { <Skeleton rows=6/> }.into_any(),
            Stage::Empty => view! { <NoTrainings/> }.into_any(),
            Stage::Shown => view! {
                <Toolbar list query set_query/>
                <BatchBar selected select/>
                <Show when=move || is_any.get() fallback=move || view! { <NothingMatches query set_query/> }>
                    <TrainingTable list query set_query selected select/>
                </Show>
                <Announcement list query/>
            }
            .into_any(),
        })}
    }
}

/// What stands in the place of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Loading,
    Empty,
    Shown,
}

/// How many rows a filter leaves, for who does not see it. Said once somebody has stopped to change it, and not for
/// each row that comes or goes.
#[component]
fn Announcement(list: List, query: Memo<Query>) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let later = Latest::new();
    let sieve = memo(move |_| query.with(Sieve::of));
    effect(move |before| {
        sieve.with(|_| ());
        if before.is_some() {
            later.run(PAUSE_MS, async move { words.set(untrack(|| counted(list))) });
        }
    });
    view! { <p class="visually-hidden" role="status">{words}</p> }
}

fn counted(list: List) -> String {
    let (shown, all) = (list.order(|roll| roll.shown()) as u64, list.total() as u64);
    format!("{} of {}", text::count(shown), text::counted(all, "training", "trainings"))
}

#[component]
fn NoTrainings() -> impl IntoView {
    view! {
        <Empty title="No trainings yet">
            <p>"A training teaches one model version to find what is labelled in a dataset. \
                Choose a model version and press Train"</p>
            <div class="form-actions">
                <a class="button primary" href=Place::NewModel(NewModel::default()).path()>"Create version…"</a>
                <a class="button" href=Place::Models.path()>"Choose a model"</a>
            </div>
        </Empty>
    }
}

#[component]
fn NothingMatches(query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let filter = move || {
        let query = query.get();
        let mut parts = Vec::new();
        if !query.search.trim().is_empty() {
            parts.push(format!("“{}”", query.search.trim()));
        }
        if !query.statuses.is_empty() {
            let words: Vec<&str> = query.statuses.iter().map(|status| status.label()).collect();
            parts.push(words.join(" or "));
        }
        if !query.service.is_empty() {
            parts.push(query.service);
        }
        parts.join(" and ")
    };
    let clear = move |_| set_query.run(query.get_untracked().without_filters());
    view! {
        <Empty title="Nothing matches">
            <p>"No training matches " {dynamic(filter)}</p>
            <button class="button" type="button" on:click=clear>"Clear filters"</button>
        </Empty>
    }
}
