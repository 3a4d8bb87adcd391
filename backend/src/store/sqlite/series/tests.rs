//! Blocks against a plain list of points, and databases of earlier versions.

use super::block::{Measured, Origin, in_order};
use super::read::samples_after;
use super::write::put_points;
use crate::clock::{Clock, ManualClock};
use crate::store::{SeriesQuery, Store};
use proptest::prelude::*;
use shared::id::ExecutionId;
use shared::series::Point;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const EXECUTION: &str = "018bcfe5-0000-7000-8000-000000000001";

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(1_700_000_000_000))
}

/// A connection that does not ask whether there is the execution.
async fn connect(folder: &Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("trainyard.db"));
    options.foreign_keys(false).disable_statement_logging().connect().await.unwrap()
}

fn measured(x: f64, revision: i64) -> Measured {
    let origin = Origin { revision, at_ms: revision * 10, attempt: 1 };
    Measured { point: Point::new(x, revision as f64), origin }
}

/// Reports with runs of places that may have been said before, and the line that each is of.
fn reports() -> impl Strategy<Value = Vec<(bool, u16, u16)>> {
    prop::collection::vec((any::<bool>(), 0u16..1_500, 1u16..400), 1..12)
}

/// What comes out after each report, as of the whole and as of streams of pages.
async fn work_in(reports: Vec<(bool, u16, u16)>) {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path(), clock()).await.unwrap().close().await;
    let id: ExecutionId = EXECUTION.parse().unwrap();
    let mut connection = connect(folder.path()).await;
    let (mut said, mut revision) = (BTreeMap::<bool, Vec<Measured>>::new(), 0);
    for (line, first, count) in reports {
        let points: Vec<Measured> = (first..first + count)
            .map(|x| {
                revision += 1;
                measured(f64::from(x), revision)
            })
            .collect();
        said.entry(line).or_default().extend(&points);
        let name = ("loss".to_owned(), line.to_string());
        put_points(&mut connection, id, BTreeMap::from([(name, points)])).await.unwrap();
    }
    let expected: BTreeMap<bool, Vec<Measured>> =
        said.into_iter().map(|(line, points)| (line, in_order(points))).collect();

    let mut streamed: Vec<(i64, f64)> = Vec::new();
    let mut cursor = 0;
    loop {
        let page = samples_after(&mut connection, id, cursor, 97).await.unwrap();
        let Some(last) = page.last() else { break };
        cursor = last.revision;
        streamed.extend(page.iter().map(|stamped| (stamped.revision, stamped.sample.sample.x)));
    }
    let mut in_turn: Vec<(i64, f64)> =
        expected.values().flatten().map(|point| (point.origin.revision, point.point.x)).collect();
    in_turn.sort_by_key(|(revision, _)| *revision);
    assert_eq!(streamed, in_turn);
    connection.close().await.unwrap();

    let store = Store::open(folder.path(), clock()).await.unwrap();
    for range in [f64::NEG_INFINITY..=f64::INFINITY, 200.0..=700.5] {
        let query = SeriesQuery { figures: &[], max_points: usize::MAX, range: range.clone() };
        let (series, newest) = store.series(id, query).await.unwrap();
        assert!(newest >= 0);
        let found: Vec<(Point, (u32, i64))> =
            series.into_iter().flat_map(|line| line.points.into_iter().zip(line.origins)).collect();
        let within = expected.values().flatten().filter(|point| range.contains(&point.point.x));
        let wanted: Vec<_> =
            within.map(|point| (point.point, (point.origin.attempt, point.origin.at_ms))).collect();
        assert_eq!(found, wanted);
    }
    let query = SeriesQuery { figures: &[], max_points: 40, range: f64::NEG_INFINITY..=f64::INFINITY };
    for line in store.series(id, query).await.unwrap().0 {
        assert!(line.points.len() <= 40 && line.origins.len() == line.points.len());
    }
    let stored = store.metrics(id, &[]).await.unwrap();
    let times: Vec<i64> = stored.iter().map(|sample| sample.at_ms).collect();
    assert_eq!(times, expected.values().flatten().map(|point| point.origin.at_ms).collect::<Vec<_>>());
    store.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn blocks_hold_what_a_plain_list_holds(reports in reports()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work_in(reports));
    }
}

#[tokio::test]
async fn samples_of_an_earlier_version_are_taken_over_once() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path(), clock()).await.unwrap().close().await;
    let mut connection = connect(folder.path()).await;
    // As `0001_initial.sql` makes it.
    sqlx::query(
        "CREATE TABLE samples (execution_id TEXT NOT NULL REFERENCES executions (id), revision BIGINT NOT NULL, \
         attempt BIGINT NOT NULL, at_ms BIGINT NOT NULL, figure TEXT NOT NULL, legend TEXT NOT NULL, \
         x DOUBLE PRECISION NOT NULL, y DOUBLE PRECISION, PRIMARY KEY (execution_id, figure, legend, x))",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    for (revision, legend, x, y) in
        [(3, "train", 2.0, Some(0.5)), (2, "train", 1.0, None), (4, "val", 1.0, Some(f64::INFINITY))]
    {
        sqlx::query("INSERT INTO samples VALUES (?, ?, 2, 77, 'loss', ?, ?, ?)")
            .bind(EXECUTION)
            .bind(revision)
            .bind(legend)
            .bind(x)
            .bind(y)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    super::take_over(&mut connection).await.unwrap();
    super::take_over(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = Store::open(folder.path(), clock()).await.unwrap();
    let taken = store.metrics(EXECUTION.parse().unwrap(), &[]).await.unwrap();
    let texts: Vec<String> = taken
        .iter()
        .map(|stored| {
            let sample = &stored.sample;
            format!("{} {} {} {} {}", sample.legend, sample.x, sample.y, stored.attempt, stored.at_ms)
        })
        .collect();
    assert_eq!(texts, ["train 1 NaN 2 77", "train 2 0.5 2 77", "val 1 inf 2 77"]);
    store.close().await;
}
