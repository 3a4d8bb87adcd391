//! Properties that hold for every snapshot. The number of cases can be raised by `PROPTEST_CASES`.

use super::*;
use std::collections::BTreeSet;

/// What carrying the decisions out makes of the snapshot.
fn carry_out(snapshot: &mut Snapshot, decisions: &[Decision], next_instance: &mut u8) {
    for decision in decisions {
        match decision {
            Decision::StartInstance { service_id, reservation } => {
                if let Some(service) = snapshot.services.iter().find(|service| service.id == *service_id) {
                    let reservation = reservation.clone();
                    let generation = service.generation;
                    let started = instance(*next_instance, service, InstanceState::Starting);
                    snapshot.instances.push(Instance { reservation, generation, ..started });
                    *next_instance = next_instance.saturating_add(1);
                }
            }
            Decision::EndInstance { instance_id, drain } => {
                for instance in &mut snapshot.instances {
                    if instance.id == *instance_id {
                        instance.state = InstanceState::Stopping;
                        instance.drain = instance.drain.take().or_else(|| drain.clone());
                    }
                }
            }
            Decision::ForgiveStarts { service_id } => {
                for service in snapshot.services.iter_mut().filter(|service| service.id == *service_id) {
                    service.failed_starts = 0;
                    service.error = None;
                }
            }
            Decision::PauseByForce { service_id } => {
                for service in snapshot.services.iter_mut().filter(|service| service.id == *service_id) {
                    service.paused = true;
                    service.paused_by_force = true;
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
                        let execution = Arc::make_mut(execution);
                        execution.status = Status::Rerun;
                        execution.instance_id = None;
                    }
                }
                snapshot.executions.retain(|one| one.id != *execution_id || one.attempt < one.max_attempts);
            }
        }
    }
}

/// So many cases, unless somebody asked for another number.
fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(usual))
}

fn any_service(number: u8) -> impl Strategy<Value = Service> {
    let limits = (1_u32..3, 0_u32..3, 0_u32..4, 1_u32..3);
    let needs = (0_u32..3, proptest::option::of(0_u32..3), any::<bool>(), 0_u8..3);
    let state = (any::<bool>(), 0_u32..4, -2_000_i64..2_000, 1_u32..3);
    (limits, needs, state).prop_map(move |(limits, needs, state)| {
        let (concurrency, min_instances, max_instances, queue_threshold) = limits;
        let (cores, gpus, preemptible, machine) = needs;
        let settings = ServiceSettings {
            concurrency,
            min_instances,
            max_instances,
            queue_threshold,
            cores,
            gpus,
            preemptible,
            machine_type: [LOCAL, "small", "nowhere"][usize::from(machine)].into(),
            max_failed_starts: 3,
            ..ServiceSettings::default()
        };
        let (paused, failed_starts, retry, generation) = state;
        let mut service = service(number, settings);
        service.paused = paused && number == 1;
        service.generation = generation;
        service.failed_starts = failed_starts;
        if failed_starts > 0 {
            service.retry_at_ms = Some(NOW + retry);
            service.error = Some(InstanceError { reason: Reason::Error, detail: "no".into() });
        }
        service
    })
}

fn machines() -> Vec<MachineType> {
    let gpu = |index| shared::machine::Gpu { index, name: "gpu".into(), memory_bytes: 0 };
    vec![
        MachineType { cores: 4, gpus: vec![gpu(0), gpu(1)], ..MachineType::named(LOCAL) },
        MachineType { cores: 2, ..MachineType::named("small") },
    ]
}

