//! What every request goes through: an id, a place among those that are worked on, and the question
//! who calls.
//!
//! Must not know what a method does.

use super::error::{Problem, REQUEST_ID};
use crate::auth::authenticator::{authorize, cookie_name};
use crate::auth::policy::{Access, access_of_path};
use crate::auth::{AuthError, Authenticator, Caller};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::{Code, Status};
use tracing::Instrument;

/// Requests that are worked on at once, streams and long polls not counted once they answer.
const MAX_REQUESTS: usize = 512;

/// The header that carries the id of a request back.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Gives each request an id: in its log lines, in its errors and on its answer.
pub async fn add_request_id(request: Request, next: Next) -> Response {
    let id = format!("{:016x}", rand::random::<u64>());
    let span = tracing::info_span!("request", id, path = request.uri().path());
    let mut response = REQUEST_ID.scope(id.clone(), next.run(request)).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    response
}

/// The places for requests that are worked on.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Semaphore>);

impl Default for Admission {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_REQUESTS)))
    }
}

/// Refuses at once what comes while all places are taken, instead of letting it queue for ever.
pub async fn admit(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    match admission.0.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => grpc_answer(
            Problem::new(
                Code::ResourceExhausted,
                "TOO_MANY_REQUESTS",
                format!("the server works on {MAX_REQUESTS} requests already"),
            )
            .next("try again in a second")
            .retry_after(Duration::from_secs(1)),
        ),
    }
}

/// Finds out who calls a gRPC method, refuses those who may not, and tells the method who it is.
pub async fn authenticate_grpc(
    State(authenticator): State<Authenticator>,
    mut request: Request,
    next: Next,
) -> Response {
    let access = access_of_path(request.uri().path());
    let caller = match identify(&authenticator, request.headers(), request.uri()).await {
        // A browser whose session has ended must still be able to sign in again.
        Err(AuthError::Unknown(_) | AuthError::Malformed) if access == Access::Public => {
            Ok(Caller::Anonymous)
        }
        other => other,
    };
    match caller.and_then(|caller| authorize(&caller, access).map(|()| caller)) {
        Ok(caller) => {
            let name = cookie_name(authority_of(request.headers(), request.uri()));
            request.extensions_mut().insert(CookieName(name));
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => grpc_answer(error.into()),
    }
}

/// The name of the session cookie on the host that the caller named.
#[derive(Debug, Clone)]
pub struct CookieName(pub String);

/// Who sends a request with these headers to this address.
///
/// # Errors
/// As [`Authenticator::identify`].
pub async fn identify(
    authenticator: &Authenticator,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Caller, AuthError> {
    authenticator.identify(headers, authority_of(headers, uri)).await
}

/// Host and port as the caller named them: a header in HTTP/1.1, a part of the address in HTTP/2.
fn authority_of<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let header = headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| uri.authority().map(http::uri::Authority::as_str))
}

fn grpc_answer(problem: Problem) -> Response {
    Status::from(problem).into_http::<Body>().into_response()
}
