//! Sends files to the server over plain HTTP, in pieces, and goes on where a broken line stopped.
//!
//! Must not know what the files hold.

use super::connect::Connection;
use super::failure::Failure;
use super::print;
use crate::store::hex;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// Bytes of one piece: what is sent again at most when the line breaks.
const PIECE_BYTES: u64 = 8 << 20;
/// How often a piece is tried.
const TRIES: u32 = 6;
/// Bytes of a file that are read at once.
const READ_BYTES: usize = 256 << 10;
/// Between two tries, growing.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// A file to send.
struct Outgoing {
    path: PathBuf,
    name: String,
    size_bytes: u64,
}

/// Whether there is something to send.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    files_of(path).map(|_| ())
}

/// Sends a file, or every file below a folder. The answer is the id of the upload.
///
/// # Errors
/// If something cannot be read, or the server does not take it.
pub(super) async fn send(connection: &Connection, path: &Path) -> Result<String, Failure> {
    let files = files_of(path)?;
    let announced: Vec<Value> =
        files.iter().map(|file| json!({ "name": file.name, "size_bytes": file.size_bytes })).collect();
    let made = connection
        .http(Method::POST, "/v1/dataset-uploads")
        .header("content-type", "application/json")
        .body(json!({ "files": announced }).to_string())
        .send()
        .await
        .map_err(|error| unreachable(&error))?;
    let made = answer(made).await?;
    let id = made["id"].as_str().map(str::to_owned).ok_or_else(|| {
        Failure::failed(
            "the server takes no uploads as this version sends them; use the same version for both",
        )
    })?;
    let bar = ProgressBar::new(files.iter().map(|file| file.size_bytes).sum()).with_message("sending");
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes} of {total_bytes}, {eta} left") {
        bar.set_style(style);
    }
    let mut sent = Ok(());
    for (index, file) in files.iter().enumerate() {
        sent = send_file(connection, &format!("/v1/dataset-uploads/{id}/files/{index}"), file, &bar).await;
        if sent.is_err() {
            break;
        }
    }
    bar.finish_and_clear();
    if sent.is_err() {
        discard(connection, &id).await;
    }
    sent.map(|()| id)
}

/// Stores one file under the SHA-256 of its content, unless the server has it. The answer is that hash.
///
/// # Errors
/// If the file cannot be read, or the server does not take it.
pub(super) async fn store(connection: &Connection, path: &Path) -> Result<String, Failure> {
    let hash = hash_of(path).await?;
    let known = connection.http(Method::HEAD, &format!("/v1/blobs/{hash}")).send().await;
    if known.map_err(|error| unreachable(&error))?.status().is_success() {
        return Ok(hash);
    }
    let file = tokio::fs::File::open(path).await.map_err(|error| unreadable(path, &error))?;
    let size_bytes = file.metadata().await.map_err(|error| unreadable(path, &error))?.len();
    let stored = connection
        .http(Method::PUT, &format!("/v1/uploads/{hash}"))
        .header("content-length", size_bytes)
        .body(reqwest::Body::wrap_stream(ReaderStream::with_capacity(file, READ_BYTES)))
        .send()
        .await
        .map_err(|error| unreachable(&error))?;
    answer(stored).await.map(|_| hash)
}

/// The SHA-256 of a file that a person named.
async fn hash_of(path: &Path) -> Result<String, Failure> {
    let wrong = |error: std::io::Error| {
        Failure::usage(format!("{} cannot be read ({error}); check the path", path.display()))
    };
    let mut file = tokio::fs::File::open(path).await.map_err(wrong)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; READ_BYTES];
    loop {
        match file.read(&mut piece).await.map_err(wrong)? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(piece.get(..length).unwrap_or_default()),
        }
    }
}

/// Throws an upload away that is not needed any more.
pub(super) async fn discard(connection: &Connection, id: &str) {
    // What is left is swept away by the server after a day.
    let _ = connection.http(Method::DELETE, &format!("/v1/dataset-uploads/{id}")).send().await;
}

