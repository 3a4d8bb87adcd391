//! Trainings, and the stream that tells how they go.
//!
//! Must not know what is shown.

use super::ApiError;
use super::call::{Messages, calls, stream};
use proto::convert::subset_to_wire;
use proto::v1::{
    AbortTrainingRequest, GetSnapshotRequest, GetTrainingRequest, ListLogsRequest, ListMetricsRequest,
    ListMetricsResponse, ListSnapshotItemsRequest, ListTrainingsRequest, LogLine, RemoveTrainingRequest,
    RerunTrainingRequest, RestoreTrainingRequest, SetPriorityRequest, StartTrainingRequest, TrainingCheck,
    TrainingSnapshot, WatchEvent, WatchRequest,
};
use shared::dataset::{Item, Subset};
use shared::id::ModelId;
use shared::training::Training;

calls! {
    get_training(GetTrainingRequest) -> Training = "TrainingService/GetTraining";
    start_training(StartTrainingRequest) -> Training = "TrainingService/StartTraining";
    check_training(StartTrainingRequest) -> TrainingCheck = "TrainingService/CheckTraining";
    get_snapshot(GetSnapshotRequest) -> TrainingSnapshot = "TrainingService/GetSnapshot";
    list_snapshot_items(ListSnapshotItemsRequest) -> ListSnapshotItemsResponse = "TrainingService/ListSnapshotItems";
    list_trainings(ListTrainingsRequest) -> ListTrainingsResponse = "TrainingService/ListTrainings";
    abort_training(AbortTrainingRequest) -> Training = "TrainingService/AbortTraining";
    set_priority(SetPriorityRequest) -> Training = "TrainingService/SetPriority";
    rerun_training(RerunTrainingRequest) -> Training = "TrainingService/RerunTraining";
    remove_training(RemoveTrainingRequest) -> Training = "TrainingService/RemoveTraining";
    restore_training(RestoreTrainingRequest) -> Training = "TrainingService/RestoreTraining";
    list_metrics(ListMetricsRequest) -> ListMetricsResponse = "TrainingService/ListMetrics";
    list_logs(ListLogsRequest) -> ListLogsResponse = "TrainingService/ListLogs";
}

/// Points of one line: more than a chart has pixels.
const MOST_POINTS: u32 = 4_000;

/// Trainings of one model that are offered to choose from.
const MOST_TRAININGS: u32 = 100;

fn parsed(training: proto::v1::Training) -> Result<Training, ApiError> {
    Training::try_from(training).map_err(|error| ApiError::malformed(&error))
}

/// The training with this id, or the latest of the model or execution with it.
pub async fn get(training: String) -> Result<Training, ApiError> {
    parsed(rpc::get_training(GetTrainingRequest { training }).await?)
}

/// Starts a training; sent twice with the same key it starts one.
pub async fn start(request: StartTrainingRequest) -> Result<Training, ApiError> {
    parsed(rpc::start_training(request).await?)
}

/// Says what starting it would do.
pub async fn check(request: StartTrainingRequest) -> Result<TrainingCheck, ApiError> {
    rpc::check_training(request).await
}

/// What a training learns from.
pub async fn snapshot(training: String) -> Result<TrainingSnapshot, ApiError> {
    rpc::get_snapshot(GetSnapshotRequest { training }).await
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
    let items = rpc::list_snapshot_items(request).await?.items;
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
    let answer = rpc::list_trainings(request).await?;
    let mut trainings = Vec::new();
    for training in answer.trainings {
        trainings.push(Training::try_from(training).map_err(|error| ApiError::malformed(&error))?);
    }
    trainings.retain(|training| training.model_id == model);
    Ok(trainings)
}

/// Asks for its end.
pub async fn abort(training: String) -> Result<Training, ApiError> {
    parsed(rpc::abort_training(AbortTrainingRequest { training }).await?)
}

/// Makes a waiting one more or less urgent.
pub async fn set_priority(training: String, priority: i32) -> Result<Training, ApiError> {
    parsed(rpc::set_priority(SetPriorityRequest { training, priority }).await?)
}

/// Has a running one go round again.
pub async fn rerun(training: String) -> Result<Training, ApiError> {
    parsed(rpc::rerun_training(RerunTrainingRequest { training }).await?)
}

/// Takes it out of the table.
pub async fn remove(training: String) -> Result<Training, ApiError> {
    parsed(rpc::remove_training(RemoveTrainingRequest { training }).await?)
}

/// Puts it back into the table.
pub async fn restore(training: String) -> Result<Training, ApiError> {
    parsed(rpc::restore_training(RestoreTrainingRequest { training }).await?)
}

/// Up to `page_size` log lines after a number.
pub async fn logs(training: String, after_number: u64, page_size: u32) -> Result<Vec<LogLine>, ApiError> {
    let request = ListLogsRequest { training, after_number, page_size };
    Ok(rpc::list_logs(request).await?.lines)
}

/// Lines that are fetched at once.
const LOG_PAGE: u32 = 5_000;

/// All lines of a log.
pub async fn whole_log(training: String) -> Result<Vec<LogLine>, ApiError> {
    let mut lines: Vec<LogLine> = Vec::new();
    loop {
        let after_number = lines.last().map_or(0, |last| last.number);
        let request = ListLogsRequest { training: training.clone(), after_number, page_size: LOG_PAGE };
        let answer = rpc::list_logs(request).await?;
        let is_last = !answer.has_more || answer.lines.is_empty();
        lines.extend(answer.lines);
        if is_last {
            return Ok(lines);
        }
    }
}

/// The figures of a training, an execution or a model's latest one, with as many points as make a chart look as with
/// all of them; only those within a range of epochs, if there is one.
pub async fn series(training: String, epochs: Option<(f64, f64)>) -> Result<ListMetricsResponse, ApiError> {
    let (from_x, to_x) = epochs.unzip();
    rpc::list_metrics(ListMetricsRequest {
        training,
        max_points: MOST_POINTS,
        from_x,
        to_x,
        ..Default::default()
    })
    .await
}

/// Opens the stream.
pub async fn watch(request: WatchRequest) -> Result<Messages<WatchEvent>, ApiError> {
    stream("/trainyard.v1.WatchService/Watch", request).await
}
