//! Uploads of data sets over plain HTTP, which go on where a broken line stopped; described for clients in
//! `docs/uploads.md`.
//!
//! Must not know what the files hold, nor where they lie.

use crate::api::error::Problem;
use crate::api::layers;
use crate::auth::Authenticator;
use crate::auth::authenticator::authorize;
use crate::auth::policy::Access;
use crate::crash_point::{CrashPoint, pass};
use crate::store::{AnnouncedFile, OpenUpload, Store, StoreError, UPLOAD_LIFE_MS, UploadList};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures::StreamExt;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use http::{HeaderName, StatusCode};
use serde::Deserialize;
use serde_json::json;
use shared::id::UploadId;
use std::io::Write as _;
use tonic::Code;

/// The list of files that a client announces, at most.
const MAX_LIST_BYTES: usize = 8 << 20;
/// Characters of a file's name that are taken at all; what may become a path is decided at the import.
const MAX_NAME_CHARS: usize = 1024;
/// The type of a piece. No form of another site can send it.
const PIECE_TYPE: &str = "application/offset+octet-stream";
/// Bytes that are there already.
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// Bytes that there will be.
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const NEVER_KEPT: HeaderValue = HeaderValue::from_static("no-store");

/// The routes, with their own question who calls.
pub fn router(store: Store, authenticator: Authenticator) -> Router {
    Router::new()
        .route("/v1/dataset-uploads", post(create))
        .route("/v1/dataset-uploads/{id}", get(status).delete(delete))
        .route("/v1/dataset-uploads/{id}/files/{index}", get(file_status).patch(append))
        .layer(DefaultBodyLimit::max(MAX_LIST_BYTES))
        .with_state(store)
        .layer(from_fn_with_state(authenticator, authenticate))
        .layer(from_fn(layers::add_request_id))
}

