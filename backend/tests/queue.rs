//! How fast a long queue is filled, planned, shown and worked off. Run by `cargo xtask bench queue`; here 2,000
//! executions unless `TRAINYARD_QUEUED` says otherwise.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[expect(dead_code, reason = "shared with other tests")]
mod fixtures;
#[path = "crash/house.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod house;
#[path = "program/processor.rs"]
mod processor;
mod program;

use backend::clock::SystemClock;
use backend::scheduler::leases::LeaseView;
use backend::scheduler::plan::plan;
use backend::store::{NewTraining, Store, TrainingQuery};
use fixtures::version;
use futures::StreamExt as _;
use house::{Clients, House, instant, keyed, start_of, until_async};
use processor::time_of;
use proto::v1;
use shared::service::ServiceSettings;
use shared::status::Status;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SERVICES: usize = 20;
const CLIENTS: usize = 32;
/// Starts one after another.
const ALONE: usize = 300;
const LOOKS: usize = 200;
/// Executions that change between two passes.
const CHANGES: u32 = 20;

/// The time below which so many of a hundred are.
fn at(times: &mut [Duration], share: usize) -> Duration {
    times.sort();
    times[(times.len() * share / 100).min(times.len() - 1)]
}

fn settings() -> ServiceSettings {
    // Twenty services at once on any machine: what is measured is the queue.
    ServiceSettings { cores: 0, gpus: Some(0), ..instant() }
}

async fn make_models(store: &Store, architecture: &str, count: usize) -> Vec<shared::model::Model> {
    let dataset = store.dataset("dots").await.unwrap();
    let new = |number: usize| version(format!("{architecture}-{number}"), architecture, dataset.id, "dot");
    futures::stream::iter(0..count)
        .map(|number| async move { store.create_model(new(number)).await.unwrap() })
        .buffer_unordered(64)
        .collect()
        .await
}

/// Queues executions of services that are paused, beside the server, which is away.
async fn fill(store: &Store, architecture: &str, count: usize) {
    let models = make_models(store, architecture, count).await;
    futures::stream::iter(models)
        .map(|model| async move {
            let new = NewTraining::of(&model, serde_json::json!({ "epochs": 1 }), settings());
            store.start_training(new).await.unwrap();
        })
        .buffer_unordered(64)
        .collect::<Vec<_>>()
        .await;
}

async fn submit(clients: Vec<Clients>, models: Vec<String>) -> f64 {
    let began = Instant::now();
    let count = models.len();
    let shares = models.chunks(count.div_ceil(clients.len())).map(<[String]>::to_vec);
    let work = clients.into_iter().zip(shares).map(|(clients, models)| {
        tokio::spawn(async move {
            for model in models {
                let request = keyed(&format!("start-{model}"), start_of(&model, &settings()));
                clients.trainings().start_training(request).await.unwrap();
            }
        })
    });
    futures::future::join_all(work).await.into_iter().for_each(|done| done.unwrap());
    count as f64 / began.elapsed().as_secs_f64()
}

