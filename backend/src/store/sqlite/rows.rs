//! Rows to domain types and back: the one place where stored words and numbers are parsed.
//!
//! Must not know which query a row came from, beyond the names of its columns.

use crate::store::error::StoreError;
use crate::store::records::{QueuedExecution, StoredLogLine};
use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use shared::dataset::{Item, PixelBox};
use shared::metric::LogLine;
use shared::model::{Artifact, Model, ParentModel};
use shared::recipe::Recipe;
use shared::service::{Instance, Service};
use shared::training::{Blocker, HistoryEntry, Progress, Training, Waiting};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};
use std::fmt::Display;
use std::str::FromStr;

/// A column as the database has it.
pub(super) fn get<'r, T>(row: &'r SqliteRow, column: &str) -> Result<T, StoreError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(column).map_err(|error| StoreError::corrupt(format!("column {column}"), error))
}

/// A number of another width.
pub(super) fn number<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> Result<T, StoreError> {
    let value: i64 = get(row, column)?;
    T::try_from(value)
        .map_err(|_| StoreError::corrupt(format!("column {column}"), format!("{value} is out of range")))
}

fn optional_number<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> Result<Option<T>, StoreError> {
    let value: Option<i64> = get(row, column)?;
    value
        .map(|value| {
            T::try_from(value).map_err(|_| {
                StoreError::corrupt(format!("column {column}"), format!("{value} is out of range"))
            })
        })
        .transpose()
}

/// A text that is parsed, for example an id.
pub(super) fn parsed<T>(row: &SqliteRow, column: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: Display,
{
    let text: &str = get(row, column)?;
    text.parse().map_err(|error| StoreError::corrupt(format!("column {column}"), error))
}

fn optional_parsed<T>(row: &SqliteRow, column: &str) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: Display,
{
    let text: Option<&str> = get(row, column)?;
    text.map(|text| text.parse().map_err(|error| StoreError::corrupt(format!("column {column}"), error)))
        .transpose()
}

/// A value stored as JSON.
pub(super) fn json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, StoreError> {
    let text: &str = get(row, column)?;
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(format!("column {column}"), error))
}

pub(super) fn optional_json<T: DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, StoreError> {
    let text: Option<&str> = get(row, column)?;
    text.map(serde_json::from_str)
        .transpose()
        .map_err(|error| StoreError::corrupt(format!("column {column}"), error))
}

/// A value of a closed list, stored as the word by which serde knows it.
pub(super) fn word<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, StoreError> {
    let text: &str = get(row, column)?;
    from_word(text).map_err(|error| StoreError::corrupt(format!("column {column}"), error))
}

fn optional_word<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<Option<T>, StoreError> {
    let text: Option<&str> = get(row, column)?;
    text.map(from_word).transpose().map_err(|error| StoreError::corrupt(format!("column {column}"), error))
}

fn from_word<T: DeserializeOwned>(text: &str) -> Result<T, serde::de::value::Error> {
    T::deserialize(text.into_deserializer())
}

/// The word of a value of a closed list.
pub(super) fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        other => Err(StoreError::corrupt("word of a closed list", format!("{other:?} is not a text"))),
    }
}

/// A value as JSON.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt("value", error))
}

/// An optional value as JSON or null.
pub(super) fn to_optional_json<T: Serialize>(value: Option<&T>) -> Result<Option<String>, StoreError> {
    value.map(to_json).transpose()
}

/// A size or count for the database.
pub(super) fn to_number(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value)
        .map_err(|_| StoreError::Conflict(format!("the number {value} is too large to be stored")))
}

/// Columns of `items`; the annotations are read apart.
pub(super) fn item(row: &SqliteRow) -> Result<Item, StoreError> {
    Ok(Item {
        id: parsed(row, "id")?,
        dataset_id: parsed(row, "dataset_id")?,
        dir: get(row, "dir")?,
        name: get(row, "name")?,
        content_hash: get(row, "content_hash")?,
        mimetype: get(row, "mimetype")?,
        size_bytes: number(row, "size_bytes")?,
        width: number(row, "width")?,
        height: number(row, "height")?,
        subset: optional_word(row, "subset")?,
        annotations: Vec::new(),
        created_at_ms: get(row, "created_at_ms")?,
    })
}

