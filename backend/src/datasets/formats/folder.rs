//! Image folders for classification: a folder a class, or `train/`, `validation/` and `test/` with a
//! folder a class in each.
//!
//! Must not know the store. Class order is the alphabetical order of the folders' names.

use super::{Candidate, Labelling, Parsed, label_name};
use crate::datasets::error::ImportError;
use crate::datasets::source::{Rejections, Source, is_image, subset_of_name};
use shared::dataset::{Subset, Task};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const EXPECTED: &str = "a folder for each class with its images in it, or folders train/, validation/ and test/ \
                        with a folder for each class in them";

pub(super) fn parse(source: &Source) -> Result<Parsed, ImportError> {
    let mut rejections = Rejections::default();
    let mut labels = BTreeSet::new();
    let mut candidates = Vec::new();
    for (folder, subset) in class_folders(source) {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let label = match label_name(&name) {
            Ok(label) => label,
            Err(reason) => {
                rejections.add(source.name_of(&folder), reason);
                continue;
            }
        };
        let before = candidates.len();
        for path in source.files_below(&folder) {
            if is_image(&path) {
                candidates.push(candidate(source, path, subset, &label));
            } else {
                rejections
                    .add(source.name_of(&path), "wrong extension: not .jpg, .jpeg, .png, .webp or .bmp");
            }
        }
        if candidates.len() > before {
            labels.insert(label);
        }
    }
    if candidates.is_empty() {
        return Err(ImportError::OtherFormat {
            path: source.root().to_owned(),
            format: "folder",
            missing: "no folder in it holds images".into(),
            expected: EXPECTED,
        });
    }
    Ok(Parsed { task: Task::Classification, labels: labels.into_iter().collect(), candidates, rejections })
}

fn candidate(source: &Source, path: PathBuf, subset: Option<Subset>, label: &str) -> Candidate {
    Candidate {
        annotation_file: source.name_of(&path),
        path,
        subset,
        claimed_size: None,
        labelling: Labelling::Class(label.to_owned()),
    }
}

fn class_folders(source: &Source) -> Vec<(PathBuf, Option<Subset>)> {
    let folders = source.folders(source.root());
    let subset_of = |folder: &Path| subset_of_name(&folder.file_name()?.to_string_lossy());
    // Split only if folders named like subsets hold folders: a class may be called `test`.
    let split =
        folders.iter().any(|folder| subset_of(folder).is_some() && !source.folders(folder).is_empty());
    if !split {
        return folders.into_iter().map(|folder| (folder, None)).collect();
    }
    folders
        .into_iter()
        .filter_map(|folder| subset_of(&folder).map(|subset| (folder, subset)))
        .flat_map(|(folder, subset)| {
            source.folders(&folder).into_iter().map(move |class| (class, Some(subset)))
        })
        .collect()
}
