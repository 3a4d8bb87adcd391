//! Random items, annotations and queries, made of few values so that they meet.
//!
//! Must not know how queries are run.

use crate::store::{NewAnnotation, NewItem};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use shared::dataset::{PixelBox, Subset};

const DIRS: &[&str] =
    &["/", "/a", "/a/b", "/a/b/c", "/a-b", "/a b", "/ab", "/a/é", "/a[1]", "/A", "/x*y", "/a0", "/a/b.jpg"];
const NAMES: &[&str] = &[
    "a",
    "b",
    "c",
    "ab",
    "a.jpg",
    "b.jpg",
    "A.jpg",
    "a.png",
    "é.jpg",
    "a?b",
    "[x].jpg",
    "x*y.jpg",
    "100%_.jpg",
    ".a",
];
const MIMETYPES: &[&str] = &["image/jpeg", "image/png", "image", "video/mp4"];
const LABELS: &[&str] = &["cat", "dog", "Cat", "cat.tabby", "a/b", "ü", "a"];
const PATTERNS: &[&str] = &[
    "*",
    "**",
    "/**",
    "/*",
    "/a/**",
    "/a/*",
    "/a/b/**",
    "/a/*.jpg",
    "/**/*.jpg",
    "/**/a",
    "/a*/b",
    "/a*",
    "*.jpg",
    "**/*.jpg",
    "a*",
    "*a*",
    "*a",
    "a*g",
    "[x]*",
    "a?*",
    "*?*",
    "image/*",
    "*/jpeg",
    "c*t",
    "cat*",
    "/a[1]/*",
    "/x*y/**",
    "/a/**/b",
    "/a/**/**",
    "/a/b/*",
    "/a b/**",
    "a/**",
    "2023-*",
    "2023-11-*",
    "2024-*",
    "*-14T*",
    "*Z",
    "*2*",
    "x*",
    "*é*",
    "100%*",
    "_*",
    "/A/**",
    "/a/é/**",
    "/a0/*",
    "/ab**",
    "/a/***",
];
const GLOBS: &[&str] = &[
    "/a/?",
    "/a/{a,b}",
    "/a/[a-b].jpg",
    "{cat,dog}",
    "/**/{a,b}.jpg",
    "*.@(jpg|png)",
    "/a/@(b)/**",
    "[^a]*",
    "/a\\[1]/*",
    "image/{jpeg,png}",
    "/{a,ab}/**",
    "/a+(b)/*",
    "2023-11-1?T*",
    "/a/**/",
    "?",
];
const REGEXES: &[&str] = &["^/a", "a$", "^cat", "[0-9]", "jpg|png", "(?i)^a", "^2023-11", ""];
const DATES: &[&str] = &[
    "2023-11-14",
    "2023-11-15",
    "2023-11-14T22:13:20.000Z",
    "2023-11-14T22:13:20.001Z",
    "2023-11-14T22:13:20.0005Z",
    "2023-11-14T23:13:20+01:00",
    "2023-11",
    "2024",
    "2024-01-01T00:00:00Z",
    "9999-12-31",
    "x",
    "",
];
const ITEM_FIELDS: &[&str] = &[
    "id",
    "datasetId",
    "name",
    "filename",
    "dir",
    "type",
    "hidden",
    "annotated",
    "annotationsCount",
    "createdAt",
    "updatedAt",
    "creator",
    "metadata",
    "metadata.system",
    "metadata.system.mimetype",
    "metadata.system.size",
    "metadata.system.width",
    "metadata.system.height",
    "metadata.system.tags",
    "metadata.system.tags.train",
    "metadata.system.tags.validation",
    "metadata.system.tags.train.x",
    "name.x",
    "metadata.user",
    "metadata.user.a",
    "metadata.user.b",
    "metadata.user.a.b",
    "metadata.user.a.0",
    "metadata.user.score",
    "label",
];
const USUAL_ITEM_FIELDS: &[&str] = &[
    "name",
    "filename",
    "filename",
    "dir",
    "createdAt",
    "metadata.system.size",
    "metadata.user.a",
    "metadata.system.tags.train",
];
const ANNOTATION_FIELDS: &[&str] = &[
    "id",
    "itemId",
    "datasetId",
    "type",
    "label",
    "label",
    "coordinates",
    "coordinates.x",
    "coordinates.0.x",
    "coordinates.1.y",
    "createdAt",
    "metadata.user.a",
    "dir",
];

/// Items that stand in different places.
pub(super) fn items() -> impl Strategy<Value = Vec<NewItem>> {
    prop::collection::vec(item(), 1..60).prop_map(|mut items: Vec<NewItem>| {
        items.sort_by(|a, b| (&a.dir, &a.name).cmp(&(&b.dir, &b.name)));
        items.dedup_by(|a, b| (&a.dir, &a.name) == (&b.dir, &b.name));
        items
    })
}

fn item() -> impl Strategy<Value = NewItem> {
    let place = (select(DIRS), select(NAMES), select(MIMETYPES));
    let sizes = (select(&[0_u64, 1, 2, 10, 2_048, 1 << 53][..]), 1..4_u32, 1..4_u32);
    let subset = prop::option::weighted(0.7, select(&Subset::ALL[..]));
    let annotations = prop::collection::vec(annotation(), 0..4);
    let metadata = prop::option::weighted(0.8, object());
    (place, sizes, subset, annotations, metadata).prop_map(
        |((dir, name, mimetype), (size_bytes, width, height), subset, annotations, metadata)| NewItem {
            dir: dir.into(),
            name: name.into(),
            content_hash: "00".repeat(32),
            mimetype: mimetype.into(),
            size_bytes,
            width,
            height,
            subset,
            annotations,
            metadata,
        },
    )
}

