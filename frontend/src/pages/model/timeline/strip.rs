//! The timeline under the head of a model's page: a strip in proportion to time, or a list where there is no room for one.
//!
//! Must not know how events arrive.

use super::layout::{Cluster, clusters, share};
use super::story::{BestValue, Kept, Kind, Known, Moment, Stretch, moments, stretches};
use crate::components::chart::summary::Better;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::components::observed::observed_size;
use crate::components::status_chip::look;
use crate::components::time::TimeAgo;
use crate::pages::compare::figures::best;
use crate::pages::model::figures::{Group, in_group};
use crate::pages::model::log_address::LogAddress;
use crate::state::clock::{Clock, absolute, time_of_day};
use crate::state::feed::Feed;
use crate::text;
use leptos::html;
use leptos::prelude::*;
use shared::id::ModelId;
use shared::training::{Training, Waiting};
use std::ops::Range;

/// What an event takes on the strip: a target for a finger and a little room.
const EVENT_PIXELS: f64 = 30.0;
/// On a narrower page the events are a list.
const LEAST_WIDTH: f64 = 480.0;

#[component]
pub fn Timeline(model: ModelId, training: RwSignal<Training>, feed: Feed) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let frame = NodeRef::<html::Div>::new();
    let size = observed_size(frame);
    // Nothing before it is known how much room there is.
    let is_narrow = memo(move |_| size.with(|(width, _)| (*width > 0.0).then_some(*width < LEAST_WIDTH)));
    let is_over = memo(move |_| training.with(|training| training.status.is_final()));
    let all = memo(move |_| feed.history.with(|history| moments(history, &known(training, feed))));
    let times = memo(move |_| all.with(|all| all.iter().map(|moment| moment.at_ms).collect::<Vec<_>>()));
    // While it runs, its end is now; what came after its end is still on the strip.
    let parts = memo(move |_| {
        let now_ms = if is_over.get() { 0 } else { clock.now_ms() };
        feed.history.with(|history| stretches(history, now_ms))
    });
    let span = memo(move |_| {
        let ends = parts.with(|parts| parts.last().map_or(0, |last| last.to_ms));
        times.with(|times| {
            (times.first().copied().unwrap_or_default(), times.last().copied().unwrap_or_default().max(ends))
        })
    });
    let is_empty = memo(move |_| times.with(Vec::is_empty));
    view! {
        <section class="timeline-strip" aria-labelledby="timeline-title">
            <h2 class="visually-hidden" id="timeline-title">"Timeline"</h2>
            <div node_ref=frame>
                {dynamic(move || match (is_empty.get(), is_narrow.get()) {
                    (true, _) | (false, None) => ().into_any(),
                    (false, Some(true)) => view! { <List model all/> }.into_any(),
                    (false, Some(false)) => view! { <Strip model all times parts span size is_over/> }.into_any(),
                })}
            </div>
        </section>
    }
}

/// What the page has besides the history.
fn known(training: RwSignal<Training>, feed: Feed) -> Known {
    let files = feed.artifacts.with(|artifacts| {
        let kept = |artifact: &shared::model::Artifact| {
            Some(Kept { at_ms: artifact.created_at_ms, name: artifact.name.clone(), epoch: artifact.epoch? })
        };
        artifacts.iter().filter_map(kept).collect()
    });
    let waiting = training.with(|training| training.waiting.as_ref().map(Waiting::describe));
    Known { files, best: best_value(feed), waiting }
}

/// The best validation, by the strictest figure of quality that there is.
fn best_value(feed: Feed) -> Option<BestValue> {
    let figures = feed.metrics.figures.with(|figures| in_group(Group::Quality, figures));
    let figure = figures.iter().find(|name| name.starts_with("mAP50-95")).or_else(|| figures.first())?;
    let tracks = feed.metrics.tracks(figure).get();
    let best = best(&tracks.first()?.values, Better::Higher)?;
    Some(BestValue { at_ms: best.at_ms, figure: figure.clone(), value: best.y, epoch: best.x })
}

const fn icon(kind: Kind) -> Icon {
    match kind {
        Kind::Status(status) => look(status).0,
        Kind::Checkpoint => Icon::Download,
        Kind::Best => Icon::ArrowUp,
    }
}

#[component]
fn Strip(
    model: ModelId,
    all: Memo<Vec<Moment>>,
    times: Memo<Vec<i64>>,
    parts: Memo<Vec<Stretch>>,
    span: Memo<(i64, i64)>,
    size: RwSignal<(f64, f64)>,
    is_over: Memo<bool>,
) -> impl IntoView {
    // The place of an event whose cluster is open.
    let open = RwSignal::new(None::<usize>);
    let places = memo(move |_| {
        let width = size.with(|(width, _)| *width);
        times.with(|times| clusters(times, span.get(), width, EVENT_PIXELS))
    });
    let opened = memo(move |_| {
        let open = open.get()?;
        // Not where they stand: that moves as time goes on, and what is read must not be drawn anew with it.
        places.with(|places| {
            places.iter().map(|place| place.events.clone()).find(|events| events.contains(&open))
        })
    });
    let events = Callback::new(move |those: Range<usize>| {
        all.with(|all| all.get(those).map(<[Moment]>::to_vec).unwrap_or_default())
    });
    let close = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked().is_some() {
            event.prevent_default();
            event.stop_propagation();
            open.set(None);
        }
    };
    let took = move || {
        let (from_ms, to_ms) = span.get();
        text::duration(to_ms - from_ms)
    };
    view! {
        <div on:keydown=close>
            <div class="strip-track">
                // Only what these stretches are is told anew as time goes on: how many there are, and of which attempt.
                <div class="strip-parts">
                    <For each=move || 0..parts.with(Vec::len) key=|place| *place let:place>
                        <Part place parts span/>
                    </For>
                </div>
                <ol class="strip-events">
                    <For each=move || places.get() key=|place| place.events.clone() let:place>
                        <Event place places open opened events/>
                    </For>
                </ol>
            </div>
            <div class="strip-ends muted" aria-hidden="true">
                <span>{dynamic(move || time_of_day(span.get().0))}</span>
                <span>{dynamic(took)}</span>
                <span>
                    {dynamic(move || if is_over.get() { time_of_day(span.get().1) } else { "now".to_owned() })}
                </span>
            </div>
            <div id="timeline-detail">
                {dynamic(move || opened.get().map(|those| {
                    let entries = events.run(those).into_iter().map(|moment| entry(model, moment));
                    view! { <ol class="strip-list card">{entries.collect_view()}</ol> }
                }))}
            </div>
        </div>
    }
}

