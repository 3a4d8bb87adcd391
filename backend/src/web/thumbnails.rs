//! Small pictures of stored images over plain HTTP: made once, when they are first asked for.
//!
//! Must not know how a picture is decoded or where it lies.

use super::content::is_content_hash;
use crate::api::error::Problem;
use crate::datasets::thumbnail;
use crate::store::Store;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use http::{HeaderName, StatusCode};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::io::AsyncReadExt;
use tokio::sync::{OnceCell, Semaphore};
use tonic::Code;

/// Pictures that are made at once at most; each takes a processor and the memory of a decoded image.
const MADE_AT_ONCE: usize = 4;

/// What one making gives to everybody who waits for it.
type Making = OnceCell<Result<Bytes, Problem>>;

/// Makes small pictures, each once.
#[derive(Clone)]
struct Maker {
    store: Store,
    /// Those that are being made. Only who waits for one keeps it alive.
    under_way: Arc<Mutex<HashMap<String, Weak<Making>>>>,
    turns: Arc<Semaphore>,
}

/// The route; who may call it is the caller's business.
pub(super) fn router(store: Store) -> Router {
    let at_once = std::thread::available_parallelism().map_or(1, usize::from).min(MADE_AT_ONCE);
    let maker = Maker { store, under_way: Arc::default(), turns: Arc::new(Semaphore::new(at_once)) };
    Router::new().route("/v1/thumbnails/{hash}", get(thumbnail_of)).with_state(maker)
}

async fn thumbnail_of(
    State(maker): State<Maker>,
    Path(hash): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !is_content_hash(&hash) {
        return Err(Problem::field("hash", "is not a SHA-256 in 64 lower-case hexadecimal digits"));
    }
    let tag = format!("\"{hash}-{}\"", thumbnail::SIDE_PIXELS);
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let jpeg = maker.get(&hash).await?;
    let fixed: [(HeaderName, HeaderValue); 2] = [
        (CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
    ];
    Ok((fixed, [(ETAG, tag)], jpeg).into_response())
}

impl Maker {
    async fn get(&self, hash: &str) -> Result<Bytes, Problem> {
        if let Some(kept) = self.kept(hash).await? {
            return Ok(kept);
        }
        let making = self.making_of(hash);
        // Should the caller that began go away, the next that waits goes on.
        making.get_or_init(|| self.make(hash)).await.clone()
    }

    /// The making of this picture, shared by all who ask for it meanwhile.
    fn making_of(&self, hash: &str) -> Arc<Making> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(present) = under_way.get(hash).and_then(Weak::upgrade) {
            return present;
        }
        under_way.retain(|_, making| making.strong_count() > 0);
        let making = Arc::new(Making::new());
        under_way.insert(hash.to_owned(), Arc::downgrade(&making));
        making
    }

    async fn kept(&self, hash: &str) -> Result<Option<Bytes>, Problem> {
        let (thumbnails, hash) = (self.store.thumbnails().clone(), hash.to_owned());
        let read = tokio::task::spawn_blocking(move || thumbnails.read(&hash)).await.map_err(interrupted)?;
        Ok(read?.map(Bytes::from))
    }

    async fn make(&self, hash: &str) -> Result<Bytes, Problem> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(interrupted)?;
        // It may have been made between the look at the disk and the turn.
        if let Some(kept) = self.kept(hash).await? {
            return Ok(kept);
        }
        let (reader, size_bytes) = self.store.blobs().open_read(hash).await?;
        if size_bytes > thumbnail::MAX_FILE_BYTES {
            let reason = format!("the file is larger than {} MiB", thumbnail::MAX_FILE_BYTES >> 20);
            return Err(no_picture(hash, &reason));
        }
        let mut content = Vec::with_capacity(usize::try_from(size_bytes).unwrap_or(0));
        reader.take(size_bytes).read_to_end(&mut content).await.map_err(|error| {
            Problem::new(Code::Internal, "IO_FAILED", format!("a stored file cannot be read: {error}"))
        })?;
        let (thumbnails, hash) = (self.store.thumbnails().clone(), hash.to_owned());
        let made = tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the request: one that goes away must not let a further one in.
            let _turn = turn;
            let jpeg = thumbnail::make(&content).map_err(|reason| no_picture(&hash, &reason))?;
            if let Err(error) = thumbnails.keep(&hash, &jpeg) {
                tracing::warn!(%error, "a thumbnail is not kept, and will be made again");
            }
            Ok(Bytes::from(jpeg))
        });
        made.await.map_err(interrupted)?
    }
}

fn no_picture(hash: &str, reason: &str) -> Problem {
    let message = format!("there is no thumbnail of the stored file {hash}: {reason}");
    Problem::new(Code::InvalidArgument, "NOT_A_PICTURE", message).next("fetch the file itself")
}

fn interrupted(error: impl std::fmt::Display) -> Problem {
    Problem::new(Code::Internal, "INTERRUPTED", format!("a thumbnail could not be made: {error}"))
        .next("ask again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use std::io::Cursor;

    #[tokio::test]
    async fn a_burst_for_one_picture_makes_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock::new())).await.unwrap();
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::new(600, 400).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let (hash, _) = store.blobs().put_bytes(Bytes::from(bytes.into_inner())).await.unwrap();
        let maker = Maker { store, under_way: Arc::default(), turns: Arc::new(Semaphore::new(1)) };
        // Nobody gets a turn until all are there.
        let turn = Arc::clone(&maker.turns).acquire_owned().await.unwrap();
        let asked: Vec<_> = (0..20)
            .map(|_| {
                let (maker, hash) = (maker.clone(), hash.clone());
                tokio::spawn(async move { maker.get(&hash).await.unwrap() })
            })
            .collect();
        let waiting = || maker.under_way.lock().unwrap().get(&hash).map_or(0, Weak::strong_count);
        while waiting() < 20 {
            tokio::task::yield_now().await;
        }
        drop(turn);
        let mut places = Vec::new();
        for asked in asked {
            places.push(asked.await.unwrap().as_ptr());
        }
        places.dedup();
        assert_eq!(places.len(), 1, "all got the very same bytes");
        assert_ne!(maker.get(&hash).await.unwrap().as_ptr(), places[0], "this one comes from the disk");
        assert!(maker.under_way.lock().unwrap().values().all(|making| making.strong_count() == 0));
    }

    #[tokio::test]
    async fn who_begins_and_goes_away_leaves_it_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock::new())).await.unwrap();
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::new(10, 10).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let (hash, _) = store.blobs().put_bytes(Bytes::from(bytes.into_inner())).await.unwrap();
        let maker = Maker { store, under_way: Arc::default(), turns: Arc::new(Semaphore::new(1)) };
        let turn = Arc::clone(&maker.turns).acquire_owned().await.unwrap();
        let first = {
            let (maker, hash) = (maker.clone(), hash.clone());
            tokio::spawn(async move { maker.get(&hash).await.map(|_| ()) })
        };
        while maker.under_way.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        first.abort();
        drop(turn);
        assert!(maker.get(&hash).await.is_ok());
    }
}
