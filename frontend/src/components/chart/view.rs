//! One chart: head, body, summary, and the same as a table.
//!
//! Must not know what is charted or where the values come from.

use super::body::ChartBody;
use super::frame::Frame;
use super::lines::Line;
use super::marks::Mark;
use super::save::{Format, save};
use super::scope::Scope;
use super::summary::{Better, sentence};
use super::table::ChartTable;
use super::vertical::Vertical;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::components::menu::{MenuButton, MenuEntry};
use crate::state::toasts::Toasts;
use crate::text;
use leptos::html;
use leptos::prelude::*;

/// A line chart.
#[component]
pub fn Chart(
    /// Its own among those that share the scope.
    name: String,
    explanation: &'static str,
    #[prop(into)] lines: Signal<Vec<Line>>,
    #[prop(into)] marks: Signal<Vec<Mark>>,
    better: Better,
    /// The values are shares of one.
    is_share: bool,
    scope: Scope,
) -> impl IntoView {
    let as_table = RwSignal::new(false);
    let is_explained = RwSignal::new(false);
    let figure = NodeRef::<html::Figure>::new();
    let frame = RwSignal::new(None::<Frame>);
    let explanation_id = format!("about-{}", identifier(&name));
    let kept = StoredValue::new(name.clone());
    let vertical = memo(move |_| {
        scope.settings.with(|settings| Vertical {
            is_share,
            is_logarithmic: settings.is_logarithmic(&kept.read_value()),
            clips: settings.clips,
        })
    });
    let summary = memo(move |_| lines.with(|lines| sentence(lines, &|x| scope.at(x), better)));
    let hidden = memo(move |_| frame.with(|frame| frame.as_ref().map_or(0, |frame| frame.hidden)));
    let values = move || {
        let value = |line: &Line| {
            let last = line.points.last().map_or_else(|| "–".to_owned(), |point| text::metric(point.y));
            view! { <span><span class=line.look.swatch()></span>{line.legend.clone()} " " <strong>{last}</strong></span> }
        };
        lines.with(|lines| lines.iter().map(value).collect_view().into_any())
    };
    let entries = use_entries(kept, lines, frame, vertical, scope, figure);
    view! {
        <figure class="chart" node_ref=figure aria-label=name.clone()>
            <div class="chart-head">
                <h3>{name.clone()}</h3>
                <button
                    class="icon-button"
                    type="button"
                    aria-label=format!("About {name}")
                    aria-expanded=move || is_explained.get().to_string()
                    aria-controls=explanation_id.clone()
                    on:click=move |_| is_explained.update(|open| *open = !*open)
                >
                    <IconView icon=Icon::Info/>
                </button>
                <button
                    class="icon-button"
                    type="button"
                    title="View as table"
                    aria-label=format!("View {name} as table")
                    aria-pressed=move || as_table.get().to_string()
                    on:click=move |_| as_table.update(|on| *on = !*on)
                >
                    <IconView icon=Icon::Table/>
                </button>
                <MenuButton label=format!("More of {name}") entries/>
                <div class="chart-values">{dynamic(values)}</div>
            </div>
            <p class="chart-explanation" id=explanation_id hidden=move || !is_explained.get()>{explanation}</p>
            <Show
                when=move || !as_table.get()
                fallback=move || view! { <ChartTable name=kept.get_value() lines scope/> }
            >
                <div class="chart-frame">
                    <ChartBody name=kept.get_value() lines marks better vertical scope frame_out=frame/>
                </div>
            </Show>
            <figcaption class="chart-summary">
                {summary}
                {dynamic(move || (hidden.get() > 0).then(|| {
                    let number = text::counted(hidden.get() as u64, "wild value is", "wild values are");
                    view! { <span class="chart-note">". " {number} " outside the picture"</span> }
                }))}
            </figcaption>
        </figure>
    }
}

/// What else can be done with a chart.
fn use_entries(
    name: StoredValue<String>,
    lines: Signal<Vec<Line>>,
    frame: RwSignal<Option<Frame>>,
    vertical: Memo<Vertical>,
    scope: Scope,
    figure: NodeRef<html::Figure>,
) -> Callback<(), Vec<MenuEntry>> {
    let toasts = expect_context::<Toasts>();
    Callback::new(move |()| {
        let is_logarithmic = vertical.get_untracked().is_logarithmic;
        let scale = if is_logarithmic { "Linear scale" } else { "Logarithmic scale" };
        let saving = |label, format| {
            let run = move || {
                frame.with_untracked(|frame| {
                    let Some(frame) = frame else { return };
                    lines.with_untracked(|lines| {
                        save(format, &name.read_value(), lines, frame, scope, toasts);
                    });
                });
            };
            MenuEntry::new(label, run).when(if lines.with_untracked(Vec::is_empty) {
                Err("There are no values yet")
            } else {
                Ok(())
            })
        };
        vec![
            MenuEntry::new(scale, move || {
                scope.change(|settings| settings.with_other_scale(&name.read_value()));
            }),
            MenuEntry::new("Full screen", move || {
                let asked = figure.get_untracked().map(|figure| figure.request_fullscreen());
                if !matches!(asked, Some(Ok(()))) {
                    toasts.problem("This browser does not show it on the full screen");
                }
            }),
            saving("Save as PNG", Format::Png),
            saving("Save as SVG", Format::Svg),
            saving("Save as CSV", Format::Csv),
        ]
    })
}

fn identifier(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}
