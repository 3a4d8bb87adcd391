//! `trainyard train --repeat`: what a training did, done again.
//!
//! Must not know how a training is run. What is learnt from is not chosen anew: the server takes what was frozen.

use super::args::Place;
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::model::uuid_text;
use super::print;
use super::train::begin;
use super::train_args::Train;
use proto::v1;
use shared::snapshot::TrainingSnapshot;
use shared::training::Training;

pub(super) async fn run(place: &Place, train: &Train, training: &str) -> Result<(), Failure> {
    let without_server = if train.follow { WithoutServer::TrainAlone } else { WithoutServer::Refuse };
    let connection = Connection::open(place, without_server).await?;
    let result = match start(&connection, &train.model, training).await {
        Ok(started) => begin(&connection, started, train.follow, train.output.json).await,
        Err(failure) => Err(failure),
    };
    connection.close().await;
    result
}

/// Makes the version and starts its training.
async fn start(connection: &Connection, name: &str, training: &str) -> Result<v1::Training, Failure> {
    let mut client = connection.trainings();
    let request = v1::GetTrainingRequest { training: training.to_owned() };
    let earlier = Training::try_from(client.get_training(request).await?.into_inner())?;
    let id = earlier.id.to_string();
    let request = v1::GetSnapshotRequest { training: id.clone() };
    let snapshot = TrainingSnapshot::try_from(client.get_snapshot(request).await?.into_inner())?;
    let clone = v1::CloneModelRequest {
        model: earlier.model_id.to_string(),
        name: name.to_owned(),
        dataset: snapshot.dataset_id.to_string(),
        labels: snapshot.labels.clone(),
        with_weights: false,
        same_start: true,
        idempotency_key: uuid_text(),
    };
    let model = connection.models().clone_model(clone).await?.into_inner();
    // The whole configuration, so that no default of another version of the program comes in.
    let start = v1::StartTrainingRequest {
        model: model.id,
        configuration_json: snapshot.configuration.to_string(),
        idempotency_key: uuid_text(),
        secrets: snapshot.secrets.clone(),
        snapshot_of: id,
        ..Default::default()
    };
    let started = client.start_training(start).await?.into_inner();
    let request = v1::GetSnapshotRequest { training: started.id.clone() };
    let now = TrainingSnapshot::try_from(client.get_snapshot(request).await?.into_inner())?;
    for (program, version) in now.versions {
        if let Some(before) = snapshot.versions.get(&program).filter(|before| **before != version) {
            eprintln!(
                "note: {} was {} then and is {version} now, so figures may differ",
                program,
                print::plain(before)
            );
        }
    }
    Ok(started)
}
