//! Training services and their instances.
//!
//! Must not know when an instance is wanted: the plan decides that.

use super::rows::{get, instance, parsed, service, to_json, to_optional_json};
use super::service_changes::keep_revision;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use shared::id::{InstanceId, ServiceId};
use shared::machine::Reservation;
use shared::service::{Instance, InstanceError, InstanceState, Service, ServiceSettings, service_name};
use sqlx::SqliteConnection;
use std::collections::HashMap;

impl Store {
    /// All services, by name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn services(&self) -> Result<Vec<Service>, StoreError> {
        all_services(&mut *self.reader().await?).await
    }

    /// The service with this id or name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn service(&self, id_or_name: &str) -> Result<Service, StoreError> {
        by_id_or_name(&mut *self.reader().await?, id_or_name).await
    }

    /// The service that trains an architecture, if it has been made, and why it refuses these settings.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn service_of(
        &self,
        architecture_id: &str,
        given: Option<&ServiceSettings>,
    ) -> Result<Option<(Service, Vec<StoreError>)>, StoreError> {
        match self.service(&service_name(architecture_id)).await {
            Ok(present) => {
                let refusals = given.map_or_else(Vec::new, |given| {
                    settings_refusals(&present.name, &present.settings, given)
                });
                Ok(Some((present, refusals)))
            }
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All instances of a service, newest first, the ended ones too.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn instances(&self, service_id: ServiceId) -> Result<Vec<Instance>, StoreError> {
        let mut reader = self.reader().await?;
        let rows =
            sqlx::query("SELECT * FROM instances WHERE service_id = ? ORDER BY created_at_ms DESC, id DESC")
                .bind(service_id.to_string())
                .fetch_all(&mut *reader)
                .await?;
        with_executions(&mut reader, &rows).await
    }

    /// The instance with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn instance(&self, id: InstanceId) -> Result<Instance, StoreError> {
        instance_by_id(&mut *self.reader().await?, id).await
    }

    /// Notes that an instance is wanted, before it is started. `token_hash` is the SHA-256 of its
    /// one-time token, in lower-case hexadecimal.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such service.
    pub async fn create_instance(
        &self,
        service_id: ServiceId,
        reservation: Reservation,
        token_hash: &str,
    ) -> Result<Instance, StoreError> {
        let token_hash = token_hash.to_owned();
        self.write(async move |tx: &mut Tx| {
            let service = by_id_or_name(&mut tx.connection, &service_id.to_string()).await?;
            let id: InstanceId = tx.new_id();
            let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
            sqlx::query(
                "INSERT INTO instances (id, service_id, state, generation, machine_type, reservation, token_hash, \
                 created_at_ms, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id.to_string())
            .bind(service_id.to_string())
            .bind(InstanceState::Starting.name())
            .bind(service.generation)
            .bind(&service.settings.machine_type)
            .bind(to_json(&reservation)?)
            .bind(token_hash)
            .bind(now_ms)
            .bind(revision)
            .execute(&mut tx.connection)
            .await?;
            instance_by_id(&mut tx.connection, id).await
        })
        .await
    }

    /// Keeps what the executor calls an instance.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_instance_handle(&self, id: InstanceId, handle: &str) -> Result<(), StoreError> {
        let handle = handle.to_owned();
        self.write(async move |tx: &mut Tx| {
            let revision = tx.next_revision();
            let changed = sqlx::query("UPDATE instances SET handle = ?, revision = ? WHERE id = ?")
                .bind(handle)
                .bind(revision)
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            if changed.rows_affected() == 0 { Err(StoreError::not_found("instance", id)) } else { Ok(()) }
        })
        .await
    }

    /// Moves an instance to another state. One that ended stays ended, and its credentials are void.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it ended already in another way, or would go back.
    pub async fn set_instance_state(
        &self,
        id: InstanceId,
        state: InstanceState,
        error: Option<InstanceError>,
    ) -> Result<Instance, StoreError> {
        self.write(async move |tx: &mut Tx| {
            let present = instance_by_id(&mut tx.connection, id).await?;
            if present.state == state && present.error == error {
                return Ok(present);
            }
            if !present.state.is_alive() || rank(state) < rank(present.state) {
                return Err(StoreError::Conflict(format!(
                    "instance `{id}` is {}, and cannot become {}",
                    present.state.name(),
                    state.name()
                )));
            }
            let ended_at_ms = (!state.is_alive()).then(|| tx.now_ms());
            let revision = tx.next_revision();
            sqlx::query(
                "UPDATE instances SET state = ?, error = ?, ended_at_ms = ?, revision = ? WHERE id = ?",
            )
            .bind(state.name())
            .bind(to_optional_json(error.as_ref())?)
            .bind(ended_at_ms)
            .bind(revision)
            .bind(id.to_string())
            .execute(&mut tx.connection)
            .await?;
            instance_by_id(&mut tx.connection, id).await
        })
        .await
    }

    /// Keeps how the last start of an instance of this service went. `retry_at_ms` is the wall time
    /// before which no other is started.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn record_service_start(
        &self,
        id: ServiceId,
        outcome: Result<(), InstanceError>,
        retry_at_ms: Option<i64>,
    ) -> Result<Service, StoreError> {
        self.write(async move |tx: &mut Tx| {
            let present = by_id_or_name(&mut tx.connection, &id.to_string()).await?;
            if outcome.is_ok() && present.failed_starts == 0 && present.error.is_none() {
                return Ok(present);
            }
            let (failed_starts, error) = match outcome {
                Ok(()) => (0, None),
                Err(error) => (present.failed_starts.saturating_add(1), Some(error)),
            };
            let revision = tx.next_revision();
            sqlx::query(
                "UPDATE services SET failed_starts = ?, error = ?, retry_at_ms = ?, revision = ? WHERE id = ?",
            )
            .bind(failed_starts)
            .bind(to_optional_json(error.as_ref())?)
            .bind(if error.is_some() { retry_at_ms } else { None })
            .bind(revision)
            .bind(id.to_string())
            .execute(&mut tx.connection)
            .await?;
            by_id_or_name(&mut tx.connection, &id.to_string()).await
        })
        .await
    }
}

