//! YOLO txt: a `data.yaml` that names classes and places, and a text file of `class cx cy w h` lines
//! (fractions of the image) for each image.
//!
//! Must not know the store. Class order is that of `names`. An image without a text file shows nothing.

use super::yolo_yaml::{self, DataFile};
use super::{Candidate, Edges, LabelledBox, Labelling, Parsed};
use crate::datasets::error::ImportError;
use crate::datasets::source::{Rejections, Source, extension, images_by_stem, is_image, stem};
use shared::dataset::{Subset, Task};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

const EXPECTED: &str = "a data.yaml with `names` and with `train` and `val`, which lead to folders of images \
                        whose labels lie in folders of the same name under labels/";

pub(super) fn parse(source: &Source) -> Result<Parsed, ImportError> {
    let (yaml_path, yaml) = read_yaml(source)?;
    let broken = |reason| ImportError::Broken { file: source.name_of(&yaml_path), reason };
    let mut rejections = Rejections::default();
    let mut taken: HashMap<PathBuf, Option<Subset>> = HashMap::new();
    let mut candidates = Vec::new();
    let mut label_folders = BTreeSet::new();
    for (path, subset) in places(source, &yaml).map_err(broken)? {
        for image in images_of(source, &path, &mut rejections)? {
            if let Some(known) = taken.get(&image) {
                let known = known.map_or("the data set", Subset::name);
                rejections.add(source.name_of(&image), format!("duplicate: it is in {known} already"));
                continue;
            }
            taken.insert(image.clone(), subset);
            let label_file = label_file(source, &image);
            label_folders.extend(label_file.parent().map(Path::to_owned));
            if let Some(candidate) =
                candidate(source, image, &label_file, subset, &yaml.names, &mut rejections)
            {
                candidates.push(candidate);
            }
        }
    }
    if taken.is_empty() {
        return Err(broken("none of its folders holds an image; check `path`, `train` and `val`".into()));
    }
    report_orphans(source, &label_folders, taken.keys(), &mut rejections);
    Ok(Parsed { task: Task::Detection, labels: yaml.names, candidates, rejections })
}

fn read_yaml(source: &Source) -> Result<(PathBuf, DataFile), ImportError> {
    let yaml_files: Vec<PathBuf> = source
        .files(source.root())
        .into_iter()
        .filter(|path| matches!(extension(path).as_deref(), Some("yaml" | "yml")))
        .collect();
    let named = yaml_files.iter().find(|path| stem(path) == "data").or(match yaml_files.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    let path = named.cloned().ok_or_else(|| ImportError::OtherFormat {
        path: source.root().to_owned(),
        format: "yolo",
        missing: "there is no data.yaml".into(),
        expected: EXPECTED,
    })?;
    let parsed = source.read_text(&path).and_then(|text| yolo_yaml::parse(&text));
    match parsed {
        Ok(yaml) => Ok((path, yaml)),
        Err(reason) => Err(ImportError::Broken { file: source.name_of(&path), reason }),
    }
}

/// Where the images of each subset are. Without any place, everything in `images/`, or else in the
/// folder, has no subset.
fn places(source: &Source, yaml: &DataFile) -> Result<Vec<(PathBuf, Option<Subset>)>, String> {
    let mut found = Vec::new();
    for (subset, names) in Subset::ALL.into_iter().zip(&yaml.places) {
        for name in names {
            found.push((place(source, yaml.path.as_deref(), name)?, Some(subset)));
        }
    }
    if found.is_empty() {
        let images = source.root().join("images");
        found.push((if images.is_dir() { images } else { source.root().to_owned() }, None));
    }
    Ok(found)
}

/// A place inside of the folder. Data sets are moved around, so `path` often names a folder of another
/// machine, and exports climb out of their own folder with `../`; what is left of the name when those
/// are dropped is what was meant, if it is there.
fn place(source: &Source, base: Option<&str>, name: &str) -> Result<PathBuf, String> {
    let plain = |text: &str| -> PathBuf {
        Path::new(text).components().filter(|part| matches!(part, Component::Normal(_))).collect()
    };
    let root = source.root();
    let name_inside = plain(name);
    let mut tried = Vec::new();
    if let Some(base) = base.filter(|base| !Path::new(base).is_absolute()) {
        tried.push(root.join(plain(base)).join(&name_inside));
    }
    tried.push(root.join(&name_inside));
    if let Ok(inside) = Path::new(name).strip_prefix(root) {
        tried.push(root.join(inside));
    }
    let inside = |path: &PathBuf| path.canonicalize().is_ok_and(|real| real.starts_with(root));
    tried.into_iter().find(inside).ok_or_else(|| {
        format!("`{name}` is not a folder or list inside of the data set's folder: check `path`, `train`, `val` and `test`")
    })
}

/// The images in a folder, or those that a list names.
fn images_of(
    source: &Source,
    place: &Path,
    rejections: &mut Rejections,
) -> Result<Vec<PathBuf>, ImportError> {
    if place.is_dir() {
        return Ok(source.files_below(place).into_iter().filter(|path| is_image(path)).collect());
    }
    let list = source.name_of(place);
    let text =
        source.read_text(place).map_err(|reason| ImportError::Broken { file: list.clone(), reason })?;
    let folder = place.parent().unwrap_or_else(|| source.root());
    let mut images = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let name = line.trim();
        // Absolute names are fine where they lead into the folder.
        let inside = Path::new(name).strip_prefix(source.root()).ok().and_then(Path::to_str).unwrap_or(name);
        match source.join(folder, inside).or_else(|_| source.join(source.root(), inside)) {
            Err(reason) => rejections.add(list.clone(), format!("line {number}: {reason}")),
            Ok(path) => {
                let path = if path.exists() { path } else { source.root().join(inside) };
                if path.is_file() {
                    images.push(path);
                } else {
                    rejections.add(list.clone(), format!("line {number}: missing image: there is no {name}"));
                }
            }
        }
    }
    Ok(images)
}

