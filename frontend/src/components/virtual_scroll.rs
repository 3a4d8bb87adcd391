//! A view that is scrolled over rows of which only those in view exist.
//!
//! Must not know what the rows show.

use super::observed::observed_size;
use super::virtual_window::{Rows, Window};
use crate::components::dynamic::effect;
use crate::state::latest::Latest;
use leptos::html;
use leptos::prelude::*;

/// Who scrolls by a whole view within this time looks at nothing, in milliseconds.
const GLANCE_MS: u32 = 100;

/// The view and where it stands; small enough to be copied.
#[derive(Clone, Copy)]
pub struct VirtualScroll {
    pub view: NodeRef<html::Div>,
    /// Width and height, in CSS pixels.
    pub size: RwSignal<(f64, f64)>,
    pub top: RwSignal<f64>,
    /// Whether rows pass too fast to be looked at.
    pub is_fast: RwSignal<bool>,
    /// When the view was scrolled last, in milliseconds, and where to.
    last: StoredValue<(f64, f64)>,
    slowing: Latest,
}

impl VirtualScroll {
    pub fn new() -> Self {
        let view = NodeRef::<html::Div>::new();
        let top = RwSignal::new(0.0);
        // An element that showed other rows before stands where those were left.
        effect(move |_| {
            if let Some(view) = view.get() {
                top.set(f64::from(view.scroll_top()));
            }
        });
        Self {
            view,
            size: observed_size(view),
            top,
            is_fast: RwSignal::new(false),
            last: StoredValue::new((0.0, 0.0)),
            slowing: Latest::new(),
        }
    }

    /// Takes note of where the view stands now. Browsers tell it once a frame, before they draw.
    pub fn on_scroll(self) {
        if let Some(view) = self.view.get_untracked() {
            let top = f64::from(view.scroll_top());
            self.feel_pace(top);
            self.top.set(top);
        }
    }

    fn feel_pace(self, top: f64) {
        let now = js_sys::Date::now();
        let (then, from) = self.last.get_value();
        self.last.set_value((now, top));
        let in_a_glance = (top - from).abs() / (now - then).max(1.0) * f64::from(GLANCE_MS);
        if in_a_glance <= self.size.get_untracked().1 {
            return;
        }
        if !self.is_fast.get_untracked() {
            self.is_fast.set(true);
        }
        self.slowing.run(GLANCE_MS, async move { self.is_fast.set(false) });
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
