//! Scenarios: what befalls a cluster, and what must hold all the same.

use super::cluster::{Cluster, memory_folder};
use super::faults::{self, Script};
use super::server::Backroom;
use super::{checks, yard};
use crate::fixtures::{small_dataset, version};
use backend::clock::SystemClock;
use backend::scheduler::LeaseTimes;
use backend::store::Store;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use shared::machine::{LOCAL, MachineType};
use shared::service::ServiceSettings;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// By then everything has come to its end.
const LAST: Duration = Duration::from_secs(900);
const SECOND: Duration = Duration::from_secs(1);
const MODELS: usize = 40;

/// A store with versions to train, which every cluster begins with.
struct Template {
    folder: tempfile::TempDir,
    models: Vec<String>,
}

fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = memory_folder();
        let path = folder.path().to_owned();
        let models = Backroom::new().run(async move || fill(&path).await);
        Template { folder, models }
    })
}

async fn fill(folder: &Path) -> Vec<String> {
    let store = Store::open(folder, std::sync::Arc::new(SystemClock::new())).await.unwrap();
    let dataset_id = store.import_dataset(small_dataset("dots", "dot")).await.unwrap().dataset.id;
    let machine = MachineType { cores: 4, ..MachineType::named(LOCAL) };
    store.discover_machine_type(machine).await.unwrap();
    let mut models = Vec::new();
    for number in 0..MODELS {
        let new = version(format!("m{number}"), "yolov8", dataset_id, "dot");
        models.push(store.create_model(new).await.unwrap().id.to_string());
    }
    store.close().await;
    models
}

/// A run of the simulation, after its end.
struct Outcome {
    known: yard::Known,
    trainings: usize,
    finals: Vec<String>,
    hash: String,
    trace: Vec<String>,
    took: Duration,
}

/// How a cluster is set up.
struct Scenario {
    /// How long a person works and things go wrong.
    busy: Duration,
    script: fn(&mut StdRng, Duration) -> Script,
    /// Functions fail, hang and ignore orders.
    moody: bool,
    settings: fn(&mut StdRng) -> ServiceSettings,
}

fn settings(chance: &mut StdRng) -> ServiceSettings {
    ServiceSettings {
        concurrency: chance.random_range(1..3),
        min_instances: chance.random_range(0..2),
        max_instances: chance.random_range(2..4),
        cool_down_secs: 10,
        execution_timeout_secs: 25,
        drain_secs: 5,
        max_attempts: 4,
        max_failed_starts: 1_000,
        gpus: Some(0),
        cores: 0,
        ..ServiceSettings::default()
    }
}

/// Runs a scenario with a seed; fails with the seed and the last of what happened.
fn run(scenario: &Scenario, seed: u64) -> Outcome {
    let template = template();
    let mut chance = StdRng::seed_from_u64(seed);
    let script = (scenario.script)(&mut chance, scenario.busy);
    let settings = (scenario.settings)(&mut chance);
    let mut cluster = Cluster::new(seed, template.folder.path());
    cluster.yard.lock().moody = scenario.moody;
    cluster.welcome(template.models.clone(), settings, scenario.busy);
    let mut script = script.into_iter().peekable();
    let mut next_look = SECOND;
    loop {
        cluster.step();
        while let Some((_, fault)) = script.next_if(|(at, _)| *at <= cluster.now()) {
            fault.befall(&mut cluster);
        }
        if cluster.now() < next_look {
            continue;
        }
        next_look += SECOND;
        let all_over = checks::look(&cluster.site);
        let is_done = cluster.yard.lock().journal.is_done;
        if all_over && is_done && script.peek().is_none() {
            break;
        }
        if cluster.now() > LAST {
            cluster.yard.blame("something never ends");
        }
        if !cluster.yard.lock().wrong.is_empty() {
            break;
        }
    }
    checks::at_the_end(&cluster.site);
    if std::env::var_os("TRAINYARD_TRACE").is_some() {
        println!("{}", cluster.yard.lock().trace.lines().join("\n"));
    }
    let mut yard = cluster.yard.lock();
    if !yard.wrong.is_empty() {
        let lines = yard.trace.lines();
        let last = lines[lines.len().saturating_sub(120)..].join("\n");
        let wrong = yard.wrong.join("\n");
        drop(yard);
        panic!("{last}\n\nwith the seed {seed}:\n{wrong}");
    }
    Outcome {
        known: std::mem::take(&mut yard.known),
        trainings: yard.journal.started.len(),
        finals: yard.journal.finals.values().cloned().collect(),
        hash: yard.trace.hash(),
        trace: yard.trace.lines().to_vec(),
        took: yard.now,
    }
}

