//! Where the table of trainings stands: what of it is in view, which row has the focus, and that what is read stays put.
//!
//! Must not know what a row shows.

use super::list::List;
use super::presses::Press;
use super::query::Query;
use super::sieve::Sieve;
use crate::components::dynamic::{effect, memo};
use crate::components::virtual_scroll::VirtualScroll;
use crate::components::virtual_window::Window;
use leptos::prelude::*;
use shared::id::TrainingId;
use std::collections::BTreeSet;
use wasm_bindgen::JsCast;

/// Of the header, in CSS pixels; `training.css` sets the same.
pub const HEADER: f64 = 40.0;
/// Rows from the upper edge on that are remembered, so that they can be put where they were.
const REMEMBERED: usize = 24;

/// Rows that are drawn: their places and ids, in order.
pub type Placed = Vec<(usize, TrainingId)>;

/// Small enough to be copied.
#[derive(Clone, Copy)]
pub struct TableView {
    pub list: List,
    pub scroll: VirtualScroll,
    pub window: Memo<Window>,
    pub placed: Memo<Placed>,
    /// The row that has the focus, or had it last. It is drawn wherever it is, so that it keeps the focus.
    active: RwSignal<Option<TrainingId>>,
    has_focus: StoredValue<bool>,
    /// Rows in view, and how far each is below the upper edge.
    remembered: StoredValue<Vec<(TrainingId, f64)>>,
    pub selected: RwSignal<BTreeSet<TrainingId>>,
    pub select: Callback<BTreeSet<TrainingId>>,
}

impl TableView {
    pub fn new(
        list: List,
        query: Memo<Query>,
        selected: RwSignal<BTreeSet<TrainingId>>,
        select: Callback<BTreeSet<TrainingId>>,
    ) -> Self {
        let scroll = VirtualScroll::new();
        let active = RwSignal::new(None);
        let window = memo(move |_| {
            let (top, height) = (scroll.top.get(), scroll.size.get().1 - HEADER);
            list.order(|roll| roll.heights().window(top, height))
        });
        let placed = memo(move |_| {
            let (window, active) = (window.get(), active.get());
            list.order(|roll| {
                let places = window.first..window.first + window.count;
                let mut placed: Placed =
                    places.clone().filter_map(|place| Some((place, roll.id_at(place)?))).collect();
                let kept = active.filter(|id| placed.iter().all(|(_, other)| other != id));
                if let Some((place, id)) = kept.and_then(|id| Some((roll.place_of(id)?, id))) {
                    placed.insert(if place < window.first { 0 } else { placed.len() }, (place, id));
                }
                placed
            })
        });
        let view = Self {
            list,
            scroll,
            window,
            placed,
            active,
            has_focus: StoredValue::new(false),
            remembered: StoredValue::new(Vec::new()),
            selected,
            select,
        };
        let drawn = StoredValue::new((untrack(|| list.order_turn()), Sieve::of(&query.get_untracked())));
        effect(move |_| {
            let now = (list.order_turn(), query.with_untracked(Sieve::of));
            view.placed.with(|_| ());
            view.scroll.size.track();
            let (is_other_order, is_asked_anew) =
                drawn.with_value(|drawn| (drawn.0 != now.0, drawn.1 != now.1));
            drawn.set_value(now);
            if is_asked_anew {
                // What is asked for anew is read from its beginning.
                view.go_to(0.0);
            } else if is_other_order {
                view.hold();
            }
            view.remember();
            // What is drawn anew may have been moved, and what is moved loses the focus.
            request_animation_frame(move || view.keep_focus());
        });
        view
    }

    /// Pixels of rows that are seen.
    fn height(self) -> f64 {
        (self.scroll.size.get_untracked().1 - HEADER).max(0.0)
    }

    /// The first and the last row that are seen, counted from 0.
    pub fn visible(self) -> (usize, usize) {
        let (top, height) = (self.scroll.top.get(), self.scroll.size.get().1 - HEADER);
        self.list.order(|roll| roll.heights().visible(top, height.max(0.0)))
    }

    fn remember(self) {
        let (top, height) = (self.scroll.top.get_untracked(), self.height());
        let seen = self.list.peek(|roll| {
            let (first, last) = roll.heights().visible(top, height);
            let below = |place| Some((roll.id_at(place)?, roll.heights().below_edge(place, top, height)));
            (first..=last).take(REMEMBERED).filter_map(below).collect()
        });
        self.remembered.set_value(seen);
    }

