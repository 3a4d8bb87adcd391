//! An attempt's data on the runner's disk: two subsets as COCO files with their images.
//!
//! Files are named by the hash of their content; what a person named never becomes a path.
//! Must not know what a trainer does with them.

use super::connect::ServerLink;
use super::protocol::{CocoAnnotation, CocoCategory, CocoFile, CocoImage, JobData};
use crate::store::blob_path;
use futures::{StreamExt, TryStreamExt};
use proto::v1;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

/// Files that are fetched at once.
const FETCHES_AT_ONCE: usize = 8;

/// Why the data is not there.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The server does not answer: this may pass.
    #[error("the server does not hand out `{hash}`: {detail}")]
    Unreachable {
        /// Which file.
        hash: String,
        /// What was said.
        detail: String,
    },
    /// The assignment cannot be carried out.
    #[error("{0}")]
    Unusable(String),
    /// The disk refused.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn disk(path: &Path) -> impl FnOnce(std::io::Error) -> DataError + '_ {
    move |source| DataError::Disk { path: path.to_owned(), source }
}

/// Where files come from.
#[derive(Clone)]
pub struct FileSource {
    /// The server.
    pub link: ServerLink,
    /// The server's own files, where both share a disk.
    pub blobs_dir: Option<PathBuf>,
}

impl FileSource {
    /// Puts a stored file at `target`: as a link where the disk is shared, else as a checked copy.
    ///
    /// # Errors
    /// If it cannot be had or written.
    pub async fn place(&self, hash: &str, target: &Path) -> Result<(), DataError> {
        if let Some(stored) = self.blobs_dir.as_deref().and_then(|root| blob_path(root, hash))
            && stored.is_file()
            && (std::fs::hard_link(&stored, target).is_ok()
                || std::os::unix::fs::symlink(&stored, target).is_ok())
        {
            return Ok(());
        }
        self.fetch(hash, target).await
    }

    async fn fetch(&self, hash: &str, target: &Path) -> Result<(), DataError> {
        let unreachable = |detail: String| DataError::Unreachable { hash: hash.to_owned(), detail };
        let response = self
            .link
            .http(reqwest::Method::GET, &format!("/v1/blobs/{hash}"))
            .send()
            .await
            .map_err(|error| unreachable(error.to_string()))?;
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            // Waiting does not bring it back.
            return Err(DataError::Unusable(format!("the server no longer has the file `{hash}`")));
        }
        let response = response.error_for_status().map_err(|error| unreachable(error.to_string()))?;
        let mut chunks = response.bytes_stream();
        let unfinished = target.with_extension("part");
        let mut file = tokio::fs::File::create(&unfinished).await.map_err(disk(&unfinished))?;
        let mut hasher = Sha256::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| unreachable(error.to_string()))?;
            hasher.update(&chunk);
            file.write_all(&chunk).await.map_err(disk(&unfinished))?;
        }
        file.flush().await.map_err(disk(&unfinished))?;
        drop(file);
        if crate::store::hex(&hasher.finalize()) != hash {
            return Err(unreachable("what arrived is not what was asked for".into()));
        }
        std::fs::rename(&unfinished, target).map_err(disk(target))
    }
}

/// Writes both subsets below `work` and fetches their images.
///
/// # Errors
/// If the assignment lacks a subset, or an image cannot be had or written.
pub async fn materialise(
    assignment: &v1::Assignment,
    work: &Path,
    source: &FileSource,
) -> Result<JobData, DataError> {
    let train = subset_of(assignment, v1::Subset::Train)?;
    let validation = subset_of(assignment, v1::Subset::Validation)?;
    let kind = kind_of(train.items.iter().chain(&validation.items));
    let write = async |items: &[v1::Item], name: &str| {
        write_subset(items, (&assignment.labels, kind), &work.join("data").join(name), source).await
    };
    Ok(JobData {
        train: write(&train.items, "train").await?,
        validation: write(&validation.items, "validation").await?,
    })
}

/// What is learnt of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boxes,
    /// One class of the whole image.
    Class,
}

