//! Changes of many items: what they do, what they refuse, and that the way back leads exactly to where it began.

use super::*;
use proptest::prelude::*;
use shared::dataset::{Dataset, Item, ItemEventKind, ItemsChange, PastItemsChange, folders};
use shared::dql::{Query, parse};
use std::time::Duration;

fn by_query(text: &str) -> ChosenItems {
    ChosenItems::ByQuery(Box::new(parse(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).query))
}

const ALL: Page = Page { offset: 0, limit: 100_000 };

/// Ten items in three folders, some annotated twice with one label.
async fn filled() -> (Bench, Dataset) {
    let bench = Bench::new().await;
    let item = |number: usize| {
        let boxes = |count: usize| {
            let label = |at: usize| ["cat", "dog"][at % 2];
            let region = PixelBox { x1: 0.1, y1: 1.0 / 3.0, x2: 7.7, y2: 9.0 };
            (0..count).map(|at| NewAnnotation { label: label(at).into(), region: Some(region) }).collect()
        };
        NewItem {
            dir: ["/", "/a", "/a/b"][number % 3].into(),
            name: format!("{number}.jpg"),
            content_hash: format!("{number:0>64}"),
            mimetype: "image/jpeg".into(),
            size_bytes: 10,
            width: 40,
            height: 30,
            subset: [None, Some(Subset::Train), Some(Subset::Test)][number % 3],
            annotations: boxes(number % 4),
            metadata: number
                .is_multiple_of(2)
                .then(|| serde_json::json!({ "score": number }).as_object().cloned().unwrap()),
        }
    };
    let import = NewImport {
        name: "set".into(),
        task: Task::Detection,
        labels: vec!["cat".into(), "dog".into()],
        items: (0..10).map(item).collect(),
    };
    let dataset = bench.store.import_dataset(import).await.unwrap().dataset;
    (bench, dataset)
}

async fn items(bench: &Bench, dataset: &Dataset) -> Vec<Item> {
    bench.store.find_items(dataset.id, &Query::default(), ALL).await.unwrap().rows
}

/// What the tables say of a dataset: items with their annotations, metadata, and the list of labels.
async fn stored(bench: &Bench, dataset: &Dataset) -> String {
    let mut told = String::new();
    let mut reader = bench.store.reader().await.unwrap();
    for statement in [
        "SELECT json_array(id, dir, name, content_hash, mimetype, size_bytes, width, height, subset, created_at_ms, metadata, \
         annotations_count) FROM items WHERE dataset_id = ? ORDER BY id",
        "SELECT json_array(a.id, a.item_id, a.position, a.label, hex(a.x1), a.x1 = 0.1, a.y1 * 3.0 = 1.0, a.x2, a.y2) \
         FROM annotations a JOIN items i ON i.id = a.item_id WHERE i.dataset_id = ? ORDER BY a.id",
        "SELECT json_array(label, dir, name, item_id, annotations_count) FROM item_labels WHERE dataset_id = ? \
         ORDER BY label, dir, name",
    ] {
        let rows: Vec<String> =
            sqlx::query_scalar(statement).bind(dataset.id.to_string()).fetch_all(&mut *reader).await.unwrap();
        told.push_str(&rows.join("\n"));
    }
    told
}

/// The list of labels is what the annotations say.
async fn expect_labels_in_order(bench: &Bench) {
    let wrong: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT * FROM item_labels EXCEPT SELECT i.dataset_id, a.label, i.dir, i.name, i.id, COUNT(*) \
         FROM annotations a JOIN items i ON i.id = a.item_id GROUP BY i.id, a.label UNION ALL \
         SELECT * FROM (SELECT i.dataset_id, a.label, i.dir, i.name, i.id, COUNT(*) FROM annotations a \
         JOIN items i ON i.id = a.item_id GROUP BY i.id, a.label EXCEPT SELECT * FROM item_labels))",
    )
    .fetch_one(&mut *bench.store.reader().await.unwrap())
    .await
    .unwrap();
    assert_eq!(wrong, 0);
}

async fn revision(bench: &Bench) -> i64 {
    sqlx::query_scalar("SELECT revision FROM datasets")
        .fetch_one(&mut *bench.store.reader().await.unwrap())
        .await
        .unwrap()
}

