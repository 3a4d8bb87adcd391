//! The one table of problems, said in plain HTTP.
//!
//! Must not know what went wrong.

use crate::api::error::{Problem, request_id};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tonic::Code;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "reason": self.reason,
            "message": self.text(),
            "request_id": request_id(),
        });
        let mut response = (status_of(self.code), Json(body)).into_response();
        if let Some(delay) = self.retry_after {
            response.headers_mut().insert(http::header::RETRY_AFTER, delay.as_secs().max(1).into());
        }
        response
    }
}

/// As in the table of google.rpc.Code.
const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
