//! Stored files over plain HTTP: images in place, artifacts as downloads, uploads of single files.
//!
//! Must not know where a file lies, nor what it means.

use super::content::{attachment, image_type, is_content_hash};
use super::thumbnails;
use crate::api::error::Problem;
use crate::api::layers;
use crate::auth::{AuthError, Authenticator, Caller};
use crate::store::Store;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use futures::StreamExt;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH,
};
use http::{Method, StatusCode};
use shared::id::ArtifactId;
use tokio::io::{AsyncReadExt, BufReader};
use tokio_util::io::ReaderStream;
use tonic::Code;

/// The content behind a name never changes, since the name is its hash.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, no-cache");
/// Enough of a file to know what it is.
const HEAD_BYTES: usize = 16;
/// The largest file that may be stored in one request.
const MAX_UPLOAD_BYTES: u64 = 4 << 30;

/// The routes, with their own question who calls.
pub fn router(store: Store, authenticator: Authenticator) -> Router {
    Router::new()
        .route("/v1/blobs/{hash}", get(blob))
        .route("/v1/artifacts/{id}", get(artifact))
        .route("/v1/uploads/{hash}", put(upload))
        .with_state(store.clone())
        .merge(thumbnails::router(store))
        .layer(from_fn_with_state(authenticator, authenticate))
        .layer(from_fn(layers::add_request_id))
}

/// Files are read and stored by the owner, who brings weights, and by runners, which bring what trainings made. A browser
/// is the owner only on this server's own page: whoever calls from another site is refused before it is asked what for.
async fn authenticate(State(authenticator): State<Authenticator>, request: Request, next: Next) -> Response {
    let allowed = match layers::identify(&authenticator, request.headers(), request.uri()).await {
        Ok(caller) => check(&caller, request.method()),
        Err(error) => Err(error),
    };
    match allowed {
        Ok(()) => next.run(request).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

fn check(caller: &Caller, method: &Method) -> Result<(), AuthError> {
    match (caller, method) {
        (
            Caller::Runner(_) | Caller::Owner | Caller::Browser(..),
            &Method::GET | &Method::HEAD | &Method::PUT,
        ) => Ok(()),
        (Caller::Owner | Caller::Browser(..), _) => Err(AuthError::WrongKind { presented: "the owner" }),
        (Caller::Runner(_), _) => Err(AuthError::WrongKind { presented: "a runner" }),
        (Caller::NewInstance(_), _) => {
            Err(AuthError::WrongKind { presented: "an instance that has not registered" })
        }
        (Caller::Anonymous, _) => Err(AuthError::Missing),
    }
}

async fn blob(
    State(store): State<Store>,
    Path(hash): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tag = format!("\"{hash}\"");
    if is_content_hash(&hash)
        && headers.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes())
    {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    send(&store, &hash, None).await
}

async fn artifact(State(store): State<Store>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id: ArtifactId =
        id.parse().map_err(|error: shared::id::ParseIdError| Problem::field("id", error.to_string()))?;
    let artifact = store.artifact(id).await?;
    send(&store, &artifact.content_hash, Some(&artifact.name)).await
}

/// Sends a stored file: shown in place if it is an image, else as a download under `name`.
async fn send(store: &Store, hash: &str, name: Option<&str>) -> Result<Response, Problem> {
    let (reader, size_bytes) = store.blobs().open_read(hash).await?;
    let mut reader = BufReader::new(reader);
    let mut head = Vec::with_capacity(HEAD_BYTES);
    (&mut reader).take(HEAD_BYTES as u64).read_to_end(&mut head).await.map_err(|error| {
        Problem::new(Code::Internal, "IO_FAILED", format!("a stored file cannot be read: {error}"))
    })?;
    let image = image_type(&head);
    let body = ReaderStream::new(std::io::Cursor::new(head).chain(reader));
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, size_bytes.into());
    // A blob never changes; an artifact is replaced by the next one of its name.
    headers.insert(CACHE_CONTROL, if name.is_some() { ASK_AGAIN } else { FOR_EVER });
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(image.unwrap_or("application/octet-stream")));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{hash}\"")) {
        headers.insert(ETAG, tag);
    }
    if name.is_some() || image.is_none() {
        let disposition = HeaderValue::from_str(&attachment(name.unwrap_or(hash)));
        headers.insert(CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    }
    Ok(response)
}

async fn upload(
    State(store): State<Store>,
    Path(hash): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    if !is_content_hash(&hash) {
        return Err(Problem::field("hash", "is not a SHA-256 in 64 lower-case hexadecimal digits"));
    }
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > MAX_UPLOAD_BYTES) {
        return Err(too_large());
    }
    if store.blobs().renew(&hash) {
        // Who is still sending takes an answer before the end for a broken line, and sends everything again.
        let mut rest = request.into_body().into_data_stream();
        while let Some(Ok(_)) = rest.next().await {}
        return Ok(stored(StatusCode::OK));
    }
    let mut received = 0_u64;
    let chunks = request.into_body().into_data_stream().map(move |chunk| {
        let chunk = chunk.map_err(std::io::Error::other)?;
        received += chunk.len() as u64;
        if received > MAX_UPLOAD_BYTES { Err(std::io::Error::other(too_large().message)) } else { Ok(chunk) }
    });
    let (found, _) = store.blobs().put_stream(chunks).await?;
    if found != hash {
        // What was sent lies under its true name, which no record mentions; the next sweep takes it away.
        return Err(Problem::new(
            Code::InvalidArgument,
            "CONTENT_CHANGED",
            format!("the content has the hash {found}, not {hash}"),
        )
        .next("send the file again"));
    }
    Ok(stored(StatusCode::CREATED))
}

fn stored(status: StatusCode) -> Response {
    status.into_response()
}

fn too_large() -> Problem {
    Problem::new(
        Code::InvalidArgument,
        "FILE_TOO_LARGE",
        format!("the file is larger than the limit of {} GiB", MAX_UPLOAD_BYTES >> 30),
    )
}
