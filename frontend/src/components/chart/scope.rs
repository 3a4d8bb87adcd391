//! What the charts of a page share: how they are shown, their cursor and the pinned place.
//!
//! Must not know what is charted.

use super::axis::XAxis;
use super::frame::Horizontal;
use super::range::{ZOOM_STEP, moved, within, zoomed};
pub use super::settings::Cursor;
use super::settings::{CursorSync, MOST_SMOOTHING, Settings};
use crate::components::dynamic::memo;
use crate::state::clock;
use leptos::prelude::*;

/// What the key for smoothing goes through.
const SMOOTHINGS: [f64; 3] = [0.0, 0.6, 0.9];

/// What the charts of a page share.
#[derive(Clone, Copy)]
pub struct Scope {
    pub settings: Signal<Settings>,
    change: Callback<Settings>,
    /// From the first value of all charts to the last.
    all: Memo<(f64, f64)>,
    /// The part of it that is shown.
    pub shown: Memo<(f64, f64)>,
    /// The place under the pointer, or the one that the keys have reached.
    pub cursor: RwSignal<Option<Cursor>>,
    /// The place that is pinned: it stands in the URL with the other settings.
    pub pinned: Memo<Option<Cursor>>,
}

impl Scope {
    /// `extent` is where the first and the last values are; `change` makes other settings those of the page.
    pub fn new(
        settings: Signal<Settings>,
        change: Callback<Settings>,
        extent: Signal<Option<(f64, f64)>>,
    ) -> Self {
        let all = memo(move |_| {
            let (low, high) = extent.get().unwrap_or((1.0, 1.0));
            (low, high.max(low + settings.with(|settings| settings.axis.least_width())))
        });
        let shown = memo(move |_| {
            let all = all.get();
            settings.with(|settings| settings.range).and_then(|range| within(range, all)).unwrap_or(all)
        });
        let pinned = memo(move |_| settings.with(|settings| settings.pinned.clone()));
        Self { settings, change, all, shown, cursor: RwSignal::new(None), pinned }
    }

    pub fn axis(self) -> XAxis {
        self.settings.with(|settings| settings.axis)
    }

    pub fn horizontal(self) -> Horizontal {
        let (axis, domain) = (self.axis(), self.shown.get());
        Horizontal { axis, domain, ahead_ms: ahead_ms(axis, domain.1) }
    }

    /// The place in words, for example `Epoch 3`.
    pub fn words(self, x: f64) -> String {
        let axis = self.axis();
        axis.words(x, ahead_ms(axis, x))
    }

    /// The place within a sentence, for example `at epoch 3`.
    pub fn at(self, x: f64) -> String {
        let axis = self.axis();
        axis.at(x, ahead_ms(axis, x))
    }

    /// Whether less than all is shown.
    pub fn is_zoomed(self) -> bool {
        self.shown.get() != self.all.get()
    }

    pub fn change(self, change: impl FnOnce(Settings) -> Settings) {
        self.change.run(change(self.settings.get_untracked()));
    }

    /// Shows this part; `None` shows all.
    pub fn show(self, range: Option<(f64, f64)>) {
        let range = range.and_then(|range| within(range, self.all.get_untracked()));
        self.change(|settings| Settings { range, ..settings });
    }

    /// Zooms in by so many steps, out for negative ones; without a place, around the cursor or the middle.
    pub fn zoom(self, steps: i32, around: Option<f64>) {
        let shown = self.shown.get_untracked();
        let cursor = self.cursor.with_untracked(|cursor| cursor.as_ref().map(|cursor| cursor.x));
        let around = around.or(cursor).unwrap_or_else(|| f64::midpoint(shown.0, shown.1));
        let range = zoomed(shown, self.all.get_untracked(), ZOOM_STEP.powi(steps), around);
        self.change(|settings| Settings { range, ..settings });
    }

    /// Shows what is beside.
    pub fn move_by(self, steps: f64) {
        let range = moved(self.shown.get_untracked(), self.all.get_untracked(), steps);
        self.change(|settings| Settings { range, ..settings });
    }

    /// Makes the lines calmer, and then as they are again.
    pub fn next_smoothing(self) {
        self.change(|settings| {
            let next = SMOOTHINGS.into_iter().find(|weight| *weight > settings.smoothing);
            Settings { smoothing: next.unwrap_or(0.0).min(MOST_SMOOTHING), ..settings }
        });
    }

    /// Keeps the values under the cursor in sight; pinned there already, lets them go.
    pub fn pin(self) {
        let cursor = self.cursor.get_untracked();
        self.change(|settings| {
            let pinned = if settings.pinned == cursor { None } else { cursor };
            Settings { pinned, ..settings }
        });
    }

    pub fn unpin(self) {
        self.change(|settings| Settings { pinned: None, ..settings });
    }

    /// Where a chart draws its cursor.
    pub fn cursor_in(self, chart: &str) -> Option<f64> {
        let sync = self.settings.with(|settings| settings.sync);
        let is_seen = |cursor: &Cursor| sync != CursorSync::Off || cursor.chart == chart;
        let cursor = self.cursor.get().filter(is_seen).or_else(|| self.pinned.get().filter(is_seen));
        cursor.map(|cursor| cursor.x)
    }

    /// The place whose values a chart tells: the pinned one before that of the cursor.
    pub fn values_in(self, chart: &str) -> Option<f64> {
        let sync = self.settings.with(|settings| settings.sync);
        let is_seen = |cursor: &Cursor| sync == CursorSync::Values || cursor.chart == chart;
        let cursor = self.pinned.get().filter(is_seen).or_else(|| self.cursor.get().filter(is_seen));
        cursor.map(|cursor| cursor.x)
    }
}

/// What the wall clock is ahead of UTC at a place; only a clock's axis looks at it.
fn ahead_ms(axis: XAxis, x: f64) -> f64 {
    if axis == XAxis::Clock { clock::ahead_ms(x as i64) as f64 } else { 0.0 }
}
