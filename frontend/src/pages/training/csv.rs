//! Trainings as a file for spreadsheets: the columns that are shown, with values that can be reckoned with.
//!
//! Must not know which trainings are shown.

use super::query::{Column, Extra};
use crate::components::chart::export::row;
use shared::training::Training;

/// The line above all others.
pub fn head(extras: &[Extra]) -> String {
    let usual = Column::ALL.into_iter().map(|column| match column {
        Column::Duration => "Duration (s)",
        column => column.label(),
    });
    row(usual.chain(extras.iter().map(|extra| extra.label())).map(str::to_owned))
}

/// The line of a training; what runs has lasted until `now_ms`.
pub fn line(training: &Training, extras: &[Extra], now_ms: i64) -> String {
    let usual = Column::ALL.into_iter().map(|column| cell(training, column, now_ms));
    row(usual.chain(extras.iter().map(|extra| extra.of(training))))
}

fn cell(training: &Training, column: Column, now_ms: i64) -> String {
    match column {
        Column::Name => training.model_name.clone(),
        Column::CreatedAt => {
            shared::dql::iso_text(training.created_at_ms.saturating_mul(1_000)).unwrap_or_default()
        }
        Column::Status => training.status.label().to_owned(),
        Column::Progress => format!("{:.4}", training.progress.fraction()),
        Column::Duration => training.started_at_ms.map_or_else(String::new, |start| {
            let end = training.ended_at_ms.unwrap_or(now_ms);
            ((end - start).max(0) / 1_000).to_string()
        }),
        Column::Service => training.service_name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::tests::training;
    use super::*;
    use shared::status::Status;

    #[test]
    fn every_shown_column_is_there() {
        let mut row = training("=bees, \"two\"", 1_700_000_000_000, Status::InProgress);
        row.started_at_ms = Some(1_700_000_010_000);
        row.progress.epoch = 1;
        row.progress.epochs = 4;
        row.progress.phase = shared::training::Phase::Validating;
        let extras = [Extra::Dataset];
        assert_eq!(head(&extras), "Name,Created At,Status,Progress,Duration (s),Service,Dataset\r\n");
        assert_eq!(
            line(&row, &extras, 1_700_000_075_000),
            "\"'=bees, \"\"two\"\"\",2023-11-14T22:13:20.000Z,In Progress,0.2500,65,mgmt-train-yolov8,bees\r\n"
        );
        let waiting = training("w", 0, Status::Pending);
        assert!(line(&waiting, &[], 9).ends_with(",Pending,0.0000,,mgmt-train-yolov8\r\n"));
    }
}
