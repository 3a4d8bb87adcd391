//! The charts below the table: the lines of all trainings over each other, drawn once they are scrolled to.
//!
//! Must not know how a chart is drawn.

use super::figures::usual_charts;
use crate::components::chart::Chart;
use crate::components::chart::axis::XAxis;
use crate::components::chart::lines::{Line, extent_x};
use crate::components::chart::scope::Scope;
use crate::components::chart::settings::Settings;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::observed::seen;
use crate::pages::model::explore::lines::{RunLines, lines_of};
use crate::pages::model::explore::runs::Run;
use crate::pages::model::explore::toolbar::Toolbar;
use crate::pages::model::figures::described;
use crate::text;
use leptos::html;
use leptos::prelude::*;

/// A run with what it is called and its hue.
#[derive(Clone, PartialEq)]
pub struct Named {
    pub run: Run,
    pub title: String,
    pub hue: usize,
}

/// Which charts there are, and how they are shown.
#[derive(Clone, Copy)]
pub struct ChartChoice {
    /// The figures that any training has.
    pub names: Memo<Vec<String>>,
    /// Those that have a chart, as it stands in the URL.
    pub wanted: Memo<Option<Vec<String>>>,
    pub choose: Callback<Vec<String>>,
    pub settings: Signal<Settings>,
    pub change: Callback<Settings>,
}

#[component]
pub fn CompareCharts(
    runs: Memo<Vec<Named>>,
    choice: ChartChoice,
    range: RwSignal<Option<(f64, f64)>>,
) -> impl IntoView {
    let axis = memo(move |_| choice.settings.with(|settings| settings.axis));
    let shown = memo(move |_| {
        let names = choice.names.get();
        match choice.wanted.get() {
            Some(wanted) => names.into_iter().filter(|name| wanted.contains(name)).collect(),
            None => usual_charts(&names),
        }
    });
    // All charts have the range of the longest, so that the shared cursor is at one place in all.
    let extent = memo(move |_| {
        let extents =
            shown.get().into_iter().filter_map(|name| extent_x(&lines(&runs.get(), &name, axis.get())));
        extents.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    });
    let scope = Scope::new(choice.settings, choice.change, extent.into());
    effect(move |_| {
        let shown = scope.is_zoomed().then(|| scope.shown.get());
        if range.get_untracked() != shown {
            range.set(shown);
        }
    });
    view! {
        <section class="chart-group" aria-labelledby="compare-charts">
            <h2 id="compare-charts">"Charts"</h2>
            <div class="toolbar">
                <FigureChoice choice shown/>
                <Toolbar scope/>
            </div>
            <div class="chart-grid">
                <For each=move || shown.get() key=|name| name.clone() let:name>
                    <LazyChart name runs scope/>
                </For>
            </div>
            <Show when=move || shown.with(Vec::is_empty)>
                <p class="muted">"No chart is chosen"</p>
            </Show>
        </section>
    }
}

fn lines(runs: &[Named], figure: &str, axis: XAxis) -> Vec<Line> {
    let lines = |named: &Named| RunLines {
        name: named.title.clone(),
        hue: named.hue,
        scale: named.run.scale.get(),
        tracks: named.run.metrics.tracks(figure).get(),
    };
    let runs: Vec<RunLines> = runs.iter().map(lines).collect();
    lines_of(&runs, axis)
}

/// The figures to choose from.
#[component]
fn FigureChoice(choice: ChartChoice, shown: Memo<Vec<String>>) -> impl IntoView {
    let details = NodeRef::<html::Details>::new();
    let close = move |event: web_sys::KeyboardEvent| {
        let open = details.get_untracked().filter(|details| event.key() == "Escape" && details.open());
        if let Some(details) = open {
            event.prevent_default();
            details.set_open(false);
        }
    };
    let toggle = move |name: &String| {
        let mut now = shown.get_untracked();
        if now.contains(name) {
            now.retain(|known| known != name);
        } else {
            now.push(name.clone());
        }
        choice.choose.run(now);
    };
    let option = move |name: String| {
        let this = name.clone();
        let words = name.clone();
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || shown.with(|shown| shown.contains(&this))
                    on:change=move |_| toggle(&name)
                />
                {words}
            </label>
        }
    };
    view! {
        <details node_ref=details class="column-choice left" on:keydown=close>
            <summary class="button">
                {dynamic(move || format!("Charts ({})", text::count(shown.with(Vec::len) as u64)))}
            </summary>
            <div class="menu" role="group" aria-label="Charts">
                {dynamic(move || choice.names.get().into_iter().map(option).collect_view())}
            </div>
        </details>
    }
}

#[component]
fn LazyChart(name: String, runs: Memo<Vec<Named>>, scope: Scope) -> impl IntoView {
    let frame = NodeRef::<html::Div>::new();
    let is_seen = seen(frame);
    let (explanation, better, is_share) = described(&name);
    let key = StoredValue::new(name);
    let drawn = memo(move |_| lines(&runs.get(), &key.read_value(), scope.axis()));
    let no_marks = Signal::stored(Vec::new());
    view! {
        <div class="lazy-chart" node_ref=frame>
            <Show when=move || is_seen.get()>
                <Chart name=key.get_value() explanation lines=drawn marks=no_marks better is_share scope/>
            </Show>
        </div>
    }
}