/// A snapshot as the store can hold it: executions are held by instances of their own service, and instances hold
/// only what there is.
fn any_snapshot() -> impl Strategy<Value = (Snapshot, LeaseView)> {
    let instance_shape = (0_u8..3, 0_usize..3, any::<bool>(), 0_u64..700, 1_u32..3, any::<bool>());
    let execution_shape =
        (0_u8..3, 0_usize..4, any::<bool>(), 0_i64..20_000, any::<bool>(), (1_u32..4, -1_i32..2));
    (
        (any_service(1), any_service(2), any_service(3)),
        proptest::collection::vec(instance_shape, 0..6),
        proptest::collection::vec(execution_shape, 0..12),
    )
        .prop_map(|((one, two, three), instances, executions)| {
            let services = vec![one, two, three];
            let mut view = LeaseView::default();
            let mut pools = pools::Pools::new(&machines());
            let mut placed = Vec::new();
            for (number, (owner, state, silent, secs, generation, drains)) in (1_u8..).zip(instances) {
                let states = [InstanceState::Starting, InstanceState::Running, InstanceState::Stopping];
                let owner = &services[usize::from(owner) % services.len()];
                let Some(machine) = machine_of(owner, &machines()).cloned() else { continue };
                let wanted = owner.settings.wanted_of(&machine);
                let place = pools.place(&machine.name, &wanted);
                let Some(pools::Place::Free(reservation)) = place else { continue };
                let mut instance = instance(number, owner, states[state]);
                instance.reservation = reservation;
                instance.generation = generation.min(owner.generation);
                instance.drain = (state == 2 && drains).then_some(Drain::Replaced);
                if silent {
                    view.silent_instances.insert(instance.id);
                }
                view.doing_for.insert(instance.id, Duration::from_secs(secs));
                view.healthy_for.insert(instance.id, Duration::from_secs(secs));
                placed.push(instance);
            }
            let executions = (1_u8..)
                .zip(executions)
                .map(|(number, (owner, status, abort, abort_age, lost, (attempt, priority)))| {
                    let owner = &services[usize::from(owner) % services.len()];
                    let status =
                        [Status::Created, Status::Pending, Status::Rerun, Status::InProgress][status];
                    let holder = placed.iter_mut().find(|instance| {
                        let has_room = instance.executions.len() < owner.settings.concurrency as usize;
                        instance.service_id == owner.id
                            && instance.state != InstanceState::Starting
                            && has_room
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
                    execution.priority = priority;
                    execution.abort_requested = abort;
                    execution.abort_requested_at_ms = abort.then_some(NOW - abort_age);
                    if lost {
                        view.lost_attempts.insert(execution.id);
                    }
                    Arc::new(execution)
                })
                .collect();
            let snapshot = Snapshot {
                services,
                instances: placed,
                executions,
                typical_ms: BTreeMap::new(),
                machine_types: machines(),
                is_stopping: false,
            };
            (snapshot, view)
        })
}

/// Whether every GPU has one user at most, and no machine is promised twice.
fn is_within_machines(snapshot: &Snapshot) -> bool {
    snapshot.machine_types.iter().all(|machine| {
        let on_it: Vec<&Instance> =
            snapshot.instances.iter().filter(|instance| instance.machine_type == machine.name).collect();
        let gpus: Vec<u32> = on_it.iter().flat_map(|instance| instance.reservation.gpus.clone()).collect();
        let different: BTreeSet<u32> = gpus.iter().copied().collect();
        let cores: u32 = on_it.iter().map(|instance| instance.reservation.cores).sum();
        different.len() == gpus.len() && cores <= machine.cores
    })
}

fn shuffled(snapshot: &Snapshot, turns: usize) -> Snapshot {
    let mut other = snapshot.clone();
    other.services.reverse();
    other.machine_types.reverse();
    other.executions.reverse();
    if !other.instances.is_empty() {
        let by = turns % other.instances.len();
        other.instances.rotate_left(by);
    }
    if !other.executions.is_empty() {
        let by = turns % other.executions.len();
        other.executions.rotate_left(by);
    }
    other
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn the_same_snapshot_in_any_order_gives_the_same_plan(
        (snapshot, view) in any_snapshot(),
        turns in 0_usize..7,
    ) {
        let first = plan(&snapshot, &view, NOW);
        prop_assert_eq!(&first, &plan(&snapshot, &view, NOW));
        prop_assert_eq!(first, plan(&shuffled(&snapshot, turns), &view, NOW));
    }

    #[test]
    fn every_waiting_execution_has_a_reason_and_nothing_else_has(
        (snapshot, view) in any_snapshot(),
    ) {
        let plan = plan(&snapshot, &view, NOW);
        let mut positions = BTreeMap::new();
        for execution in &snapshot.executions {
            let ended = plan.decisions.iter().any(|decision| matches!(
                decision,
                Decision::Terminate { execution_id, .. } | Decision::LoseAttempt { execution_id, .. }
                    if *execution_id == execution.id
            ));
            let waits = execution.status.is_waiting() && !ended;
            prop_assert_eq!(plan.waiting.contains_key(&execution.id), waits);
            if let Some(waiting) = plan.waiting.get(&execution.id) {
                let places: &mut BTreeSet<u32> = positions.entry(execution.service_id).or_default();
                prop_assert!(places.insert(waiting.position), "two are at place {}", waiting.position);
            }
        }
        for places in positions.values() {
            prop_assert_eq!(places.last().copied(), u32::try_from(places.len()).ok());
        }
    }

    #[test]
    fn what_concerns_one_machine_alone_changes_nothing_elsewhere(
        (snapshot, view) in any_snapshot(),
    ) {
        let mut more = snapshot.clone();
        more.machine_types.push(MachineType { cores: 9, ..MachineType::named("other") });
        let elsewhere = ServiceSettings { machine_type: "other".into(), ..ServiceSettings::default() };
        let stranger = service(9, elsewhere);
        more.executions.push(Arc::new(waiting(90, &stranger)));
        more.services.push(stranger.clone());
        let (before, after) = (plan(&snapshot, &view, NOW), plan(&more, &view, NOW));
        let is_of_stranger = |decision: &Decision| *decision == start(&stranger);
        let kept: Vec<Decision> =
            after.decisions.into_iter().filter(|decision| !is_of_stranger(decision)).collect();
        prop_assert_eq!(before.decisions, kept);
    }

    #[test]
    fn carried_out_it_comes_to_rest_within_the_limits(
        (mut snapshot, view) in any_snapshot(),
    ) {
        let alive_before = snapshot.instances.clone();
        prop_assert!(is_within_machines(&snapshot));
        let mut next_instance = 100;
        let mut passes = 0;
        loop {
            let plan = plan(&snapshot, &view, NOW);
            if plan.decisions.is_empty() {
                break;
            }
            passes += 1;
            prop_assert!(passes <= 6, "not at rest after {} passes: {:?}", passes, plan.decisions);
            carry_out(&mut snapshot, &plan.decisions, &mut next_instance);
            prop_assert!(is_within_machines(&snapshot), "{:?}", plan.decisions);
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

    #[test]
    fn nobody_gives_way_to_the_less_urgent(
        (snapshot, view) in any_snapshot(),
    ) {
        let plan = plan(&snapshot, &view, NOW);
        // An attempt that ends in the same plan holds nothing back any more.
        let ended = |execution: &QueuedExecution| plan.decisions.iter().any(|decision| matches!(
            decision,
            Decision::Terminate { execution_id, .. } | Decision::LoseAttempt { execution_id, .. }
                if *execution_id == execution.id
        ));
        for decision in &plan.decisions {
            let Decision::EndInstance { instance_id, drain: Some(Drain::Preempted { by }) } = decision else {
                continue;
            };
            let urgent = snapshot.executions.iter().find(|one| one.id == *by).unwrap();
            let owner = snapshot.instances.iter().find(|one| one.id == *instance_id).unwrap().service_id;
            let owner = snapshot.services.iter().find(|one| one.id == owner).unwrap();
            prop_assert!(owner.settings.preemptible && owner.id != urgent.service_id);
            let held = snapshot.executions.iter().filter(|one| one.instance_id == Some(*instance_id));
            for held in held.filter(|held| held.status == Status::InProgress && !ended(held)) {
                prop_assert!(held.priority < urgent.priority);
            }
        }
    }
}
