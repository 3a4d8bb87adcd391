//! COCO files as columns in memory.
//!
//! Must not know how boxes are matched. What is refused: text that is not JSON, keys that are
//! missing or of the wrong kind, boxes with negative sides, ids that occur twice, and annotations
//! or detections of an image or category that the ground truth does not list. `pycocotools`
//! refuses unknown images of detections, drops unknown categories in silence and counts a repeated
//! annotation id twice; here nothing is dropped in silence.

use super::entries::{Annotation, Category, Found, Image, Object, Rows, Table};
use super::error::{CocoError, CocoFile};
use serde::Deserialize;

/// The ground truth of an evaluation: images, categories and labelled boxes.
///
/// Annotations refer to images and classes by rank, that is, their place among all ids in rising
/// order. Ids may be any whole numbers, 0 and negative ones among them.
#[derive(Debug, Clone)]
pub struct CocoTruth {
    /// For each image in the order of the file, its rank.
    pub(super) image_ranks: Vec<u32>,
    image_ids: Ids,
    category_ids: Ids,
    /// For each class by rank.
    pub(super) class_names: Vec<String>,
    pub(super) boxes: Boxes,
    pub(super) areas: Vec<f64>,
    pub(super) crowds: Vec<bool>,
}

/// What was found on the images of a ground truth.
#[derive(Debug, Clone)]
pub struct CocoDetections<'truth> {
    pub(super) truth: &'truth CocoTruth,
    pub(super) boxes: Boxes,
    pub(super) scores: Vec<f64>,
}

/// Columns that annotations and detections share.
#[derive(Debug, Clone, Default)]
pub(super) struct Boxes {
    /// Rank of the image.
    pub images: Vec<u32>,
    /// Rank of the category.
    pub classes: Vec<u32>,
    /// Left, top, width, height in pixels.
    pub regions: Vec<[f64; 4]>,
}

impl CocoTruth {
    /// Reads a COCO file of images, annotations and categories.
    ///
    /// # Errors
    /// [`CocoError`] says what is wrong, where, and what to do next.
    ///
    /// ```
    /// use shared::metrics::coco::CocoTruth;
    /// let error = CocoTruth::from_json(br#"{"images": [{"id": "one"}]}"#).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "ground truth, line 1, column 24: images[0]: invalid type: string \"one\", \
    ///      expected a whole number of 64 bits for `id`; correct this place and run it again"
    /// );
    /// ```
    pub fn from_json(bytes: &[u8]) -> Result<Self, CocoError> {
        let file = CocoFile::GroundTruth;
        let Object(parsed) = parse::<Object<TruthFile>>(bytes, file)?;
        let TruthFile { images: Rows(images), annotations: Rows(annotations), categories: Rows(categories) } =
            parsed;
        let image_ids = Ids::of(&images.0, ImageTable::NAME)?;
        let category_ids = Ids::of(&categories.ids, CategoryTable::NAME)?;
        Ids::of(&annotations.ids, AnnotationTable::NAME)?;
        let mut class_names = vec![String::new(); categories.ids.len()];
        for (id, name) in categories.ids.iter().zip(categories.names) {
            if let Some(slot) = category_ids.rank(*id, 0).and_then(|rank| class_names.get_mut(rank as usize))
            {
                *slot = name.unwrap_or_else(|| id.to_string());
            }
        }
        let image_ranks = images.0.iter().filter_map(|&id| image_ids.rank(id, 0)).collect();
        let boxes = annotations.boxes.resolve(file, AnnotationTable::NAME, &image_ids, &category_ids)?;
        let (areas, crowds) = (annotations.areas, annotations.crowds);
        Ok(Self { image_ranks, image_ids, category_ids, class_names, boxes, areas, crowds })
    }

    /// Reads a COCO list of results: `image_id`, `category_id`, `bbox` and `score` of each.
    ///
    /// # Errors
    /// As [`CocoTruth::from_json`]; also for an image or category that the ground truth lacks.
    pub fn detections_from_json(&self, bytes: &[u8]) -> Result<CocoDetections<'_>, CocoError> {
        let file = CocoFile::Detections;
        let Rows(table) = parse::<Rows<DetectionTable>>(bytes, file)?;
        let boxes = table.boxes.resolve(file, DetectionTable::NAME, &self.image_ids, &self.category_ids)?;
        Ok(CocoDetections { truth: self, boxes, scores: table.scores })
    }

    /// Images, with boxes or without.
    #[must_use]
    pub const fn image_count(&self) -> usize {
        self.image_ranks.len()
    }

    /// Categories, with boxes or without.
    #[must_use]
    pub const fn class_count(&self) -> usize {
        self.class_names.len()
    }

    /// Annotations, crowds among them.
    #[must_use]
    pub const fn annotation_count(&self) -> usize {
        self.areas.len()
    }

    /// The category ids in rising order; a class index is a place in it.
    #[must_use]
    pub fn category_ids(&self) -> &[i64] {
        &self.category_ids.sorted
    }
}

