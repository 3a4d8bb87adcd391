//! How long the first page and the preview of a query take over a million stored items. Measured and printed for `cargo xtask bench`,
//! and not asserted: how long something takes depends on what else the machine does.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use backend::clock::SystemClock;
use backend::store::{ChosenItems, Page, Store};
use shared::dataset::Subset;
use shared::dql::{Query, parse};
use shared::id::DatasetId;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ITEMS: i64 = 1_000_000;
const RUNS: usize = 20;
const DATASET: &str = "018bcfe5-0000-7000-8000-000000000001";

/// Folders of a hundred classes below `/train` and `/val`, one small folder, and everything new in one that stands last.
const FILL_ITEMS: &str = "
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
INSERT INTO items (id, dataset_id, dir, name, content_hash, mimetype, size_bytes, width, height, subset, created_at_ms,
                   annotations_count, metadata)
SELECT printf('018bcfe5-%04x-7000-8000-%012x', n / 65536, n), ?,
       CASE WHEN n % 20000 = 7 THEN '/rare' WHEN n >= 900000 THEN '/zz/new'
            WHEN n % 5 = 0 THEN printf('/val/c%03d', n % 100) ELSE printf('/train/c%03d', n % 100) END,
       printf('%07d.jpg', n), printf('%064x', n), 'image/jpeg', 1000 + n % 5000, 640, 480,
       CASE WHEN n % 10 < 8 THEN 'train' WHEN n % 10 = 8 THEN 'validation' WHEN n % 1000 = 9 THEN NULL ELSE 'test' END,
       1700000000000 + n * 1000,
       (n % 100 > 0) * (1 + (n % 2 = 0) + (n % 50000 = 3) + (n >= 900000)),
       CASE WHEN n % 3 = 0 THEN json_object('score', n % 1000, 'site', 'site' || (n % 7)) END
FROM numbers";

/// Each item has one of twenty labels, every other one also `common`, a few `rare`, and those that stand last `new`.
const FILL_ANNOTATIONS: &str = "
INSERT INTO annotations (id, item_id, position, label, x1, y1, x2, y2)
SELECT printf('018bcfe6-%04x-7%03x-8000-%012x', i.rowid / 65536, l.position, i.rowid), i.id, l.position,
       coalesce(l.label, 'label' || (i.rowid % 20)), 1.0, 2.0, 3.0, 4.0
FROM items i CROSS JOIN (SELECT 0 AS position, NULL AS label UNION ALL SELECT 1, 'common' UNION ALL SELECT 2, 'rare'
                         UNION ALL SELECT 3, 'new') l
WHERE (i.rowid - 1) % 100 > 0
  AND CASE l.position WHEN 0 THEN 1 WHEN 1 THEN (i.rowid - 1) % 2 = 0 WHEN 2 THEN (i.rowid - 1) % 50000 = 3
      ELSE i.rowid > 900000 END";

const FILL_LABELS: &str = "
INSERT INTO item_labels (dataset_id, label, dir, name, item_id, annotations_count)
SELECT i.dataset_id, a.label, i.dir, i.name, i.id, COUNT(*) FROM annotations a JOIN items i ON i.id = a.item_id
GROUP BY i.id, a.label";

async fn connect(folder: &Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("trainyard.db"));
    options.disable_statement_logging().connect().await.unwrap()
}

async fn fill(folder: &Path) -> Store {
    let clock = Arc::new(SystemClock::new());
    let store = Store::open(folder, clock.clone()).await.unwrap();
    let project_id = store.project_id().to_string();
    store.close().await;
    let mut connection = connect(folder).await;
    sqlx::query("PRAGMA synchronous = OFF").execute(&mut connection).await.unwrap();
    let dataset = "INSERT INTO datasets (id, project_id, name, task, created_at_ms, revision) VALUES (?, ?, 'm', 'detection', 0, 1)";
    sqlx::query(dataset).bind(DATASET).bind(project_id).execute(&mut connection).await.unwrap();
    let items = sqlx::query(FILL_ITEMS).bind(ITEMS).bind(DATASET).execute(&mut connection).await.unwrap();
    assert_eq!(items.rows_affected(), u64::try_from(ITEMS).unwrap());
    let annotations = sqlx::query(FILL_ANNOTATIONS).execute(&mut connection).await.unwrap();
    let counted: i64 = sqlx::query_scalar("SELECT SUM(annotations_count) FROM items")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(annotations.rows_affected(), u64::try_from(counted).unwrap());
    sqlx::query(FILL_LABELS).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    Store::open(folder, clock).await.unwrap()
}

