//! Trainings, what they wait for, why they ended, and what they report.

use super::{ConvertError, id_from_wire, json_from_wire, optional_id_from_wire, required, word_from_wire};
use crate::v1;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::metric::{LogLevel, LogLine, MetricSample};
use shared::status::{Event, Status};
use shared::training::{
    Blocker, Cause, CauseKind, Headline, HistoryEntry, Phase, Progress, Training, Waiting,
};

/// The word by which serde knows a value of a closed list.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The value that serde knows by this word.
fn from_word<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

impl From<Progress> for v1::Progress {
    fn from(progress: Progress) -> Self {
        Self {
            epoch: progress.epoch,
            epochs: progress.epochs,
            step: progress.step,
            steps: progress.steps,
            phase: word(&progress.phase),
        }
    }
}

impl TryFrom<v1::Progress> for Progress {
    type Error = ConvertError;

    fn try_from(progress: v1::Progress) -> Result<Self, ConvertError> {
        let phase = match progress.phase.as_str() {
            "" => Phase::default(),
            text => {
                word_from_wire("phase", text, from_word, "`preparing`, `training`, `validating` or `saving`")?
            }
        };
        Ok(Self {
            epoch: progress.epoch,
            epochs: progress.epochs,
            step: progress.step,
            steps: progress.steps,
            phase,
        })
    }
}

impl From<Waiting> for v1::Blocker {
    fn from(waiting: Waiting) -> Self {
        let detail = serde_json::to_value(&waiting.blocker).unwrap_or_default();
        Self {
            kind: waiting.blocker.name().to_owned(),
            description: waiting.describe(),
            detail_json: detail.to_string(),
            position: waiting.position,
            attempt: waiting.attempt,
            max_attempts: waiting.max_attempts,
            expected_start_ms: waiting.expected_start_ms,
            remedy: waiting.remedy(),
        }
    }
}

impl TryFrom<v1::Blocker> for Waiting {
    type Error = ConvertError;

    fn try_from(wire: v1::Blocker) -> Result<Self, ConvertError> {
        let blocker: Blocker = serde_json::from_str(&wire.detail_json)
            .map_err(|error| ConvertError::new("detail_json", format!("is not a blocker: {error}")))?;
        Ok(Self {
            blocker,
            position: wire.position,
            attempt: wire.attempt,
            max_attempts: wire.max_attempts,
            expected_start_ms: wire.expected_start_ms,
        })
    }
}

impl From<Cause> for v1::Cause {
    fn from(cause: Cause) -> Self {
        Self { kind: word(&cause.kind), message: cause.message, next_step: cause.next_step }
    }
}

impl TryFrom<v1::Cause> for Cause {
    type Error = ConvertError;

    fn try_from(cause: v1::Cause) -> Result<Self, ConvertError> {
        Ok(Self {
            kind: word_from_wire(
                "kind",
                &cause.kind,
                from_word::<CauseKind>,
                "a kind of the closed list of causes",
            )?,
            message: cause.message,
            next_step: cause.next_step,
        })
    }
}

fn status_from_wire(text: &str) -> Result<Status, ConvertError> {
    word_from_wire("status", text, Status::from_name, "one of the eight statuses, for example `in-progress`")
}

fn cause_from_wire(cause: Option<v1::Cause>) -> Result<Option<Cause>, ConvertError> {
    cause.map(Cause::try_from).transpose().map_err(|error| error.within("cause"))
}

impl From<Training> for v1::Training {
    fn from(training: Training) -> Self {
        Self {
            id: training.id.to_string(),
            model_id: training.model_id.to_string(),
            model_name: training.model_name,
            dataset_id: training.dataset_id.to_string(),
            dataset_name: training.dataset_name,
            architecture: training.architecture,
            service_id: training.service_id.to_string(),
            service_name: training.service_name,
            execution_id: training.execution_id.to_string(),
            status: training.status.name().to_owned(),
            abort_requested: training.abort_requested,
            progress: Some(training.progress.into()),
            attempt: training.attempt,
            max_attempts: training.max_attempts,
            instance_id: training.instance_id.map(|id| id.to_string()).unwrap_or_default(),
            blocker: training.waiting.map(Into::into),
            cause: training.cause.map(Into::into),
            configuration_json: training.configuration.to_string(),
            created_at_ms: training.created_at_ms,
            started_at_ms: training.started_at_ms,
            ended_at_ms: training.ended_at_ms,
            removed_at_ms: training.removed_at_ms,
            revision: training.revision,
            priority: training.priority,
            headline: training.headline.map(Into::into),
        }
    }
}

