//! Trainings: start, look at, abort, remove and restore.
//!
//! Must not know who runs them.

use super::caller;
use super::check::check;
use super::error::{OrProblem, Problem};
use super::idempotency::framed;
use super::page::Window;
use super::plan::Plan;
use crate::scheduler::Explanations;
use crate::store::{SeriesQuery, Store, StoredSeries, TrainingQuery};
use proto::convert::{log_line_to_wire, metric_sample_to_wire, subset_filter_from_wire};
use proto::v1;
use proto::v1::training_service_server::TrainingService;
use shared::id::ExecutionId;
use shared::permission::Permissions;
use shared::status::Status as TrainingStatus;
use shared::training::{PRIORITIES, Training};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

/// Log lines when no number is asked for, and the most that are given.
const DEFAULT_LINES: u32 = 1_000;
const MOST_LINES: u32 = 5_000;
/// Fewer points cannot keep the ends and extremes of a line.
const LEAST_POINTS: u32 = 12;

pub(super) struct Trainings {
    pub(super) store: Store,
    pub(super) explanations: Explanations,
    /// Cancelled when nothing new is to be begun.
    pub(super) draining: CancellationToken,
}

impl Trainings {
    fn answer(&self, training: Training) -> Response<v1::Training> {
        Response::new(self.explanations.completed(training).into())
    }

    async fn set_priority(&self, request: v1::SetPriorityRequest) -> Result<Training, Problem> {
        let priority = priority_from_wire(request.priority)?;
        let training = self.find(&request.training).await?;
        Ok(self.store.set_priority(training.id, priority).await?)
    }

    async fn start(
        &self,
        request: v1::StartTrainingRequest,
        permissions: &Permissions,
    ) -> Result<Training, Problem> {
        if self.draining.is_cancelled() {
            return Err(Problem::new(Code::Unavailable, "SERVER_STOPPING", "the server is stopping")
                .next("start the training when it is up again")
                .retry_after(Duration::from_secs(5)));
        }
        let plan = Plan::of(&self.store, request, permissions).await?;
        let reply = |training: &Training| Some(framed(&v1::Training::from(training.clone())));
        Ok(self.store.start_and_answer(plan.accepted()?, reply).await?)
    }

    async fn check(
        &self,
        request: v1::StartTrainingRequest,
        permissions: &Permissions,
    ) -> Result<v1::TrainingCheck, Problem> {
        let plan = Plan::of(&self.store, request, permissions).await?;
        Ok(check(&self.store, plan).await?.into())
    }

    async fn snapshot(&self, named: &str) -> Result<v1::TrainingSnapshot, Problem> {
        let training = self.find(named).await?;
        Ok(self.store.training_snapshot(training.id).await?.into())
    }

    async fn snapshot_items(
        &self,
        request: v1::ListSnapshotItemsRequest,
    ) -> Result<v1::ListSnapshotItemsResponse, Problem> {
        let mut window = Window::from_request(request.page_size, &request.page_token)?;
        if request.page_token.is_empty() {
            window.offset = request.skip;
        }
        let subset = subset_filter_from_wire("subset", request.subset)?
            .ok_or_else(|| Problem::field("subset", "is not set; ask for train, validation or test"))?;
        let training = self.find(&request.training).await?;
        let (items, total_count) =
            self.store.snapshot_items(training.id, subset, window.offset, window.limit).await?;
        Ok(v1::ListSnapshotItemsResponse {
            next_page_token: window.next_token(items.len(), total_count),
            items: items.into_iter().map(Into::into).collect(),
            total_count,
        })
    }

