//! Shows the lines around what is scrolled into view, and follows the end until one scrolls up.
//!
//! Must not know whose log it is.

use super::buffer::{LogBuffer, LogRow};
use super::colours::pieces;
use super::layout::{Entry, EpochEnd, Narrow, Stretch, layout, map_of, place_of, places_of_text};
use super::window::{LINE_HEIGHT, is_at_end, lines};
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::icon::{Icon, IconView};
use crate::state::clock::{absolute, time_of_day};
use crate::text;
use leptos::html;
use leptos::prelude::*;
use shared::metric::LogLevel;
use std::collections::BTreeSet;

/// Marks beside the scroll bar at most.
const MAP_PARTS: usize = 100;

const fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warning => "warning",
        LogLevel::Error => "error",
    }
}

/// The log that is shown, and where in it one is.
#[derive(Clone, Copy)]
pub struct LogView {
    logs: StoredValue<LogBuffer>,
    pub entries: Memo<Vec<Entry>>,
    /// Rows with what is searched for.
    pub found: Memo<Vec<usize>>,
    /// Which of them was gone to last, from 0.
    pub at_match: RwSignal<Option<usize>>,
    search: Signal<String>,
    folded: RwSignal<BTreeSet<Stretch>>,
    view: NodeRef<html::Div>,
    scroll_top: RwSignal<f64>,
    height: RwSignal<f64>,
    follows: RwSignal<bool>,
    /// How many rows there were when following stopped.
    seen: RwSignal<usize>,
}

impl LogView {
    pub fn new(
        logs: StoredValue<LogBuffer>,
        // Changes whenever `logs` does.
        changed: Signal<u32>,
        narrow: Signal<Narrow>,
        search: Signal<String>,
        ends: Signal<Vec<EpochEnd>>,
    ) -> Self {
        let folded = RwSignal::new(BTreeSet::new());
        let entries = memo(move |_| {
            changed.track();
            let narrow = narrow.get();
            logs.with_value(|logs| {
                ends.with(|ends| folded.with(|folded| layout(logs, &narrow, ends, folded)))
            })
        });
        let found = memo(move |_| {
            let search = search.get();
            entries.with(|entries| logs.with_value(|logs| places_of_text(entries, logs, &search)))
        });
        Self {
            logs,
            entries,
            found,
            at_match: RwSignal::new(None),
            search,
            folded,
            view: NodeRef::new(),
            scroll_top: RwSignal::new(0.0),
            height: RwSignal::new(600.0),
            follows: RwSignal::new(true),
            seen: RwSignal::new(0),
        }
    }

    fn total(self) -> usize {
        self.entries.with(Vec::len)
    }

    fn follow(self) {
        self.follows.set(true);
        request_animation_frame(move || {
            if let Some(view) = self.view.try_get_untracked().flatten() {
                view.set_scroll_top(view.scroll_height());
            }
        });
    }

    fn stop_following(self) {
        if self.follows.get_untracked() {
            self.follows.set(false);
            self.seen.set(self.entries.with_untracked(Vec::len));
        }
    }

    /// Brings a row into the middle of the view.
    fn go_to(self, place: usize) {
        self.stop_following();
        request_animation_frame(move || {
            let Some(view) = self.view.try_get_untracked().flatten() else { return };
            let above = (f64::from(view.client_height()) - LINE_HEIGHT) / 2.0;
            // Pixels of a log of at most 200,000 lines.
            view.set_scroll_top((place as f64 * LINE_HEIGHT - above).max(0.0) as i32);
        });
    }

    /// Brings a line into the view, by its number.
    pub fn go_to_line(self, number: u64) {
        let place = self
            .entries
            .with_untracked(|entries| self.logs.with_value(|logs| place_of(entries, logs, number)));
        if let Some(place) = place {
            self.go_to(place);
        }
    }

