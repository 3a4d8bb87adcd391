//! What went wrong with a call, in words for a person and in a kind for a page.
//!
//! Must not know which call it was.

use crate::text::capitalised;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// What a page may do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Sign in again.
    SignedOut,
    /// There is no such thing.
    NotFound,
    /// What was sent cannot be used; see the fields.
    Invalid,
    /// Somebody else changed it meanwhile.
    Changed,
    /// The server does not answer; what was asked may be asked again.
    Unreachable,
    /// Anything else.
    Refused,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    pub kind: ErrorKind,
    pub message: String,
    /// Fields that cannot be used, each with the reason.
    pub fields: Vec<(String, String)>,
    /// The number to quote when asking for help.
    pub request_id: Option<String>,
}

impl ApiError {
    /// An answer that this version does not understand.
    pub fn malformed(what: &impl std::fmt::Display) -> Self {
        Self {
            kind: ErrorKind::Refused,
            message: format!("the server's answer was not understood: {what}. Load the page again"),
            fields: Vec::new(),
            request_id: None,
        }
    }

    /// Message with request id, as toasts show it.
    pub fn sentence(&self) -> String {
        let mut sentence = capitalised(&self.message);
        if let Some(id) = &self.request_id {
            sentence += &format!(" (request {id})");
        }
        sentence
    }
}

impl From<Status> for ApiError {
    fn from(status: Status) -> Self {
        // The two kinds of details that a page shows; the code that reads the others is not downloaded.
        let fields = status.get_details_bad_request().map_or_else(Vec::new, |bad| {
            let violations = bad.field_violations.into_iter();
            violations.map(|violation| (violation.field, violation.description)).collect()
        });
        let from_details = status.get_details_request_info().map(|info| info.request_id);
        let from_header = || {
            let value = status.metadata().get("x-request-id")?;
            value.to_str().ok().map(str::to_owned)
        };
        let kind = match status.code() {
            Code::Unauthenticated => ErrorKind::SignedOut,
            Code::NotFound => ErrorKind::NotFound,
            Code::InvalidArgument | Code::OutOfRange => ErrorKind::Invalid,
            Code::Aborted => ErrorKind::Changed,
            // A connection that broke reaches us as Unknown.
            Code::Unavailable | Code::Unknown | Code::DeadlineExceeded | Code::Cancelled => {
                ErrorKind::Unreachable
            }
            _ => ErrorKind::Refused,
        };
        let message = match (kind, status.message()) {
            (ErrorKind::Unreachable, _) => "the server does not answer; is it running?".to_owned(),
            (ErrorKind::SignedOut, _) => "you are not signed in any more".to_owned(),
            (_, "") => format!("the server refused the call ({:?})", status.code()),
            (_, message) => message.to_owned(),
        };
        let request_id = from_details.or_else(from_header).filter(|id| !id.is_empty());
        Self { kind, message, fields, request_id }
    }
}
