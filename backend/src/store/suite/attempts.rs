//! Leases, fencing, reports and the ends of attempts.

use super::*;
use shared::service::{InstanceState, OnReset};
use shared::status::{Event, ModelStatus, Status};
use shared::training::{Blocker, Headline, Waiting};

#[tokio::test]
async fn an_attempt_goes_from_lease_to_success_and_everything_is_kept() {
    let bench = Bench::new().await;
    let (training, assignment, instance) = bench.running(ServiceSettings::default()).await;
    let store = &bench.store;
    assert_eq!((assignment.attempt, assignment.labels.len()), (1, 2));
    assert_eq!(assignment.configuration, serde_json::json!({ "epochs": 3 }));
    assert_eq!(store.model("m").await.unwrap().status, ModelStatus::Training);
    assert_eq!(store.instance(instance).await.unwrap().executions, [training.execution_id]);
    assert!(store.lease_next(instance).await.unwrap().is_none(), "there is no second slot");

    let (hash, size_bytes) = store.blobs().put_bytes(bytes::Bytes::from_static(b"weights")).await.unwrap();
    let artifact = |sequence, hash: &str, epoch| ReportEntry {
        sequence,
        at_ms: 8,
        body: ReportBody::Artifact(NewArtifact {
            name: "best.safetensors".into(),
            kind: shared::model::ArtifactKind::Weights,
            content_hash: hash.into(),
            size_bytes,
            epoch: Some(epoch),
        }),
    };
    let progress =
        shared::training::Progress { epoch: 2, epochs: 3, step: 1, steps: 4, ..Default::default() };
    let entries = vec![
        sample(1, 1.5),
        sample(2, f64::NAN),
        sample(3, f64::NEG_INFINITY),
        log(4, "hello"),
        ReportEntry { sequence: 5, at_ms: 8, body: ReportBody::Progress(progress) },
        artifact(6, &hash, 1),
        artifact(7, &hash, 2),
    ];
    assert_eq!(store.report(batch(&assignment, entries)).await.unwrap(), 7);
    let values: Vec<f64> =
        store.metrics(training.execution_id, &[]).await.unwrap().iter().map(|each| each.sample.y).collect();
    assert!(values[0] == 1.5 && values[1].is_nan() && values[2] == f64::NEG_INFINITY, "{values:?}");
    assert!(store.metrics(training.execution_id, &["mAP50(B)".into()]).await.unwrap().is_empty());
    assert_eq!(store.training("m").await.unwrap().progress, progress);
    let artifacts = store.artifacts(training.model_id).await.unwrap();
    assert_eq!(
        (artifacts.len(), artifacts[0].epoch),
        (1, Some(2)),
        "a later file takes the place of the earlier one"
    );

    let quality = |sequence, x, y| ReportEntry {
        sequence,
        at_ms: 9,
        body: ReportBody::Sample(MetricSample {
            figure: Headline::FIGURE.into(),
            legend: "metrics".into(),
            x,
            y,
        }),
    };
    for (entry, best) in
        [(quality(8, 1.0, 0.1), 0.1), (quality(9, 2.0, 0.7), 0.7), (quality(10, 3.0, 0.2), 0.7)]
    {
        let before = store.training("m").await.unwrap().revision;
        store.report(batch(&assignment, vec![entry])).await.unwrap();
        let row = store.training("m").await.unwrap();
        assert!(row.revision > before, "whoever looks at the row is told");
        assert_eq!(row.headline.map(|headline| headline.best), Some(best));
    }
    assert_eq!(store.report(batch(&assignment, vec![end(11, AttemptOutcome::Succeeded)])).await.unwrap(), 11);
    let (done, ..) = everything(store, training.execution_id).await;
    assert_eq!((done.status, done.instance_id, done.cause), (Status::Success, None, None));
    assert_eq!(store.model("m").await.unwrap().status, ModelStatus::Trained);
    let history: Vec<_> = store.history(training.execution_id).await.unwrap();
    let statuses: Vec<_> = history.iter().map(|entry| (entry.attempt, entry.status)).collect();
    assert_eq!(statuses, [(0, Status::Created), (1, Status::InProgress), (1, Status::Success)]);
}

