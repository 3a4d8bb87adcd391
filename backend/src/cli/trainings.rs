//! `trainyard trainings`, `abort`, `remove`, `restore`, `logs` and `metrics`.
//!
//! Must not know how a training is run.

use super::args::Place;
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::print;
use super::snapshot;
use super::train::{Show, Wanted, follow};
use super::train_args::{Logs, Metrics, OneTraining, Priority, Trainings, TrainingsCommand};
use crate::clock::{Clock, SystemClock};
use proto::v1;
use shared::metric::{LogLine, MetricSample};
use shared::status::Status;
use shared::training::Training;

/// What is done to one training.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Abort,
    Remove,
    Restore,
    Rerun,
}

pub(super) async fn run(place: &Place, mut arguments: Trainings) -> Result<(), Failure> {
    match arguments.command.take() {
        None => list(place, arguments).await,
        Some(TrainingsCommand::Snapshot(show)) => {
            let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
            let result = snapshot::show(&connection, show).await;
            connection.close().await;
            result
        }
    }
}

async fn list(place: &Place, arguments: Trainings) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let found = fetch(&connection, &arguments).await;
    connection.close().await;
    let trainings = found?;
    if arguments.output.json {
        return print::json(&trainings);
    }
    let rows: Vec<[String; 6]> = trainings.iter().map(row).collect();
    print::table(["MODEL", "STATUS", "PROGRESS", "DATASET", "SERVICE", "ID"], &rows)
}

async fn fetch(connection: &Connection, arguments: &Trainings) -> Result<Vec<Training>, Failure> {
    let mut client = connection.trainings();
    let mut trainings = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListTrainingsRequest {
            search: arguments.search.clone(),
            statuses: arguments.status.iter().map(|status| status.name().to_owned()).collect(),
            page_size: 0,
            page_token,
            include_removed: arguments.removed,
        };
        let page = client.list_trainings(request).await?.into_inner();
        for training in page.trainings {
            trainings.push(training.try_into()?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(trainings);
        }
    }
}

fn row(training: &Training) -> [String; 6] {
    let progress = training.progress;
    let done = if training.status == Status::Success { 1.0 } else { progress.fraction() };
    [
        training.model_name.clone(),
        training.status.name().to_owned(),
        format!("{:.0} % ({}/{})", done * 100.0, progress.epoch, progress.epochs),
        training.dataset_name.clone(),
        training.service_name.clone(),
        training.id.to_string(),
    ]
}

pub(super) async fn act(place: &Place, one: OneTraining, action: Action) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let mut client = connection.trainings();
    let training = one.training;
    let answer = match action {
        Action::Abort => client.abort_training(v1::AbortTrainingRequest { training }).await,
        Action::Remove => client.remove_training(v1::RemoveTrainingRequest { training }).await,
        Action::Restore => client.restore_training(v1::RestoreTrainingRequest { training }).await,
        Action::Rerun => client.rerun_training(v1::RerunTrainingRequest { training }).await,
    };
    connection.close().await;
    let training = Training::try_from(answer?.into_inner())?;
    if one.output.json {
        return print::json(&training);
    }
    let what = match action {
        Action::Abort if training.status.is_final() => format!("is {}", training.status),
        Action::Abort => "is being stopped; its status becomes Terminated within seconds".to_owned(),
        Action::Remove => "is out of the table; `trainyard restore` puts it back".to_owned(),
        Action::Restore => "is back in the table".to_owned(),
        Action::Rerun => "writes a checkpoint and goes round again from it".to_owned(),
    };
    print::line(&format!("training {} of {} {what}", training.id, print::plain(&training.model_name)))
}

pub(super) async fn set_priority(place: &Place, arguments: Priority) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let request = v1::SetPriorityRequest { training: arguments.training, priority: arguments.priority };
    let answer = connection.trainings().set_priority(request).await;
    connection.close().await;
    let training = Training::try_from(answer?.into_inner())?;
    if arguments.output.json {
        return print::json(&training);
    }
    print::line(&format!("{} has the priority {}", print::plain(&training.model_name), training.priority))
}

pub(super) async fn why(place: &Place, one: OneTraining) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let request = v1::GetTrainingRequest { training: one.training };
    let answer = connection.trainings().get_training(request).await;
    connection.close().await;
    let training = Training::try_from(answer?.into_inner())?;
    if one.output.json {
        return print::json(&training.waiting);
    }
    let Some(waiting) = &training.waiting else {
        return print::line(&format!("it does not wait: it is {}", training.status));
    };
    print::line(&print::plain(&waiting.describe_at(SystemClock::new().now_ms())))?;
    let remedy = waiting.remedy();
    if remedy.is_empty() { Ok(()) } else { print::line(&format!("To start it now: {remedy}")) }
}

pub(super) async fn logs(place: &Place, arguments: Logs) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = show_logs(&connection, arguments).await;
    connection.close().await;
    result
}

async fn show_logs(connection: &Connection, arguments: Logs) -> Result<(), Failure> {
    let mut printer = LogPrinter { json: arguments.output.json };
    let mut client = connection.trainings();
    if arguments.follow {
        let request = v1::GetTrainingRequest { training: arguments.training };
        let training = Training::try_from(client.get_training(request).await?.into_inner())?;
        follow(connection, &training, Wanted::Logs, &mut printer).await?;
        return Ok(());
    }
    let mut after_number = 0;
    loop {
        let request =
            v1::ListLogsRequest { training: arguments.training.clone(), after_number, page_size: 0 };
        let page = client.list_logs(request).await?.into_inner();
        after_number = page.lines.last().map_or(after_number, |line| line.number);
        for line in page.lines {
            printer.log(&line.try_into()?)?;
        }
        if !page.has_more {
            return Ok(());
        }
    }
}

/// Prints log lines as they are, or as JSON lines.
struct LogPrinter {
    json: bool,
}

impl Show for LogPrinter {
    fn row(&mut self, _: &Training) -> Result<(), Failure> {
        Ok(())
    }

    fn sample(&mut self, _: &MetricSample) -> Result<(), Failure> {
        Ok(())
    }

    fn log(&mut self, line: &LogLine) -> Result<(), Failure> {
        if self.json { print::json(line) } else { print::line(&print::log_text(&line.text)) }
    }
}

pub(super) async fn metrics(place: &Place, arguments: Metrics) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let request = v1::ListMetricsRequest {
        training: arguments.training,
        figures: arguments.figure,
        max_points: arguments.points,
        ..Default::default()
    };
    let answer = connection.trainings().list_metrics(request).await;
    connection.close().await;
    let v1::ListMetricsResponse { samples, series, .. } = answer?.into_inner();
    let thinned = series.into_iter().flat_map(|line| {
        let v1::SeriesPoints { figure, legend, x, y, .. } = line;
        x.into_iter().zip(y).map(move |(x, y)| v1::MetricSample {
            figure: figure.clone(),
            legend: legend.clone(),
            x,
            y,
            ..v1::MetricSample::default()
        })
    });
    let samples: Vec<MetricSample> =
        samples.into_iter().chain(thinned).map(MetricSample::try_from).collect::<Result<_, _>>()?;
    if arguments.output.json {
        return print::json(&samples);
    }
    let rows: Vec<[String; 4]> = samples
        .iter()
        .map(|sample| {
            [sample.figure.clone(), sample.legend.clone(), sample.x.to_string(), format!("{:.5}", sample.y)]
        })
        .collect();
    print::table(["FIGURE", "LEGEND", "EPOCH", "VALUE"], &rows)
}
