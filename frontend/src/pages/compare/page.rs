//! The page: what is compared stands in the URL; the table, how it is narrowed and copied, and the charts below it.
//!
//! Must not know which rows there are.

use super::address::{Address, MOST_TRAININGS};
use super::charts::{ChartChoice, CompareCharts, Named};
use super::columns::Column;
use super::copied::{csv, markdown};
use super::facts::{Facts, titles};
use super::figures::figure_names;
use super::rows::{Group, differing, equal_count, table};
use super::table::{CompareTable, Head, switch_words};
use crate::api::ErrorKind;
use crate::components::chart::look::hues;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, Skeleton};
use crate::components::menu::{MenuButton, MenuEntry};
use crate::pages::actions::Actions;
use crate::pages::model::explore::picker::Picker;
use crate::state::clock::{Clock, absolute};
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::title::use_title;
use crate::text;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::training::Training;

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Comparison {
    address: Memo<Address>,
    change: Callback<Address>,
    /// Those that are in the URL, by their ids there.
    columns: RwSignal<Vec<(String, Column)>>,
    /// What is known of those that were found, in the order of their columns, with their ids in the URL.
    facts: Memo<Vec<(String, Facts)>>,
    groups: Memo<Vec<Group>>,
    shown: Memo<Vec<Group>>,
    heads: Memo<Vec<Head>>,
}

#[component]
pub fn ComparePage() -> impl IntoView {
    use_title(|| "Compare trainings".into());
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let address = memo(move |_| parameters.with(|all| Address::from_parts(|key| all.get(key))));
    let change = Callback::new(move |to: Address| navigation.replace(to.to_url()));
    let page = Comparison::new(address, change);
    let range = RwSignal::new(None);
    let is_open = RwSignal::new(false);
    let add = NodeRef::<html::Button>::new();
    let ids = memo(move |_| address.with(|address| address.ids.clone()));
    // Shown once all are there, and from then on whatever is added.
    let is_settled = memo(move |was: Option<&bool>| {
        let has_all = page.columns.with(|columns| {
            ids.with(|ids| {
                ids.iter().all(|id| columns.iter().any(|(known, column)| known == id && column.is_settled()))
            })
        });
        has_all || (was == Some(&true) && page.facts.with(|facts| !facts.is_empty()))
    });
    let remove = Callback::new(move |id: String| {
        change.run(address.get_untracked().without_id(&id));
        // What had the focus is gone.
        if let Some(add) = add.get_untracked() {
            let _ = add.focus();
        }
    });
    view! {
        <div class="page-head">
            <h1>"Compare trainings"</h1>
            <button node_ref=add class="button" type="button" aria-haspopup="dialog" on:click=move |_| is_open.set(true)>
                "Add trainings…"
            </button>
        </div>
        <For each=move || ids.get() key=|id| id.clone() let:id>
            <Fetching page id range/>
        </For>
        <Problems page remove/>
        {dynamic(move || {
            if ids.with(Vec::is_empty) {
                view! { <NoTrainings is_open/> }.into_any()
            } else if is_settled.get() {
                view! { <Found page remove range/> }.into_any()
            } else {
                view! { <Skeleton rows=8/> }.into_any()
            }
        })}
        <TrainingPicker page is_open/>
    }
}

impl Comparison {
    fn new(address: Memo<Address>, change: Callback<Address>) -> Self {
        let clock = expect_context::<Clock>();
        let columns = RwSignal::new(Vec::<(String, Column)>::new());
        let facts = memo(move |_| {
            let order = address.with(Address::columns);
            columns.with(|columns| {
                let of = |id: String| {
                    let (_, column) = columns.iter().find(|(known, _)| *known == id)?;
                    Some((id, column.facts()?))
                };
                order.into_iter().filter_map(of).collect::<Vec<_>>()
            })
        });
        let groups = memo(move |_| {
            let all: Vec<Facts> = facts.get().into_iter().map(|(_, facts)| facts).collect();
            // Only what runs is measured against the clock.
            let runs = all
                .iter()
                .any(|facts| facts.training.started_at_ms.is_some() && facts.training.ended_at_ms.is_none());
            table(&all, if runs { clock.now_ms() } else { 0 })
        });
        let shown = memo(move |_| {
            let groups = groups.get();
            // Of one alone nothing differs.
            let all = address.with(|address| address.shows_equal) || facts.with(|facts| facts.len() < 2);
            if all { groups } else { differing(groups) }
        });
        let heads =
            memo(move |_| facts.with(|facts| heads(facts, &address.with(|address| address.ids.clone()))));
        Self { address, change, columns, facts, groups, shown, heads }
    }
}