/// Runs a scenario with so many seeds.
fn run_all(name: &str, scenario: &Scenario, usual: u64, look: impl Fn(u64, Outcome) + Sync) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, count) = (number("TRAINYARD_SEED").unwrap_or(1), number("TRAINYARD_ROUNDS").unwrap_or(usual));
    println!("{name}: {count} seeds from TRAINYARD_SEED={first}");
    let next = AtomicU64::new(0);
    // A run's threads wait for each other: one core carries several.
    let at_once = 2 * std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let offset = next.fetch_add(1, Ordering::Relaxed)
                    && offset < count
                {
                    let seed = first.wrapping_add(offset);
                    look(seed, run(scenario, seed));
                }
            });
        }
    });
}

const EVERYTHING: Scenario =
    Scenario { busy: Duration::from_secs(60), script: faults::everything, moody: true, settings };

#[test]
fn whatever_befalls_a_cluster_its_promises_hold() {
    let totals = std::sync::Mutex::new((0, 0, 0, Duration::ZERO));
    run_all("everything", &EVERYTHING, 200, |seed, outcome| {
        assert!(outcome.trainings > 0, "nobody did anything with the seed {seed}");
        if seed.is_multiple_of(20) {
            let again = run(&EVERYTHING, seed);
            let differs = outcome.trace.iter().zip(&again.trace).find(|(one, other)| one != other);
            assert_eq!(outcome.hash, again.hash, "the seed {seed} gave two stories: {differs:#?}");
        }
        let mut totals = totals.lock().unwrap();
        totals.0 += outcome.trainings;
        totals.1 += outcome.known.attempts;
        totals.2 += outcome.known.late_reports;
        totals.3 += outcome.took;
    });
    let (trainings, attempts, late, took) = *totals.lock().unwrap();
    println!("{trainings} trainings in {attempts} attempts, {late} late reports refused, {took:?} simulated");
}

#[test]
fn a_runner_that_is_cut_off_stops_in_time_and_its_work_goes_on_elsewhere() {
    let scenario = Scenario {
        busy: Duration::from_secs(30),
        script: |chance, _| faults::one_cut(chance),
        moody: false,
        // Room for all on the two machines that are left: what waits for others says nothing of a lease.
        settings: |_| ServiceSettings {
            concurrency: 6,
            max_instances: 3,
            min_instances: 3,
            drain_secs: 5,
            gpus: Some(0),
            cores: 0,
            max_failed_starts: 1_000,
            ..ServiceSettings::default()
        },
    };
    // The lease, the margin, a pass of the scheduler, the pause before the second attempt (1 s at most), and the moment at
    // which a waiting runner looks again; a quarter is for messages.
    let LeaseTimes { lease, margin, .. } = LeaseTimes::default();
    let longest = lease + margin + 3 * SECOND + SECOND / 4;
    let moved = AtomicU64::new(0);
    run_all("one cut", &scenario, 100, |seed, outcome| {
        for after in &outcome.known.handed_on_after {
            assert!(*after <= longest, "the next attempt came after {after:?} with the seed {seed}");
        }
        assert!(outcome.finals.iter().all(|status| status != "failed"), "{:?} with {seed}", outcome.finals);
        moved.fetch_add(outcome.known.handed_on_after.len() as u64, Ordering::Relaxed);
    });
    assert!(moved.load(Ordering::Relaxed) > 0, "no attempt was ever cut off");
    println!("{} attempts were handed on", moved.load(Ordering::Relaxed));
}

#[test]
fn a_wall_clock_that_jumps_loses_no_lease() {
    let scenario = Scenario {
        busy: Duration::from_secs(30),
        script: faults::jumps,
        moody: false,
        settings: |_| steady(),
    };
    run_all("jumps", &scenario, 50, |seed, outcome| {
        let Outcome { known, finals, .. } = outcome;
        assert_eq!(known.attempts, known.handed_out.len(), "a lease was lost with the seed {seed}");
        let ended_well = |status: &String| status == "success" || status == "terminated";
        assert!(finals.iter().all(ended_well), "{finals:?} with the seed {seed}");
    });
}

fn steady() -> ServiceSettings {
    ServiceSettings {
        concurrency: 2,
        max_instances: 2,
        gpus: Some(0),
        cores: 0,
        ..ServiceSettings::default()
    }
}
