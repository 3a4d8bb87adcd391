//! Files on their way to the server, over plain HTTP: in pieces that go on where a broken line stopped.
//!
//! Must not know what the files are for, nor when a piece is tried again.

use super::{ApiError, ErrorKind};
use gloo_net::http::{Method, RequestBuilder, Response};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use web_sys::{AbortSignal, Blob};

const PLACE: &str = "/v1/dataset-uploads";
const OFFSET: &str = "upload-offset";

/// A file that is to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Announced {
    /// With `/` between folders.
    pub name: String,
    pub size_bytes: u64,
}

/// An upload as the server knows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Upload {
    pub id: String,
    pub files: Vec<Arrived>,
}

/// A file of an upload, and how much of it is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Arrived {
    pub name: String,
    pub size_bytes: u64,
    pub offset: u64,
}

/// Says which files are to come.
pub async fn announce(files: &[Announced]) -> Result<Upload, ApiError> {
    let body = serde_json::json!({ "files": files }).to_string();
    let request = RequestBuilder::new(PLACE).method(Method::POST).header("content-type", "application/json");
    read(send(request, body).await?).await
}

/// An upload that was begun.
pub async fn get(id: &str) -> Result<Upload, ApiError> {
    read(send(RequestBuilder::new(&format!("{PLACE}/{id}")), JsValue::NULL).await?).await
}

/// Adds a piece to a file. Gives the byte to go on from, which is another one if the piece did not fit.
pub async fn append(
    id: &str,
    index: usize,
    offset: u64,
    piece: Blob,
    stop: &AbortSignal,
) -> Result<u64, ApiError> {
    let request = RequestBuilder::new(&format!("{PLACE}/{id}/files/{index}"))
        .method(Method::PATCH)
        .header("content-type", "application/offset+octet-stream")
        .header(OFFSET, &offset.to_string())
        .abort_signal(Some(stop));
    let response = send(request, piece).await?;
    let goes_on_at = response.headers().get(OFFSET).and_then(|offset| offset.parse().ok());
    match goes_on_at {
        Some(offset) if response.ok() || response.status() == 409 => Ok(offset),
        _ => Err(refusal(&response).await),
    }
}

/// Forgets an upload and all that arrived of it.
pub async fn delete(id: &str) -> Result<(), ApiError> {
    let request = RequestBuilder::new(&format!("{PLACE}/{id}")).method(Method::DELETE);
    let response = send(request, JsValue::NULL).await?;
    if response.ok() { Ok(()) } else { Err(refusal(&response).await) }
}

/// Stores a file under the SHA-256 of its content.
pub async fn store(hash: &str, content: Blob) -> Result<(), ApiError> {
    let request = RequestBuilder::new(&format!("/v1/uploads/{hash}")).method(Method::PUT);
    let response = send(request, content).await?;
    if response.ok() { Ok(()) } else { Err(refusal(&response).await) }
}

async fn send(request: RequestBuilder, body: impl Into<JsValue>) -> Result<Response, ApiError> {
    let body = body.into();
    let sent = if body.is_null() { request.build() } else { request.body(body) };
    sent.map_err(|_| unreachable())?.send().await.map_err(|_| unreachable())
}

pub(super) fn unreachable() -> ApiError {
    ApiError {
        kind: ErrorKind::Unreachable,
        message: "the server does not answer; is it running?".into(),
        fields: Vec::new(),
        request_id: None,
    }
}

async fn read<T: for<'de> Deserialize<'de>>(response: Response) -> Result<T, ApiError> {
    if !response.ok() {
        return Err(refusal(&response).await);
    }
    response.json().await.map_err(|error| ApiError::malformed(&error))
}

/// What the server says of a request that it refused.
pub(super) async fn refusal(response: &Response) -> ApiError {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        message: String,
        request_id: Option<String>,
    }
    let status = response.status();
    let body: Body = response.json().await.unwrap_or_default();
    let kind = match status {
        401 => ErrorKind::SignedOut,
        404 => ErrorKind::NotFound,
        400 | 413 => ErrorKind::Invalid,
        500 | 502..=504 => ErrorKind::Unreachable,
        _ => ErrorKind::Refused,
    };
    let message =
        if body.message.is_empty() { format!("the server answered {status}") } else { body.message };
    ApiError { kind, message, fields: Vec::new(), request_id: body.request_id }
}