    /// Goes to the next match, or to the one before, round the ends.
    pub fn step_match(self, is_forward: bool) {
        let count = self.found.with_untracked(Vec::len);
        let next = crate::components::choices::stepped(self.at_match.get_untracked(), count, is_forward);
        self.at_match.set(next);
        let place = next.and_then(|next| self.found.with_untracked(|found| found.get(next).copied()));
        if let Some(place) = place {
            self.go_to(place);
        }
    }

    fn next_error(self) {
        let here = (self.scroll_top.get_untracked() / LINE_HEIGHT) as usize;
        let middle = here + (self.height.get_untracked() / LINE_HEIGHT / 2.0) as usize;
        let next = self.entries.with_untracked(|entries| {
            self.logs.with_value(|logs| {
                let is_error = |place: &usize| match entries.get(*place) {
                    Some(Entry::Line(index)) => {
                        logs.get(*index as usize).is_some_and(|row| row.level == LogLevel::Error)
                    }
                    Some(Entry::Heading { .. }) | None => false,
                };
                (middle + 1..entries.len()).find(is_error).or_else(|| (0..entries.len()).find(is_error))
            })
        });
        if let Some(place) = next {
            self.go_to(place);
        }
    }

    fn scrolled(self) {
        let Some(view) = self.view.get_untracked() else { return };
        let (top, high) = (f64::from(view.scroll_top()), f64::from(view.client_height()));
        let before = self.scroll_top.get_untracked();
        self.scroll_top.set(top);
        self.height.set(high);
        if is_at_end(top, high, f64::from(view.scroll_height())) {
            self.follows.set(true);
        } else if top < before {
            // Only a person scrolls up; lines that arrive make the view longer.
            self.stop_following();
        }
    }

    fn key(self, event: &web_sys::KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "f" => self.follow(),
            "e" => self.next_error(),
            "n" => self.step_match(true),
            "N" => self.step_match(false),
            _ => return,
        }
        event.prevent_default();
    }
}

/// A row as it is drawn; what it shows is in its key, so that it is drawn anew when that changes.
#[derive(Clone, PartialEq)]
enum Row {
    Heading { stretch: Stretch, lines: u32, has_error: bool, is_folded: bool },
    Line(LogRow),
}

impl Row {
    fn key(&self) -> (u64, u32, bool) {
        match self {
            Self::Heading { stretch, lines, has_error, is_folded } => {
                let place = u64::from(stretch.attempt) << 33 | u64::from(stretch.epoch) << 1 | 1;
                (place | 1 << 63, lines << 1 | u32::from(*has_error), *is_folded)
            }
            Self::Line(row) => (row.number, 0, false),
        }
    }
}