/// The box of an annotation, if it has one.
pub(super) fn region(row: &SqliteRow) -> Result<Option<PixelBox>, StoreError> {
    let edges: [Option<f64>; 4] = [get(row, "x1")?, get(row, "y1")?, get(row, "x2")?, get(row, "y2")?];
    Ok(match edges {
        [Some(x1), Some(y1), Some(x2), Some(y2)] => Some(PixelBox { x1, y1, x2, y2 }),
        _ => None,
    })
}

fn parent(row: &SqliteRow) -> Result<Option<ParentModel>, StoreError> {
    let id = optional_parsed(row, "parent_id")?;
    id.map(|id| Ok(ParentModel { id, name: get(row, "parent_name")? })).transpose()
}

/// A row of `models`, with the name of its parent as `parent_name`.
pub(super) fn model(row: &SqliteRow) -> Result<Model, StoreError> {
    Ok(Model {
        id: parsed(row, "id")?,
        project_id: parsed(row, "project_id")?,
        name: get(row, "name")?,
        architecture_id: get(row, "architecture_id")?,
        variant: get(row, "variant")?,
        dataset_id: parsed(row, "dataset_id")?,
        labels: json(row, "labels")?,
        status: word(row, "status")?,
        configuration: json(row, "configuration")?,
        description: get(row, "description")?,
        tags: json(row, "tags")?,
        train: optional_json(row, "train_choice")?,
        validation: optional_json(row, "validation_choice")?,
        parent: parent(row)?,
        initial_weights_hash: get(row, "initial_weights_hash")?,
        created_at_ms: get(row, "created_at_ms")?,
        deleted_at_ms: get(row, "deleted_at_ms")?,
    })
}

pub(super) fn recipe(row: &SqliteRow) -> Result<Recipe, StoreError> {
    Ok(Recipe {
        id: parsed(row, "id")?,
        dataset_id: parsed(row, "dataset_id")?,
        title: get(row, "title")?,
        description: get(row, "description")?,
        labels: json(row, "labels")?,
        created_at_ms: get(row, "created_at_ms")?,
        updated_at_ms: get(row, "updated_at_ms")?,
    })
}

pub(super) fn artifact(row: &SqliteRow) -> Result<Artifact, StoreError> {
    Ok(Artifact {
        id: parsed(row, "id")?,
        model_id: parsed(row, "model_id")?,
        execution_id: parsed(row, "execution_id")?,
        name: get(row, "name")?,
        kind: word(row, "kind")?,
        content_hash: get(row, "content_hash")?,
        size_bytes: number(row, "size_bytes")?,
        epoch: optional_number(row, "epoch")?,
        created_at_ms: get(row, "created_at_ms")?,
    })
}

pub(super) fn service(row: &SqliteRow) -> Result<Service, StoreError> {
    Ok(Service {
        id: parsed(row, "id")?,
        name: get(row, "name")?,
        architecture_id: get(row, "architecture_id")?,
        settings: json(row, "settings")?,
        settings_revision: number(row, "settings_revision")?,
        generation: number(row, "generation")?,
        paused: flag(row, "paused")?,
        paused_by_force: flag(row, "paused_by_force")?,
        failed_starts: number(row, "failed_starts")?,
        retry_at_ms: get(row, "retry_at_ms")?,
        error: optional_json(row, "error")?,
        served_at_ms: get(row, "served_at_ms")?,
        created_at_ms: get(row, "created_at_ms")?,
    })
}

/// Columns of `instances`; what it holds is read apart.
pub(super) fn instance(row: &SqliteRow) -> Result<Instance, StoreError> {
    Ok(Instance {
        id: parsed(row, "id")?,
        service_id: parsed(row, "service_id")?,
        state: word(row, "state")?,
        generation: number(row, "generation")?,
        machine_type: get(row, "machine_type")?,
        reservation: json(row, "reservation")?,
        drain: optional_json(row, "drain")?,
        handle: get(row, "handle")?,
        error: optional_json(row, "error")?,
        executions: Vec::new(),
        created_at_ms: get(row, "created_at_ms")?,
        heard_at_ms: get(row, "heard_at_ms")?,
    })
}

