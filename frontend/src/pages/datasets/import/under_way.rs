//! How far an import is: all of it, and each file that is on its way.
//!
//! Must not know how files are sent.

use super::state::{Importing, Stage};
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::progress::ProgressBar;
use crate::state::clock::browser_now_ms;
use crate::state::focus;
use crate::text;
use leptos::html;
use leptos::prelude::*;

/// Files that are shown at once: those under way and the next ones.
const SHOWN_FILES: usize = 8;

#[component]
pub fn UnderWay() -> impl IntoView {
    let importing = expect_context::<Importing>();
    let is_sending = memo(move |_| importing.stage.with(|stage| *stage == Stage::Sending));
    let part = NodeRef::<html::Div>::new();
    // The fields that had the focus take nothing now.
    effect(move |_| {
        if let Some(part) = part.get() {
            focus::catch_with(part.into());
        }
    });
    view! {
        <div node_ref=part tabindex="-1" role="group" aria-label="Under way">
            {dynamic(move || if is_sending.get() { view! { <Sending/> }.into_any() } else { view! { <Reading/> }.into_any() })}
        </div>
    }
}

/// The sending of all files in numbers.
#[derive(Debug, Clone, PartialEq)]
struct Sum {
    fraction: f64,
    words: String,
}

/// A file that is not all there yet.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    index: usize,
    name: String,
    percent: u64,
}

#[component]
fn Sending() -> impl IntoView {
    let importing = expect_context::<Importing>();
    let started_ms = browser_now_ms();
    let sizes = importing.picked.with_untracked(|picked| {
        picked.iter().map(|picked| (picked.name.clone(), picked.size_bytes())).collect::<Vec<_>>()
    });
    let sizes = StoredValue::new(sizes);
    let sum = memo(move |_| {
        let sent = importing.progress.sent();
        sizes.with_value(|sizes| {
            let total: u64 = sizes.iter().map(|(_, size)| size).sum();
            let there: u64 = sent.iter().sum();
            let done = sizes.iter().zip(&sent).filter(|((_, size), sent)| *sent >= size).count() as u64;
            let fraction = if total == 0 { 0.0 } else { there as f64 / total as f64 };
            let mut words = format!(
                "{} of {}, {} of {}",
                text::count(done),
                text::counted(sizes.len() as u64, "file", "files"),
                text::bytes(there),
                text::bytes(total)
            );
            if let Some(left) = text::time_left(fraction, browser_now_ms() - started_ms) {
                words += &format!(", {left}");
            }
            Sum { fraction, words }
        })
    });
    let rows = memo(move |_| {
        let sent = importing.progress.sent();
        sizes.with_value(|sizes| {
            let unfinished = sizes.iter().zip(sent.iter().copied().chain(std::iter::repeat(0))).enumerate();
            unfinished
                .filter(|(_, ((_, size), sent))| sent < size)
                .take(SHOWN_FILES)
                .map(|(index, ((name, size), sent))| Row {
                    index,
                    name: name.clone(),
                    percent: sent.saturating_mul(100) / (*size).max(1),
                })
                .collect::<Vec<_>>()
        })
    });
    let words = Signal::derive(move || {
        let waits = if importing.progress.is_waiting.get() { "Connection lost, trying again. " } else { "" };
        format!("{waits}{}", sum.with(|sum| sum.words.clone()))
    });
    view! {
        <div class="under-way">
            <ProgressBar
                fraction=Signal::derive(move || sum.with(|sum| sum.fraction))
                text=words
                label=Signal::stored("Progress of the upload".to_owned())
                look=Signal::stored("progress")
            />
            <ul class="file-progress" aria-label="Files on their way">
                <For each=move || rows.get() key=|row| (row.index, row.percent) let:row>
                    <li>
                        <span class="file-name">{row.name}</span>
                        <progress max="100" value=row.percent.to_string()>{format!("{} %", row.percent)}</progress>
                    </li>
                </For>
            </ul>
            <div class="button-row">
                <button class="button small" type="button" on:click=move |_| importing.stop_sending()>"Stop the upload"</button>
            </div>
        </div>
    }
}

#[component]
fn Reading() -> impl IntoView {
    let importing = expect_context::<Importing>();
    let progress = memo(move |_| match importing.stage.get() {
        Stage::Importing(done, total) => (done, total),
        _ => (0, 0),
    });
    let fraction = Signal::derive(move || {
        let (done, total) = progress.get();
        if total == 0 { 0.0 } else { done as f64 / total as f64 }
    });
    let words = Signal::derive(move || match progress.get() {
        (_, 0) => "Looking for files".to_owned(),
        (done, total) => {
            format!("{} of {} read", text::count(done), text::counted(total, "file", "files"))
        }
    });
    view! {
        <ProgressBar
            fraction
            text=words
            label=Signal::stored("Progress of the import".to_owned())
            look=Signal::stored("progress")
        />
    }
}
