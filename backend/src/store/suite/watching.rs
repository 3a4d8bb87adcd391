//! Streams as queries: resumed anywhere, nothing twice, nothing missed.

use super::*;

const ALL: WatchScope =
    WatchScope { trainings: true, execution: None, log_tail: 0, logs_after: 0, metrics_after: 0 };

#[tokio::test]
async fn a_stream_sees_each_change_once_and_revisions_tick() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let mut revisions = store.revisions();
    let (training, held, _) = bench.running(ServiceSettings::default()).await;
    assert!(revisions.has_changed().unwrap());
    let newest = *revisions.borrow_and_update();
    let scope = WatchScope { execution: Some(training.execution_id), ..ALL };
    let first = store.changes_since(0, scope).await.unwrap();
    assert_eq!((first.cursor, first.more, first.trainings.len(), first.history.len()), (newest, false, 1, 2));

    let nothing = store.changes_since(first.cursor, scope).await.unwrap();
    assert_eq!(nothing, Changes { cursor: newest, ..Changes::default() });

    store.report(batch(&held, vec![sample(1, 1.0), log(2, "a"), log(3, "b")])).await.unwrap();
    revisions.changed().await.unwrap();
    let next = store.changes_since(first.cursor, scope).await.unwrap();
    assert_eq!((next.trainings.len(), next.metrics.len(), next.logs.len(), next.history.len()), (0, 1, 2, 0));

    store.report(batch(&held, vec![end(4, AttemptOutcome::Succeeded)])).await.unwrap();
    let last = store.changes_since(next.cursor, scope).await.unwrap();
    assert_eq!((last.trainings.len(), last.metrics.len(), last.history.len()), (1, 0, 1));

    store.remove_training(training.id).await.unwrap();
    let removed = store.changes_since(last.cursor, ALL).await.unwrap();
    assert!(removed.trainings[0].removed_at_ms.is_some(), "leaving the table is news");
    assert!(store.changes_since(0, ALL).await.unwrap().trainings.is_empty(), "but not from the start");
}

#[tokio::test]
async fn a_long_way_behind_is_caught_up_in_bounded_batches() {
    let bench = Bench::new().await;
    let (training, held, _) = bench.running(ServiceSettings::default()).await;
    let mut sequence = 0;
    for _ in 0..5 {
        let entries = (0..500).map(|index| {
            sequence += 1;
            if index % 3 == 0 { log(sequence, &format!("line {sequence}")) } else { sample(sequence, 1.0) }
        });
        bench.store.report(batch(&held, entries.collect())).await.unwrap();
    }
    let scope = WatchScope { execution: Some(training.execution_id), ..ALL };
    let (mut cursor, mut samples, mut numbers, mut batches) = (0, 0, Vec::new(), 0);
    loop {
        let changes = bench.store.changes_since(cursor, scope).await.unwrap();
        assert!(changes.metrics.len() <= 1000 && changes.logs.len() <= 1000);
        assert!(changes.cursor > cursor);
        cursor = changes.cursor;
        samples += changes.metrics.len();
        numbers.extend(changes.logs.iter().map(|line| line.number));
        batches += 1;
        if !changes.more {
            break;
        }
    }
    assert_eq!((samples, batches), (1665, 2));
    assert_eq!(numbers, (1..=835).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_goes_on_where_a_series_was_read() {
    let bench = Bench::new().await;
    let (training, held, _) = bench.running(ServiceSettings::default()).await;
    let id = training.execution_id;
    bench.store.report(batch(&held, vec![sample(1, 1.0), log(2, "a")])).await.unwrap();
    let query = SeriesQuery { figures: &[], max_points: 100, range: f64::NEG_INFINITY..=f64::INFINITY };
    let (series, metrics_after) = bench.store.series(id, query).await.unwrap();
    assert_eq!(series.iter().map(|line| line.total_count).sum::<u64>(), 1);
    bench.store.report(batch(&held, vec![sample(3, 2.0)])).await.unwrap();
    let scope = WatchScope { execution: Some(id), metrics_after, ..ALL };
    let changes = bench.store.changes_since(0, scope).await.unwrap();
    let places: Vec<f64> = changes.metrics.iter().map(|stored| stored.sample.x).collect();
    assert_eq!(
        (places, changes.logs.len()),
        (vec![3.0], 1),
        "a point that was read came again, or one is missing"
    );
}

#[tokio::test]
async fn a_tail_starts_late_and_then_misses_nothing() {
    let bench = Bench::new().await;
    let (training, held, _) = bench.running(ServiceSettings::default()).await;
    let lines = |from: u64, to: u64| (from..=to).map(|sequence| log(sequence, "x")).collect::<Vec<_>>();
    bench.store.report(batch(&held, lines(1, 20))).await.unwrap();
    let mut scope = WatchScope { execution: Some(training.execution_id), log_tail: 3, ..ALL };
    let numbers = |changes: &Changes| changes.logs.iter().map(|line| line.number).collect::<Vec<_>>();
    let first = bench.store.changes_since(0, scope).await.unwrap();
    assert_eq!(numbers(&first), [18, 19, 20]);
    scope.logs_after = first.logs_after;
    bench.store.report(batch(&held, lines(21, 30))).await.unwrap();
    let next = bench.store.changes_since(first.cursor, scope).await.unwrap();
    assert_eq!(numbers(&next), (21..=30).collect::<Vec<_>>());
    let page: Vec<_> = bench
        .store
        .logs(training.execution_id, 28, 10)
        .await
        .unwrap()
        .iter()
        .map(|line| line.number)
        .collect();
    assert_eq!(page, [29, 30]);
}
