//! The server is killed at random moments under load: nothing that it acknowledged is lost, and no final status changes.

use crate::chance;
use crate::house::{Clients, House, instant, keyed, make_model, start_of, until_async};
use proto::v1;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Clients that work at once.
const CLIENTS: usize = 4;
/// Kills of one data folder: after each, all that it ever acknowledged is looked at.
const KILLS_OF_A_HOUSE: usize = 100;
/// The longest life between two kills.
const LONGEST_LIFE: Duration = Duration::from_millis(800);
const FINAL: [&str; 4] = ["success", "failed", "aborted", "terminated"];

/// What the server acknowledged.
#[derive(Default)]
pub struct Journal {
    /// Trainings by their id, with the final status that was seen, if one was.
    pub trainings: BTreeMap<String, Option<String>>,
    /// Trainings whose abort was acknowledged.
    aborted: Vec<String>,
    /// Names of versions.
    models: Vec<String>,
}

impl Journal {
    pub fn saw(&mut self, training: &v1::Training) {
        let is_final = FINAL.contains(&training.status.as_str());
        let known = self.trainings.entry(training.id.clone()).or_default();
        if let Some(before) = known {
            assert_eq!(*before, training.status, "a final status changed: {training:?}");
        } else if is_final {
            *known = Some(training.status.clone());
        }
    }
}

/// Makes, starts, aborts and looks, until it is told to stop or the server is gone.
async fn load(
    clients: Clients,
    journal: Arc<Mutex<Journal>>,
    numbers: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) {
    while !stop.load(Ordering::Relaxed) {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let name = format!("m{number}");
        let Ok(model) = make_model(&clients, &name).await else { return };
        journal.lock().unwrap().models.push(name);
        let start = keyed(&format!("start-{number}"), start_of(&model, &instant()));
        let Ok(started) = clients.trainings().start_training(start).await else { return };
        let started = started.into_inner();
        journal.lock().unwrap().saw(&started);
        if number.is_multiple_of(3) {
            let request = v1::AbortTrainingRequest { training: started.id.clone() };
            // One that is over already is refused, which is an answer, too.
            match clients.trainings().abort_training(request).await {
                Ok(aborted) => {
                    let mut journal = journal.lock().unwrap();
                    journal.saw(&aborted.into_inner());
                    journal.aborted.push(started.id);
                }
                Err(status) if status.code() == tonic::Code::FailedPrecondition => {}
                Err(_) => return,
            }
        }
    }
}

/// Everything that was acknowledged is there, and what was final is as it was.
pub async fn compare(clients: &Clients, journal: &Mutex<Journal>) {
    let mut found = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListTrainingsRequest { page_token, page_size: 1_000, ..Default::default() };
        let page = clients.trainings().list_trainings(request).await.unwrap().into_inner();
        found.extend(page.trainings.into_iter().map(|training| (training.id.clone(), training)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut journal = journal.lock().unwrap();
    let known: Vec<String> = journal.trainings.keys().cloned().collect();
    for id in known {
        let training = found.get(&id).unwrap_or_else(|| panic!("training {id} was acknowledged and is lost"));
        journal.saw(training);
    }
    // A model has one training at most here, however often its start was sent.
    let mut by_model: BTreeMap<&str, u32> = BTreeMap::new();
    for training in found.values() {
        *by_model.entry(&training.model_id).or_default() += 1;
    }
    assert!(by_model.values().all(|count| *count == 1), "a training was started twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_it_acknowledged() {
    let kills = chance::rounds(50);
    let mut chance = chance::of("kill-server");
    let mut left = kills;
    while left > 0 {
        let here = left.min(KILLS_OF_A_HOUSE);
        kill_again_and_again(here, &mut chance).await;
        left -= here;
    }
}

/// Kills one server so often, and sees what is left.
async fn kill_again_and_again(kills: usize, chance: &mut StdRng) {
    let mut house = House::open().await;
    let journal = Arc::new(Mutex::new(Journal::default()));
    let numbers = Arc::new(AtomicU64::new(0));
    for _ in 0..kills {
        let clients = house.clients().await;
        let stop = Arc::new(AtomicBool::new(false));
        let work = (0..CLIENTS).map(|_| {
            tokio::spawn(load(clients.clone(), Arc::clone(&journal), Arc::clone(&numbers), Arc::clone(&stop)))
        });
        let work: Vec<_> = work.collect();
        tokio::time::sleep(chance::moment(chance, LONGEST_LIFE)).await;
        house.kill();
        stop.store(true, Ordering::Relaxed);
        for one in work {
            one.await.unwrap();
        }
        house.verify();
        house.start().await;
        compare(&house.clients().await, &journal).await;
    }
    let clients = house.clients().await;
    // Nothing waits for ever: every training comes to its end, those that were aborted to theirs.
    let total = journal.lock().unwrap().trainings.len();
    until_async("every training ends", async || {
        compare(&clients, &journal).await;
        let ended = journal.lock().unwrap().trainings.values().filter(|status| status.is_some()).count();
        (ended == total).then_some(())
    })
    .await;
    house.verify();
    let journal = journal.lock().unwrap();
    for id in &journal.aborted {
        // What was done before the stop order reached it stays done.
        let status = journal.trainings[id].as_deref();
        assert!(matches!(status, Some("terminated" | "success")), "{id} was aborted and is {status:?}");
    }
    let mut starts = house.starts.clone();
    starts.sort();
    let at = |share: usize| starts[(starts.len() * share / 100).min(starts.len() - 1)].as_millis();
    println!(
        "{kills} kills, {total} trainings, {} versions: nothing lost; ready again in {} ms (p50), {} ms (p99), {} MiB",
        journal.models.len(),
        at(50),
        at(99),
        house.peak_memory_mib()
    );
}
