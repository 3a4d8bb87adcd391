//! `trainyard train`, and following a training to its end.
//!
//! Must not know how a training is run.

use super::args::{Place, Setting, object_from_settings};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::model::{choice_from_files, uuid_text};
use super::print;
use super::train_args::Train;
use indicatif::{ProgressBar, ProgressStyle};
use proto::v1;
use proto::v1::watch_event::Event;
use shared::dataset::Subset;
use shared::metric::{LogLine, MetricSample};
use shared::service::ServiceSettings;
use shared::status::Status;
use shared::training::{Progress, Training};
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::Code;

/// Parts of a progress bar, so that it moves within an epoch.
const BAR_PARTS: u64 = 10_000;
/// How long a stream that broke off is tried again before the command gives up.
const RECONNECT_FOR: Duration = Duration::from_secs(60);
const RECONNECT_EVERY: Duration = Duration::from_millis(500);
/// How long a training that was told to stop may take.
const ABORT_PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn run(place: &Place, train: Train) -> Result<(), Failure> {
    if let Some(training) = &train.repeat {
        return super::repeat::run(place, &train, training).await;
    }
    let mut request = v1::StartTrainingRequest {
        priority: train.priority,
        model: train.model,
        configuration_json: String::new(),
        idempotency_key: uuid_text(),
        dataset: train.dataset,
        labels: train.labels,
        train: choice_from_files(Subset::Train, &train.subsets)?,
        validation: choice_from_files(Subset::Validation, &train.subsets)?,
        service_settings: service_from_settings(&train.service)?.map(Into::into),
        secrets: train.secrets,
        snapshot_of: String::new(),
    };
    let without_server = match (train.check, train.follow) {
        (true, _) => WithoutServer::WorkAlone,
        (false, true) => WithoutServer::TrainAlone,
        (false, false) => WithoutServer::Refuse,
    };
    let connection = Connection::open(place, without_server).await?;
    let result = match settings_of(&connection, &request.model, &train.settings).await {
        Err(failure) => Err(failure),
        Ok(settings) => {
            request.configuration_json = settings;
            if train.check {
                super::check::check(&connection, request, train.output.json).await
            } else {
                start(&connection, request, train.follow, train.output.json).await
            }
        }
    };
    connection.close().await;
    result
}

async fn start(
    connection: &Connection,
    request: v1::StartTrainingRequest,
    follow: bool,
    json: bool,
) -> Result<(), Failure> {
    let answer = connection.trainings().start_training(request).await?;
    begin(connection, answer.into_inner(), follow, json).await
}

/// What was set for this training, in the types of the version's architecture.
async fn settings_of(connection: &Connection, model: &str, given: &[Setting]) -> Result<String, Failure> {
    if given.is_empty() {
        return Ok(String::new());
    }
    let request = v1::GetModelRequest { model: model.to_owned() };
    let version = connection.models().get_model(request).await?.into_inner();
    let catalog = super::architecture::catalog(connection).await?;
    let family = catalog.family(&version.architecture_id).ok_or_else(|| {
        Failure::failed(format!("the architecture `{}` is there no more", version.architecture_id))
    })?;
    let settings = object_from_settings(family.schema(), given).map_err(Failure::usage)?;
    Ok(serde_json::Value::Object(settings).to_string())
}

/// The defaults with what was set; nothing if nothing was.
fn service_from_settings(given: &[Setting]) -> Result<Option<ServiceSettings>, Failure> {
    if given.is_empty() {
        return Ok(None);
    }
    super::service::settings_with(&ServiceSettings::default(), given).map(Some)
}

/// Says that a training has been started, or stays until it ends.
pub(super) async fn begin(
    connection: &Connection,
    wire: v1::Training,
    follow: bool,
    json: bool,
) -> Result<(), Failure> {
    let training = Training::try_from(wire)?;
    if !follow {
        return if json { print::json(&training) } else { print_started(&training) };
    }
    let mut show: Box<dyn Show> = if json { Box::new(JsonLines) } else { Box::new(Person::new()) };
    let followed = tokio::select! {
        followed = super::train::follow(connection, &training, Wanted::Everything, show.as_mut()) => followed,
        _ = tokio::signal::ctrl_c() => return interrupted(connection, &training).await,
    };
    ended_well(&followed?)
}

fn print_started(training: &Training) -> Result<(), Failure> {
    print::line(&format!(
        "training {} of {} is {}; see it with `trainyard logs {} --follow`, or in the browser (`trainyard link`)",
        training.id,
        print::plain(&training.model_name),
        training.status,
        print::plain(&training.model_name),
    ))
}

