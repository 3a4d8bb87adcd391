//! Tables and properties of the plan.

use super::*;
use proptest::prelude::*;
use shared::id::uuid_v7;
use shared::machine::{LOCAL, Shortage};
use shared::service::{Reason, ServiceSettings};
use shared::status::Status;
use shared::training::{Blocker, CauseKind, Holder, Progress};
use std::sync::Arc;

mod machines;
mod properties;

const NOW: i64 = 1_000_000;

fn service(number: u8, settings: ServiceSettings) -> Service {
    Service {
        id: ServiceId::from_uuid(uuid_v7(u64::from(number), &[number; 10])),
        name: format!("mgmt-train-{number}"),
        architecture_id: format!("architecture-{number}"),
        settings,
        settings_revision: 1,
        generation: 1,
        paused: false,
        paused_by_force: false,
        failed_starts: 0,
        retry_at_ms: None,
        error: None,
        served_at_ms: None,
        created_at_ms: 0,
    }
}

fn instance(number: u8, service: &Service, state: InstanceState) -> Instance {
    Instance {
        id: InstanceId::from_uuid(uuid_v7(u64::from(number), &[number; 10])),
        service_id: service.id,
        state,
        generation: 1,
        machine_type: service.settings.machine_type.clone(),
        reservation: Reservation { cores: service.settings.cores, ..Reservation::default() },
        drain: None,
        handle: None,
        error: None,
        executions: Vec::new(),
        created_at_ms: 0,
        heard_at_ms: None,
    }
}

fn waiting(number: u8, service: &Service) -> QueuedExecution {
    QueuedExecution {
        id: ExecutionId::from_uuid(uuid_v7(u64::from(number), &[number; 10])),
        service_id: service.id,
        model_name: format!("model-{number}"),
        status: Status::Created,
        blocker: None,
        priority: 0,
        progress: Progress::default(),
        attempt: 0,
        max_attempts: 3,
        fencing_token: 0,
        abort_requested: false,
        abort_requested_at_ms: None,
        rerun_requested: false,
        instance_id: None,
        queue_number: i64::from(number),
        not_before_ms: None,
        started_at_ms: None,
        attempt_started_at_ms: None,
    }
}

fn running(number: u8, service: &Service, holder: &mut Instance) -> QueuedExecution {
    let mut execution = waiting(number, service);
    execution.status = Status::InProgress;
    execution.attempt = 1;
    execution.fencing_token = 40;
    execution.instance_id = Some(holder.id);
    holder.executions.push(execution.id);
    execution
}

/// A machine with room for everything.
fn large() -> MachineType {
    MachineType { cores: 1_000, ..MachineType::named(LOCAL) }
}

fn start(service: &Service) -> Decision {
    let reservation = Reservation { cores: service.settings.cores, ..Reservation::default() };
    Decision::StartInstance { service_id: service.id, reservation }
}

fn retire(instance: &Instance) -> Decision {
    Decision::EndInstance { instance_id: instance.id, drain: None }
}

fn blocker(plan: &Plan, execution: &QueuedExecution) -> Blocker {
    plan.waiting[&execution.id].blocker.clone()
}

fn snapshot(services: &[&Service], instances: &[&Instance], executions: &[&QueuedExecution]) -> Snapshot {
    Snapshot {
        services: services.iter().copied().cloned().collect(),
        instances: instances.iter().copied().cloned().collect(),
        executions: executions.iter().map(|execution| Arc::new((*execution).clone())).collect(),
        typical_ms: BTreeMap::new(),
        machine_types: vec![large()],
        is_stopping: false,
    }
}

fn quiet(snapshot: &Snapshot) -> Plan {
    plan(snapshot, &LeaseView::default(), NOW)
}

#[test]
fn the_first_execution_gets_an_instance_and_says_so() {
    let service = service(1, ServiceSettings::default());
    let execution = waiting(1, &service);
    let plan = quiet(&snapshot(&[&service], &[], &[&execution]));
    assert_eq!(plan.decisions, [start(&service)]);
    let waiting = &plan.waiting[&execution.id];
    assert_eq!((&waiting.blocker, waiting.position, waiting.attempt), (&Blocker::InstanceStarting, 1, 1));
}

