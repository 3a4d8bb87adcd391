//! The log of a training, with what narrows it in the URL.
//!
//! Must not know how lines are drawn.

use super::log_address::{LEVELS, LogAddress};
use crate::api;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::empty::{Empty, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::components::logs::{LogView, LogViewer};
use crate::components::search_field::SearchField;
use crate::state::clock::absolute;
use crate::state::feed::Feed;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::saving;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_location, use_query_map};
use proto::v1::LogLine;
use shared::id::ModelId;
use shared::metric::LogLevel;
use shared::training::Training;

/// Lines that one press fetches.
const EARLIER_LINES: u32 = 5_000;

#[component]
pub fn LogsTab(model: ModelId, training: Option<RwSignal<Training>>) -> impl IntoView {
    let feed = expect_context::<Live>().feed;
    let Some(training) = training else {
        return view! {
            <Empty title="No log yet"><p>"What a training says appears here, line by line"</p></Empty>
        }
        .into_any();
    };
    let has_lines = memo(move |_| {
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
            <Log feed model training/>
        </Show>
    }
    .into_any()
}

#[component]
fn Log(feed: Feed, model: ModelId, training: RwSignal<Training>) -> impl IntoView {
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let fragment = use_location().hash;
    let address =
        memo(move |_| parameters.with(|all| LogAddress::from_parts(|key| all.get(key), &fragment.get())));
    let change = move |change: &dyn Fn(&mut LogAddress)| {
        let mut to = address.get_untracked();
        change(&mut to);
        navigation.replace(to.to_url(&model.to_string()));
    };
    let narrow = memo(move |_| address.with(LogAddress::narrow));
    let search = memo(move |_| address.with(|address| address.search.clone()));
    let least = memo(move |_| address.with(|address| address.least));
    let only_matching = memo(move |_| address.with(|address| address.only_matching));
    let line = memo(move |_| address.with(|address| address.line));
    let log = LogView::new(
        feed.logs,
        feed.logs_changed.into(),
        narrow.into(),
        search.into(),
        feed.metrics.epoch_ends.into(),
    );
    // The line that the address names is gone to once it is there, and again when it is another.
    let gone_to = StoredValue::new(None::<u64>);
    effect(move |_| {
        let is_there = log.entries.with(|entries| !entries.is_empty());
        let wanted = line.get();
        if is_there && wanted != gone_to.get_value() {
            gone_to.set_value(wanted);
            if let Some(number) = wanted {
                log.go_to_line(number);
            }
        }
    });
    let choose = Callback::new(move |number| {
        gone_to.set_value(Some(number));
        change(&|address| address.line = if address.line == Some(number) { None } else { Some(number) });
    });
    let count = memo(move |_| log.found.with(Vec::len));
    let on_search = Callback::new(move |words: String| {
        log.at_match.set(None);
        change(&|address| address.search = words.clone());
    });
    let level_chip = move |(level, _, label): (LogLevel, &'static str, &'static str)| {
        view! {
            <button
                class="filter-chip"
                type="button"
                aria-pressed=move || (least.get() == level).to_string()
                on:click=move |_| change(&|address| address.least = level)
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="toolbar" role="search" aria-label="Log">
            <SearchField words="Search the log" value=search on_input=on_search/>
            <Show when=move || !search.with(String::is_empty)>
                <span class="muted" role="status">
                    {dynamic(move || match (log.at_match.get(), count.get()) {
                        (_, 0) => "No line has it".to_owned(),
                        (Some(at), count) => format!("{} of {}", text::count(at as u64 + 1), text::count(count as u64)),
                        (None, count) => text::counted(count as u64, "line", "lines"),
                    })}
                </span>
                <button class="icon-button" type="button" aria-label="Match before (N)" on:click=move |_| log.step_match(false)>
                    <IconView icon=Icon::ArrowUp/>
                </button>
                <button class="icon-button" type="button" aria-label="Next match (n)" on:click=move |_| log.step_match(true)>
                    <IconView icon=Icon::ArrowDown/>
                </button>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || only_matching.get()
                        on:change=move |_| change(&|address| address.only_matching = !address.only_matching)
                    />
                    "Only these"
                </label>
            </Show>
            <div class="filter-chips" role="group" aria-label="Level">{LEVELS.map(level_chip).collect_view()}</div>
            <AttemptChoice training address change=Callback::new(move |attempt| {
                change(&|address| address.attempt = attempt);
            })/>
            <Earlier feed training/>
            <Download training/>
        </div>
        <LogViewer log chosen=line.into() choose/>
    }
}

/// Of which attempt lines are listed, where there were several.
#[component]
fn AttemptChoice(
    training: RwSignal<Training>,
    address: Memo<LogAddress>,
    change: Callback<Option<u32>>,
) -> impl IntoView {
    let attempts = memo(move |_| training.with(|training| training.attempt));
    let chosen = memo(move |_| address.with(|address| address.attempt));
    let choose = move |event| change.run(event_target_value(&event).parse().ok());
    let option = move |attempt: u32| {
        view! {
            <option value=attempt.to_string() prop:selected=move || chosen.get() == Some(attempt)>
                {format!("Attempt {attempt}")}
            </option>
        }
    };
    view! {
        <Show when=move || { attempts.get() > 1 }>
            <select class="select narrow" aria-label="Attempt" on:change=choose>
                <option value="" prop:selected=move || chosen.get().is_none()>"All attempts"</option>
                {dynamic(move || (1..=attempts.get()).map(option).collect_view())}
            </select>
        </Show>
    }
}

/// All lines as a file, also those that the page does not hold.
#[component]
fn Download(training: RwSignal<Training>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let is_busy = RwSignal::new(false);
    let save = move |_| {
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        let (execution, name) = training
            .with_untracked(|training| (training.execution_id.to_string(), training.model_name.clone()));
        spawn_local(async move {
            let saved = match api::trainings::whole_log(execution).await {
                Ok(lines) => saving::offer(&format!("{name}.log"), &as_text(&lines), "text/plain")
                    .map_err(|_| "this browser could not save it".to_owned()),
                Err(error) => Err(error.sentence()),
            };
            if let Err(problem) = saved {
                toasts.problem(format!("The log could not be saved: {problem}"));
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <button class="button" type="button" aria-busy=move || is_busy.get().to_string() on:click=save>
            <IconView icon=Icon::Download/>
            "Download"
        </button>
    }
}

/// Number, time, level and words of each line, by tabs.
fn as_text(lines: &[LogLine]) -> String {
    let line = |line: &LogLine| {
        format!("{}\t{}\t{}\t{}\n", line.number, absolute(line.at_ms), line.level, line.text)
    };
    lines.iter().map(line).collect()
}

/// The lines before those that were sent at first.
#[component]
fn Earlier(feed: Feed, training: RwSignal<Training>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let first = memo(move |_| {
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