fn queries() -> Vec<(&'static str, String)> {
    let join = |filter: &str, label: &str| {
        format!(
            r#"{{"filter": {filter}, "join": {{"on": {{"resource": "annotations", "local": "itemId", "forigen": "id"}},
                "filter": {{"label": "{label}"}}}}}}"#
        )
    };
    let plain = |text: &str| text.to_owned();
    vec![
        ("all", plain("{}")),
        ("tag train", plain(r#"{"metadata.system.tags.train": true}"#)),
        ("tag test", plain(r#"{"metadata.system.tags.test": true}"#)),
        ("no tag", plain(r#"{"metadata.system.tags": {"$exists": false}}"#)),
        ("folder with sub-folders", plain(r#"{"filename": "/train/**"}"#)),
        ("folder with sub-folders, last", plain(r#"{"filename": "/zz/**"}"#)),
        ("folder alone", plain(r#"{"dir": "/train/c041"}"#)),
        ("folder alone, small", plain(r#"{"dir": "/rare"}"#)),
        ("file name", plain(r#"{"filename": "/train/c041/0000041.jpg"}"#)),
        ("file name, pattern", plain(r#"{"filename": "/train/c041/00*.jpg"}"#)),
        ("name", plain(r#"{"name": "0500001.jpg"}"#)),
        ("label of half the items", join("{}", "common")),
        ("label, one in twenty", join("{}", "label7")),
        ("label, rare", join("{}", "rare")),
        ("label, in the last folder only", join("{}", "new")),
        ("label that nothing has", join("{}", "nothing")),
        ("dates, half the items", plain(r#"{"createdAt": {"$gte": "2023-11-20T12:00:00Z"}}"#)),
        (
            "dates, one hour",
            plain(r#"{"createdAt": {"$gte": "2023-11-20T12:00:00Z", "$lt": "2023-11-20T13:00:00Z"}}"#),
        ),
        ("dates, in the last folder only", plain(r#"{"createdAt": {"$gte": "2023-11-25T08:13:20Z"}}"#)),
        ("date pattern, one day", plain(r#"{"createdAt": "2023-11-20*"}"#)),
        ("without annotations", plain(r#"{"annotated": false}"#)),
        (
            "tag, folder and dates",
            plain(
                r#"{"metadata.system.tags.train": true, "filename": "/train/**", "createdAt": {"$lt": "2023-11-16"}}"#,
            ),
        ),
        ("tag and rare label", join(r#"{"metadata.system.tags.train": true}"#, "rare")),
        ("folder and label", join(r#"{"filename": "/val/**"}"#, "label5")),
        ("small folder and label", join(r#"{"dir": "/rare"}"#, "common")),
        ("dates and label", join(r#"{"createdAt": {"$gte": "2023-11-20"}}"#, "label7")),
        ("newest first", plain(r#"{"filter": {}, "sort": {"createdAt": "descending"}}"#)),
        (
            "tag, newest first",
            plain(r#"{"filter": {"metadata.system.tags.test": true}, "sort": {"createdAt": "descending"}}"#),
        ),
    ]
}

fn query(text: &str) -> Query {
    parse(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).query
}

/// The middle and the worst but one of the runs.
fn shown(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |fraction: usize| times[(times.len() * fraction).div_ceil(100) - 1].as_secs_f64() * 1_000.0;
    format!("p50 {:.1} ms, p95 {:.1} ms", at(50), at(95))
}

#[test]
#[ignore = "a measurement: `cargo xtask bench` runs it"]
fn the_first_page_of_a_million_items() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let store = fill(folder.path()).await;
    let bytes = std::fs::metadata(folder.path().join("trainyard.db")).unwrap().len();
    println!("filled in {:.0} s, {} MB", started.elapsed().as_secs_f64(), bytes / 1_000_000);
    let dataset_id: DatasetId = DATASET.parse().unwrap();
    let page = Page { offset: 0, limit: 100 };
    for (name, text) in queries() {
        let query = query(&text);
        let (mut times, mut rows) = (Vec::new(), 0);
        for _ in 0..RUNS {
            let started = Instant::now();
            rows = store.find_items(dataset_id, &query, page).await.unwrap().rows.len();
            times.push(started.elapsed());
        }
        println!("| first page of 1,000,000 items, {name} ({rows} rows) | {} |", shown(times));
    }
    for (name, text) in queries() {
        let started = Instant::now();
        let count = store.count_items(dataset_id, &query(&text)).await.unwrap();
        println!(
            "| count over 1,000,000 items, {name} ({count}) | {:.1} ms |",
            started.elapsed().as_secs_f64() * 1_000.0
        );
    }
    measure_own_metadata(&store, dataset_id, page).await;
    measure_previews(&store, dataset_id).await;
    measure_changes(&store, dataset_id).await;
    store.close().await;
}

/// Before the dataset is in memory, while it is read, and afterwards.
async fn measure_own_metadata(store: &Store, dataset_id: DatasetId, page: Page) {
    let text = r#"{"metadata.user.score": {"$gte": 990}}"#;
    for (what, is_count) in [
        ("first page of", false),
        ("first count over", true),
        ("next page of", false),
        ("next count over", true),
    ] {
        let started = Instant::now();
        if is_count {
            store.count_items(dataset_id, &query(text)).await.unwrap();
        } else {
            store.find_items(dataset_id, &query(text), page).await.unwrap();
        }
        println!(
            "| {what} 1,000,000 items, metadata of one's own | {:.1} ms |",
            started.elapsed().as_secs_f64() * 1_000.0
        );
    }
}

async fn measure_previews(store: &Store, dataset_id: DatasetId) {
    let own = [
        ("metadata of one's own, a number", r#"{"metadata.user.score": {"$gte": 990}}"#),
        ("metadata of one's own, a text", r#"{"metadata.user.site": "site3"}"#),
        (
            "metadata of one's own and a tag",
            r#"{"metadata.system.tags.train": true, "metadata.user.score": 7}"#,
        ),
        ("metadata of one's own, missing", r#"{"metadata.user.score": {"$exists": false}}"#),
        ("a regular expression on names", r#"{"name": {"$regex": "7.jpg$"}}"#),
    ];
    let own = own.map(|(name, text)| (name, text.to_owned()));
    for (name, text) in queries().into_iter().chain(own) {
        let (query, mut times, mut found) = (query(&text), Vec::new(), 0);
        for _ in 0..RUNS {
            let started = Instant::now();
            found = store.preview_items(dataset_id, &query, 24).await.unwrap().total_count;
            times.push(started.elapsed());
        }
        println!("| preview over 1,000,000 items, {name} ({found}) | {} |", shown(times));
    }
    let everything = query("{}");
    let one = query(r#"{"name": "0500001.jpg"}"#);
    for (what, is_tag) in [("one item tagged", true), ("one item moved", false)] {
        let chosen = ChosenItems::ByQuery(Box::new(one.clone()));
        if is_tag {
            store.tag_items(dataset_id, chosen, Some(Subset::Test)).await.unwrap();
        } else {
            store.move_items(dataset_id, chosen, "/elsewhere".into()).await.unwrap();
        }
        let started = Instant::now();
        store.preview_items(dataset_id, &everything, 24).await.unwrap();
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        println!("| preview over 1,000,000 items, the first after {what} | {took:.1} ms |");
    }
}

/// A hundred thousand of the million items in one call, and each time the way back.
async fn measure_changes(store: &Store, dataset_id: DatasetId) {
    let chosen = || ChosenItems::ByQuery(Box::new(query(r#"{"filename": "/zz/**"}"#)));
    for what in ["tagged", "split", "moved", "deleted"] {
        let started = Instant::now();
        let change = match what {
            "tagged" => store.tag_items(dataset_id, chosen(), None).await,
            "split" => store.split_items(dataset_id, chosen(), |count| vec![Subset::Test; count]).await,
            "moved" => store.move_items(dataset_id, chosen(), "/zz/newer".into()).await,
            _ => store.delete_items(dataset_id, chosen()).await,
        };
        let change = change.unwrap();
        let took = started.elapsed().as_secs_f64();
        let started = Instant::now();
        store.undo_items_change(change.id.unwrap()).await.unwrap();
        let back = started.elapsed().as_secs_f64();
        println!(
            "| {} of 1,000,000 items {what}; taken back | {took:.1} s; {back:.1} s |",
            change.changed_count
        );
    }
}