/// A selection keeps boxes or classes; where somebody chose both, boxes are what can be learnt together.
fn kind_of<'a>(mut items: impl Iterator<Item = &'a v1::Item> + Clone) -> Kind {
    let annotations = items.clone().flat_map(|item| &item.annotations);
    let has_boxes = annotations.clone().any(|annotation| annotation.region.is_some());
    let has_classes = items.any(|item| !item.annotations.is_empty());
    if has_classes && !has_boxes { Kind::Class } else { Kind::Boxes }
}

fn subset_of(assignment: &v1::Assignment, subset: v1::Subset) -> Result<&v1::SubsetItems, DataError> {
    assignment
        .subsets
        .iter()
        .find(|items| items.subset == i32::from(subset))
        .ok_or_else(|| DataError::Unusable(format!("the assignment has no {} subset", subset.as_str_name())))
}

async fn write_subset(
    items: &[v1::Item],
    (labels, kind): (&[String], Kind),
    dir: &Path,
    source: &FileSource,
) -> Result<PathBuf, DataError> {
    let images = dir.join("images");
    std::fs::create_dir_all(&images).map_err(disk(&images))?;
    if kind == Kind::Class {
        // Also folders that stay empty: whoever counts folders must count classes.
        for class in 0..labels.len() {
            let folder = images.join(class_folder(class, labels.len()));
            std::fs::create_dir_all(&folder).map_err(disk(&folder))?;
        }
    }
    let coco = coco_from(items, labels, kind)?;
    // Two items may have the same content, which is one file.
    let files: BTreeSet<(String, PathBuf)> = items
        .iter()
        .zip(&coco.images)
        .map(|(item, image)| (item.content_hash.clone(), images.join(&image.file_name)))
        .collect();
    futures::stream::iter(files.iter().map(Ok))
        .try_for_each_concurrent(FETCHES_AT_ONCE, |(hash, target)| source.place(hash, target))
        .await?;
    let path = dir.join("annotations.json");
    let text = serde_json::to_vec(&coco).map_err(|error| DataError::Unusable(error.to_string()))?;
    std::fs::write(&path, text).map_err(disk(&path))?;
    Ok(path)
}

/// The folder of a class: its index, padded with zeros, so that names sort in class order.
fn class_folder(class: usize, classes: usize) -> String {
    let digits = classes.saturating_sub(1).to_string().len();
    format!("{class:0digits$}")
}

/// Items as COCO: boxes whose label the model does not have are left out, as the model cannot learn
/// them. Of classes each item has exactly one.
fn coco_from(items: &[v1::Item], labels: &[String], kind: Kind) -> Result<CocoFile, DataError> {
    let mut coco = CocoFile {
        categories: (1..).zip(labels).map(|(id, name)| CocoCategory { id, name: name.clone() }).collect(),
        ..CocoFile::default()
    };
    for (id, item) in (1..).zip(items) {
        if item.content_hash.len() != 64 || !item.content_hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(DataError::Unusable(format!("the item `{}` has no content hash", item.name)));
        }
        let shown = format!("{}/{}", item.dir.trim_end_matches('/'), item.name);
        let mut file_name = format!("{}.{}", item.content_hash, extension_of(&item.mimetype));
        if kind == Kind::Class {
            let class = class_of(item, labels, &shown)?;
            file_name = format!("{}/{file_name}", class_folder(class, labels.len()));
            let [width, height] = [item.width, item.height].map(f64::from);
            coco.annotations.push(CocoAnnotation {
                id,
                image_id: id,
                category_id: class as u64 + 1,
                bbox: [0.0, 0.0, width, height],
                area: width * height,
                iscrowd: 0,
            });
        }
        let (width, height) = (item.width, item.height);
        coco.images.push(CocoImage { id, file_name, item: shown, width, height });
        if kind == Kind::Class {
            continue;
        }
        for annotation in &item.annotations {
            let category = (1..).zip(labels).find(|(_, label)| **label == annotation.label);
            let (Some((category_id, _)), Some(region)) = (category, &annotation.region) else { continue };
            let (width, height) = (region.x2 - region.x1, region.y2 - region.y1);
            coco.annotations.push(CocoAnnotation {
                id: coco.annotations.len() as u64 + 1,
                image_id: id,
                category_id,
                bbox: [region.x1, region.y1, width, height],
                area: width * height,
                iscrowd: 0,
            });
        }
    }
    Ok(coco)
}