#[tokio::test]
async fn repeated_reports_have_one_effect_and_gaps_and_stale_tokens_are_refused() {
    let mut bench = Bench::new().await;
    let (training, assignment, _) = bench.running(ServiceSettings::default()).await;
    let id = training.execution_id;
    let report = |entries| bench.store.report(batch(&assignment, entries));
    assert_eq!(report(vec![sample(1, 1.0), sample(2, 2.0)]).await.unwrap(), 2);
    assert_eq!(report(vec![sample(1, 1.0), sample(2, 2.0), sample(3, 3.0)]).await.unwrap(), 3);
    assert_eq!(report(Vec::new()).await.unwrap(), 3);
    let before = everything(&bench.store, id).await;

    let gap = report(vec![sample(4, 4.0), sample(6, 6.0)]).await.unwrap_err();
    assert!(matches!(gap, StoreError::SequenceGap { expected: 5, received: 6 }), "{gap}");
    let mut stale = batch(&assignment, vec![sample(4, 4.0)]);
    stale.fencing_token -= 1;
    assert_eq!(bench.store.report(stale.clone()).await.unwrap_err().kind(), ErrorKind::StaleToken);
    stale.fencing_token += 1;
    stale.attempt += 1;
    assert_eq!(bench.store.report(stale).await.unwrap_err().kind(), ErrorKind::StaleToken);
    let absent = ReportEntry {
        sequence: 4,
        at_ms: 0,
        body: ReportBody::Artifact(NewArtifact {
            name: "x".into(),
            kind: shared::model::ArtifactKind::Weights,
            content_hash: "0".repeat(64),
            size_bytes: 1,
            epoch: None,
        }),
    };
    assert_eq!(report(vec![absent]).await.unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(everything(&bench.store, id).await, before, "a refused report leaves nothing");

    // The answer to the last report is lost with the server; the runner sends it again.
    assert_eq!(report(vec![end(4, AttemptOutcome::Succeeded)]).await.unwrap(), 4);
    let done = everything(&bench.store, id).await;
    bench.reopen().await;
    let report = |entries| bench.store.report(batch(&assignment, entries));
    assert_eq!(report(vec![end(4, AttemptOutcome::Succeeded)]).await.unwrap(), 4);
    assert_eq!(report(vec![log(5, "late")]).await.unwrap_err().kind(), ErrorKind::StaleToken);
    assert_eq!(everything(&bench.store, id).await, done);
}

#[tokio::test]
async fn nothing_is_said_after_the_end_of_an_attempt() {
    let bench = Bench::new().await;
    let (training, assignment, _) = bench.running(ServiceSettings::default()).await;
    let before = everything(&bench.store, training.execution_id).await;
    let entries = vec![end(1, AttemptOutcome::Succeeded), log(2, "late")];
    assert_eq!(
        bench.store.report(batch(&assignment, entries)).await.unwrap_err().kind(),
        ErrorKind::StaleToken
    );
    assert_eq!(everything(&bench.store, training.execution_id).await, before);
}

#[tokio::test]
async fn a_lost_attempt_goes_round_and_its_old_runner_is_not_heard() {
    let bench = Bench::new().await;
    let (training, first, instance) = bench.running(ServiceSettings::default()).await;
    let store = &bench.store;
    store.report(batch(&first, vec![sample(1, 1.0)])).await.unwrap();
    let lost = store.attempt_lost(first.execution_id, first.fencing_token, cause("lost")).await.unwrap();
    assert_eq!((lost.status, lost.instance_id), (Status::Rerun, None));
    let twice = store.attempt_lost(first.execution_id, first.fencing_token, cause("lost")).await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::StaleToken);

    assert_eq!(store.lease_next(instance).await.unwrap(), None, "the next attempt waits a while");
    bench.clock.advance(std::time::Duration::from_secs(1));
    let second = store.lease_next(instance).await.unwrap().unwrap();
    assert_eq!(second.attempt, 2);
    assert!(second.fencing_token > first.fencing_token);
    let stale = store.report(batch(&first, vec![sample(2, 2.0)])).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::StaleToken);
    // Sequence numbers start again with the attempt.
    assert_eq!(store.report(batch(&second, vec![sample(1, 9.0)])).await.unwrap(), 1);
    let kept: Vec<_> = store
        .metrics(training.execution_id, &[])
        .await
        .unwrap()
        .iter()
        .map(|each| (each.attempt, each.sample.y))
        .collect();
    assert_eq!(kept, [(2, 9.0)], "the later attempt's value stands at a place that both reached");
    assert_eq!(store.training("m").await.unwrap().started_at_ms, Some(1_700_000_000_000));
}

#[tokio::test]
async fn how_an_attempt_is_put_back_depends_on_settings_and_attempts_left() {
    let settings =
        |on_reset, max_attempts| ServiceSettings { on_reset, max_attempts, ..ServiceSettings::default() };
    for (settings, lost, aborting, status) in [
        (settings(OnReset::Rerun, 2), true, false, Status::Rerun),
        (settings(OnReset::Rerun, 2), false, false, Status::Rerun),
        (settings(OnReset::Rerun, 1), true, false, Status::Aborted),
        (settings(OnReset::Rerun, 1), false, false, Status::Failed),
        (settings(OnReset::Fail, 3), true, false, Status::Failed),
        (settings(OnReset::Fail, 3), false, false, Status::Failed),
        (settings(OnReset::Rerun, 3), true, true, Status::Terminated),
        (settings(OnReset::Fail, 1), false, true, Status::Terminated),
    ] {
        let bench = Bench::new().await;
        let (training, held, _) = bench.running(settings.clone()).await;
        if aborting {
            let asked = bench.store.request_abort(training.id).await.unwrap();
            assert!(asked.abort_requested && asked.status == Status::InProgress);
        }
        let (id, token) = (held.execution_id, held.fencing_token);
        let after = if lost {
            bench.store.attempt_lost(id, token, cause("x")).await
        } else {
            bench.store.reset_attempt(id, token, cause("x")).await
        };
        assert_eq!(after.unwrap().status, status, "{settings:?} lost: {lost}, aborting: {aborting}");
    }
}