/// A stretch of waiting, or of an attempt.
#[component]
fn Part(place: usize, parts: Memo<Vec<Stretch>>, span: Memo<(i64, i64)>) -> impl IntoView {
    let part = memo(move |_| parts.with(|parts| parts.get(place).copied()));
    let shares = memo(move |_| {
        let (part, span) = (part.get()?, span.get());
        Some((share(part.from_ms, span), share(part.to_ms, span)))
    });
    let percent = |share: f64| format!("{:.3}%", share * 100.0);
    let attempt = memo(move |_| part.get().and_then(|part| part.attempt));
    view! {
        <span
            class="strip-part"
            data-look=move || if attempt.get().is_some() { "running" } else { "waiting" }
            style:left=move || shares.get().map(|(from, _)| percent(from))
            style:width=move || shares.get().map(|(from, to)| percent(to - from))
            title=move || match attempt.get() {
                Some(attempt) => format!("Attempt {attempt}"),
                None => "Waiting".to_owned(),
            }
        ></span>
    }
}

/// One place with its event, or with several that are too near to each other.
#[component]
fn Event(
    place: Cluster,
    places: Memo<Vec<Cluster>>,
    open: RwSignal<Option<usize>>,
    opened: Memo<Option<Range<usize>>>,
    events: Callback<Range<usize>, Vec<Moment>>,
) -> impl IntoView {
    let those = place.events;
    let (first, count) = (those.start, those.len());
    let key = those.clone();
    let x = memo(move |_| {
        places.with(|places| places.iter().find(|place| place.events == key).map(|place| place.x))
    });
    let key = those.clone();
    let is_open = memo(move |_| opened.with(|opened| opened.as_ref() == Some(&key)));
    let here = those.clone();
    let label = memo(move |_| {
        let those = events.run(here.clone());
        let when = those.first().map(|moment| absolute(moment.at_ms)).unwrap_or_default();
        let titles: Vec<String> = those.into_iter().map(|moment| moment.title).collect();
        // What stands on the button is a part of its name.
        let several = if count > 1 { format!("{count} events: ") } else { String::new() };
        format!("{several}{}, {when}", titles.join(", "))
    });
    // Of several, the shape of the last status, and how many there are.
    let shape = memo(move |_| {
        let those = events.run(those.clone());
        let status = those.iter().rev().find(|moment| matches!(moment.kind, Kind::Status(_)));
        status.or_else(|| those.last()).map(|moment| moment.kind)
    });
    let toggle = move |_| open.set(if is_open.get_untracked() { None } else { Some(first) });
    view! {
        <li style:left=move || x.get().map(|x| format!("{x:.1}px"))>
            <button
                class="chip strip-event"
                type="button"
                aria-label=label
                title=label
                aria-expanded=move || is_open.get().to_string()
                aria-controls="timeline-detail"
                data-look=move || match shape.get() {
                    Some(Kind::Status(status)) => look(status).1,
                    Some(Kind::Checkpoint | Kind::Best) | None => "neutral",
                }
                on:click=toggle
            >
                {dynamic(move || shape.get().map(|kind| view! { <IconView icon=icon(kind)/> }))}
                {(count > 1).then(|| view! { <span class="strip-count">{count}</span> })}
            </button>
        </li>
    }
}

#[component]
fn List(model: ModelId, all: Memo<Vec<Moment>>) -> impl IntoView {
    let words = move || {
        let last = all.with(|all| all.last().map(|moment| moment.title.clone())).unwrap_or_default();
        format!("{}, last: {last}", text::counted(all.with(Vec::len) as u64, "event", "events"))
    };
    view! {
        <details class="card">
            <summary>"Timeline: " {dynamic(words)}</summary>
            <ol class="strip-list">
                {dynamic(move || all.get().into_iter().map(|moment| entry(model, moment)).collect_view())}
            </ol>
        </details>
    }
}

/// An event with all that is known of it.
fn entry(model: ModelId, moment: Moment) -> impl IntoView {
    let log = moment.attempt.map(|attempt| {
        let all = LogAddress::from_parts(|_| None, "");
        let url = LogAddress { attempt: Some(attempt), ..all }.to_url(&model.to_string());
        view! { <a href=url>{format!("Log of attempt {attempt}")}</a> }
    });
    view! {
        <li>
            <IconView icon=icon(moment.kind)/>
            <div>
                <strong>{moment.title}</strong>
                {(!moment.reason.is_empty()).then(|| view! { <span>": " {moment.reason}</span> })}
                " "
                {log}
                <div class="muted">{absolute(moment.at_ms)} " (" <TimeAgo at_ms=moment.at_ms/> ")"</div>
            </div>
        </li>
    }
}
