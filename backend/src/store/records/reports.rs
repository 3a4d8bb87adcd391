//! What attempts report, and what streams show of it.
//!
//! Must not know SQL, gRPC or files.

use super::executions::AttemptOutcome;
use shared::id::ExecutionId;
use shared::metric::{LogLevel, LogLine, MetricSample};
use shared::model::{Artifact, ArtifactKind};
use shared::series::Point;
use shared::training::{Cause, HistoryEntry, Progress, Training};

/// A metric sample as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSample {
    /// The point.
    pub sample: MetricSample,
    /// The attempt that reported it.
    pub attempt: u32,
    /// UTC milliseconds since 1970.
    pub at_ms: i64,
}

/// A line of a chart, with fewer points than are stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSeries {
    /// The chart.
    pub figure: String,
    /// The line.
    pub legend: String,
    /// By x; NaN and infinities are gaps.
    pub points: Vec<Point>,
    /// Attempt and UTC milliseconds of each point.
    pub origins: Vec<(u32, i64)>,
    /// Points that are stored, within the range that was asked for.
    pub total_count: u64,
}

/// Which lines of an execution, and how much of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesQuery<'a> {
    /// Only these charts; none for all.
    pub figures: &'a [String],
    /// Points of a line at most.
    pub max_points: usize,
    /// Only points within.
    pub range: std::ops::RangeInclusive<f64>,
}

/// A log line as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLogLine {
    /// Place in the log of the execution, from 1, without gaps.
    pub number: u64,
    /// The line.
    pub line: LogLine,
    /// The attempt that reported it.
    pub attempt: u32,
}

/// What a stream shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WatchScope {
    /// Rows of the Training tab.
    pub trainings: bool,
    /// Samples, log lines, artifacts and history of this execution.
    pub execution: Option<ExecutionId>,
    /// From cursor 0, only the last so many log lines are sent; 0 sends all.
    pub log_tail: u32,
    /// Log lines up to this number are never sent. A stream sets it from [`Changes::logs_after`].
    pub logs_after: u64,
    /// Samples up to this revision are never sent.
    pub metrics_after: i64,
}

/// What became different after a cursor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Everything up to here is in this batch or was in an earlier one.
    pub cursor: i64,
    /// The batch was cut; ask again at once with [`cursor`](Self::cursor).
    pub more: bool,
    /// What to put into [`WatchScope::logs_after`] for the next call of the same stream.
    pub logs_after: u64,
    /// Trainings whose row changed. From cursor 0 without those that were removed.
    pub trainings: Vec<Training>,
    /// New samples.
    pub metrics: Vec<StoredSample>,
    /// New log lines.
    pub logs: Vec<StoredLogLine>,
    /// New or replaced artifacts.
    pub artifacts: Vec<Artifact>,
    /// New lines of the history.
    pub history: Vec<HistoryEntry>,
}

/// One report of a runner.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportBatch {
    /// Which execution.
    pub execution_id: ExecutionId,
    /// Which attempt.
    pub attempt: u32,
    /// The attempt's token.
    pub fencing_token: i64,
    /// In order.
    pub entries: Vec<ReportEntry>,
}

/// One thing that a runner reports.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportEntry {
    /// From 1 within an attempt, growing by 1.
    pub sequence: u64,
    /// When it happened, in UTC milliseconds.
    pub at_ms: i64,
    /// What it is.
    pub body: ReportBody,
}

/// The kinds of things that a runner reports.
#[derive(Debug, Clone, PartialEq)]
pub enum ReportBody {
    /// A point of a chart.
    Sample(MetricSample),
    /// A log line.
    Log {
        /// How grave it is.
        level: LogLevel,
        /// The text.
        text: String,
    },
    /// What the attempt computes on, in words.
    Device(String),
    /// How far the attempt is.
    Progress(Progress),
    /// A file whose content was uploaded before.
    Artifact(NewArtifact),
    /// The attempt is over.
    End {
        /// How.
        outcome: AttemptOutcome,
        /// Why, unless it went well.
        cause: Option<Cause>,
    },
}

/// A file of a model to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArtifact {
    /// File name, for example `best.safetensors`.
    pub name: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// SHA-256 of the content, in lower-case hexadecimal.
    pub content_hash: String,
    /// File size.
    pub size_bytes: u64,
    /// The epoch after which it was written, counted from 1.
    pub epoch: Option<u32>,
}
