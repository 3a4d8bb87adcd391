//! Everything that one execution reports, as signals that change only where something changed.
//!
//! Must not know how it arrives or how it is drawn.

use super::metrics::{MetricBook, Sample};
use crate::components::chart::lines::Line;
use crate::components::logs::buffer::{LogBuffer, LogRow};
use leptos::prelude::*;
use proto::v1;
use shared::id::ExecutionId;
use shared::model::Artifact;
use shared::training::HistoryEntry;
use std::collections::HashMap;

/// The execution that is looked at.
#[derive(Clone, Copy)]
pub struct Feed {
    pub execution: RwSignal<Option<ExecutionId>>,
    /// Everything up to now has arrived.
    pub is_loaded: RwSignal<bool>,
    /// The figures that have samples.
    pub figures: RwSignal<Vec<String>>,
    pub logs: StoredValue<LogBuffer>,
    /// Changes whenever `logs` does.
    pub logs_changed: RwSignal<u32>,
    pub artifacts: RwSignal<Vec<Artifact>>,
    pub history: RwSignal<Vec<HistoryEntry>>,
    book: StoredValue<MetricBook>,
    lines: StoredValue<HashMap<String, ArcRwSignal<Vec<Line>>>>,
}

impl Feed {
    pub fn new() -> Self {
        Self {
            execution: RwSignal::new(None),
            is_loaded: RwSignal::new(false),
            figures: RwSignal::new(Vec::new()),
            logs: StoredValue::new(LogBuffer::default()),
            logs_changed: RwSignal::new(0),
            artifacts: RwSignal::new(Vec::new()),
            history: RwSignal::new(Vec::new()),
            book: StoredValue::new(MetricBook::default()),
            lines: StoredValue::new(HashMap::new()),
        }
    }

    /// Turns to another execution, and forgets what was known of the one before.
    pub fn turn_to(self, execution: Option<ExecutionId>) {
        self.execution.set(execution);
        self.is_loaded.set(false);
        self.book.set_value(MetricBook::default());
        self.lines.set_value(HashMap::new());
        self.figures.set(Vec::new());
        self.logs.set_value(LogBuffer::default());
        self.logs_changed.update(|turn| *turn += 1);
        self.artifacts.set(Vec::new());
        self.history.set(Vec::new());
    }

    /// The lines of one figure's chart.
    pub fn lines_of(self, figure: &str) -> ArcRwSignal<Vec<Line>> {
        if let Some(lines) = self.lines.with_value(|lines| lines.get(figure).cloned()) {
            return lines;
        }
        let signal = ArcRwSignal::new(self.book.with_value(|book| book.lines(figure)));
        self.lines.update_value(|lines| {
            lines.insert(figure.to_owned(), signal.clone());
        });
        signal
    }

    pub fn take_metrics(self, samples: Vec<v1::MetricSample>) {
        let samples = samples.into_iter().map(|sample| Sample {
            figure: sample.figure,
            legend: sample.legend,
            x: sample.x,
            y: sample.y,
            attempt: sample.attempt,
        });
        let Some(changed) = self.book.try_update_value(|book| book.take(samples)) else { return };
        for figure in changed {
            let known = self.lines.with_value(|lines| lines.get(&figure).cloned());
            if let Some(lines) = known {
                lines.set(self.book.with_value(|book| book.lines(&figure)));
            }
        }
        let figures = self.book.with_value(MetricBook::figures);
        if self.figures.with_untracked(|old| *old != figures) {
            self.figures.set(figures);
        }
    }

    /// Lines of a level that this version does not know are shown as information.
    pub fn take_logs(self, lines: Vec<v1::LogLine>) {
        let rows = lines.into_iter().map(|line| LogRow {
            number: line.number,
            at_ms: line.at_ms,
            level: level_from_name(&line.level),
            text: line.text,
            attempt: line.attempt,
        });
        let added = self.logs.try_update_value(|logs| logs.take(rows)).unwrap_or(0);
        if added > 0 {
            self.logs_changed.update(|turn| *turn += 1);
        }
    }

    /// A later file of the same name replaces the earlier one.
    pub fn take_artifacts(self, artifacts: Vec<v1::Artifact>) {
        let artifacts: Vec<Artifact> =
            artifacts.into_iter().filter_map(|artifact| Artifact::try_from(artifact).ok()).collect();
        self.artifacts.update(|list| {
            for artifact in artifacts {
                list.retain(|old| old.name != artifact.name);
                list.push(artifact);
            }
            list.sort_by(|left, right| left.name.cmp(&right.name));
        });
    }

    pub fn take_history(self, entries: Vec<v1::HistoryEntry>) {
        let entries: Vec<HistoryEntry> =
            entries.into_iter().filter_map(|entry| HistoryEntry::try_from(entry).ok()).collect();
        self.history.update(|list| {
            for entry in entries {
                if !list.contains(&entry) {
                    list.push(entry);
                }
            }
            list.sort_by_key(|entry| entry.at_ms);
        });
    }
}

fn level_from_name(name: &str) -> shared::metric::LogLevel {
    use shared::metric::LogLevel;
    match name {
        "debug" => LogLevel::Debug,
        "warning" => LogLevel::Warning,
        "error" => LogLevel::Error,
        _ => LogLevel::Info,
    }
}