/// The one class of an item that the model has. Selection has refused others, unless labels were changed meanwhile.
fn class_of(item: &v1::Item, labels: &[String], shown: &str) -> Result<usize, DataError> {
    let known = |annotation: &v1::Annotation| labels.iter().position(|label| *label == annotation.label);
    let classes: BTreeSet<usize> = item.annotations.iter().filter_map(known).collect();
    match classes.len() {
        1 => Ok(classes.into_iter().next().unwrap_or_default()),
        0 => Err(DataError::Unusable(format!("the item `{shown}` has no class that the model has"))),
        several => {
            Err(DataError::Unusable(format!("the item `{shown}` has {several} classes, and one is learnt")))
        }
    }
}

fn extension_of(mimetype: &str) -> &'static str {
    match mimetype {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "image/bmp" => "bmp",
        _ => "img",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, hash: char, label: &str) -> v1::Item {
        let region = v1::PixelBox { x1: 1.0, y1: 2.0, x2: 11.0, y2: 22.0 };
        v1::Item {
            name: name.into(),
            dir: "/".into(),
            content_hash: hash.to_string().repeat(64),
            mimetype: "image/jpeg".into(),
            width: 100,
            height: 50,
            annotations: vec![v1::Annotation {
                label: label.into(),
                region: Some(region),
                ..v1::Annotation::default()
            }],
            ..v1::Item::default()
        }
    }

    #[test]
    fn items_become_coco_and_their_names_no_paths() {
        let labels = ["cell".to_owned(), "dot".to_owned()];
        let items = [item("../../etc/passwd", 'a', "dot"), item("b.jpg", 'b', "unknown")];
        let coco = coco_from(&items, &labels, kind_of(items.iter())).unwrap();
        assert_eq!(coco.images[0].file_name, format!("{}.jpg", "a".repeat(64)));
        assert_eq!(coco.images[0].item, "/../../etc/passwd");
        assert_eq!(coco.annotations.len(), 1);
        let only = &coco.annotations[0];
        assert_eq!(
            (only.image_id, only.category_id, only.bbox, only.area),
            (1, 2, [1.0, 2.0, 10.0, 20.0], 200.0)
        );
        let mut broken = item("c.jpg", 'c', "cell");
        broken.content_hash = "../x".into();
        assert!(coco_from(&[broken], &labels, Kind::Boxes).is_err());
    }

    #[test]
    fn items_of_classes_lie_in_folders_that_sort_in_class_order() {
        let labels: Vec<String> = (0..12).map(|class| format!("label {class}")).collect();
        let of_classes = |classes: &[&str]| {
            let annotation = |label: &&str| v1::Annotation { label: (*label).into(), ..Default::default() };
            v1::Item { annotations: classes.iter().map(annotation).collect(), ..item("a.jpg", 'a', "") }
        };
        let items = [of_classes(&["label 11"]), of_classes(&["label 2", "label 2"])];
        assert_eq!(kind_of(items.iter()), Kind::Class);
        let coco = coco_from(&items, &labels, Kind::Class).unwrap();
        let names: Vec<&str> = coco.images.iter().map(|image| image.file_name.as_str()).collect();
        let hash = "a".repeat(64);
        assert_eq!(names, [format!("11/{hash}.jpg"), format!("02/{hash}.jpg")]);
        let first = &coco.annotations[0];
        assert_eq!((first.category_id, first.bbox, first.area), (12, [0.0, 0.0, 100.0, 50.0], 5_000.0));
        assert_eq!((coco.annotations.len(), coco.annotations[1].category_id), (2, 3));
        for (classes, why) in [
            (&[][..], "the item `/a.jpg` has no class"),
            (&["stranger"], "has no class that the model has"),
            (&["label 1", "label 2"], "has 2 classes"),
        ] {
            let error = coco_from(&[of_classes(classes)], &labels, Kind::Class).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        // Boxes beside classes, and nothing at all, are trained as boxes.
        for items in [vec![of_classes(&["label 1"]), item("b.jpg", 'b', "label 1")], vec![of_classes(&[])]] {
            assert_eq!(kind_of(items.iter()), Kind::Boxes);
        }
        assert_eq!(class_folder(7, 10), "7");
    }
}
