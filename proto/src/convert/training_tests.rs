//! Round trips and refusals of trainings on the wire.

use super::*;
use proptest::prelude::*;
use shared::id::{DatasetId, ExecutionId, InstanceId, ModelId, ServiceId, TrainingId, uuid_v7};
use shared::machine::Shortage;
use shared::service::Reason;
use shared::training::Holder;

const CAUSES: [CauseKind; 10] = [
    CauseKind::Preempted,
    CauseKind::Drained,
    CauseKind::Configuration,
    CauseKind::Data,
    CauseKind::Resources,
    CauseKind::TrainFunction,
    CauseKind::Diverged,
    CauseKind::Timeout,
    CauseKind::RunnerLost,
    CauseKind::Person,
];

const EVENTS: [Event; 8] = [
    Event::Queued,
    Event::ServiceUnavailable,
    Event::AttemptStarted,
    Event::AttemptSucceeded,
    Event::AttemptFailed,
    Event::AttemptReset,
    Event::AttemptLost,
    Event::Terminated,
];

fn blocker() -> impl Strategy<Value = Blocker> {
    let reason = proptest::sample::select(Reason::ALL.to_vec());
    let holder = any::<[u8; 10]>().prop_map(|random| Holder {
        execution_id: ExecutionId::from_uuid(uuid_v7(3, &random)),
        model_name: "cells".into(),
    });
    prop_oneof![
        any::<Option<u32>>().prop_map(|failed_starts| Blocker::ServicePaused { failed_starts }),
        (reason, ".{0,20}", any::<Option<i64>>())
            .prop_map(|(reason, detail, retry_at_ms)| Blocker::ServiceError { reason, detail, retry_at_ms }),
        any::<(u32, u32)>().prop_map(|(asked, available)| Blocker::NoMachineFits {
            machine_type: "local".into(),
            shortage: Shortage::Gpus { asked, available },
        }),
        Just(Blocker::InstanceStarting),
        Just(Blocker::InstancesReplaced),
        (any::<u32>(), holder.clone())
            .prop_map(|(slots, holder)| Blocker::SlotsBusy { slots, held_by: vec![holder] }),
        (any::<u64>(), holder, any::<bool>()).prop_map(|(asked_bytes, holder, is_being_freed)| {
            Blocker::MachineBusy {
                machine_type: "local".into(),
                shortage: Shortage::Memory { asked_bytes, available_bytes: 1 },
                held_by: vec![holder],
                is_being_freed,
            }
        }),
        any::<i64>().prop_map(|until_ms| Blocker::BackOff { until_ms }),
    ]
}

fn waiting() -> impl Strategy<Value = Waiting> {
    (blocker(), any::<(u32, u32, u32)>(), any::<Option<i64>>()).prop_map(|(blocker, counts, start)| {
        let (position, attempt, max_attempts) = counts;
        Waiting { blocker, position, attempt, max_attempts, expected_start_ms: start }
    })
}

fn cause() -> impl Strategy<Value = Cause> {
    (proptest::sample::select(CAUSES.to_vec()), ".{0,30}", ".{0,30}")
        .prop_map(|(kind, message, next_step)| Cause { kind, message, next_step })
}

