//! When the lines of a chart are drawn anew: with what they show, with their place, with the theme, and for paper.
//!
//! Must not know what is charted, nor how a line is drawn.

use super::draw::draw;
use super::frame::Frame;
use super::lines::Line;
use crate::components::dynamic::effect;
use crate::state::preferences::Preferences;
use leptos::html;
use leptos::prelude::*;

/// Draws once a frame at most, whenever lines, size, range or theme changed.
pub fn draw_when_changed(
    canvas: NodeRef<html::Canvas>,
    lines: Signal<Vec<Line>>,
    smoothing: Signal<f64>,
    frame: Memo<Frame>,
) {
    let preferences = expect_context::<Preferences>();
    let is_due = StoredValue::new(false);
    let draw_now = move || {
        let Some(Some(canvas)) = canvas.try_get_untracked() else { return };
        lines.with_untracked(|lines| {
            frame.with_untracked(|frame| draw(&canvas, lines, smoothing.get_untracked(), frame));
        });
    };
    // On paper the colours are light ones, and there is no next frame to wait for.
    let printed =
        ["beforeprint", "afterprint"].map(|event| window_event_listener_untyped(event, move |_| draw_now()));
    on_cleanup(move || printed.into_iter().for_each(WindowListenerHandle::remove));
    effect(move |_| {
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
            if is_due.try_set_value(false).is_none() {
                draw_now();
            }
        });
    });
}
