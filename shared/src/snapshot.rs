//! What a training learns from, frozen when it starts: enough to repeat it.
//!
//! Must not know how it is stored. Hashes are made elsewhere, over the lines that [`canonical_line`] writes.

use crate::dataset::{Item, Subset};
use crate::id::{DatasetId, TrainingId};
use crate::model::ChoiceMode;
use crate::service::ServiceSettings;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a training learns from, and by what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingSnapshot {
    /// Whose it is.
    pub training_id: TrainingId,
    /// Where the items were taken from.
    pub dataset_id: DatasetId,
    /// Its name.
    pub dataset_name: String,
    /// Over the items and annotations of all subsets: equal hashes, equal data.
    pub content_hash: String,
    /// Train, validation, and test where there are items.
    pub subsets: Vec<SubsetSnapshot>,
    /// In class order: the label map.
    pub labels: Vec<String>,
    /// The resolved configuration.
    pub configuration: serde_json::Value,
    /// What randomness started from.
    pub seed: u64,
    /// Versions of the program and of the trainer, by name.
    pub versions: BTreeMap<String, String>,
    /// Weights that it started from, as content hash; `None` if it started from chance.
    pub initial_weights_hash: Option<String>,
    /// When the data was frozen, in UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// How its service ran when it was started; `None` for trainings of earlier versions.
    pub service: Option<FrozenService>,
    /// Names of the secrets that the Train function gets.
    pub secrets: Vec<String>,
    /// Pictures, told apart by their content, that are both in the train and in the validation subset.
    pub leaked_count: u64,
    /// The first of them, as the validation subset has them.
    pub leaked: Vec<Item>,
    /// What its latest attempt computes on, as the Train function says it; `None` until it does.
    pub device: Option<String>,
}

/// How a service ran when a training was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenService {
    /// Its settings.
    pub settings: ServiceSettings,
    /// How often they had been changed, counted from 1.
    pub settings_revision: u32,
}

/// One subset of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsetSnapshot {
    /// Which one.
    pub subset: Subset,
    /// How it was chosen.
    pub mode: ChoiceMode,
    /// The query of items (DQL), as it was written.
    pub filter: String,
    /// Its normal form.
    pub canonical_filter: String,
    /// The query of annotations (DQL) that was in force.
    pub annotation_filter: String,
    /// Its normal form.
    pub canonical_annotation_filter: String,
    /// What it came to.
    pub content: SubsetContent,
}

/// The items and annotations that a subset came to, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsetContent {
    /// Which one.
    pub subset: Subset,
    /// Over its items and annotations; empty where it is not asked for.
    pub content_hash: String,
    /// Items.
    pub item_count: u64,
    /// Annotations that take part.
    pub annotation_count: u64,
    /// Items without annotations that take part: background.
    pub unannotated_count: u64,
    /// In class order; labels without annotations are left out.
    pub labels: Vec<LabelCount>,
}

/// How often a label occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCount {
    /// Its name.
    pub label: String,
    /// Items that have it.
    pub item_count: u64,
    /// Annotations that have it.
    pub annotation_count: u64,
}

impl SubsetContent {
    /// Counts the items of a subset; labels stand in the order of `labels`.
    #[must_use]
    pub fn of(subset: Subset, items: &[Item], labels: &[String], content_hash: String) -> Self {
        let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for item in items {
            for annotation in &item.annotations {
                counts.entry(annotation.label.as_str()).or_default().1 += 1;
            }
            let distinct: BTreeSet<&str> = item.annotations.iter().map(|each| each.label.as_str()).collect();
            for label in distinct {
                counts.entry(label).or_default().0 += 1;
            }
        }
        Self {
            subset,
            content_hash,
            item_count: items.len() as u64,
            annotation_count: items.iter().map(|item| item.annotations.len() as u64).sum(),
            unannotated_count: items.iter().filter(|item| item.annotations.is_empty()).count() as u64,
            labels: labels
                .iter()
                .filter_map(|label| {
                    let &(item_count, annotation_count) = counts.get(label.as_str())?;
                    Some(LabelCount { label: label.clone(), item_count, annotation_count })
                })
                .collect(),
        }
    }
}

/// An item and its annotations as one line of JSON, in which equal data is equal text: folder, name, content, size in
/// pixels, and each annotation with its label and the corners of its box. Ids and times do not count.
///
/// ```
/// use shared::dataset::{Annotation, Item, PixelBox};
/// use shared::snapshot::canonical_line;
/// let id = "0190a5b0-0000-7000-8000-000000000001";
/// let item = Item {
///     id: id.parse().unwrap(),
///     dataset_id: id.parse().unwrap(),
///     dir: "/a".into(),
///     name: "b.jpg".into(),
///     content_hash: "00ff".into(),
///     mimetype: "image/jpeg".into(),
///     size_bytes: 9,
///     width: 640,
///     height: 480,
///     subset: None,
///     annotations: vec![Annotation {
///         id: id.parse().unwrap(),
///         label: "cat".into(),
///         region: Some(PixelBox { x1: 1.0, y1: 2.0, x2: 3.5, y2: 4.0 }),
///     }],
///     created_at_ms: 0,
/// };
/// assert_eq!(canonical_line(&item), r#"["/a","b.jpg","00ff",640,480,[["cat",[1.0,2.0,3.5,4.0]]]]"#);
/// ```
#[must_use]
pub fn canonical_line(item: &Item) -> String {
    let annotations: Vec<serde_json::Value> = item
        .annotations
        .iter()
        .map(|annotation| {
            let corners = annotation.region.map(|region| [region.x1, region.y1, region.x2, region.y2]);
            serde_json::json!([annotation.label, corners])
        })
        .collect();
    serde_json::json!([item.dir, item.name, item.content_hash, item.width, item.height, annotations])
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Annotation;
    use crate::id::{AnnotationId, ItemId, uuid_v7};

    fn item(labels: &[&str]) -> Item {
        Item {
            id: ItemId::from_uuid(uuid_v7(1, &[0; 10])),
            dataset_id: DatasetId::from_uuid(uuid_v7(1, &[0; 10])),
            dir: "/".into(),
            name: "a".into(),
            content_hash: String::new(),
            mimetype: String::new(),
            size_bytes: 0,
            width: 1,
            height: 1,
            subset: None,
            annotations: labels
                .iter()
                .map(|label| Annotation {
                    id: AnnotationId::from_uuid(uuid_v7(1, &[0; 10])),
                    label: (*label).into(),
                    region: None,
                })
                .collect(),
            created_at_ms: 0,
        }
    }

    #[test]
    fn items_annotations_and_labels_are_counted_in_class_order() {
        let items = [item(&["cat", "cat", "dog"]), item(&["cat"]), item(&[])];
        let labels = ["dog", "cow", "cat"].map(str::to_owned);
        let content = SubsetContent::of(Subset::Train, &items, &labels, "h".into());
        assert_eq!((content.item_count, content.annotation_count, content.unannotated_count), (3, 4, 1));
        let counts: Vec<_> = content
            .labels
            .iter()
            .map(|each| (each.label.as_str(), each.item_count, each.annotation_count))
            .collect();
        assert_eq!(counts, [("dog", 1, 1), ("cat", 2, 3)]);
    }
}