impl From<Headline> for v1::Headline {
    fn from(headline: Headline) -> Self {
        let Headline { best, best_epoch, course, stride, count, last_epoch } = headline;
        Self { best, best_epoch, course, stride, count, last_epoch }
    }
}

impl From<v1::Headline> for Headline {
    fn from(headline: v1::Headline) -> Self {
        let v1::Headline { best, best_epoch, course, stride, count, last_epoch } = headline;
        Self { best, best_epoch, course, stride, count, last_epoch }
    }
}

impl TryFrom<v1::Training> for Training {
    type Error = ConvertError;

    fn try_from(training: v1::Training) -> Result<Self, ConvertError> {
        let progress = required("progress", training.progress)?;
        Ok(Self {
            id: id_from_wire("id", &training.id)?,
            model_id: id_from_wire("model_id", &training.model_id)?,
            model_name: training.model_name,
            dataset_id: id_from_wire("dataset_id", &training.dataset_id)?,
            dataset_name: training.dataset_name,
            architecture: training.architecture,
            service_id: id_from_wire("service_id", &training.service_id)?,
            service_name: training.service_name,
            execution_id: id_from_wire("execution_id", &training.execution_id)?,
            status: status_from_wire(&training.status)?,
            abort_requested: training.abort_requested,
            progress: progress.try_into().map_err(|error: ConvertError| error.within("progress"))?,
            attempt: training.attempt,
            max_attempts: training.max_attempts,
            instance_id: optional_id_from_wire("instance_id", &training.instance_id)?,
            priority: training.priority,
            waiting: training
                .blocker
                .map(Waiting::try_from)
                .transpose()
                .map_err(|error| error.within("blocker"))?,
            cause: cause_from_wire(training.cause)?,
            headline: training.headline.map(Into::into),
            configuration: json_from_wire("configuration_json", &training.configuration_json)?,
            created_at_ms: training.created_at_ms,
            started_at_ms: training.started_at_ms,
            ended_at_ms: training.ended_at_ms,
            removed_at_ms: training.removed_at_ms,
            revision: training.revision,
        })
    }
}

impl From<HistoryEntry> for v1::HistoryEntry {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            at_ms: entry.at_ms,
            attempt: entry.attempt,
            event: entry.event.as_ref().map(word).unwrap_or_default(),
            status: entry.status.name().to_owned(),
            cause: entry.cause.map(Into::into),
        }
    }
}

impl TryFrom<v1::HistoryEntry> for HistoryEntry {
    type Error = ConvertError;

    fn try_from(entry: v1::HistoryEntry) -> Result<Self, ConvertError> {
        let event = match entry.event.as_str() {
            "" => None,
            text => {
                Some(word_from_wire("event", text, from_word::<Event>, "an event of the status machine")?)
            }
        };
        Ok(Self {
            at_ms: entry.at_ms,
            attempt: entry.attempt,
            event,
            status: status_from_wire(&entry.status)?,
            cause: cause_from_wire(entry.cause)?,
        })
    }
}

/// A sample with the attempt and the time of its report.
#[must_use]
pub fn metric_sample_to_wire(sample: MetricSample, attempt: u32, at_ms: i64) -> v1::MetricSample {
    v1::MetricSample {
        figure: sample.figure,
        legend: sample.legend,
        x: sample.x,
        y: sample.y,
        attempt,
        at_ms,
    }
}

impl TryFrom<v1::MetricSample> for MetricSample {
    type Error = ConvertError;

    fn try_from(sample: v1::MetricSample) -> Result<Self, ConvertError> {
        for (field, text) in [("figure", &sample.figure), ("legend", &sample.legend)] {
            if text.is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
                return Err(ConvertError::new(
                    field,
                    "must be 1 to 200 characters without control characters",
                ));
            }
        }
        if !sample.x.is_finite() {
            return Err(ConvertError::new("x", "is not a finite number"));
        }
        Ok(Self { figure: sample.figure, legend: sample.legend, x: sample.x, y: sample.y })
    }
}

/// A log line with its place in the log and its attempt.
#[must_use]
pub fn log_line_to_wire(line: LogLine, number: u64, attempt: u32) -> v1::LogLine {
    v1::LogLine { number, at_ms: line.at_ms, level: word(&line.level), text: line.text, attempt }
}

impl TryFrom<v1::LogLine> for LogLine {
    type Error = ConvertError;

    fn try_from(line: v1::LogLine) -> Result<Self, ConvertError> {
        Ok(Self {
            at_ms: line.at_ms,
            level: word_from_wire(
                "level",
                &line.level,
                from_word::<LogLevel>,
                "`debug`, `info`, `warning` or `error`",
            )?,
            text: line.text,
        })
    }
}

#[cfg(test)]
#[path = "training_tests.rs"]
mod tests;