/// States only go on: a later one has a higher rank.
const fn rank(state: InstanceState) -> u8 {
    match state {
        InstanceState::Starting => 0,
        InstanceState::Running => 1,
        InstanceState::Stopping => 2,
        InstanceState::Stopped | InstanceState::Failed => 3,
    }
}

/// Refuses settings that a person gave for a training if the service that is there has others.
///
/// # Errors
/// [`StoreError::RefusedField`] for the first setting that differs.
pub(super) fn refuse_other_settings(
    name: &str,
    present: &ServiceSettings,
    given: &ServiceSettings,
) -> Result<(), StoreError> {
    settings_refusals(name, present, given).into_iter().next().map_or(Ok(()), Err)
}

/// Makes the service of an architecture, at its first training.
pub(super) async fn make(
    tx: &mut Tx,
    architecture_id: &str,
    settings: &ServiceSettings,
) -> Result<Service, StoreError> {
    let name = service_name(architecture_id);
    let id: ServiceId = tx.new_id();
    let (now_ms, revision) = (tx.now_ms(), tx.next_revision());
    sqlx::query(
        "INSERT INTO services (id, name, architecture_id, settings, settings_revision, paused, failed_starts, \
         created_at_ms, revision) VALUES (?, ?, ?, ?, 1, 0, 0, ?, ?)",
    )
    .bind(id.to_string())
    .bind(&name)
    .bind(architecture_id)
    .bind(to_json(settings)?)
    .bind(now_ms)
    .bind(revision)
    .execute(&mut tx.connection)
    .await?;
    keep_revision(tx, id, 1, settings).await?;
    by_id_or_name(&mut tx.connection, &name).await
}

/// The settings in which a training differs from the service that is there, each as a refusal of its field.
fn settings_refusals(name: &str, present: &ServiceSettings, given: &ServiceSettings) -> Vec<StoreError> {
    let refusal = |field: &str| {
        StoreError::refused_field(
            format!("service_settings.{field}"),
            format!("the service `{name}` is there already and has another `{field}`"),
            "leave the settings as they are, or change them on the page of the service",
        )
    };
    present.differences(given).into_iter().map(refusal).collect()
}

pub(super) async fn all_services(connection: &mut SqliteConnection) -> Result<Vec<Service>, StoreError> {
    let rows = sqlx::query("SELECT * FROM services ORDER BY name").fetch_all(connection).await?;
    rows.iter().map(service).collect()
}

pub(super) async fn by_id_or_name(
    connection: &mut SqliteConnection,
    id_or_name: &str,
) -> Result<Service, StoreError> {
    let row = sqlx::query("SELECT * FROM services WHERE id = ? OR name = ?")
        .bind(id_or_name)
        .bind(id_or_name)
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("service", id_or_name))?;
    service(&row)
}

pub(super) async fn instance_by_id(
    connection: &mut SqliteConnection,
    id: InstanceId,
) -> Result<Instance, StoreError> {
    let row = sqlx::query("SELECT * FROM instances WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or_else(|| StoreError::not_found("instance", id))?;
    let mut found = instance(&row)?;
    let held = sqlx::query("SELECT id FROM executions WHERE instance_id = ? ORDER BY queue_number")
        .bind(id.to_string())
        .fetch_all(connection)
        .await?;
    found.executions = held.iter().map(|row| parsed(row, "id")).collect::<Result<_, _>>()?;
    Ok(found)
}

/// Instances with what they hold.
pub(super) async fn with_executions(
    connection: &mut SqliteConnection,
    rows: &[sqlx::sqlite::SqliteRow],
) -> Result<Vec<Instance>, StoreError> {
    let ids = rows.iter().map(|row| get(row, "id")).collect::<Result<Vec<&str>, _>>()?;
    let held = sqlx::query(
        "SELECT e.id, e.instance_id FROM json_each(?) one CROSS JOIN executions e WHERE e.instance_id = one.value \
         ORDER BY e.queue_number",
    )
    .bind(to_json(&ids)?)
    .fetch_all(connection)
    .await?;
    let mut by_instance: HashMap<String, Vec<_>> = HashMap::new();
    for row in &held {
        by_instance.entry(get(row, "instance_id")?).or_default().push(parsed(row, "id")?);
    }
    rows.iter()
        .map(|row| {
            let mut found = instance(row)?;
            found.executions = by_instance.remove(&found.id.to_string()).unwrap_or_default();
            Ok(found)
        })
        .collect()
}
