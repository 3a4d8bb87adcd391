//! Axes, labels and cursor of a chart, as elements of the page.
//!
//! Must not know the bodies of the lines.

use super::draw::series_class;
use super::frame::Frame;
use super::lines::{Line, Point};
use crate::text;
use leptos::prelude::*;

/// Marks, grid and the labels at the ends of the lines.
#[component]
pub fn Axes(#[prop(into)] frame: Signal<Frame>, #[prop(into)] lines: Signal<Vec<Line>>) -> impl IntoView {
    let rows = move || {
        let frame = frame.get();
        let (left, right) = (frame.left(), frame.right());
        let mark = |value: &f64| {
            let y = frame.y.to_pixel(*value);
            view! {
                <line class="grid-line" x1=left x2=right y1=y y2=y></line>
                <text x=left - 6.0 y=y + 4.0 text-anchor="end">{format!("{value:.*}", frame.y_decimals)}</text>
            }
        };
        frame.y_marks.iter().map(mark).collect_view()
    };
    let columns = move || {
        let frame = frame.get();
        let bottom = frame.bottom();
        let mark = |value: &f64| {
            view! {
                <text x=frame.x.to_pixel(*value) y=bottom + 16.0 text-anchor="middle">{text::position(*value)}</text>
            }
        };
        frame.x_marks.iter().map(mark).collect_view()
    };
    let labels = move || {
        let frame = frame.get();
        lines.with(|lines| {
            // One line needs no name, and six would make a muddle at their ends: the legend has them.
            let few: &[Line] = if (2..=5).contains(&lines.len()) { lines } else { &[] };
            frame
                .end_labels(few)
                .into_iter()
                .filter_map(|(index, y)| {
                    let legend = few.get(index)?.legend.clone();
                    let end = few.get(index)?.last_finite()?;
                    let x = frame.x.to_pixel(end.x).min(frame.right()) + 6.0;
                    Some(view! { <text class="line-label" x=x y=y + 4.0>{legend}</text> })
                })
                .collect_view()
        })
    };
    let axis = move || {
        let frame = frame.get();
        let (left, right, bottom) = (frame.left(), frame.right(), frame.bottom());
        view! { <line class="axis-line" x1=left x2=right y1=bottom y2=bottom></line> }
    };
    view! {
        <g>{rows}</g>
        <g>{columns}</g>
        <g>{axis}</g>
        <g>{labels}</g>
    }
}

/// The line under the cursor, with a dot on each line of the chart.
#[component]
pub fn CursorMarks(
    #[prop(into)] frame: Signal<Frame>,
    #[prop(into)] x: Signal<Option<f64>>,
    #[prop(into)] points: Signal<Vec<(usize, String, Point)>>,
) -> impl IntoView {
    move || {
        x.get().map(|x| {
            let frame = frame.get();
            let across = frame.x.to_pixel(x);
            let dots = points
                .get()
                .into_iter()
                .filter(|(_, _, point)| point.y.is_finite())
                .map(|(index, _, point)| {
                    let (cx, cy) = frame.place(point);
                    view! {
                        <g class=series_class(index)>
                            <circle class="cursor-dot" cx=cx cy=cy r="4"></circle>
                        </g>
                    }
                })
                .collect_view();
            view! {
                <line class="cursor-line" x1=across x2=across y1=frame.top() y2=frame.bottom()></line>
                {dots}
            }
        })
    }
}

/// The values under the cursor, largest first.
#[component]
pub fn Tip(
    #[prop(into)] frame: Signal<Frame>,
    #[prop(into)] x: Signal<Option<f64>>,
    #[prop(into)] points: Signal<Vec<(usize, String, Point)>>,
) -> impl IntoView {
    move || {
        x.get().map(|x| {
            let frame = frame.get();
            let across = frame.x.to_pixel(x);
            let is_right = across > frame.width * 0.55;
            let left = if is_right { "auto".to_owned() } else { format!("{}px", across + 12.0) };
            let right =
                if is_right { format!("{}px", frame.width - across + 12.0) } else { "auto".to_owned() };
            let mut points = points.get();
            points.sort_by(|(_, _, one), (_, _, other)| other.y.total_cmp(&one.y));
            let values = points
                .into_iter()
                .map(|(index, legend, point)| {
                    view! {
                        <div>
                            <span class=format!("swatch {}", series_class(index))></span>
                            {legend} " " <strong>{text::metric(point.y)}</strong>
                        </div>
                    }
                })
                .collect_view();
            view! {
                <div class="chart-tip" style:left=left style:right=right>
                    <div class="muted">{format!("Epoch {}", text::position(x))}</div>
                    {values}
                </div>
            }
        })
    }
}