/// A server of its own goes on without the command; one inside the command would leave the training alone.
async fn interrupted(connection: &Connection, training: &Training) -> Result<(), Failure> {
    if !connection.is_alone() {
        return Err(Failure::failed(format!(
            "no longer followed; the training goes on, and `trainyard abort {}` ends it",
            training.id
        )));
    }
    eprintln!("stopping the training ...");
    let request = v1::AbortTrainingRequest { training: training.id.to_string() };
    connection.trainings().abort_training(request).await?;
    let mut silent = Silent;
    let stopped = follow(connection, training, Wanted::Nothing, &mut silent);
    let _ = tokio::time::timeout(ABORT_PATIENCE, stopped).await;
    Err(Failure::failed("the training was stopped"))
}

fn ended_well(training: &Training) -> Result<(), Failure> {
    if training.status == Status::Success {
        return Ok(());
    }
    let mut message = format!("the training ended as {}", training.status);
    if let Some(cause) = &training.cause {
        message.push_str(&format!(": {}", print::plain(&cause.message)));
        if !cause.next_step.is_empty() {
            message.push_str(&format!("; {}", print::plain(&cause.next_step)));
        }
    }
    Err(Failure::failed(message))
}

/// What is shown of a training while it is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Rows, figures and log lines.
    Everything,
    /// Only log lines.
    Logs,
    /// Only its end is waited for.
    Nothing,
}

/// Someone who is shown how a training goes.
pub(super) trait Show {
    fn row(&mut self, training: &Training) -> Result<(), Failure>;
    fn sample(&mut self, sample: &MetricSample) -> Result<(), Failure>;
    fn log(&mut self, line: &LogLine) -> Result<(), Failure>;
    fn end(&mut self) {}
}

/// Follows a training until it ends, over breaks of the stream. Gives the row as it ended.
pub(super) async fn follow(
    connection: &Connection,
    training: &Training,
    wanted: Wanted,
    show: &mut dyn Show,
) -> Result<Training, Failure> {
    let mut followed = Followed { cursor: 0, latest: training.clone(), wanted };
    let mut broken_since: Option<tokio::time::Instant> = None;
    loop {
        let cursor_before = followed.cursor;
        match followed.read_stream(connection, show).await {
            Ok(Some(ended)) => {
                show.end();
                return Ok(ended);
            }
            Ok(None) | Err(StreamError::Broken(_))
                if broken_since.is_none_or(|since| since.elapsed() < RECONNECT_FOR) =>
            {
                // Counted from the last sign of life.
                if followed.cursor > cursor_before || broken_since.is_none() {
                    broken_since = Some(tokio::time::Instant::now());
                }
                tokio::time::sleep(RECONNECT_EVERY).await;
            }
            Ok(None) => {
                return Err(Failure::failed(
                    "the server stopped; the training goes on, follow it again with `trainyard logs --follow` when the server is up",
                ));
            }
            Err(StreamError::Broken(status)) => return Err(status.into()),
            Err(StreamError::Final(failure)) => return Err(failure),
        }
    }
}

enum StreamError {
    /// It can be resumed.
    Broken(tonic::Status),
    Final(Failure),
}

impl<E: Into<Failure>> From<E> for StreamError {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

struct Followed {
    cursor: i64,
    latest: Training,
    wanted: Wanted,
}

impl Followed {
    /// Reads one stream until the training has ended and everything it said has arrived.
    async fn read_stream(
        &mut self,
        connection: &Connection,
        show: &mut dyn Show,
    ) -> Result<Option<Training>, StreamError> {
        let request = v1::WatchRequest {
            cursor: self.cursor,
            trainings: true,
            execution_id: self.latest.execution_id.to_string(),
            log_tail: 0,
            metrics_after: 0,
        };
        let mut stream = connection.watch().watch(request).await.map_err(resumable)?.into_inner();
        let mut is_caught_up = self.cursor > 0;
        while let Some(event) = stream.message().await.map_err(resumable)? {
            // A row may be final while what belongs to it is still to come in the same batch.
            let mut is_end_of_batch = event.cursor > self.cursor;
            self.cursor = event.cursor;
            match event.event {
                Some(Event::CaughtUp(_)) => (is_caught_up, is_end_of_batch) = (true, true),
                Some(Event::Heartbeat(_)) => is_end_of_batch = true,
                Some(event) => self.show_event(event, show)?,
                None => {}
            }
            if self.latest.status.is_final() && is_caught_up && is_end_of_batch {
                return Ok(Some(self.latest.clone()));
            }
        }
        Ok(None)
    }