async fn count_of(clients: &Clients, statuses: &[&str]) -> u64 {
    let statuses = statuses.iter().map(|status| (*status).to_owned()).collect();
    let request = v1::ListTrainingsRequest { page_size: 1, statuses, ..Default::default() };
    clients.trainings().list_trainings(request).await.unwrap().into_inner().total_count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: cargo xtask bench queue"]
async fn a_long_queue_is_filled_planned_shown_and_worked_off() {
    let queued: usize =
        std::env::var("TRAINYARD_QUEUED").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let mut house = House::open().await;
    house.kill();
    let store = Store::open(&house.data(), Arc::new(SystemClock::new())).await.unwrap();
    for number in 0..SERVICES - 1 {
        let architecture = format!("family{number}");
        fill(&store, &architecture, queued / 2 / (SERVICES - 1)).await;
        let service = store.service(&format!("mgmt-train-{architecture}")).await.unwrap();
        store.set_service_paused(service.id, true).await.unwrap();
    }
    let models = make_models(&store, "yolov8", queued / 2 + ALONE + 1).await;
    let mut models: Vec<String> = models.into_iter().map(|model| model.id.to_string()).collect();
    store.close().await;

    house.start().await;
    let clients = house.clients().await;
    let first = start_of(&models.pop().unwrap(), &settings());
    clients.trainings().start_training(first).await.unwrap();
    let pause = v1::PauseServiceRequest { service: "mgmt-train-yolov8".into() };
    clients.compute().pause_service(pause).await.unwrap();
    let alone = models.split_off(models.len() - ALONE);
    let mut many = Vec::new();
    for _ in 0..CLIENTS {
        many.push(house.clients().await);
    }
    let (count, computed) = (u32::try_from(models.len()).unwrap(), time_of(house.process()).unwrap());
    let together = submit(many, models).await;
    let each = (time_of(house.process()).unwrap() - computed) / count;
    let one_by_one = submit(vec![house.clients().await], alone).await;
    println!(
        "submitted with {CLIENTS} clients: {together:.0}/s, of which each takes the server {each:.2?} of a processor; \
         with one: {one_by_one:.0}/s"
    );

    let waiting = count_of(&clients, &["created", "pending"]).await;
    let mut pages = Vec::new();
    for _ in 0..LOOKS {
        let began = Instant::now();
        let request = v1::ListTrainingsRequest { page_size: 100, ..Default::default() };
        clients.trainings().list_trainings(request).await.unwrap();
        pages.push(began.elapsed());
    }
    println!("first page of {waiting}: p50 {:?}, p99 {:?}", at(&mut pages, 50), at(&mut pages, 99));

    house.kill();
    let store = Store::open(&house.data(), Arc::new(SystemClock::new())).await.unwrap();
    for service in store.services().await.unwrap() {
        store.set_service_paused(service.id, false).await.unwrap();
    }
    let (mut passes, mut plans) = (Vec::new(), Vec::new());
    let query = TrainingQuery { statuses: vec![Status::Created], limit: CHANGES, ..Default::default() };
    let changing = store.trainings(query).await.unwrap().0;
    assert_eq!(changing.len(), CHANGES as usize);
    let mut first_read = Duration::ZERO;
    for look in 0..=LOOKS {
        let began = Instant::now();
        let snapshot = store.scheduling_snapshot().await.unwrap();
        let read = began.elapsed();
        let made = plan(&snapshot, &LeaseView::default(), 0);
        let planned = began.elapsed();
        assert!(made.waiting.len() as u64 + 1 >= waiting && !made.decisions.is_empty());
        if look == 0 {
            first_read = read;
        } else {
            passes.push(planned);
            plans.push(planned - read);
        }
        // What a busy moment changes between two passes.
        for training in &changing {
            store.set_priority(training.id, look as i32 % 2).await.unwrap();
        }
    }
    println!(
        "plan of {waiting} waiting in {SERVICES} services: p50 {:?}, p99 {:?}; with reading what changed ({CHANGES} of \
         them) p50 {:?}, p99 {:?}; the first pass reads all in {first_read:?}",
        at(&mut plans, 50),
        at(&mut plans, 99),
        at(&mut passes, 50),
        at(&mut passes, 99)
    );
    store.close().await;

    house.start().await;
    let clients = house.clients().await;
    let began = Instant::now();
    let before = count_of(&clients, &["success"]).await;
    until_async("the queue is worked off", async || {
        (count_of(&clients, &["created", "pending", "in-progress", "rerun"]).await == 0).then_some(())
    })
    .await;
    let took = began.elapsed();
    let done = count_of(&clients, &["success"]).await - before;
    assert_eq!(count_of(&clients, &["failed", "aborted", "terminated"]).await, 0);
    println!(
        "worked off {done} in {took:.1?}: {:.0}/s; the server took {} MiB at most",
        done as f64 / took.as_secs_f64(),
        house.peak_memory_mib()
    );
    house.verify();
}
