//! The disk of the data folder is filled and freed again while the server works: writes are refused by what they lack,
//! reads go on, and what waited or ran comes to its end without a restart.

use crate::chance;
use crate::client::{Client, Sameness};
use crate::deeds::Deed;
use crate::house::{Clients, House, until_async};
use crate::kill_server::compare;
use proto::v1;
use shared::service::ServiceSettings;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tonic::{Code, Status};

const DISK_MEBIBYTES: u32 = 64;
/// Cycles on one disk: what is acknowledged meanwhile fills it, too.
const CYCLES_A_DISK: usize = 5;
/// Writes that are refused in a cycle, and those that may go well before, in room that the database has already.
const REFUSALS: usize = 20;
const MOST_WRITES: usize = 3_000;
const READS: usize = 200;
/// The slowest read but for one in a hundred.
const READ_LIMIT: Duration = Duration::from_millis(100);
/// Longer than a lease and its margin: whoever works must be heard although nothing of it can be written.
const LONG: Duration = Duration::from_secs(22);
/// How soon after there is room again a write must go well.
const RECOVERY: Duration = Duration::from_secs(2);

/// Takes all the room that is left.
fn fill(ballast: &Path) {
    let mut file = std::fs::File::options().create(true).append(true).open(ballast).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        let block = vec![0x5a; size];
        while file.write_all(&block).is_ok() {}
    }
}

/// Reads what there is, and notes how long each read took.
async fn read(clients: &Clients, training: &str, times: &mut Vec<Duration>) {
    for number in 0..READS {
        let began = Instant::now();
        match number % 3 {
            0 => {
                let get = v1::GetTrainingRequest { training: training.to_owned() };
                clients.trainings().get_training(get).await.unwrap();
            }
            1 => {
                clients.models().list_models(v1::ListModelsRequest::default()).await.unwrap();
            }
            _ => {
                let list = v1::ListItemsRequest { dataset: "dots".into(), ..Default::default() };
                clients.datasets().list_items(list).await.unwrap();
            }
        }
        times.push(began.elapsed());
    }
}

fn expect_disk_full(status: &Status) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert!(status.message().contains("free some space"), "{status:?}");
}

/// Writes until the disk has refused often enough. What went well is remembered and must stay.
async fn write_until_refused(client: &mut Client, clients: &Clients) -> usize {
    let mut refusals = 0;
    for _ in 0..MOST_WRITES {
        let name = format!("m-{}", client.next());
        if let Err(status) = client.attempt(clients, Deed::Model(name)).await {
            expect_disk_full(&status);
            refusals += 1;
        }
        if refusals == REFUSALS {
            return refusals;
        }
    }
    panic!("a full disk refused {refusals} of {MOST_WRITES} writes");
}

/// Trains until it is told to end by a file that lies elsewhere, and says a figure from time to time.
fn train_function(house: &House) -> (ServiceSettings, PathBuf) {
    let (function, end) = (house.folder().join("train"), house.folder().join("end"));
    let script = format!(
        r#"#!/bin/sh
echo '{{"type":"hello","protocol":1}}'
i=0
while [ ! -e {} ]; do
  i=$((i+1))
  echo '{{"type":"sample","figure":"loss","legend":"train","x":'$i',"y":1.5}}'
  sleep 0.05
done
echo '{{"type":"end","outcome":"succeeded"}}'
"#,
        end.display()
    );
    std::fs::write(&function, script).unwrap();
    std::fs::set_permissions(&function, std::fs::Permissions::from_mode(0o755)).unwrap();
    let image = function.to_string_lossy().into_owned();
    let settings = ServiceSettings { image, concurrency: 1, max_instances: 1, ..ServiceSettings::default() };
    (settings, end)
}

async fn training(clients: &Clients, id: &str) -> v1::Training {
    let get = v1::GetTrainingRequest { training: id.to_owned() };
    clients.trainings().get_training(get).await.unwrap().into_inner()
}

