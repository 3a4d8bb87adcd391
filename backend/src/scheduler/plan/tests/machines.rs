//! Machines shared out between services: what fits, who gives way, and that everybody gets their share.

use super::*;
use shared::machine::Gpu;

fn machine(cores: u32, gpus: u32) -> MachineType {
    let gpu = |index| Gpu { index, name: "gpu".into(), memory_bytes: 0 };
    MachineType { cores, gpus: (0..gpus).map(gpu).collect(), ..MachineType::named(LOCAL) }
}

fn on(machine: MachineType, mut snapshot: Snapshot) -> Snapshot {
    snapshot.machine_types = vec![machine];
    snapshot
}

fn with_gpus(gpus: &[u32], mut instance: Instance) -> Instance {
    instance.reservation = Reservation { gpus: gpus.to_vec(), cores: 1, memory_bytes: 0 };
    instance
}

#[test]
fn two_instances_never_share_a_gpu_unless_the_machine_says_so() {
    let service = service(1, ServiceSettings { max_instances: 3, ..ServiceSettings::default() });
    let queue: Vec<QueuedExecution> = (1..=3).map(|number| waiting(number, &service)).collect();
    let before = snapshot(&[&service], &[], &queue.iter().collect::<Vec<_>>());
    let gpus_of = |plan: &Plan| -> Vec<Vec<u32>> {
        let reservations = plan.decisions.iter().filter_map(|decision| match decision {
            Decision::StartInstance { reservation, .. } => Some(reservation.gpus.clone()),
            _ => None,
        });
        reservations.collect()
    };
    let alone = quiet(&on(machine(8, 2), before.clone()));
    assert_eq!(gpus_of(&alone), [vec![0], vec![1]]);
    let blocker = blocker(&alone, &queue[2]);
    let shortage = Shortage::Gpus { asked: 1, available: 0 };
    let machine_busy = |held_by| Blocker::MachineBusy {
        machine_type: LOCAL.into(),
        shortage,
        held_by,
        is_being_freed: false,
    };
    assert_eq!(blocker, machine_busy(Vec::new()));
    let shared = MachineType { shares_gpus: true, ..machine(8, 2) };
    assert_eq!(gpus_of(&quiet(&on(shared, before))), [vec![0], vec![1], vec![0]]);
}

#[test]
fn who_holds_the_machine_is_named() {
    let (ours, theirs) = (service(1, ServiceSettings::default()), service(2, ServiceSettings::default()));
    let mut holder = with_gpus(&[0], instance(1, &theirs, InstanceState::Running));
    let held = running(1, &theirs, &mut holder);
    let next = waiting(2, &ours);
    let plan = quiet(&on(machine(8, 1), snapshot(&[&ours, &theirs], &[&holder], &[&held, &next])));
    assert_eq!(plan.decisions, []);
    let Blocker::MachineBusy { held_by, is_being_freed: false, .. } = blocker(&plan, &next) else {
        panic!("{plan:?}")
    };
    assert_eq!(held_by, [Holder { execution_id: held.id, model_name: "model-1".into() }]);
}

#[test]
fn what_never_fits_is_trouble_of_the_service() {
    let cases = [
        (ServiceSettings { cores: 3, ..ServiceSettings::default() }, "needs 3 cores, 2 available"),
        (ServiceSettings { gpus: Some(2), ..ServiceSettings::default() }, "needs 2 GPUs, 1 available"),
    ];
    for (settings, words) in cases {
        let service = service(1, settings);
        let next = waiting(1, &service);
        let plan = quiet(&on(machine(2, 1), snapshot(&[&service], &[], &[&next])));
        assert_eq!(plan.decisions, []);
        assert_eq!(plan.unschedulable[&service.id], format!("local: {words}"));
        assert!(matches!(blocker(&plan, &next), Blocker::NoMachineFits { .. }));
        assert!(plan.waiting[&next.id].blocker.is_of_service());
    }
    let nowhere = ServiceSettings { machine_type: "gone".into(), ..ServiceSettings::default() };
    let service = service(1, nowhere);
    let next = waiting(1, &service);
    let plan = quiet(&snapshot(&[&service], &[], &[&next]));
    let Blocker::NoMachineFits { shortage: Shortage::MachineType, .. } = blocker(&plan, &next) else {
        panic!("{plan:?}")
    };
}

#[test]
fn idle_instances_of_others_go_at_once_when_their_machine_is_wanted() {
    let (ours, theirs) = (service(1, ServiceSettings::default()), service(2, ServiceSettings::default()));
    let idle = with_gpus(&[0], instance(1, &theirs, InstanceState::Running));
    let next = waiting(1, &ours);
    let first = quiet(&on(machine(8, 1), snapshot(&[&ours, &theirs], &[&idle], &[&next])));
    assert_eq!(first.decisions, [retire(&idle)]);
    assert!(matches!(blocker(&first, &next), Blocker::MachineBusy { is_being_freed: true, .. }));
    // One that its service always keeps stays.
    let kept = ServiceSettings { min_instances: 1, ..ServiceSettings::default() };
    let theirs = Service { settings: kept, ..theirs };
    let plan = quiet(&on(machine(8, 1), snapshot(&[&ours, &theirs], &[&idle], &[&next])));
    assert_eq!(plan.decisions, []);
}

