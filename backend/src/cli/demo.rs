//! What `serve --demo` adds: generated scenes, a small detector, and its training. A second start
//! finds what the first has made.
//!
//! Must not know the store: it calls the API like any other client.

use super::connect::Connection;
use super::failure::Failure;
use super::model::uuid_text;
use super::print;
use crate::config::DataFolder;
use crate::datasets::scenes::{SceneSpec, write_scenes};
use proto::v1;
use proto::v1::import_dataset_event::Event;
use std::path::Path;
use tonic::{Code, Status};

const DATASET: &str = "demo-scenes";
const MODEL: &str = "demo-detector";
const ARCHITECTURE: &str = "yolov8n";

/// Enough to learn from, and generated within a few seconds.
const SCENES: SceneSpec = SceneSpec { train_count: 256, validation_count: 64, size_px: 128, seed: 7 };

/// Small images and a short training, so that a newcomer sees a trained model within minutes.
const SETTINGS: &str = r#"{"epochs": 24, "imgsz": 128, "batch_size": 16}"#;

/// Makes what is missing. What goes wrong is told, and the server goes on without it.
pub(super) async fn run(url: String, token: String, data: DataFolder) {
    match prepare(url, token, &data).await {
        Ok(()) => {}
        Err(failure) => tracing::error!("the demo could not be prepared: {failure}"),
    }
}

async fn prepare(url: String, token: String, data: &DataFolder) -> Result<(), Failure> {
    let connection = Connection::connect(url.clone(), token, None).await?;
    if is_missing(connection.datasets().get_dataset(v1::GetDatasetRequest { dataset: DATASET.into() }).await)?
    {
        make_dataset(&connection, data).await?;
    }
    if is_missing(connection.models().get_model(v1::GetModelRequest { model: MODEL.into() }).await)? {
        let request = v1::CreateModelRequest {
            name: MODEL.into(),
            architecture: ARCHITECTURE.into(),
            dataset: DATASET.into(),
            configuration_json: SETTINGS.into(),
            idempotency_key: uuid_text(),
            ..Default::default()
        };
        connection.models().create_model(request).await?;
    }
    if is_missing(
        connection.trainings().get_training(v1::GetTrainingRequest { training: MODEL.into() }).await,
    )? {
        let request = v1::StartTrainingRequest {
            model: MODEL.into(),
            idempotency_key: uuid_text(),
            ..Default::default()
        };
        connection.trainings().start_training(request).await?;
        print::line(&format!("The demo trains `{MODEL}` on `{DATASET}`: watch it learn at {url}/"))?;
    }
    Ok(())
}

/// Whether a thing is not there; every other trouble stays one.
fn is_missing<T>(answer: Result<T, Status>) -> Result<bool, Failure> {
    match answer {
        Ok(_) => Ok(false),
        Err(status) if status.code() == Code::NotFound => Ok(true),
        Err(status) => Err(status.into()),
    }
}

async fn make_dataset(connection: &Connection, data: &DataFolder) -> Result<(), Failure> {
    let total = SCENES.train_count + SCENES.validation_count;
    tracing::info!("generating {total} scenes for the demo");
    let folder = tempfile::Builder::new().prefix("demo-scenes-").tempdir_in(data.path())?;
    let path = folder.path().to_owned();
    generate(path.clone()).await?;
    let request = v1::ImportDatasetRequest {
        path: path.to_string_lossy().into_owned(),
        format: v1::DatasetFormat::Yolo.into(),
        name: DATASET.into(),
        ..Default::default()
    };
    let mut events = connection.datasets().import_dataset(request).await?.into_inner();
    while let Some(event) = events.message().await? {
        if let Some(Event::Report(report)) = event.event {
            tracing::info!(items = report.items_added, "the demo's dataset is imported");
        }
    }
    Ok(())
}

async fn generate(folder: impl AsRef<Path> + Send + 'static) -> Result<(), Failure> {
    tokio::task::spawn_blocking(move || write_scenes(folder.as_ref(), SCENES, |_| {}))
        .await
        .map_err(|error| Failure::failed(format!("the generator was interrupted: {error}")))?
        .map_err(|error| Failure::failed(error.to_string()))
}
