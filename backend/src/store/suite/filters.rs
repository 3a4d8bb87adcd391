//! Saved filters, and what is offered to someone who writes one.

use super::*;
use shared::dql::{Query, parse};
use shared::filter::FilterResource::{Annotations, Items};

#[tokio::test]
async fn a_filter_is_kept_by_name_and_resource() {
    let mut bench = Bench::new().await;
    let save = async |bench: &Bench, name: &str, resource, query: &str| {
        bench.store.save_filter(name.into(), resource, query.into()).await.unwrap()
    };
    let first = save(&bench, "cats", Items, "{}").await;
    save(&bench, "boxes", Annotations, "{}").await;
    save(&bench, "cats", Annotations, "{}").await;
    bench.clock.advance(std::time::Duration::from_secs(1));
    let replaced = save(&bench, "cats", Items, r#"{"filter":{}}"#).await;
    assert_eq!((replaced.id, replaced.created_at_ms), (first.id, first.created_at_ms));
    assert_eq!(
        (replaced.updated_at_ms - first.updated_at_ms, replaced.query.as_str()),
        (1_000, r#"{"filter":{}}"#)
    );
    bench.reopen().await;
    for (resource, names) in [
        (None, &["boxes", "cats", "cats"][..]),
        (Some(Items), &["cats"]),
        (Some(Annotations), &["boxes", "cats"]),
    ] {
        let found = bench.store.filters(resource).await.unwrap();
        assert_eq!(found.iter().map(|filter| filter.name.as_str()).collect::<Vec<_>>(), names);
    }
    bench.store.delete_filter(first.id).await.unwrap();
    assert!(matches!(bench.store.delete_filter(first.id).await, Err(StoreError::NotFound { .. })));
    assert_eq!(bench.store.filters(None).await.unwrap().len(), 2);
}

/// A dataset with metadata of one's own.
async fn described() -> (Bench, shared::id::DatasetId) {
    let bench = Bench::new().await;
    let mut new = import("set");
    let metadata = [
        serde_json::json!({ "site": "north", "deep": { "score": 1 }, "a.b": 1 }),
        serde_json::json!({ "site": "north", "deep": { "score": 2.5 }, "list": ["x", "y"] }),
        serde_json::json!({ "site": "south", "seen": true }),
    ];
    for (item, metadata) in new.items.iter_mut().zip(metadata) {
        item.metadata = metadata.as_object().cloned();
    }
    new.items[1].dir = "/Day/1".into();
    let dataset = bench.store.import_dataset(new).await.unwrap().dataset;
    (bench, dataset.id)
}

#[tokio::test]
async fn fields_and_values_are_those_that_items_have() {
    let (bench, id) = described().await;
    for (field, prefix, expected) in [
        ("", "di", &[("dir", "folder")][..]),
        (
            "",
            "metadata.user.",
            &[
                ("metadata.user.deep.score", "number, 2 items"),
                ("metadata.user.list", "list, 1 item"),
                ("metadata.user.seen", "true or false, 1 item"),
                ("metadata.user.site", "text, 3 items"),
            ],
        ),
        ("metadata.user.site", "", &[(r#""north""#, "2 items"), (r#""south""#, "1 item")]),
        ("metadata.user.site", "\"S", &[(r#""south""#, "1 item")]),
        ("metadata.user.deep.score", "", &[("1", "1 item"), ("2.5", "1 item")]),
        ("metadata.user.list", "y", &[(r#""y""#, "1 item")]),
        ("metadata.user.seen", "", &[("true", "1 item")]),
        ("dir", "/d", &[(r#""/Day/1""#, "1 item")]),
        (
            "filename",
            "/day",
            &[(r#""/Day/**""#, "1 item"), (r#""/Day/1/**""#, "1 item"), (r#""/Day/1/bb.jpg""#, "1 item")],
        ),
        ("name", "c", &[(r#""ccc.jpg""#, "1 item")]),
        ("label", "", &[(r#""cat""#, "3 items")]),
        ("metadata.system.mimetype", "image/", &[(r#""image/jpeg""#, "3 items")]),
        ("metadata.system.width", "", &[("40", "3 items")]),
        ("metadata.system.tags.train", "", &[("true", "2 items")]),
        ("metadata.system.tags.test", "", &[]),
        ("annotated", "", &[("true", "3 items")]),
        ("hidden", "", &[("false", "3 items")]),
        ("createdAt", "2023", &[(r#""2023-11-14*""#, "3 items")]),
        ("no.such.field", "", &[]),
    ] {
        let found = bench.store.complete_filter(id, field, prefix, 100).await.unwrap();
        let found: Vec<_> = found.iter().map(|each| (each.text.as_str(), each.detail.as_str())).collect();
        assert_eq!(found, expected, "{field} {prefix}");
    }
    assert_eq!(bench.store.complete_filter(id, "", "", 3).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_preview_follows_every_change_of_the_dataset() {
    let (bench, id) = described().await;
    let all = || ChosenItems::ByQuery(Box::default());
    let preview = async || bench.store.preview_items(id, &Query::default(), 1).await.unwrap();
    let first = preview().await;
    assert_eq!((first.total_count, first.subset_counts, first.unannotated_count), (3, [2, 1, 0], 0));
    assert_eq!((first.items.len(), first.items[0].annotations.len()), (1, 1));
    // Tags alone.
    let tagged = bench.store.tag_items(id, all(), Some(Subset::Test)).await.unwrap();
    assert_eq!(preview().await.subset_counts, [0, 0, 3]);
    bench.store.undo_items_change(tagged.id.unwrap()).await.unwrap();
    assert_eq!(preview().await, first);
    // An import between two changes of tags.
    bench.store.tag_items(id, all(), None).await.unwrap();
    let mut more = import("set");
    more.items.truncate(1);
    more.items[0].name = "more.jpg".into();
    bench.store.import_dataset(more).await.unwrap();
    bench.store.tag_items(id, all(), Some(Subset::Train)).await.unwrap();
    assert_eq!(preview().await.subset_counts, [4, 0, 0]);
    let one = parse(r#"{"name": "more.jpg"}"#).unwrap().query;
    bench.store.delete_items(id, ChosenItems::ByQuery(Box::new(one))).await.unwrap();
    let after = preview().await;
    assert_eq!((after.total_count, after.labels[0].item_count, after.labels[0].annotation_count), (3, 3, 3));
}

#[tokio::test]
async fn the_filters_that_people_use_are_answered_in_memory() {
    let (bench, id) = described().await;
    let join = r#""join": {"on": {"resource": "annotations", "local": "itemId", "forigen": "id"}, "filter": {"label": "cat"}}"#;
    for (text, expected) in [
        ("{}", true),
        (r#"{"metadata.system.tags.train": true, "hidden": false, "type": "file"}"#, true),
        (r#"{"filename": "/Day/**"}"#, true),
        (r#"{"dir": {"$in": ["/", "/a"]}}"#, true),
        (r#"{"createdAt": {"$gte": "2023-11-20"}}"#, true),
        (r#"{"annotated": false}"#, true),
        (r#"{"$or": [{"metadata.user.site": "north"}, {"name": "*.jpg"}]}"#, true),
        (&format!(r#"{{"filter": {{}}, {join}}}"#), true),
        (r#"{"filter": {}, "limit": 2}"#, false),
        (r#"{"id": "x"}"#, false),
        (&format!(r#"{{"filter": {{}}, {}}}"#, join.replace("label", "type")), false),
    ] {
        let query = parse(text).unwrap().query;
        assert_eq!(bench.store.is_answered_in_memory(id, &query).await, expected, "{text}");
    }
}
