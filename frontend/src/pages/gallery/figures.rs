//! Charts and logs: with values, with gaps, with nothing.
//!
//! Must not know a training.

use super::hostile::texts;
use super::page::Section;
use crate::components::chart::Chart;
use crate::components::chart::lines::{Line, Point};
use crate::components::chart::look::Look;
use crate::components::chart::marks::{Mark, MarkKind};
use crate::components::chart::scope::Scope;
use crate::components::chart::settings::Settings;
use crate::components::chart::summary::Better;
use crate::components::logs::buffer::{LogBuffer, LogRow};
use crate::components::logs::colours::parted;
use crate::components::logs::layout::Narrow;
use crate::components::logs::{LogView, LogViewer};
use crate::state::clock::Clock;
use leptos::prelude::*;
use shared::metric::LogLevel;

const EPOCHS: usize = 60;

/// Lines that fall and swing, the third with a gap.
fn lines(count: usize) -> Vec<Line> {
    let line = |place: usize| {
        let point = |epoch: usize| {
            let x = epoch as f64;
            let swing = (x * 0.7 + place as f64).sin() * 0.05;
            let is_gap = place == 2 && (20..30).contains(&epoch);
            let y = if is_gap { f64::NAN } else { 1.0 / (1.0 + x * 0.1) + swing + place as f64 * 0.04 };
            Point { x, y }
        };
        Line {
            legend: format!("line {place}"),
            look: Look::of_place(place),
            points: (1..=EPOCHS).map(point).collect(),
        }
    };
    (0..count).map(line).collect()
}

#[component]
pub fn FigureSection() -> impl IntoView {
    let settings = RwSignal::new(Settings::default());
    let change = Callback::new(move |to| settings.set(to));
    let scope = Scope::new(settings.into(), change, Signal::stored(Some((1.0, EPOCHS as f64))));
    let marks = vec![
        Mark { x: 12.0, kind: MarkKind::Attempt, words: "Attempt 2".into() },
        Mark { x: 40.0, kind: MarkKind::Checkpoint, words: "best.safetensors".into() },
    ];
    let chart = move |name: &str, count: usize, marks: Vec<Mark>| {
        view! {
            <Chart
                name=name.to_owned()
                explanation="What it is, and what is good"
                lines=Signal::stored(lines(count))
                marks=Signal::stored(marks)
                better=Better::Lower
                is_share=false
                scope
            />
        }
    };
    view! {
        <Section title="Charts">
            <div class="chart-grid">
                {chart("three lines, a gap and marks", 3, marks)}
                {chart("eighteen lines", 18, Vec::new())}
                {chart("nothing yet", 0, Vec::new())}
            </div>
        </Section>
        <Logs/>
    }
}

#[component]
fn Logs() -> impl IntoView {
    let now = expect_context::<Clock>().now_ms_untracked();
    let levels = [LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error];
    let mut buffer = LogBuffer::default();
    let coloured =
        "\u{1b}[32mgreen\u{1b}[0m \u{1b}[1;31mred and bold\u{1b}[0m [redacted HUB_TOKEN]".to_owned();
    let all = texts().into_iter().map(|(_, text)| text).chain([coloured]);
    let rows = (1..).zip(all).zip(levels.into_iter().cycle()).map(|((number, text), level)| {
        let (text, colours) = parted(text);
        LogRow { number, at_ms: now, level, text, colours, attempt: 1 }
    });
    buffer.take(rows);
    let narrow = Narrow { least: LogLevel::Debug, attempt: None, text: String::new() };
    let log = LogView::new(
        StoredValue::new(buffer),
        Signal::stored(0),
        Signal::stored(narrow),
        Signal::stored("e".to_owned()),
        Signal::stored(Vec::new()),
    );
    let chosen = RwSignal::new(Some(3));
    view! {
        <Section title="Logs">
            <LogViewer log chosen=chosen.into() choose=Callback::new(move |number| chosen.set(Some(number)))/>
        </Section>
    }
}
