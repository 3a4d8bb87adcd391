//! Queries one by one: what each operator finds on each kind of column, in which order, and what is refused.

use super::*;
use shared::dataset::full_name;
use shared::dql::{Query, parse};
use std::time::Duration;

fn query(text: &str) -> Query {
    parse(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).query
}

/// Six items: two folders, all subsets and none, two days, odd metadata.
async fn filled() -> (Bench, shared::dataset::Dataset) {
    let bench = Bench::new().await;
    let boxes = |labels: &[&str]| -> Vec<NewAnnotation> {
        let region = |at: f64| Some(PixelBox { x1: at, y1: 0.0, x2: at + 1.0, y2: 1.0 });
        let annotation = |(at, label): (usize, &&str)| NewAnnotation {
            label: (*label).into(),
            region: if *label == "whole" { None } else { region(at as f64) },
        };
        labels.iter().enumerate().map(annotation).collect()
    };
    let item = |path: &str, subset, labels: &[&str], metadata: serde_json::Value| {
        let (dir, name) = path.rsplit_once('/').unwrap();
        NewItem {
            dir: dir.into(),
            name: name.into(),
            content_hash: "00".repeat(32),
            mimetype: if name.ends_with("png") { "image/png" } else { "image/jpeg" }.into(),
            size_bytes: 100 * name.len() as u64,
            width: 640,
            height: 480,
            subset,
            annotations: boxes(labels),
            metadata: metadata.as_object().cloned(),
        }
    };
    let null = serde_json::Value::Null;
    let first = vec![
        item("/root.jpg", Some(Subset::Train), &["cat"], serde_json::json!({ "score": 1, "list": [1, 2] })),
        item("/a/1.jpg", Some(Subset::Train), &["cat", "dog"], serde_json::json!({ "score": "1" })),
        item("/a/2.png", Some(Subset::Validation), &["dog"], serde_json::json!({ "score": null })),
    ];
    let second = vec![
        item("/a/b/3.jpg", Some(Subset::Test), &[], serde_json::json!({ "deep": { "score": [3.5] } })),
        item("/ab/4.jpg", None, &["whole"], null.clone()),
        item("/a-b/5%_[x].jpg", None, &["Cat"], null),
    ];
    for items in [first, second] {
        let import = NewImport { name: "set".into(), task: Task::Detection, labels: vec![], items };
        bench.store.import_dataset(import).await.unwrap();
        bench.clock.advance(Duration::from_secs(86_400));
    }
    let dataset = bench.store.dataset("set").await.unwrap();
    (bench, dataset)
}

const ALL: Page = Page { offset: 0, limit: 1_000 };

async fn found(bench: &Bench, dataset: &shared::dataset::Dataset, text: &str) -> Vec<String> {
    let found = bench.store.find_items(dataset.id, &query(text), ALL).await;
    let rows = found.unwrap_or_else(|error| panic!("{text}: {error}")).rows;
    rows.into_iter().map(|item| full_name(&item.dir, &item.name)).collect()
}

/// The numbers in the names, in order: `r` stands for the root's item.
async fn check(cases: &[(&str, &str)]) {
    let (bench, dataset) = filled().await;
    for (text, expected) in cases {
        let names = found(&bench, &dataset, text).await;
        let numbers: String = names
            .iter()
            .map(|name| {
                if name == "/root.jpg" {
                    'r'
                } else {
                    name.rsplit('/').next().unwrap().chars().next().unwrap()
                }
            })
            .collect();
        assert_eq!(numbers, *expected, "{text}");
    }
}