/// A flag, stored as 0 or 1 because SQL has no boolean that every database shares.
pub(super) fn flag(row: &SqliteRow, column: &str) -> Result<bool, StoreError> {
    Ok(get::<i64>(row, column)? != 0)
}

fn progress(row: &SqliteRow) -> Result<Progress, StoreError> {
    Ok(Progress {
        epoch: number(row, "epoch")?,
        epochs: number(row, "epochs")?,
        step: number(row, "step")?,
        steps: number(row, "steps")?,
        phase: word(row, "phase")?,
    })
}

/// A row of `training_select!`.
pub(super) fn training(row: &SqliteRow) -> Result<Training, StoreError> {
    let (architecture, variant): (&str, &str) = (get(row, "architecture_id")?, get(row, "variant")?);
    Ok(Training {
        id: parsed(row, "training_id")?,
        model_id: parsed(row, "model_id")?,
        model_name: get(row, "model_name")?,
        dataset_id: parsed(row, "dataset_id")?,
        dataset_name: get(row, "dataset_name")?,
        architecture: format!("{architecture}{variant}"),
        service_id: parsed(row, "service_id")?,
        service_name: get(row, "service_name")?,
        execution_id: parsed(row, "execution_id")?,
        status: word(row, "status")?,
        abort_requested: flag(row, "abort_requested")?,
        progress: progress(row)?,
        attempt: number(row, "attempt")?,
        max_attempts: number(row, "max_attempts")?,
        instance_id: optional_parsed(row, "instance_id")?,
        priority: get(row, "priority")?,
        waiting: optional_json::<Blocker>(row, "blocker")?.map(Waiting::of),
        cause: optional_json(row, "cause")?,
        headline: optional_json(row, "headline")?,
        configuration: json(row, "configuration")?,
        created_at_ms: get(row, "created_at_ms")?,
        started_at_ms: get(row, "started_at_ms")?,
        ended_at_ms: get(row, "ended_at_ms")?,
        removed_at_ms: get(row, "removed_at_ms")?,
        revision: get(row, "revision")?,
    })
}

pub(super) fn queued_execution(row: &SqliteRow) -> Result<QueuedExecution, StoreError> {
    Ok(QueuedExecution {
        id: parsed(row, "id")?,
        service_id: parsed(row, "service_id")?,
        model_name: get(row, "model_name")?,
        status: word(row, "status")?,
        blocker: optional_json(row, "blocker")?,
        priority: get(row, "priority")?,
        progress: progress(row)?,
        attempt: number(row, "attempt")?,
        max_attempts: number(row, "max_attempts")?,
        fencing_token: get(row, "fencing_token")?,
        abort_requested: flag(row, "abort_requested")?,
        abort_requested_at_ms: get(row, "abort_requested_at_ms")?,
        rerun_requested: flag(row, "rerun_requested")?,
        instance_id: optional_parsed(row, "instance_id")?,
        queue_number: get(row, "queue_number")?,
        not_before_ms: get(row, "not_before_ms")?,
        started_at_ms: get(row, "started_at_ms")?,
        attempt_started_at_ms: get(row, "attempt_started_at_ms")?,
    })
}

pub(super) fn history_entry(row: &SqliteRow) -> Result<HistoryEntry, StoreError> {
    Ok(HistoryEntry {
        at_ms: get(row, "at_ms")?,
        attempt: number(row, "attempt")?,
        event: optional_word(row, "event")?,
        status: word(row, "status")?,
        cause: optional_json(row, "cause")?,
    })
}

pub(super) fn log_line(row: &SqliteRow) -> Result<StoredLogLine, StoreError> {
    Ok(StoredLogLine {
        number: number(row, "number")?,
        line: LogLine { at_ms: get(row, "at_ms")?, level: word(row, "level")?, text: get(row, "line")? },
        attempt: number(row, "attempt")?,
    })
}
