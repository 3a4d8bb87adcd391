//! Tables and properties of the plan.

use super::*;
use proptest::prelude::*;
use shared::id::uuid_v7;
use shared::service::ServiceSettings;

const NOW: i64 = 1_000_000;

fn service(number: u8, settings: ServiceSettings) -> Service {
    Service {
        id: ServiceId::from_uuid(uuid_v7(u64::from(number), &[number; 10])),
        name: format!("mgmt-train-{number}"),
        architecture_id: format!("architecture-{number}"),
        settings,
        settings_revision: 1,
        paused: false,
        failed_starts: 0,
        retry_at_ms: None,
        error: None,
        created_at_ms: 0,
    }
}

fn instance(number: u8, service: &Service, state: InstanceState) -> Instance {
    Instance {
        id: InstanceId::from_uuid(uuid_v7(u64::from(number), &[number; 10])),
        service_id: service.id,
        state,
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
        status: Status::Created,
        blocker: None,
        attempt: 0,
        max_attempts: 3,
        fencing_token: 0,
        abort_requested: false,
        abort_requested_at_ms: None,
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

fn snapshot(services: &[&Service], instances: &[&Instance], executions: &[&QueuedExecution]) -> Snapshot {
    Snapshot {
        services: services.iter().copied().cloned().collect(),
        instances: instances.iter().copied().cloned().collect(),
        executions: executions.iter().copied().cloned().collect(),
    }
}

fn quiet(snapshot: &Snapshot) -> Plan {
    plan(snapshot, &LeaseView::default(), NOW)
}

#[test]
fn back_off_doubles_up_to_five_minutes() {
    let waits: Vec<i64> = [0, 1, 2, 3, 9, 10, 200].into_iter().map(back_off_ms).collect();
    assert_eq!(waits, [1_000, 1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
}

#[test]
fn the_first_execution_gets_an_instance_and_says_so() {
    let service = service(1, ServiceSettings::default());
    let execution = waiting(1, &service);
    let plan = quiet(&snapshot(&[&service], &[], &[&execution]));
    assert_eq!(plan.decisions, [Decision::StartInstance { service_id: service.id }]);
    assert_eq!(plan.blockers[&execution.id], (Blocker::InstanceStarting, Event::Queued));
}

#[test]
fn the_second_waits_for_the_slot_with_its_place() {
    let service = service(1, ServiceSettings::default());
    let mut holder = instance(1, &service, InstanceState::Running);
    let first = running(1, &service, &mut holder);
    let (second, third) = (waiting(2, &service), waiting(3, &service));
    let plan = quiet(&snapshot(&[&service], &[&holder], &[&first, &second, &third]));
    assert_eq!(plan.decisions, []);
    let busy = |position| (Blocker::SlotsBusy { slots: 1, position, held_by: vec![first.id] }, Event::Queued);
    assert_eq!(plan.blockers[&second.id], busy(1));
    assert_eq!(plan.blockers[&third.id], busy(2));
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
    assert_eq!(plan.decisions, [Decision::RetireInstance { instance_id: idle.id }]);
    assert_eq!(plan.blockers[&execution.id], (Blocker::ServicePaused, Event::ServiceUnavailable));
}

#[test]
fn a_service_in_trouble_is_tried_again_after_its_back_off_and_one_at_a_time() {
    let mut service = service(1, ServiceSettings { max_instances: 3, ..ServiceSettings::default() });
    service.failed_starts = 2;
    service.error = Some(InstanceError { reason: "CrashLoopBackOff".into(), detail: "exit code 1".into() });
    service.retry_at_ms = Some(NOW + 1);
    let executions = [waiting(1, &service), waiting(2, &service)];
    let before = snapshot(&[&service], &[], &executions.iter().collect::<Vec<_>>());
    let early = quiet(&before);
    assert_eq!(early.decisions, []);
    assert_eq!(early.wake_at_ms, Some(NOW + 1));
    let blocker = Blocker::ServiceError {
        reason: "CrashLoopBackOff".into(),
        detail: "exit code 1".into(),
        retry_at_ms: NOW + 1,
    };
    assert_eq!(early.blockers[&executions[1].id], (blocker, Event::ServiceUnavailable));
    let later = plan(&before, &LeaseView::default(), NOW + 1);
    assert_eq!(later.decisions, [Decision::StartInstance { service_id: service.id }]);
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
            Decision::StartInstance { .. }
            | Decision::RetireInstance { .. }
            | Decision::KillInstance { .. }
            | Decision::FailInstance { .. } => None,
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
    assert_eq!(plan.blockers[&execution.id].0, Blocker::LeaseRunningOut { until_ms: NOW + 500 });
}

/// What carrying the decisions out makes of the snapshot.
fn carry_out(snapshot: &mut Snapshot, decisions: &[Decision], next_instance: &mut u8) {
    for decision in decisions {
        match decision {
            Decision::StartInstance { service_id } => {
                if let Some(service) = snapshot.services.iter().find(|service| service.id == *service_id) {
                    snapshot.instances.push(instance(*next_instance, service, InstanceState::Starting));
                    *next_instance = next_instance.saturating_add(1);
                }
            }
            Decision::RetireInstance { instance_id } => {
                for instance in &mut snapshot.instances {
                    if instance.id == *instance_id {
                        instance.state = InstanceState::Stopping;
                    }
                }
            }
            Decision::KillInstance { instance_id } | Decision::FailInstance { instance_id, .. } => {
                snapshot.instances.retain(|instance| instance.id != *instance_id);
            }
            Decision::Terminate { execution_id, .. } => {
                snapshot.executions.retain(|execution| execution.id != *execution_id);
            }
            Decision::LoseAttempt { execution_id, .. } => {
                for instance in &mut snapshot.instances {
                    instance.executions.retain(|held| held != execution_id);
                }
                for execution in &mut snapshot.executions {
                    if execution.id == *execution_id {
                        execution.status = Status::Rerun;
                        execution.instance_id = None;
                    }
                }
                snapshot.executions.retain(|one| one.id != *execution_id || one.attempt < one.max_attempts);
            }
        }
    }
}

/// A snapshot as the store can hold it: executions are held by instances of their own service.
fn any_snapshot() -> impl Strategy<Value = (Snapshot, LeaseView)> {
    let service_shape = (1_u32..3, 0_u32..3, 0_u32..4, any::<bool>(), 0_u32..3, -2_000_i64..2_000);
    let instance_shape = (0_u8..2, 0_usize..3, any::<bool>(), 0_u64..600);
    let execution_shape = (0_u8..2, 0_usize..4, any::<bool>(), 0_i64..20_000, any::<bool>(), 1_u32..4);
    (
        proptest::collection::vec(service_shape, 1..3),
        proptest::collection::vec(instance_shape, 0..6),
        proptest::collection::vec(execution_shape, 0..12),
    )
        .prop_map(|(services, instances, executions)| {
            let mut view = LeaseView::default();
            let services: Vec<Service> = (1_u8..)
                .zip(services)
                .map(|(number, (concurrency, min_instances, max_instances, paused, failed_starts, retry))| {
                    let settings = ServiceSettings {
                        concurrency,
                        min_instances,
                        max_instances,
                        ..ServiceSettings::default()
                    };
                    let mut service = service(number, settings);
                    service.paused = paused && number == 1;
                    service.failed_starts = failed_starts;
                    if failed_starts > 0 {
                        service.retry_at_ms = Some(NOW + retry);
                        service.error = Some(InstanceError { reason: "Error".into(), detail: "no".into() });
                    }
                    service
                })
                .collect();
            let mut instances: Vec<Instance> = (1_u8..)
                .zip(instances)
                .map(|(number, (owner, state, silent, idle_secs))| {
                    let states = [InstanceState::Starting, InstanceState::Running, InstanceState::Stopping];
                    let owner = &services[usize::from(owner) % services.len()];
                    let instance = instance(number, owner, states[state]);
                    if silent {
                        view.silent_instances.insert(instance.id);
                    }
                    view.doing_for.insert(instance.id, Duration::from_secs(idle_secs));
                    instance
                })
                .collect();
            let executions = (1_u8..)
                .zip(executions)
                .map(|(number, (owner, status, abort, abort_age, lost, attempt))| {
                    let owner = &services[usize::from(owner) % services.len()];
                    let status =
                        [Status::Created, Status::Pending, Status::Rerun, Status::InProgress][status];
                    let holder = instances.iter_mut().find(|instance| {
                        instance.service_id == owner.id && instance.state != InstanceState::Starting
                    });
                    let mut execution = match (status, holder) {
                        (Status::InProgress, Some(holder)) => running(number, owner, holder),
                        (Status::InProgress, None) => {
                            let mut gone = instance(99, owner, InstanceState::Failed);
                            running(number, owner, &mut gone)
                        }
                        _ => waiting(number, owner),
                    };
                    execution.status = status;
                    execution.attempt = attempt;
                    execution.abort_requested = abort;
                    execution.abort_requested_at_ms = abort.then_some(NOW - abort_age);
                    if lost {
                        view.lost_attempts.insert(execution.id);
                    }
                    execution
                })
                .collect();
            (Snapshot { services, instances, executions }, view)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_same_snapshot_in_any_order_gives_the_same_plan(
        (mut snapshot, view) in any_snapshot(),
        turns in 0_usize..7,
    ) {
        let first = plan(&snapshot, &view, NOW);
        prop_assert_eq!(&first, &plan(&snapshot, &view, NOW));
        snapshot.services.reverse();
        if !snapshot.instances.is_empty() {
            let by = turns % snapshot.instances.len();
            snapshot.instances.rotate_left(by);
        }
        snapshot.executions.reverse();
        if !snapshot.executions.is_empty() {
            let by = turns % snapshot.executions.len();
            snapshot.executions.rotate_left(by);
        }
        prop_assert_eq!(first, plan(&snapshot, &view, NOW));
    }

    #[test]
    fn every_waiting_execution_has_a_reason_and_nothing_else_has(
        (snapshot, view) in any_snapshot(),
    ) {
        let plan = plan(&snapshot, &view, NOW);
        for execution in &snapshot.executions {
            let ended = plan.decisions.iter().any(|decision| matches!(
                decision,
                Decision::Terminate { execution_id, .. } | Decision::LoseAttempt { execution_id, .. }
                    if *execution_id == execution.id
            ));
            let waits = execution.status.is_waiting() && !ended;
            prop_assert_eq!(plan.blockers.contains_key(&execution.id), waits);
            if let Some((_, event)) = plan.blockers.get(&execution.id) {
                prop_assert!(execution.status.after(*event).is_ok());
            }
        }
    }

    #[test]
    fn carried_out_it_comes_to_rest_within_the_limits(
        (mut snapshot, view) in any_snapshot(),
    ) {
        let alive_before = snapshot.instances.clone();
        let mut next_instance = 100;
        let mut passes = 0;
        loop {
            let plan = plan(&snapshot, &view, NOW);
            if plan.decisions.is_empty() {
                break;
            }
            passes += 1;
            prop_assert!(passes <= 4, "not at rest after {} passes: {:?}", passes, plan.decisions);
            carry_out(&mut snapshot, &plan.decisions, &mut next_instance);
            for service in &snapshot.services {
                let of_service = |instances: &[Instance]| {
                    instances.iter().filter(|instance| instance.service_id == service.id).count()
                };
                let limit = of_service(&alive_before).max(service.settings.max_instances as usize);
                prop_assert!(of_service(&snapshot.instances) <= limit);
                let started = snapshot
                    .instances
                    .iter()
                    .filter(|one| one.service_id == service.id && !alive_before.iter().any(|old| old.id == one.id))
                    .count();
                prop_assert!(!service.paused || started == 0, "a paused service starts nothing");
            }
        }
    }
}