/// Where the labels of an image are: the last folder `images` in its path becomes `labels`, and the
/// extension `.txt`; an image outside of such a folder has them beside it.
fn label_file(source: &Source, image: &Path) -> PathBuf {
    let relative = image.strip_prefix(source.root()).unwrap_or(image);
    let mut parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_owned()).collect();
    if let Some(part) = parts.iter_mut().rev().skip(1).find(|part| *part == "images") {
        *part = "labels".into();
    }
    source.root().join(parts.into_iter().collect::<PathBuf>()).with_extension("txt")
}

fn candidate(
    source: &Source,
    image: PathBuf,
    label_file: &Path,
    subset: Option<Subset>,
    names: &[String],
    rejections: &mut Rejections,
) -> Option<Candidate> {
    let annotation_file = source.name_of(label_file);
    let mut boxes = Vec::new();
    if label_file.exists() {
        let text = match source.read_text(label_file) {
            Ok(text) => text,
            Err(reason) => {
                rejections.add(annotation_file, format!("{reason}; its image is left out"));
                return None;
            }
        };
        let mut seen = HashSet::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            if !seen.insert(line.trim().to_owned()) {
                rejections.add(&annotation_file, format!("line {number}: duplicate of an earlier line"));
                continue;
            }
            match labelled_box(number, line, names) {
                Ok(labelled) => boxes.push(labelled),
                Err(reason) => rejections.add(&annotation_file, format!("line {number}: {reason}")),
            }
        }
    }
    Some(Candidate {
        path: image,
        subset,
        annotation_file,
        claimed_size: None,
        labelling: Labelling::Boxes(boxes),
    })
}

/// One line: a box, or a polygon, of which the box around it is taken.
fn labelled_box(number: usize, line: &str, names: &[String]) -> Result<LabelledBox, String> {
    let mut parts = line.split_whitespace();
    let class = parts.next().unwrap_or_default();
    let index: usize =
        class.parse().map_err(|_| format!("the class `{}` is no whole number", shortened(class)))?;
    let label = names.get(index).ok_or_else(|| {
        format!("unknown class {index}: data.yaml names classes 0 to {}", names.len().saturating_sub(1))
    })?;
    let numbers = parts
        .map(|part| part.parse::<f64>().map_err(|_| format!("`{}` is no number", shortened(part))))
        .collect::<Result<Vec<_>, _>>()?;
    let edges = match numbers.as_slice() {
        [cx, cy, w, h] => [cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0],
        polygon if polygon.len() >= 6 && polygon.len().is_multiple_of(2) => around(polygon),
        other => {
            return Err(format!(
                "expected a class and 4 numbers (or a polygon), found {} numbers",
                other.len()
            ));
        }
    };
    Ok(LabelledBox {
        place: format!("line {number} ({label})"),
        label: label.clone(),
        edges: Edges::Fractions(edges),
    })
}

fn around(polygon: &[f64]) -> [f64; 4] {
    let mut edges = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for point in polygon.chunks_exact(2) {
        edges =
            [edges[0].min(point[0]), edges[1].min(point[1]), edges[2].max(point[0]), edges[3].max(point[1])];
    }
    edges
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Names label files whose image is missing.
fn report_orphans<'a>(
    source: &Source,
    label_folders: &BTreeSet<PathBuf>,
    images: impl Iterator<Item = &'a PathBuf>,
    rejections: &mut Rejections,
) {
    let known: HashSet<PathBuf> = images.map(|image| label_file(source, image)).collect();
    for folder in label_folders {
        let files = source.files(folder);
        let beside = images_by_stem(&files);
        for path in files.iter().filter(|path| extension(path).as_deref() == Some("txt")) {
            // Texts beside images need not be labels at all, for example a README.
            let is_label = folder.components().any(|part| part.as_os_str() == "labels")
                || beside.contains_key(&stem(path));
            if is_label && !known.contains(path) {
                rejections.add(source.name_of(path), "missing image: no image has these labels");
            }
        }
    }
}
