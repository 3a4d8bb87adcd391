//! Small worlds of trainings: filtered, ordered, counted, and changed step by step.
//!
//! Must not know a browser.

use super::super::query::tests::training;
use super::super::query::{Column, Extra};
use super::*;

fn roll(query: &Query, rows: &[Training]) -> Roll {
    let mut roll = Roll::new(query);
    roll.rebuild(query, &mut |each| rows.iter().for_each(each));
    roll
}

fn take(roll: &mut Roll, rows: &[Training]) {
    roll.take(&mut |each| rows.iter().for_each(each));
}

fn names(roll: &Roll, rows: &[Training]) -> Vec<String> {
    let name = |id| rows.iter().find(|row| row.id == id).map(|row| row.model_name.clone());
    roll.ids().filter_map(name).collect()
}

fn shown(query: &Query, rows: &[Training]) -> Vec<String> {
    names(&roll(query, rows), rows)
}

#[test]
fn a_service_narrows() {
    let mut other = training("b", 2, Status::Pending);
    other.service_name = "mgmt-train-resnet".into();
    let rows = [training("a", 1, Status::Pending), other];
    let query = Query { service: "mgmt-train-resnet".into(), ..Query::default() }
        .with_column(Extra::Dataset)
        .sorted_by(Column::Name);
    assert_eq!(shown(&query, &rows), ["b"]);
    assert_eq!(shown(&query.without_filters(), &rows), ["a", "b"]);
    assert_eq!(roll(&query, &rows).services().len(), 2);
    assert!(roll(&query, &rows).answers(&query.with_column(Extra::Priority)));
    assert!(!roll(&query, &rows).answers(&query.without_filters()));
}

#[test]
fn rows_are_ordered_by_any_column_either_way() {
    let mut long = training("long", 1, Status::InProgress);
    long.started_at_ms = Some(1_000);
    let mut short = training("Short", 2, Status::InProgress);
    short.started_at_ms = Some(5_000);
    let waiting = training("waiting", 3, Status::Pending);
    let rows = [short, waiting, long];
    let by = |column, descending| shown(&Query { column, descending, ..Query::default() }, &rows);
    assert_eq!(by(Column::CreatedAt, true), ["waiting", "Short", "long"]);
    assert_eq!(by(Column::Duration, true), ["long", "Short", "waiting"]);
    assert_eq!(by(Column::Name, false), ["long", "Short", "waiting"]);
    assert_eq!(by(Column::Name, true), ["waiting", "Short", "long"]);
    assert_eq!(by(Column::Status, false), ["waiting", "Short", "long"]);
    // Of equal ones the newest is first, either way.
    assert_eq!(by(Column::Service, false), by(Column::Service, true));
}

#[test]
fn statuses_narrow_and_are_counted_nevertheless() {
    let rows = [
        training("a", 1, Status::Success),
        training("b", 2, Status::Pending),
        training("c", 3, Status::Rerun),
    ];
    let query = Query::default().toggled(Status::Rerun).toggled(Status::Success);
    let roll = roll(&query, &rows);
    assert_eq!(names(&roll, &rows), ["c", "a"]);
    assert_eq!((roll.total(), roll.shown()), (3, 2));
    assert_eq!(roll.counts().iter().sum::<usize>(), 3);
}

/// A training of a small world, with everything that decides where it stands.
fn some(number: u32, state: u32) -> Training {
    let mut row = training(&format!("n{}", state % 3), i64::from(number) * 1_000, Status::Pending);
    row.id = TrainingId::from_uuid(shared::id::uuid_v7(u64::from(number) * 1_000, &[7; 10]));
    row.status = Status::ALL[state as usize % 8];
    row.service_name = format!("service {}", state % 2);
    row.started_at_ms = (!state.is_multiple_of(4)).then(|| i64::from(state % 7) * 100);
    row.abort_requested = state % 5 == 1;
    row.removed_at_ms = (state % 11 == 10).then_some(1);
    row
}

#[test]
fn taking_changes_in_is_the_same_as_looking_anew() {
    let queries = [
        Query::default(),
        Query { search: "n1".into(), column: Column::Name, descending: false, ..Query::default() },
        Query { column: Column::Duration, ..Query::default() },
        Query { statuses: vec![Status::Pending, Status::Rerun], column: Column::Status, ..Query::default() },
        Query { service: "service 1".into(), column: Column::Service, ..Query::default() },
    ];
    for query in queries {
        let mut rows: Vec<Training> = (0..40).map(|number| some(number, number)).collect();
        let mut kept = roll(&query, &rows);
        for round in 0_u32..60 {
            let changed: Vec<usize> =
                (0..round as usize % 9).map(|step| (step * 7 + round as usize) % rows.len()).collect();
            for &place in &changed {
                let number = u32::try_from(place).unwrap();
                rows[place] = some(number, number * 3 + round * 5);
            }
            let mut told: Vec<Training> = changed.iter().map(|&place| rows[place].clone()).collect();
            if round % 3 == 0 {
                let number = u32::try_from(rows.len()).unwrap();
                rows.push(some(number, number + round));
                told.extend(rows.last().cloned());
            }
            take(&mut kept, &told);
            let anew = roll(&query, &rows);
            assert_eq!(kept.order, anew.order, "{query:?}");
            assert_eq!(kept.heights, anew.heights);
            assert_eq!((kept.counts, kept.total()), (anew.counts, anew.total()));
            assert_eq!(kept.services(), anew.services());
        }
    }
}

#[test]
fn another_query_is_answered_as_by_looking_anew() {
    let rows: Vec<Training> = (0..60).map(|number| some(number, number * 5)).collect();
    let by = |search: &str, column, descending| Query {
        search: search.into(),
        column,
        descending,
        ..Query::default()
    };
    let mut kept = roll(&Query::default(), &rows);
    for query in [
        by("n", Column::CreatedAt, true),
        by("n1", Column::CreatedAt, true),
        by("n1", Column::Name, false),
        by("n2", Column::Duration, true),
        by("", Column::Duration, false),
        Query { service: "service 1".into(), ..by("", Column::Status, false) },
        Query { statuses: vec![Status::Pending], ..by("n", Column::Progress, true) },
        by("", Column::Service, true),
    ] {
        kept.ask(&query);
        let anew = roll(&query, &rows);
        assert!(kept.answers(&query));
        assert_eq!(kept.order, anew.order, "{query:?}");
        assert_eq!((&kept.heights, kept.counts), (&anew.heights, anew.counts));
        // What comes after it is taken in as it is then.
        take(&mut kept, &[some(3, 8), some(59, 4)]);
        take(&mut kept, &[rows[3].clone(), rows[59].clone()]);
        assert_eq!((&kept.order, kept.counts), (&anew.order, anew.counts), "{query:?}");
    }
}

#[test]
fn a_change_that_moves_nothing_costs_nothing() {
    let mut rows = [training("a", 1, Status::InProgress), training("b", 2, Status::Success)];
    let mut roll = roll(&Query::default(), &rows);
    let (turn, order_turn) = (roll.turn(), roll.order_turn());
    rows[0].progress.epoch = 3;
    take(&mut roll, &rows);
    assert_eq!((roll.turn(), roll.order_turn()), (turn, order_turn));
    rows[0].status = Status::Success;
    take(&mut roll, &rows);
    assert_eq!((roll.turn(), roll.order_turn()), (turn + 1, order_turn));
    assert_eq!(roll.place_of(rows[0].id), Some(1));
    assert_eq!(roll.id_at(0), Some(rows[1].id));
    assert_eq!(roll.places_of(&[(rows[0].id, 5.0)]), [(1, 5.0)]);
}
