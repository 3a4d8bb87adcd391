//! One import, from a folder to the store: parse, check every image, keep the files, record them all
//! in one transaction.
//!
//! Must not know SQL, nor where stored files lie.

use super::detect::{self, Found};
use super::error::ImportError;
use super::formats::{Candidate, Labelling, Parsed};
use super::image::{self, LoadedImage};
use super::source::{Rejections, Source};
pub use super::split::Split;
use crate::crash_point::{CrashPoint, pass};
use crate::store::{NewAnnotation, NewImport, NewItem, Store};
use futures::StreamExt;
use shared::dataset::ImportReport;
use std::path::PathBuf;
use std::sync::Arc;

/// The formats that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Pascal VOC: `Annotations/*.xml`, `JPEGImages/`, `ImageSets/Main/*.txt`.
    Voc,
    /// COCO JSON, in the layouts of COCO itself and of Roboflow.
    Coco,
    /// YOLO txt with a `data.yaml`.
    Yolo,
    /// A folder a class, for classification.
    Folder,
}

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRequest {
    /// The folder.
    pub path: PathBuf,
    /// How it is laid out; found out if it is not said.
    pub format: Option<Format>,
    /// The dataset's name; items are added when there is one of this name already.
    pub name: String,
    /// Subsets by chance, used when the data set brings no split of its own.
    pub split: Option<Split>,
}

/// Imports a folder. `progress` hears of (images done, images in all), from this task alone.
///
/// All or nothing: on an error, or when the caller drops the future, nothing is recorded. Importing
/// the same folder again adds nothing.
///
/// # Errors
/// See [`ImportError`]. What is wrong with single files stands in the report instead.
pub async fn run(
    store: &Store,
    request: ImportRequest,
    progress: impl Fn(u64, u64) + Send + Sync,
) -> Result<ImportReport, ImportError> {
    if let Some(split) = &request.split {
        split.check()?;
    }
    let (path, format) = (request.path.clone(), request.format);
    let Found { source, mut parsed, is_plain } = blocking(move || detect::read(&path, format)).await??;
    let source = Arc::new(source);
    if is_plain && let Ok(present) = store.dataset(&request.name).await {
        // Images alone fit a data set of either task.
        parsed.task = present.task;
    }
    let _importing = store.importing().await;
    let mut stored = Vec::new();
    let imported = store_all(store, &source, &request, parsed, &mut stored, progress).await;
    if imported.is_err() {
        // What cannot be deleted now is swept when the server starts.
        if let Err(error) = store.forget_unrecorded(&stored).await {
            tracing::warn!(%error, "files of a failed import are left until the next sweep");
        }
    }
    imported
}

async fn store_all(
    store: &Store,
    source: &Arc<Source>,
    request: &ImportRequest,
    parsed: Parsed,
    stored: &mut Vec<String>,
    progress: impl Fn(u64, u64) + Send + Sync,
) -> Result<ImportReport, ImportError> {
    let Parsed { task, labels, candidates, mut rejections } = parsed;
    let total = candidates.len() as u64;
    let at_once = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    // Decoding is bound by the processors and storing by the disk, so some of each go on at once.
    let mut loaded = futures::stream::iter(candidates)
        .map(|candidate| load_and_store(store.clone(), Arc::clone(source), candidate))
        .buffered(at_once * 2);
    let mut items = Vec::new();
    let mut done = 0;
    progress(0, total);
    while let Some(outcome) = loaded.next().await {
        match outcome? {
            Ok((candidate, image)) => {
                stored.push(image.content_hash.clone());
                items.extend(item(source, candidate, &image, &mut rejections));
            }
            Err((file, reason)) => rejections.add(file, reason),
        }
        done += 1;
        progress(done, total);
    }
    drop(loaded);
    if items.is_empty() {
        return Err(nothing_left(request, &rejections));
    }
    if let Some(split) = &request.split {
        split.assign(&mut items);
    }
    pass(CrashPoint::ImportBeforeRows);
    let outcome = store.import_dataset(NewImport { name: request.name.clone(), task, labels, items }).await?;
    pass(CrashPoint::ImportAfterRows);
    for (file, reason) in outcome.conflicts {
        rejections.add(file, reason);
    }
    Ok(ImportReport {
        dataset: outcome.dataset,
        items_added: outcome.items_added,
        items_unchanged: outcome.items_unchanged,
        annotations_added: outcome.annotations_added,
        rejections: rejections.into_sorted(),
    })
}

type Loaded = Result<(Candidate, LoadedImage), (String, String)>;

/// Checks one image and keeps its file. The inner error names the file and the reason for leaving it out.
async fn load_and_store(
    store: Store,
    source: Arc<Source>,
    candidate: Candidate,
) -> Result<Loaded, ImportError> {
    let loaded = blocking(move || match image::load(&source, &candidate.path) {
        Ok(image) => Ok((candidate, image)),
        Err(reason) => Err((source.name_of(&candidate.path), reason)),
    })
    .await?;
    let (candidate, mut image) = match loaded {
        Ok(loaded) => loaded,
        Err(rejection) => return Ok(Err(rejection)),
    };
    // The content is not needed after it is stored.
    let bytes = std::mem::take(&mut image.bytes);
    store.blobs().put_hashed(&image.content_hash, bytes).await?;
    Ok(Ok((candidate, image)))
}

/// Turns a checked image into an item: its boxes are checked against its true size.
fn item(
    source: &Source,
    candidate: Candidate,
    image: &LoadedImage,
    rejections: &mut Rejections,
) -> Option<NewItem> {
    let (dir, name) = match source.place_of(&candidate.path) {
        Ok(place) => place,
        Err(reason) => {
            rejections.add(source.name_of(&candidate.path), reason);
            return None;
        }
    };
    if let Some((width, height)) = candidate.claimed_size
        && (width, height) != (image.width, image.height)
    {
        let reason = format!(
            "{} is for an image of {width} x {height}, but this one has {} x {}",
            candidate.annotation_file, image.width, image.height
        );
        rejections.add(source.name_of(&candidate.path), reason);
        return None;
    }
    let annotations = match candidate.labelling {
        Labelling::Class(label) => vec![NewAnnotation { label, region: None }],
        Labelling::Boxes(boxes) => boxes
            .into_iter()
            .filter_map(|labelled| {
                let (place, checked) = (labelled.place.clone(), labelled.check(image.width, image.height));
                let file = &candidate.annotation_file;
                match checked {
                    Ok((annotation, None)) => Some(annotation),
                    Ok((annotation, Some(note))) => {
                        rejections.add(file, format!("{place}: {note}"));
                        Some(annotation)
                    }
                    Err(reason) => {
                        rejections.add(file, format!("{place}: {reason}"));
                        None
                    }
                }
            })
            .collect(),
    };
    Some(NewItem {
        dir,
        name,
        content_hash: image.content_hash.clone(),
        mimetype: image.mimetype.to_owned(),
        size_bytes: image.size_bytes,
        width: image.width,
        height: image.height,
        subset: candidate.subset,
        annotations,
        metadata: None,
    })
}

fn nothing_left(request: &ImportRequest, rejections: &Rejections) -> ImportError {
    let reason = match rejections.first() {
        Some(rejection) => {
            format!("every image was left out, the first because of {}: {}", rejection.file, rejection.reason)
        }
        None => "it holds no images; check the folder and the format".into(),
    };
    ImportError::Empty { path: request.path.clone(), reason }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ImportError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ImportError::Interrupted(error.to_string()))
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
