//! COCO JSON, in the layout of COCO (`annotations/instances_train2017.json` with images in
//! `train2017/` or `images/`) and in that of Roboflow (`train/_annotations.coco.json` with the images beside).
//!
//! Must not know the store. Class order is that of the category ids.

use super::coco_json::{self, CocoAnnotation, CocoCategory, CocoFile, CocoImage};
use super::{Candidate, Edges, LabelledBox, Labelling, Parsed, label_name};
use crate::datasets::error::ImportError;
use crate::datasets::source::{Rejections, Source, extension, stem, subset_of_name};
use shared::dataset::{Subset, Task};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

const EXPECTED: &str = "annotations/instances_train.json and the like with images in train/ or images/; \
                        or train/_annotations.coco.json, valid/... and test/... with the images beside";

/// A JSON file, the subset that its name speaks of, and the folders that its images may be in.
struct Place {
    json: PathBuf,
    subset: Option<Subset>,
    folders: Vec<PathBuf>,
}

pub(super) fn parse(source: &Source) -> Result<Parsed, ImportError> {
    let places = places(source)?;
    let mut files = Vec::with_capacity(places.len());
    for place in places {
        let file = source
            .plain_file(&place.json)
            .and_then(|path| {
                std::fs::File::open(path).map_err(|error| format!("it cannot be opened: {error}"))
            })
            .and_then(|file| coco_json::parse(std::io::BufReader::new(file)))
            .map_err(|reason| ImportError::Broken { file: source.name_of(&place.json), reason })?;
        files.push((place, file));
    }
    let labels = labels(source, &files)?;
    let mut rejections = Rejections::default();
    let mut taken = HashSet::new();
    let mut candidates = Vec::new();
    for (place, file) in files {
        candidates.extend(candidates_of(source, &place, file, &mut taken, &mut rejections));
    }
    Ok(Parsed { task: Task::Detection, labels, candidates, rejections })
}

fn places(source: &Source) -> Result<Vec<Place>, ImportError> {
    let mut jsons = json_files(source, source.root());
    jsons.extend(json_files(source, &source.root().join("annotations")));
    for folder in source.folders(source.root()) {
        if folder.file_name().is_some_and(|name| subset_of_name(&name.to_string_lossy()).is_some()) {
            jsons.extend(json_files(source, &folder));
        }
    }
    // COCO brings files of captions and keypoints beside those of boxes.
    if jsons.iter().any(|path| stem(path).starts_with("instances")) {
        jsons.retain(|path| stem(path).starts_with("instances"));
    }
    if jsons.is_empty() {
        return Err(ImportError::OtherFormat {
            path: source.root().to_owned(),
            format: "coco",
            missing: "there is no JSON file in it, in annotations/, or in train/, valid/ or test/".into(),
            expected: EXPECTED,
        });
    }
    Ok(jsons.into_iter().map(|json| place(source, json)).collect())
}

fn json_files(source: &Source, folder: &Path) -> Vec<PathBuf> {
    source.files(folder).into_iter().filter(|path| extension(path).as_deref() == Some("json")).collect()
}

fn place(source: &Source, json: PathBuf) -> Place {
    let root = source.root();
    let parent = json.parent().unwrap_or(root).to_owned();
    let of_folder = parent.file_name().and_then(|name| subset_of_name(&name.to_string_lossy()));
    // `instances_train2017` and `train_annotations` alike.
    let stem = stem(&json);
    let word = stem.split(['_', '-', '.']).find(|word| subset_of_name(word).is_some());
    let subset = word.and_then(subset_of_name).or_else(|| of_folder.filter(|_| parent != root));
    let mut folders = vec![parent.clone(), parent.join("images")];
    if let Some(word) = word {
        folders.extend([root.join(word), root.join("images").join(word), root.join(word).join("images")]);
    }
    folders.extend([root.join("images"), root.to_owned()]);
    Place { json, subset, folders }
}