/// Starts one that runs or waits.
async fn start(client: &mut Client, clients: &Clients, settings: &ServiceSettings) -> String {
    let name = format!("m-{}", client.next());
    let model = client.attempt(clients, Deed::Model(name)).await.unwrap();
    client.attempt(clients, Deed::Start(model, settings.clone())).await.unwrap()
}

async fn cycle(
    house: &House,
    client: &mut Client,
    running: &str,
    full_for: Duration,
    times: &mut Vec<Duration>,
) {
    let clients = house.clients().await;
    let ballast: PathBuf = house.data().join("ballast");
    fill(&ballast);
    let began = Instant::now();
    write_until_refused(client, &clients).await;
    loop {
        read(&clients, running, times).await;
        write_until_refused(client, &clients).await;
        if began.elapsed() >= full_for {
            break;
        }
    }
    assert_eq!(training(&clients, running).await.status, "in-progress", "{}", house.log());
    std::fs::remove_file(&ballast).unwrap();
    let freed = Instant::now();
    let name = format!("m-{}", client.next());
    client.insist(&clients, Deed::Model(name), &mut |status| expect_disk_full(status)).await;
    assert!(freed.elapsed() < RECOVERY, "a write went well only after {:?}", freed.elapsed());
    compare(&clients, &client.journal).await;
    house.verify();
}

/// Lets trainings end: each does, at its first attempt, and the one that ran has lost no figure.
async fn expect_ends(house: &House, client: &Client, running: &str, end: &Path) -> usize {
    let clients = house.clients().await;
    std::fs::write(end, "").unwrap();
    until_async("every training ends", async || {
        compare(&clients, &client.journal).await;
        client.journal.lock().unwrap().trainings.values().all(Option::is_some).then_some(())
    })
    .await;
    let ids: Vec<String> = client.journal.lock().unwrap().trainings.keys().cloned().collect();
    for id in &ids {
        let ended = training(&clients, id).await;
        assert_eq!((ended.status.as_str(), ended.attempt), ("success", 1), "{ended:?}\n{}", house.log());
    }
    let list = v1::ListMetricsRequest { training: running.to_owned(), ..Default::default() };
    let samples = clients.trainings().list_metrics(list).await.unwrap().into_inner().samples;
    let latest = samples.iter().map(|sample| sample.x).fold(0.0, f64::max);
    assert!(samples.len() > 10 && samples.len() as f64 == latest, "{} figures of {latest}", samples.len());
    ids.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    let cycles = chance::rounds(5);
    let mut times = Vec::new();
    let mut trainings = 0;
    for first in (0..cycles).step_by(CYCLES_A_DISK) {
        let Some(house) = House::open_on_small_disk(DISK_MEBIBYTES).await else {
            // Not `eprintln!`: the test harness would swallow what a passing test prints.
            let why = "this machine does not let its users make a small disk (unshare, nsenter, mount)";
            let _ = writeln!(std::io::stderr(), "skipped: {why}");
            return;
        };
        let (settings, end) = train_function(&house);
        let clients = house.clients().await;
        let mut client = Client::default();
        let running = start(&mut client, &clients, &settings).await;
        until_async("it runs", async || {
            (training(&clients, &running).await.status == "in-progress").then_some(())
        })
        .await;
        for number in first..cycles.min(first + CYCLES_A_DISK) {
            // Each waits for the one instance, which is at work.
            start(&mut client, &clients, &settings).await;
            let full_for = if number == first { LONG } else { Duration::ZERO };
            cycle(&house, &mut client, &running, full_for, &mut times).await;
        }
        trainings += expect_ends(&house, &client, &running, &end).await;
        client.send_again(&clients, Sameness::Effect).await;
        house.verify();
    }
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!(
        "{cycles} full disks: {trainings} trainings ended well; {} reads meanwhile took {:?} (p50), {:?} (p99)",
        times.len(),
        at(50),
        at(99)
    );
    assert!(at(99) < READ_LIMIT, "reads of a full disk took {:?} (p99)", at(99));
}