#[tokio::test]
async fn texts_are_compared_as_texts() {
    check(&[
        (r#"{"name": "1.jpg"}"#, "1"),
        (r#"{"name": {"$ne": "1.jpg"}}"#, "r2534"),
        (r#"{"name": 1}"#, ""),
        (r#"{"name": {"$ne": 1}}"#, "r12534"),
        (r#"{"name": null}"#, ""),
        (r#"{"name": {"$exists": true}}"#, "r12534"),
        (r#"{"name": {"$size": 1}}"#, ""),
        (r#"{"name": {"$gt": "3.jpg", "$lte": "5%_[x].jpg"}}"#, "54"),
        (r#"{"name": {"$in": ["1.jpg", "2.png", 7, null]}}"#, "12"),
        (r#"{"name": {"$nin": ["1.jpg", "2.png"]}}"#, "r534"),
        (r#"{"name": "*.jpg"}"#, "r1534"),
        (r#"{"name": "*%_[*"}"#, "5"),
        (r#"{"name": "5%_[x].*"}"#, "5"),
        (r#"{"name": "*[x].jpg"}"#, "5"),
        (r#"{"name": {"$not": {"$regex": "^[0-9]"}}}"#, "r"),
        (r#"{"name": {"$glob": "[1-3].*"}}"#, "123"),
        (r#"{"metadata.system.mimetype": "image/p*"}"#, "2"),
        (r#"{"label": "cat"}"#, ""),
        (r#"{"name": {"$all": ["1.jpg"]}}"#, "1"),
    ])
    .await;
}

#[tokio::test]
async fn folders_and_file_names_are_ranges() {
    check(&[
        (r#"{"dir": "/a"}"#, "12"),
        (r#"{"dir": "/"}"#, "r"),
        (r#"{"dir": "/a/**"}"#, "123"),
        (r#"{"dir": {"$ne": "/a"}}"#, "r534"),
        (r#"{"filename": "/a/**"}"#, "123"),
        (r#"{"filename": "/a/*"}"#, "12"),
        (r#"{"filename": "/*"}"#, "r"),
        (r#"{"filename": "/**"}"#, "r12534"),
        (r#"{"filename": "/a*/*"}"#, "1254"),
        (r#"{"filename": "/**/*.png"}"#, "2"),
        (r#"{"filename": "/a/b/3.jpg"}"#, "3"),
        (r#"{"filename": {"$in": ["/a/1.jpg", "/root.jpg", "a/2.png"]}}"#, "r1"),
        (r#"{"filename": {"$lt": "/a/2"}}"#, "15"),
        (r#"{"filename": {"$glob": "/{a,ab}/*"}}"#, "124"),
        (r#"{"$or": [{"dir": "/ab"}, {"filename": "/a/b/**"}]}"#, "34"),
    ])
    .await;
}

#[tokio::test]
async fn numbers_are_compared_as_numbers() {
    check(&[
        (r#"{"metadata.system.size": 500}"#, "1234"),
        (r#"{"metadata.system.size": "500"}"#, ""),
        (r#"{"metadata.system.size": {"$ne": 500}}"#, "r5"),
        (r#"{"metadata.system.size": {"$gt": 500.5, "$lt": 1e300}}"#, "r5"),
        (r#"{"metadata.system.size": {"$lte": 500}}"#, "1234"),
        (r#"{"metadata.system.size": {"$in": [500, 500.5, "x"]}}"#, "1234"),
        (r#"{"metadata.system.size": {"$gt": "1"}}"#, ""),
        (r#"{"metadata.system.width": 640, "metadata.system.height": {"$lt": 481}}"#, "r12534"),
        (r#"{"annotationsCount": {"$gte": 2}}"#, "1"),
        (r#"{"annotated": false}"#, "3"),
        (r#"{"annotated": {"$ne": false}}"#, "r1254"),
    ])
    .await;
}

#[tokio::test]
async fn times_are_compared_in_time() {
    check(&[
        (r#"{"createdAt": {"$gte": "2023-11-15"}}"#, "534"),
        (r#"{"createdAt": {"$lt": "2023-11-15"}}"#, "r12"),
        (r#"{"createdAt": "2023-11-14T22:13:20Z"}"#, "r12"),
        (r#"{"createdAt": "2023-11-14T23:13:20+01:00"}"#, "r12"),
        (r#"{"createdAt": {"$ne": "2023-11-14T22:13:20.000Z"}}"#, "534"),
        (r#"{"createdAt": {"$gt": "2023-11-14T22:13:20.0005Z"}}"#, "534"),
        (r#"{"createdAt": {"$gte": "2023-11-14T22:13:20.0005Z"}}"#, "534"),
        (r#"{"createdAt": {"$in": ["2023-11-14T22:13:20Z", "x"]}}"#, "r12"),
        (r#"{"createdAt": "2023-11-*"}"#, "r12534"),
        (r#"{"createdAt": "2023-11-15*"}"#, "534"),
        (r#"{"createdAt": "*-15T*"}"#, "534"),
        (r#"{"createdAt": {"$lt": "2023-11-15T"}}"#, "r12"),
        (r#"{"createdAt": {"$gt": 0}}"#, ""),
        (r#"{"updatedAt": {"$exists": false}}"#, "r12534"),
    ])
    .await;
}

#[tokio::test]
async fn tags_are_there_or_missing() {
    check(&[
        (r#"{"metadata.system.tags.train": true}"#, "r1"),
        (r#"{"metadata.system.tags.train": {"$ne": true}}"#, "2534"),
        (r#"{"metadata.system.tags.train": null}"#, "2534"),
        (r#"{"metadata.system.tags.train": false}"#, ""),
        (r#"{"metadata": {"system": {"tags": {"validation": true}}}}"#, "2"),
        (r#"{"metadata.system.tags": {"$exists": false}}"#, "54"),
        (r#"{"metadata.system.tags": {"$eq": {"test": true}}}"#, "3"),
        (r#"{"hidden": false, "type": "file"}"#, "r12534"),
        (r#"{"hidden": true}"#, ""),
        (r#"{"type": {"$in": ["dir", "file"]}}"#, "r12534"),
    ])
    .await;
}

#[tokio::test]
async fn metadata_of_ones_own_is_evaluated() {
    check(&[
        (r#"{"metadata.user.score": 1}"#, "r"),
        (r#"{"metadata.user.score": "1"}"#, "1"),
        (r#"{"metadata.user.score": null}"#, "2534"),
        (r#"{"metadata.user.score": {"$exists": true}}"#, "r12"),
        (r#"{"metadata.user.list": 2}"#, "r"),
        (r#"{"metadata.user.list": {"$size": 2}}"#, "r"),
        (r#"{"metadata.user.deep.score": {"$gt": 3}}"#, "3"),
        (r#"{"metadata.user": {"$exists": false}}"#, "54"),
        (r#"{"dir": "/a", "metadata.user.score": {"$ne": "1"}}"#, "2"),
        (r#"{"$or": [{"dir": "/ab"}, {"metadata.user.score": 1}]}"#, "r4"),
        (r#"{"$nor": [{"dir": "/ab"}, {"metadata.user.score": 1}]}"#, "1253"),
        (r#"{"metadata.system": {"mimetype": "image/png"}}"#, ""),
    ])
    .await;
}

#[tokio::test]
async fn joins_ask_for_a_partner_and_sets_for_the_same_row() {
    let join = |filter: &str| {
        format!(
            r#""join":{{"on":{{"resource":"annotations","local":"itemId","forigen":"id"}},"filter":{filter}}}"#
        )
    };
    let (cat, dog) = (join(r#"{"label":"cat"}"#), join(r#"{"label":"dog"}"#));
    let cases = [
        (format!(r#"{{"filter":{{}},{cat}}}"#), "r1"),
        (format!(r#"{{"filter":{{"dir":"/a"}},{cat}}}"#), "1"),
        (format!(r#"{{"filter":{{}},{}}}"#, join(r#"{"label":{"$ne":"cat"}}"#)), "1254"),
        (format!(r#"{{"filter":{{}},{}}}"#, join(r#"{"label":{"$regex":"(?i)cat"}}"#)), "r15"),
        (format!(r#"{{"filter":{{}},{}}}"#, join(r#"{"type":"class"}"#)), "4"),
        (format!(r#"{{"filter":{{}},{}}}"#, join(r#"{"coordinates.0.x":{"$gt":0}}"#)), "1"),
        (format!(r#"{{"filter":{{}},{cat},"intersect":{{"query":{{"filter":{{}},{dog}}}}}}}"#), "1"),
        (format!(r#"{{"filter":{{}},"except":{{"query":{{"filter":{{}},{cat}}}}}}}"#), "2534"),
        (
            format!(
                r#"{{"filter":{{}},"except":{{"query":{{"filter":{{}},{}}}}}}}"#,
                join(r#"{"label":{"$regex":"(?i)cat"}}"#)
            ),
            "234",
        ),
        (
            r#"{"filter":{},"except":{"query":{"filter":{"metadata.user.score":{"$exists":true}}}}}"#
                .to_owned(),
            "534",
        ),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(text, expected)| (text.as_str(), *expected)).collect();
    check(&cases).await;
}

#[tokio::test]
async fn rows_come_in_the_order_asked_for_and_in_parts() {
    check(&[
        (r#"{"filter": {}, "sort": {"createdAt": "descending"}}"#, "43521r"),
        (r#"{"filter": {}, "sort": {"createdAt": "ascending"}}"#, "r12534"),
        (r#"{"filter": {}, "sort": {"name": "ascending"}}"#, "12345r"),
        (
            r#"{"filter": {}, "sort": {"metadata.system.size": "descending", "filename": "ascending"}}"#,
            "5r1234",
        ),
        (
            r#"{"filter": {}, "sort": {"metadata.system.tags.train": "descending", "name": "ascending"}}"#,
            "1r2345",
        ),
        (r#"{"filter": {}, "sort": {"hidden": "ascending", "dir": "descending"}}"#, "43521r"),
        (r#"{"filter": {}, "skip": 1, "limit": 3}"#, "125"),
        (r#"{"filter": {"metadata.user.score": null}, "skip": 1, "limit": 2}"#, "53"),
        (r#"{"filter": {}, "skip": 18446744073709551615}"#, ""),
        (r#"{"filter": {}, "limit": 0}"#, ""),
    ])
    .await;
}

#[tokio::test]
async fn a_context_elsewhere_finds_nothing() {
    let (bench, dataset) = filled().await;
    let (here, project) = (dataset.id, bench.store.project_id());
    for (context, expected) in [
        (format!(r#"{{"datasets": ["{here}"]}}"#), 6),
        (format!(r#"{{"datasets": ["x", "{here}"], "projects": ["{project}"]}}"#), 6),
        (r#"{"datasets": ["x"]}"#.to_owned(), 0),
        (r#"{"projects": ["x"]}"#.to_owned(), 0),
    ] {
        let text = format!(r#"{{"filter": {{}}, "context": {context}}}"#);
        assert_eq!(bench.store.count_items(here, &query(&text)).await.unwrap(), expected, "{text}");
        let text =
            format!(r#"{{"filter": {{}}, "except": {{"query": {{"filter": {{}}, "context": {context}}}}}}}"#);
        assert_eq!(bench.store.count_items(here, &query(&text)).await.unwrap(), 6 - expected, "{text}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_counts_heed_the_limit() {
    let (bench, dataset) = filled().await;
    for filter in
        [r#"{"dir": {"$ne": "/ab"}}"#, r#"{"metadata.user.score": {"$ne": 7}, "dir": {"$ne": "/ab"}}"#]
    {
        let (mut names, mut offset) = (Vec::new(), 0);
        loop {
            let page = Page { offset, limit: 2 };
            let found = bench.store.find_items(dataset.id, &query(filter), page).await.unwrap();
            offset += found.rows.len() as u64;
            names.extend(found.rows.into_iter().map(|item| item.name));
            if !found.has_more {
                break;
            }
        }
        assert_eq!(names, ["root.jpg", "1.jpg", "2.png", "5%_[x].jpg", "3.jpg"], "{filter}");
        for (part, expected) in [("", 5), (r#", "limit": 2"#, 2), (r#", "skip": 4, "limit": 2"#, 1)] {
            let text = format!(r#"{{"filter": {filter}{part}}}"#);
            assert_eq!(bench.store.count_items(dataset.id, &query(&text)).await.unwrap(), expected, "{text}");
        }
        let text = format!(r#"{{"filter": {filter}, "limit": 3}}"#);
        let last =
            bench.store.find_items(dataset.id, &query(&text), Page { offset: 2, limit: 5 }).await.unwrap();
        assert_eq!((last.rows.len(), last.has_more), (1, false));
    }
}

#[tokio::test]
async fn a_file_that_is_named_like_a_folder_belongs_to_it() {
    let (bench, dataset) = filled().await;
    let mut items = import("set").items;
    items.truncate(1);
    (items[0].dir, items[0].name) = ("/".into(), "a".into());
    let import = NewImport { name: "set".into(), task: Task::Detection, labels: vec![], items };
    bench.store.import_dataset(import).await.unwrap();
    let names = found(&bench, &dataset, r#"{"filename": "/a/**"}"#).await;
    assert_eq!(names, ["/a", "/a/1.jpg", "/a/2.png", "/a/b/3.jpg"]);
    assert_eq!(found(&bench, &dataset, r#"{"dir": "/a/**"}"#).await.len(), 3);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_what_can() {
    let (bench, dataset) = filled().await;
    for (text, part) in [
        (r#"{"filter": {}, "resource": "models"}"#, "asks for models"),
        (r#"{"filter": {}, "resource": "annotations"}"#, "leave `resource` out"),
        (
            r#"{"filter": {}, "sort": {"metadata.user.score": "ascending"}}"#,
            "sorted by `metadata.user.score`",
        ),
        (
            r#"{"filter": {}, "join": {"on": {"resource": "annotations", "local": "label", "forigen": "metadata.user.a"}, "filter": {}}}"#,
            "cannot go by `metadata.user.a`",
        ),
    ] {
        let error = bench.store.find_items(dataset.id, &query(text), ALL).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedQuery, "{text}");
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
    // No text reads as such a query, but one can be made.
    let mut other_set = query("{}");
    other_set.except = Some(Box::new(query(r#"{"filter": {}, "resource": "annotations"}"#)));
    let error = bench.store.find_items(dataset.id, &other_set, ALL).await.unwrap_err();
    assert!(error.to_string().contains("a set of annotations"), "{error}");
}

#[tokio::test]
async fn places_are_stored_in_one_form_and_null_letters_not_at_all() {
    let bench = Bench::new().await;
    let mut new = import("set");
    for (item, (dir, name)) in new.items.iter_mut().zip([("a/b/", "1.jpg"), ("", "2.jpg"), ("/a", "c/3.jpg")])
    {
        (item.dir, item.name) = (dir.into(), name.into());
    }
    let dataset = bench.store.import_dataset(new).await.unwrap().dataset;
    assert_eq!(found(&bench, &dataset, "{}").await, ["/2.jpg", "/a/b/1.jpg", "/a/c/3.jpg"]);
    let mut hostile = import("hostile");
    hostile.items[0].annotations[0].label = "a\0b".into();
    let error = bench.store.import_dataset(hostile).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[tokio::test]
async fn an_import_with_other_metadata_leaves_the_item_as_it_is() {
    let bench = Bench::new().await;
    let dataset = bench.dataset("set").await;
    let mut again = import("set");
    again.items[0].metadata = serde_json::json!({ "score": 1 }).as_object().cloned();
    let outcome = bench.store.import_dataset(again).await.unwrap();
    assert_eq!((outcome.items_added, outcome.items_unchanged), (0, 3));
    assert!(found(&bench, &dataset, r#"{"metadata.user.score": 1}"#).await.is_empty());
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    use sqlx::ConnectOptions;
    let mut bench = Bench::new().await;
    let before = bench.dataset("set").await;
    bench.store.close().await;
    let path = bench.folder.path().join("trainyard.db");
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    // What the first version did not have, taken away again.
    for statement in [
        "DROP INDEX items_in_order",
        "DROP INDEX items_by_subset",
        "DROP INDEX items_by_time",
        "DROP INDEX items_by_name",
        "DROP INDEX items_without_annotations",
        "DROP INDEX annotations_by_label",
        "DROP TABLE item_labels",
        "CREATE INDEX items_by_subset ON items (dataset_id, subset)",
        "ALTER TABLE items DROP COLUMN metadata",
        "ALTER TABLE items DROP COLUMN annotations_count",
        "DELETE FROM _sqlx_migrations WHERE version = 2",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
    bench.store = Store::open(bench.folder.path(), bench.clock.clone()).await.unwrap();
    assert_eq!(bench.store.dataset("set").await.unwrap(), before);
    let labelled = r#"{"filter": {}, "join": {"on": {"resource": "annotations", "local": "itemId", "forigen": "id"},
        "filter": {"label": "cat"}}}"#;
    assert_eq!(found(&bench, &before, labelled).await.len(), 3);
    assert_eq!(
        found(&bench, &before, r#"{"annotationsCount": 1, "metadata.system.tags.train": true}"#).await.len(),
        2
    );
}

#[tokio::test]
async fn a_filter_of_more_tests_than_sql_takes_is_evaluated() {
    let names: Vec<String> = (0..40).map(|at| format!(r#"{{"name": "{at}.jpg"}}"#)).collect();
    let any =
        |at: usize| format!(r#"{{"$or": [{}, {{"name": "x{at}"}}, {{"dir": "/a"}}]}}"#, names.join(","));
    let many: Vec<String> = (0..10).map(any).collect();
    let none: Vec<String> = (2..300).map(|at| format!(r#"{{"name": {{"$ne": "{at}.jpg"}}}}"#)).collect();
    check(&[
        (&format!(r#"{{"$and": [{}]}}"#, many.join(",")), "1234"),
        (&format!(r#"{{"$and": [{}]}}"#, none.join(",")), "r125"),
    ])
    .await;
}