fn training() -> impl Strategy<Value = Training> {
    let status = proptest::sample::select(Status::ALL.to_vec());
    let phase =
        proptest::sample::select(vec![Phase::Preparing, Phase::Training, Phase::Validating, Phase::Saving]);
    let times = any::<(i64, Option<i64>, Option<i64>, Option<i64>, i64)>();
    (
        any::<[u8; 10]>(),
        ".{1,20}",
        (status, phase, any::<[u32; 4]>(), any::<bool>()),
        proptest::option::of(waiting()),
        proptest::option::of(cause()),
        times,
    )
        .prop_map(|(random, name, (status, phase, numbers, abort_requested), waiting, cause, times)| {
            Training {
                id: TrainingId::from_uuid(uuid_v7(1, &random)),
                model_id: ModelId::from_uuid(uuid_v7(2, &random)),
                model_name: name.clone(),
                dataset_id: DatasetId::from_uuid(uuid_v7(3, &random)),
                dataset_name: name,
                architecture: "yolov8n".into(),
                service_id: ServiceId::from_uuid(uuid_v7(4, &random)),
                service_name: "mgmt-train-yolov8".into(),
                execution_id: ExecutionId::from_uuid(uuid_v7(5, &random)),
                status,
                abort_requested,
                progress: Progress {
                    epoch: numbers[0],
                    epochs: numbers[1],
                    step: numbers[2],
                    steps: numbers[3],
                    phase,
                },
                attempt: numbers[0],
                max_attempts: numbers[1],
                instance_id: abort_requested.then(|| InstanceId::from_uuid(uuid_v7(6, &random))),
                priority: 7,
                waiting,
                cause,
                headline: abort_requested.then(|| Headline {
                    best: 0.5,
                    best_epoch: numbers[0].into(),
                    course: vec![0.25, 0.5],
                    stride: 1,
                    count: 2,
                    last_epoch: numbers[1].into(),
                }),
                configuration: serde_json::json!({"epochs": numbers[1], "lr0": 0.01}),
                created_at_ms: times.0,
                started_at_ms: times.1,
                ended_at_ms: times.2,
                removed_at_ms: times.3,
                revision: times.4,
            }
        })
}

proptest! {
    #[test]
    fn trainings_come_back_as_they_went(training in training()) {
        prop_assert_eq!(Training::try_from(v1::Training::from(training.clone())), Ok(training));
    }

    #[test]
    fn history_comes_back_as_it_went(
        event in proptest::option::of(proptest::sample::select(EVENTS.to_vec())),
        status in proptest::sample::select(Status::ALL.to_vec()),
        cause in proptest::option::of(cause()),
        at_ms in any::<i64>(),
        attempt in any::<u32>(),
    ) {
        let entry = HistoryEntry { at_ms, attempt, event, status, cause };
        prop_assert_eq!(HistoryEntry::try_from(v1::HistoryEntry::from(entry.clone())), Ok(entry));
    }

    #[test]
    fn log_lines_come_back_as_they_went(
        level in proptest::sample::select(vec![LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error]),
        text in ".*",
        at_ms in any::<i64>(),
    ) {
        let line = LogLine { at_ms, level, text };
        prop_assert_eq!(LogLine::try_from(log_line_to_wire(line.clone(), 4, 1)), Ok(line));
    }
}

#[test]
fn values_that_are_no_numbers_survive() {
    let sample = |y| MetricSample { figure: "box_loss".into(), legend: "train".into(), x: 3.0, y };
    for y in [1.5, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(MetricSample::try_from(metric_sample_to_wire(sample(y), 1, 2)), Ok(sample(y)));
    }
    let back = MetricSample::try_from(metric_sample_to_wire(sample(f64::NAN), 1, 2)).unwrap();
    assert!(back.y.is_nan());
}

#[test]
fn samples_without_a_place_are_refused() {
    let sample = |figure: &str, legend: &str, x| v1::MetricSample {
        figure: figure.into(),
        legend: legend.into(),
        x,
        ..Default::default()
    };
    let long = "f".repeat(201);
    let cases = [
        (sample("", "train", 1.0), "figure"),
        (sample(&long, "train", 1.0), "figure"),
        (sample("loss", "a\nb", 1.0), "legend"),
        (sample("loss", "train", f64::NAN), "x"),
    ];
    for (wire, field) in cases {
        assert_eq!(MetricSample::try_from(wire).unwrap_err().field(), field);
    }
}

#[test]
fn the_wire_says_what_a_training_waits_for() {
    let busy = Waiting::of(Blocker::SlotsBusy { slots: 1, held_by: Vec::new() });
    let wire = v1::Blocker::from(Waiting { position: 2, ..busy });
    assert_eq!(wire.kind, "slots-busy");
    assert!(wire.description.contains("place 2 in the queue"), "{}", wire.description);
}
