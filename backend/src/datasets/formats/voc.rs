//! Pascal VOC: `Annotations/*.xml` beside `JPEGImages/`, with lists of names in `ImageSets/Main/`; and
//! the flat layout of exports, where images and XML lie side by side in `train/`, `valid/` and `test/`.
//!
//! Must not know the store. Class order is the alphabetical order of the names, because the format has none.

use super::voc_xml::{self, VocObject};
use super::{Candidate, Edges, LabelledBox, Labelling, Parsed, label_name};
use crate::datasets::error::ImportError;
use crate::datasets::source::{
    Rejections, Source, extension, images_by_stem, is_image, stem, subset_of_name,
};
use shared::dataset::{Subset, Task};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

const EXPECTED: &str = "Annotations/*.xml and JPEGImages/, with ImageSets/Main/{train,val,test}.txt for the subsets; \
                        or folders train/, valid/ and test/ that hold images and their XML files";

/// A pair of folders: annotations and their images.
struct Place {
    annotations: PathBuf,
    images: PathBuf,
    subset: Option<Subset>,
}

pub(super) fn parse(source: &Source) -> Result<Parsed, ImportError> {
    let places = places(source)?;
    let mut rejections = Rejections::default();
    let lists = read_lists(source, &mut rejections);
    let mut labels = BTreeSet::new();
    let mut candidates = Vec::new();
    let mut taken = HashSet::new();
    for place in &places {
        let (xml_files, images) = (xml_files(source, &place.annotations), source.files(&place.images));
        let by_stem = images_by_stem(&images);
        for path in &xml_files {
            let file = source.name_of(path);
            match read_one(source, path, place, &by_stem, &mut rejections) {
                Err(reason) => rejections.add(file, reason),
                Ok(mut candidate) if taken.insert(candidate.path.clone()) => {
                    candidate.subset = lists.subset_of(path).or(place.subset);
                    if let Labelling::Boxes(boxes) = &candidate.labelling {
                        labels.extend(boxes.iter().map(|labelled| labelled.label.clone()));
                    }
                    candidates.push(candidate);
                }
                Ok(candidate) => {
                    let image = source.name_of(&candidate.path);
                    rejections
                        .add(file, format!("duplicate: another annotation file speaks of {image} already"));
                }
            }
        }
        let annotated: HashSet<String> = xml_files.iter().map(|path| stem(path)).collect();
        for image in images.iter().filter(|path| is_image(path)) {
            if !taken.contains(image) && !annotated.contains(&stem(image)) {
                rejections.add(source.name_of(image), "the image has no annotation file");
            }
        }
    }
    lists.report_unknown(source, &places, &mut rejections);
    Ok(Parsed { task: Task::Detection, labels: labels.into_iter().collect(), candidates, rejections })
}

fn xml_files(source: &Source, folder: &Path) -> Vec<PathBuf> {
    source.files(folder).into_iter().filter(|path| extension(path).as_deref() == Some("xml")).collect()
}

fn places(source: &Source) -> Result<Vec<Place>, ImportError> {
    let annotations = source.root().join("Annotations");
    if annotations.is_dir() {
        return Ok(vec![Place { annotations, images: source.root().join("JPEGImages"), subset: None }]);
    }
    let flat = |folder: PathBuf, subset| Place { images: folder.clone(), annotations: folder, subset };
    let mut places: Vec<Place> = source
        .folders(source.root())
        .into_iter()
        .filter_map(|folder| {
            let subset = subset_of_name(&folder.file_name()?.to_string_lossy())?;
            (!xml_files(source, &folder).is_empty()).then(|| flat(folder, Some(subset)))
        })
        .collect();
    if places.is_empty() && !xml_files(source, source.root()).is_empty() {
        places.push(flat(source.root().to_owned(), None));
    }
    if places.is_empty() {
        return Err(ImportError::OtherFormat {
            path: source.root().to_owned(),
            format: "voc",
            missing: "there is neither a folder Annotations nor any XML file".into(),
            expected: EXPECTED,
        });
    }
    Ok(places)
}