    /// Lines with few points.
    async fn series(
        &self,
        id: ExecutionId,
        request: &v1::ListMetricsRequest,
    ) -> Result<v1::ListMetricsResponse, Problem> {
        if request.max_points < LEAST_POINTS {
            let problem = format!("must be 0 for all points, or at least {LEAST_POINTS}");
            return Err(Problem::field("max_points", problem));
        }
        let (from, to) = (request.from_x.unwrap_or(f64::NEG_INFINITY), request.to_x.unwrap_or(f64::INFINITY));
        // Not written as `from > to`, so that NaN is refused, too.
        let is_range = from <= to;
        if !is_range {
            return Err(Problem::field("from_x", format!("is {from}, which is not before `to_x`, {to}")));
        }
        let query = SeriesQuery {
            figures: &request.figures,
            max_points: request.max_points as usize,
            range: from..=to,
        };
        let (series, cursor) = self.store.series(id, query).await?;
        let series = series.into_iter().map(series_to_wire).collect();
        Ok(v1::ListMetricsResponse { series, cursor, ..Default::default() })
    }

    async fn find(&self, named: &str) -> Result<Training, Problem> {
        if named.is_empty() {
            return Err(Problem::field("training", "is empty; name a training, an execution or a model"));
        }
        Ok(self.store.training(named).await?)
    }
}

/// How urgent a training is asked to be.
pub(super) fn priority_from_wire(priority: i32) -> Result<i32, Problem> {
    if PRIORITIES.contains(&priority) {
        return Ok(priority);
    }
    let (least, most) = (PRIORITIES.start(), PRIORITIES.end());
    Err(Problem::field("priority", format!("is {priority}; choose {least} to {most}")))
}

fn series_to_wire(series: StoredSeries) -> v1::SeriesPoints {
    let StoredSeries { figure, legend, points, origins, total_count } = series;
    let (x, y) = points.into_iter().map(|point| (point.x, point.y)).unzip();
    let (attempts, at_ms) = origins.into_iter().unzip();
    v1::SeriesPoints { figure, legend, x, y, total_count, attempts, at_ms }
}

#[tonic::async_trait]
impl TrainingService for Trainings {
    async fn start_training(
        &self,
        request: Request<v1::StartTrainingRequest>,
    ) -> Result<Response<v1::Training>, Status> {
        let permissions = caller(&request).permissions();
        self.start(request.into_inner(), &permissions)
            .await
            // What it waits for is known after the next pass; what a start answers is what it wrote.
            .map(|training| Response::new(training.into()))
            .or_problem()
    }

    async fn check_training(
        &self,
        request: Request<v1::StartTrainingRequest>,
    ) -> Result<Response<v1::TrainingCheck>, Status> {
        let permissions = caller(&request).permissions();
        self.check(request.into_inner(), &permissions).await.map(Response::new).or_problem()
    }

    async fn get_snapshot(
        &self,
        request: Request<v1::GetSnapshotRequest>,
    ) -> Result<Response<v1::TrainingSnapshot>, Status> {
        self.snapshot(&request.get_ref().training).await.map(Response::new).or_problem()
    }

    async fn list_snapshot_items(
        &self,
        request: Request<v1::ListSnapshotItemsRequest>,
    ) -> Result<Response<v1::ListSnapshotItemsResponse>, Status> {
        self.snapshot_items(request.into_inner()).await.map(Response::new).or_problem()
    }

    async fn get_training(
        &self,
        request: Request<v1::GetTrainingRequest>,
    ) -> Result<Response<v1::Training>, Status> {
        self.find(&request.get_ref().training).await.map(|training| self.answer(training)).or_problem()
    }

    async fn list_trainings(
        &self,
        request: Request<v1::ListTrainingsRequest>,
    ) -> Result<Response<v1::ListTrainingsResponse>, Status> {
        let request = request.into_inner();
        let window = Window::from_request(request.page_size, &request.page_token).or_problem()?;
        let statuses = statuses_from_wire(&request.statuses).or_problem()?;
        let query = TrainingQuery {
            search: request.search,
            statuses,
            include_removed: request.include_removed,
            offset: window.offset,
            limit: window.limit,
        };
        let (trainings, total_count) = self.store.trainings(query).await.or_problem()?;
        Ok(Response::new(v1::ListTrainingsResponse {
            next_page_token: window.next_token(trainings.len(), total_count),
            trainings: trainings
                .into_iter()
                .map(|training| self.explanations.completed(training).into())
                .collect(),
            total_count,
        }))
    }

