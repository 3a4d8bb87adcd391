//! The charts of a training, by group, as their figures arrive.
//!
//! Must not know how a chart is drawn.

use super::figures::{Group, in_group, known};
use super::history::HistoryList;
use crate::components::chart::Chart;
use crate::components::chart::lines::{Line, extent_x};
use crate::components::chart::summary::Better;
use crate::components::empty::{Empty, Skeleton};
use crate::routes::encoded;
use crate::state::feed::Feed;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use shared::training::Training;

/// Beyond this a line hardly moves any more.
const MOST_SMOOTHING: f64 = 0.99;

#[component]
pub fn ExploreTab(training: Option<RwSignal<Training>>) -> impl IntoView {
    let feed = expect_context::<Live>().feed;
    let Some(training) = training else {
        return view! {
            <Empty title="Not trained yet">
                <p>"Charts of losses and quality appear here with the first epoch. Press Train to begin"</p>
            </Empty>
        }
        .into_any();
    };
    let has_figures = Memo::new(move |_| feed.figures.with(|figures| !figures.is_empty()));
    view! {
        <Show
            when=move || has_figures.get()
            fallback=move || view! { <NoFigures feed training/> }
        >
            <Charts feed/>
        </Show>
        <HistoryList feed/>
    }
    .into_any()
}

#[component]
fn NoFigures(feed: Feed, training: RwSignal<Training>) -> impl IntoView {
    let is_over = Memo::new(move |_| training.with(|training| training.status.is_final()));
    move || {
        if !feed.is_loaded.get() {
            view! { <Skeleton rows=4/> }.into_any()
        } else if is_over.get() {
            view! {
                <Empty title="No figures">
                    <p>"The training ended before its first epoch did. Its log says more"</p>
                </Empty>
            }
            .into_any()
        } else {
            view! {
                <Empty title="Waiting for the first epoch">
                    <p>"Charts appear here as soon as there is something to show, and grow by themselves"</p>
                </Empty>
            }
            .into_any()
        }
    }
}

#[component]
fn Charts(feed: Feed) -> impl IntoView {
    let cursor = RwSignal::new(None::<f64>);
    let parameters = use_query_map();
    let smoothing = Memo::new(move |_| {
        let text = parameters.with(|all| all.get("smooth")).unwrap_or_default();
        text.parse().unwrap_or(0.0f64).clamp(0.0, MOST_SMOOTHING)
    });
    // All charts have the range of the longest, so that the shared cursor is at one place in all.
    let domain_x = Memo::new(move |_| {
        let extents = feed.figures.get().into_iter().filter_map(|figure| {
            let lines = feed.lines_of(&figure);
            lines.with(|lines: &Vec<Line>| extent_x(lines))
        });
        let (low, high) =
            extents.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))).unwrap_or((1.0, 1.0));
        (low, high.max(low + 1.0))
    });
    let group_view = move |group: Group| {
        let names = Memo::new(move |_| feed.figures.with(|figures| in_group(group, figures)));
        let heading = format!("group-{}", group.label().to_lowercase());
        view! {
            <Show when=move || names.with(|names| !names.is_empty())>
                <section class="chart-group" aria-labelledby=heading.clone()>
                    <h2 id=heading.clone()>{group.label()}</h2>
                    <div class="chart-grid">
                        <For each=move || names.get() key=|name| name.clone() let:name>
                            <FigureChart feed name cursor domain_x smoothing/>
                        </For>
                    </div>
                </section>
            </Show>
        }
    };
    view! {
        <Smoothing smoothing/>
        {Group::ALL.map(group_view).collect_view()}
    }
}

/// How calm the lines are; it stands in the URL.
#[component]
fn Smoothing(smoothing: Memo<f64>) -> impl IntoView {
    let navigation = expect_context::<Navigation>();
    let location = use_location();
    let choose = move |event| {
        let text = event_target_value(&event);
        let path = location.pathname.get_untracked();
        let is_none = text.parse().is_ok_and(|weight: f64| weight == 0.0);
        navigation.replace(if is_none { path } else { format!("{path}?smooth={}", encoded(&text)) });
    };
    view! {
        <div class="toolbar">
            <label for="smoothing">"Smoothing"</label>
            <input
                id="smoothing"
                class="slider"
                type="range"
                min="0"
                max=MOST_SMOOTHING
                step="0.01"
                prop:value=move || smoothing.get().to_string()
                on:input=choose
            />
            <output for="smoothing">{move || format!("{:.2}", smoothing.get())}</output>
        </div>
    }
}

#[component]
fn FigureChart(
    feed: Feed,
    name: String,
    cursor: RwSignal<Option<f64>>,
    domain_x: Memo<(f64, f64)>,
    smoothing: Memo<f64>,
) -> impl IntoView {
    let lines = RwSignal::from(feed.lines_of(&name));
    let figure = known(&name);
    let explanation = figure.map_or(
        "A figure that the Train function reports by itself. Across: epochs; up: its value",
        |figure| figure.explanation,
    );
    let better = figure.map_or(Better::Neither, |figure| figure.better);
    let is_share = figure.is_some_and(|figure| figure.group == Group::Quality);
    view! { <Chart title=name explanation lines better is_share cursor domain_x smoothing/> }
}
