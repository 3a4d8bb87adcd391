//! Sends chosen files, several at once, and goes on after a broken line or a closed page.
//!
//! Must not know how progress looks, nor what the files are imported as.

use super::names::fingerprint;
use super::picked::Picked;
use crate::api::uploads::{self, Announced, Upload};
use crate::api::{ApiError, ErrorKind};
use crate::state::preferences;
use futures::{StreamExt, TryStreamExt, stream};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_sys::{AbortController, AbortSignal};

/// Bytes of a piece: what a broken line costs at most.
const PIECE_BYTES: u64 = 8 << 20;
/// Files under way at once; browsers open six connections to a server.
const LANES: usize = 4;
/// Waits between tries of a piece, in milliseconds; then a person is asked.
const TRIES_MS: [u32; 7] = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000];

/// How far it is.
#[derive(Clone, Copy)]
pub struct Progress {
    /// Bytes of each file that are there.
    sent: StoredValue<Vec<u64>>,
    /// Moves with every piece.
    pub moved: RwSignal<u32>,
    /// Whether the line is broken at the moment.
    pub is_waiting: RwSignal<bool>,
}

impl Progress {
    pub fn new() -> Self {
        Self { sent: StoredValue::new(Vec::new()), moved: RwSignal::new(0), is_waiting: RwSignal::new(false) }
    }

    /// Bytes of each file that are there.
    pub fn sent(self) -> Vec<u64> {
        self.moved.track();
        self.sent.get_value()
    }

    fn begin(self, offsets: Vec<u64>) {
        self.sent.try_set_value(offsets);
        self.is_waiting.try_set(false);
        self.moved.try_update(|count| *count += 1);
    }

    fn set(self, index: usize, offset: u64) {
        self.sent.try_update_value(|sent| {
            if let Some(sent) = sent.get_mut(index) {
                *sent = offset;
            }
        });
        self.is_waiting.try_set(false);
        self.moved.try_update(|count| *count += 1);
    }
}

/// Sends all of it, or what is missing of it. Gives the upload's id.
///
/// # Errors
/// What the server refused, or that it does not answer. What arrived stays there.
pub async fn send(files: &[Picked], progress: Progress, stop: &AbortController) -> Result<String, ApiError> {
    let upload = begun(files).await?;
    progress.begin(upload.files.iter().map(|file| file.offset).collect());
    let (id, signal) = (upload.id.as_str(), &stop.signal());
    let each = upload
        .files
        .iter()
        .zip(files)
        .enumerate()
        .map(|(index, (arrived, picked))| send_file(id, index, arrived.offset, picked, progress, signal));
    stream::iter(each).buffer_unordered(LANES).try_for_each(|()| async { Ok(()) }).await?;
    Ok(upload.id)
}

/// Gives an upload up.
pub async fn forget(files: &[Picked]) {
    let key = key_of(files);
    if let Some(id) = preferences::stored(&key) {
        preferences::forget(&key);
        // One that cannot be deleted now is deleted by the server after a day.
        let _ = uploads::delete(&id).await;
    }
}

/// The key of an upload that was used up.
pub fn is_used_up(files: &[Picked]) {
    preferences::forget(&key_of(files));
}

fn key_of(files: &[Picked]) -> String {
    let facts = files
        .iter()
        .map(|picked| (picked.name.as_str(), picked.size_bytes(), picked.file.last_modified() as i64));
    format!("trainyard.upload.{}", fingerprint(facts))
}

/// The upload of these files: the one that was begun, or a new one.
async fn begun(files: &[Picked]) -> Result<Upload, ApiError> {
    let key = key_of(files);
    if let Some(id) = preferences::stored(&key) {
        match uploads::get(&id).await {
            Ok(upload) if upload.files.len() == files.len() => return Ok(upload),
            Err(error) if matches!(error.kind, ErrorKind::Unreachable | ErrorKind::SignedOut) => {
                return Err(error);
            }
            _ => preferences::forget(&key),
        }
    }
    let announced: Vec<Announced> = files
        .iter()
        .map(|picked| Announced { name: picked.name.clone(), size_bytes: picked.size_bytes() })
        .collect();
    let upload = uploads::announce(&announced).await?;
    preferences::store(&key, &upload.id);
    Ok(upload)
}

async fn send_file(
    id: &str,
    index: usize,
    mut offset: u64,
    picked: &Picked,
    progress: Progress,
    stop: &AbortSignal,
) -> Result<(), ApiError> {
    let size = picked.size_bytes();
    let mut waits = TRIES_MS.iter();
    while offset < size {
        let end = size.min(offset + PIECE_BYTES);
        let piece =
            picked.file.slice_with_f64_and_f64(offset as f64, end as f64).map_err(|_| unreadable(picked))?;
        match uploads::append(id, index, offset, piece, stop).await {
            Ok(next) => {
                offset = next;
                progress.set(index, offset);
                waits = TRIES_MS.iter();
            }
            Err(error) if error.kind == ErrorKind::Unreachable && !stop.aborted() => {
                let Some(wait) = waits.next() else { return Err(error) };
                progress.is_waiting.try_set(true);
                TimeoutFuture::new(*wait).await;
                // What arrived of the piece before the line broke counts.
                if let Ok(upload) = uploads::get(id).await
                    && let Some(arrived) = upload.files.get(index)
                {
                    offset = arrived.offset;
                    progress.set(index, offset);
                }
            }
            Err(error) => return Err(error),
        }
        if stop.aborted() {
            return Err(unreadable(picked));
        }
    }
    Ok(())
}

fn unreadable(picked: &Picked) -> ApiError {
    ApiError {
        kind: ErrorKind::Refused,
        message: format!("`{}` cannot be read any more; choose the files again", picked.name),
        fields: Vec::new(),
        request_id: None,
    }
}