    fn show_event(&mut self, event: Event, show: &mut dyn Show) -> Result<(), Failure> {
        match event {
            Event::Trainings(rows) => {
                for wire in rows.trainings {
                    if wire.id != self.latest.id.to_string() {
                        continue;
                    }
                    let row = Training::try_from(wire)?;
                    if self.wanted == Wanted::Everything {
                        show.row(&row)?;
                    }
                    self.latest = row;
                }
            }
            Event::Metrics(rows) if self.wanted == Wanted::Everything => {
                for wire in rows.samples {
                    show.sample(&wire.try_into()?)?;
                }
            }
            Event::Logs(rows) if self.wanted != Wanted::Nothing => {
                for wire in rows.lines {
                    show.log(&wire.try_into()?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A stream that broke because the server went away can be resumed; one that was refused cannot.
fn resumable(status: tonic::Status) -> StreamError {
    match status.code() {
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal => StreamError::Broken(status),
        _ => StreamError::Final(status.into()),
    }
}

/// JSON lines, each an object with what it is.
pub(super) struct JsonLines;

impl Show for JsonLines {
    fn row(&mut self, training: &Training) -> Result<(), Failure> {
        print::json(&serde_json::json!({"training": training}))
    }

    fn sample(&mut self, sample: &MetricSample) -> Result<(), Failure> {
        print::json(&serde_json::json!({"sample": sample}))
    }

    fn log(&mut self, line: &LogLine) -> Result<(), Failure> {
        print::json(&serde_json::json!({"log": line}))
    }
}

/// Nothing at all.
struct Silent;

impl Show for Silent {
    fn row(&mut self, _: &Training) -> Result<(), Failure> {
        Ok(())
    }

    fn sample(&mut self, _: &MetricSample) -> Result<(), Failure> {
        Ok(())
    }

    fn log(&mut self, _: &LogLine) -> Result<(), Failure> {
        Ok(())
    }
}

/// A bar on standard error, and a line of figures for each epoch on standard output.
struct Person {
    bar: ProgressBar,
    status: Option<Status>,
    epoch: f64,
    figures: BTreeMap<(String, String), f64>,
}

impl Person {
    fn new() -> Self {
        let bar = ProgressBar::new(BAR_PARTS);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent} %, {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, status: None, epoch: 0.0, figures: BTreeMap::new() }
    }

    /// Prints the figures of the epoch that has just ended.
    fn print_epoch(&mut self) -> Result<(), Failure> {
        if self.figures.is_empty() {
            return Ok(());
        }
        let text: Vec<String> = std::mem::take(&mut self.figures)
            .into_iter()
            .map(|((figure, legend), value)| format!("{figure} {legend} {value:.4}"))
            .collect();
        let line = print::plain(&format!("epoch {}: {}", self.epoch, text.join(", ")));
        self.bar.suspend(|| print::line(&line))
    }
}

impl Show for Person {
    fn row(&mut self, training: &Training) -> Result<(), Failure> {
        if self.status != Some(training.status) {
            self.status = Some(training.status);
            let waits = training.waiting.as_ref().map(|waiting| format!(": {}", waiting.describe()));
            let line = print::plain(&format!("{}{}", training.status, waits.unwrap_or_default()));
            self.bar.suspend(|| print::line(&line))?;
        }
        let Progress { epoch, epochs, .. } = training.progress;
        self.bar.set_message(format!("{} epoch {epoch}/{epochs}", training.status));
        self.bar.set_position((training.progress.fraction() * BAR_PARTS as f64) as u64);
        Ok(())
    }

    fn sample(&mut self, sample: &MetricSample) -> Result<(), Failure> {
        if sample.legend == "system" {
            return Ok(());
        }
        if sample.x != self.epoch {
            self.print_epoch()?;
            self.epoch = sample.x;
        }
        self.figures.insert((sample.figure.clone(), sample.legend.clone()), sample.y);
        Ok(())
    }

    fn log(&mut self, line: &LogLine) -> Result<(), Failure> {
        let text = print::log_text(&line.text);
        self.bar.suspend(|| eprintln!("{text}"));
        Ok(())
    }

    fn end(&mut self) {
        let _ = self.print_epoch();
        self.bar.finish_and_clear();
    }
}
