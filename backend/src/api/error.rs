//! The one table from what went wrong inside to what a caller is told: code, reason, next step.
//!
//! Must not know which method was called.

use crate::auth::AuthError;
use crate::store::{ErrorKind, StoreError};
use proto::convert::ConvertError;
use shared::config::FieldError;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Says whose reasons these are, in `google.rpc.ErrorInfo`.
const DOMAIN: &str = "trainyard";

tokio::task_local! {
    /// The id of the request that this task answers.
    pub static REQUEST_ID: String;
}

/// The id of the present request; empty outside of one.
#[must_use]
pub fn request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// An error as a caller is told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The canonical code.
    pub code: Code,
    /// A constant for programs, for example `NAME_TAKEN`.
    pub reason: &'static str,
    /// What happened, in words.
    pub message: String,
    /// What to do about it; empty where the message says it.
    pub next_step: String,
    /// Fields of the request that are wrong: path and problem.
    pub violations: Vec<(String, String)>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A problem that only has a message.
    pub fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            next_step: String::new(),
            violations: Vec::new(),
            retry_after: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn next(mut self, step: impl Into<String>) -> Self {
        self.next_step = step.into();
        self
    }

    /// Adds when to try again.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// One wrong field.
    pub fn field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let (field, problem) = (field.into(), problem.into());
        let mut result = Self::new(Code::InvalidArgument, "FIELD_INVALID", format!("`{field}` {problem}"));
        result.violations.push((field, problem));
        result
    }

    /// The message and the next step as one text.
    #[must_use]
    pub fn text(&self) -> String {
        if self.next_step.is_empty() {
            self.message.clone()
        } else {
            format!("{}; {}", self.message, self.next_step)
        }
    }
}

impl From<ConvertError> for Problem {
    fn from(error: ConvertError) -> Self {
        Self::field(error.field(), error.problem())
    }
}

impl From<Vec<FieldError>> for Problem {
    /// Settings that cannot be used; all of them are named.
    fn from(errors: Vec<FieldError>) -> Self {
        let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let mut problem = Self::new(Code::InvalidArgument, "CONFIGURATION_INVALID", text.join("; "));
        problem.violations = errors
            .into_iter()
            .map(|error| (format!("configuration_json.{}", error.key), error.message))
            .collect();
        problem
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (code, reason) = code_of(error.kind());
        if matches!(code, Code::Internal | Code::DataLoss) {
            tracing::error!(request = %request_id(), error = %error, "the store failed");
        }
        let mut violations = Vec::new();
        let (message, next_step) = match error {
            StoreError::RefusedField { field, reason, next_step } => {
                violations.push((field, format!("{reason}; {next_step}")));
                (reason, next_step)
            }
            StoreError::Refused { reason, next_step }
            | StoreError::UnsupportedQuery { reason, next_step } => (reason, next_step),
            other => (other.to_string(), String::new()),
        };
        let mut problem = Self::new(code, reason, message).next(next_step);
        problem.violations = violations;
        match code {
            Code::ResourceExhausted => problem.retry_after(Duration::from_secs(30)),
            Code::Unavailable => problem.retry_after(Duration::from_secs(1)),
            _ => problem,
        }
    }
}