/// Class names by id, over all files. A category that only groups others and that nothing is labelled
/// with is no class: Roboflow writes one into each file.
fn labels(source: &Source, files: &[(Place, CocoFile)]) -> Result<Vec<String>, ImportError> {
    let mut by_id: BTreeMap<i64, &str> = BTreeMap::new();
    let used: HashSet<i64> = files
        .iter()
        .flat_map(|(_, file)| &file.annotations)
        .map(|annotation| annotation.category_id)
        .collect();
    let groups: HashSet<&str> = files
        .iter()
        .flat_map(|(_, file)| &file.categories)
        .filter_map(|category| category.supercategory.as_deref().filter(|group| *group != category.name))
        .collect();
    for (place, file) in files {
        let broken = |reason| ImportError::Broken { file: source.name_of(&place.json), reason };
        for category in &file.categories {
            label_name(&category.name).map_err(broken)?;
            if groups.contains(category.name.as_str()) && !used.contains(&category.id) {
                continue;
            }
            let known = by_id.entry(category.id).or_insert(&category.name);
            if *known != category.name {
                return Err(broken(format!(
                    "category {} is `{}` here and `{known}` elsewhere in the data set",
                    category.id, category.name
                )));
            }
        }
    }
    let mut names = Vec::new();
    for name in by_id.into_values() {
        let name = name.trim().to_owned();
        // Two ids with one name are one class.
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn candidates_of(
    source: &Source,
    place: &Place,
    file: CocoFile,
    taken: &mut HashSet<PathBuf>,
    rejections: &mut Rejections,
) -> Vec<Candidate> {
    let json = source.name_of(&place.json);
    let names: HashMap<i64, String> =
        file.categories.into_iter().map(|CocoCategory { id, name, .. }| (id, name)).collect();
    let ids: HashSet<i64> = file.images.iter().map(|image| image.id).collect();
    let mut boxes: HashMap<i64, Vec<LabelledBox>> = HashMap::new();
    for annotation in file.annotations {
        if !ids.contains(&annotation.image_id) {
            let reason = format!(
                "annotation {}: there is no image {} in this file",
                annotation.id, annotation.image_id
            );
            rejections.add(&json, reason);
            continue;
        }
        match labelled_box(&annotation, &names) {
            Ok(labelled) => boxes.entry(annotation.image_id).or_default().push(labelled),
            Err(reason) => rejections.add(&json, format!("annotation {}: {reason}", annotation.id)),
        }
    }
    let mut seen = HashSet::new();
    let mut candidates = Vec::with_capacity(file.images.len());
    for image in file.images {
        if !seen.insert(image.id) {
            rejections.add(
                &json,
                format!("image {}: duplicate: the id stands twice ({})", image.id, image.file_name),
            );
            continue;
        }
        match find_image(source, place, &image) {
            Err(reason) => rejections.add(&json, format!("image {}: {reason}", image.id)),
            Ok(path) if !taken.insert(path.clone()) => {
                let reason = format!(
                    "image {}: duplicate: {} stands in the data set already",
                    image.id, image.file_name
                );
                rejections.add(&json, reason);
            }
            Ok(path) => candidates.push(Candidate {
                path,
                subset: place.subset,
                annotation_file: json.clone(),
                claimed_size: image.size(),
                labelling: Labelling::Boxes(boxes.remove(&image.id).unwrap_or_default()),
            }),
        }
    }
    candidates
}

fn find_image(source: &Source, place: &Place, image: &CocoImage) -> Result<PathBuf, String> {
    for folder in &place.folders {
        let path = source.join(folder, &image.file_name)?;
        if path.is_file() {
            return Ok(path);
        }
    }
    Err(format!("missing image: there is no {}", image.file_name))
}

fn labelled_box(annotation: &CocoAnnotation, names: &HashMap<i64, String>) -> Result<LabelledBox, String> {
    let label = names.get(&annotation.category_id).ok_or_else(|| {
        format!("unknown class: there is no category {} in this file", annotation.category_id)
    })?;
    if annotation.iscrowd != 0 {
        return Err("it marks a crowd, not one object".into());
    }
    let Some([left, top, width, height]) = annotation.bbox.as_deref() else {
        return Err("it has no bbox of 4 numbers".into());
    };
    let label = label_name(label)?;
    Ok(LabelledBox {
        place: format!("annotation {} ({label})", annotation.id),
        label,
        edges: Edges::Pixels([*left, *top, left + width, top + height]),
    })
}
