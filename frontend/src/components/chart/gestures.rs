//! What pointer and keys do in the body of a chart. Each drag has a key and a button that do the same (WCAG 2.5.7).
//!
//! Must not know what is drawn.

use super::frame::Frame;
use super::lines::{Line, nearest_x, stepped};
use super::scope::{Cursor, Scope};
use leptos::html;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent, WheelEvent};

/// A press that moves less than this is a click.
const CLICK_PIXELS: f64 = 5.0;

/// What is done in one chart.
#[derive(Clone, Copy)]
pub struct Gestures {
    pub scope: Scope,
    pub name: StoredValue<String>,
    pub body: NodeRef<html::Div>,
    pub lines: Signal<Vec<Line>>,
    pub frame: Memo<Frame>,
    /// The part that is being chosen with the pointer.
    pub brush: RwSignal<Option<(f64, f64)>>,
    /// Height of the pointer.
    pub pointer: RwSignal<Option<f64>>,
}

impl Gestures {
    fn place_of(self, event: &PointerEvent) -> (f64, f64) {
        let x = f64::from(event.offset_x());
        self.frame.with_untracked(|frame| (frame.x.to_value(x.clamp(frame.left(), frame.right())), x))
    }

    fn point_at(self, x: Option<f64>) {
        let place = x.and_then(|x| self.lines.with_untracked(|lines| nearest_x(lines, x)));
        self.scope.cursor.set(place.map(|x| Cursor { x, chart: self.name.get_value() }));
    }

    fn cursor(self) -> Option<f64> {
        self.scope.cursor.with_untracked(|cursor| cursor.as_ref().map(|cursor| cursor.x))
    }

    pub fn press(self, event: &PointerEvent) {
        // A finger that moves scrolls the page.
        if event.button() != 0 || event.pointer_type() == "touch" {
            return;
        }
        let (x, _) = self.place_of(event);
        if let Some(body) = self.body.get_untracked() {
            // Without the capture a drag ends at the edge of the chart, and that is all.
            let _ = body.set_pointer_capture(event.pointer_id());
        }
        self.brush.set(Some((x, x)));
    }

    pub fn move_to(self, event: &PointerEvent) {
        let (x, _) = self.place_of(event);
        self.pointer.set(Some(f64::from(event.offset_y())));
        self.brush.update(|brush| *brush = brush.map(|(from, _)| (from, x)));
        self.point_at(Some(x));
    }

    pub fn release(self, event: &PointerEvent) {
        let Some((from, to)) = self.brush.get_untracked() else {
            // A tap of a finger pins.
            if event.pointer_type() == "touch" {
                self.point_at(Some(self.place_of(event).0));
                self.scope.pin();
            }
            return;
        };
        self.brush.set(None);
        let pixels = self.frame.with_untracked(|frame| (frame.x.to_pixel(to) - frame.x.to_pixel(from)).abs());
        if pixels < CLICK_PIXELS {
            self.scope.pin();
        } else {
            self.scope.show(Some((from, to)));
        }
    }

    pub fn leave(self) {
        if self.brush.get_untracked().is_none() {
            self.pointer.set(None);
            self.scope.cursor.set(None);
        }
    }

    /// With Ctrl or Cmd it zooms; without, the page scrolls.
    pub fn wheel(self, event: &WheelEvent) {
        if !(event.ctrl_key() || event.meta_key()) || event.delta_y() == 0.0 {
            return;
        }
        event.prevent_default();
        self.scope.zoom(if event.delta_y() < 0.0 { 1 } else { -1 }, self.cursor());
    }

    pub fn key(self, event: &KeyboardEvent) {
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        let step = |steps: isize| {
            let next = self.lines.with_untracked(|lines| stepped(lines, self.cursor(), steps));
            self.point_at(next);
        };
        match event.key().as_str() {
            _ if has_modifier => return,
            "ArrowLeft" if event.shift_key() => self.scope.move_by(-1.0),
            "ArrowRight" if event.shift_key() => self.scope.move_by(1.0),
            "ArrowLeft" | "ArrowDown" => step(-1),
            "ArrowRight" | "ArrowUp" => step(1),
            "Home" => step(isize::MIN),
            "End" => step(isize::MAX),
            "+" | "=" => self.scope.zoom(1, None),
            "-" => self.scope.zoom(-1, None),
            "0" => self.scope.show(None),
            "s" => self.scope.next_smoothing(),
            "Enter" | " " => self.scope.pin(),
            "Escape" if self.brush.get_untracked().is_some() => self.brush.set(None),
            "Escape" if self.scope.pinned.get_untracked().is_some() => self.scope.unpin(),
            "Escape" if self.cursor().is_some() => self.scope.cursor.set(None),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }
}
