//! Runners and Train functions are killed at random moments of real trainings: attempts stay within their limit, each
//! figure has one value, and the files are whole.

use crate::chance;
use crate::house::{House, make_model, until_async};
use proto::v1;
use rand::RngExt as _;
use rustix::process::{Pid, Signal, kill_process};
use shared::service::ServiceSettings;
use std::collections::BTreeSet;
use std::time::Duration;

/// Kills of one training: with three, its waits between attempts stay short.
const KILLS_EACH: usize = 3;
const EPOCHS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_runners_and_train_functions_cost_attempts_and_nothing_else() {
    let kills = chance::rounds(20);
    let mut chance = chance::of("kill-runner");
    let house = House::open().await;
    let clients = house.clients().await;
    let settings = ServiceSettings { max_attempts: 8, ..ServiceSettings::default() };
    let mut killed = 0;
    for number in 0..kills.div_ceil(KILLS_EACH) {
        let model = make_model(&clients, &format!("m{number}")).await.unwrap();
        let request = v1::StartTrainingRequest {
            model,
            configuration_json: format!(
                r#"{{"epochs": {EPOCHS}, "imgsz": 32, "batch_size": 1, "workers": 1}}"#
            ),
            service_settings: Some(settings.clone().into()),
            ..Default::default()
        };
        let training = clients.trainings().start_training(request).await.unwrap().into_inner();
        for _ in 0..KILLS_EACH.min(kills - killed) {
            let victim = if chance.random() { "runner" } else { "train-function" };
            let pause = chance::moment(&mut chance, Duration::from_millis(1_500));
            let pid = until_async("there is something to kill", async || {
                house.processes("train-function").first()?;
                house.processes(victim).first().copied()
            })
            .await;
            tokio::time::sleep(pause).await;
            // It may have ended by itself meanwhile.
            if kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).is_ok() {
                killed += 1;
            }
        }
        let get = || v1::GetTrainingRequest { training: training.id.clone() };
        let ended = until_async("the training ends", async || {
            let now = clients.trainings().get_training(get()).await.unwrap().into_inner();
            assert!(now.attempt <= now.max_attempts, "{now:?}");
            ["success", "failed", "aborted"].contains(&now.status.as_str()).then_some(now)
        })
        .await;
        assert_eq!(ended.status, "success", "{ended:?}\n{}", house.log());
        let list = v1::ListMetricsRequest { training: training.id.clone(), ..Default::default() };
        let samples = clients.trainings().list_metrics(list).await.unwrap().into_inner().samples;
        let places: BTreeSet<(String, String, u64)> = samples
            .iter()
            .map(|sample| (sample.figure.clone(), sample.legend.clone(), sample.x.to_bits()))
            .collect();
        assert_eq!(places.len(), samples.len(), "a figure has two values at one place");
        let losses = samples.iter().filter(|one| one.figure == "box_loss" && one.legend == "train").count();
        assert_eq!(losses, EPOCHS, "an epoch is missing");
    }
    // Weights and checkpoints are what their names say.
    house.verify();
    println!("{killed} kills of runners and Train functions: every training ended well");
}