#[tokio::test]
async fn ends_of_attempts_while_a_person_waits_for_the_abort() {
    for (outcome, aborting, status, kind) in [
        (AttemptOutcome::Succeeded, true, Status::Success, None),
        (AttemptOutcome::Stopped, true, Status::Terminated, Some(CauseKind::Person)),
        (AttemptOutcome::Failed, true, Status::Terminated, Some(CauseKind::Person)),
        (AttemptOutcome::Failed, false, Status::Failed, Some(CauseKind::TrainFunction)),
        (AttemptOutcome::Reset, false, Status::Rerun, Some(CauseKind::TrainFunction)),
        (AttemptOutcome::Stopped, false, Status::Rerun, Some(CauseKind::TrainFunction)),
    ] {
        let bench = Bench::new().await;
        let (training, held, _) = bench.running(ServiceSettings::default()).await;
        if aborting {
            bench.store.request_abort(training.id).await.unwrap();
        }
        bench.store.report(batch(&held, vec![end(1, outcome)])).await.unwrap();
        let after = bench.store.training("m").await.unwrap();
        assert_eq!(
            (after.status, after.cause.map(|cause| cause.kind)),
            (status, kind),
            "{outcome:?} {aborting}"
        );
    }
}

#[tokio::test]
async fn nothing_ends_before_it_started_also_when_the_clock_was_put_back() {
    let bench = Bench::new().await;
    let (_, held, _) = bench.running(ServiceSettings::default()).await;
    bench.clock.set_wall_ms(1_600_000_000_000);
    bench.store.report(batch(&held, vec![end(1, AttemptOutcome::Succeeded)])).await.unwrap();
    let after = bench.store.training("m").await.unwrap();
    assert_eq!((after.status, after.ended_at_ms), (Status::Success, after.started_at_ms));
}

#[tokio::test]
async fn a_waiting_training_is_aborted_at_once_and_only_once() {
    let bench = Bench::new().await;
    let training = bench.training("m", ServiceSettings::default()).await;
    let store = &bench.store;
    let ended = store.request_abort(training.id).await.unwrap();
    assert_eq!((ended.status, ended.ended_at_ms), (Status::Terminated, Some(1_700_000_000_000)));
    let again = store.request_abort(training.id).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Refused);
    assert!(again.to_string().contains("Only running or queued trainings can be aborted"), "{again}");
    let instance = bench.instance("a").await;
    assert!(store.lease_next(instance.id).await.unwrap().is_none());
}