/// The owner alone, by token or by a browser whose page is this server's own.
async fn authenticate(State(authenticator): State<Authenticator>, request: Request, next: Next) -> Response {
    let caller = layers::identify(&authenticator, request.headers(), request.uri()).await;
    match caller.and_then(|caller| authorize(&caller, Access::Owner)) {
        Ok(()) => next.run(request).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announcement {
    files: Vec<AnnouncedFile>,
}

async fn create(State(store): State<Store>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    expect_type(&headers, "application/json")?;
    let Announcement { files } = serde_json::from_slice(&body)
        .map_err(|error| Problem::field("body", format!("is not a list of files: {error}")))?;
    if let Some(index) = files.iter().position(|file| {
        file.name.is_empty()
            || file.name.chars().count() > MAX_NAME_CHARS
            || file.name.chars().any(char::is_control)
    }) {
        return Err(Problem::field(
            format!("files[{index}].name"),
            format!("is empty, has control characters, or is longer than {MAX_NAME_CHARS} characters"),
        ));
    }
    let uploads = store.uploads().clone();
    let list = on_disk(move || uploads.create(files)).await?;
    let offsets = vec![0; list.files.len()];
    let location = format!("/v1/dataset-uploads/{}", list.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(described(&list, &offsets))).into_response())
}

async fn status(State(store): State<Store>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = upload_id(&id)?;
    let uploads = store.uploads().clone();
    let (list, offsets) = on_disk(move || Ok((uploads.get(id)?, uploads.offsets(id)?))).await?;
    Ok(([(CACHE_CONTROL, NEVER_KEPT)], Json(described(&list, &offsets))).into_response())
}

async fn file_status(
    State(store): State<Store>,
    Path((id, index)): Path<(String, usize)>,
) -> Result<Response, Problem> {
    let id = upload_id(&id)?;
    let uploads = store.uploads().clone();
    let (offset, size_bytes) = on_disk(move || {
        let list = uploads.get(id)?;
        let file = list
            .files
            .get(index)
            .ok_or_else(|| StoreError::NotFound { what: "file of the upload", which: index.to_string() })?;
        Ok((uploads.offset(id, index), file.size_bytes))
    })
    .await?;
    Ok((StatusCode::NO_CONTENT, place_of(offset, size_bytes)).into_response())
}

async fn delete(State(store): State<Store>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = upload_id(&id)?;
    let uploads = store.uploads().clone();
    on_disk(move || uploads.delete(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a piece. What arrived before a line broke counts; the answer, or a later question, tells how far it is.
async fn append(
    State(store): State<Store>,
    Path((id, index)): Path<(String, usize)>,
    request: Request,
) -> Result<Response, Problem> {
    let id = upload_id(&id)?;
    expect_type(request.headers(), PIECE_TYPE)?;
    let begins_at: u64 = request
        .headers()
        .get(&UPLOAD_OFFSET)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .ok_or_else(|| Problem::field("upload-offset", "is missing, or is not a whole number of bytes"))?;
    let uploads = store.uploads().clone();
    let open = on_disk(move || uploads.open_file(id, index)).await?;
    let (offset, size_bytes) = (open.offset, open.size_bytes);
    if begins_at != offset {
        let problem = Problem::new(
            Code::Aborted,
            "OFFSET_MISMATCH",
            format!("the piece begins at byte {begins_at}, and {offset} bytes are there"),
        );
        return Ok((place_of(offset, size_bytes), problem.next("go on from there")).into_response());
    }
    let (taken, ended) = take(open, request).await?;
    match ended {
        Ok(()) => Ok((StatusCode::NO_CONTENT, place_of(offset + taken, size_bytes)).into_response()),
        Err(problem) => Ok((place_of(offset + taken, size_bytes), problem).into_response()),
    }
}

/// Writes the body to the end of the file. The answer is how many bytes were taken, and why not all if so.
async fn take(open: OpenUpload, request: Request) -> Result<(u64, Result<(), Problem>), Problem> {
    let OpenUpload { mut file, offset, size_bytes, hold } = open;
    let mut room = size_bytes.saturating_sub(offset);
    let mut taken = 0_u64;
    let mut ended = Ok(());
    let mut pieces = request.into_body().into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => {
                ended =
                    Err(Problem::new(Code::Aborted, "LINE_BROKEN", format!("the piece broke off: {error}"))
                        .next("ask how far it is, and go on from there"));
                break;
            }
        };
        let fits = piece.slice(..piece.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
        let is_too_much = fits.len() < piece.len();
        let (length, written);
        (file, length, written) = on_disk(move || {
            let written = file.write_all(&fits);
            Ok((file, fits.len() as u64, written))
        })
        .await?;
        written.map_err(disk_problem)?;
        taken += length;
        room -= length;
        if is_too_much {
            ended = Err(Problem::field(
                "body",
                format!("goes beyond the {size_bytes} bytes that were announced"),
            ));
            break;
        }
    }
    pass(CrashPoint::UploadAfterPiece);
    on_disk(move || {
        let synced = file.sync_data();
        drop(hold);
        Ok(synced)
    })
    .await?
    .map_err(disk_problem)?;
    Ok((taken, ended))
}

fn disk_problem(error: std::io::Error) -> Problem {
    StoreError::io("writing", std::path::Path::new("an upload"), error).into()
}

fn described(list: &UploadList, offsets: &[u64]) -> serde_json::Value {
    let files: Vec<_> = list
        .files
        .iter()
        .zip(offsets)
        .map(|(file, offset)| json!({ "name": file.name, "size_bytes": file.size_bytes, "offset": offset }))
        .collect();
    let is_complete = list.files.iter().zip(offsets).all(|(file, offset)| file.size_bytes == *offset);
    json!({
        "id": list.id,
        "files": files,
        "is_complete": is_complete,
        "expires_at_ms": list.created_at_ms.saturating_add(UPLOAD_LIFE_MS),
    })
}

fn place_of(offset: u64, size_bytes: u64) -> [(HeaderName, HeaderValue); 3] {
    [(UPLOAD_OFFSET, offset.into()), (UPLOAD_LENGTH, size_bytes.into()), (CACHE_CONTROL, NEVER_KEPT)]
}

fn expect_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    if given.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(Problem::field("content-type", format!("must be `{wanted}`")))
}

fn upload_id(text: &str) -> Result<UploadId, Problem> {
    text.parse().map_err(|error: shared::id::ParseIdError| Problem::field("id", error.to_string()))
}

/// Waits for the disk on a thread that may.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| {
        Problem::new(Code::Internal, "INTERRUPTED", format!("the upload was interrupted: {error}"))
            .next("go on with it")
    })?;
    Ok(done?)
}