    async fn abort_training(
        &self,
        request: Request<v1::AbortTrainingRequest>,
    ) -> Result<Response<v1::Training>, Status> {
        let training = self.find(&request.get_ref().training).await.or_problem()?;
        self.store.request_abort(training.id).await.map(|training| self.answer(training)).or_problem()
    }

    async fn remove_training(
        &self,
        request: Request<v1::RemoveTrainingRequest>,
    ) -> Result<Response<v1::Training>, Status> {
        let training = self.find(&request.get_ref().training).await.or_problem()?;
        self.store.remove_training(training.id).await.map(|training| self.answer(training)).or_problem()
    }

    async fn restore_training(
        &self,
        request: Request<v1::RestoreTrainingRequest>,
    ) -> Result<Response<v1::Training>, Status> {
        let training = self.find(&request.get_ref().training).await.or_problem()?;
        self.store.restore_training(training.id).await.map(|training| self.answer(training)).or_problem()
    }

    async fn set_priority(
        &self,
        request: Request<v1::SetPriorityRequest>,
    ) -> Result<Response<v1::Training>, Status> {
        let changed = self.set_priority(request.into_inner()).await;
        changed.map(|training| self.answer(training)).or_problem()
    }

    async fn rerun_training(
        &self,
        request: Request<v1::RerunTrainingRequest>,
    ) -> Result<Response<v1::Training>, Status> {
        let training = self.find(&request.get_ref().training).await.or_problem()?;
        let asked = self.store.request_rerun(training.id).await;
        asked.map(|training| self.answer(training)).or_problem()
    }

    async fn list_metrics(
        &self,
        request: Request<v1::ListMetricsRequest>,
    ) -> Result<Response<v1::ListMetricsResponse>, Status> {
        let request = request.get_ref();
        let training = self.find(&request.training).await.or_problem()?;
        if request.max_points > 0 {
            return Ok(Response::new(self.series(training.execution_id, request).await.or_problem()?));
        }
        let samples = self.store.metrics(training.execution_id, &request.figures).await.or_problem()?;
        let samples = samples
            .into_iter()
            .map(|stored| metric_sample_to_wire(stored.sample, stored.attempt, stored.at_ms))
            .collect();
        Ok(Response::new(v1::ListMetricsResponse { samples, ..Default::default() }))
    }

    async fn list_logs(
        &self,
        request: Request<v1::ListLogsRequest>,
    ) -> Result<Response<v1::ListLogsResponse>, Status> {
        let request = request.get_ref();
        let training = self.find(&request.training).await.or_problem()?;
        let limit = if request.page_size == 0 { DEFAULT_LINES } else { request.page_size.min(MOST_LINES) };
        // One more than asked for says whether there is more.
        let mut lines =
            self.store.logs(training.execution_id, request.after_number, limit + 1).await.or_problem()?;
        let has_more = lines.len() > limit as usize;
        lines.truncate(limit as usize);
        let lines = lines
            .into_iter()
            .map(|stored| log_line_to_wire(stored.line, stored.number, stored.attempt))
            .collect();
        Ok(Response::new(v1::ListLogsResponse { lines, has_more }))
    }

    async fn list_history(
        &self,
        request: Request<v1::ListHistoryRequest>,
    ) -> Result<Response<v1::ListHistoryResponse>, Status> {
        let training = self.find(&request.get_ref().training).await.or_problem()?;
        let entries = self.store.history(training.execution_id).await.or_problem()?;
        Ok(Response::new(v1::ListHistoryResponse { entries: entries.into_iter().map(Into::into).collect() }))
    }
}

fn statuses_from_wire(names: &[String]) -> Result<Vec<TrainingStatus>, Problem> {
    names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            TrainingStatus::from_name(name).ok_or_else(|| {
                let known: Vec<&str> = TrainingStatus::ALL.iter().map(|status| status.name()).collect();
                Problem::field(
                    format!("statuses[{index}]"),
                    format!("is unknown; expected one of {}", known.join(", ")),
                )
            })
        })
        .collect()
}