#[test]
fn the_more_urgent_takes_a_preemptible_machine_and_waits_for_its_drain() {
    let preemptible = ServiceSettings { preemptible: true, ..ServiceSettings::default() };
    let (ours, theirs) = (service(1, ServiceSettings::default()), service(2, preemptible));
    let mut holder = with_gpus(&[0], instance(1, &theirs, InstanceState::Running));
    let held = running(1, &theirs, &mut holder);
    let mut next = waiting(2, &ours);
    let plan_at = |priority, held_priority, is_preemptible, may: bool| {
        let (mut next, mut held, mut theirs) = (next.clone(), held.clone(), theirs.clone());
        next.priority = priority;
        held.priority = held_priority;
        theirs.settings.preemptible = is_preemptible;
        let machine = MachineType { is_preemptible: may, ..machine(8, 1) };
        quiet(&on(machine, snapshot(&[&ours, &theirs], &[&holder], &[&held, &next]))).decisions
    };
    let preempt =
        Decision::EndInstance { instance_id: holder.id, drain: Some(Drain::Preempted { by: next.id }) };
    assert_eq!(plan_at(1, 0, true, true), [preempt]);
    assert_eq!(plan_at(0, 0, true, true), [], "as urgent is not more urgent");
    assert_eq!(plan_at(1, 2, true, true), []);
    assert_eq!(plan_at(1, 0, false, true), [], "its service is not preemptible");
    assert_eq!(plan_at(1, 0, true, false), [], "the machine is not");

    // Told once: while it drains, nothing is decided again, and nobody else is stopped for it.
    next.priority = 1;
    holder.state = InstanceState::Stopping;
    holder.drain = Some(Drain::Preempted { by: next.id });
    let plan = quiet(&on(machine(8, 1), snapshot(&[&ours, &theirs], &[&holder], &[&held, &next])));
    assert_eq!(plan.decisions, []);
    assert!(matches!(blocker(&plan, &next), Blocker::MachineBusy { is_being_freed: true, .. }));
}

#[test]
fn nobody_is_stopped_in_vain() {
    let preemptible = ServiceSettings { preemptible: true, ..ServiceSettings::default() };
    let both = ServiceSettings { gpus: Some(2), ..ServiceSettings::default() };
    let (ours, theirs) = (service(1, both), service(2, preemptible));
    let fixed = service(3, ServiceSettings::default());
    let mut weak = with_gpus(&[0], instance(1, &theirs, InstanceState::Running));
    let mut strong = with_gpus(&[1], instance(2, &fixed, InstanceState::Running));
    let held = running(1, &theirs, &mut weak);
    let other = running(2, &fixed, &mut strong);
    let mut next = waiting(3, &ours);
    next.priority = 9;
    let before = snapshot(&[&ours, &theirs, &fixed], &[&weak, &strong], &[&held, &other, &next]);
    assert_eq!(quiet(&on(machine(8, 2), before)).decisions, [], "half a place is no place");
}

#[test]
fn nobody_is_stopped_who_holds_nothing_of_what_is_lacking() {
    let light = service(
        1,
        ServiceSettings { cores: 0, gpus: Some(0), max_instances: 2, ..ServiceSettings::default() },
    );
    let large = service(
        2,
        ServiceSettings { cores: 2, gpus: Some(0), max_instances: 2, ..ServiceSettings::default() },
    );
    let mut theirs =
        [instance(1, &light, InstanceState::Running), instance(2, &light, InstanceState::Running)];
    let held = [running(1, &light, &mut theirs[0]), running(2, &light, &mut theirs[1])];
    let mut ours = instance(3, &large, InstanceState::Running);
    let busy = running(3, &large, &mut ours);
    let next = waiting(4, &large);
    let before =
        snapshot(&[&light, &large], &[&theirs[0], &theirs[1], &ours], &[&held[0], &held[1], &busy, &next]);
    let an_hour = theirs.iter().map(|one| (one.id, Duration::from_secs(3_600))).collect();
    let view = LeaseView { healthy_for: an_hour, ..LeaseView::default() };
    let plan = plan(&on(machine(2, 0), before), &view, NOW);
    assert_eq!(plan.decisions, [], "their end would free no core");
    assert!(matches!(blocker(&plan, &next), Blocker::MachineBusy { is_being_freed: false, .. }));
}

