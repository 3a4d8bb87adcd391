//! The log of a training, with what narrows it in the URL.
//!
//! Must not know how lines are drawn.

use crate::api;
use crate::components::empty::{Empty, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::components::logs::LogViewer;
use crate::routes::encoded;
use crate::state::feed::Feed;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_location, use_query_map};
use shared::metric::LogLevel;
use shared::training::Training;

/// Lines that one press fetches.
const EARLIER_LINES: u32 = 5_000;

/// Words in the URL and in the filter.
const LEVELS: [(LogLevel, &str, &str); 4] = [
    (LogLevel::Debug, "", "All levels"),
    (LogLevel::Info, "info", "Info and above"),
    (LogLevel::Warning, "warning", "Warnings and errors"),
    (LogLevel::Error, "error", "Errors"),
];

#[component]
pub fn LogsTab(training: Option<RwSignal<Training>>) -> impl IntoView {
    let feed = expect_context::<Live>().feed;
    let Some(training) = training else {
        return view! {
            <Empty title="No log yet"><p>"What a training says appears here, line by line"</p></Empty>
        }
        .into_any();
    };
    let has_lines = Memo::new(move |_| {
        feed.logs_changed.track();
        feed.logs.with_value(|logs| logs.len() > 0)
    });
    view! {
        <Show
            when=move || has_lines.get()
            fallback=move || {
                if feed.is_loaded.get() {
                    view! {
                        <Empty title="No log yet"><p>"What the training says appears here, line by line"</p></Empty>
                    }
                    .into_any()
                } else {
                    view! { <Skeleton rows=8/> }.into_any()
                }
            }
        >
            <Log feed training/>
        </Show>
    }
    .into_any()
}

#[component]
fn Log(feed: Feed, training: RwSignal<Training>) -> impl IntoView {
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let location = use_location();
    let level_word = Memo::new(move |_| parameters.with(|all| all.get("level").unwrap_or_default()));
    let search = Memo::new(move |_| parameters.with(|all| all.get("q").unwrap_or_default()));
    let least = Memo::new(move |_| {
        let word = level_word.get();
        LEVELS.iter().find(|(_, name, _)| *name == word).map_or(LogLevel::Debug, |(level, _, _)| *level)
    });
    let narrow = move |level: String, search: String| {
        let mut parts = Vec::new();
        if !level.is_empty() {
            parts.push(format!("level={}", encoded(&level)));
        }
        if !search.is_empty() {
            parts.push(format!("q={}", encoded(&search)));
        }
        let path = location.pathname.get_untracked();
        let query = if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) };
        navigation.replace(format!("{path}{query}"));
    };
    let count = Memo::new(move |_| {
        feed.logs_changed.track();
        feed.logs.with_value(|logs| logs.matching(least.get(), &search.get()).len())
    });
    view! {
        <div class="toolbar" role="search" aria-label="Log">
            <div class="search-field">
                <IconView icon=Icon::Search/>
                <input
                    class="input"
                    type="search"
                    data-search
                    aria-label="Search the log"
                    placeholder="Search the log"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=move || search.get()
                    on:input=move |event| narrow(level_word.get_untracked(), event_target_value(&event))
                />
            </div>
            <div class="filter-chips" role="group" aria-label="Level">
                {LEVELS
                    .map(|(level, word, label)| {
                        view! {
                            <button
                                class="filter-chip"
                                type="button"
                                aria-pressed=move || (least.get() == level).to_string()
                                on:click=move |_| narrow(word.to_owned(), search.get_untracked())
                            >
                                {label}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
            <span class="muted" role="status">
                {move || crate::text::counted(count.get() as u64, "line", "lines")}
            </span>
            <Earlier feed training/>
        </div>
        <LogViewer logs=feed.logs changed=feed.logs_changed least search/>
    }
}

/// The lines before those that were sent at first.
#[component]
fn Earlier(feed: Feed, training: RwSignal<Training>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let first = Memo::new(move |_| {
        feed.logs_changed.track();
        feed.logs.with_value(|logs| logs.first_number().unwrap_or(1))
    });
    let is_fetching = RwSignal::new(false);
    let fetch = move |_| {
        if is_fetching.get_untracked() {
            return;
        }
        is_fetching.set(true);
        let execution = training.with_untracked(|training| training.execution_id);
        let after = first.get_untracked().saturating_sub(1).saturating_sub(u64::from(EARLIER_LINES));
        spawn_local(async move {
            match api::trainings::logs(execution.to_string(), after, EARLIER_LINES).await {
                // The page may show another execution by now.
                Ok(lines) if feed.execution.get_untracked() == Some(execution) => feed.take_logs(lines),
                Ok(_) => {}
                Err(error) => {
                    toasts.problem(format!("Earlier lines could not be loaded: {}", error.sentence()))
                }
            }
            is_fetching.try_set(false);
        });
    };
    view! {
        <Show when=move || { first.get() > 1 }>
            <button class="button" type="button" aria-busy=move || is_fetching.get().to_string() on:click=fetch>
                "Load earlier lines"
            </button>
        </Show>
    }
}
