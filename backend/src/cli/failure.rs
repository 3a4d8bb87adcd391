//! How a command ends when it does not succeed.
//!
//! Must not know any command.

use std::fmt;
use std::process::ExitCode;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A command that did not succeed: what happened, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    is_usage: bool,
}

impl Failure {
    /// It was tried and failed: exit code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_usage: false }
    }

    /// It was asked for wrongly: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_usage: true }
    }

    /// What a script sees.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.is_usage { 2 } else { 1 })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let mut message = match status.code() {
            Code::Unknown | Code::Unavailable if status.get_error_details().error_info().is_none() => {
                format!(
                    "the server does not answer ({}); is it still running? Start it with `trainyard serve`",
                    status.message()
                )
            }
            _ => status.message().to_owned(),
        };
        if matches!(status.code(), Code::Internal | Code::DataLoss)
            && let Some(info) = status.get_error_details().request_info()
        {
            message.push_str(&format!(" (request {}; the server's log says more)", info.request_id));
        }
        Self { message, is_usage: status.code() == Code::InvalidArgument }
    }
}

impl From<proto::convert::ConvertError> for Failure {
    fn from(error: proto::convert::ConvertError) -> Self {
        Self::failed(format!(
            "the server answered what this version does not understand: {error}; use the same version for both"
        ))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error::Problem;

    #[test]
    fn wrong_input_and_failure_have_codes_of_their_own() {
        let cases = [
            (Status::from(Problem::field("name", "is empty")), 2, "`name` is empty"),
            (
                Problem::new(Code::NotFound, "NOT_FOUND", "there is no model `x`").into(),
                1,
                "there is no model",
            ),
            (Status::unavailable("tcp connect error"), 1, "trainyard serve"),
        ];
        for (status, code, part) in cases {
            let failure = Failure::from(status);
            assert_eq!(failure.exit_code(), ExitCode::from(code), "{failure}");
            assert!(failure.to_string().contains(part), "{failure}");
        }
    }
}