#[test]
fn the_second_waits_for_the_slot_with_its_place() {
    let service = service(1, ServiceSettings::default());
    let mut holder = instance(1, &service, InstanceState::Running);
    let first = running(1, &service, &mut holder);
    let (second, third) = (waiting(2, &service), waiting(3, &service));
    let plan = quiet(&snapshot(&[&service], &[&holder], &[&first, &second, &third]));
    assert_eq!(plan.decisions, []);
    let holder = Holder { execution_id: first.id, model_name: "model-1".into() };
    let busy = Blocker::SlotsBusy { slots: 1, held_by: vec![holder] };
    for (execution, position) in [(&second, 1), (&third, 2)] {
        let waiting = &plan.waiting[&execution.id];
        assert_eq!((&waiting.blocker, waiting.position), (&busy, position));
    }
}

#[test]
fn instances_follow_the_queue_within_their_limits() {
    // (concurrency, min, max, waiting, alive) -> started
    let cases = [
        (1, 0, 1, 0, 0, 0),
        (1, 0, 3, 2, 0, 2),
        (1, 0, 3, 9, 1, 2),
        (4, 0, 3, 9, 0, 3),
        (4, 0, 3, 4, 0, 1),
        (1, 2, 3, 0, 0, 2),
        (1, 2, 1, 5, 0, 1),
        (1, 0, 0, 5, 0, 0),
    ];
    for (concurrency, min_instances, max_instances, queued, alive, started) in cases {
        let settings =
            ServiceSettings { concurrency, min_instances, max_instances, ..ServiceSettings::default() };
        let service = service(1, settings);
        let instances: Vec<Instance> =
            (1..=alive).map(|number| instance(number, &service, InstanceState::Starting)).collect();
        let executions: Vec<QueuedExecution> = (1..=queued).map(|number| waiting(number, &service)).collect();
        let plan = quiet(&snapshot(
            &[&service],
            &instances.iter().collect::<Vec<_>>(),
            &executions.iter().collect::<Vec<_>>(),
        ));
        assert_eq!(
            plan.decisions.len(),
            started,
            "{concurrency} {min_instances}..{max_instances} {queued} {alive}"
        );
    }
}

#[test]
fn a_paused_service_starts_nothing_and_lets_idle_instances_go() {
    let mut service = service(1, ServiceSettings { min_instances: 1, ..ServiceSettings::default() });
    service.paused = true;
    let idle = instance(1, &service, InstanceState::Running);
    let execution = waiting(1, &service);
    let plan = quiet(&snapshot(&[&service], &[&idle], &[&execution]));
    assert_eq!(plan.decisions, [retire(&idle)]);
    assert_eq!(blocker(&plan, &execution), Blocker::ServicePaused { failed_starts: None });
}

#[test]
fn a_service_in_trouble_is_tried_again_after_its_back_off_and_one_at_a_time() {
    let mut service = service(1, ServiceSettings { max_instances: 3, ..ServiceSettings::default() });
    service.failed_starts = 2;
    service.error = Some(InstanceError { reason: Reason::CrashLoopBackOff, detail: "exit code 1".into() });
    service.retry_at_ms = Some(NOW + 1);
    let executions = [waiting(1, &service), waiting(2, &service)];
    let before = snapshot(&[&service], &[], &executions.iter().collect::<Vec<_>>());
    let early = quiet(&before);
    assert_eq!(early.decisions, []);
    assert_eq!(early.wake_at_ms, Some(NOW + 1));
    let blocker = Blocker::ServiceError {
        reason: Reason::CrashLoopBackOff,
        detail: "exit code 1".into(),
        retry_at_ms: Some(NOW + 1),
    };
    assert_eq!(early.waiting[&executions[1].id].blocker, blocker);
    let later = plan(&before, &LeaseView::default(), NOW + 1);
    assert_eq!(later.decisions, [start(&service)]);
}

