//! The server dies at each named point between two steps whose order matters: what it acknowledged is there, what is
//! sent again has one effect and one answer, and nothing is left over.
//!
//! How the sweep is looked at: it takes only what is older than a day, because a young file may belong to a report that
//! is on its way. So all stored files are made two days old while the server is down, and the sweep of the next start
//! must leave exactly those that rows speak of.

use crate::chance;
use crate::client::{Client, Sameness};
use crate::deeds::{Deed, new_folder, put_file, upload};
use crate::house::{House, instant, make_model, start_of, until_async};
use crate::kill_server::compare;
use crate::stored::{age, expect_single_effects, expect_whole_uploads, until_swept};
use backend::crash_point::{CrashPoint, VARIABLE};
use proto::v1;
use rustix::process::Signal;
use shared::service::ServiceSettings;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

/// Points that only a training with files comes by.
const OF_TRAININGS_WITH_FILES: &[CrashPoint] = &[CrashPoint::ReportBeforeForgotten];
/// Brings weights, and others in their place.
const TRAIN_FUNCTION: &str = r#"#!/bin/sh
echo '{"type":"hello","protocol":1}'
for epoch in 1 2 3 4; do
  echo "weights $epoch of $$" > best-$epoch
  echo '{"type":"artifact","path":"best-'$epoch'","name":"best","kind":"weights","epoch":'$epoch'}'
  sleep 0.2
done
echo '{"type":"end","outcome":"succeeded"}'
"#;
/// A load that has not come by a point until then does not come by it.
const REACH: Duration = Duration::from_secs(60);

/// A round of everything that there is to do, until something is not answered.
async fn work(client: &mut Client, house: &House) -> Option<()> {
    let clients = house.clients_if_up().await?;
    let content = format!("weights {}", client.next()).into_bytes();
    put_file(house, content).await.ok()?;
    let number = client.next();
    let upload = upload(house, number).await.ok()?;
    client.act(&clients, Deed::ImportUpload(format!("set-{number}"), upload)).await?;
    let number = client.next();
    let folder = new_folder(house, number);
    client.act(&clients, Deed::Import(format!("set-{number}"), folder)).await?;
    let name = format!("m{}", client.next());
    let model = client.act(&clients, Deed::Model(name)).await?;
    let training = client.act(&clients, Deed::Start(model, instant())).await?;
    let name = format!("m{}", client.next());
    let model = client.act(&clients, Deed::Model(name)).await?;
    let aborted = client.act(&clients, Deed::Start(model, instant())).await?;
    client.act(&clients, Deed::Abort(aborted)).await?;
    // What was not aborted ends before its instance is replaced, so that an instance has both to do.
    let get = || v1::GetTrainingRequest { training: training.clone() };
    while clients.trainings().get_training(get()).await.ok()?.into_inner().status != "success" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    client.act(&clients, Deed::Restart).await?;
    Some(())
}

/// Runs towards a point until the server has died there.
async fn die_at(house: &mut House, client: &mut Client, point: CrashPoint) {
    house.start_as(|mut command| {
        command.env(VARIABLE, point.name());
        command
    });
    let began = Instant::now();
    while !house.has_ended() {
        assert!(
            began.elapsed() < REACH,
            "{} was not reached within {REACH:?}; last trouble: {}\n{}",
            point.name(),
            client.last_trouble,
            house.log()
        );
        if work(client, house).await.is_none() {
            // Either it has died, or it dies in a moment.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    expect_death_at(house, point);
}

fn expect_death_at(house: &mut House, point: CrashPoint) {
    let status = house.wait(REACH);
    assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "{}: {status}\n{}", point.name(), house.log());
    let log = house.log();
    let said = log.lines().rfind(|line| line.starts_with(VARIABLE));
    assert!(said.is_some_and(|line| line.ends_with(point.name())), "{} died of something else", point.name());
}

/// Looks at what a dead server left, brings it back, and lets it sweep.
async fn revive(house: &mut House) {
    house.verify();
    age(house);
    house.start().await;
    until_swept(house).await;
    expect_whole_uploads(house);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_at_any_named_point_loses_nothing_and_leaves_nothing() {
    let rounds = chance::rounds(1);
    let mut house = House::open().await;
    let mut client = Client::default();
    let points = CrashPoint::ALL.iter().filter(|point| !OF_TRAININGS_WITH_FILES.contains(point));
    let points: Vec<CrashPoint> = points.copied().collect();
    for _ in 0..rounds {
        for point in &points {
            let began = Instant::now();
            house.kill();
            die_at(&mut house, &mut client, *point).await;
            revive(&mut house).await;
            let clients = house.clients().await;
            client.send_again(&clients, Sameness::Whole).await;
            compare(&clients, &client.journal).await;
            expect_single_effects(&house).await;
            println!("{}: {} ms", point.name(), began.elapsed().as_millis());
        }
        let clients = house.clients().await;
        until_async("every training ends", async || {
            compare(&clients, &client.journal).await;
            client.journal.lock().unwrap().trainings.values().all(Option::is_some).then_some(())
        })
        .await;
    }
    let trainings = client.journal.lock().unwrap().trainings.len();
    house.signal(Signal::TERM);
    let status = house.wait(Duration::from_secs(40));
    assert!(status.success(), "{status}\n{}", house.log());
    assert_eq!(house.processes(""), [0; 0], "a process outlived the server that drained it");
    house.verify();
    println!("{} points, {rounds} times: {trainings} trainings ended, nothing lost or left", points.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_between_the_files_of_a_training_loses_nothing_and_leaves_nothing() {
    let rounds = chance::rounds(1);
    let mut house = House::open().await;
    let function = house.folder().join("train");
    std::fs::write(&function, TRAIN_FUNCTION).unwrap();
    std::fs::set_permissions(&function, std::fs::Permissions::from_mode(0o755)).unwrap();
    let image = function.to_string_lossy().into_owned();
    let settings = ServiceSettings { image, ..ServiceSettings::default() };
    for round in 0..rounds {
        for point in OF_TRAININGS_WITH_FILES {
            house.kill();
            house.start_as(|mut command| {
                command.env(VARIABLE, point.name());
                command
            });
            let clients = house.clients().await;
            let model = make_model(&clients, &format!("m-{}-{round}", point.name())).await.unwrap();
            let request = start_of(&model, &settings);
            let training = clients.trainings().start_training(request).await.unwrap().into_inner().id;
            expect_death_at(&mut house, *point);
            revive(&mut house).await;
            let clients = house.clients().await;
            let ended = until_async("the training ends", async || {
                let get = v1::GetTrainingRequest { training: training.clone() };
                let now = clients.trainings().get_training(get).await.unwrap().into_inner();
                ["success", "failed", "aborted"].contains(&now.status.as_str()).then_some(now)
            })
            .await;
            assert_eq!((ended.status.as_str(), ended.attempt), ("success", 1), "{ended:?}\n{}", house.log());
        }
    }
    house.kill();
    revive(&mut house).await;
}