async fn send_file(
    connection: &Connection,
    path: &str,
    file: &Outgoing,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let mut content =
        tokio::fs::File::open(&file.path).await.map_err(|error| unreadable(&file.path, &error))?;
    let mut offset = 0;
    let mut failed_tries = 0;
    while offset < file.size_bytes {
        let length = PIECE_BYTES.min(file.size_bytes - offset);
        let mut piece = vec![0; usize::try_from(length).unwrap_or(0)];
        let read = async {
            content.seek(std::io::SeekFrom::Start(offset)).await?;
            content.read_exact(&mut piece).await
        };
        read.await.map_err(|error| unreadable(&file.path, &error))?;
        let sent = connection
            .http(Method::PATCH, path)
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", offset)
            .body(piece)
            .send()
            .await;
        let now_at = match sent {
            Ok(response) if response.status().is_success() => offset_of(&response),
            // Somebody, perhaps an earlier try of ours, got further, or less far.
            Ok(response) if response.status() == StatusCode::CONFLICT => offset_of(&response),
            Ok(response) if response.status().is_server_error() => None,
            Ok(response) => return answer(response).await.map(|_| ()),
            Err(_) => None,
        };
        let now_at = match now_at {
            Some(now_at) => Some(now_at),
            None => asked_offset(connection, path).await,
        };
        match now_at {
            Some(now_at) if now_at > offset => {
                bar.inc(now_at - offset);
                offset = now_at;
                failed_tries = 0;
            }
            other => {
                failed_tries += 1;
                if failed_tries >= TRIES {
                    let name = print::plain(&file.name);
                    return Err(Failure::failed(format!(
                        "the server does not take `{name}` beyond byte {offset}; check the line and its disk, and try again"
                    )));
                }
                offset = other.unwrap_or(offset);
                tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(failed_tries)).await;
            }
        }
    }
    Ok(())
}

fn offset_of(response: &reqwest::Response) -> Option<u64> {
    response.headers().get("upload-offset")?.to_str().ok()?.parse().ok()
}

async fn asked_offset(connection: &Connection, path: &str) -> Option<u64> {
    let response = connection.http(Method::HEAD, path).send().await.ok()?;
    offset_of(&response)
}

/// The answer as JSON, or what the server says is wrong.
async fn answer(response: reqwest::Response) -> Result<Value, Failure> {
    let status = response.status();
    let body: Value =
        response.text().await.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    let message = body["message"].as_str().unwrap_or("no reason given");
    Err(Failure::failed(format!("the server answered {status}: {message}")))
}

fn unreachable(error: &reqwest::Error) -> Failure {
    Failure::failed(format!("the server does not answer: {error}"))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!(
        "{} cannot be read: {error}; it must not change while it is sent",
        path.display()
    ))
}

/// A file, or every file below a folder, without hidden ones and links.
fn files_of(path: &Path) -> Result<Vec<Outgoing>, Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| {
        Failure::usage(format!("{} cannot be read ({error}); check the path", path.display()))
    })?;
    let mut files = Vec::new();
    if metadata.is_file() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push(Outgoing { path: path.to_owned(), name, size_bytes: metadata.len() });
        return Ok(files);
    }
    let mut waiting = vec![path.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let (place, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                waiting.push(place);
            } else if kind.is_file() {
                let name = place.strip_prefix(path).unwrap_or(&place).to_str().map(str::to_owned);
                let name = name.ok_or_else(|| {
                    Failure::usage(format!("the name {} is not UTF-8; rename the file", place.display()))
                })?;
                files.push(Outgoing { size_bytes: entry.metadata()?.len(), path: place, name });
            }
        }
    }
    if files.is_empty() {
        return Err(Failure::usage(format!("the folder {} holds no files", path.display())));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
