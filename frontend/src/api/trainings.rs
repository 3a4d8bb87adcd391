//! Trainings, and the stream that tells how they go.
//!
//! Must not know what is shown.

use super::{ApiError, Transport, transport};
use proto::convert::subset_to_wire;
use proto::v1::training_service_client::TrainingServiceClient;
use proto::v1::watch_service_client::WatchServiceClient;
use proto::v1::{
    AbortTrainingRequest, GetSnapshotRequest, GetTrainingRequest, ListLogsRequest, ListSnapshotItemsRequest,
    ListTrainingsRequest, LogLine, RemoveTrainingRequest, RerunTrainingRequest, RestoreTrainingRequest,
    SetPriorityRequest, StartTrainingRequest, TrainingCheck, TrainingSnapshot, WatchEvent, WatchRequest,
};
use shared::dataset::{Item, Subset};
use shared::id::ModelId;
use shared::training::Training;

/// Trainings of one model that are offered to choose from.
const MOST_TRAININGS: u32 = 100;

fn client() -> TrainingServiceClient<Transport> {
    TrainingServiceClient::new(transport())
}

fn parsed(training: tonic::Response<proto::v1::Training>) -> Result<Training, ApiError> {
    Training::try_from(training.into_inner()).map_err(|error| ApiError::malformed(&error))
}

/// The training with this id, or the latest of the model or execution with it.
pub async fn get(training: String) -> Result<Training, ApiError> {
    parsed(client().get_training(GetTrainingRequest { training }).await?)
}

/// Starts a training; sent twice with the same key it starts one.
pub async fn start(request: StartTrainingRequest) -> Result<Training, ApiError> {
    parsed(client().start_training(request).await?)
}

/// Says what starting it would do.
pub async fn check(request: StartTrainingRequest) -> Result<TrainingCheck, ApiError> {
    Ok(client().check_training(request).await?.into_inner())
}

/// What a training learns from.
pub async fn snapshot(training: String) -> Result<TrainingSnapshot, ApiError> {
    Ok(client().get_snapshot(GetSnapshotRequest { training }).await?.into_inner())
}

/// Some of the items of a subset as they were frozen.
pub async fn snapshot_items(
    training: String,
    subset: Subset,
    skip: u64,
    page_size: u32,
) -> Result<Vec<Item>, ApiError> {
    let subset = subset_to_wire(Some(subset)).into();
    let request = ListSnapshotItemsRequest { training, subset, page_size, page_token: String::new(), skip };
    let items = client().list_snapshot_items(request).await?.into_inner().items;
    items.into_iter().map(|item| Item::try_from(item).map_err(|error| ApiError::malformed(&error))).collect()
}

/// The trainings of a model, newest first, also those that were taken out of the table.
pub async fn of_model(model: ModelId) -> Result<Vec<Training>, ApiError> {
    let request = ListTrainingsRequest {
        search: model.to_string(),
        page_size: MOST_TRAININGS,
        include_removed: true,
        ..Default::default()
    };
    let answer = client().list_trainings(request).await?.into_inner();
    let mut trainings = Vec::new();
    for training in answer.trainings {
        trainings.push(Training::try_from(training).map_err(|error| ApiError::malformed(&error))?);
    }
    trainings.retain(|training| training.model_id == model);
    Ok(trainings)
}

/// Asks for its end.
pub async fn abort(training: String) -> Result<Training, ApiError> {
    parsed(client().abort_training(AbortTrainingRequest { training }).await?)
}

/// Makes a waiting one more or less urgent.
pub async fn set_priority(training: String, priority: i32) -> Result<Training, ApiError> {
    parsed(client().set_priority(SetPriorityRequest { training, priority }).await?)
}

/// Has a running one go round again.
pub async fn rerun(training: String) -> Result<Training, ApiError> {
    parsed(client().rerun_training(RerunTrainingRequest { training }).await?)
}

/// Takes it out of the table.
pub async fn remove(training: String) -> Result<Training, ApiError> {
    parsed(client().remove_training(RemoveTrainingRequest { training }).await?)
}

/// Puts it back into the table.
pub async fn restore(training: String) -> Result<Training, ApiError> {
    parsed(client().restore_training(RestoreTrainingRequest { training }).await?)
}

/// Up to `page_size` log lines after a number.
pub async fn logs(training: String, after_number: u64, page_size: u32) -> Result<Vec<LogLine>, ApiError> {
    let request = ListLogsRequest { training, after_number, page_size };
    Ok(client().list_logs(request).await?.into_inner().lines)
}

/// Opens the stream.
pub async fn watch(request: WatchRequest) -> Result<tonic::Streaming<WatchEvent>, ApiError> {
    Ok(WatchServiceClient::new(transport()).watch(request).await?.into_inner())
}