/// Colours follow the order in which trainings were chosen: another baseline changes none.
fn heads(facts: &[(String, Facts)], chosen: &[String]) -> Vec<Head> {
    let known = |id: &&String| facts.iter().find(|(known, _)| known == *id).map(|(_, facts)| &facts.training);
    let versions: Vec<(&String, String)> =
        chosen.iter().filter_map(|id| Some((id, known(&id)?.model_id.to_string()))).collect();
    let hues = hues(versions.iter().map(|(_, model)| model.as_str()));
    let trainings: Vec<&Training> = facts.iter().map(|(_, facts)| &facts.training).collect();
    let head = |((id, facts), title): (&(String, Facts), String)| {
        let place = versions.iter().position(|(known, _)| *known == id);
        Head {
            id: id.clone(),
            title,
            hue: place.and_then(|place| hues.get(place).copied()).unwrap_or_default(),
            model: facts.training.model_id,
            status: facts.training.status,
            attempts: (facts.training.attempt, facts.training.max_attempts),
        }
    };
    facts.iter().zip(titles(&trainings)).map(head).collect()
}

/// Fetches one training as long as its id is in the URL.
#[component]
fn Fetching(page: Comparison, id: String, range: RwSignal<Option<(f64, f64)>>) -> impl IntoView {
    let axis = memo(move |_| page.address.with(|address| address.settings.axis));
    let range = memo(move |_| range.get());
    let column = Column::new(id.clone(), axis, range);
    page.columns.update(|columns| columns.push((id.clone(), column)));
    on_cleanup(move || {
        page.columns.try_update(|columns| columns.retain(|(known, _)| *known != id));
    });
}

#[component]
fn NoTrainings(is_open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Empty title="Nothing to compare yet">
            <p>
                "Two to eight trainings stand side by side here: what came out, and in which settings, data and programs \
                they differ"
            </p>
            <button class="button primary" type="button" on:click=move |_| is_open.set(true)>"Choose trainings…"</button>
        </Empty>
    }
}

/// What of the URL cannot be shown.
#[component]
fn Problems(page: Comparison, remove: Callback<String>) -> impl IntoView {
    let problems = memo(move |_| {
        page.columns.with(|columns| {
            let problem = |(id, column): &(String, Column)| {
                let error = column.problem()?;
                let is_unknown = error.kind == ErrorKind::NotFound;
                let words = if is_unknown {
                    format!("No training has the id {}", text::shortened(id, 48))
                } else {
                    format!("A training could not be loaded: {}", error.sentence())
                };
                Some((id.clone(), is_unknown, words))
            };
            columns.iter().filter_map(problem).collect::<Vec<_>>()
        })
    });
    let left_out = memo(move |_| page.address.with(|address| address.left_out as u64));
    let notice = move |(id, is_unknown, words): (String, bool, String)| {
        let again = id.clone();
        let retry = move |_| {
            page.columns.with_untracked(|columns| {
                if let Some((_, column)) = columns.iter().find(|(known, _)| *known == again) {
                    column.again.run(());
                }
            });
        };
        view! {
            <div class="notice" data-look="error" role="alert">
                <div class="grow"><strong>{words}</strong></div>
                {(!is_unknown).then(|| view! { <button class="button" type="button" on:click=retry>"Retry"</button> })}
                <button class="button" type="button" on:click=move |_| remove.run(id.clone())>"Take it out"</button>
            </div>
        }
    };
    view! {
        {dynamic(move || problems.get().into_iter().map(notice).collect_view())}
        {dynamic(move || (left_out.get() > 0).then(|| view! {
            <p class="notice" data-look="waiting" role="status">
                {format!(
                    "No more than {MOST_TRAININGS} trainings are compared at once: {} left out",
                    text::counted(left_out.get(), "is", "are")
                )}
            </p>
        }))}
    }
}

#[component]
fn Found(page: Comparison, remove: Callback<String>, range: RwSignal<Option<(f64, f64)>>) -> impl IntoView {
    let count = memo(move |_| page.heads.with(Vec::len));
    let differs = memo(move |_| page.shown.with(|shown| !shown.is_empty()));
    let names = memo(move |_| {
        page.facts
            .with(|facts| figure_names(&facts.iter().map(|(_, facts)| facts.clone()).collect::<Vec<_>>()))
    });
    let runs = memo(move |_| {
        page.columns.with(|columns| {
            let named = |head: Head| {
                let (_, column) = columns.iter().find(|(id, _)| *id == head.id)?;
                Some(Named { run: column.run, title: head.title, hue: head.hue })
            };
            page.heads.get().into_iter().filter_map(named).collect::<Vec<_>>()
        })
    });
    let choice = ChartChoice {
        names,
        wanted: memo(move |_| page.address.with(|address| address.charts.clone())),
        choose: Callback::new(move |charts| {
            page.change.run(Address { charts: Some(charts), ..page.address.get_untracked() });
        }),
        settings: Signal::derive(move || page.address.with(|address| address.settings.clone())),
        change: Callback::new(move |settings| {
            page.change.run(Address { settings, ..page.address.get_untracked() });
        }),
    };
    view! {
        <Show when=move || count.get() == 1>
            <p class="notice" data-look="waiting" role="status">
                "One training alone: all of it is shown. Add another one to see in what they differ"
            </p>
        </Show>
        <Show when=move || { count.get() > 0 }>
            <TableToolbar page/>
            <Show when=move || differs.get() fallback=|| view! { <p role="status">"They differ in nothing"</p> }>
                <CompareTable heads=page.heads groups=page.shown remove/>
            </Show>
            <Show when=move || names.with(|names| !names.is_empty())>
                <CompareCharts runs choice range/>
            </Show>
        </Show>
    }
}

