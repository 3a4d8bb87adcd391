//! The body of a chart: lines on a canvas, the rest as elements, and what pointer and keys do.
//!
//! Must not know what is charted.

use super::drawing::draw_when_changed;
use super::frame::Frame;
use super::gestures::Gestures;
use super::lines::{Line, under};
use super::marks::Mark;
use super::overlay::{Axes, CursorMarks, Marks};
use super::scope::Scope;
use super::summary::Better;
use super::tip::Tip;
use super::vertical::Vertical;
use crate::components::dynamic::{effect, memo};
use crate::components::observed::observed_size;
use crate::text;
use leptos::html;
use leptos::prelude::*;

#[component]
pub fn ChartBody(
    name: String,
    lines: Signal<Vec<Line>>,
    marks: Signal<Vec<Mark>>,
    better: Better,
    vertical: Memo<Vertical>,
    scope: Scope,
    /// Is told where everything stands.
    frame_out: RwSignal<Option<Frame>>,
) -> impl IntoView {
    let body = NodeRef::<html::Div>::new();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = observed_size(body);
    let frame =
        memo(move |_| lines.with(|lines| Frame::of(lines, scope.horizontal(), size.get(), vertical.get())));
    effect(move |_| frame_out.set(Some(frame.get())));
    let smoothing = memo(move |_| scope.settings.with(|settings| settings.smoothing));
    draw_when_changed(canvas, lines, smoothing.into(), frame);
    let label = format!("Cursor of {name}");
    let name = StoredValue::new(name);
    // The cursor of all charts, where this one has a point and shows it.
    let here = memo(move |_| {
        let (low, high) = scope.shown.get();
        scope.cursor_in(&name.read_value()).filter(|x| (low..=high).contains(x))
    });
    let points = memo(move |_| here.get().map_or_else(Vec::new, |x| lines.with(|lines| under(lines, x))));
    let told = memo(move |_| {
        let (low, high) = scope.shown.get();
        scope.values_in(&name.read_value()).filter(|x| (low..=high).contains(x))
    });
    let gestures = Gestures {
        scope,
        name,
        body,
        lines,
        frame,
        brush: RwSignal::new(None),
        pointer: RwSignal::new(None),
    };
    let value_text = move || match here.get() {
        Some(x) => {
            let values = points.with(|points| {
                let words =
                    points.iter().map(|under| format!("{} {}", under.legend, text::metric(under.point.y)));
                words.collect::<Vec<_>>().join(", ")
            });
            format!("{}: {values}", scope.words(x))
        }
        None => "No point chosen".to_owned(),
    };
    // Where the page has another width than it was drawn for, as on paper, both kinds of pictures are stretched alike.
    let view_box = memo(move |_| frame.with(|frame| format!("0 0 {} {}", frame.width, frame.height)));
    let now = move || here.get().unwrap_or_else(|| scope.shown.get().1);
    view! {
        <div
            node_ref=body
            class="chart-body"
            role="slider"
            tabindex="0"
            aria-label=label
            aria-valuemin=move || text::position(scope.shown.get().0)
            aria-valuemax=move || text::position(scope.shown.get().1)
            aria-valuenow=move || text::position(now())
            aria-valuetext=value_text
            on:pointerdown=move |event| gestures.press(&event)
            on:pointermove=move |event| gestures.move_to(&event)
            on:pointerup=move |event| gestures.release(&event)
            on:pointercancel=move |_| gestures.brush.set(None)
            on:pointerleave=move |_| gestures.leave()
            on:dblclick=move |_| scope.show(None)
            on:wheel=move |event| gestures.wheel(&event)
            on:blur=move |_| gestures.leave()
            on:keydown=move |event| gestures.key(&event)
        >
            <svg aria-hidden="true" focusable="false" viewBox=view_box preserveAspectRatio="none"><Axes frame lines/></svg>
            <canvas node_ref=canvas aria-hidden="true"></canvas>
            <svg aria-hidden="true" focusable="false" viewBox=view_box preserveAspectRatio="none">
                <Marks frame lines marks better/>
                <CursorMarks frame x=here points brush=gestures.brush/>
            </svg>
        </div>
        <Tip frame scope lines x=told pointer=gestures.pointer/>
    }
}