async fn undo(bench: &Bench, change: &ItemsChange) -> Result<ItemsChange, StoreError> {
    bench.store.undo_items_change(change.id.unwrap()).await
}

#[tokio::test]
async fn tagging_takes_items_out_of_the_other_subsets() {
    let (bench, dataset) = filled().await;
    let before = revision(&bench).await;
    let change = bench.store.tag_items(dataset.id, by_query("{}"), Some(Subset::Validation)).await.unwrap();
    assert_eq!((change.changed_count, change.dataset.subset_counts), (10, [0, 10, 0]));
    assert!(revision(&bench).await > before);
    let again = bench.store.tag_items(dataset.id, by_query("{}"), Some(Subset::Validation)).await.unwrap();
    assert_eq!((again.id, again.changed_count), (None, 0));
    let some = by_query(r#"{"dir": "/a"}"#);
    let change = bench.store.tag_items(dataset.id, some, None).await.unwrap();
    assert_eq!((change.changed_count, change.dataset.subset_counts), (3, [0, 7, 0]));
}

#[tokio::test]
async fn the_same_seed_and_items_give_the_same_parts() {
    let (bench, dataset) = filled().await;
    let split = crate::datasets::Split { percentages: [50, 30, 20], seed: 7 };
    let parts = move |count| split.parts(count);
    let change = bench.store.split_items(dataset.id, by_query("{}"), parts).await.unwrap();
    assert_eq!(change.dataset.subset_counts, [5, 3, 2]);
    let first = items(&bench, &dataset).await;
    bench.store.tag_items(dataset.id, by_query("{}"), None).await.unwrap();
    let ids = first.iter().rev().map(|item| item.id).collect();
    bench.store.split_items(dataset.id, ChosenItems::ById(ids), parts).await.unwrap();
    assert_eq!(items(&bench, &dataset).await, first);
}

#[tokio::test]
async fn a_taken_name_refuses_the_whole_move() {
    let (bench, dataset) = filled().await;
    let before = stored(&bench, &dataset).await;
    bench.store.move_items(dataset.id, by_query(r#"{"name": "1.jpg"}"#), "/x".into()).await.unwrap();
    let mut twin = import("set");
    twin.items.truncate(1);
    (twin.items[0].dir, twin.items[0].name) = ("/y".into(), "1.jpg".into());
    bench.store.import_dataset(twin).await.unwrap();
    let between = stored(&bench, &dataset).await;
    assert_ne!(before, between);
    for (query, dir, part) in [
        (r#"{"dir": {"$in": ["/a", "/x"]}}"#, "/y", "`/y/1.jpg` is taken"),
        (r#"{"name": "1.jpg"}"#, "/z", "`/z/1.jpg` is wanted by more than one"),
    ] {
        let error = bench.store.move_items(dataset.id, by_query(query), dir.into()).await.unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(stored(&bench, &dataset).await, between);
    }
    let into_own =
        bench.store.move_items(dataset.id, by_query(r#"{"dir": "/x"}"#), "/x".into()).await.unwrap();
    assert_eq!(into_own.changed_count, 0);
    expect_labels_in_order(&bench).await;
}

#[tokio::test]
async fn every_change_is_taken_back_exactly_and_made_again() {
    let (bench, dataset) = filled().await;
    let before = stored(&bench, &dataset).await;
    let some = || by_query(r#"{"name": {"$in": ["1.jpg", "2.jpg", "3.jpg", "6.jpg"]}}"#);
    for kind in 0..4 {
        let store = &bench.store;
        let change = match kind {
            0 => store.tag_items(dataset.id, some(), Some(Subset::Train)).await,
            1 => store.split_items(dataset.id, some(), |count| vec![Subset::Validation; count]).await,
            2 => store.move_items(dataset.id, some(), "/new/folder".into()).await,
            _ => store.delete_items(dataset.id, some()).await,
        };
        let change = change.unwrap();
        let after = stored(&bench, &dataset).await;
        assert_ne!(before, after);
        expect_labels_in_order(&bench).await;
        let back = undo(&bench, &change).await.unwrap();
        assert_eq!(back.changed_count, change.changed_count);
        assert_eq!(stored(&bench, &dataset).await, before, "{kind}");
        let error = undo(&bench, &change).await.unwrap_err();
        assert!(error.to_string().contains("taken back already"), "{error}");
        let forth = undo(&bench, &back).await.unwrap();
        assert_eq!(stored(&bench, &dataset).await, after, "{kind}");
        undo(&bench, &forth).await.unwrap();
        assert_eq!(stored(&bench, &dataset).await, before, "{kind}");
    }
}

#[tokio::test]
async fn what_changed_since_is_in_the_way_and_named() {
    let (bench, dataset) = filled().await;
    let one = || by_query(r#"{"name": "1.jpg"}"#);
    let store = &bench.store;
    let tagged = store.tag_items(dataset.id, by_query(r#"{"dir": "/a"}"#), Some(Subset::Test)).await.unwrap();
    let moved = store.move_items(dataset.id, one(), "/x".into()).await.unwrap();
    store.tag_items(dataset.id, one(), None).await.unwrap();
    let error = undo(&bench, &tagged).await.unwrap_err();
    assert!(error.to_string().contains("`/x/1.jpg` was changed again"), "{error}");
    let deleted = store.delete_items(dataset.id, one()).await.unwrap();
    let error = undo(&bench, &moved).await.unwrap_err();
    assert!(error.to_string().contains("was deleted since"), "{error}");
    let mut twin = import("set");
    twin.items.truncate(1);
    (twin.items[0].dir, twin.items[0].name) = ("/x".into(), "1.jpg".into());
    store.import_dataset(twin).await.unwrap();
    let before = stored(&bench, &dataset).await;
    let error = undo(&bench, &deleted).await.unwrap_err();
    assert!(error.to_string().contains("`/x/1.jpg` is taken"), "{error}");
    assert_eq!(stored(&bench, &dataset).await, before);
    let unknown = bench.store.new_id();
    assert!(matches!(store.undo_items_change(unknown).await, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn an_item_of_another_dataset_is_not_there_and_nothing_is_done() {
    let (bench, dataset) = filled().await;
    let other = bench.dataset("other").await;
    let mut ids: Vec<_> = items(&bench, &dataset).await.iter().map(|item| item.id).collect();
    let stranger = items(&bench, &other).await[0].id;
    ids.push(stranger);
    let before = stored(&bench, &dataset).await;
    let error = bench.store.delete_items(dataset.id, ChosenItems::ById(ids.clone())).await.unwrap_err();
    assert!(error.to_string().contains(&stranger.to_string()), "{error}");
    assert_eq!(stored(&bench, &dataset).await, before);
    ids.pop();
    let twice = ids.iter().chain(&ids).copied().collect();
    assert_eq!(
        bench.store.delete_items(dataset.id, ChosenItems::ById(twice)).await.unwrap().changed_count,
        10
    );
}

#[tokio::test]
async fn a_query_chooses_what_its_skip_and_limit_leave_and_its_page_does_not_count() {
    let (bench, dataset) = filled().await;
    for (query, count) in [
        (r#"{"filter": {}, "page": 3, "pageSize": 1}"#, 10),
        (r#"{"filter": {}, "skip": 4, "limit": 3}"#, 3),
        (r#"{"metadata.user.score": {"$gte": 4}}"#, 3),
        (r#"{"name": {"$regex": "^[0-4]"}}"#, 5),
    ] {
        let change =
            bench.store.tag_items(dataset.id, by_query(query), Some(Subset::Validation)).await.unwrap();
        assert_eq!(change.changed_count, count, "{query}");
        undo(&bench, &change).await.unwrap();
    }
}

#[tokio::test]
async fn the_history_of_an_item_says_what_became_of_it() {
    let (bench, dataset) = filled().await;
    let one = || by_query(r#"{"name": "1.jpg"}"#);
    let id = items(&bench, &dataset).await.iter().find(|item| item.name == "1.jpg").unwrap().id;
    let tick = || bench.clock.advance(Duration::from_secs(1));
    let added_ms = bench.clock.now_ms();
    tick();
    bench.store.tag_items(dataset.id, one(), Some(Subset::Test)).await.unwrap();
    tick();
    bench.store.move_items(dataset.id, one(), "/x".into()).await.unwrap();
    tick();
    let deleted = bench.store.delete_items(dataset.id, one()).await.unwrap();
    assert!(matches!(bench.store.item_detail(id).await, Err(StoreError::NotFound { .. })));
    tick();
    undo(&bench, &deleted).await.unwrap();
    let detail = bench.store.item_detail(id).await.unwrap();
    let told: Vec<_> = detail
        .history
        .iter()
        .map(|event| ((event.at_ms - added_ms) / 1_000, event.kind, event.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (4, ItemEventKind::Restored, ""),
            (3, ItemEventKind::Deleted, ""),
            (2, ItemEventKind::Moved, "from /a to /x"),
            (1, ItemEventKind::Tagged, "from train to test"),
            (0, ItemEventKind::Added, ""),
        ]
    );
    assert_eq!(detail.document["filename"], "/x/1.jpg");
    assert_eq!(detail.document["annotationsCount"], 1);
}

#[tokio::test]
async fn past_changes_say_what_they_did_and_whether_they_can_be_taken_back() {
    let (bench, dataset) = filled().await;
    let listed = async |limit| bench.store.past_items_changes(dataset.id, limit).await.unwrap();
    assert_eq!(listed(100).await, []);
    let one = || by_query(r#"{"name": "1.jpg"}"#);
    let first = bench.store.tag_items(dataset.id, by_query("{}"), Some(Subset::Test)).await.unwrap();
    bench.store.tag_items(dataset.id, one(), Some(Subset::Train)).await.unwrap();
    bench.store.move_items(dataset.id, by_query(r#"{"dir": "/a"}"#), "/x".into()).await.unwrap();
    let deleted = bench.store.delete_items(dataset.id, by_query(r#"{"name": "4.jpg"}"#)).await.unwrap();
    let told = |changes: &[PastItemsChange]| -> Vec<(ItemEventKind, String, u64, bool)> {
        changes.iter().map(|c| (c.kind, c.detail.clone(), c.changed_count, c.why_not.is_none())).collect()
    };
    let line = |kind, detail: &str, count, can_undo| (kind, detail.to_owned(), count, can_undo);
    assert_eq!(
        told(&listed(100).await),
        [
            line(ItemEventKind::Deleted, "", 1, true),
            line(ItemEventKind::Moved, "from /a to /x", 3, false),
            line(ItemEventKind::Tagged, "from test to train", 1, true),
            line(ItemEventKind::Tagged, "into test", 7, false),
        ]
    );
    let back = undo(&bench, &deleted).await.unwrap();
    let changes = listed(2).await;
    assert_eq!((changes[0].id, changes[0].is_undo), (back.id.unwrap(), true));
    assert_eq!(changes[1].why_not.as_deref(), Some("it was taken back already"));
    // What the list says is what an undo does.
    for change in listed(100).await {
        let did = bench.store.undo_items_change(change.id).await;
        assert_eq!(did.is_ok(), change.why_not.is_none(), "{change:?}: {did:?}");
        if let Ok(did) = did {
            undo(&bench, &did).await.unwrap();
        }
    }
    assert!(bench.store.dataset("set").await.unwrap().revision > first.dataset.revision);
}

#[tokio::test]
async fn files_of_deleted_items_stay_for_a_day() {
    let (bench, dataset) = filled().await;
    let picture = bytes::Bytes::from_static(b"a picture");
    let (hash, _) = bench.store.blobs().put_bytes(picture).await.unwrap();
    let mut new = import("set");
    new.items.truncate(1);
    (new.items[0].name, new.items[0].content_hash) = ("kept.jpg".into(), hash.clone());
    bench.store.import_dataset(new).await.unwrap();
    let one = || by_query(r#"{"name": "kept.jpg"}"#);
    let deleted = bench.store.delete_items(dataset.id, one()).await.unwrap();
    bench.clock.advance(Duration::from_secs(23 * 3_600));
    assert_eq!(bench.store.sweep_blobs(Duration::ZERO).await.unwrap(), 0);
    undo(&bench, &deleted).await.unwrap();
    assert_eq!(bench.store.sweep_blobs(Duration::ZERO).await.unwrap(), 0);
    let deleted = bench.store.delete_items(dataset.id, one()).await.unwrap();
    bench.clock.advance(Duration::from_secs(24 * 3_600 + 1));
    assert_eq!(bench.store.sweep_blobs(Duration::ZERO).await.unwrap(), 1);
    let error = undo(&bench, &deleted).await.unwrap_err();
    assert!(error.to_string().contains("more than a day ago"), "{error}");
}

#[tokio::test]
async fn folders_count_what_lies_in_them_and_below() {
    let (bench, dataset) = filled().await;
    let found = bench.store.folders(dataset.id).await.unwrap();
    assert_eq!(found, folders([("/".to_owned(), 4), ("/a".to_owned(), 3), ("/a/b".to_owned(), 3)]));
    let empty = bench.store.create_dataset("empty".into(), Task::Detection).await.unwrap();
    assert_eq!(bench.store.recipes(empty.id).await.unwrap().len(), 1);
    assert_eq!(bench.store.folders(empty.id).await.unwrap(), folders([]));
    let taken = bench.store.create_dataset("empty".into(), Task::Detection).await;
    assert!(matches!(taken, Err(StoreError::AlreadyExists { .. })));
    assert_eq!(bench.store.import_dataset(import("empty")).await.unwrap().items_added, 3);
}

#[tokio::test]
async fn a_training_learns_from_what_was_changed() {
    let bench = Bench::new().await;
    let (model, other) = (bench.model("m").await, bench.model("other").await);
    let first = bench.store.start_training(new_training(&model, ServiceSettings::default())).await.unwrap();
    let only_one = by_query(r#"{"name": "a.jpg"}"#);
    bench.store.delete_items(model.dataset_id, only_one).await.unwrap();
    let second = bench.store.start_training(new_training(&other, ServiceSettings::default())).await.unwrap();
    for (training, count) in [(first, 2), (second, 1)] {
        let items = bench.store.subset_items(training.execution_id, Subset::Train).await.unwrap();
        assert_eq!(items.len(), count);
    }
}

/// What is done next.
#[derive(Debug, Clone)]
enum Step {
    Tag(u8, Option<Subset>),
    Split(u8, u64),
    Move(u8, &'static str),
    Delete(u8),
}

/// Items whose number has a remainder.
fn some_of(remainder: u8) -> ChosenItems {
    let names: Vec<String> = (0..10).filter(|n| n % 3 == remainder % 3).map(|n| format!("{n}.jpg")).collect();
    by_query(&serde_json::json!({ "name": { "$in": names } }).to_string())
}

fn step() -> impl Strategy<Value = Step> {
    let subset = proptest::option::of(proptest::sample::select(Subset::ALL.to_vec()));
    prop_oneof![
        (any::<u8>(), subset).prop_map(|(some, subset)| Step::Tag(some, subset)),
        (any::<u8>(), any::<u64>()).prop_map(|(some, seed)| Step::Split(some, seed)),
        (any::<u8>(), proptest::sample::select(vec!["/", "/a", "/c/d"]))
            .prop_map(|(some, dir)| Step::Move(some, dir)),
        any::<u8>().prop_map(Step::Delete),
    ]
}

/// Does the steps, then takes all changes back, the latest first: everything is as it was.
async fn there_and_back(steps: &[Step]) -> Result<(), TestCaseError> {
    let (bench, dataset) = filled().await;
    let before = stored(&bench, &dataset).await;
    let mut made: Vec<ItemsChange> = Vec::new();
    for step in steps {
        let store = &bench.store;
        let change = match step {
            Step::Tag(some, subset) => store.tag_items(dataset.id, some_of(*some), *subset).await,
            Step::Split(some, seed) => {
                let split = crate::datasets::Split { percentages: [34, 33, 33], seed: *seed };
                store.split_items(dataset.id, some_of(*some), move |count| split.parts(count)).await
            }
            Step::Move(some, dir) => store.move_items(dataset.id, some_of(*some), (*dir).into()).await,
            Step::Delete(some) => store.delete_items(dataset.id, some_of(*some)).await,
        };
        let change = change.unwrap();
        prop_assert_eq!(change.id.is_some(), change.changed_count > 0);
        made.extend(change.id.is_some().then_some(change));
        expect_labels_in_order(&bench).await;
    }
    for change in made.iter().rev() {
        undo(&bench, change).await.unwrap();
    }
    prop_assert_eq!(stored(&bench, &dataset).await, before);
    Ok(())
}

#[test]
fn whatever_was_done_the_way_back_leads_to_the_beginning() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in proptest::collection::vec(step(), 1..8))| {
        runtime.block_on(there_and_back(&steps))?;
    });
}