impl CocoDetections<'_> {
    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.scores.len()
    }
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], file: CocoFile) -> Result<T, CocoError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(CocoError::Compressed { file });
    }
    serde_json::from_slice(bytes).map_err(|error| CocoError::from_json(file, &error))
}

/// Ids in rising order.
#[derive(Debug, Clone)]
struct Ids {
    sorted: Vec<i64>,
}

impl Ids {
    fn of(ids: &[i64], array: &'static str) -> Result<Self, CocoError> {
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        if let Some(id) = twice {
            let mut places =
                ids.iter().enumerate().filter(|(_, other)| **other == id).map(|(place, _)| place);
            let (first, second) = (places.next().unwrap_or(0), places.next().unwrap_or(0));
            return Err(CocoError::DuplicateId { array, id, first, second });
        }
        Ok(Self { sorted })
    }

    /// The place of an id; neighbours in a file mostly share it, so the last one is tried first.
    fn rank(&self, id: i64, guess: u32) -> Option<u32> {
        if self.sorted.get(guess as usize) == Some(&id) {
            return Some(guess);
        }
        self.sorted.binary_search(&id).ok().and_then(|rank| u32::try_from(rank).ok())
    }
}

/// Boxes as the file has them, before their ids are looked up.
#[derive(Default)]
struct RawBoxes {
    images: Vec<i64>,
    classes: Vec<i64>,
    regions: Vec<[f64; 4]>,
}

impl RawBoxes {
    fn push(&mut self, image: i64, category: i64, region: [f64; 4]) {
        self.images.push(image);
        self.classes.push(category);
        self.regions.push(region);
    }

    fn resolve(
        self,
        file: CocoFile,
        array: &'static str,
        images: &Ids,
        categories: &Ids,
    ) -> Result<Boxes, CocoError> {
        let unknown = |key, target, known: usize| {
            move |(index, id)| CocoError::UnknownId { file, array, index, key, id, target, known }
        };
        let unknown_image = unknown("image_id", ImageTable::NAME, images.sorted.len());
        let unknown_category = unknown("category_id", CategoryTable::NAME, categories.sorted.len());
        Ok(Boxes {
            images: ranks(&self.images, images).map_err(unknown_image)?,
            classes: ranks(&self.classes, categories).map_err(unknown_category)?,
            regions: self.regions,
        })
    }
}

/// The rank of each id, or the first that is not known.
fn ranks(given: &[i64], known: &Ids) -> Result<Vec<u32>, (usize, i64)> {
    let mut last = 0;
    let rank_of = |(index, &id)| {
        last = known.rank(id, last).ok_or((index, id))?;
        Ok(last)
    };
    given.iter().enumerate().map(rank_of).collect()
}

#[derive(Deserialize)]
struct TruthFile {
    images: Rows<ImageTable>,
    annotations: Rows<AnnotationTable>,
    categories: Rows<CategoryTable>,
}

#[derive(Default)]
struct ImageTable(Vec<i64>);

impl Table for ImageTable {
    const NAME: &'static str = "images";
    type Entry<'de> = Image;

    fn push(&mut self, entry: Image) {
        self.0.push(entry.id);
    }
}

#[derive(Default)]
struct CategoryTable {
    ids: Vec<i64>,
    names: Vec<Option<String>>,
}

impl Table for CategoryTable {
    const NAME: &'static str = "categories";
    type Entry<'de> = Category;

    fn push(&mut self, entry: Category) {
        self.ids.push(entry.id);
        self.names.push(entry.name);
    }
}

#[derive(Default)]
struct AnnotationTable {
    ids: Vec<i64>,
    boxes: RawBoxes,
    areas: Vec<f64>,
    crowds: Vec<bool>,
}

impl Table for AnnotationTable {
    const NAME: &'static str = "annotations";
    type Entry<'de> = Annotation;

    fn push(&mut self, entry: Annotation) {
        self.boxes.push(entry.image_id, entry.category_id, entry.bbox);
        self.ids.push(entry.id);
        self.areas.push(entry.area);
        self.crowds.push(entry.iscrowd.0);
    }
}

#[derive(Default)]
struct DetectionTable {
    boxes: RawBoxes,
    scores: Vec<f64>,
}

impl Table for DetectionTable {
    const NAME: &'static str = "detections";
    type Entry<'de> = Found;

    fn push(&mut self, entry: Found) {
        self.boxes.push(entry.image_id, entry.category_id, entry.bbox);
        self.scores.push(entry.score);
    }
}