#[tokio::test]
async fn illegal_moves_leave_nothing() {
    let bench = Bench::new().await;
    let training = bench.training("m", ServiceSettings::default()).await;
    let id = training.execution_id;
    for event in [Event::AttemptSucceeded, Event::AttemptFailed, Event::AttemptReset, Event::AttemptLost] {
        let before = everything(&bench.store, id).await;
        let error = bench.store.move_execution(id, event, Some(cause("x"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{event:?}");
        assert_eq!(everything(&bench.store, id).await, before);
    }
    bench.store.request_abort(training.id).await.unwrap();
    let before = everything(&bench.store, id).await;
    for event in [Event::Queued, Event::ServiceUnavailable, Event::AttemptStarted, Event::Terminated] {
        let error = bench.store.move_execution(id, event, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{event:?}");
    }
    bench.store.set_blockers(vec![(id, Blocker::InstanceStarting, Event::Queued)]).await.unwrap();
    assert_eq!(everything(&bench.store, id).await, before);
}

#[tokio::test]
async fn a_blocker_is_written_only_when_it_is_new() {
    let bench = Bench::new().await;
    let training = bench.training("m", ServiceSettings::default()).await;
    let id = training.execution_id;
    let set = |blocker| bench.store.set_blockers(vec![(id, blocker, Event::Queued)]);
    set(Blocker::InstanceStarting).await.unwrap();
    let first = everything(&bench.store, id).await;
    assert_eq!(
        (first.0.status, first.0.waiting.clone()),
        (Status::Pending, Some(Waiting::of(Blocker::InstanceStarting)))
    );
    set(Blocker::InstanceStarting).await.unwrap();
    assert_eq!(everything(&bench.store, id).await, first, "the same again is no news");
    let paused = Blocker::ServicePaused { failed_starts: None };
    bench.store.set_blockers(vec![(id, paused.clone(), Event::ServiceUnavailable)]).await.unwrap();
    let third = everything(&bench.store, id).await;
    assert_eq!((third.0.status, third.0.waiting), (Status::Created, Some(Waiting::of(paused))));
    assert!(third.0.revision > first.0.revision);
}

#[tokio::test]
async fn executions_are_leased_in_order_within_slots_and_not_before_their_time() {
    let bench = Bench::new().await;
    let settings = ServiceSettings { concurrency: 2, ..ServiceSettings::default() };
    let mut trainings = Vec::new();
    for name in ["m1", "m2", "m3"] {
        trainings.push(bench.training(name, settings.clone()).await.execution_id);
    }
    let store = &bench.store;
    assert_eq!(store.services().await.unwrap().len(), 1, "one service an architecture");
    let (a, b) = (bench.instance("a").await, bench.instance("b").await);
    store.set_not_before(trainings[0], Some(1_700_000_005_000)).await.unwrap();
    let lease = |id| async move { store.lease_next(id).await.unwrap().map(|held| held.execution_id) };
    assert_eq!(lease(a.id).await, Some(trainings[1]));
    bench.clock.advance(std::time::Duration::from_secs(5));
    let service = store.services().await.unwrap().remove(0);
    store.set_service_paused(service.id, true).await.unwrap();
    assert_eq!(lease(a.id).await, None, "a paused service hands out nothing");
    store.set_service_paused(service.id, false).await.unwrap();
    store.set_instance_state(b.id, InstanceState::Stopping, None).await.unwrap();
    assert_eq!(lease(b.id).await, None, "an instance that ends takes nothing new");
    assert_eq!(lease(a.id).await, Some(trainings[0]));
    assert_eq!(lease(a.id).await, None, "both slots are taken");

    let snapshot = store.scheduling_snapshot().await.unwrap();
    let order: Vec<_> =
        snapshot.executions.iter().map(|each| (each.id, each.status, each.instance_id)).collect();
    let held = Some(a.id);
    assert_eq!(
        order,
        [
            (trainings[0], Status::InProgress, held),
            (trainings[1], Status::InProgress, held),
            (trainings[2], Status::Created, None)
        ]
    );
    assert_eq!(snapshot.instances.len(), 2);
}

#[tokio::test]
async fn instances_use_their_token_once_and_never_come_back() {
    let bench = Bench::new().await;
    bench.training("m", ServiceSettings::default()).await;
    let store = &bench.store;
    let instance = bench.instance("a").await;
    assert_eq!(instance.state, InstanceState::Running);
    let again = store.register_instance("once-a", "session-b", 43).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    assert!(!again.to_string().contains("once-a"), "a token's hash is shown to nobody: {again}");
    assert_eq!(store.instance_by_session("session-a").await.unwrap(), Some(instance.id));
    store.set_instance_handle(instance.id, "pid 42").await.unwrap();
    let error =
        shared::service::InstanceError { reason: shared::service::Reason::NodeLost, detail: "gone".into() };
    let failed =
        store.set_instance_state(instance.id, InstanceState::Failed, Some(error.clone())).await.unwrap();
    assert_eq!((failed.error, failed.handle.as_deref()), (Some(error), Some("pid 42")));
    assert_eq!(store.instance_by_session("session-a").await.unwrap(), None);
    let back = store.set_instance_state(instance.id, InstanceState::Running, None).await.unwrap_err();
    assert_eq!(back.kind(), ErrorKind::Conflict);
    assert_eq!(store.instances(instance.service_id).await.unwrap().len(), 1);
    assert!(store.scheduling_snapshot().await.unwrap().instances.is_empty());
}

#[tokio::test]
async fn failed_starts_are_counted_and_a_good_one_forgets_them() {
    let bench = Bench::new().await;
    bench.training("m", ServiceSettings::default()).await;
    let store = &bench.store;
    let id = store.services().await.unwrap().remove(0).id;
    let error = shared::service::InstanceError {
        reason: shared::service::Reason::CrashLoopBackOff,
        detail: "exit 1".into(),
    };
    for count in 1..=2 {
        let service = store.record_service_start(id, Err(error.clone()), Some(77)).await.unwrap();
        assert_eq!(
            (service.failed_starts, service.retry_at_ms, service.error.as_ref()),
            (count, Some(77), Some(&error))
        );
    }
    let service = store.record_service_start(id, Ok(()), Some(99)).await.unwrap();
    assert_eq!((service.failed_starts, service.retry_at_ms, service.error), (0, None, None));
}
