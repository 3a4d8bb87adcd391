//! What an attempt says, as messages of `trainyard.v1`.
//!
//! Must not know when or how they are sent.

use super::spool::{Body, Entry, Outcome};
use proto::convert::metric_sample_to_wire;
use proto::v1;
use proto::v1::report_entry::Entry as WireEntry;
use shared::metric::LogLevel;

/// An entry of the spool as an entry of a report.
#[must_use]
pub fn entry_to_wire(entry: Entry, attempt: u32) -> v1::ReportEntry {
    let Entry { sequence, at_ms, body } = entry;
    let entry = match body {
        Body::Sample(sample) => WireEntry::Sample(metric_sample_to_wire(sample, attempt, at_ms)),
        Body::Log { level, text } => WireEntry::Log(v1::LogEntry { level: level_name(level).into(), text }),
        Body::Device { name } => WireEntry::Device(name),
        Body::Progress(progress) => WireEntry::Progress(progress.into()),
        Body::Artifact { name, kind, content_hash, size_bytes, epoch } => {
            WireEntry::Artifact(v1::ArtifactEntry {
                name,
                kind: kind.name().into(),
                content_hash,
                size_bytes,
                epoch,
            })
        }
        Body::End { outcome, cause } => WireEntry::End(v1::AttemptEnd {
            outcome: v1::AttemptOutcome::from(outcome).into(),
            cause: cause.map(Into::into),
        }),
    };
    v1::ReportEntry { sequence, at_ms, entry: Some(entry) }
}

const fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warning => "warning",
        LogLevel::Error => "error",
    }
}

impl From<Outcome> for v1::AttemptOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Failed => Self::Failed,
            Outcome::Stopped => Self::Stopped,
            Outcome::Reset => Self::Reset,
        }
    }
}
