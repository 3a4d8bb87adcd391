//! The versions that are compared: a chip each, and the dialog that chooses them.
//!
//! Must not know what their lines show.

use super::address::MOST_VERSIONS;
use super::charts::Explore;
use super::runs::{Run, fetch_detail};
use crate::components::chart::axis::XAxis;
use crate::components::chart::look::Look;
use crate::components::dialog::Dialog;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::icon::{Icon, IconView};
use crate::components::search_field::SearchField;
use crate::routes::Place;
use crate::state::live::Live;
use crate::state::resource::Loaded;
use crate::text;
use leptos::prelude::*;
use shared::model::Model;

/// More are found by their names.
const MOST_LISTED: usize = 100;

/// The versions that are compared, with their colours.
#[component]
pub fn RunChips(
    explore: Explore,
    model: Model,
    axis: Memo<XAxis>,
    range: Memo<Option<(f64, f64)>>,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let with = memo(move |_| explore.address.with(|address| address.with.clone()));
    let live = expect_context::<Live>();
    let (id, name) = (StoredValue::new(model.id.to_string()), model.name.clone());
    // The versions that were trained, newest training first.
    let options = memo(move |_| {
        let mut versions: Vec<(String, String)> = Vec::new();
        live.rows.with(|rows| {
            for row in rows.values().rev() {
                let (other, name) = row.with(|row| (row.model_id.to_string(), row.model_name.clone()));
                if other != *id.read_value() && !versions.iter().any(|(known, _)| *known == other) {
                    versions.push((other, name));
                }
            }
        });
        versions
    });
    let is_full = memo(move |_| with.with(Vec::len) + 1 >= MOST_VERSIONS);
    let toggle = Callback::new(move |other: String| {
        explore.change.run(explore.address.get_untracked().with_other(&other));
    });
    let in_table = move || {
        let ids = std::iter::once(id.get_value()).chain(with.get()).collect();
        Place::Compare { ids }.path()
    };
    let own_swatch = move || {
        let hue = explore.hues.with(|hues| hues.first().map_or(0, |(_, hue)| *hue));
        Look::of_run(hue, 0).swatch()
    };
    view! {
        <div class="run-chips" role="group" aria-label="Versions in the charts">
            <Show when=move || with.with(|with| !with.is_empty())>
                <span class="run-chip"><span class=own_swatch></span>{name.clone()}</span>
            </Show>
            <For each=move || with.get() key=|id| id.clone() let:id>
                <RunChip explore id axis range/>
            </For>
            <button class="button" type="button" aria-haspopup="dialog" on:click=move |_| is_open.set(true)>
                "Compare with…"
            </button>
            <Show when=move || with.with(|with| !with.is_empty())>
                <a href=in_table>"Compare in a table"</a>
            </Show>
        </div>
        <Picker is_open things="versions" options chosen=with is_full toggle/>
    }
}

/// One version that was chosen: fetched as long as its chip is there.
#[component]
fn RunChip(
    explore: Explore,
    id: String,
    axis: Memo<XAxis>,
    range: Memo<Option<(f64, f64)>>,
) -> impl IntoView {
    let (run, training) = Run::of_other(id.clone(), axis);
    fetch_detail(run, axis, range);
    let key = StoredValue::new(id.clone());
    effect(move |_| {
        if !matches!(training.state.get(), Loaded::Ready(_)) {
            return;
        }
        explore.others.update(|others| {
            others.retain(|(known, _)| *known != *key.read_value());
            others.push((key.get_value(), run));
        });
    });
    let own = id.clone();
    on_cleanup(move || {
        explore.others.try_update(|others| others.retain(|(known, _)| *known != own));
    });
    let swatch = move || {
        let hue = explore
            .hues
            .with(|hues| hues.iter().find(|(known, _)| *known == *key.read_value()).map(|(_, hue)| *hue));
        Look::of_run(hue.unwrap_or_default(), 0).swatch()
    };
    let name = memo(move |_| match training.state.get() {
        Loaded::Ready(training) => training.model_name,
        Loaded::Loading => "Loading…".to_owned(),
        Loaded::Failed(error) => format!("Not found: {}", error.message),
    });
    let path = Place::Model { model: id, tab: crate::routes::ModelTab::Explore }.path();
    let remove = move |_| {
        explore.change.run(explore.address.get_untracked().with_other(&key.read_value()));
    };
    view! {
        <span class="run-chip">
            <span class=swatch></span>
            <a href=path>{name}</a>
            <button
                class="icon-button"
                type="button"
                aria-label=move || format!("Compare with {} no more", name.get())
                on:click=remove
            >
                <IconView icon=Icon::Close/>
            </button>
        </span>
    }
}

/// The dialog in which runs are chosen.
#[component]
pub fn Picker(
    is_open: RwSignal<bool>,
    /// What they are called, in small letters and many.
    things: &'static str,
    /// The ids and the names of those that can be chosen.
    options: Memo<Vec<(String, String)>>,
    /// The ids of those that are.
    chosen: Memo<Vec<String>>,
    is_full: Memo<bool>,
    /// Takes one in by its id, or out.
    toggle: Callback<String>,
) -> impl IntoView {
    let close = Callback::new(move |()| is_open.set(false));
    view! {
        <Dialog open=is_open on_close=close labelled_by="compare-title">
            <h2 id="compare-title">"Compare with"</h2>
            <Choices things options chosen is_full toggle/>
            <div class="dialog-actions">
                <button class="button primary" type="button" on:click=move |_| close.run(())>"Done"</button>
            </div>
        </Dialog>
    }
}

#[component]
fn Choices(
    things: &'static str,
    options: Memo<Vec<(String, String)>>,
    chosen: Memo<Vec<String>>,
    is_full: Memo<bool>,
    toggle: Callback<String>,
) -> impl IntoView {
    let search = RwSignal::new(String::new());
    let row = move |(id, name): (String, String)| {
        let this = id.clone();
        let is_chosen = memo(move |_| chosen.with(|chosen| chosen.contains(&this)));
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || is_chosen.get()
                    disabled=move || is_full.get() && !is_chosen.get()
                    on:change=move |_| toggle.run(id.clone())
                />
                {name}
            </label>
        }
    };
    view! {
        <p>{format!("Up to {MOST_VERSIONS} {things} at once. Each keeps its colour unless another has it already")}</p>
        <SearchField words="Search by name" value=search on_input=Callback::new(move |words| search.set(words))/>
        <div class="choice-list" role="group" aria-label=text::capitalised(things)>
            {dynamic(move || {
                let mut found: Vec<_> = options.with(|options| {
                    let is_meant = |(_, name): &&(String, String)| search.with(|words| text::has_words(name, words));
                    options.iter().filter(is_meant).cloned().collect()
                });
                let more = found.len().saturating_sub(MOST_LISTED) as u64;
                found.truncate(MOST_LISTED);
                if found.is_empty() {
                    view! { <p class="muted">{format!("No other {things} that have this name were trained")}</p> }
                        .into_any()
                } else {
                    view! {
                        {found.into_iter().map(row).collect_view()}
                        {(more > 0).then(|| view! {
                            <p class="muted">{format!("{} more: search by name", text::count(more))}</p>
                        })}
                    }
                    .into_any()
                }
            })}
        </div>
        <p role="status" class="muted">
            {dynamic(move || is_full.get().then_some("No more can be compared at once: take one away first"))}
        </p>
    }
}