fn read_one(
    source: &Source,
    path: &Path,
    place: &Place,
    by_stem: &BTreeMap<String, PathBuf>,
    rejections: &mut Rejections,
) -> Result<Candidate, String> {
    let file = voc_xml::parse(&source.read_text(path)?)?;
    let image = find_image(source, path, place, by_stem, file.filename.as_deref())?;
    let annotation_file = source.name_of(path);
    let mut boxes = Vec::with_capacity(file.objects.len());
    for (index, object) in file.objects.into_iter().enumerate() {
        match labelled_box(index + 1, object) {
            Ok(labelled) => boxes.push(labelled),
            Err(reason) => rejections.add(&annotation_file, format!("box {}: {reason}", index + 1)),
        }
    }
    Ok(Candidate {
        path: image,
        subset: None,
        annotation_file,
        claimed_size: file.size,
        labelling: Labelling::Boxes(boxes),
    })
}

/// The image that the file names, or else the one with the same stem as the annotation file: names
/// inside of files are often left over from a conversion.
fn find_image(
    source: &Source,
    path: &Path,
    place: &Place,
    by_stem: &BTreeMap<String, PathBuf>,
    filename: Option<&str>,
) -> Result<PathBuf, String> {
    let named = match filename.filter(|name| !name.is_empty()) {
        Some(name) => Some(source.join(&place.images, name)?),
        None => None,
    };
    if let Some(named) = named.as_ref().filter(|named| named.is_file()) {
        return Ok(named.clone());
    }
    by_stem.get(&stem(path)).cloned().ok_or_else(|| match named {
        Some(named) => format!("missing image: there is no {}", source.name_of(&named)),
        None => format!("missing image: it names none, and none is called {}", stem(path)),
    })
}

fn labelled_box(number: usize, object: VocObject) -> Result<LabelledBox, String> {
    let label = label_name(&object.name.unwrap_or_default())?;
    let mut edges = [0.0; 4];
    for ((edge, given), name) in edges.iter_mut().zip(object.edges).zip(["xmin", "ymin", "xmax", "ymax"]) {
        *edge = given
            .ok_or_else(|| format!("{name} is missing"))?
            .map_err(|text| format!("{name} is `{text}`, which is no number"))?;
    }
    Ok(LabelledBox { place: format!("box {number} ({label})"), label, edges: Edges::Pixels(edges) })
}

/// The lists of `ImageSets/Main`: stem to subset, and the list that says so.
struct Lists {
    subsets: BTreeMap<String, (Subset, String)>,
}

/// Only train, val and test: `trainval` is the first two together, and the other lists are by class.
fn read_lists(source: &Source, rejections: &mut Rejections) -> Lists {
    let mut subsets: BTreeMap<String, (Subset, String)> = BTreeMap::new();
    for (file, subset) in
        [("train.txt", Subset::Train), ("val.txt", Subset::Validation), ("test.txt", Subset::Test)]
    {
        let path = source.root().join("ImageSets").join("Main").join(file);
        if !path.exists() {
            continue;
        }
        let name = source.name_of(&path);
        match source.read_text(&path) {
            Err(reason) => rejections.add(name, reason),
            Ok(text) => {
                for stem in text.lines().filter_map(|line| line.split_whitespace().next()) {
                    let known = subsets.entry(stem.to_owned()).or_insert_with(|| (subset, name.clone()));
                    if known.0 != subset {
                        let reason = format!("{stem} is in {} already, and stays in that subset", known.1);
                        rejections.add(name.clone(), reason);
                    }
                }
            }
        }
    }
    Lists { subsets }
}

impl Lists {
    fn subset_of(&self, annotation: &Path) -> Option<Subset> {
        self.subsets.get(&stem(annotation)).map(|(subset, _)| *subset)
    }

    fn report_unknown(&self, source: &Source, places: &[Place], rejections: &mut Rejections) {
        let known: HashSet<String> = places
            .iter()
            .flat_map(|place| xml_files(source, &place.annotations))
            .map(|path| stem(&path))
            .collect();
        for (stem, (_, list)) in &self.subsets {
            if !known.contains(stem) {
                rejections.add(list.clone(), format!("it lists {stem}, which has no annotation file"));
            }
        }
    }
}
