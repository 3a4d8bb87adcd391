//! Items and annotations as the documents that filters speak of.
//!
//! Must not know how a filter is run, nor where items are stored: the store's translation to SQL is proved against
//! these documents.

use super::{Annotation, Item};
use crate::dql::iso_text;
use crate::id::{DatasetId, ItemId};
use serde_json::{Map, Value, json};

/// A folder as it is stored and asked for: from `/`, without a slash at its end. The root is `/`.
///
/// ```
/// use shared::dataset::normal_dir;
/// assert_eq!(["", "/", "a", "a/b/", "/a"].map(normal_dir), ["/", "/", "/a", "/a/b", "/a"]);
/// ```
#[must_use]
pub fn normal_dir(dir: &str) -> String {
    format!("/{}", dir.trim_matches('/'))
}

/// The field `filename`: folder and name.
///
/// ```
/// use shared::dataset::full_name;
/// assert_eq!(full_name("/", "a.jpg"), "/a.jpg");
/// assert_eq!(full_name("/a/b", "c.jpg"), "/a/b/c.jpg");
/// ```
#[must_use]
pub fn full_name(dir: &str, name: &str) -> String {
    format!("{}/{name}", dir.trim_end_matches('/'))
}

/// The document of an item.
///
/// `type` is `file` and `hidden` is false, because nothing else is stored. `metadata.system.tags` is there for items of
/// a subset only, and `metadata.user` for items with metadata of one's own. The item's annotations are counted apart,
/// so that nobody has to read them for this.
///
/// ```
/// use shared::dataset::{Item, Subset, item_document};
/// let item = Item {
///     id: "0190a5b0-0000-7000-8000-000000000001".parse().unwrap(),
///     dataset_id: "0190a5b0-0000-7000-8000-000000000002".parse().unwrap(),
///     dir: "/train".into(),
///     name: "a.jpg".into(),
///     content_hash: String::new(),
///     mimetype: "image/jpeg".into(),
///     size_bytes: 2048,
///     width: 640,
///     height: 480,
///     subset: Some(Subset::Train),
///     annotations: Vec::new(),
///     created_at_ms: 1_711_843_200_000,
/// };
/// let document = item_document(&item, 2, None);
/// assert_eq!(document["filename"], "/train/a.jpg");
/// assert_eq!(document["annotated"], true);
/// assert_eq!(document["createdAt"], "2024-03-31T00:00:00.000Z");
/// assert_eq!(document["metadata"]["system"]["tags"]["train"], true);
/// ```
#[must_use]
pub fn item_document(item: &Item, annotations_count: u64, user_metadata: Option<&Value>) -> Value {
    let mut system = Map::new();
    system.insert("mimetype".into(), json!(item.mimetype));
    system.insert("size".into(), json!(item.size_bytes));
    system.insert("width".into(), json!(item.width));
    system.insert("height".into(), json!(item.height));
    if let Some(subset) = item.subset {
        system.insert("tags".into(), json!({ subset.name(): true }));
    }
    let mut metadata = Map::new();
    metadata.insert("system".into(), Value::Object(system));
    if let Some(user) = user_metadata {
        metadata.insert("user".into(), user.clone());
    }
    json!({
        "id": item.id.to_string(),
        "datasetId": item.dataset_id.to_string(),
        "name": item.name,
        "filename": full_name(&item.dir, &item.name),
        "dir": item.dir,
        "type": "file",
        "hidden": false,
        "annotated": annotations_count > 0,
        "annotationsCount": annotations_count,
        "createdAt": iso_text(item.created_at_ms.saturating_mul(1_000)),
        "metadata": metadata,
    })
}

/// The document of an annotation of an item.
///
/// `type` is `box` or `class`. The `coordinates` of a box are its two corners in pixels, left top first, as
/// `[{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.0}]`; a class has none. No time is stored for annotations, so there is no
/// `createdAt`.
///
/// ```
/// use shared::dataset::{Annotation, PixelBox, annotation_document};
/// let id = "0190a5b0-0000-7000-8000-000000000001";
/// let annotation = Annotation {
///     id: id.parse().unwrap(),
///     label: "cat".into(),
///     region: Some(PixelBox { x1: 1.0, y1: 2.0, x2: 3.0, y2: 4.0 }),
/// };
/// let document = annotation_document(&annotation, id.parse().unwrap(), id.parse().unwrap());
/// assert_eq!((&document["type"], &document["coordinates"][1]["x"]), (&"box".into(), &3.0.into()));
/// ```
#[must_use]
pub fn annotation_document(annotation: &Annotation, item_id: ItemId, dataset_id: DatasetId) -> Value {
    let mut document = json!({
        "id": annotation.id.to_string(),
        "itemId": item_id.to_string(),
        "datasetId": dataset_id.to_string(),
        "type": if annotation.region.is_some() { "box" } else { "class" },
        "label": annotation.label,
    });
    if let (Some(region), Some(fields)) = (annotation.region, document.as_object_mut()) {
        let corners = json!([{ "x": region.x1, "y": region.y1 }, { "x": region.x2, "y": region.y2 }]);
        fields.insert("coordinates".into(), corners);
    }
    document
}