/// The table.
const fn code_of(kind: ErrorKind) -> (Code, &'static str) {
    match kind {
        ErrorKind::NotFound => (Code::NotFound, "NOT_FOUND"),
        ErrorKind::AlreadyExists => (Code::AlreadyExists, "NAME_TAKEN"),
        ErrorKind::Conflict => (Code::FailedPrecondition, "STATE_CONFLICT"),
        ErrorKind::Refused | ErrorKind::RefusedField => (Code::FailedPrecondition, "REFUSED"),
        ErrorKind::UnsupportedQuery => (Code::InvalidArgument, "FILTER_UNSUPPORTED"),
        ErrorKind::ChangedMeanwhile => (Code::Aborted, "CHANGED_MEANWHILE"),
        ErrorKind::StaleToken => (Code::Aborted, "STALE_TOKEN"),
        ErrorKind::SequenceGap => (Code::OutOfRange, "SEQUENCE_GAP"),
        ErrorKind::DiskFull => (Code::ResourceExhausted, "DISK_FULL"),
        ErrorKind::Corrupt => (Code::DataLoss, "STORED_DATA_CORRUPT"),
        ErrorKind::NewerVersion => (Code::FailedPrecondition, "NEWER_DATABASE"),
        ErrorKind::Io => (Code::Internal, "IO_FAILED"),
        ErrorKind::Closed => (Code::Unavailable, "SERVER_STOPPING"),
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let (code, reason) = match &error {
            AuthError::Store(inner) => return inner.clone().into(),
            AuthError::Missing => (Code::Unauthenticated, "CREDENTIALS_MISSING"),
            AuthError::Malformed => (Code::Unauthenticated, "TOKEN_MALFORMED"),
            AuthError::Unknown(_) => (Code::Unauthenticated, "TOKEN_UNKNOWN"),
            AuthError::WrongKind { .. } => (Code::PermissionDenied, "TOKEN_OF_WRONG_KIND"),
            AuthError::Withheld(_) => (Code::PermissionDenied, "PERMISSION_WITHHELD"),
            AuthError::OtherOrigin => (Code::PermissionDenied, "OTHER_ORIGIN"),
            AuthError::Token(_) => (Code::Internal, "NO_RANDOMNESS"),
        };
        Self::new(code, reason, error.to_string())
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        let text = problem.text();
        let mut details = ErrorDetails::new();
        let metadata: Vec<(String, String)> = if problem.next_step.is_empty() {
            Vec::new()
        } else {
            vec![("next_step".to_owned(), problem.next_step)]
        };
        details.set_error_info(problem.reason, DOMAIN, std::collections::HashMap::from_iter(metadata));
        for (field, description) in problem.violations {
            details.add_bad_request_violation(field, description);
        }
        if problem.retry_after.is_some() {
            details.set_retry_info(problem.retry_after);
        }
        let request_id = request_id();
        if !request_id.is_empty() {
            details.set_request_info(request_id, "");
        }
        Self::with_error_details(problem.code, text, details)
    }
}

/// Turns whatever went wrong into what a caller is told.
pub trait OrProblem<T> {
    /// The value, or the problem as a gRPC status.
    ///
    /// # Errors
    /// The problem.
    fn or_problem(self) -> Result<T, Status>;
}

impl<T, E: Into<Problem>> OrProblem<T> for Result<T, E> {
    fn or_problem(self) -> Result<T, Status> {
        self.map_err(|error| error.into().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn described(problem: Problem) -> String {
        let status = Status::from(problem);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        let fields: Vec<String> = details
            .bad_request()
            .map(|bad| bad.field_violations.iter().map(|violation| violation.field.clone()).collect())
            .unwrap_or_default();
        let retry = details.retry_info().and_then(|retry| retry.retry_delay).map(|delay| delay.as_secs());
        format!("{:?} {} {fields:?} {retry:?}: {}", status.code(), info.reason, status.message())
    }

    #[test]
    fn every_error_has_its_code_reason_and_words() {
        let io = std::io::Error::other("input/output error");
        let errors: Vec<Problem> = vec![
            StoreError::NotFound { what: "model", which: "m1".into() }.into(),
            StoreError::AlreadyExists { what: "model", which: "m1".into() }.into(),
            StoreError::Conflict("the training is over".into()).into(),
            StoreError::Refused { reason: "the train subset is empty".into(), next_step: "tag items".into() }
                .into(),
            StoreError::RefusedField {
                field: "train".into(),
                reason: "the train subset is empty".into(),
                next_step: "tag items".into(),
            }
            .into(),
            StoreError::UnsupportedQuery {
                reason: "nothing can be sorted by `metadata.user.x`".into(),
                next_step: "sort by `name`".into(),
            }
            .into(),
            StoreError::ChangedMeanwhile { what: "draft" }.into(),
            StoreError::StaleToken { execution: "e1".into() }.into(),
            StoreError::SequenceGap { expected: 3, received: 5 }.into(),
            StoreError::DiskFull { path: PathBuf::from("/data") }.into(),
            StoreError::Corrupt { what: "database".into(), detail: "malformed".into() }.into(),
            StoreError::NewerVersion { path: PathBuf::from("/data"), migration: 9 }.into(),
            StoreError::Io { action: "reading /data/x".into(), source: std::sync::Arc::new(io) }.into(),
            StoreError::Closed.into(),
            AuthError::Missing.into(),
            AuthError::Malformed.into(),
            AuthError::Unknown("session").into(),
            AuthError::WrongKind { presented: "a runner" }.into(),
            AuthError::OtherOrigin.into(),
            ConvertError::new("name", "is empty").into(),
            vec![FieldError { key: "epochs".into(), message: "0 is too small".into() }].into(),
        ];
        let table: Vec<String> = errors.into_iter().map(described).collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    #[tokio::test]
    async fn an_error_carries_the_id_of_its_request() {
        let status = REQUEST_ID
            .scope("r1".into(), async { Status::from(Problem::new(Code::NotFound, "NOT_FOUND", "nothing")) })
            .await;
        assert_eq!(status.get_error_details().request_info().unwrap().request_id, "r1");
    }
}
