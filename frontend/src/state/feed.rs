//! Everything that one execution reports, as signals that change only where something changed.
//!
//! Must not know how it arrives or how it is drawn.

use super::metrics::{Measured, Sample};
use super::run::RunMetrics;
use crate::arrange::{sort_by, sort_by_key};
use crate::components::logs::buffer::{LogBuffer, LogRow};
use crate::components::logs::colours::parted;
use leptos::prelude::*;
use proto::v1;
use shared::id::ExecutionId;
use shared::model::Artifact;
use shared::training::HistoryEntry;

/// The execution that is looked at.
#[derive(Clone, Copy)]
pub struct Feed {
    pub execution: RwSignal<Option<ExecutionId>>,
    /// Everything up to now has arrived.
    pub is_loaded: RwSignal<bool>,
    pub metrics: RunMetrics,
    /// Samples up to this revision have been fetched; `None` before.
    pub metrics_cursor: StoredValue<Option<i64>>,
    pub logs: StoredValue<LogBuffer>,
    /// Changes whenever `logs` does.
    pub logs_changed: RwSignal<u32>,
    pub artifacts: RwSignal<Vec<Artifact>>,
    pub history: RwSignal<Vec<HistoryEntry>>,
}

impl Feed {
    pub fn new() -> Self {
        Self {
            execution: RwSignal::new(None),
            is_loaded: RwSignal::new(false),
            metrics: RunMetrics::new(),
            metrics_cursor: StoredValue::new(None),
            logs: StoredValue::new(LogBuffer::default()),
            logs_changed: RwSignal::new(0),
            artifacts: RwSignal::new(Vec::new()),
            history: RwSignal::new(Vec::new()),
        }
    }

    /// Turns to another execution, and forgets what was known of the one before.
    pub fn turn_to(self, execution: Option<ExecutionId>) {
        self.execution.set(execution);
        self.is_loaded.set(false);
        self.metrics.clear();
        self.metrics_cursor.set_value(None);
        self.logs.set_value(LogBuffer::default());
        self.logs_changed.update(|turn| *turn += 1);
        self.artifacts.set(Vec::new());
        self.history.set(Vec::new());
    }

    /// What there was when the page was opened; the stream tells of what came after.
    pub fn take_series(self, answer: v1::ListMetricsResponse) {
        self.metrics_cursor.set_value(Some(answer.cursor));
        self.metrics.take_series(answer.series);
    }

    pub fn take_metrics(self, samples: Vec<v1::MetricSample>) {
        self.metrics.take(samples.into_iter().map(|sample| Sample {
            figure: sample.figure,
            legend: sample.legend,
            measured: Measured { x: sample.x, y: sample.y, attempt: sample.attempt, at_ms: sample.at_ms },
        }));
    }

    /// Lines of a level that this version does not know are shown as information.
    pub fn take_logs(self, lines: Vec<v1::LogLine>) {
        let rows = lines.into_iter().map(|line| {
            let (text, colours) = parted(line.text);
            LogRow {
                number: line.number,
                at_ms: line.at_ms,
                level: level_from_name(&line.level),
                text,
                colours,
                attempt: line.attempt,
            }
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
            sort_by(list, |left, right| left.name.cmp(&right.name));
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
            sort_by_key(list, |entry| entry.at_ms);
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
