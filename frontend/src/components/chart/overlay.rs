//! Axes, labels, marks and cursor of a chart, as elements of the page.
//!
//! Must not know the bodies of the lines.

use super::frame::Frame;
use super::lines::{Line, Under};
use super::marks::{Mark, MarkKind};
use super::summary::{Better, best};
use crate::components::dynamic::dynamic;
use leptos::prelude::*;

/// More rings than these would be a muddle.
const MOST_RINGS: usize = 3;

/// Marks, grid and the labels at the ends of the lines.
#[component]
pub fn Axes(frame: Memo<Frame>, lines: Signal<Vec<Line>>) -> impl IntoView {
    let rows = move || {
        let frame = frame.get();
        let (left, right) = (frame.left(), frame.right());
        let mark = |(value, words): &(f64, String)| {
            let y = frame.y.to_pixel(*value);
            view! {
                <line class="grid-line" x1=left x2=right y1=y y2=y></line>
                <text x=left - 6.0 y=y + 4.0 text-anchor="end">{words.clone()}</text>
            }
        };
        frame.y_marks.iter().map(mark).collect_view().into_any()
    };
    let columns = move || {
        let frame = frame.get();
        let bottom = frame.bottom();
        let mark = |(value, words): &(f64, String)| {
            view! { <text x=frame.x.to_pixel(*value) y=bottom + 16.0 text-anchor="middle">{words.clone()}</text> }
        };
        frame.x_marks.iter().map(mark).collect_view().into_any()
    };
    let labels = move || {
        let frame = frame.get();
        lines.with(|lines| {
            let label = |(index, y): (usize, f64)| {
                let line = lines.get(index)?;
                let x = frame.x.to_pixel(frame.last_within(line)?.x).min(frame.right()) + 6.0;
                Some(view! { <text class="line-label" x=x y=y + 4.0>{line.legend.clone()}</text> })
            };
            frame.end_labels(lines).into_iter().filter_map(label).collect_view().into_any()
        })
    };
    let axis = move || {
        let frame = frame.get();
        let (left, right, bottom) = (frame.left(), frame.right(), frame.bottom());
        view! { <line class="axis-line" x1=left x2=right y1=bottom y2=bottom></line> }.into_any()
    };
    view! {
        <g>{dynamic(rows)}</g>
        <g>{dynamic(columns)}</g>
        <g>{dynamic(axis)}</g>
        <g>{dynamic(labels)}</g>
    }
}

/// Where attempts began, where files were kept, and a ring round the best value of each line.
#[component]
pub fn Marks(
    frame: Memo<Frame>,
    lines: Signal<Vec<Line>>,
    marks: Signal<Vec<Mark>>,
    better: Better,
) -> impl IntoView {
    let events = move || {
        let frame = frame.get();
        let (top, bottom) = (frame.top(), frame.bottom());
        let event = |mark: Mark| {
            let x = frame.x.to_pixel(mark.x);
            (frame.left() - 0.5..=frame.right() + 0.5).contains(&x).then(|| match mark.kind {
                MarkKind::Attempt => view! {
                    <g class="mark-attempt">
                        <title>{mark.words}</title>
                        <line x1=x x2=x y1=top y2=bottom></line>
                    </g>
                }
                .into_any(),
                MarkKind::Checkpoint => {
                    let path = format!("M{x} {} l4 7 h-8 z", bottom - 7.0);
                    view! { <path class="mark-checkpoint" d=path><title>{mark.words}</title></path> }
                        .into_any()
                }
            })
        };
        marks.get().into_iter().filter_map(event).collect_view().into_any()
    };
    let rings = move || {
        let frame = frame.get();
        lines.with(|lines| {
            let few: &[Line] = if lines.len() <= MOST_RINGS { lines } else { &[] };
            let ring = |line: &Line| {
                let point = best(&line.points, better).filter(|point| frame.holds(*point))?;
                let (x, y) = frame.place(point);
                Some(view! { <g class=line.look.class()><circle class="best-ring" cx=x cy=y r="5.5"></circle></g> })
            };
            few.iter().filter_map(ring).collect_view().into_any()
        })
    };
    view! {
        <g>{dynamic(events)}</g>
        <g>{dynamic(rings)}</g>
    }
}

/// The line under the cursor, with a dot on each line of the chart.
#[component]
pub fn CursorMarks(
    frame: Memo<Frame>,
    x: Memo<Option<f64>>,
    points: Memo<Vec<Under>>,
    /// The part that is being chosen with the pointer.
    brush: RwSignal<Option<(f64, f64)>>,
) -> impl IntoView {
    let chosen = move || {
        brush.get().map(|(from, to)| {
            let frame = frame.get();
            let (from, to) = (frame.x.to_pixel(from.min(to)), frame.x.to_pixel(from.max(to)));
            view! { <rect class="brush" x=from y=frame.top() width=to - from height=frame.bottom() - frame.top()></rect> }
        })
        .into_any()
    };
    let cursor = move || {
        x.get()
            .map(|x| {
                let frame = frame.get();
                let across = frame.x.to_pixel(x);
                let dot = |under: Under| {
                    let (cx, cy) = frame.place(under.point);
                    frame.holds(under.point).then(|| view! {
                    <g class=under.look.class()><circle class="cursor-dot" cx=cx cy=cy r="4"></circle></g>
                })
                };
                let dots = points.get().into_iter().filter_map(dot).collect_view();
                view! {
                    <line class="cursor-line" x1=across x2=across y1=frame.top() y2=frame.bottom()></line>
                    {dots}
                }
            })
            .into_any()
    };
    view! {
        <g>{dynamic(chosen)}</g>
        <g>{dynamic(cursor)}</g>
    }
}