fn annotation() -> impl Strategy<Value = NewAnnotation> {
    let edges = (0..3_u8, 0..3_u8, 1..3_u8, 1..3_u8).prop_map(|(x, y, width, height)| {
        let [x1, y1, width, height] = [x, y, width, height].map(|edge| f64::from(edge) / 2.0);
        PixelBox { x1, y1, x2: x1 + width, y2: y1 + height }
    });
    (select(LABELS), prop::option::of(edges))
        .prop_map(|(label, region)| NewAnnotation { label: label.into(), region })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    let key = select(&["a", "b", "score", "0"][..]);
    prop::collection::btree_map(key, json_value(), 0..4)
        .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn json_value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(select(&["a", "b", "0"][..]), inner, 0..3).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        3 => select(&[0.0, -0.0, 1.0, 2.0, 0.5, 10.0, 2_048.0, -1.0, 9_007_199_254_740_992.0][..]).prop_map(Value::from),
        1 => select(&[0, 1, 2, 3, 10][..]).prop_map(Value::from),
        4 => text().prop_map(Value::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(DIRS).prop_map(str::to_owned),
        select(NAMES).prop_map(str::to_owned),
        (select(DIRS), select(NAMES)).prop_map(|(dir, name)| shared::dataset::full_name(dir, name)),
        select(MIMETYPES).prop_map(str::to_owned),
        select(LABELS).prop_map(str::to_owned),
        select(DATES).prop_map(str::to_owned),
        // Filled in when the ids are known.
        select(&["ITEM0", "ITEM1", "ANNOTATION0", "ANNOTATION1", "DATASET"][..]).prop_map(str::to_owned),
        select(&["file", "box", "class", "train"][..]).prop_map(str::to_owned),
    ]
}

fn test() -> impl Strategy<Value = Value> {
    let order = select(&["$gt", "$gte", "$lt", "$lte", "$eq", "$ne"][..]);
    let list = select(&["$in", "$nin", "$all"][..]);
    let leaf = prop_oneof![
        4 => scalar(),
        2 => select(PATTERNS).prop_map(Value::from),
        1 => json_value(),
        4 => (order, json_value()).prop_map(|(operator, value)| json!({ operator: value })),
        3 => (list, prop::collection::vec(json_value(), 0..4)).prop_map(|(operator, list)| json!({ operator: list })),
        1 => any::<bool>().prop_map(|exists| json!({ "$exists": exists })),
        1 => (0..3_u8).prop_map(|size| json!({ "$size": size })),
        1 => prop_oneof![select(GLOBS), select(PATTERNS)].prop_map(|glob| json!({ "$glob": glob })),
        1 => select(REGEXES).prop_map(|regex| json!({ "$regex": regex })),
        1 => scalar().prop_map(|value| json!({ "$match": { "$eq": value } })),
        1 => scalar().prop_map(|value| json!({ "$match": { "a": value } })),
    ];
    leaf.prop_recursive(1, 2, 1, |inner| {
        inner.prop_map(|test| match test {
            Value::Object(fields) => json!({ "$not": fields }),
            value => json!({ "$not": { "$eq": value } }),
        })
    })
}

fn filter(fields: &'static [&'static str], usual: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let field = prop_oneof![select(fields), select(usual)];
    let leaf = prop_oneof![
        1 => Just(json!({})),
        9 => (field.clone(), test()).prop_map(|(field, test)| json!({ field: test })),
        3 => prop::collection::btree_map(field, test(), 1..3).prop_map(|fields| json!(fields)),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        let operator = select(&["$and", "$or", "$nor"][..]);
        (operator, prop::collection::vec(inner, 1..4)).prop_map(|(operator, list)| json!({ operator: list }))
    })
}

fn part(is_items: bool) -> impl Strategy<Value = Value> {
    let items = || filter(ITEM_FIELDS, USUAL_ITEM_FIELDS);
    let annotations = || filter(ANNOTATION_FIELDS, &["label", "type"]);
    let (own, other) = if is_items {
        (items().boxed(), annotations().boxed())
    } else {
        (annotations().boxed(), items().boxed())
    };
    let keys = if is_items {
        prop_oneof![9 => Just(("itemId", "id")), 1 => Just(("label", "name")), 1 => Just(("datasetId", "datasetId"))]
    } else {
        prop_oneof![9 => Just(("id", "itemId")), 1 => Just(("name", "label")), 1 => Just(("dir", "creator"))]
    };
    let resource = if is_items { "annotations" } else { "items" };
    let join = (keys, other).prop_map(move |((local, foreign), filter)| {
        json!({ "on": { "resource": resource, "local": local, "forigen": foreign }, "filter": filter })
    });
    (own, prop::option::weighted(0.4, join)).prop_map(|(filter, join)| match join {
        Some(join) => json!({ "filter": filter, "join": join }),
        None => json!({ "filter": filter }),
    })
}

/// Queries on items, or on annotations.
pub(super) fn query(is_items: bool) -> impl Strategy<Value = Value> {
    let set = || prop::option::weighted(0.2, part(is_items));
    (part(is_items), set(), set()).prop_map(move |(mut query, intersect, except)| {
        query["resource"] = json!(if is_items { "items" } else { "annotations" });
        for (name, set) in [("intersect", intersect), ("except", except)] {
            if let Some(set) = set {
                query[name] = json!({ "query": set });
            }
        }
        query
    })
}
