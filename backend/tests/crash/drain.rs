//! A server that is told to stop: nothing that it acknowledged is lost, what runs writes a checkpoint, and a second
//! signal ends it at once.

use crate::chance;
use crate::house::{House, instant, keyed, make_model, start_of, until_async};
use crate::program::{signal, until};
use proto::v1;
use rustix::process::Signal;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_told_to_stop_under_load_loses_nothing() {
    let stops = chance::rounds(10);
    let mut house = House::open().await;
    let mut acknowledged = Vec::new();
    for round in 0..stops {
        let clients = house.clients().await;
        let work = tokio::spawn(async move {
            let mut started = Vec::new();
            for number in 0.. {
                let name = format!("m{round}-{number}");
                let Ok(model) = make_model(&clients, &name).await else { break };
                let request = keyed(&format!("start-{name}"), start_of(&model, &instant()));
                match clients.trainings().start_training(request).await {
                    Ok(answer) => started.push(answer.into_inner().id),
                    Err(_) => break,
                }
            }
            started
        });
        tokio::time::sleep(Duration::from_millis(400)).await;
        house.signal(Signal::TERM);
        // Instances drain within their 5 s; the rest is for a busy machine.
        let status = house.wait(Duration::from_secs(40));
        assert!(status.success(), "{status}\n{}", house.log());
        assert_eq!(house.processes("runner"), [0; 0], "an instance outlived the server that drained it");
        acknowledged.extend(work.await.unwrap());
        house.verify();
        house.start().await;
        let clients = house.clients().await;
        for id in &acknowledged {
            let request = v1::GetTrainingRequest { training: id.clone() };
            clients.trainings().get_training(request).await.unwrap();
        }
    }
    assert!(acknowledged.len() >= stops, "there was no load");
    println!("{stops} stops under load: {} trainings acknowledged, none lost", acknowledged.len());
}

/// A real training that takes a while.
async fn long_training(house: &House) -> v1::Training {
    let clients = house.clients().await;
    let model = make_model(&clients, "long").await.unwrap();
    let request = v1::StartTrainingRequest {
        model,
        configuration_json: r#"{"epochs": 400, "imgsz": 32, "batch_size": 1, "workers": 1}"#.into(),
        ..Default::default()
    };
    let training = clients.trainings().start_training(request).await.unwrap().into_inner();
    until_async("an epoch is over", async || {
        let request = v1::ListMetricsRequest { training: training.id.clone(), ..Default::default() };
        let samples = clients.trainings().list_metrics(request).await.ok()?.into_inner().samples;
        (!samples.is_empty()).then_some(())
    })
    .await;
    training
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_goes_on_from_its_checkpoint_after_a_stop() {
    let mut house = House::open().await;
    let training = long_training(&house).await;
    house.signal(Signal::TERM);
    assert!(house.wait(Duration::from_secs(60)).success(), "{}", house.log());
    assert_eq!(house.processes(""), [0; 0], "a process outlived the server that drained it");
    house.start().await;
    let clients = house.clients().await;
    let request = || v1::GetTrainingRequest { training: training.id.clone() };
    let again = until_async("the next attempt runs", async || {
        let now = clients.trainings().get_training(request()).await.ok()?.into_inner();
        (now.status == "in-progress" && now.attempt == 2).then_some(now)
    })
    .await;
    assert_eq!(again.max_attempts, 4, "a stop of the server costs no attempt: {again:?}");
    until_async("it says that it goes on from a checkpoint", async || {
        let request = v1::ListLogsRequest { training: training.id.clone(), ..Default::default() };
        let lines = clients.trainings().list_logs(request).await.ok()?.into_inner().lines;
        lines.iter().any(|line| line.attempt == 2 && line.text.contains("checkpoint")).then_some(())
    })
    .await;
    let history = v1::ListHistoryRequest { training: training.id.clone() };
    let history = clients.trainings().list_history(history).await.unwrap().into_inner().entries;
    let cause = history.iter().find(|entry| entry.status == "rerun").and_then(|entry| entry.cause.clone());
    assert_eq!(cause.map(|cause| cause.kind).as_deref(), Some("drained"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_everything_within_two_seconds() {
    let mut house = House::open().await;
    long_training(&house).await;
    // A Train function that stands still cannot write a checkpoint.
    let children = house.processes("train-function");
    for pid in &children {
        signal(*pid, Signal::STOP);
    }
    assert!(!children.is_empty());
    house.signal(Signal::TERM);
    until("it drains", || house.log().contains("an instance drains").then_some(()));
    let began = Instant::now();
    house.signal(Signal::TERM);
    let status = house.wait(Duration::from_secs(20));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "it took {took:?}");
    assert_eq!(status.code(), Some(1));
    until("nothing is left", || house.processes("").is_empty().then_some(()));
}