/// The rows of a log, virtually all of them.
#[component]
pub fn LogViewer(
    log: LogView,
    /// The line that the address names.
    chosen: Signal<Option<u64>>,
    choose: Callback<u64>,
) -> impl IntoView {
    let total = memo(move |_| log.total());
    let window = memo(move |_| lines(total.get()).window(log.scroll_top.get(), log.height.get()));
    let rows = move || {
        let window = window.get();
        let row = |entry: &Entry| match *entry {
            Entry::Heading { stretch, lines, has_error } => {
                let is_folded = log.folded.with(|folded| folded.contains(&stretch));
                Some(Row::Heading { stretch, lines, has_error, is_folded })
            }
            Entry::Line(index) => {
                log.logs.with_value(|logs| logs.get(index as usize).cloned().map(Row::Line))
            }
        };
        log.entries.with(|entries| {
            entries.iter().skip(window.first).take(window.count).filter_map(row).collect::<Vec<Row>>()
        })
    };
    effect(move |_| {
        total.track();
        if log.view.get().is_some() && log.follows.get_untracked() {
            log.follow();
        }
    });
    let row_view = move |row: Row| match row {
        Row::Heading { stretch, lines, has_error, is_folded } => {
            view! { <HeadingView log stretch lines has_error is_folded/> }.into_any()
        }
        Row::Line(row) => view! { <LineView log row chosen choose/> }.into_any(),
    };
    let marks = move || {
        let parts = log.found.with(|found| map_of(found, total.get(), MAP_PARTS));
        let mark = |part: usize| {
            let top = part as f64 * 100.0 / MAP_PARTS as f64;
            view! { <span style:top=format!("{top}%")></span> }
        };
        parts.into_iter().map(mark).collect_view().into_any()
    };
    let new_lines = move || total.get().saturating_sub(log.seen.get());
    view! {
        <div class="log-frame">
            <div
                node_ref=log.view
                class="log-view"
                role="region"
                aria-label="Log lines"
                tabindex="0"
                on:scroll=move |_| log.scrolled()
                on:keydown=move |event| log.key(&event)
            >
                <div class="log-space" style:height=move || format!("{}px", total.get() as f64 * LINE_HEIGHT)>
                    <div
                        class="log-rows"
                        style:transform=move || format!("translateY({}px)", window.get().offset)
                    >
                        <For each=rows key=Row::key children=row_view/>
                    </div>
                </div>
            </div>
            <div class="log-map" aria-hidden="true">{dynamic(marks)}</div>
            <Show when=move || !log.follows.get()>
                <div class="log-jump">
                    <button class="button primary" type="button" on:click=move |_| log.follow()>
                        {dynamic(move || match new_lines() {
                            0 => "Follow the end".to_owned(),
                            new => text::counted(new as u64, "new line", "new lines"),
                        })}
                    </button>
                </div>
            </Show>
        </div>
    }
}

#[component]
fn HeadingView(
    log: LogView,
    stretch: Stretch,
    lines: u32,
    has_error: bool,
    is_folded: bool,
) -> impl IntoView {
    let Stretch { attempt, epoch, is_open } = stretch;
    let place = match (is_open, epoch) {
        (true, 0 | 1) => "Before the end of the first epoch".to_owned(),
        (true, epoch) => format!("After epoch {}", epoch - 1),
        (false, epoch) => format!("Epoch {epoch}"),
    };
    let words = format!("{place}, attempt {attempt}");
    let fold = move |_| {
        log.stop_following();
        log.folded.update(|folded| {
            if !folded.remove(&stretch) {
                folded.insert(stretch);
            }
        });
    };
    view! {
        <div class="log-heading" class:has-error=has_error>
            <button type="button" aria-expanded=(!is_folded).to_string() on:click=fold>
                <IconView icon=if is_folded { Icon::ChevronRight } else { Icon::ChevronDown }/>
                {words}
            </button>
            <span class="muted">{text::counted(lines.into(), "line", "lines")}</span>
            {has_error.then_some("with errors")}
        </div>
    }
}

#[component]
fn LineView(log: LogView, row: LogRow, chosen: Signal<Option<u64>>, choose: Callback<u64>) -> impl IntoView {
    let level = level_name(row.level);
    let (number, at_ms) = (row.number, row.at_ms);
    let words = move || {
        let piece = |piece: super::colours::Piece| {
            if piece.is_match {
                view! { <mark class=piece.class>{piece.text}</mark> }.into_any()
            } else if piece.class.is_empty() {
                piece.text.into_any()
            } else {
                view! { <span class=piece.class>{piece.text}</span> }.into_any()
            }
        };
        let pieces = log.search.with(|search| pieces(&row.text, &row.colours, search));
        pieces.into_iter().map(piece).collect_view().into_any()
    };
    let go = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        choose.run(number);
    };
    view! {
        <div class="log-row" data-level=level class:chosen=move || chosen.get() == Some(number)>
            <a class="log-number" href=format!("#L{number}") tabindex="-1" on:click=go>{number}</a>
            <span class="log-time" title=absolute(at_ms)>{time_of_day(at_ms)}</span>
            <span class="log-level">{level}</span>
            <span class="log-text">{dynamic(words)}</span>
        </div>
    }
}