#[test]
fn what_has_room_already_asks_for_nobody_elses_place() {
    let other = service(1, ServiceSettings { gpus: Some(0), max_instances: 2, ..ServiceSettings::default() });
    let kept = service(
        2,
        ServiceSettings { gpus: Some(0), min_instances: 2, max_instances: 2, ..ServiceSettings::default() },
    );
    let mut theirs =
        [instance(1, &other, InstanceState::Running), instance(2, &other, InstanceState::Running)];
    let held = [running(1, &other, &mut theirs[0]), running(2, &other, &mut theirs[1])];
    let coming = instance(3, &kept, InstanceState::Starting);
    let next = waiting(4, &kept);
    let before = snapshot(&[&other, &kept], &[&theirs[0], &theirs[1], &coming], &[&held[0], &held[1], &next]);
    let an_hour = theirs.iter().map(|one| (one.id, Duration::from_secs(3_600))).collect();
    let view = LeaseView { healthy_for: an_hour, ..LeaseView::default() };
    let plan = plan(&on(machine(3, 0), before), &view, NOW);
    assert_eq!(plan.decisions, [], "the second instance is a reserve alone");
}

#[test]
fn a_large_wish_is_not_overtaken_for_ever_by_small_ones() {
    let both = ServiceSettings { gpus: Some(2), ..ServiceSettings::default() };
    let (large, small) = (service(1, both), service(2, ServiceSettings::default()));
    let holding = service(3, ServiceSettings::default());
    let mut holder = with_gpus(&[0], instance(1, &holding, InstanceState::Running));
    let held = running(1, &holding, &mut holder);
    let (first, second) = (waiting(2, &large), waiting(3, &small));
    let before = snapshot(&[&large, &small, &holding], &[&holder], &[&held, &first, &second]);
    let plan = quiet(&on(machine(8, 2), before));
    assert_eq!(plan.decisions, [], "the free GPU is kept for who came first");
    assert!(matches!(blocker(&plan, &second), Blocker::MachineBusy { .. }));
}

/// Two services with endless queues and one machine: who worked how long, second by second.
fn share_of(secs: u64, execution_secs: u64, priorities: [i32; 2]) -> [u64; 2] {
    let mut services = [service(1, ServiceSettings::default()), service(2, ServiceSettings::default())];
    let mut worked = [0, 0];
    let mut instances: Vec<(Instance, usize, u64)> = Vec::new();
    let mut left = 0;
    let (mut number, mut next) = (0_u8, 0_u8);
    for second in 0..secs {
        let queue: Vec<QueuedExecution> = (0..2)
            .flat_map(|owner| {
                let waiting = waiting(200 + u8::try_from(owner).unwrap(), &services[owner]);
                [QueuedExecution { priority: priorities[owner], ..waiting }]
            })
            .collect();
        let mut all: Vec<QueuedExecution> = queue;
        for (instance, owner, _) in &mut instances {
            instance.executions.clear();
            if left > 0 {
                number = number.wrapping_add(1) % 100;
                let held = running(number, &services[*owner], instance);
                all.push(QueuedExecution { priority: priorities[*owner], ..held });
            }
        }
        let view = LeaseView {
            healthy_for: instances
                .iter()
                .map(|(one, _, since)| (one.id, Duration::from_secs(second - since)))
                .collect(),
            ..LeaseView::default()
        };
        let alive: Vec<&Instance> = instances.iter().map(|(instance, ..)| instance).collect();
        let before = on(
            machine(8, 1),
            snapshot(&[&services[0], &services[1]], &alive, &all.iter().collect::<Vec<_>>()),
        );
        for decision in plan(&before, &view, NOW).decisions {
            match decision {
                Decision::StartInstance { service_id, reservation } => {
                    let owner = services.iter().position(|one| one.id == service_id).unwrap();
                    next = next.wrapping_add(1);
                    let mut started = instance(next, &services[owner], InstanceState::Running);
                    started.reservation = reservation;
                    instances.push((started, owner, second));
                    left = 0;
                }
                Decision::EndInstance { instance_id, .. } => {
                    for (one, ..) in instances.iter_mut().filter(|(one, ..)| one.id == instance_id) {
                        one.state = InstanceState::Stopping;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(instances.len() <= 1, "one GPU, one instance");
        for (instance, owner, _) in &mut instances {
            if left == 0 && instance.state == InstanceState::Running {
                left = execution_secs;
                services[*owner].served_at_ms = i64::try_from(second).ok();
            }
            if left > 0 {
                left -= 1;
                worked[*owner] += 1;
            }
        }
        instances.retain(|(instance, ..)| instance.state == InstanceState::Running || left > 0);
    }
    worked
}

#[test]
fn services_of_the_same_urgency_get_their_share() {
    for execution_secs in [1, 7, 45, 90] {
        let [one, two] = share_of(3_600, execution_secs, [0, 0]);
        assert!(one + two > 3_000, "the machine stands still: {one} and {two} s");
        assert!(one.min(two) * 2 > one.max(two), "{one} and {two} s with {execution_secs} s each");
    }
}

#[test]
fn the_more_urgent_service_goes_first() {
    let [one, two] = share_of(1_200, 10, [0, 5]);
    assert!(one == 0 && two > 1_000, "{one} and {two} s");
}
