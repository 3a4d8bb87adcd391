//! What a client does with a key: each deed can be sent again, and its answer be compared.

use crate::house::{Clients, House, keyed, start_of, write_yolo};
use proto::v1;
use shared::service::ServiceSettings;
use std::path::PathBuf;
use tonic::{Code, Status};

/// One thing to do.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Makes a version of this name.
    Model(String),
    /// Starts a training of a version, by its id, on a service of these settings.
    Start(String, ServiceSettings),
    /// Aborts a training, by its id.
    Abort(String),
    /// Imports a folder as a dataset of this name.
    Import(String, PathBuf),
    /// Imports an upload as a dataset of this name.
    ImportUpload(String, String),
    /// Replaces the instances of the one service.
    Restart,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Of what was made or changed.
    pub id: String,
    /// The whole message.
    pub text: String,
    /// The training as it was then, if it was about one.
    pub training: Option<v1::Training>,
}

impl Deed {
    /// Does it, or asks for the answer that it had.
    pub async fn send(&self, clients: &Clients, key: &str) -> Result<Answer, Status> {
        match self {
            Self::Model(name) => {
                let request = v1::CreateModelRequest {
                    name: name.clone(),
                    architecture: "yolov8n".into(),
                    dataset: "dots".into(),
                    ..Default::default()
                };
                let model = clients.models().create_model(keyed(key, request)).await?.into_inner();
                Ok(Answer { id: model.id.clone(), text: format!("{model:?}"), training: None })
            }
            Self::Start(model, settings) => {
                let request = keyed(key, start_of(model, settings));
                let training = clients.trainings().start_training(request).await?.into_inner();
                Ok(of_training(training))
            }
            Self::Abort(training) => {
                let request = keyed(key, v1::AbortTrainingRequest { training: training.clone() });
                let training = clients.trainings().abort_training(request).await?.into_inner();
                Ok(of_training(training))
            }
            Self::Import(name, folder) => {
                let path = folder.to_string_lossy().into_owned();
                let request = v1::ImportDatasetRequest { path, name: name.clone(), ..Default::default() };
                import(clients, key, request).await
            }
            Self::ImportUpload(name, upload) => {
                let request = v1::ImportDatasetRequest {
                    upload_id: upload.clone(),
                    name: name.clone(),
                    ..Default::default()
                };
                import(clients, key, request).await
            }
            Self::Restart => {
                let services = v1::ListTrainingServicesRequest {};
                let services =
                    clients.compute().list_training_services(services).await?.into_inner().services;
                let service = services.first().map(|one| one.name.clone()).unwrap_or_default();
                let request = keyed(key, v1::RestartServiceRequest { service });
                let state = clients.compute().restart_service(request).await?.into_inner();
                Ok(Answer { id: state.id.clone(), text: format!("{state:?}"), training: None })
            }
        }
    }
}

fn of_training(training: v1::Training) -> Answer {
    Answer { id: training.id.clone(), text: format!("{training:?}"), training: Some(training) }
}

async fn import(clients: &Clients, key: &str, request: v1::ImportDatasetRequest) -> Result<Answer, Status> {
    let mut events = clients.datasets().import_dataset(keyed(key, request)).await?.into_inner();
    while let Some(event) = events.message().await? {
        if let Some(v1::import_dataset_event::Event::Report(report)) = event.event {
            let id = report.dataset.as_ref().map(|dataset| dataset.id.clone()).unwrap_or_default();
            return Ok(Answer { id, text: format!("{report:?}"), training: None });
        }
    }
    Err(Status::new(Code::Unavailable, "the import ended without a report"))
}

/// A data set that nobody has imported yet, as a folder.
pub fn new_folder(house: &House, number: usize) -> PathBuf {
    let folder = house.folder().join(format!("set-{number}"));
    write_yolo(&folder, number);
    folder
}

/// Stores a file under its hash, as a runner stores what a training made.
pub async fn put_file(house: &House, content: Vec<u8>) -> Result<reqwest::Response, reqwest::Error> {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    let mut hash = String::new();
    for byte in sha2::Sha256::digest(&content) {
        write!(hash, "{byte:02x}").unwrap();
    }
    http(house, reqwest::Method::PUT, &format!("/v1/uploads/{hash}")).body(content).send().await
}

/// Uploads a data set that nobody has imported yet, as one archive. The answer is the id of the upload.
pub async fn upload(house: &House, number: usize) -> Result<String, reqwest::Error> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_dir_all("set", new_folder(house, number)).unwrap();
    let archive = archive.into_inner().unwrap();
    let list = serde_json::json!({ "files": [{ "name": "set.tar", "size_bytes": archive.len() }] });
    let made = http(house, reqwest::Method::POST, "/v1/dataset-uploads")
        .header("content-type", "application/json")
        .body(list.to_string())
        .send()
        .await?
        .error_for_status()?;
    let made: serde_json::Value = serde_json::from_slice(&made.bytes().await?).unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    http(house, reqwest::Method::PATCH, &format!("/v1/dataset-uploads/{id}/files/0"))
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", "0")
        .body(archive)
        .send()
        .await?
        .error_for_status()?;
    Ok(id)
}

fn http(house: &House, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
    let url = format!("{}{path}", house.url());
    reqwest::Client::new().request(method, url).header("authorization", format!("Bearer {}", house.token()))
}