    /// Rows came, went or moved: those in view stay where they are. Who stands at the very beginning and does nothing
    /// there wants to see what comes.
    fn hold(self) {
        let top = self.scroll.top.get_untracked();
        if top <= 0.0 && !self.has_focus.get_value() {
            return;
        }
        let seen = self.remembered.get_value();
        let held = self.list.peek(|roll| {
            let places = roll.places_of(&seen);
            roll.heights().held(&places, self.height())
        });
        if let Some(held) = held.filter(|held| (held - top).abs() >= 0.5) {
            self.go_to(held);
        }
    }

    /// Scrolls, and again once what is drawn anew has given room for it.
    fn go_to(self, top: f64) {
        self.scroll.top.set(top);
        self.scroll.scroll_to(top);
        request_animation_frame(move || {
            if self.scroll.top.try_get_untracked().is_some() {
                self.scroll.scroll_to(top);
            }
        });
    }

    /// Something of a row got the focus, or of no row any more.
    pub fn take_focus(self, target: Option<web_sys::Element>) {
        let row = target.and_then(|target| target.closest("tr[data-row]").ok().flatten());
        let id = row.and_then(|row| row.get_attribute("data-row")?.parse().ok());
        self.has_focus.set_value(id.is_some());
        if let Some(id) = id.filter(|id| self.active.get_untracked() != Some(*id)) {
            self.active.set(Some(id));
        }
    }

    pub fn leave(self) {
        self.has_focus.set_value(false);
    }

    /// Gives the focus back to its row, if drawing took it away.
    fn keep_focus(self) {
        let is_lost = || document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        if self.has_focus.try_get_value() == Some(true) && is_lost() {
            self.focus_in_row("a");
        }
    }

    fn focus_in_row(self, selector: &str) -> Option<web_sys::HtmlElement> {
        let id = self.active.try_get_untracked().flatten()?;
        let row = document().query_selector(&format!("tr[data-row=\"{id}\"]")).ok()??;
        let element = row.query_selector(selector).ok()??.dyn_into::<web_sys::HtmlElement>().ok()?;
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = element.focus_with_options(&options);
        Some(element)
    }

    /// Goes to the row at this place, and does something in it once it is drawn.
    fn go_to_row(self, place: usize, then: impl Fn(Self) + 'static) {
        let (top, height) = (self.scroll.top.get_untracked(), self.height());
        let (id, to) =
            self.list.peek(|roll| (roll.id_at(place), roll.heights().scroll_to(place, top, height)));
        let Some(id) = id else { return };
        self.active.set(Some(id));
        self.has_focus.set_value(true);
        if let Some(to) = to {
            self.scroll.scroll_to(to);
            self.scroll.on_scroll();
        }
        request_animation_frame(move || then(self));
    }

    /// The place of the row that has the focus, or had it last.
    fn here(self) -> Option<usize> {
        let active = self.active.get_untracked()?;
        self.list.peek(|roll| roll.place_of(active))
    }

    /// Does what a key asks for.
    pub fn press(self, press: Press) {
        let focus = |view: Self| {
            view.focus_in_row("a");
        };
        let last = self.list.peek(|roll| roll.shown().saturating_sub(1));
        let Some(here) = self.here() else {
            // From nowhere one comes to what is seen first.
            let first = if press == Press::Last { last } else { untrack(|| self.visible().0) };
            return self.go_to_row(first, focus);
        };
        let height = self.height();
        match press {
            Press::Step(step) => self.go_to_row(here.saturating_add_signed(step).min(last), focus),
            Press::Page { is_down } => {
                let to = self.list.peek(|roll| roll.heights().page_from(here, height, is_down));
                self.go_to_row(to, focus);
            }
            Press::First => self.go_to_row(0, focus),
            Press::Last => self.go_to_row(last, focus),
            Press::Extend(step) => {
                let next = here.saturating_add_signed(step).min(last);
                let mut selected = self.selected.get_untracked();
                self.list.peek(|roll| {
                    selected.extend([here, next].into_iter().filter_map(|place| roll.id_at(place)));
                });
                self.select.run(selected);
                self.go_to_row(next, focus);
            }
            Press::Toggle => {
                let mut selected = self.selected.get_untracked();
                if let Some(id) = self.list.peek(|roll| roll.id_at(here))
                    && !selected.remove(&id)
                {
                    selected.insert(id);
                }
                self.select.run(selected);
            }
            Press::OpenMenu => self.go_to_row(here, |view| {
                if let Some(button) = view.focus_in_row("button[aria-haspopup=menu]") {
                    button.click();
                }
            }),
        }
    }
}
