//! The charts by group, with all that they share.
//!
//! Must not know how a chart is drawn.

use super::super::figures::{Group, described, in_group};
use super::address::Address;
use super::lines::{lines_of, marks_of};
use super::picker::RunChips;
use super::runs::{Run, fetch_detail, hues_of, in_order, lines_of_figure};
use super::toolbar::Toolbar;
use crate::components::chart::Chart;
use crate::components::chart::lines::{Line, extent_x};
use crate::components::chart::scope::Scope;
use crate::components::dynamic::memo;
use crate::state::feed::Feed;
use crate::state::navigation::Navigation;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::model::Model;
use shared::training::Training;

/// What the charts of the tab are made from.
#[derive(Clone, Copy)]
pub struct Explore {
    pub address: Memo<Address>,
    pub change: Callback<Address>,
    pub page: Run,
    /// The runs that were fetched, by the id of their version.
    pub others: RwSignal<Vec<(String, Run)>>,
    runs: Memo<Vec<Run>>,
    pub hues: Memo<Vec<(String, usize)>>,
}

impl Explore {
    fn lines(self, figure: &str) -> Vec<Line> {
        let axis = self.address.with(|address| address.settings.axis);
        lines_of(&self.runs.with(|runs| self.hues.with(|hues| lines_of_figure(runs, hues, figure))), axis)
    }

    fn figures(self) -> Vec<String> {
        let mut figures: Vec<String> = Vec::new();
        for run in self.runs.get() {
            for name in run.metrics.figures.get() {
                if !figures.contains(&name) {
                    figures.push(name);
                }
            }
        }
        figures
    }
}

#[component]
pub fn Charts(model: Model, training: RwSignal<Training>, feed: Feed) -> impl IntoView {
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let address = memo(move |_| parameters.with(|all| Address::from_parts(|key| all.get(key))));
    let id = StoredValue::new(model.id.to_string());
    let change = Callback::new(move |to: Address| navigation.replace(to.to_url(&id.read_value())));
    let axis = memo(move |_| address.with(|address| address.settings.axis));
    let page = Run::of_page(&model, training, feed, axis);
    let others = RwSignal::new(Vec::new());
    let runs =
        memo(move |_| others.with(|others| address.with(|address| in_order(page, others, &address.with))));
    let hues = memo(move |_| address.with(|address| hues_of(&id.read_value(), &address.with)));
    let explore = Explore { address, change, page, others, runs, hues };
    // All charts have the range of the longest, so that the shared cursor is at one place in all.
    let extent = memo(move |_| {
        let extents = explore.figures().into_iter().filter_map(|figure| extent_x(&explore.lines(&figure)));
        extents.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    });
    let settings = Signal::derive(move || address.with(|address| address.settings.clone()));
    let change_settings = Callback::new(move |settings| {
        change.run(Address { settings, ..address.get_untracked() });
    });
    let scope = Scope::new(settings, change_settings, extent.into());
    let range = memo(move |_| scope.is_zoomed().then(|| scope.shown.get()));
    fetch_detail(page, axis, range);
    let group_view = move |group: Group| {
        let names = memo(move |_| in_group(group, &explore.figures()));
        let heading = format!("group-{}", group.label().to_lowercase());
        view! {
            <Show when=move || names.with(|names| !names.is_empty())>
                <section class="chart-group" aria-labelledby=heading.clone()>
                    <h2 id=heading.clone()>{group.label()}</h2>
                    <div class="chart-grid">
                        <For each=move || names.get() key=|name| name.clone() let:name>
                            <FigureChart explore name feed scope/>
                        </For>
                    </div>
                </section>
            </Show>
        }
    };
    view! {
        <Toolbar scope/>
        <RunChips explore model axis range/>
        {Group::ALL.map(group_view).collect_view()}
    }
}

#[component]
fn FigureChart(explore: Explore, name: String, feed: Feed, scope: Scope) -> impl IntoView {
    let (explanation, better, is_share) = described(&name);
    let key = StoredValue::new(name.clone());
    let lines = memo(move |_| explore.lines(&key.read_value()));
    // Marks of several runs would be told apart by nothing.
    let marks = memo(move |_| {
        if explore.address.with(|address| !address.with.is_empty()) {
            return Vec::new();
        }
        let files = feed.artifacts.with(|artifacts| {
            let file = |artifact: &shared::model::Artifact| {
                Some((f64::from(artifact.epoch?), artifact.created_at_ms, artifact.name.clone()))
            };
            artifacts.iter().filter_map(file).collect::<Vec<_>>()
        });
        feed.metrics
            .attempts
            .with(|attempts| marks_of(attempts, &files, scope.axis(), explore.page.scale.get()))
    });
    view! { <Chart name explanation lines marks better is_share scope/> }
}
