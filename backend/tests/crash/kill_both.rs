//! Server and runner are killed together, at different moments, and the server comes back after a while.

use crate::house::{House, make_model, until_async};
use crate::program::signal;
use proto::v1;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Lease and margin as the server has them, five seconds beyond, and what a busy machine adds.
const DEADLINE: Duration = Duration::from_secs(15 + 5 + 5 + 20);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// An attempt runs.
    Running,
    /// An abort was acknowledged, and the runner may not have heard of it.
    AbortPending,
    /// The Train function was killed a moment before.
    ChildGone,
}

fn kill(pids: Vec<i32>) {
    pids.into_iter().for_each(|pid| signal(pid, Signal::KILL));
}

async fn one(house: &mut House, name: &str, moment: Moment, downtime: Duration) {
    let clients = house.clients().await;
    let model = make_model(&clients, name).await.unwrap();
    let request = v1::StartTrainingRequest {
        model,
        configuration_json: r#"{"epochs": 2000, "imgsz": 32, "batch_size": 1, "workers": 1}"#.into(),
        ..Default::default()
    };
    let training = clients.trainings().start_training(request).await.unwrap().into_inner().id;
    until_async("an epoch is over", async || {
        let request = v1::ListMetricsRequest { training: training.clone(), ..Default::default() };
        let samples = clients.trainings().list_metrics(request).await.ok()?.into_inner().samples;
        (!samples.is_empty()).then_some(())
    })
    .await;
    match moment {
        Moment::Running => {}
        Moment::AbortPending => {
            let abort = v1::AbortTrainingRequest { training: training.clone() };
            clients.trainings().abort_training(abort).await.unwrap();
        }
        Moment::ChildGone => kill(house.processes("train-function")),
    }
    house.kill();
    kill(house.processes(""));
    tokio::time::sleep(downtime).await;
    house.start().await;
    let clients = house.clients().await;
    let began = Instant::now();
    let ended = until_async("the lost attempt is judged", async || {
        let get = v1::GetTrainingRequest { training: training.clone() };
        let now = clients.trainings().get_training(get).await.ok()?.into_inner();
        let is_judged = now.attempt > 1 || now.status != "in-progress";
        is_judged.then_some(now)
    })
    .await;
    assert!(began.elapsed() < DEADLINE, "{moment:?} after {downtime:?}: {:?}", began.elapsed());
    let expected: &[&str] =
        if moment == Moment::AbortPending { &["terminated"] } else { &["rerun", "in-progress"] };
    assert!(expected.contains(&ended.status.as_str()), "{moment:?} after {downtime:?}: {ended:?}");
    if moment != Moment::AbortPending {
        let abort = v1::AbortTrainingRequest { training };
        clients.trainings().abort_training(abort).await.unwrap();
    }
    house.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_and_runner_killed_together_leave_the_right_status() {
    // The longest downtime is for before a release.
    let long = std::env::var("TRAINYARD_DOWNTIME_SECS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let mut house = House::open().await;
    for (number, moment) in [Moment::Running, Moment::AbortPending, Moment::ChildGone].into_iter().enumerate()
    {
        for downtime in [0, long] {
            one(&mut house, &format!("m{number}-{downtime}"), moment, Duration::from_secs(downtime)).await;
        }
    }
}
