//! The values under the cursor of a chart, largest first, the one that the pointer is nearest to in bold.
//!
//! Must not know where they come from.

use super::frame::Frame;
use super::lines::{Line, Under, under};
use super::scope::Scope;
use crate::arrange::sort_by;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::text;
use leptos::prelude::*;

#[component]
pub fn Tip(
    frame: Memo<Frame>,
    scope: Scope,
    lines: Signal<Vec<Line>>,
    /// The place whose values are told.
    x: Memo<Option<f64>>,
    /// Height of the pointer, if it is in this chart.
    pointer: RwSignal<Option<f64>>,
) -> impl IntoView {
    let points = memo(move |_| x.get().map_or_else(Vec::new, |x| lines.with(|lines| under(lines, x))));
    let is_pinned =
        memo(move |_| scope.pinned.with(|pinned| pinned.as_ref().map(|pinned| pinned.x)) == x.get());
    let values = move || {
        let mut points = points.get();
        sort_by(&mut points, |one, other| other.point.y.total_cmp(&one.point.y));
        let nearest = pointer.get().and_then(|height| frame.with(|frame| nearest(frame, &points, height)));
        let row = |(place, under): (usize, Under)| {
            view! {
                <div class:nearest=nearest == Some(place)>
                    <span class=under.look.swatch()></span>
                    {under.legend} " " <strong title=under.point.y.to_string()>{text::metric(under.point.y)}</strong>
                </div>
            }
        };
        points.into_iter().enumerate().map(row).collect_view().into_any()
    };
    let copy = move |_| {
        let Some(x) = x.get_untracked() else { return };
        let mut lines = vec![scope.words(x)];
        points.with_untracked(|points| {
            lines.extend(points.iter().map(|under| format!("{}\t{}", under.legend, under.point.y)));
        });
        // Where a browser forbids it, the values can be marked and copied by hand.
        let _ = window().navigator().clipboard().write_text(&lines.join("\n"));
    };
    // On the side of the cursor where there is more room.
    let side = memo(move |_| {
        let width = frame.with(|frame| frame.width);
        let across = frame.with(|frame| frame.x.to_pixel(x.get().unwrap_or_default()));
        if across > width * 0.55 { (None, Some(width - across + 12.0)) } else { (Some(across + 12.0), None) }
    });
    let pixels =
        |length: Option<f64>| length.map_or_else(|| "auto".to_owned(), |length| format!("{length}px"));
    view! {
        <Show when=move || x.get().is_some()>
            <div
                class="chart-tip"
                class:pinned=move || is_pinned.get()
                style:left=move || pixels(side.get().0)
                style:right=move || pixels(side.get().1)
            >
                <div class="muted">{move || x.get().map(|x| scope.words(x))}</div>
                {dynamic(values)}
                <Show when=move || is_pinned.get()>
                    <div class="chart-tip-actions">
                        <button class="button small" type="button" on:click=copy>"Copy"</button>
                        <button
                            class="icon-button"
                            type="button"
                            aria-label="Unpin the values"
                            on:click=move |_| scope.unpin()
                        >
                            <IconView icon=Icon::Close/>
                        </button>
                    </div>
                </Show>
            </div>
        </Show>
    }
}

/// The place of the value that is drawn nearest to a height.
fn nearest(frame: &Frame, points: &[Under], height: f64) -> Option<usize> {
    let away = |under: &Under| (frame.y.to_pixel(under.point.y) - height).abs();
    let finite = points.iter().enumerate().filter(|(_, under)| frame.y.has_place(under.point.y));
    finite.min_by(|(_, one), (_, other)| away(one).total_cmp(&away(other))).map(|(place, _)| place)
}
