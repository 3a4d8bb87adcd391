//! One chart: head, body with cursor, summary, and the same as a table.
//!
//! Must not know what is charted or where the values come from.

use super::draw::{draw, series_class};
use super::frame::Frame;
use super::lines::{Line, Point, nearest_x, stepped};
use super::overlay::{Axes, CursorMarks, Tip};
use super::summary::{Better, sentence};
use super::table::ChartTable;
use crate::components::icon::{Icon, IconView};
use crate::components::observed::observed_size;
use crate::state::preferences::Preferences;
use crate::text;
use leptos::html;
use leptos::prelude::*;

/// A line chart.
#[component]
pub fn Chart(
    #[prop(into)] title: String,
    explanation: &'static str,
    #[prop(into)] lines: Signal<Vec<Line>>,
    better: Better,
    /// The values are shares of one.
    is_share: bool,
    /// The place under the cursor; charts that share it show it together.
    cursor: RwSignal<Option<f64>>,
    /// The horizontal range; charts of a page share it.
    #[prop(into)]
    domain_x: Signal<(f64, f64)>,
    /// How calm the lines are: 0 shows the values as they are.
    #[prop(into)]
    smoothing: Signal<f64>,
) -> impl IntoView {
    let as_table = RwSignal::new(false);
    let is_explained = RwSignal::new(false);
    let explanation_id = format!("about-{}", identifier(&title));
    let summary = Memo::new(move |_| lines.with(|lines| sentence(lines, "epoch", better)));
    let values = move || {
        lines.with(|lines| {
            lines
                .iter()
                .enumerate()
                .map(|(index, line)| {
                    let last = line.points.last().map_or_else(|| "–".to_owned(), |point| text::metric(point.y));
                    let swatch = format!("swatch {}", series_class(index));
                    view! { <span><span class=swatch></span>{line.legend.clone()} " " <strong>{last}</strong></span> }
                })
                .collect_view()
        })
    };
    let name = StoredValue::new(title.clone());
    view! {
        <figure class="chart" aria-label=title.clone()>
            <div class="chart-head">
                <h3>{title.clone()}</h3>
                <button
                    class="icon-button"
                    type="button"
                    aria-label=format!("About {title}")
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
                    aria-label=format!("View {title} as table")
                    aria-pressed=move || as_table.get().to_string()
                    on:click=move |_| as_table.update(|on| *on = !*on)
                >
                    <IconView icon=Icon::Table/>
                </button>
                <div class="chart-values">{values}</div>
            </div>
            <p class="chart-explanation" id=explanation_id hidden=move || !is_explained.get()>{explanation}</p>
            <Show
                when=move || !as_table.get()
                fallback=move || view! { <ChartTable title=name.get_value() lines/> }
            >
                <Body title=name.get_value() lines is_share cursor domain_x smoothing/>
            </Show>
            <figcaption class="chart-summary">{summary}</figcaption>
        </figure>
    }
}

fn identifier(title: &str) -> String {
    title.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}

#[component]
fn Body(
    title: String,
    lines: Signal<Vec<Line>>,
    is_share: bool,
    cursor: RwSignal<Option<f64>>,
    domain_x: Signal<(f64, f64)>,
    smoothing: Signal<f64>,
) -> impl IntoView {
    let preferences = expect_context::<Preferences>();
    let body = NodeRef::<html::Div>::new();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = observed_size(body);
    let frame =
        Memo::new(move |_| lines.with(|lines| Frame::of(lines, domain_x.get(), size.get(), is_share)));
    draw_when_changed(canvas, lines, smoothing, frame, preferences);

    // The cursor of all charts, snapped to a point of this one.
    let here = Memo::new(move |_| cursor.get().and_then(|x| lines.with(|lines| nearest_x(lines, x))));
    let points = Memo::new(move |_| here.get().map_or_else(Vec::new, |x| points_at(lines, x)));
    let on_move = move |event: web_sys::PointerEvent| {
        let x = frame.with_untracked(|frame| frame.x.to_value(f64::from(event.offset_x())));
        cursor.set(lines.with_untracked(|lines| nearest_x(lines, x)));
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let steps = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => -1,
            "ArrowRight" | "ArrowUp" => 1,
            "Home" => isize::MIN,
            "End" => isize::MAX,
            "Escape" if cursor.get_untracked().is_some() => return cursor.set(None),
            _ => return,
        };
        event.prevent_default();
        cursor.set(lines.with_untracked(|lines| stepped(lines, here.get_untracked(), steps)));
    };
    let value_text = move || match here.get() {
        Some(x) => {
            let values: Vec<String> = points.with(|points| {
                points
                    .iter()
                    .map(|(_, legend, point)| format!("{legend} {}", text::metric(point.y)))
                    .collect()
            });
            format!("Epoch {}: {}", text::position(x), values.join(", "))
        }
        None => "No point chosen".to_owned(),
    };
    let now = move || here.get().unwrap_or_else(|| domain_x.get().1);
    view! {
        <div
            node_ref=body
            class="chart-body"
            role="slider"
            tabindex="0"
            aria-label=format!("Cursor of {title}, by epoch")
            aria-valuemin=move || text::position(domain_x.get().0)
            aria-valuemax=move || text::position(domain_x.get().1)
            aria-valuenow=move || text::position(now())
            aria-valuetext=value_text
            on:pointermove=on_move
            on:pointerleave=move |_| cursor.set(None)
            on:blur=move |_| cursor.set(None)
            on:keydown=on_key
        >
            <svg aria-hidden="true" focusable="false"><Axes frame lines/></svg>
            <canvas node_ref=canvas aria-hidden="true"></canvas>
            <svg aria-hidden="true" focusable="false">
                <CursorMarks frame x=here points/>
            </svg>
            <Tip frame x=here points/>
        </div>
    }
}

fn points_at(lines: Signal<Vec<Line>>, x: f64) -> Vec<(usize, String, Point)> {
    lines.with(|lines| {
        lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| {
                let point = line.nearest(x).filter(|point| point.x == x)?;
                Some((index, line.legend.clone(), point))
            })
            .collect()
    })
}

/// Draws once a frame at most, whenever lines, size or theme changed.
fn draw_when_changed(
    canvas: NodeRef<html::Canvas>,
    lines: Signal<Vec<Line>>,
    smoothing: Signal<f64>,
    frame: Memo<Frame>,
    preferences: Preferences,
) {
    let is_due = StoredValue::new(false);
    Effect::new(move |_| {
        lines.track();
        frame.track();
        smoothing.track();
        // The colours come from the style sheet, which follows the theme.
        let _ = preferences.theme();
        if canvas.get().is_none() || is_due.get_value() {
            return;
        }
        is_due.set_value(true);
        request_animation_frame(move || {
            // The chart may be gone by now.
            if is_due.try_set_value(false).is_some() {
                return;
            }
            if let Some(canvas) = canvas.get_untracked() {
                lines.with_untracked(|lines| {
                    frame.with_untracked(|frame| draw(&canvas, lines, smoothing.get_untracked(), frame))
                });
            }
        });
    });
}