/// The baseline, what is shown, and the ways to copy it.
#[component]
fn TableToolbar(page: Comparison) -> impl IntoView {
    let actions = Actions::from_context();
    let equal = memo(move |_| page.groups.with(|groups| equal_count(groups)));
    let shows_equal = memo(move |_| page.address.with(|address| address.shows_equal));
    let several = memo(move |_| page.heads.with(|heads| heads.len() > 1));
    let options = memo(move |_| {
        let mut options: Vec<(String, String)> =
            page.heads.get().into_iter().map(|head| (head.id, head.title)).collect();
        // They stay in their places when another one becomes the first column.
        page.address.with(|address| {
            crate::arrange::sort_by_key(&mut options, |(id, _)| {
                address.ids.iter().position(|known| known == id)
            });
        });
        options
    });
    let base =
        memo(move |_| page.heads.with(|heads| heads.first().map(|head| head.id.clone())).unwrap_or_default());
    let choose_base = move |event| {
        page.change.run(page.address.get_untracked().with_base(&event_target_value(&event)));
    };
    let option = move |(id, title): (String, String)| {
        let this = id.clone();
        view! { <option value=id prop:selected=move || base.get() == this>{title}</option> }
    };
    let toggle = move |_| {
        let address = page.address.get_untracked();
        page.change.run(Address { shows_equal: !address.shows_equal, ..address });
    };
    let copy = move |what: &'static str, write: fn(&[String], &[Group]) -> String| {
        let titles: Vec<String> = page.heads.get_untracked().into_iter().map(|head| head.title).collect();
        actions.copy(what, page.shown.with_untracked(|shown| write(&titles, shown)));
    };
    let entries = Callback::new(move |()| {
        vec![
            MenuEntry::new("Copy as Markdown", move || copy("Table", markdown)),
            MenuEntry::new("Copy as CSV", move || copy("Table", csv)),
        ]
    });
    view! {
        <div class="toolbar">
            <Show when=move || several.get()>
                <label for="baseline">"Baseline"</label>
                <select class="select narrow" id="baseline" on:change=choose_base>
                    {dynamic(move || options.get().into_iter().map(option).collect_view())}
                </select>
                <label class="check">
                    <input type="checkbox" role="switch" prop:checked=move || shows_equal.get() on:change=toggle/>
                    {dynamic(move || switch_words(equal.get()))}
                </label>
            </Show>
            <MenuButton label=Signal::stored("Copy the table".to_owned()) text="Copy" entries/>
        </div>
    }
}

/// The dialog in which trainings are chosen, newest first.
#[component]
fn TrainingPicker(page: Comparison, is_open: RwSignal<bool>) -> impl IntoView {
    let live = expect_context::<Live>();
    // Those that were found by the id of their version count as chosen, too.
    let found = memo(move |_| {
        page.facts.with(|facts| {
            facts.iter().map(|(id, facts)| (id.clone(), facts.training.id.to_string())).collect::<Vec<_>>()
        })
    });
    let options = memo(move |_| {
        if !is_open.get() {
            return Vec::new();
        }
        live.rows.with(|rows| {
            let rows = rows.values().rev().map(|row| row.get());
            let option = |row: Training| {
                (row.id.to_string(), format!("{}, {}", row.model_name, absolute(row.created_at_ms)))
            };
            rows.filter(|row| row.removed_at_ms.is_none()).map(option).collect::<Vec<_>>()
        })
    });
    let chosen = memo(move |_| {
        let mut ids = page.address.with(|address| address.ids.clone());
        ids.extend(found.get().into_iter().map(|(_, id)| id));
        ids
    });
    let is_full = memo(move |_| page.address.with(|address| address.ids.len()) >= MOST_TRAININGS);
    let toggle = Callback::new(move |id: String| {
        let address = page.address.get_untracked();
        let known = found.with_untracked(|found| {
            found.iter().find(|(_, training)| *training == id).map(|(known, _)| known.clone())
        });
        let known = known.unwrap_or_else(|| id.clone());
        let is_in = address.ids.contains(&known);
        page.change.run(if is_in { address.without_id(&known) } else { address.with_id(&id) });
    });
    view! { <Picker is_open things="trainings" options chosen is_full toggle/> }
}