#[test]
fn an_idle_instance_goes_after_its_cool_down() {
    let service = service(1, ServiceSettings::default());
    let idle = instance(1, &service, InstanceState::Running);
    let before = snapshot(&[&service], &[&idle], &[]);
    for (seconds, goes) in [(299, false), (300, true)] {
        let view = LeaseView {
            doing_for: BTreeMap::from([(idle.id, Duration::from_secs(seconds))]),
            ..LeaseView::default()
        };
        assert_eq!(plan(&before, &view, NOW).decisions.len(), usize::from(goes), "after {seconds} s");
    }
}

#[test]
fn one_that_does_not_end_is_made_to() {
    let service = service(1, ServiceSettings::default());
    let stopping = instance(1, &service, InstanceState::Stopping);
    let view = LeaseView {
        doing_for: BTreeMap::from([(stopping.id, Duration::from_secs(16))]),
        ..LeaseView::default()
    };
    let plan = plan(&snapshot(&[&service], &[&stopping], &[]), &view, NOW);
    assert_eq!(plan.decisions, [Decision::KillInstance { instance_id: stopping.id }]);
}

#[test]
fn attempts_end_without_their_runners_word() {
    let service = service(1, ServiceSettings::default());
    let mut holder = instance(1, &service, InstanceState::Running);
    let execution = running(1, &service, &mut holder);
    let lost = LeaseView { lost_attempts: [execution.id].into(), ..LeaseView::default() };
    let silent = LeaseView { silent_instances: [holder.id].into(), ..LeaseView::default() };
    let overdue = |seconds| LeaseView {
        running_for: BTreeMap::from([(execution.id, Duration::from_secs(seconds))]),
        ..LeaseView::default()
    };
    type Case = (&'static str, bool, Option<i64>, LeaseView, Option<CauseKind>);
    let cases: [Case; 8] = [
        ("all is well", true, None, overdue(3_900), None),
        ("its lease ran out", true, None, lost.clone(), Some(CauseKind::RunnerLost)),
        ("its instance is gone", false, None, LeaseView::default(), Some(CauseKind::RunnerLost)),
        ("its instance is silent", true, None, silent, Some(CauseKind::RunnerLost)),
        ("it is overdue", true, None, overdue(3_931), Some(CauseKind::Timeout)),
        ("an abort was just asked for", true, Some(NOW - 9_999), LeaseView::default(), None),
        ("an abort takes too long", true, Some(NOW - 10_000), LeaseView::default(), Some(CauseKind::Person)),
        ("aborted and lost", true, Some(NOW), lost, Some(CauseKind::Person)),
    ];
    for (name, holder_lives, abort_at, view, expected) in cases {
        let mut execution = execution.clone();
        execution.abort_requested = abort_at.is_some();
        execution.abort_requested_at_ms = abort_at;
        let instances: &[&Instance] = if holder_lives { &[&holder] } else { &[] };
        let decisions = plan(&snapshot(&[&service], instances, &[&execution]), &view, NOW).decisions;
        let ended = decisions.iter().find_map(|decision| match decision {
            Decision::Terminate { execution_id, cause }
            | Decision::LoseAttempt { execution_id, cause, .. } => {
                assert_eq!(*execution_id, execution.id);
                Some(cause.kind)
            }
            _ => None,
        });
        assert_eq!(ended, expected, "{name}");
    }
}

#[test]
fn the_next_attempt_waits_for_its_time() {
    let service = service(1, ServiceSettings::default());
    let mut execution = waiting(1, &service);
    execution.status = Status::Rerun;
    execution.not_before_ms = Some(NOW + 500);
    let plan = quiet(&snapshot(&[&service], &[], &[&execution]));
    assert_eq!(plan.decisions, []);
    assert_eq!(plan.wake_at_ms, Some(NOW + 500));
    assert_eq!(blocker(&plan, &execution), Blocker::BackOff { until_ms: NOW + 500 });
    assert_eq!(plan.waiting[&execution.id].expected_start_ms, None);
}

#[test]
fn more_waiting_is_borne_with_a_queue_threshold() {
    for (queue_threshold, queued, started) in [(1, 4, 4), (2, 4, 2), (2, 5, 3), (10, 1, 1), (10, 40, 4)] {
        let settings = ServiceSettings { max_instances: 9, queue_threshold, ..ServiceSettings::default() };
        let service = service(1, settings);
        let executions: Vec<QueuedExecution> = (1..=queued).map(|number| waiting(number, &service)).collect();
        let plan = quiet(&snapshot(&[&service], &[], &executions.iter().collect::<Vec<_>>()));
        assert_eq!(plan.decisions.len(), started, "{queued} waiting, threshold {queue_threshold}");
    }
}

#[test]
fn no_jump_of_the_wall_clock_makes_anybody_wait_longer_or_lose_anything() {
    const DAY: i64 = 86_400_000;
    let mut service = service(1, ServiceSettings::default());
    let mut put_back = waiting(1, &service);
    put_back.status = Status::Rerun;
    put_back.not_before_ms = Some(NOW + 2_000);
    service.failed_starts = 1;
    service.retry_at_ms = Some(NOW + 1_000);
    let starts = |now_ms| {
        let before = snapshot(&[&service], &[], &[&put_back]);
        !plan(&before, &LeaseView::default(), now_ms).decisions.is_empty()
    };
    // Right, an hour or a day ahead, and as far back.
    for (jump, expected) in [(0, false), (3_600_000, true), (DAY, true), (-3_600_000, true), (-DAY, true)] {
        assert_eq!(starts(NOW + jump), expected, "{jump} ms");
    }
    let mut holder = instance(1, &service, InstanceState::Running);
    let mut held = running(2, &service, &mut holder);
    for jump in [-DAY, -3_600_000, 0, 3_600_000, DAY] {
        let before = snapshot(&[&service], &[&holder], &[&held]);
        let lost = plan(&before, &LeaseView::default(), NOW + jump).decisions;
        assert_eq!(lost, [], "a lease is no matter of the wall clock: {jump} ms");
    }
    held.abort_requested = true;
    held.abort_requested_at_ms = Some(NOW);
    for jump in [-DAY, -3_600_000, 3_600_000, DAY] {
        let before = snapshot(&[&service], &[&holder], &[&held]);
        let ended = plan(&before, &LeaseView::default(), NOW + jump).decisions;
        assert!(matches!(ended.as_slice(), [Decision::Terminate { .. }]), "{jump} ms: {ended:?}");
    }
}

#[test]
fn urgent_ones_are_first_in_the_queue() {
    let service = service(1, ServiceSettings::default());
    let mut holder = instance(1, &service, InstanceState::Running);
    let first = running(1, &service, &mut holder);
    let (second, mut urgent) = (waiting(2, &service), waiting(3, &service));
    urgent.priority = 5;
    let plan = quiet(&snapshot(&[&service], &[&holder], &[&first, &second, &urgent]));
    let positions = [&urgent, &second].map(|execution| plan.waiting[&execution.id].position);
    assert_eq!(positions, [1, 2]);
}

#[test]
fn a_service_that_fails_too_often_is_paused_and_one_that_is_well_is_forgiven() {
    let mut service = service(1, ServiceSettings { max_failed_starts: 3, ..ServiceSettings::default() });
    let execution = waiting(1, &service);
    for (failed_starts, gives_up) in [(2, false), (3, true), (4, true)] {
        service.failed_starts = failed_starts;
        let decisions = quiet(&snapshot(&[&service], &[], &[&execution])).decisions;
        let pause = Decision::PauseByForce { service_id: service.id };
        assert_eq!(decisions == [pause], gives_up, "{failed_starts}: {decisions:?}");
    }
    service.paused = true;
    service.paused_by_force = true;
    let plan_of_paused = quiet(&snapshot(&[&service], &[], &[&execution]));
    assert_eq!(plan_of_paused.decisions, []);
    assert_eq!(blocker(&plan_of_paused, &execution), Blocker::ServicePaused { failed_starts: Some(4) });

    service.paused = false;
    service.failed_starts = 2;
    let mut holder = instance(1, &service, InstanceState::Running);
    let busy = running(1, &service, &mut holder);
    for (seconds, forgiven) in [(599, false), (600, true)] {
        let healthy_for = BTreeMap::from([(holder.id, Duration::from_secs(seconds))]);
        let view = LeaseView { healthy_for, ..LeaseView::default() };
        let decisions = plan(&snapshot(&[&service], &[&holder], &[&busy]), &view, NOW).decisions;
        let forgive = Decision::ForgiveStarts { service_id: service.id };
        assert_eq!(decisions == [forgive], forgiven, "{seconds} s: {decisions:?}");
    }
}

#[test]
fn instances_of_an_earlier_generation_drain_and_are_replaced() {
    let mut service = service(1, ServiceSettings::default());
    service.generation = 2;
    let mut old = instance(1, &service, InstanceState::Running);
    let held = running(1, &service, &mut old);
    let next = waiting(2, &service);
    let first = quiet(&snapshot(&[&service], &[&old], &[&held, &next]));
    let drain = Decision::EndInstance { instance_id: old.id, drain: Some(Drain::Replaced) };
    assert_eq!(first.decisions, [drain]);
    assert_eq!(blocker(&first, &next), Blocker::InstancesReplaced);
    // It is told once, has its drain time and some more, and is then made to.
    old.state = InstanceState::Stopping;
    old.drain = Some(Drain::Replaced);
    let before = snapshot(&[&service], &[&old], &[&held, &next]);
    for (seconds, killed) in [(330, false), (331, true)] {
        let doing_for = BTreeMap::from([(old.id, Duration::from_secs(seconds))]);
        let decisions = plan(&before, &LeaseView { doing_for, ..LeaseView::default() }, NOW).decisions;
        let kill = Decision::KillInstance { instance_id: old.id };
        assert_eq!(decisions == [kill], killed, "{seconds} s: {decisions:?}");
    }
}

#[test]
fn a_server_that_stops_starts_nothing_and_has_everything_drain() {
    let service = service(1, ServiceSettings::default());
    let mut holder = instance(1, &service, InstanceState::Running);
    let held = running(1, &service, &mut holder);
    let next = waiting(2, &service);
    let mut before = snapshot(&[&service], &[&holder], &[&held, &next]);
    before.is_stopping = true;
    let drain = Decision::EndInstance { instance_id: holder.id, drain: Some(Drain::ServerStops) };
    assert_eq!(quiet(&before).decisions, [drain]);
    before.instances.clear();
    before.executions.remove(0);
    assert_eq!(quiet(&before), Plan::default());
}

#[test]
fn the_start_is_foretold_by_pace_and_past() {
    let service = service(1, ServiceSettings::default());
    let mut holder = instance(1, &service, InstanceState::Running);
    let mut held = running(1, &service, &mut holder);
    let queue = [waiting(2, &service), waiting(3, &service)];
    let view = LeaseView {
        running_for: BTreeMap::from([(held.id, Duration::from_secs(30))]),
        ..LeaseView::default()
    };
    let half =
        Progress { epoch: 5, epochs: 10, phase: shared::training::Phase::Saving, ..Progress::default() };
    // (typical duration, progress) -> when both start
    let cases = [
        (None, Progress::default(), [None, None]),
        (None, half, [Some(NOW + 30_000), None]),
        (Some(50_000), Progress::default(), [Some(NOW + 20_000), Some(NOW + 70_000)]),
        (Some(10_000), Progress::default(), [Some(NOW), Some(NOW + 10_000)]),
        (Some(50_000), half, [Some(NOW + 30_000), Some(NOW + 80_000)]),
    ];
    for (typical, progress, expected) in cases {
        held.progress = progress;
        let mut before = snapshot(&[&service], &[&holder], &[&held, &queue[0], &queue[1]]);
        before.typical_ms.extend(typical.map(|typical| (service.id, typical)));
        let plan = plan(&before, &view, NOW);
        let starts = queue.clone().map(|one| plan.waiting[&one.id].expected_start_ms);
        assert_eq!(starts, expected, "{typical:?} {progress:?}");
    }
}
