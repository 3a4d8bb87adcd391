//! A view that is scrolled over rows of which only those in view exist.
//!
//! Must not know what the rows show.

use super::observed::observed_size;
use super::virtual_window::{Rows, Window};
use leptos::html;
use leptos::prelude::*;

/// The view and where it stands; small enough to be copied.
#[derive(Clone, Copy)]
pub struct VirtualScroll {
    pub view: NodeRef<html::Div>,
    /// Width and height, in CSS pixels.
    pub size: RwSignal<(f64, f64)>,
    pub top: RwSignal<f64>,
}

impl VirtualScroll {
    pub fn new() -> Self {
        let view = NodeRef::<html::Div>::new();
        let top = RwSignal::new(0.0);
        // An element that showed other rows before stands where those were left.
        Effect::new(move |_| {
            if let Some(view) = view.get() {
                top.set(f64::from(view.scroll_top()));
            }
        });
        Self { view, size: observed_size(view), top }
    }

    /// Takes note of where the view stands now.
    pub fn on_scroll(self) {
        if let Some(view) = self.view.get_untracked() {
            self.top.set(f64::from(view.scroll_top()));
        }
    }

    /// The rows in view.
    pub fn window(self, rows: Rows) -> Window {
        rows.window(self.top.get(), self.size.get().1)
    }

    /// Rows that are seen as a whole, for keys that go on by a page.
    pub fn page(self, rows: Rows) -> usize {
        // A cast of a small non-negative number.
        (self.size.get_untracked().1 / rows.height) as usize
    }

    /// Scrolls a row into view below a header of this height, no further than needed. Waits until rows that were added
    /// a moment ago are there.
    pub fn show(self, rows: Rows, row: usize, header: f64) {
        request_animation_frame(move || {
            let (Some(view), Some((_, height))) =
                (self.view.try_get_untracked().flatten(), self.size.try_get_untracked())
            else {
                return;
            };
            let to = rows.scroll_to(row, f64::from(view.scroll_top()), height - header);
            if let Some(to) = to.filter(|_| height > header) {
                self.scroll_to(to);
            }
        });
    }

    pub fn scroll_to(self, top: f64) {
        if let Some(view) = self.view.get_untracked() {
            // A cast of at most 16 million.
            view.set_scroll_top(top.round() as i32);
        }
    }
}
