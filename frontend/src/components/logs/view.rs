//! Shows the lines around what is scrolled into view, and follows the end until one scrolls up.
//!
//! Must not know whose log it is.

use super::buffer::{LogBuffer, LogRow};
use super::window::{LINE_HEIGHT, is_at_end, lines};
use crate::state::clock::{absolute, time_of_day};
use leptos::html;
use leptos::prelude::*;
use shared::metric::LogLevel;

const fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warning => "warning",
        LogLevel::Error => "error",
    }
}

/// The lines that match, virtually all of them.
#[component]
pub fn LogViewer(
    logs: StoredValue<LogBuffer>,
    /// Changes whenever `logs` does.
    #[prop(into)]
    changed: Signal<u32>,
    #[prop(into)] least: Signal<LogLevel>,
    #[prop(into)] search: Signal<String>,
) -> impl IntoView {
    let view_ref = NodeRef::<html::Div>::new();
    let scroll_top = RwSignal::new(0.0f64);
    let height = RwSignal::new(600.0f64);
    let follows = RwSignal::new(true);
    // How many lines there were when following stopped.
    let seen = RwSignal::new(0usize);
    let matching = Memo::new(move |_| {
        changed.track();
        let (least, search) = (least.get(), search.get());
        logs.with_value(|logs| logs.matching(least, &search))
    });
    let total = Memo::new(move |_| matching.with(Vec::len));
    let window = Memo::new(move |_| lines(total.get()).window(scroll_top.get(), height.get()));
    let rows = move || {
        let window = window.get();
        matching.with(|matching| {
            logs.with_value(|logs| {
                let shown = matching.iter().skip(window.first).take(window.count);
                shown.filter_map(|index| logs.get(*index as usize).cloned()).collect::<Vec<LogRow>>()
            })
        })
    };
    let scroll_to_end = move || {
        request_animation_frame(move || {
            if let Some(view) = view_ref.try_get_untracked().flatten() {
                view.set_scroll_top(view.scroll_height());
            }
        });
    };
    Effect::new(move |_| {
        total.track();
        if view_ref.get().is_some() && follows.get_untracked() {
            scroll_to_end();
        }
    });
    let follow = move || {
        follows.set(true);
        scroll_to_end();
    };
    let on_scroll = move |_| {
        let Some(view) = view_ref.get_untracked() else { return };
        let (top, high) = (f64::from(view.scroll_top()), f64::from(view.client_height()));
        let before = scroll_top.get_untracked();
        scroll_top.set(top);
        height.set(high);
        if is_at_end(top, high, f64::from(view.scroll_height())) {
            follows.set(true);
        } else if top < before && follows.get_untracked() {
            // Only a person scrolls up; lines that arrive make the view longer.
            follows.set(false);
            seen.set(total.get_untracked());
        }
    };
    let next_error = move || {
        let here = (scroll_top.get_untracked() / LINE_HEIGHT) as usize;
        let next = matching.with_untracked(|matching| {
            logs.with_value(|logs| {
                let is_error = |place: &usize| {
                    let row = matching.get(*place).and_then(|index| logs.get(*index as usize));
                    row.is_some_and(|row| row.level == LogLevel::Error)
                };
                (here + 1..matching.len()).find(is_error).or_else(|| (0..matching.len()).find(is_error))
            })
        });
        if let (Some(place), Some(view)) = (next, view_ref.get_untracked()) {
            follows.set(false);
            seen.set(total.get_untracked());
            // Pixels of a log of at most 200,000 lines.
            view.set_scroll_top((place as f64 * LINE_HEIGHT) as i32);
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "f" => follow(),
            "e" => next_error(),
            _ => {}
        }
    };
    let new_lines = move || total.get().saturating_sub(seen.get());
    view! {
        <div class="log-frame">
            <div
                node_ref=view_ref
                class="log-view"
                role="region"
                aria-label="Log lines"
                tabindex="0"
                on:scroll=on_scroll
                on:keydown=on_key
            >
                <div class="log-space" style:height=move || format!("{}px", total.get() as f64 * LINE_HEIGHT)>
                    <div
                        class="log-rows"
                        style:transform=move || format!("translateY({}px)", window.get().offset)
                    >
                        <For each=rows key=|row| row.number let:row>
                            <LogRowView row/>
                        </For>
                    </div>
                </div>
            </div>
            <Show when=move || !follows.get()>
                <div class="log-jump">
                    <button class="button primary" type="button" on:click=move |_| follow()>
                        {move || match new_lines() {
                            0 => "Follow the end".to_owned(),
                            1 => "1 new line".to_owned(),
                            many => format!("{many} new lines"),
                        }}
                    </button>
                </div>
            </Show>
        </div>
    }
}

#[component]
fn LogRowView(row: LogRow) -> impl IntoView {
    let level = level_name(row.level);
    view! {
        <div class="log-row" data-level=level>
            <span class="log-number">{row.number}</span>
            <span class="log-time" title=absolute(row.at_ms)>{time_of_day(row.at_ms)}</span>
            <span class="log-level">{level}</span>
            <span class="log-text">{row.text}</span>
        </div>
    }
}
